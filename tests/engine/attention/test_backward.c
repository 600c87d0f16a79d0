/* The backward pass of every implementation against the oracle, in every type. */
#include "cpu/kernels.h"
#include "grid.h"

static void every_mask_at_every_shape(void **state) { judge_grid(*(const nl_dtype *)*state, true); }

static void any_options_together(void **state) {
  nl_dtype dtype = *(const nl_dtype *)*state;
  for (uint64_t seed = 0; seed < rounds(80); seed++) {
    attention_case c = case_random((FLOATS * seed + dtype) * 2 + 1);
    judge_case(&c, dtype, true);
  }
}

/* The gradient of a bias is summed over what the bias was broadcast along, in all 17 ways. */
static void gradients_of_every_broadcast(void **state) {
  (void)state;
  for (int dtype = 0; dtype < FLOATS; dtype++)
    for (int bias = 0; bias <= BIAS_VECTOR; bias++) {
      attention_case c = plain_case(2, 4, 21, 18, 5);
      c.Hkv = 2;
      c.bias = bias;
      c.causal = bias % 2;
      c.q_tile = 8;
      c.k_tile = 5;
      c.softcap = bias % 3;
      judge_case(&c, (nl_dtype)dtype, true);
    }
}

/* lse alone is enough for all but standard: whichever forward pass it comes from. */
static void implementations_mix(void **state) {
  (void)state;
  attention_case c = plain_case(1, 4, 30, 41, 6);
  c.Hkv = 2;
  c.causal = true;
  operands s;
  operands_make(&c, NL_F64, &s);
  numbers n = operands_numbers(&s);
  answers want = oracle(&n), none = {0};
  for (int i = 0; i < IMPLS; i++)
    for (int b = 0; b < IMPLS; b++) {
      if (all_impls[b] == NL_ATTENTION_STANDARD && i != b) continue;
      results r;
      run_forward(&s, all_impls[i], &r);
      s.o.impl = all_impls[b];
      assert_ok_in(nl_attention_backward(&s.dout, &s.q, &s.k, &s.v, &r.out, &r.aux, &s.o, &r.g), &s,
                   all_impls[b]);
      judge_backward(&s, all_impls[b], &r, &want, &none);
      results_free(&r);
    }
  answers_free(&want);
  numbers_free(&n);
  operands_free(&s);
}

/* AUTO takes the implementation of aux: the same bits as when it is named. */
static void auto_takes_that_of_aux(void **state) {
  (void)state;
  for (int i = 0; i < IMPLS; i++) {
    attention_case c = plain_case(1, 2, 33, 20, 4);
    operands s;
    operands_make(&c, NL_F32, &s);
    results r, same;
    run_both(&s, all_impls[i], &r);
    run_forward(&s, all_impls[i], &same);
    s.o.impl = NL_ATTENTION_AUTO;
    assert_ok(nl_attention_backward(&s.dout, &s.q, &s.k, &s.v, &same.out, &same.aux, &s.o, &same.g));
    assert_true(same_results(&r, &same));
    results_free(&r);
    results_free(&same);
    operands_free(&s);
  }
}

/* No key, no gradient: exactly 0 in dq and nothing of the row in dk and dv. */
static void rows_without_keys(void **state) {
  (void)state;
  for (int dtype = 0; dtype < FLOATS; dtype++)
    for (int i = 0; i < IMPLS; i++)
      for (int kind = 0; kind < 2; kind++) {
        attention_case c = plain_case(1, 2, 9, 4, 3);
        c.causal = kind == 0;
        c.bias = 4; /* (1, 1, Nq, 1) */
        c.q_tile = 4;
        operands s;
        operands_make(&c, (nl_dtype)dtype, &s);
        for (int64_t r = 0; r < 5 && kind == 1; r++)
          nl_tensor_put(&s.bias, (int64_t[]){0, 0, r, 0}, -(double)INFINITY);
        results got;
        run_both(&s, all_impls[i], &got);
        for (int64_t h = 0; h < 2; h++)
          for (int64_t r = 0; r < 9; r++)
            for (int64_t d = 0; d < 3; d++)
              assert_true(r >= 5 || nl_tensor_get(&got.g.dq, (int64_t[]){0, h, r, d}) == 0);
        for (int64_t r = 0; r < 5; r++)
          assert_true(nl_tensor_get(&got.g.dbias, (int64_t[]){0, 0, r, 0}) == 0);
        numbers n = operands_numbers(&s);
        answers want = oracle(&n), rough = naive(&n, s.dtype);
        judge_backward(&s, all_impls[i], &got, &want, &rough);
        answers_free(&want);
        answers_free(&rough);
        numbers_free(&n);
        results_free(&got);
        operands_free(&s);
      }
}

static void sizes_of_zero(void **state) {
  (void)state;
  static const int64_t sizes[][3] = {{2, 3, 0}, {2, 0, 3}, {2, 0, 0}, {0, 3, 3}};
  for (int dtype = 0; dtype < FLOATS; dtype++)
    for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++) {
      attention_case c = plain_case(sizes[n][0], 2, sizes[n][1], sizes[n][2], 4);
      judge_case(&c, (nl_dtype)dtype, true);
      c.bias = 2;
      judge_case(&c, (nl_dtype)dtype, true);
      c.H = 0; /* of queries alone, and of both */
      c.bias = -1;
      judge_case(&c, (nl_dtype)dtype, true);
      c.Hkv = 0;
      judge_case(&c, (nl_dtype)dtype, true);
    }
}

/* Rows far wider than the tiles are long: what sums one row needs room for all of it. */
static void wide_rows_of_few_keys(void **state) {
  (void)state;
  static const int64_t keys[] = {1, 2, 5};
  for (int dtype = 0; dtype <= NL_F32; dtype++)
    for (int n = 0; n < 3; n++) {
      attention_case c = plain_case(1, 1, 1 + n, keys[n], dtype == NL_F64 ? 5000 : 9000);
      c.k_tile = 1;
      judge_case(&c, (nl_dtype)dtype, true);
    }
}

/* Results of the forward pass that lie otherwise than it made them. */
static void strided_results_of_the_forward_pass(void **state) {
  (void)state;
  for (int i = 0; i < IMPLS; i++) {
    attention_case c = plain_case(2, 2, 13, 17, 5);
    operands s;
    operands_make(&c, NL_F64, &s);
    results r, other = {0};
    run_both(&s, all_impls[i], &r);
    nl_tensor turned;
    other.aux.impl = r.aux.impl;
    other.aux.p = nl_tensor_share(&r.aux.p);
    assert_ok(nl_tensor_new(NL_F64, 4, (int64_t[]){2, 2, 5, 13}, &turned));
    assert_ok(nl_tensor_transpose(&turned, 2, 3, &other.out));
    assert_ok(nl_tensor_copy(&r.out, &other.out));
    nl_tensor_release(&turned);
    assert_ok(nl_tensor_new(NL_F64, 3, (int64_t[]){13, 2, 2}, &turned));
    assert_ok(nl_tensor_transpose(&turned, 0, 2, &other.aux.lse));
    assert_ok(nl_tensor_copy(&r.aux.lse, &other.aux.lse));
    nl_tensor_release(&turned);
    assert_ok_in(nl_attention_backward(&s.dout, &s.q, &s.k, &s.v, &other.out, &other.aux, &s.o, &other.g), &s,
                 all_impls[i]);
    assert_true(same_bits(&r.g.dq, &other.g.dq) && same_bits(&r.g.dk, &other.g.dk) &&
                same_bits(&r.g.dv, &other.g.dv));
    results_free(&r);
    results_free(&other);
    operands_free(&s);
  }
}

/* The kernels of every level this machine has, one after another. */
static void every_cpu_level(void **state) {
  (void)state;
  for (int level = 0; level <= (int)nl_cpu_detected(); level++) {
    assert_ok(nl_kernels_use((nl_cpu_level)level));
    for (uint64_t seed = 0; seed < rounds(24); seed++) {
      attention_case c = case_random(50000 + seed);
      judge_case(&c, all_floats[seed % FLOATS], true);
    }
  }
  assert_ok(nl_kernels_use(nl_cpu_level_in_use()));
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
      cmocka_unit_test(gradients_of_every_broadcast),
      cmocka_unit_test(implementations_mix),
      cmocka_unit_test(auto_takes_that_of_aux),
      cmocka_unit_test(rows_without_keys),
      cmocka_unit_test(sizes_of_zero),
      cmocka_unit_test(wide_rows_of_few_keys),
      cmocka_unit_test(strided_results_of_the_forward_pass),
      cmocka_unit_test(every_cpu_level),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
