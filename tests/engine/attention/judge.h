/* How good is good enough. f64: rounding of the dot products. The others: FlashAttention's rule, at most
 * twice the error of a naive implementation that rounds every matrix to the type, and the rounding unit of
 * the result. */
#ifndef TEST_ATTENTION_JUDGE_H
#define TEST_ATTENTION_JUDGE_H

#include "cases.h"

/* --- naive: matrix by matrix, each rounded to the type; D_i from out, as the engine has it
 * ------------------------------------------------- */

static inline float rounded(nl_dtype dtype, float x) {
  if (dtype == NL_F16) return nl_f16_to_f32(nl_f32_to_f16(x));
  return dtype == NL_BF16 ? nl_bf16_to_f32(nl_f32_to_bf16(x)) : x;
}

/* sum_c a_c b_c in f32, rounded once */
static inline float naive_dot(nl_dtype dtype, const ld *a, const ld *b, int64_t n) {
  float sum = 0;
  for (int64_t c = 0; c < n; c++) sum += (float)a[c] * (float)b[c];
  return rounded(dtype, sum);
}

static inline void naive_add(ld *sum, float x) { *sum = (ld)((float)*sum + x); }

static inline void naive_row(const numbers *n, nl_dtype dtype, span s, int64_t h, int64_t i,
                             const ld *scaled_k, float *p, float *t, answers *a) {
  float most = -INFINITY, sum = 0, cap = (float)n->o.softcap;
  int64_t r = row_at(n, s, h, i);
  for (int64_t j = 0; j < s.nk; j++) {
    p[j] = -INFINITY;
    t[j] = 0;
    if (!sees(&n->o, s, i, j)) continue;
    p[j] = naive_dot(dtype, n->q + r * n->D, scaled_k + key_at(n, s, h, j) * n->D, n->D);
    if (cap > 0) {
      t[j] = rounded(dtype, tanhf(rounded(dtype, p[j] / cap)));
      p[j] = rounded(dtype, cap * t[j]);
    }
    if (n->bias) p[j] = rounded(dtype, p[j] + (float)n->bias[bias_at(n, s, h, i, j)]);
    if (p[j] > most) most = p[j];
  }
  a->lse[r] = -(ld)INFINITY;
  if (most == -INFINITY) {
    memset(p, 0, (size_t)s.nk * sizeof *p);
    return;
  }
  for (int64_t j = 0; j < s.nk; j++) sum += p[j] = expf(p[j] - most);
  for (int64_t j = 0; j < s.nk; j++) p[j] = rounded(dtype, p[j] / sum);
  a->lse[r] = (ld)(most + logf(sum));
}

static inline void naive_row_backward(const numbers *n, nl_dtype dtype, span s, int64_t h, int64_t i,
                                      const ld *scaled_k, const float *p, const float *t, float *dp,
                                      answers *a) {
  int64_t r = row_at(n, s, h, i);
  float mean = 0, rest = 1 / (1 - (float)n->o.dropout);
  for (int64_t c = 0; c < n->Dv; c++) mean += (float)n->dout[r * n->Dv + c] * (float)a->out[r * n->Dv + c];
  for (int64_t j = 0; j < s.nk; j++) {
    dp[j] = naive_dot(dtype, n->dout + r * n->Dv, n->v + key_at(n, s, h, j) * n->Dv, n->Dv);
    dp[j] = keeps(&n->o, r, j) ? rounded(dtype, dp[j] * rest) : 0;
  }
  for (int64_t j = 0; j < s.nk; j++) {
    int64_t at = key_at(n, s, h, j);
    float kept = keeps(&n->o, r, j) ? rounded(dtype, p[j] * rest) : 0,
          ds = rounded(dtype, p[j] * (dp[j] - mean));
    for (int64_t c = 0; c < n->Dv; c++)
      naive_add(&a->dv[at * n->Dv + c], kept * (float)n->dout[r * n->Dv + c]);
    if (!sees(&n->o, s, i, j)) continue;
    if (n->bias) naive_add(&a->dbias[bias_at(n, s, h, i, j)], ds);
    ds = rounded(dtype, ds * (1 - t[j] * t[j]));
    for (int64_t c = 0; c < n->D; c++) {
      naive_add(&a->dq[r * n->D + c], ds * (float)scaled_k[at * n->D + c]);
      naive_add(&a->dk[at * n->D + c], ds * (float)n->q[r * n->D + c]);
    }
  }
}

static inline void round_all(nl_dtype dtype, ld *x, int64_t n, float factor) {
  for (int64_t e = 0; e < n; e++) x[e] = (ld)rounded(dtype, rounded(dtype, (float)x[e]) * factor);
}

static inline answers naive(const numbers *n, nl_dtype dtype) {
  answers a = answers_new(n);
  int64_t keys = n->B * n->Hkv * n->Nk, rows = n->B * n->H * n->Nq;
  ld *scaled_k = array(keys * n->D);
  float *p = calloc((size_t)n->Nk + 1, sizeof *p), *t = calloc((size_t)n->Nk + 1, sizeof *t),
        *dp = calloc((size_t)n->Nk + 1, sizeof *dp);
  memcpy(scaled_k, n->k, (size_t)(keys * n->D) * sizeof *scaled_k);
  round_all(dtype, scaled_k, keys * n->D, (float)n->scale);
  for (int64_t s = 0; s < spans(n); s++)
    for (int64_t h = 0; h < n->H; h++) {
      span at = span_at(n, s);
      for (int64_t i = 0; i < at.nq; i++) {
        int64_t r = row_at(n, at, h, i);
        float rest = 1 / (1 - (float)n->o.dropout);
        naive_row(n, dtype, at, h, i, scaled_k, p, t, &a);
        for (int64_t j = 0; j < at.nk; j++)
          for (int64_t c = 0; c < n->Dv && keeps(&n->o, r, j); c++)
            naive_add(&a.out[r * n->Dv + c],
                      rounded(dtype, p[j] * rest) * (float)n->v[key_at(n, at, h, j) * n->Dv + c]);
        round_all(dtype, a.out + r * n->Dv, n->Dv, 1);
        if (n->dout) naive_row_backward(n, dtype, at, h, i, scaled_k, p, t, dp, &a);
      }
    }
  if (n->dout) {
    round_all(dtype, a.dq, rows * n->D, 1);
    round_all(dtype, a.dk, keys * n->D, (float)n->scale);
    round_all(dtype, a.dv, keys * n->Dv, 1);
    round_all(dtype, a.dbias, n->bias_size, 1);
  }
  free(scaled_k);
  free(p);
  free(t);
  free(dp);
  return a;
}

/* --- errors -------------------------------------------------------------------------------------------- */

/* |got - want|; equal infinities agree, NaN is infinitely far from all. */
static inline ld apart(ld got, ld want) {
  ld d = fabsl(got - want);
  if (got == want) return 0;
  return isnan(d) ? (ld)INFINITY : d;
}

static inline ld largest(const ld *x, int64_t n) {
  ld most = 0;
  for (int64_t e = 0; e < n; e++)
    if (isfinite(x[e]) && fabsl(x[e]) > most) most = fabsl(x[e]);
  return most;
}

static inline ld worst(const nl_tensor *got, const ld *want) {
  ld most = 0;
  for (int64_t e = 0; e < nl_tensor_size(got); e++) {
    ld d = apart((ld)element(got, e), want[e]);
    if (d > most) most = d;
  }
  return most;
}

/* Twice the most that adding and subtracting 0.3 in the type changes; at least what a sum of a few numbers
 * near one leaves where all of want is zero. */
static inline ld rounding_unit(nl_dtype dtype, const ld *want, int64_t n) {
  ld most = 0;
  for (int64_t e = 0; e < n; e++) {
    float x = rounded(dtype, (float)want[e]), back = rounded(dtype, rounded(dtype, x + 0.3F) - 0.3F);
    if (2 * fabsl((ld)back - (ld)x) > most) most = 2 * fabsl((ld)back - (ld)x);
  }
  return most;
}

/* what: for the message. tol: of f64, relative to the
 * largest element. */
static inline void judge(const operands *s, nl_attention_impl impl, const char *what, const nl_tensor *got,
                         const ld *want, const ld *rough, const ld *terms, ld tol, ld score) {
  int64_t n = nl_tensor_size(got);
  ld error = worst(got, want), bar;
  assert_int_equal(got->dtype, s->dtype);
  if (s->dtype == NL_F64) {
    ld size = largest(want, n);
    bar = tol * (size > 0.01L ? size : 0.01L) * (1 + score / 10);
  } else {
    ld most = 0;
    for (int64_t e = 0; e < n; e++)
      if (apart(rough[e], want[e]) > most) most = apart(rough[e], want[e]);
    /* P = exp(S - lse) has the rounding of both, and of a dot product; O is rounded
     * to the type */
    ld unit = s->dtype == NL_F32 ? 0x1p-23L : s->dtype == NL_F16 ? 0x1p-13L : 0x1p-10L;
    bar = 2 * most + rounding_unit(s->dtype, want, n) + (unit + 0x1p-22L * score) * largest(terms, n);
  }
  if (!(error <= bar)) fail_msg("%s: %s is %Lg off, allowed %Lg", case_text(s, impl), what, error, bar);
  ld atol = s->dtype == NL_F64 ? 1e-7L : 1e-4L, rtol = s->dtype == NL_F64 ? 1e-5L : 1e-3L;
  for (int64_t e = 0; e < n && s->dtype <= NL_F32; e++)
    if (!(apart((ld)element(got, e), want[e]) <= atol + rtol * fabsl(want[e])))
      fail_msg("%s: element %lld of %s is %.17g, expected %.17Lg", case_text(s, impl), (long long)e, what,
               element(got, e), want[e]);
}

static inline void judge_forward(const operands *s, nl_attention_impl impl, const results *r,
                                 const answers *want, const answers *rough) {
  const attention_case *c = &s->c;
  const nl_tensor *lse = &r->aux.lse;
  nl_dtype compute = s->dtype == NL_F64 ? NL_F64 : NL_F32;
  assert_true(r->out.ndim == 4 && r->out.shape[0] == c->B && r->out.shape[1] == c->H);
  assert_true(r->out.shape[2] == c->Nq && r->out.shape[3] == c->Dv);
  assert_true(lse->ndim == 3 && lse->shape[0] == c->B && lse->shape[1] == c->H && lse->shape[2] == c->Nq);
  assert_int_equal(lse->dtype, compute);
  assert_true((r->aux.p.storage != NULL) == (impl == NL_ATTENTION_STANDARD));
  judge(s, impl, "out", &r->out, want->out, rough->out, want->out_terms, 1e-13L, want->score);
  ld bar = (compute == NL_F64 ? 1e-14L : 5e-6L) * (1 + want->score), error = worst(lse, want->lse);
  if (!(error <= bar)) fail_msg("%s: lse is %Lg off, allowed %Lg", case_text(s, impl), error, bar);
}

static inline void judge_backward(const operands *s, nl_attention_impl impl, const results *r,
                                  const answers *want, const answers *rough) {
  assert_true(nl_tensor_same_shape(&r->g.dq, &s->q));
  assert_true(nl_tensor_same_shape(&r->g.dk, &s->k));
  assert_true(nl_tensor_same_shape(&r->g.dv, &s->v));
  judge(s, impl, "dq", &r->g.dq, want->dq, rough->dq, want->dq_terms, 1e-11L, want->score);
  judge(s, impl, "dk", &r->g.dk, want->dk, rough->dk, want->dk_terms, 1e-11L, want->score);
  judge(s, impl, "dv", &r->g.dv, want->dv, rough->dv, want->dv_terms, 1e-11L, want->score);
  assert_true((r->g.dbias.storage != NULL) == (s->o.bias != NULL));
  if (s->o.bias == NULL) return;
  assert_true(nl_tensor_same_shape(&r->g.dbias, s->o.bias));
  judge(s, impl, "dbias", &r->g.dbias, want->dbias, rough->dbias, want->dbias_terms, 1e-11L, want->score);
}

/* Every implementation on one case. */
static inline void judge_case(const attention_case *c, nl_dtype dtype, bool backward) {
  operands s;
  operands_make(c, dtype, &s);
  numbers n = numbers_of(&s.q, &s.k, &s.v, backward ? &s.dout : NULL, &s.o);
  answers want = oracle(&n), rough = dtype == NL_F64 ? (answers){0} : naive(&n, dtype);
  for (int i = 0; i < IMPLS; i++) {
    if (!has(all_impls[i], c)) continue;
    results r;
    if (backward) run_both(&s, all_impls[i], &r);
    else run_forward(&s, all_impls[i], &r);
    judge_forward(&s, all_impls[i], &r, &want, &rough);
    if (backward) judge_backward(&s, all_impls[i], &r, &want, &rough);
    results_free(&r);
  }
  answers_free(&want);
  answers_free(&rough);
  numbers_free(&n);
  operands_free(&s);
}

#endif
