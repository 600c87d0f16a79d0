/* Attention, forward and backward, in several implementations that share one set of options.
 *
 *   S = softcap(scale Q K^T) + bias,   P = softmax of S over the visible keys, row by row,   O = dropout(P) V
 *
 * q is (B, H, Nq, D), k is (B, Hkv, Nk, D), v is (B, Hkv, Nk, Dv); Hkv divides H, and query head h reads key
 * head h / (H / Hkv). Any strides; one float type for all three. f64 computes in f64; f32, f16 and bf16 in
 * f32, rounded once when stored. out is (B, H, Nq, Dv) of that type, lse (B, H, Nq) of the compute type: the
 * logarithm of the sum of exp(S) over the visible keys, which makes P = exp(S - lse) again in the backward
 * pass.
 *
 * Row i sees key j when  -left <= j - (i + Nk - Nq) <= right: aligned at the bottom right. A row that sees
 * nothing, or scores of -inf alone: out 0, lse -inf, gradients 0. NaN in the input reaches the rows that see
 * it and no others. The same bits at any thread count.
 */
#ifndef NUMLAB_ATTENTION_H
#define NUMLAB_ATTENTION_H

#include <numlab/tensor.h>

typedef enum nl_attention_impl {
  NL_ATTENTION_AUTO,     /* decode where few rows meet many keys, else flash */
  NL_ATTENTION_STANDARD, /* S and P as whole matrices; P is kept for the backward pass */
  NL_ATTENTION_TILED,    /* the whole score row of a tile of queries, normalised once */
  NL_ATTENTION_FLASH,    /* tiles of queries and keys with online softmax */
  NL_ATTENTION_DECODE,   /* a few queries: the keys in pieces side by side, merged by lse */
  NL_ATTENTION_IMPLS
} nl_attention_impl;

const char *nl_attention_impl_name(nl_attention_impl impl); /* "flash" */

typedef struct nl_attention_options {
  nl_attention_impl impl;
  const char *path;   /* one way of impl by name, where the device has several (device.h); NULL: it chooses */
  bool deterministic; /* backward on a device: the same bits in every run. The CPU always is */
  double scale;       /* NaN: 1 / sqrt(D) */
  bool causal;        /* right = 0 */
  int64_t left, right; /* the window; -1: open */
  double softcap;      /* c tanh(s / c); 0: none */
  double dropout;      /* share of P that is dropped, 0 <= p < 1; the rest is scaled by 1 / (1 - p) */
  uint64_t seed;       /* of the dropout: mask.h says which number decides on an element */
  const nl_tensor
      *bias; /* added to the scores after the cap; broadcast to (B, H, Nq, Nk); q's type; may be NULL */
  int64_t q_tile, k_tile; /* rows of queries and of keys in a tile */
  /* Variable lengths: B = 1, and sequence s is rows cu_q[s] .. cu_q[s+1]-1 of q, cu_k[s] .. cu_k[s+1]-1 of k
   * and v; each is masked and aligned by itself. NULL: none. */
  const int64_t *cu_q, *cu_k;
  int64_t sequences;
} nl_attention_options;

/* auto, scale NaN, window open, tiles of 64, nothing else. */
nl_attention_options nl_attention_defaults(void);

/* The options as they are used on these operands: impl settled, scale a number. Reports what nl_attention
 * would: SHAPE, DTYPE, ARG; UNSUPPORTED listing every unmet condition. */
nl_status nl_attention_check(const nl_tensor *q, const nl_tensor *k, const nl_tensor *v,
                             const nl_attention_options *options, nl_attention_options *used);

/* What a forward pass hands to the backward pass beside out. Whoever holds it releases it. */
typedef struct nl_attention_aux {
  nl_attention_impl impl;
  const char *path; /* the device's name for the way it took (static text); NULL on the CPU */
  nl_tensor lse;
  nl_tensor p; /* standard alone: P before dropout, of the compute type, (B, H, Nq, Nk); with variable lengths
                * 1-d, the matrices of (sequence, head) one after another. Else an empty handle. */
} nl_attention_aux;

void nl_attention_aux_release(nl_attention_aux *aux);

/* out and aux are written only on success. NOMEM, INTERRUPTED, and what nl_attention_check reports. */
nl_status nl_attention(const nl_tensor *q, const nl_tensor *k, const nl_tensor *v,
                       const nl_attention_options *options, nl_tensor *out, nl_attention_aux *aux);

typedef struct nl_attention_gradients {
  nl_tensor dq, dk, dv; /* shaped like q, k, v, of their type */
  nl_tensor dbias;      /* shaped like bias; an empty handle without one */
} nl_attention_gradients;

void nl_attention_gradients_release(nl_attention_gradients *g);

/* Gradients of sum(dout * out). options as in the forward pass; impl AUTO takes that of aux. standard needs
 * aux->p, the others lse alone. The softmax needs D_i = sum_j P(i,j) dP(i,j): standard and tiled sum it,
 * flash takes what equals it, sum_c dout(i,c) out(i,c), dropout included. */
nl_status nl_attention_backward(const nl_tensor *dout, const nl_tensor *q, const nl_tensor *k,
                                const nl_tensor *v, const nl_tensor *out, const nl_attention_aux *aux,
                                const nl_attention_options *options, nl_attention_gradients *gradients);

/* Attention over the union of two sets of keys from the results over each:
 * lse = log(exp(lse1) + exp(lse2)), out = exp(lse1 - lse) out1 + exp(lse2 - lse) out2. A side with lse -inf
 * counts nothing, whatever its out holds. out1 and out2: one shape (.., Nq, Dv) and float type; lse1, lse2:
 * (.., Nq). */
nl_status nl_attention_merge(const nl_tensor *out1, const nl_tensor *lse1, const nl_tensor *out2,
                             const nl_tensor *lse2, nl_tensor *out, nl_tensor *lse);

#endif
