/* Merging: the halves give the whole, empty halves count nothing, and the arithmetic does not overflow. */
#include "judge.h"

static nl_tensor part_of(const nl_tensor *t, int64_t begin, int64_t count) {
  nl_tensor part;
  assert_ok(nl_tensor_slice(t, 2, begin, count, 1, &part));
  return part;
}

static void run_part(const operands *s, nl_attention_impl impl, int64_t begin, int64_t count, results *r) {
  operands part = *s;
  part.k = part_of(&s->k, begin, count);
  part.v = part_of(&s->v, begin, count);
  run_forward(&part, impl, r);
  nl_tensor_release(&part.k);
  nl_tensor_release(&part.v);
}

/* Every cut of the keys, the empty halves included; what an empty half holds is garbage. */
static void halves_give_the_whole(void **state) {
  (void)state;
  static const int64_t cuts[] = {0, 1, 10, 22, 23};
  for (int dtype = 0; dtype < FLOATS; dtype++)
    for (int i = 0; i < IMPLS; i++)
      for (int at = 0; at < 5; at++) {
        attention_case c = plain_case(2, 4, 7, 23, 5);
        c.Hkv = 2;
        c.scale = 1.5;
        operands s;
        operands_make(&c, (nl_dtype)dtype, &s);
        results a, b, merged = {0};
        run_part(&s, all_impls[i], 0, cuts[at], &a);
        run_part(&s, all_impls[i], cuts[at], 23 - cuts[at], &b);
        if (cuts[at] == 0) nl_tensor_fill(&a.out, (double)NAN);
        if (cuts[at] == 23) nl_tensor_fill(&b.out, (double)NAN);
        assert_ok(nl_attention_merge(&a.out, &a.aux.lse, &b.out, &b.aux.lse, &merged.out, &merged.aux.lse));
        numbers n = operands_numbers(&s);
        answers want = oracle(&n);
        ld eps = dtype == NL_F64 ? 1e-14L : dtype == NL_F32 ? 1e-5L : dtype == NL_F16 ? 2e-3L : 1.6e-2L;
        assert_int_equal(merged.out.dtype, dtype);
        assert_int_equal(merged.aux.lse.dtype, dtype == NL_F64 ? NL_F64 : NL_F32);
        assert_true(nl_tensor_same_shape(&merged.out, &a.out) &&
                    nl_tensor_same_shape(&merged.aux.lse, &a.aux.lse));
        if (!(worst(&merged.out, want.out) <= eps * largest(want.out, nl_tensor_size(&a.out))))
          fail_msg("%s: out, cut at %lld", case_text(&s, all_impls[i]), (long long)cuts[at]);
        assert_true(worst(&merged.aux.lse, want.lse) <=
                    (dtype == NL_F64 ? 1e-14L : 5e-6L) * (1 + want.score));
        answers_free(&want);
        numbers_free(&n);
        results_free(&a);
        results_free(&b);
        results_free(&merged);
        operands_free(&s);
      }
}

typedef struct merge_row {
  double out1, lse1, out2, lse2, out, lse;
} merge_row;

/* Rows worked out by hand; lse far apart, beyond the range of exp, infinite, NaN. */
static void known_rows(void **state) {
  (void)state;
  const double inf = (double)INFINITY, nan = (double)NAN, log3 = log(3);
  const merge_row rows[] = {
      {1, 0, 4, log3, 3.25, log(4)},
      {2, 1000, 6, 1000, 4, 1000 + log(2)},
      {2, -1000, 6, -1000 + log3, 5, -1000 + log(4)},
      {2, 5, 6, -5000, 2, 5},
      {2, -inf, 6, 7, 6, 7},
      {nan, -inf, 6, 7, 6, 7},
      {inf, -inf, 6, -7, 6, -7},
      {6, 7, nan, -inf, 6, 7},
      {nan, -inf, nan, -inf, 0, -inf},
      {3, -inf, 5, -inf, 0, -inf},
      {1, nan, 2, 0, nan, nan},
      {nan, 1, 2, 0, nan, 1 + log1p(exp(-1))},
      {1, -inf, 2, nan, nan, nan},
      {nan, -2000, 1, 0, nan, 0}, /* seen, if with a weight of 0 */
  };
  enum { ROWS = sizeof rows / sizeof *rows };
  for (int dtype = 0; dtype < FLOATS; dtype++)
    for (int turn = 0; turn < 2; turn++) {
      nl_dtype compute = dtype == NL_F64 ? NL_F64 : NL_F32;
      nl_tensor out[2], lse[2], got, got_lse;
      for (int side = 0; side < 2; side++) {
        assert_ok(nl_tensor_new((nl_dtype)dtype, 2, (int64_t[]){ROWS, 3}, &out[side]));
        assert_ok(nl_tensor_new(compute, 1, (int64_t[]){ROWS}, &lse[side]));
        for (int64_t r = 0; r < ROWS; r++) {
          bool first = (side == 0) != (turn == 1);
          for (int64_t c = 0; c < 3; c++)
            nl_tensor_put(&out[side], (int64_t[]){r, c}, first ? rows[r].out1 : rows[r].out2);
          nl_tensor_put(&lse[side], &r, first ? rows[r].lse1 : rows[r].lse2);
        }
      }
      assert_ok(nl_attention_merge(&out[0], &lse[0], &out[1], &lse[1], &got, &got_lse));
      double eps = dtype == NL_F64 ? 1e-15 : dtype == NL_F32 ? 3e-7 : dtype == NL_F16 ? 1e-3 : 8e-3;
      for (int64_t r = 0; r < ROWS; r++) {
        double l = nl_tensor_get(&got_lse, &r), scale = 1 + (isfinite(rows[r].lse) ? fabs(rows[r].lse) : 0);
        if (isnan(rows[r].lse)) assert_true(isnan(l));
        else if (!(apart((ld)l, (ld)rows[r].lse) <= (ld)((compute == NL_F64 ? 4e-16 : 2e-7) * scale)))
          fail_msg("%s row %d: lse %.17g, expected %.17g", nl_dtype_name((nl_dtype)dtype), (int)r, l,
                   rows[r].lse);
        for (int64_t c = 0; c < 3; c++) {
          double o = nl_tensor_get(&got, (int64_t[]){r, c});
          /* lse 1000: its own rounding is in the exponents */
          double bar = eps * (1 + fabs(rows[r].out)) * (compute == NL_F64 ? scale : scale > 100 ? 300 : 1);
          if (isnan(rows[r].out)) assert_true(isnan(o));
          else if (!(apart((ld)o, (ld)rows[r].out) <= (ld)bar))
            fail_msg("%s row %d: out %.17g, expected %.17g", nl_dtype_name((nl_dtype)dtype), (int)r, o,
                     rows[r].out);
        }
      }
      for (int side = 0; side < 2; side++) {
        nl_tensor_release(&out[side]);
        nl_tensor_release(&lse[side]);
      }
      nl_tensor_release(&got);
      nl_tensor_release(&got_lse);
    }
}

/* Any number of leading dimensions, none at all, zero sizes; views read as they are; the same bits at any
 * threads. */
static void shapes_and_views(void **state) {
  (void)state;
  int64_t shape[] = {2, 3, 2, 40, 6}, zero[] = {0, 40, 6};
  int before = nl_threads();
  for (int ndim = 1; ndim <= 5; ndim++) {
    const int64_t *part = shape + 5 - ndim;
    nl_tensor o1 = normals(NL_F64, ndim, part, 1), o2 = normals(NL_F64, ndim, part, 2), out, lse, again,
              again_lse;
    nl_tensor l1 = normals(NL_F64, ndim - 1, part, 3), l2 = normals(NL_F64, ndim - 1, part, 4);
    assert_ok(nl_threads_set(1));
    assert_ok(nl_attention_merge(&o1, &l1, &o2, &l2, &out, &lse));
    for (int64_t r = 0; r < nl_tensor_size(&l1); r++) {
      ld a = expl((ld)element(&l1, r)), b = expl((ld)element(&l2, r));
      assert_true(apart((ld)element(&lse, r), logl(a + b)) <= 1e-15L);
      for (int64_t c = 0; c < 6; c++) {
        ld want = (a * (ld)element(&o1, 6 * r + c) + b * (ld)element(&o2, 6 * r + c)) / (a + b);
        assert_true(apart((ld)element(&out, 6 * r + c), want) <= 3e-15L);
      }
    }
    assert_ok(nl_threads_set(5));
    assert_ok(nl_attention_merge(&o1, &l1, &o2, &l2, &again, &again_lse));
    assert_ok(nl_threads_set(before));
    assert_true(same_bits(&out, &again) && same_bits(&lse, &again_lse));
    nl_tensor_release(&again);
    nl_tensor_release(&again_lse);
    if (ndim > 2) {
      nl_tensor to1, tl1, to2, tl2;
      assert_ok(nl_tensor_transpose(&o1, ndim - 3, ndim - 2, &to1));
      assert_ok(nl_tensor_transpose(&l1, ndim - 3, ndim - 2, &tl1));
      assert_ok(nl_tensor_transpose(&o2, ndim - 3, ndim - 2, &to2));
      assert_ok(nl_tensor_transpose(&l2, ndim - 3, ndim - 2, &tl2));
      assert_ok(nl_attention_merge(&to1, &tl1, &to2, &tl2, &again, &again_lse));
      nl_tensor back;
      assert_ok(nl_tensor_transpose(&again, ndim - 3, ndim - 2, &back));
      for (int64_t e = 0; e < nl_tensor_size(&out); e++) assert_true(element(&back, e) == element(&out, e));
      nl_tensor_release(&back);
      nl_tensor_release(&again);
      nl_tensor_release(&again_lse);
      nl_tensor_release(&to1);
      nl_tensor_release(&tl1);
      nl_tensor_release(&to2);
      nl_tensor_release(&tl2);
    }
    nl_tensor_release(&o1);
    nl_tensor_release(&o2);
    nl_tensor_release(&l1);
    nl_tensor_release(&l2);
    nl_tensor_release(&out);
    nl_tensor_release(&lse);
  }
  nl_tensor o = normals(NL_F32, 3, zero, 1), l = normals(NL_F32, 2, zero, 1), out, lse;
  assert_ok(nl_attention_merge(&o, &l, &o, &l, &out, &lse));
  assert_int_equal(nl_tensor_size(&out), 0);
  nl_tensor_release(&o);
  nl_tensor_release(&l);
  nl_tensor_release(&out);
  nl_tensor_release(&lse);
}

static void misuse(void **state) {
  (void)state;
  nl_tensor o = normals(NL_F16, 3, (int64_t[]){2, 3, 4}, 1), l = normals(NL_F32, 2, (int64_t[]){2, 3}, 1),
            out, lse;
  nl_tensor wide = normals(NL_F16, 3, (int64_t[]){2, 3, 5}, 1),
            f32 = normals(NL_F32, 3, (int64_t[]){2, 3, 4}, 1);
  nl_tensor f64 = normals(NL_F64, 2, (int64_t[]){2, 3}, 1), turned = normals(NL_F32, 2, (int64_t[]){3, 2}, 1);
  nl_tensor scalar = normals(NL_F16, 0, NULL, 1), whole;
  assert_ok(nl_tensor_clone(&o, NL_I64, &whole));
  memset(&out, 0x55, sizeof out);
  memset(&lse, 0x55, sizeof lse);
  nl_tensor out_before = out, lse_before = lse;
  assert_int_equal(nl_attention_merge(&o, &l, &wide, &l, &out, &lse), NL_SHAPE);
  assert_message("2x3x4");
  assert_message("2x3x5");
  assert_int_equal(nl_attention_merge(&o, &l, &o, &turned, &out, &lse), NL_SHAPE);
  assert_message("3x2");
  assert_int_equal(nl_attention_merge(&o, &turned, &o, &l, &out, &lse), NL_SHAPE);
  assert_int_equal(nl_attention_merge(&scalar, &l, &scalar, &l, &out, &lse), NL_SHAPE);
  assert_int_equal(nl_attention_merge(&o, &l, &f32, &l, &out, &lse), NL_DTYPE);
  assert_message("f16");
  assert_message("f32");
  assert_int_equal(nl_attention_merge(&o, &f64, &o, &l, &out, &lse), NL_DTYPE);
  assert_message("f64");
  assert_int_equal(nl_attention_merge(&o, &l, &o, &f64, &out, &lse), NL_DTYPE);
  assert_int_equal(nl_attention_merge(&whole, &l, &whole, &l, &out, &lse), NL_DTYPE);
  assert_message("i64");
  assert_memory_equal(&out, &out_before, sizeof out);
  assert_memory_equal(&lse, &lse_before, sizeof lse);
  nl_tensor_release(&o);
  nl_tensor_release(&l);
  nl_tensor_release(&wide);
  nl_tensor_release(&f32);
  nl_tensor_release(&f64);
  nl_tensor_release(&turned);
  nl_tensor_release(&scalar);
  nl_tensor_release(&whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(halves_give_the_whole), cmocka_unit_test(known_rows),
                                     cmocka_unit_test(shapes_and_views), cmocka_unit_test(misuse)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
