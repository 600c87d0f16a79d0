/* Dropout: the mask is that of the rule in every implementation, and on average nothing is lost. */
#include "judge.h"

static const nl_attention_impl droppers[] = {NL_ATTENTION_STANDARD, NL_ATTENTION_FLASH, NL_ATTENTION_DECODE};
enum { DROPPERS = 3 };

/* V = 1: out_i = sum_j keep_ij P_ij / (1 - p). With V the unit matrix out is the mask times P itself. */
static void the_mask_is_that_of_the_rule(void **state) {
  (void)state;
  enum { N = 37, K = 29 };
  for (int i = 0; i < DROPPERS; i++)
    for (int tile = 1; tile <= 64; tile *= 4) {
      attention_case c = plain_case(2, 3, N, K, 4);
      c.Dv = K;
      c.dropout = 0.35;
      c.q_tile = tile;
      c.k_tile = tile + 1;
      operands s;
      results r;
      operands_make(&c, NL_F64, &s);
      nl_tensor_fill(&s.v, 0);
      for (int64_t b = 0; b < 2; b++)
        for (int64_t h = 0; h < 3; h++)
          for (int64_t j = 0; j < K; j++) nl_tensor_put(&s.v, (int64_t[]){b, h, j, j}, 1);
      run_forward(&s, droppers[i], &r);
      for (int64_t row = 0; row < 2 * 3 * N; row++)
        for (int64_t j = 0; j < K; j++)
          assert_true((element(&r.out, row * K + j) != 0) == keeps(&s.o, row, j));
      results_free(&r);
      operands_free(&s);
    }
}

/* Another seed, another mask; the high half of the seed counts; dropout moves neither lse nor P. */
static void seeds_and_lse(void **state) {
  (void)state;
  for (int i = 0; i < DROPPERS; i++) {
    attention_case c = plain_case(1, 2, 20, 30, 4);
    operands s;
    results without, one, same, other, high;
    operands_make(&c, NL_F32, &s);
    run_forward(&s, droppers[i], &without);
    s.o.dropout = 0.5;
    run_both(&s, droppers[i], &one);
    run_both(&s, droppers[i], &same);
    s.o.seed += 1;
    run_forward(&s, droppers[i], &other);
    s.o.seed += (UINT64_C(1) << 32) - 1;
    run_forward(&s, droppers[i], &high);
    assert_true(same_results(&one, &same));
    assert_true(same_bits(&one.aux.lse, &without.aux.lse) && same_bits(&one.aux.p, &without.aux.p));
    assert_false(same_bits(&one.out, &without.out));
    assert_false(same_bits(&one.out, &other.out));
    assert_false(same_bits(&one.out, &high.out));
    results_free(&without);
    results_free(&one);
    results_free(&same);
    results_free(&other);
    results_free(&high);
    operands_free(&s);
  }
}

/* Uniform P (q = 0), V = 1: out is the kept share over 1 - p. Mean over 4 x 256 x 256 elements: 5 standard
 * errors. */
static void the_share_is_p_and_the_mean_stays(void **state) {
  (void)state;
  static const double shares[] = {0.01, 0.1, 0.5, 0.9, 0.999};
  enum { N = 256, H = 4 };
  for (int i = 0; i < DROPPERS; i++)
    for (int p = 0; p < 5; p++) {
      attention_case c = plain_case(1, H, N, N, 1);
      c.dropout = shares[p];
      operands s;
      results r;
      operands_make(&c, NL_F64, &s);
      nl_tensor_fill(&s.q, 0);
      nl_tensor_fill(&s.v, 1);
      run_forward(&s, droppers[i], &r);
      double sum = 0, squares = 0, rows = H * N,
             each = shares[p] / ((1 - shares[p]) * N); /* variance of an out_i */
      for (int64_t e = 0; e < H * N; e++) {
        sum += element(&r.out, e);
        squares += (element(&r.out, e) - 1) * (element(&r.out, e) - 1);
      }
      assert_at_most(fabs(sum / rows - 1), 5 * sqrt(each / rows));
      /* the elements of a row fall independently: the variance of out is that of a binomial */
      assert_at_most(fabs(squares / rows / each - 1), shares[p] > 0.9 || shares[p] < 0.05 ? 0.4 : 0.25);
      results_free(&r);
      operands_free(&s);
    }
}

/* The mean of out over many seeds is out without dropout. */
static void unbiased_over_seeds(void **state) {
  (void)state;
  enum { SEEDS = 2000, SIZE = 2 * 3 * 4 };
  attention_case c = plain_case(1, 2, 3, 9, 4);
  operands s;
  results want, r;
  double sum[SIZE] = {0}, squares[SIZE] = {0};
  operands_make(&c, NL_F64, &s);
  run_forward(&s, NL_ATTENTION_FLASH, &want);
  s.o.dropout = 0.25;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    s.o.seed = seed;
    run_forward(&s, NL_ATTENTION_FLASH, &r);
    for (int e = 0; e < SIZE; e++) {
      double off = element(&r.out, e) - element(&want.out, e);
      sum[e] += off;
      squares[e] += off * off;
    }
    results_free(&r);
  }
  for (int e = 0; e < SIZE; e++) {
    assert_true(squares[e] > 0);
    assert_at_most(fabs(sum[e]), 5 * sqrt(squares[e]));
  }
  results_free(&want);
  operands_free(&s);
}

/* A share so small or so near one that everything stays or nearly everything goes. */
static void extreme_shares(void **state) {
  (void)state;
  for (int i = 0; i < DROPPERS; i++) {
    attention_case c = plain_case(1, 2, 11, 13, 3);
    c.dropout = 1e-12; /* floor(p 2^32) = 0: all stay */
    judge_case(&c, NL_F64, true);
    c.dropout = 1 - 0x1p-20;
    judge_case(&c, NL_F64, true);
    operands s;
    results r;
    operands_make(&c, NL_F64, &s);
    run_forward(&s, droppers[i], &r);
    for (int64_t e = 0; e < nl_tensor_size(&r.out); e++) assert_true(isfinite(element(&r.out, e)));
    results_free(&r);
    operands_free(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(the_mask_is_that_of_the_rule),
                                     cmocka_unit_test(seeds_and_lse),
                                     cmocka_unit_test(the_share_is_p_and_the_mean_stays),
                                     cmocka_unit_test(unbiased_over_seeds), cmocka_unit_test(extreme_shares)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
