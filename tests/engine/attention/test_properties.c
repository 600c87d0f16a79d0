/* What must hold between calls: shifts, permutations, tiles, threads, masks said in two ways, large scores.
 */
#include "judge.h"

static void assert_close(const nl_tensor *a, const nl_tensor *b, double tol, const char *what) {
  assert_true(nl_tensor_same_shape(a, b));
  for (int64_t e = 0; e < nl_tensor_size(a); e++) {
    double x = element(a, e), y = element(b, e);
    if (!(apart((ld)x, (ld)y) <= (ld)(tol * (1 + fabs(y)))))
      fail_msg("%s: element %lld is %.17g and %.17g", what, (long long)e, x, y);
  }
}

/* A number added to all scores of a row: the same attention, lse moved by it, and no gradient of it. */
static void a_shift_of_a_row_changes_nothing(void **state) {
  (void)state;
  for (int i = 0; i < IMPLS; i++)
    for (int variant = 0; variant < 4; variant++) {
      attention_case c = plain_case(2, 2, 37, 41, 5);
      c.causal = variant % 2;
      c.q_tile = 16;
      c.k_tile = 7;
      c.bias = 1 + 2 + 4; /* (B, H, Nq, 1) */
      operands s;
      operands_make(&c, NL_F64, &s);
      for (int64_t b = 0; b < 2; b++)
        for (int64_t h = 0; h < 2; h++)
          for (int64_t r = 0; r < 37; r++)
            nl_tensor_put(&s.bias, (int64_t[]){b, h, r, 0}, (variant < 2 ? 3 : 1000) * ((double)r - 18));
      results with, without;
      run_both(&s, all_impls[i], &with);
      s.o.bias = NULL;
      run_both(&s, all_impls[i], &without);
      double tol = variant < 2 ? 1e-13 : 1e-10;
      assert_close(&with.out, &without.out, tol, "out");
      assert_close(&with.g.dq, &without.g.dq, tol, "dq");
      assert_close(&with.g.dk, &without.g.dk, tol, "dk");
      assert_close(&with.g.dv, &without.g.dv, tol, "dv");
      for (int64_t e = 0; e < nl_tensor_size(&with.aux.lse); e++) {
        double moved = element(&with.aux.lse, e) - element(&without.aux.lse, e);
        assert_at_most(fabs(moved - element(&s.bias, e)), tol * 10);
        assert_at_most(fabs(element(&with.g.dbias, e)), tol);
      }
      results_free(&with);
      results_free(&without);
      operands_free(&s);
    }
}

/* Key j goes to place 13 j + 5 mod 41. */
static void the_order_of_keys_does_not_matter(void **state) {
  (void)state;
  enum { N = 41 };
  for (int i = 0; i < IMPLS; i++) {
    attention_case c = plain_case(1, 4, 11, N, 5);
    c.Hkv = 2;
    c.k_tile = 8;
    operands s, moved;
    operands_make(&c, NL_F64, &s);
    operands_make(&c, NL_F64, &moved);
    for (int64_t h = 0; h < 2; h++)
      for (int64_t j = 0; j < N; j++)
        for (int64_t d = 0; d < 5; d++) {
          int64_t from[] = {0, h, j, d}, to[] = {0, h, (13 * j + 5) % N, d};
          nl_tensor_put(&moved.k, to, nl_tensor_get(&s.k, from));
          nl_tensor_put(&moved.v, to, nl_tensor_get(&s.v, from));
        }
    results one, other;
    run_both(&s, all_impls[i], &one);
    run_both(&moved, all_impls[i], &other);
    assert_close(&one.out, &other.out, 1e-14, "out");
    assert_close(&one.aux.lse, &other.aux.lse, 1e-14, "lse");
    assert_close(&one.g.dq, &other.g.dq, 1e-13, "dq");
    for (int64_t h = 0; h < 2; h++)
      for (int64_t j = 0; j < N; j++)
        for (int64_t d = 0; d < 5; d++) {
          int64_t from[] = {0, h, j, d}, to[] = {0, h, (13 * j + 5) % N, d};
          assert_at_most(fabs(nl_tensor_get(&one.g.dk, from) - nl_tensor_get(&other.g.dk, to)), 1e-13);
          assert_at_most(fabs(nl_tensor_get(&one.g.dv, from) - nl_tensor_get(&other.g.dv, to)), 1e-13);
        }
    results_free(&one);
    results_free(&other);
    operands_free(&s);
    operands_free(&moved);
  }
}

static void tiles_change_rounding_alone(void **state) {
  (void)state;
  static const int64_t sizes[] = {1, 2, 3, 7, 16, 31, 64, 65, 100, 5000};
  attention_case c = plain_case(1, 2, 65, 67, 6);
  c.causal = true;
  c.softcap = 4;
  c.bias = 15;
  for (int i = 0; i < IMPLS; i++) {
    operands s;
    results want, got;
    operands_make(&c, NL_F64, &s);
    run_both(&s, all_impls[i], &want);
    for (int t = 0; t < 20; t++) {
      s.o.q_tile = sizes[t / 2];
      s.o.k_tile = sizes[(t / 2 * 3 + t % 2 * 4) % 10];
      run_both(&s, all_impls[i], &got);
      assert_close(&got.out, &want.out, 1e-14, "out");
      assert_close(&got.aux.lse, &want.aux.lse, 1e-14, "lse");
      assert_close(&got.g.dq, &want.g.dq, 1e-13, "dq");
      assert_close(&got.g.dk, &want.g.dk, 1e-13, "dk");
      assert_close(&got.g.dv, &want.g.dv, 1e-13, "dv");
      assert_close(&got.g.dbias, &want.g.dbias, 1e-13, "dbias");
      results_free(&got);
    }
    results_free(&want);
    operands_free(&s);
  }
}

/* Threads 1 to 5: heads that share keys, sums over broadcast dimensions, decode's pieces. */
static void same_bits_at_any_thread_count(void **state) {
  (void)state;
  static const int64_t sizes[][3] = {{90, 110, 16}, {3, 1100, 64}, {40, 40, 1}, {40, 60, 64}};
  int before = nl_threads();
  for (int i = 0; i < IMPLS; i++)
    for (int code = 0; code < 24; code++) {
      const int64_t *size = sizes[code % 4];
      attention_case c = plain_case(code % 4 == 2 ? 1 : 2, 4, size[0], size[1], 7);
      c.Hkv = code % 3 == 0 ? 1 : code % 3 == 1 ? 2 : 4;
      c.causal = code / 4 % 2;
      if (code / 4 == 3) c.left = 20, c.right = 30;
      c.bias = code % 5 == 0   ? NO_BIAS
               : code % 5 == 1 ? BIAS_VECTOR
               : code % 5 == 2 ? 2 + 4
               : code % 5 == 3 ? 15
                               : 4;
      c.dropout = code == 7 && has(all_impls[i], &(attention_case){.dropout = 1}) ? 0.2 : 0;
      if (code == 20) {
        c.B = 1;
        c.bias = NO_BIAS;
        c.Nq = c.Nk = 150;
        c.sequences = 3;
        memcpy(c.cu_q, (int64_t[]){0, 100, 101, 150}, 4 * sizeof(int64_t));
        memcpy(c.cu_k, (int64_t[]){0, 20, 120, 150}, 4 * sizeof(int64_t));
      }
      c.q_tile = c.k_tile = size[2];
      operands s;
      results want, got;
      operands_make(&c, all_floats[code % FLOATS], &s);
      assert_ok(nl_threads_set(1));
      run_both(&s, all_impls[i], &want);
      for (int threads = 2; threads <= 5; threads++) {
        assert_ok(nl_threads_set(threads));
        run_both(&s, all_impls[i], &got);
        if (!same_results(&want, &got)) fail_msg("%s: %d threads", case_text(&s, all_impls[i]), threads);
        results_free(&got);
      }
      assert_ok(nl_threads_set(before));
      results_free(&want);
      operands_free(&s);
    }
}

/* Races would show as differences between runs: FlashAttention repeats its backward pass likewise. */
static void fifty_runs_give_the_same_bits(void **state) {
  (void)state;
  int before = nl_threads();
  assert_ok(nl_threads_set(4));
  for (int i = 0; i < IMPLS; i++) {
    attention_case c = plain_case(1, 4, 40, 44, 8);
    c.Hkv = 1;
    c.bias = BIAS_VECTOR;
    c.q_tile = c.k_tile = 8;
    operands s;
    results want, got;
    operands_make(&c, NL_F32, &s);
    run_both(&s, all_impls[i], &want);
    for (int run = 0; run < 50; run++) {
      run_both(&s, all_impls[i], &got);
      assert_true(same_results(&want, &got));
      results_free(&got);
    }
    results_free(&want);
    operands_free(&s);
  }
  assert_ok(nl_threads_set(before));
}

/* Scores up to some 1e4, against the oracle; beyond, up to the end of the range, the largest takes all. */
static void large_scores(void **state) {
  (void)state;
  for (int dtype = 0; dtype < FLOATS; dtype++)
    for (int variant = 0; variant < 4; variant++) {
      attention_case c = plain_case(1, 2, 21, 35, 8);
      c.causal = variant % 2;
      c.scale = variant < 2 ? 100 : 1000;
      c.k_tile = 8;
      operands s;
      operands_make(&c, (nl_dtype)dtype, &s);
      numbers n = operands_numbers(&s);
      answers want = oracle(&n);
      for (int i = 0; i < IMPLS; i++) {
        results r;
        run_both(&s, all_impls[i], &r);
        ld eps = dtype == NL_F64 ? 1e-15L : dtype == NL_F32 ? 2e-7L : dtype == NL_F16 ? 1e-3L : 8e-3L;
        ld exponent = dtype == NL_F64 ? 1e-15L : 2e-7L; /* of the scores: in the compute type */
        ld bar = (eps + exponent * want.score) * 8;
        if (!(worst(&r.out, want.out) <= bar)) fail_msg("%s: out", case_text(&s, all_impls[i]));
        if (!(worst(&r.aux.lse, want.lse) <= exponent * want.score * 8))
          fail_msg("%s: lse", case_text(&s, all_impls[i]));
        bar = (eps * 8 + exponent * want.score * 8) * 10 * (ld)c.scale *
              largest(want.out, n.B * n.H * n.Nq * n.Dv);
        if (!(worst(&r.g.dq, want.dq) <= bar)) fail_msg("%s: dq", case_text(&s, all_impls[i]));
        results_free(&r);
      }
      answers_free(&want);
      numbers_free(&n);
      operands_free(&s);
    }
  for (int dtype = 0; dtype < 2; dtype++)
    for (int i = 0; i < IMPLS; i++) {
      attention_case c = plain_case(1, 1, 15, 20, 1);
      c.scale = dtype == NL_F64 ? 1e307 : 1e37;
      c.k_tile = 3;
      operands s;
      results r;
      operands_make(&c, (nl_dtype)dtype, &s);
      run_both(&s, all_impls[i], &r);
      for (int64_t row = 0; row < 15; row++) {
        int64_t best = 0;
        double q = nl_tensor_get(&s.q, (int64_t[]){0, 0, row, 0});
        for (int64_t j = 1; j < 20; j++)
          if (q * nl_tensor_get(&s.k, (int64_t[]){0, 0, j, 0}) >
              q * nl_tensor_get(&s.k, (int64_t[]){0, 0, best, 0}))
            best = j;
        double got = nl_tensor_get(&r.out, (int64_t[]){0, 0, row, 0});
        assert_true(got == nl_tensor_get(&s.v, (int64_t[]){0, 0, best, 0}));
      }
      results_free(&r);
      operands_free(&s);
    }
}

/* A bias of -inf where a window hides keys: the same attention and the same gradients, rows without keys
 * included. */
static void minus_infinity_hides_keys(void **state) {
  (void)state;
  for (int i = 0; i < IMPLS; i++)
    for (int variant = 0; variant < 4; variant++) {
      attention_case c = plain_case(1, 2, variant % 2 ? 30 : 19, 19, 4);
      c.bias = 4 + 8;
      c.q_tile = 7;
      c.k_tile = 4;
      operands s;
      operands_make(&c, NL_F64, &s);
      nl_attention_options window = s.o;
      window.causal = variant < 2;
      if (variant >= 2) window.left = 2, window.right = -1;
      span all = {0, 0, c.Nq, 0, c.Nk};
      nl_tensor_fill(&s.bias, 0);
      for (int64_t r = 0; r < c.Nq; r++)
        for (int64_t j = 0; j < c.Nk; j++)
          if (!sees(&window, all, r, j)) nl_tensor_put(&s.bias, (int64_t[]){0, 0, r, j}, -(double)INFINITY);
      results by_bias, by_window;
      run_both(&s, all_impls[i], &by_bias);
      s.o = window;
      s.o.bias = NULL;
      run_both(&s, all_impls[i], &by_window);
      assert_close(&by_bias.out, &by_window.out, 1e-14, "out");
      assert_close(&by_bias.aux.lse, &by_window.aux.lse, 1e-14, "lse");
      assert_close(&by_bias.g.dq, &by_window.g.dq, 1e-13, "dq");
      assert_close(&by_bias.g.dk, &by_window.g.dk, 1e-13, "dk");
      assert_close(&by_bias.g.dv, &by_window.g.dv, 1e-13, "dv");
      for (int64_t r = 0; r < c.Nq; r++)
        for (int64_t j = 0; j < c.Nk; j++)
          assert_true(sees(&window, all, r, j) ||
                      nl_tensor_get(&by_bias.g.dbias, (int64_t[]){0, 0, r, j}) == 0);
      results_free(&by_bias);
      results_free(&by_window);
      operands_free(&s);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_shift_of_a_row_changes_nothing), cmocka_unit_test(the_order_of_keys_does_not_matter),
      cmocka_unit_test(tiles_change_rounding_alone),      cmocka_unit_test(same_bits_at_any_thread_count),
      cmocka_unit_test(fifty_runs_give_the_same_bits),    cmocka_unit_test(large_scores),
      cmocka_unit_test(minus_infinity_hides_keys),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
