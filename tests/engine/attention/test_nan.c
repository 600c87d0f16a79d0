/* NaN and infinity reach the rows that see them, and nothing else: one bad number in q, k, v, dout or bias;
 * the results it may reach are marked by the rule of the mask, all others must be those of the clean call. */
#include "judge.h"

enum { IN_Q, IN_K, IN_V, IN_DOUT, IN_BIAS, PLACES };

/* What may be bad, by row of q (out, lse, dq) or of k (dk, dv); dbias by element of (1, H, Nq, Nk). */
typedef struct reach {
  bool *out, *lse, *dq, *dk, *dv, *dbias;
} reach;

static bool *flags(int64_t n) {
  bool *x = calloc((size_t)n + 1, sizeof *x);
  assert_non_null(x);
  return x;
}

/* Row i of the span: its whole softmax is bad (scores), or only its gradient (what comes from V or dout). */
static void mark_row(const numbers *n, span s, int64_t h, int64_t i, bool scores, bool out, bool dv,
                     reach *m) {
  int64_t r = row_at(n, s, h, i);
  m->out[r] = m->out[r] || out;
  m->lse[r] = m->lse[r] || scores;
  m->dq[r] = true;
  for (int64_t j = 0; j < s.nk; j++) {
    if (!sees(&n->o, s, i, j)) continue;
    m->dk[key_at(n, s, h, j)] = true;
    if (dv) m->dv[key_at(n, s, h, j)] = true;
    if (n->bias) m->dbias[bias_at(n, s, h, i, j)] = true;
  }
}

/* The bad number lies in row `row` of head `head` of what `place` says; for the bias, in column `column`. */
static reach reach_of(const numbers *n, int place, int64_t head, int64_t row, int64_t column) {
  int64_t rows = n->B * n->H * n->Nq, keys = n->B * n->Hkv * n->Nk;
  reach m = {flags(rows), flags(rows), flags(rows), flags(keys), flags(keys), flags(n->bias_size)};
  for (int64_t q = 0; q < spans(n); q++) {
    span s = span_at(n, q);
    if (s.b != 0) continue;
    for (int64_t h = 0; h < n->H; h++)
      for (int64_t i = 0; i < s.nq; i++) {
        bool any = false, it = false;
        for (int64_t j = 0; j < s.nk; j++) {
          if (!sees(&n->o, s, i, j)) continue;
          any = true;
          if (h / (n->H / n->Hkv) == head && s.k0 + j == row) it = true;
        }
        bool mine = h == head && s.q0 + i == row && any;
        if (place == IN_Q && mine) mark_row(n, s, h, i, true, true, true, &m);
        if (place == IN_K && it) mark_row(n, s, h, i, true, true, true, &m);
        if (place == IN_V && it) mark_row(n, s, h, i, false, true, false, &m);
        if (place == IN_DOUT && mine) mark_row(n, s, h, i, false, false, true, &m);
        if (place == IN_BIAS && mine && column >= s.k0 && column < s.k0 + s.nk &&
            sees(&n->o, s, i, column - s.k0))
          mark_row(n, s, h, i, true, true, true, &m);
      }
  }
  return m;
}

static void reach_free(reach *m) {
  free(m->out);
  free(m->lse);
  free(m->dq);
  free(m->dk);
  free(m->dv);
  free(m->dbias);
}

/* Marked rows hold something not finite, the others what they held without the bad number. */
static void compare(const operands *s, nl_attention_impl impl, int place, const char *what,
                    const nl_tensor *got, const nl_tensor *clean, const bool *marked, int64_t row_size) {
  double eps = s->dtype == NL_F64 ? 1e-13 : s->dtype == NL_F32 ? 1e-5 : 1.6e-2;
  for (int64_t r = 0; r < nl_tensor_size(got) / row_size; r++) {
    int64_t bad = 0;
    for (int64_t c = 0; c < row_size; c++) {
      double x = element(got, r * row_size + c), y = element(clean, r * row_size + c);
      if (!isfinite(x) && isfinite(y)) bad++;
      else if (!marked[r] && !(apart((ld)x, (ld)y) <= (ld)(eps * (1 + fabs(y)))))
        fail_msg("%s, bad number in %d: row %lld of %s is %g, was %g", case_text(s, impl), place,
                 (long long)r, what, x, y);
    }
    if ((bad > 0) != marked[r])
      fail_msg("%s, bad number in %d: row %lld of %s has %lld bad elements, expected %s", case_text(s, impl),
               place, (long long)r, what, (long long)bad, marked[r] ? "some" : "none");
  }
}

static void spoil(operands *s, nl_attention_impl impl, int place, int64_t head, int64_t row, double bad) {
  results clean, got;
  run_both(s, impl, &clean);
  int64_t column = row / 2, at[] = {0, head, row, place == IN_BIAS ? column : s->c.D / 2};
  const nl_tensor *in[] = {&s->q, &s->k, &s->v, &s->dout, &s->bias};
  double before = nl_tensor_get(in[place], at);
  nl_tensor_put(in[place], at, bad);
  run_both(s, impl, &got);
  nl_tensor_put(in[place], at, before);
  numbers n = operands_numbers(s);
  reach m = reach_of(&n, place, head, row, column);
  compare(s, impl, place, "out", &got.out, &clean.out, m.out, s->c.Dv);
  compare(s, impl, place, "lse", &got.aux.lse, &clean.aux.lse, m.lse, 1);
  compare(s, impl, place, "dq", &got.g.dq, &clean.g.dq, m.dq, s->c.D);
  compare(s, impl, place, "dk", &got.g.dk, &clean.g.dk, m.dk, s->c.D);
  compare(s, impl, place, "dv", &got.g.dv, &clean.g.dv, m.dv, s->c.Dv);
  if (s->o.bias) compare(s, impl, place, "dbias", &got.g.dbias, &clean.g.dbias, m.dbias, 1);
  reach_free(&m);
  numbers_free(&n);
  results_free(&clean);
  results_free(&got);
}

/* 8 masks: all, causal (square, fewer keys than rows, more), windows, sequences. */
static attention_case masked_case(int mask) {
  attention_case c =
      plain_case(mask % 4 == 2 ? 4 : 2, 2, 12, 12, 3); /* 8 heads of keys: the one pass of flash */
  c.Hkv = mask % 2 ? 1 : 2;
  c.Nk = mask == 2 ? 7 : mask == 3 ? 17 : 12;
  c.causal = mask >= 1 && mask <= 3;
  if (mask == 4) c.left = 2, c.right = 1;
  if (mask == 5) c.left = 0, c.right = 0;
  if (mask == 6) c.right = 3;
  if (mask == 7) {
    c.B = 1;
    c.causal = true;
    c.sequences = 3;
    memcpy(c.cu_q, (int64_t[]){0, 5, 5, 12}, 4 * sizeof(int64_t));
    memcpy(c.cu_k, (int64_t[]){0, 4, 6, 12}, 4 * sizeof(int64_t));
  }
  return c;
}

static void bad_numbers(void **state, double bad) {
  nl_attention_impl impl = *(const nl_attention_impl *)*state;
  static const int64_t tile[][2] = {{64, 64}, {4, 5}, {1, 1}, {5, 1}};
  static const nl_dtype dtypes[] = {NL_F64, NL_F32, NL_BF16};
  for (int mask = 0; mask < 8; mask++)
    for (int t = 0; t < 4; t++) {
      attention_case c = masked_case(mask);
      c.q_tile = tile[t][0];
      c.k_tile = tile[t][1];
      c.softcap = t == 3 ? 5 : 0;
      c.bias = (t == 1 || t == 3) && mask != 7 ? 15 : NO_BIAS;
      operands s;
      operands_make(&c, dtypes[(mask + t) % 3], &s);
      for (int place = isnan(bad) ? IN_Q : IN_V; place < (isnan(bad) ? PLACES : IN_DOUT); place++) {
        if (place == IN_BIAS && c.bias == NO_BIAS) continue;
        int64_t rows = place == IN_K || place == IN_V ? c.Nk : c.Nq;
        for (int64_t row = 0; row < rows; row += row + 3 < rows ? 3 : 1)
          spoil(&s, impl, place, place == IN_K || place == IN_V ? c.Hkv - 1 : 1, row, bad);
      }
      operands_free(&s);
    }
}

static void nan_reaches_the_rows_that_see_it(void **state) { bad_numbers(state, (double)NAN); }
static void infinity_in_v_likewise(void **state) { bad_numbers(state, (double)INFINITY); }

/* All keys of one sequence or batch bad: the other one is as it was. */
static void a_bad_batch_leaves_the_others(void **state) {
  nl_attention_impl impl = *(const nl_attention_impl *)*state;
  attention_case c = plain_case(3, 2, 9, 1100, 4);
  operands s;
  results clean, got;
  operands_make(&c, NL_F32, &s);
  run_both(&s, impl, &clean);
  nl_tensor k, v;
  assert_ok(nl_tensor_select(&s.k, 0, 1, &k));
  assert_ok(nl_tensor_select(&s.v, 0, 1, &v));
  nl_tensor_fill(&k, (double)NAN);
  nl_tensor_fill(&v, (double)NAN);
  run_both(&s, impl, &got);
  const nl_tensor *both[][2] = {{&got.out, &clean.out},
                                {&got.aux.lse, &clean.aux.lse},
                                {&got.g.dq, &clean.g.dq},
                                {&got.g.dk, &clean.g.dk},
                                {&got.g.dv, &clean.g.dv}};
  for (int x = 0; x < 5; x++) {
    int64_t n = nl_tensor_size(both[x][0]) / 3;
    for (int64_t e = 0; e < 3 * n; e++) {
      if (e / n == 1) assert_true(isnan(element(both[x][0], e)));
      else assert_true(element(both[x][0], e) == element(both[x][1], e));
    }
  }
  nl_tensor_release(&k);
  nl_tensor_release(&v);
  results_free(&clean);
  results_free(&got);
  operands_free(&s);
}

/* Scores that overflow: -inf is a weight of 0; +inf makes its row NaN, as inf - inf in the softmax does, and
 * no other. */
static void scores_beyond_the_range(void **state) {
  nl_attention_impl impl = *(const nl_attention_impl *)*state;
  for (int dtype = 0; dtype < 2; dtype++)
    for (int sign = -1; sign <= 1; sign += 2)
      for (int64_t tile = 1; tile <= 8; tile *= 2) {
        attention_case c = plain_case(1, 1, 6, 6, 1);
        c.causal = true;
        c.q_tile = c.k_tile = tile;
        operands s;
        results clean, got;
        double huge = dtype == NL_F64 ? 1e200 : 1e30;
        operands_make(&c, (nl_dtype)dtype, &s);
        run_both(&s, impl, &clean);
        nl_tensor_put(&s.q, (int64_t[]){0, 0, 4, 0}, sign * huge);
        nl_tensor_put(&s.k, (int64_t[]){0, 0, 4, 0}, huge);
        run_both(&s, impl, &got);
        for (int64_t i = 0; i < 6; i++) {
          double out = element(&got.out, i), lse = element(&got.aux.lse, i);
          if (i < 4) assert_true(out == element(&clean.out, i) && lse == element(&clean.aux.lse, i));
          else if (i == 4 && sign > 0) assert_true(isnan(out) && !isfinite(lse));
          else assert_true(isfinite(out) && isfinite(lse));
          if (i < 4) assert_true(element(&got.g.dq, i) == element(&clean.g.dq, i));
        }
        results_free(&clean);
        results_free(&got);
        operands_free(&s);
      }
}

int main(void) {
  static nl_attention_impl standard = NL_ATTENTION_STANDARD, tiled = NL_ATTENTION_TILED,
                           flash = NL_ATTENTION_FLASH, decode = NL_ATTENTION_DECODE;
  const struct CMUnitTest tests[] = {
      {"nan_reaches_the_rows_that_see_it standard", nan_reaches_the_rows_that_see_it, NULL, NULL, &standard},
      {"nan_reaches_the_rows_that_see_it tiled", nan_reaches_the_rows_that_see_it, NULL, NULL, &tiled},
      {"nan_reaches_the_rows_that_see_it flash", nan_reaches_the_rows_that_see_it, NULL, NULL, &flash},
      {"nan_reaches_the_rows_that_see_it decode", nan_reaches_the_rows_that_see_it, NULL, NULL, &decode},
      {"infinity_in_v_likewise standard", infinity_in_v_likewise, NULL, NULL, &standard},
      {"infinity_in_v_likewise tiled", infinity_in_v_likewise, NULL, NULL, &tiled},
      {"infinity_in_v_likewise flash", infinity_in_v_likewise, NULL, NULL, &flash},
      {"infinity_in_v_likewise decode", infinity_in_v_likewise, NULL, NULL, &decode},
      {"a_bad_batch_leaves_the_others standard", a_bad_batch_leaves_the_others, NULL, NULL, &standard},
      {"a_bad_batch_leaves_the_others tiled", a_bad_batch_leaves_the_others, NULL, NULL, &tiled},
      {"a_bad_batch_leaves_the_others flash", a_bad_batch_leaves_the_others, NULL, NULL, &flash},
      {"a_bad_batch_leaves_the_others decode", a_bad_batch_leaves_the_others, NULL, NULL, &decode},
      {"scores_beyond_the_range standard", scores_beyond_the_range, NULL, NULL, &standard},
      {"scores_beyond_the_range tiled", scores_beyond_the_range, NULL, NULL, &tiled},
      {"scores_beyond_the_range flash", scores_beyond_the_range, NULL, NULL, &flash},
      {"scores_beyond_the_range decode", scores_beyond_the_range, NULL, NULL, &decode},
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
