/* Elementwise operations, where, cat and comparisons: every dtype, broadcasting and strides against a naive
 * odometer. */
#include "check.h"
#include <numlab/ops.h>
#include <numlab/parallel.h>
#include <numlab/random.h>

static bool step(int ndim, const int64_t *shape, int64_t *index) {
  for (int d = ndim - 1; d >= 0; d--) {
    if (++index[d] < shape[d]) return true;
    index[d] = 0;
  }
  return false;
}

/* Small whole numbers from 1 to 9 fit every type but bool. */
static nl_tensor digits(nl_dtype dtype, int ndim, const int64_t *shape, uint64_t stream) {
  nl_tensor t;
  int64_t index[NL_MAX_NDIM] = {0};
  uint64_t k = 0;
  assert_ok(nl_tensor_new(dtype, ndim, shape, &t));
  if (nl_tensor_size(&t) == 0) return t;
  do nl_tensor_put(&t, index, (double)(1 + nl_random_below(1, stream, k++, 9)));
  while (step(ndim, shape, index));
  return t;
}

/* The element of t that broadcasting puts at index of a tensor of ndim dimensions. */
static double stretched(const nl_tensor *t, int ndim, const int64_t *index) {
  int64_t own[NL_MAX_NDIM] = {0};
  for (int d = 0; d < t->ndim; d++) own[d] = t->shape[d] == 1 ? 0 : index[d + ndim - t->ndim];
  return nl_tensor_get(t, own);
}

static double expected(nl_binary_op op, double x, double y) {
  switch (op) {
  case NL_ADD: return x + y;
  case NL_SUB: return x - y;
  case NL_MUL: return x * y;
  case NL_DIV: return x / y;
  case NL_POW: return pow(x, y);
  case NL_LT: return x < y;
  case NL_LE: return x <= y;
  case NL_GT: return x > y;
  case NL_GE: return x >= y;
  case NL_EQ: return x == y;
  default: return x != y;
  }
}

static double relative_rounding(nl_dtype dtype) {
  return dtype == NL_F64    ? 0x1p-52
         : dtype == NL_F32  ? 0x1p-22
         : dtype == NL_F16  ? 0x1p-10
         : dtype == NL_BF16 ? 0x1p-7
                            : 0;
}

static void check_pair(nl_binary_op op, const nl_tensor *a, const nl_tensor *b, int ndim,
                       const int64_t *shape) {
  nl_tensor out;
  int64_t index[NL_MAX_NDIM] = {0};
  assert_ok(nl_binary(op, a, b, &out));
  assert_int_equal(out.ndim, ndim);
  assert_memory_equal(out.shape, shape, (size_t)ndim * sizeof *shape);
  if (nl_tensor_size(&out) > 0) do {
      double want = expected(op, stretched(a, ndim, index), stretched(b, ndim, index));
      int64_t element = 0;
      nl_dtype_store(out.dtype, &element, want);
      want = nl_dtype_load(out.dtype, &element); /* u8 and overflowing types saturate */
      double got = nl_tensor_get(&out, index);
      if (got == want) continue; /* also equal infinities */
      if (!(fabs(got - want) <= 2 * relative_rounding(out.dtype) * fabs(want)))
        fail_msg("%s %s: %g, expected %g", nl_binary_name(op), nl_dtype_name(a->dtype), got, want);
    } while (step(ndim, shape, index));
  nl_tensor_release(&out);
}

static void agrees_with_the_odometer(void **state) {
  (void)state;
  const struct {
    int na, nb, n;
    int64_t a[4], b[4], c[4];
  } cases[] = {{1, 1, 1, {7}, {7}, {7}},
               {1, 1, 1, {1100}, {1}, {1100}},
               {2, 1, 2, {3, 5}, {5}, {3, 5}},
               {2, 2, 2, {3, 1}, {1, 5}, {3, 5}},
               {3, 2, 3, {2, 3, 4}, {3, 1}, {2, 3, 4}},
               {4, 1, 4, {2, 1, 3, 2}, {1}, {2, 1, 3, 2}},
               {0, 2, 2, {0}, {2, 2}, {2, 2}},
               {2, 2, 2, {0, 3}, {1, 3}, {0, 3}}};
  int64_t live = nl_memory().live;
  for (int dtype = 0; dtype < NL_BOOL; dtype++)
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
      nl_tensor a = digits((nl_dtype)dtype, cases[c].na, cases[c].a, 1);
      nl_tensor b = digits((nl_dtype)dtype, cases[c].nb, cases[c].b, 2);
      for (int op = 0; op < NL_BINARY_OPS; op++) check_pair((nl_binary_op)op, &a, &b, cases[c].n, cases[c].c);
      nl_tensor_release(&a);
      nl_tensor_release(&b);
    }
  assert_int_equal(nl_memory().live, live);
}

static void takes_any_strides(void **state) {
  (void)state;
  for (int dtype = 0; dtype < NL_BOOL; dtype++) {
    nl_tensor t = digits((nl_dtype)dtype, 2, (int64_t[]){41, 40}, 3), half, turned, reversed;
    assert_ok(nl_tensor_slice(&t, 1, 1, 20, 2, &half));
    assert_ok(nl_tensor_slice(&t, 0, 39, 20, -2, &reversed));
    assert_ok(nl_tensor_transpose(&reversed, 0, 1, &turned)); /* 40x20 */
    nl_tensor rows;
    assert_ok(nl_tensor_slice(&half, 0, 1, 40, 1, &rows)); /* 40x20 */
    for (int op = 0; op < NL_BINARY_OPS; op++)
      check_pair((nl_binary_op)op, &rows, &turned, 2, (int64_t[]){40, 20});
    nl_tensor_release(&rows);
    nl_tensor_release(&turned);
    nl_tensor_release(&reversed);
    nl_tensor_release(&half);
    nl_tensor_release(&t);
  }
}

static void integers_saturate(void **state) {
  (void)state;
  nl_tensor big, out;
  assert_ok(nl_tensor_new(NL_I64, 1, (int64_t[]){2}, &big));
  int64_t *x = nl_tensor_data(&big);
  x[0] = INT64_MAX;
  x[1] = INT64_MIN;
  assert_ok(nl_binary(NL_ADD, &big, &big, &out));
  assert_true(((int64_t *)nl_tensor_data(&out))[0] == INT64_MAX &&
              ((int64_t *)nl_tensor_data(&out))[1] == INT64_MIN);
  nl_tensor_release(&out);
  assert_ok(nl_binary(NL_MUL, &big, &big, &out));
  assert_true(((int64_t *)nl_tensor_data(&out))[1] == INT64_MAX);
  nl_tensor_release(&out);
  assert_ok(nl_unary(NL_NEG, &big, &out));
  assert_true(((int64_t *)nl_tensor_data(&out))[0] == -INT64_MAX &&
              ((int64_t *)nl_tensor_data(&out))[1] == INT64_MAX);
  nl_tensor_release(&out);
  assert_int_equal(nl_binary_number(NL_MUL, &big, 0.5, false, &out), NL_ARG);
  assert_int_equal(nl_binary_number(NL_MUL, &big, (double)NAN, false, &out), NL_ARG);
  nl_tensor_release(&big);
}

static void keeps_denormals_and_nan(void **state) {
  (void)state;
  const nl_dtype types[] = {NL_F64, NL_F32, NL_F16, NL_BF16};
  const double least[] = {0x1p-1074, 0x1p-149, 0x1p-24, 0x1p-133};
  for (int k = 0; k < 4; k++)
    for (int64_t n = 1; n < 40; n++) { /* vector bodies and tails */
      nl_tensor t, out;
      assert_ok(nl_tensor_new(types[k], 1, &n, &t));
      nl_tensor_fill(&t, least[k]);
      assert_ok(nl_binary(NL_ADD, &t, &t, &out));
      for (int64_t i = 0; i < n; i++) assert_true(nl_tensor_get(&out, &i) == 2 * least[k]);
      nl_tensor_release(&out);
      nl_tensor_fill(&t, (double)NAN);
      assert_ok(nl_binary(NL_MUL, &t, &t, &out));
      for (int64_t i = 0; i < n; i++) assert_true(isnan(nl_tensor_get(&out, &i)));
      nl_tensor_release(&out);
      assert_ok(nl_unary(NL_ISNAN, &t, &out));
      for (int64_t i = 0; i < n; i++) assert_true(nl_tensor_get(&out, &i) == 1);
      nl_tensor_release(&out);
      nl_tensor_release(&t);
    }
}

static void same_bits_at_any_thread_count(void **state) {
  (void)state;
  int before = nl_threads();
  int64_t n = 100003;
  nl_tensor x, one, many;
  assert_ok(nl_tensor_new(NL_F64, 1, &n, &x));
  assert_ok(nl_random_fill_normal(&x, 1, 1));
  assert_ok(nl_threads_set(1));
  assert_ok(nl_unary(NL_EXP, &x, &one));
  assert_ok(nl_threads_set(3));
  assert_ok(nl_unary(NL_EXP, &x, &many));
  assert_ok(nl_threads_set(before));
  assert_memory_equal(nl_tensor_data(&one), nl_tensor_data(&many), (size_t)n * 8);
  for (int64_t i = 0; i < n; i++) { /* libm's, a last digit more or less */
    double exact = exp(nl_tensor_get(&x, &i));
    assert_at_most(fabs(nl_tensor_get(&one, &i) - exact), 0x1p-51 * exact);
  }
  nl_tensor_release(&x);
  nl_tensor_release(&one);
  nl_tensor_release(&many);
}

static void chooses_bit_by_bit(void **state) {
  (void)state;
  for (int dtype = 0; dtype < NL_BOOL; dtype++) {
    nl_tensor a = digits((nl_dtype)dtype, 2, (int64_t[]){31, 37}, 4),
              b = digits((nl_dtype)dtype, 2, (int64_t[]){37, 1}, 5);
    nl_tensor row = digits((nl_dtype)dtype, 1, (int64_t[]){37}, 6), turned, condition, out;
    assert_ok(nl_binary_number(NL_GT, &row, 5, false, &condition));
    assert_ok(nl_tensor_transpose(&b, 0, 1, &turned));
    assert_ok(nl_where(&condition, &a, &turned, &out));
    for (int64_t i = 0; i < 31; i++)
      for (int64_t j = 0; j < 37; j++) {
        int64_t at[] = {i, j};
        double want =
            nl_tensor_get(&row, &j) > 5 ? nl_tensor_get(&a, at) : nl_tensor_get(&b, (int64_t[]){j, 0});
        assert_true(nl_tensor_get(&out, at) == want);
      }
    nl_tensor_release(&a);
    nl_tensor_release(&b);
    nl_tensor_release(&row);
    nl_tensor_release(&turned);
    nl_tensor_release(&condition);
    nl_tensor_release(&out);
  }
}

/* Every allocation fails once; the operation either works or leaves everything as it was. */
static void survives_allocation_failures(void **state) {
  (void)state;
  nl_tensor a = digits(NL_F16, 2, (int64_t[]){3, 4}, 1), b = digits(NL_F16, 1, (int64_t[]){4}, 2), mask, out;
  const nl_tensor *parts[] = {&a, &a};
  assert_ok(nl_binary_number(NL_GT, &a, 5, false, &mask));
  int64_t live = nl_memory().live;
  for (int op = 0; op < 8; op++)
    for (int64_t k = 1;; k++) {
      nl_status s = NL_OK;
      memset(&out, 0, sizeof out);
      nl_memory_fail_at(k, false);
      switch (op) {
      case 0: s = nl_binary(NL_ADD, &a, &b, &out); break;
      case 1: s = nl_binary_number(NL_ADD, &a, 1, true, &out); break;
      case 2: s = nl_unary(NL_EXP, &a, &out); break;
      case 3: s = nl_where(&mask, &a, &b, &out); break;
      case 4: s = nl_cat(1, 2, parts, &out); break;
      case 5: s = nl_softmax(&a, 0, &out); break;
      case 6: s = nl_reduce(NL_REDUCE_SUM, &a, 0, false, &out); break;
      default: s = nl_matmul(&a, &b, &out); break;
      }
      nl_memory_fail_at(0, false);
      nl_tensor made = out;
      nl_tensor_release(&out);
      if (s == NL_OK) break;
      assert_null(made.storage);
      assert_int_equal(s, NL_NOMEM);
      assert_int_equal(nl_memory().live, live);
      assert_true(k < 20);
    }
  nl_tensor_release(&a);
  nl_tensor_release(&b);
  nl_tensor_release(&mask);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_the_odometer),
                                     cmocka_unit_test(takes_any_strides),
                                     cmocka_unit_test(integers_saturate),
                                     cmocka_unit_test(keeps_denormals_and_nan),
                                     cmocka_unit_test(same_bits_at_any_thread_count),
                                     cmocka_unit_test(chooses_bit_by_bit),
                                     cmocka_unit_test(survives_allocation_failures)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
