/* The forward pass of every implementation against the oracle, in every type. */
#include "grid.h"

static void every_mask_at_every_shape(void **state) { judge_grid(*(const nl_dtype *)*state, false); }

/* Shapes, masks, options, layouts and tiles at random, all of them together. */
static void any_options_together(void **state) {
  nl_dtype dtype = *(const nl_dtype *)*state;
  for (uint64_t seed = 0; seed < rounds(120); seed++) {
    attention_case c = case_random((FLOATS * seed + dtype) * 2);
    judge_case(&c, dtype, false);
  }
}

/* More queries than keys under a causal mask; a sequence without keys; a bias of -inf: exactly 0 and -inf. */
static void rows_without_keys(void **state) {
  (void)state;
  for (int dtype = 0; dtype < FLOATS; dtype++)
    for (int i = 0; i < IMPLS; i++)
      for (int kind = 0; kind < 3; kind++) {
        attention_case c = plain_case(1, 2, 9, 4, 3);
        c.causal = kind == 0; /* the first 5 rows */
        c.q_tile = 4;
        c.k_tile = 2;
        if (kind == 1) { /* rows 2 .. 6 */
          c.sequences = 3;
          memcpy(c.cu_q, (int64_t[]){0, 2, 7, 9}, 4 * sizeof(int64_t));
          memcpy(c.cu_k, (int64_t[]){0, 1, 1, 4}, 4 * sizeof(int64_t));
        }
        if (kind == 2) c.bias = 4; /* (1, 1, Nq, 1): whole rows, the first 5 */
        operands s;
        operands_make(&c, (nl_dtype)dtype, &s);
        if (kind == 2)
          for (int64_t r = 0; r < 5; r++) nl_tensor_put(&s.bias, (int64_t[]){0, 0, r, 0}, -(double)INFINITY);
        results got;
        run_forward(&s, all_impls[i], &got);
        for (int64_t h = 0; h < 2; h++)
          for (int64_t r = 0; r < 9; r++) {
            bool none = kind == 1 ? r >= 2 && r < 7 : r < 5;
            double lse = nl_tensor_get(&got.aux.lse, (int64_t[]){0, h, r});
            if (none != (lse == -(double)INFINITY))
              fail_msg("%s: kind %d, row %d", case_text(&s, all_impls[i]), kind, (int)r);
            for (int64_t d = 0; d < 3; d++)
              assert_true(none == (nl_tensor_get(&got.out, (int64_t[]){0, h, r, d}) == 0));
          }
        results_free(&got);
        operands_free(&s);
      }
}

/* Nothing to attend to, nothing that attends, no batch: shapes stay, no keys means 0 and -inf. */
static void sizes_of_zero(void **state) {
  (void)state;
  static const int64_t sizes[][3] = {{2, 3, 0}, {2, 0, 3}, {2, 0, 0}, {0, 3, 3}};
  for (int dtype = 0; dtype < FLOATS; dtype++)
    for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++) {
      attention_case c = plain_case(sizes[n][0], 2, sizes[n][1], sizes[n][2], 4);
      judge_case(&c, (nl_dtype)dtype, false);
      c.bias = 15;
      judge_case(&c, (nl_dtype)dtype, false);
    }
}

/* aux->p of standard: P before dropout, matrix by matrix. */
static void standard_keeps_p(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 60; seed++) {
    attention_case c = case_random(1000 + seed);
    nl_dtype dtype = all_floats[seed % FLOATS];
    operands s;
    operands_make(&c, dtype, &s);
    results r;
    run_forward(&s, NL_ATTENTION_STANDARD, &r);
    const nl_tensor *p = &r.aux.p;
    assert_int_equal(p->dtype, dtype == NL_F64 ? NL_F64 : NL_F32);
    assert_int_equal(p->ndim, c.sequences ? 1 : 4);
    if (!c.sequences)
      assert_true(p->shape[0] == c.B && p->shape[1] == c.H && p->shape[2] == c.Nq && p->shape[3] == c.Nk);
    numbers n = operands_numbers(&s);
    ld *want = array(c.Nk), *t = array(c.Nk), most = 0;
    int64_t e = 0;
    for (int64_t at = 0; at < spans(&n); at++)
      for (int64_t h = 0; h < c.H; h++)
        for (int64_t i = 0; i < span_at(&n, at).nq; i++) {
          span a = span_at(&n, at);
          oracle_row(&n, a, h, i, want, t, &most);
          for (int64_t j = 0; j < a.nk; j++, e++) {
            ld error = apart((ld)element(p, e), want[j]), bar = dtype == NL_F64 ? 1e-13L : 1e-5L;
            if (!(error <= bar * (1 + most)))
              fail_msg("%s: P(%d,%d)", case_text(&s, NL_ATTENTION_STANDARD), (int)i, (int)j);
          }
        }
    assert_int_equal(e, nl_tensor_size(p));
    free(want);
    free(t);
    numbers_free(&n);
    results_free(&r);
    operands_free(&s);
  }
}

/* A scale that is given is taken, the largest windows are open ones, the right end of a causal window is 0.
 */
static void options_that_say_the_same(void **state) {
  (void)state;
  for (int i = 0; i < IMPLS; i++)
    for (int twin = 0; twin < 4; twin++) {
      attention_case c = plain_case(1, 2, 19, 11, 4);
      operands s;
      operands_make(&c, NL_F64, &s);
      results one, other;
      if (twin == 2) s.o.causal = true;
      run_forward(&s, all_impls[i], &one);
      if (twin == 0) s.o.scale = 0.5;
      if (twin == 1) s.o.left = s.o.right = INT64_MAX;
      if (twin == 2) s.o.right = 5;
      if (twin == 3) s.o.left = 10, s.o.right = 18; /* from the first key to the last for every row */
      run_forward(&s, all_impls[i], &other);
      if (!same_results(&one, &other)) fail_msg("%s: twin %d differs", case_text(&s, all_impls[i]), twin);
      results_free(&one);
      results_free(&other);
      operands_free(&s);
    }
}

/* Keys enough for decode to cut them into pieces (of 256 at least), some or all of which a row does not see.
 */
static void keys_in_pieces(void **state) {
  (void)state;
  static const int64_t rows[] = {1, 3, 17}, keys[] = {255, 513, 1500};
  for (int code = 0; code < 36; code++) {
    attention_case c = plain_case(1, 4, rows[code % 3], keys[code / 3 % 3], 5);
    c.Hkv = code % 2 ? 1 : 2;
    c.Dv = 3;
    c.causal = code / 9 == 1;
    if (code / 9 == 2) c.left = 10, c.right = 5;
    if (code / 9 == 3) { /* the second has no keys, the third few */
      c.sequences = 4;
      memcpy(c.cu_q, (int64_t[]){0, 2, 4, 6, 9}, 5 * sizeof(int64_t));
      memcpy(c.cu_k, (int64_t[]){0, 600, 600, 603, 1403}, 5 * sizeof(int64_t));
      c.Nq = 9;
      c.Nk = 1403;
      c.causal = code % 2;
    }
    c.softcap = code % 5 == 0 ? 2 : 0;
    c.dropout = code % 4 == 0 ? 0.3 : 0;
    c.bias = code / 9 < 3 && code % 4 == 1 ? 15 : NO_BIAS;
    judge_case(&c, all_floats[code % FLOATS], false);
  }
}

/* The operands are read, not written: the same bytes after the call. */
static void operands_stay(void **state) {
  (void)state;
  for (int dtype = 0; dtype < FLOATS; dtype++)
    for (int i = 0; i < IMPLS; i++) {
      attention_case c = plain_case(2, 2, 33, 35, 5);
      c.bias = 15;
      c.softcap = 3;
      operands s, before;
      operands_make(&c, (nl_dtype)dtype, &s);
      operands_make(&c, (nl_dtype)dtype, &before);
      results r;
      run_both(&s, all_impls[i], &r);
      assert_true(same_bits(&s.q, &before.q) && same_bits(&s.k, &before.k) && same_bits(&s.v, &before.v));
      assert_true(same_bits(&s.dout, &before.dout) && same_bits(&s.bias, &before.bias));
      results_free(&r);
      operands_free(&s);
      operands_free(&before);
    }
}

int main(void) {
  static nl_dtype f64 = NL_F64, f32 = NL_F32, f16 = NL_F16, bf16 = NL_BF16;
  const struct CMUnitTest tests[] = {
      {"every_mask_at_every_shape f64", every_mask_at_every_shape, NULL, NULL, &f64},
      {"every_mask_at_every_shape f32", every_mask_at_every_shape, NULL, NULL, &f32},
      {"every_mask_at_every_shape f16", every_mask_at_every_shape, NULL, NULL, &f16},
      {"every_mask_at_every_shape bf16", every_mask_at_every_shape, NULL, NULL, &bf16},
      {"any_options_together f64", any_options_together, NULL, NULL, &f64},
      {"any_options_together f32", any_options_together, NULL, NULL, &f32},
      {"any_options_together f16", any_options_together, NULL, NULL, &f16},
      {"any_options_together bf16", any_options_together, NULL, NULL, &bf16},
      cmocka_unit_test(rows_without_keys),
      cmocka_unit_test(sizes_of_zero),
      cmocka_unit_test(standard_keeps_p),
      cmocka_unit_test(options_that_say_the_same),
      cmocka_unit_test(keys_in_pieces),
      cmocka_unit_test(operands_stay),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
