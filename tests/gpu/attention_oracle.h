/* Attention by its definition, in plain double loops on the host, for the check of the device's paths. Shares
 * no code with the plugin, and with the engine only nl_philox, which the rule of the dropout names.
 *
 *   x = scale q_i . k_j,  s = c tanh(x / c) + bias,  p = exp(s - lse_i),  out_i = sum_j keep_ij p_ij v_j
 *   dp = keep_ij dout_i . v_j,  ds = p (dp - sum_j p dp),  dbias = ds,  dx = ds (1 - tanh^2(x / c))
 *
 * The same loops with each intermediate matrix rounded to a 16-bit type are the naive implementation that
 * 16-bit results are measured against. */
#ifndef TEST_ATTENTION_ORACLE_H
#define TEST_ATTENTION_ORACLE_H

#include <math.h>
#include <numlab/backend.h>
#include <numlab/random.h>
#include <stdlib.h>
#include <string.h>

enum { NO_BIAS = -1, MOST_SEQUENCES = 4 };

typedef struct problem {
  nl_dtype dtype;
  int64_t B, H, Hkv, Nq, Nk, D, Dv;
  int64_t left, right; /* -1: open */
  double softcap, dropout;
  int bias; /* NO_BIAS, or bit d: dimension d of (B, H, Nq, Nk) has its full size, else 1 */
  int64_t sequences, cu_q[MOST_SEQUENCES + 1], cu_k[MOST_SEQUENCES + 1]; /* sequences 0: none */
  int layout; /* of q, k, v: 0 (B,H,N,D), 1 (B,N,H,D), 2 as 0 but one element off alignment */
  uint64_t seed;
} problem;

typedef struct answers {
  double *out, *lse, *dq, *dk, *dv, *dbias;
  /* norms that the results would have if nothing in their sums cancelled: what rounding is measured by */
  double out_size, dq_size, dk_size, dv_size, dbias_size;
} answers;

static double *numbers(int64_t n) { return calloc((size_t)n + 1, sizeof(double)); }

static inline int64_t bias_length(const problem *p, int d) {
  const int64_t full[] = {p->B, p->H, p->Nq, p->Nk};
  return p->bias >> d & 1 ? full[d] : 1;
}
static inline int64_t bias_count(const problem *p) {
  int64_t n = 1;
  for (int d = 0; d < 4 && p->bias != NO_BIAS; d++) n *= bias_length(p, d);
  return p->bias == NO_BIAS ? 0 : n;
}
static inline int64_t bias_at(const problem *p, const int64_t at[4]) {
  int64_t e = 0;
  for (int d = 0; d < 4; d++) e = e * bias_length(p, d) + (p->bias >> d & 1 ? at[d] : 0);
  return e;
}

static inline double rounded(nl_dtype dtype, double x) {
  if (dtype == NL_F16) return (double)nl_f16_to_f32(nl_f32_to_f16((float)x));
  if (dtype == NL_BF16) return (double)nl_bf16_to_f32(nl_f32_to_bf16((float)x));
  return x;
}

static inline double dot(const double *a, const double *b, int64_t n) {
  double part[4] = {0};
  int64_t c = 0;
  for (; c + 4 <= n; c += 4)
    for (int e = 0; e < 4; e++) part[e] += a[c + e] * b[c + e];
  for (; c < n; c++) part[0] += a[c] * b[c];
  return part[0] + part[1] + (part[2] + part[3]);
}

static inline double keeps(const problem *p, int64_t row, int64_t j) {
  uint32_t counter[4] = {(uint32_t)(j / 4), (uint32_t)row, (uint32_t)((uint64_t)row >> 32), 0x61747464};
  uint32_t key[2] = {(uint32_t)p->seed, (uint32_t)(p->seed >> 32)}, word[4];
  if (!(p->dropout > 0)) return 1;
  nl_philox(counter, key, word);
  return (double)word[j % 4] < floor(p->dropout * 0x1p32) ? 0 : 1 / (1 - p->dropout);
}

static inline bool sees(const problem *p, int64_t i, int64_t j, int64_t nq, int64_t nk) {
  int64_t from_diagonal = j - (i + nk - nq);
  return (p->left < 0 || from_diagonal >= -p->left) && (p->right < 0 || from_diagonal <= p->right);
}

static inline void add_to(double *y, double w, const double *x, int64_t n) {
  for (int64_t c = 0; c < n; c++) y[c] += w * x[c];
}

/* Operands as (B, H, N, D) in double. round: NL_F64, or the type that intermediate matrices are rounded to.
 * */
static answers oracle(const problem *p, const double *q, const double *k, const double *v, const double *bias,
                      const double *dout, nl_dtype round) {
  int64_t D = p->D, Dv = p->Dv, rows = p->B * p->H * p->Nq, keys = p->B * p->Hkv * p->Nk;
  answers a = {numbers(rows * Dv),
               numbers(rows),
               numbers(rows * D),
               numbers(keys * D),
               numbers(keys * Dv),
               numbers(bias_count(p)),
               0,
               0,
               0,
               0,
               0};
  double *s = numbers(p->Nk), *t = numbers(p->Nk), *dp = numbers(p->Nk), scale = 1 / sqrt((double)D);
  for (int64_t b = 0; b < p->B; b++)
    for (int64_t h = 0; h < p->H; h++)
      for (int64_t u = 0; u < (p->sequences ? p->sequences : 1); u++) {
        int64_t q0 = p->sequences ? p->cu_q[u] : 0, nq = p->sequences ? p->cu_q[u + 1] - q0 : p->Nq;
        int64_t k0 = p->sequences ? p->cu_k[u] : 0, nk = p->sequences ? p->cu_k[u + 1] - k0 : p->Nk;
        int64_t kv = (b * p->Hkv + h / (p->H / p->Hkv)) * p->Nk + k0;
        for (int64_t i = 0; i < nq; i++) {
          int64_t row = (b * p->H + h) * p->Nq + q0 + i;
          const double *qi = q + row * D, *di = dout + row * Dv;
          double most = -INFINITY, sum = 0, mean = 0, size = 0, qq = dot(qi, qi, D), dd = dot(di, di, Dv);
          for (int64_t j = 0; j < nk; j++) {
            if (!sees(p, i, j, nq, nk)) continue;
            double x = rounded(round, scale * dot(qi, k + (kv + j) * D, D));
            t[j] = 0;
            if (p->softcap > 0) {
              t[j] = rounded(round, tanh(x / p->softcap));
              x = rounded(round, p->softcap * t[j]);
            }
            if (bias) x = rounded(round, x + bias[bias_at(p, (int64_t[]){b, h, q0 + i, k0 + j})]);
            s[j] = x;
            if (!(x <= most)) most = x;
          }
          a.lse[row] = -INFINITY;
          if (most == -(double)INFINITY) continue;
          for (int64_t j = 0; j < nk; j++)
            if (sees(p, i, j, nq, nk)) sum += s[j] = exp(s[j] - most);
          a.lse[row] = most + log(sum);
          for (int64_t j = 0; j < nk; j++) {
            if (!sees(p, i, j, nq, nk)) continue;
            const double *vj = v + (kv + j) * Dv;
            double keep = keeps(p, row, j);
            s[j] = rounded(round, s[j] / sum);
            double kept = rounded(round, s[j] * keep);
            add_to(a.out + row * Dv, kept, vj, Dv);
            add_to(a.dv + (kv + j) * Dv, kept, di, Dv);
            dp[j] = rounded(round, keep * rounded(round, dot(di, vj, Dv)));
            mean += s[j] * dp[j];
            size += s[j] * fabs(dp[j]);
            a.out_size += kept * kept * dot(vj, vj, Dv);
            a.dv_size += kept * kept * dd;
          }
          for (int64_t c = 0; c < Dv; c++) a.out[row * Dv + c] = rounded(round, a.out[row * Dv + c]);
          if (round != NL_F64)
            mean = dot(di, a.out + row * Dv, Dv); /* the same but for the rounding of out */
          for (int64_t j = 0; j < nk; j++) {
            if (!sees(p, i, j, nq, nk)) continue;
            const double *kj = k + (kv + j) * D;
            double ds = rounded(round, s[j] * (dp[j] - mean)), terms = s[j] * (fabs(dp[j]) + size);
            if (bias) a.dbias[bias_at(p, (int64_t[]){b, h, q0 + i, k0 + j})] += ds;
            a.dbias_size += terms * terms;
            ds = rounded(round, ds * (1 - t[j] * t[j]));
            terms *= scale * (1 - t[j] * t[j]);
            a.dq_size += terms * terms * dot(kj, kj, D);
            a.dk_size += terms * terms * qq;
            add_to(a.dq + row * D, scale * ds, kj, D);
            add_to(a.dk + (kv + j) * D, scale * ds, qi, D);
          }
        }
      }
  for (int64_t e = 0; e < rows * D; e++) a.dq[e] = rounded(round, a.dq[e]);
  for (int64_t e = 0; e < keys * D; e++) a.dk[e] = rounded(round, a.dk[e]);
  for (int64_t e = 0; e < keys * Dv; e++) a.dv[e] = rounded(round, a.dv[e]);
  double *sizes[] = {&a.out_size, &a.dq_size, &a.dk_size, &a.dv_size, &a.dbias_size};
  for (int e = 0; e < 5; e++) *sizes[e] = sqrt(*sizes[e]);
  free(s);
  free(t);
  free(dp);
  return a;
}

static inline void answers_free(answers *a) {
  double *all[] = {a->out, a->lse, a->dq, a->dk, a->dv, a->dbias};
  for (int e = 0; e < 6; e++) free(all[e]);
}

#endif
