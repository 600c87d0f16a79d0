/* Tensors, views and copies against an odometer over indices that shares no code with them. */
#include "check.h"
#include <numlab/interrupt.h>
#include <numlab/tensor.h>

/* The next index in row-major order; false after the last. */
static bool step(int ndim, const int64_t *shape, int64_t *index) {
  for (int d = ndim - 1; d >= 0; d--) {
    if (++index[d] < shape[d]) return true;
    index[d] = 0;
  }
  return false;
}

/* 0, 1, 2, .. in row-major order. */
static nl_tensor counting(nl_dtype dtype, int ndim, const int64_t *shape) {
  nl_tensor t;
  int64_t index[NL_MAX_NDIM] = {0};
  assert_ok(nl_tensor_new(dtype, ndim, shape, &t));
  double value = 0;
  if (nl_tensor_size(&t) == 0) return t;
  do nl_tensor_put(&t, index, value++);
  while (step(ndim, shape, index));
  return t;
}

/* Element k (row-major) of t equals element k of u. */
static void assert_same_sequence(const nl_tensor *t, const nl_tensor *u) {
  int64_t i[NL_MAX_NDIM] = {0}, j[NL_MAX_NDIM] = {0};
  assert_int_equal(nl_tensor_size(t), nl_tensor_size(u));
  if (nl_tensor_size(t) == 0) return;
  bool more;
  do {
    assert_true(nl_tensor_get(t, i) == nl_tensor_get(u, j));
    more = step(t->ndim, t->shape, i);
    step(u->ndim, u->shape, j);
  } while (more);
}

static void makes_and_shares(void **state) {
  (void)state;
  int64_t live = nl_memory().live;
  nl_tensor t = counting(NL_F64, 3, (int64_t[]){2, 3, 4}), u = nl_tensor_share(&t);
  assert_true(nl_tensor_is_contiguous(&t));
  nl_tensor_release(&t);
  nl_tensor_release(&t); /* an emptied handle is accepted */
  assert_true(nl_tensor_get(&u, (int64_t[]){1, 2, 3}) == 23);
  nl_tensor_release(&u);
  assert_int_equal(nl_memory().live, live);
  assert_int_equal(nl_tensor_new(NL_F64, 9, (int64_t[9]){0}, &t), NL_SHAPE);
  assert_int_equal(nl_tensor_new(NL_F64, 1, (int64_t[]){-1}, &t), NL_SHAPE);
  assert_int_equal(nl_tensor_new(NL_F64, 2, (int64_t[]){INT64_C(1) << 40, INT64_C(1) << 40}, &t), NL_SHAPE);
  assert_int_equal(nl_tensor_new(NL_U8, 1, (int64_t[]){INT64_MAX}, &t), NL_SHAPE);
  assert_ok(nl_tensor_new(NL_F64, 2, (int64_t[]){0, INT64_MAX}, &t)); /* empty is fine */
  nl_tensor_release(&t);
}

static void slices_and_selects(void **state) {
  (void)state;
  nl_tensor t = counting(NL_I32, 2, (int64_t[]){5, 7}), view;
  for (int64_t begin = 0; begin < 7; begin++)
    for (int64_t by = -8; by <= 8; by++)
      for (int64_t count = 0; count <= 8; count++) {
        int64_t last = begin + (count - 1) * by;
        bool fits = by != 0 && (count == 0 || (last >= 0 && last < 7));
        nl_status s = nl_tensor_slice(&t, 1, begin, count, by, &view);
        assert_int_equal(s == NL_OK, fits);
        if (!fits) continue;
        for (int64_t i = 0; i < 5; i++)
          for (int64_t k = 0; k < count; k++)
            assert_true(nl_tensor_get(&view, (int64_t[]){i, k}) == (double)(7 * i + begin + k * by));
        nl_tensor_release(&view);
      }
  assert_int_equal(nl_tensor_slice(&t, 1, 3, 2, INT64_MAX, &view), NL_ARG);
  assert_int_equal(nl_tensor_slice(&t, 2, 0, 1, 1, &view), NL_ARG);
  assert_int_equal(nl_tensor_select(&t, 0, 5, &view), NL_ARG);
  assert_message("index 6 is outside dimension 1 of size 5");
  assert_ok(nl_tensor_select(&t, 0, 3, &view));
  assert_int_equal(view.ndim, 1);
  assert_true(nl_tensor_get(&view, (int64_t[]){4}) == 25);
  nl_tensor_release(&view);
  nl_tensor_release(&t);
}

/* Every reshape of every transposed or sliced view keeps the row-major sequence. */
static void reshapes_keep_the_sequence(void **state) {
  (void)state;
  const int64_t shapes[][4] = {{24, 1, 1, 1}, {2, 12, 1, 1}, {2, 3, 4, 1}, {4, 3, 2, 1}, {1, 24, 1, 1},
                               {3, 1, 8, 1},  {2, 2, 2, 3},  {1, 1, 6, 4}, {6, 4, 1, 1}, {8, 3, 1, 1}};
  const int ndims[] = {1, 2, 3, 3, 3, 3, 4, 4, 2, 4};
  int64_t live = nl_memory().live;
  for (int from = 0; from < 10; from++)
    for (int d1 = 0; d1 < ndims[from]; d1++)
      for (int d2 = 0; d2 < ndims[from]; d2++)
        for (int to = 0; to < 10; to++) {
          nl_tensor t = counting(NL_F32, ndims[from], shapes[from]), turned, back, out;
          assert_ok(nl_tensor_transpose(&t, d1, d2, &turned));
          assert_ok(nl_tensor_slice(&turned, 0, turned.shape[0] - 1, turned.shape[0], -1, &back));
          assert_ok(nl_tensor_reshape(d1 % 2 ? &turned : &back, ndims[to], shapes[to], &out));
          assert_same_sequence(d1 % 2 ? &turned : &back, &out);
          nl_tensor_release(&out);
          nl_tensor_release(&back);
          nl_tensor_release(&turned);
          nl_tensor_release(&t);
        }
  assert_int_equal(nl_memory().live, live);
}

static void reshape_views_where_it_can(void **state) {
  (void)state;
  nl_tensor t = counting(NL_F64, 2, (int64_t[]){4, 6}), part, out;
  assert_ok(nl_tensor_slice(&t, 1, 0, 3, 2, &part)); /* stride 2 inside a row */
  assert_ok(nl_tensor_reshape(&part, 3, (int64_t[]){2, -1, 3}, &out));
  assert_ptr_equal(out.storage, t.storage);
  assert_same_sequence(&part, &out);
  nl_tensor_release(&out);
  assert_int_equal(nl_tensor_reshape(&t, 2, (int64_t[]){5, -1}, &out), NL_SHAPE);
  assert_int_equal(nl_tensor_reshape(&t, 2, (int64_t[]){-1, -1}, &out), NL_SHAPE);
  nl_tensor_release(&part);
  nl_tensor_release(&t);
}

static void expands(void **state) {
  (void)state;
  nl_tensor t = counting(NL_F64, 2, (int64_t[]){3, 1}), out;
  assert_ok(nl_tensor_expand(&t, 3, (int64_t[]){2, 3, 4}, &out));
  for (int64_t i = 0; i < 2; i++)
    for (int64_t j = 0; j < 3; j++)
      for (int64_t k = 0; k < 4; k++) assert_true(nl_tensor_get(&out, (int64_t[]){i, j, k}) == (double)j);
  nl_tensor_release(&out);
  assert_int_equal(nl_tensor_expand(&t, 2, (int64_t[]){4, 1}, &out), NL_SHAPE);
  assert_message("a 3x1 tensor does not broadcast to 4x1");
  assert_int_equal(nl_tensor_expand(&t, 3, (int64_t[]){INT64_MAX, 3, 4}, &out), NL_SHAPE);
  nl_tensor_release(&t);
}

/* Every pair of types: what nl_dtype_store makes of the value. */
static void copies_cast(void **state) {
  (void)state;
  for (int from = 0; from < NL_DTYPES; from++)
    for (int to = 0; to < NL_DTYPES; to++) {
      nl_tensor t = counting((nl_dtype)from, 2, (int64_t[]){3, 5}), turned, out;
      assert_ok(nl_tensor_transpose(&t, 0, 1, &turned));
      assert_ok(nl_tensor_clone(&turned, (nl_dtype)to, &out));
      assert_true(nl_tensor_is_contiguous(&out));
      for (int64_t i = 0; i < 5; i++)
        for (int64_t j = 0; j < 3; j++) {
          int64_t element = 0;
          nl_dtype_store((nl_dtype)to, &element, nl_tensor_get(&t, (int64_t[]){j, i}));
          assert_true(nl_tensor_get(&out, (int64_t[]){i, j}) == nl_dtype_load((nl_dtype)to, &element));
        }
      nl_tensor_release(&out);
      nl_tensor_release(&turned);
      nl_tensor_release(&t);
    }
}

static void copies_over_itself(void **state) {
  (void)state;
  for (int64_t shift = -3; shift <= 3; shift++) {
    nl_tensor t = counting(NL_F64, 1, (int64_t[]){20}), src, dst;
    assert_ok(nl_tensor_slice(&t, 0, 5, 10, 1, &src));
    assert_ok(nl_tensor_slice(&t, 0, 5 + shift, 10, 1, &dst));
    assert_ok(nl_tensor_copy(&src, &dst));
    for (int64_t i = 0; i < 10; i++) assert_true(nl_tensor_get(&dst, &i) == (double)(5 + i));
    nl_tensor_release(&dst);
    assert_ok(nl_tensor_slice(&t, 0, 14, 10, -1, &dst)); /* in reverse, onto itself */
    nl_tensor_fill(&t, 1);
    assert_ok(nl_tensor_copy(&src, &dst));
    nl_tensor_release(&dst);
    nl_tensor_release(&src);
    nl_tensor_release(&t);
  }
}

static void fills_strided(void **state) {
  (void)state;
  nl_tensor t = counting(NL_F16, 2, (int64_t[]){4, 6}), part;
  assert_ok(nl_tensor_slice(&t, 1, 1, 3, 2, &part));
  nl_tensor_fill(&part, 0.1);
  for (int64_t i = 0; i < 4; i++)
    for (int64_t j = 0; j < 6; j++) {
      double want = j % 2 ? (double)nl_f16_to_f32(nl_f32_to_f16(0.1F)) : (double)(6 * i + j);
      assert_true(nl_tensor_get(&t, (int64_t[]){i, j}) == want);
    }
  assert_ok(nl_tensor_fill(&part, 0)); /* zeros keep to the view too, and have their sign */
  assert_true(nl_tensor_get(&t, (int64_t[]){1, 1}) == 0 && nl_tensor_get(&t, (int64_t[]){1, 2}) == 8);
  assert_ok(nl_tensor_fill(&t, -0.0));
  assert_true(signbit(nl_tensor_get(&t, (int64_t[]){3, 5})));
  assert_ok(nl_tensor_fill(&t, 0));
  for (int64_t i = 0; i < 24; i++) {
    double zero = nl_tensor_get(&t, (int64_t[]){i / 6, i % 6});
    assert_true(zero == 0 && !signbit(zero));
  }
  nl_tensor_release(&part);
  nl_tensor_release(&t);
}

/* The k-th allocation fails, for every k: an error, nothing lost, nothing written. */
static void survives_allocation_failures(void **state) {
  (void)state;
  nl_tensor t = counting(NL_F64, 2, (int64_t[]){4, 6}), turned, out = {0};
  assert_ok(nl_tensor_transpose(&t, 0, 1, &turned));
  int64_t live = nl_memory().live;
  for (int64_t k = 1; k < 10; k++) {
    nl_memory_fail_at(k, false);
    nl_status s = nl_tensor_reshape(&turned, 1, (int64_t[]){-1}, &out);
    if (s == NL_OK) break;
    assert_int_equal(s, NL_NOMEM);
    assert_null(out.storage);
    assert_int_equal(nl_memory().live, live);
    assert_true(k < 9);
  }
  nl_memory_fail_at(1, false);
  assert_int_equal(nl_tensor_copy(&t, &t), NL_NOMEM);
  nl_memory_fail_at(0, false);
  assert_true(nl_tensor_get(&t, (int64_t[]){3, 5}) == 23);
  nl_tensor_release(&out);
  nl_tensor_release(&turned);
  nl_tensor_release(&t);
}

/* Ctrl-C ends what takes long; what is small is finished, rows long or many. */
static void stops_when_interrupted(void **state) {
  (void)state;
  int64_t live = nl_memory().live;
  const int64_t shapes[3][2] = {{1, 1 << 20}, {1 << 20, 1}, {100, 100}};
  for (int i = 0; i < 3; i++) {
    nl_tensor t, out = {0};
    assert_ok(nl_tensor_new(NL_F32, 2, shapes[i], &t));
    nl_interrupt();
    nl_status expected = i < 2 ? NL_INTERRUPTED : NL_OK;
    assert_int_equal(nl_tensor_fill(&t, 3), expected);
    if (expected != NL_OK) assert_message("fill: interrupted");
    assert_int_equal(nl_tensor_fill(&t, 0), expected);
    assert_int_equal(nl_tensor_new(NL_F32, 2, shapes[i], &out), expected);
    if (expected == NL_OK) nl_tensor_release(&out);
    assert_null(out.storage);
    assert_int_equal(nl_tensor_clone(&t, NL_F64, &out), expected);
    if (expected != NL_OK) assert_message("copy: interrupted");
    nl_interrupt_clear();
    nl_tensor_release(&out);
    nl_tensor_release(&t);
    assert_int_equal(nl_memory().live, live);
  }
}

static void names_states_and_shapes(void **state) {
  (void)state;
  char text[NL_SHAPE_TEXT];
  const int64_t widest[8] = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX,
                             INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
  assert_string_equal(nl_shape_text(2, (int64_t[]){3, 4}, text), "3x4");
  assert_string_equal(nl_shape_text(0, NULL, text), "scalar");
  assert_int_equal(strlen(nl_shape_text(8, widest, text)), 8 * 19 + 7);
  assert_string_equal(nl_status_name(NL_SINGULAR), "SINGULAR");
  assert_string_equal(nl_status_name((nl_status)999), "?");
  assert_true(nl_status_is_outcome(NL_IO) && !nl_status_is_outcome(NL_ARG) && !nl_status_is_outcome(NL_OK));
  assert_int_equal(nl_fail(NL_ARG, "first"), NL_ARG);
  assert_int_equal(nl_fail(NL_ARG, "second after %s", nl_message()), NL_ARG);
  assert_string_equal(nl_message(), "second after first");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(makes_and_shares),
                                     cmocka_unit_test(slices_and_selects),
                                     cmocka_unit_test(reshapes_keep_the_sequence),
                                     cmocka_unit_test(reshape_views_where_it_can),
                                     cmocka_unit_test(expands),
                                     cmocka_unit_test(copies_cast),
                                     cmocka_unit_test(copies_over_itself),
                                     cmocka_unit_test(fills_strided),
                                     cmocka_unit_test(survives_allocation_failures),
                                     cmocka_unit_test(stops_when_interrupted),
                                     cmocka_unit_test(names_states_and_shapes)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
