/* Attention by its definition: plain loops in long double over nl_tensor_get. Shares no code with the engine
 * but nl_philox, which the rule of the dropout names.
 *
 *   x = scale q_i . k_j,   s = c tanh(x / c) + bias,   p = exp(s - lse_i),   out_i = sum_j keep_ij p_ij v_j /
 * (1 - drop) dp = keep_ij dout_i . v_j / (1 - drop),   ds = p (dp - sum_j p dp),   dbias = ds,   dx = ds (1 -
 * tanh^2(x / c))
 */
#ifndef TEST_ATTENTION_ORACLE_H
#define TEST_ATTENTION_ORACLE_H

#include "check.h"
#include <numlab/attention.h>
#include <numlab/random.h>
#include <stdio.h>
#include <stdlib.h>

typedef long double ld;

/* The operands of a call as plain arrays, row-major. */
typedef struct numbers {
  int64_t B, H, Hkv, Nq, Nk, D, Dv;
  ld *q, *k, *v, *bias, *dout; /* bias and dout may be NULL */
  int64_t bias_shape[4], bias_size;
  nl_attention_options o;
  ld scale;
} numbers;

/* What a call gives, shaped like the engine's tensors; the gradients NULL without dout. */
typedef struct answers {
  ld *out, *lse, *dq, *dk, *dv, *dbias;
  ld *out_terms, *dq_terms, *dk_terms, *dv_terms,
      *dbias_terms; /* sums of |terms|: what rounding is to be measured by where they cancel */
  ld score;         /* the largest finite |s| */
} answers;

/* A stretch of rows and keys that see each other and nothing else: one of the batch or one sequence. */
typedef struct span {
  int64_t b, q0, nq, k0, nk;
} span;

static inline ld *array(int64_t n) {
  ld *x = calloc((size_t)n + 1, sizeof *x);
  assert_non_null(x);
  return x;
}

/* Element e of t, counted row by row. */
static inline double element(const nl_tensor *t, int64_t e) {
  int64_t at[NL_MAX_NDIM];
  for (int d = t->ndim - 1; d >= 0; d--) {
    at[d] = e % t->shape[d];
    e /= t->shape[d];
  }
  return nl_tensor_get(t, at);
}

static inline ld *values(const nl_tensor *t) {
  int64_t n = nl_tensor_size(t);
  ld *x = array(n);
  for (int64_t e = 0; e < n; e++) x[e] = (ld)element(t, e);
  return x;
}

static inline numbers numbers_of(const nl_tensor *q, const nl_tensor *k, const nl_tensor *v,
                                 const nl_tensor *dout, const nl_attention_options *o) {
  numbers n = {.B = q->shape[0], .H = q->shape[1], .Hkv = k->shape[1], .o = *o};
  n.Nq = q->shape[2];
  n.Nk = k->shape[2];
  n.D = q->shape[3];
  n.Dv = v->shape[3];
  n.q = values(q);
  n.k = values(k);
  n.v = values(v);
  n.bias_size = 1;
  for (int d = 0; d < 4; d++) n.bias_shape[d] = 1;
  if (o->bias) {
    n.bias = values(o->bias);
    for (int d = 0; d < o->bias->ndim; d++) n.bias_shape[4 - o->bias->ndim + d] = o->bias->shape[d];
    n.bias_size = nl_tensor_size(o->bias);
  }
  if (dout) n.dout = values(dout);
  n.scale = isnan(o->scale) ? 1 / sqrtl((ld)n.D) : (ld)o->scale;
  return n;
}

static inline void numbers_free(numbers *n) {
  free(n->q);
  free(n->k);
  free(n->v);
  free(n->bias);
  free(n->dout);
}

static inline void answers_free(answers *a) {
  free(a->out);
  free(a->lse);
  free(a->dq);
  free(a->dk);
  free(a->dv);
  free(a->dbias);
  free(a->dq_terms);
  free(a->dk_terms);
  free(a->out_terms);
  free(a->dv_terms);
  free(a->dbias_terms);
  *a = (answers){0};
}

static inline int64_t spans(const numbers *n) { return n->o.cu_q ? n->o.sequences : n->B; }

static inline span span_at(const numbers *n, int64_t s) {
  if (n->o.cu_q == NULL) return (span){s, 0, n->Nq, 0, n->Nk};
  return (span){0, n->o.cu_q[s], n->o.cu_q[s + 1] - n->o.cu_q[s], n->o.cu_k[s],
                n->o.cu_k[s + 1] - n->o.cu_k[s]};
}

/* Row i of the span sees its key j. */
static inline bool sees(const nl_attention_options *o, span s, int64_t i, int64_t j) {
  int64_t from_diagonal = j - (i + s.nk - s.nq), right = o->causal ? 0 : o->right;
  return (o->left < 0 || from_diagonal >= -o->left) && (right < 0 || from_diagonal <= right);
}

/* r: the row among all rows of all heads; j: the key, counted from the first of its span. */
static inline bool keeps(const nl_attention_options *o, int64_t r, int64_t j) {
  uint32_t counter[4] = {(uint32_t)(j / 4), (uint32_t)r, (uint32_t)((uint64_t)r >> 32), 0x61747464};
  uint32_t key[2] = {(uint32_t)o->seed, (uint32_t)(o->seed >> 32)}, word[4];
  if (o->dropout == 0) return true;
  nl_philox(counter, key, word);
  return (ld)word[j % 4] >= floorl((ld)o->dropout * 4294967296.0L);
}

static inline int64_t row_at(const numbers *n, span s, int64_t h, int64_t i) {
  return (s.b * n->H + h) * n->Nq + s.q0 + i;
}

static inline int64_t key_at(const numbers *n, span s, int64_t h, int64_t j) {
  return (s.b * n->Hkv + h / (n->H / n->Hkv)) * n->Nk + s.k0 + j;
}

static inline int64_t bias_at(const numbers *n, span s, int64_t h, int64_t i, int64_t j) {
  int64_t at[4] = {s.b, h, s.q0 + i, s.k0 + j}, e = 0;
  for (int d = 0; d < 4; d++) e = e * n->bias_shape[d] + (n->bias_shape[d] == 1 ? 0 : at[d]);
  return e;
}

static inline ld dot(const ld *a, const ld *b, int64_t n) {
  ld sum = 0;
  for (int64_t c = 0; c < n; c++) sum += a[c] * b[c];
  return sum;
}

static inline ld dot_of_sizes(const ld *a, const ld *b, int64_t n) {
  ld sum = 0;
  for (int64_t c = 0; c < n; c++) sum += fabsl(a[c] * b[c]);
  return sum;
}

/* Row i of P, and tanh(x / c) in t; the row's lse. */
static inline ld oracle_row(const numbers *n, span s, int64_t h, int64_t i, ld *p, ld *t, ld *most_score) {
  ld most = -(ld)INFINITY, sum = 0;
  for (int64_t j = 0; j < s.nk; j++) {
    p[j] = -(ld)INFINITY;
    if (!sees(&n->o, s, i, j)) continue;
    ld x = n->scale * dot(n->q + row_at(n, s, h, i) * n->D, n->k + key_at(n, s, h, j) * n->D, n->D);
    t[j] = 0;
    if (n->o.softcap > 0) x = (ld)n->o.softcap * (t[j] = tanhl(x / (ld)n->o.softcap));
    p[j] = x + (n->bias ? n->bias[bias_at(n, s, h, i, j)] : 0);
    if (isfinite(p[j]) && fabsl(p[j]) > *most_score) *most_score = fabsl(p[j]);
    if (!(p[j] <= most)) most = p[j];
  }
  if (most == -(ld)INFINITY) {
    memset(p, 0, (size_t)s.nk * sizeof *p);
    return most;
  }
  for (int64_t j = 0; j < s.nk; j++) sum += p[j] = expl(p[j] - most);
  for (int64_t j = 0; j < s.nk; j++) p[j] /= sum;
  return most + logl(sum);
}

static inline void oracle_row_backward(const numbers *n, span s, int64_t h, int64_t i, const ld *p,
                                       const ld *t, ld *dp, answers *a) {
  int64_t r = row_at(n, s, h, i);
  ld mean = 0, size = 0, rest = 1 / (1 - (ld)n->o.dropout);
  const ld *dout = n->dout + r * n->Dv;
  for (int64_t j = 0; j < s.nk; j++) {
    if (!sees(&n->o, s, i, j)) continue;
    int64_t at = key_at(n, s, h, j);
    ld keep = keeps(&n->o, r, j) ? rest : 0;
    dp[j] = keep * dot(dout, n->v + at * n->Dv, n->Dv);
    mean += p[j] * dp[j];
    size += p[j] * keep * dot_of_sizes(dout, n->v + at * n->Dv, n->Dv);
    for (int64_t c = 0; c < n->Dv; c++) {
      a->dv[at * n->Dv + c] += keep * p[j] * dout[c];
      a->dv_terms[at * n->Dv + c] += fabsl(keep * p[j] * dout[c]);
    }
  }
  for (int64_t j = 0; j < s.nk; j++) {
    if (!sees(&n->o, s, i, j)) continue;
    int64_t at = key_at(n, s, h, j);
    ld slope = (1 - t[j] * t[j]) * n->scale, ds = p[j] * (dp[j] - mean);
    ld terms =
        p[j] * (keeps(&n->o, r, j) ? rest * dot_of_sizes(dout, n->v + at * n->Dv, n->Dv) + size : size);
    if (n->bias) {
      a->dbias[bias_at(n, s, h, i, j)] += ds;
      a->dbias_terms[bias_at(n, s, h, i, j)] += terms;
    }
    for (int64_t c = 0; c < n->D; c++) {
      ld k = n->k[at * n->D + c], q = n->q[r * n->D + c];
      a->dq[r * n->D + c] += ds * slope * k;
      a->dk[at * n->D + c] += ds * slope * q;
      a->dq_terms[r * n->D + c] += fabsl(terms * slope * k);
      a->dk_terms[at * n->D + c] += fabsl(terms * slope * q);
    }
  }
}

static inline answers answers_new(const numbers *n) {
  answers a = {.out = array(n->B * n->H * n->Nq * n->Dv), .lse = array(n->B * n->H * n->Nq)};
  a.out_terms = array(n->B * n->H * n->Nq * n->Dv);
  if (n->dout == NULL) return a;
  a.dq = array(n->B * n->H * n->Nq * n->D);
  a.dk = array(n->B * n->Hkv * n->Nk * n->D);
  a.dv = array(n->B * n->Hkv * n->Nk * n->Dv);
  a.dbias = array(n->bias_size);
  a.dq_terms = array(n->B * n->H * n->Nq * n->D);
  a.dk_terms = array(n->B * n->Hkv * n->Nk * n->D);
  a.dv_terms = array(n->B * n->Hkv * n->Nk * n->Dv);
  a.dbias_terms = array(n->bias_size);
  return a;
}

static inline answers oracle(const numbers *n) {
  answers a = answers_new(n);
  ld *p = array(n->Nk), *t = array(n->Nk), *dp = array(n->Nk);
  for (int64_t s = 0; s < spans(n); s++)
    for (int64_t h = 0; h < n->H; h++) {
      span at = span_at(n, s);
      for (int64_t i = 0; i < at.nq; i++) {
        int64_t r = row_at(n, at, h, i);
        a.lse[r] = oracle_row(n, at, h, i, p, t, &a.score);
        for (int64_t j = 0; j < at.nk; j++)
          for (int64_t c = 0; c < n->Dv && sees(&n->o, at, i, j) && keeps(&n->o, r, j); c++) {
            ld term = p[j] / (1 - (ld)n->o.dropout) * n->v[key_at(n, at, h, j) * n->Dv + c];
            a.out[r * n->Dv + c] += term;
            a.out_terms[r * n->Dv + c] += fabsl(term);
          }
        if (n->dout) oracle_row_backward(n, at, h, i, p, t, dp, &a);
      }
    }
  free(p);
  free(t);
  free(dp);
  return a;
}

#endif
