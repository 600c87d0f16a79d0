/* What an attention kernel is told, and what all of them share: the mask, dropout, the bias.
 *
 * Kernels take one nlg_attention by value (__grid_constant__). Rows and keys are counted within their
 * sequence; a sequence is a batch, or with variable lengths rows cu_q[s] .. cu_q[s+1]-1 of batch 0. */
#ifndef NLG_ATTENTION_PARAMS_CUH
#define NLG_ATTENTION_PARAMS_CUH

#include "../context.h"
#include "../philox.cuh"

/* A (B, H, N, D) operand: element (b, h, n, d) at data + b*batch + h*head + n*row + d. */
struct nlg_operand {
  void *data;
  int64_t batch, head, row;
};

struct nlg_attention {
  nlg_operand q, k, v, out;
  void *lse;        /* (B, H, Nq) of the compute type, contiguous */
  void *p;          /* standard: P before dropout, (B, H, Nq, Nk); with variable lengths one after another */
  const void *bias; /* NULL: none; element (b, h, i, j) at bias + sum of index * bias_stride */
  int64_t bias_stride[4];
  const int64_t *cu_q, *cu_k; /* device memory; NULL: none */
  int sequences, heads, kv_heads, group;
  int nq, nk;  /* rows of a batch of q, of k; with variable lengths the longest sequence */
  int total_q; /* rows of q: lse of (b, h, i) at (b*heads + h)*total_q + i */
  int head_dim, value_dim;
  double scale, softcap;     /* softcap 0: none */
  int left, right;           /* -1: open */
  uint64_t seed, drop_below; /* drop_below 0: no dropout */
  double keep;               /* 1 / (1 - dropout) */
  /* backward */
  nlg_operand dout, dq, dk, dv;
  void *delta; /* D_i = sum_c dout(i,c) out(i,c), (B, H, Nq) of the compute type */
  void *dbias; /* NULL: not wanted; compute type; element at dbias + sum of index * dbias_stride */
  int64_t dbias_stride[4];
};

/* One sequence, in kernels. */
struct nlg_sequence {
  int batch, q_begin, k_begin, nq, nk;
};

__device__ inline nlg_sequence nlg_sequence_of(const nlg_attention &a, int s) {
  if (!a.cu_q) return {s, 0, 0, a.nq, a.nk};
  int q0 = (int)a.cu_q[s], k0 = (int)a.cu_k[s];
  return {0, q0, k0, (int)a.cu_q[s + 1] - q0, (int)a.cu_k[s + 1] - k0};
}

/* Row i sees keys first <= j < last:  -left <= j - (i + nk - nq) <= right. */
__device__ inline int nlg_first_key(const nlg_attention &a, const nlg_sequence &s, int i) {
  int first = a.left < 0 ? 0 : i + s.nk - s.nq - a.left;
  return first > 0 ? first : 0;
}
__device__ inline int nlg_last_key(const nlg_attention &a, const nlg_sequence &s, int i) {
  int last = a.right < 0 ? s.nk : i + s.nk - s.nq + a.right + 1;
  return last < s.nk ? last : s.nk;
}
/* Key j is seen by rows first <= i < last. */
__device__ inline int nlg_first_row(const nlg_attention &a, const nlg_sequence &s, int j) {
  int first = a.right < 0 ? 0 : j - (s.nk - s.nq) - a.right;
  return first > 0 ? first : 0;
}
__device__ inline int nlg_last_row(const nlg_attention &a, const nlg_sequence &s, int j) {
  int last = a.left < 0 ? s.nq : j - (s.nk - s.nq) + a.left + 1;
  return last < s.nq ? last : s.nq;
}

/* Is entry (i, j) of (sequence, head) dropped? The rule of engine/attention/mask.h: word j mod 4 of
 * Philox({j / 4, r, r >> 32, 0x61747464}, {seed, seed >> 32}), r = (b H + h) Nq + i, is below drop_below;
 * with variable lengths b = 0 and i counts the rows of q. */
__device__ inline bool nlg_dropped(const nlg_attention &a, const nlg_sequence &s, int head, int i, int j) {
  uint64_t r = ((uint64_t)s.batch * a.heads + head) * a.total_q + s.q_begin + i;
  uint4 w = nlg_philox(j / 4, (uint32_t)r, (uint32_t)(r >> 32), 0x61747464u, (uint32_t)a.seed,
                       (uint32_t)(a.seed >> 32));
  uint32_t word = j % 4 == 0 ? w.x : j % 4 == 1 ? w.y : j % 4 == 2 ? w.z : w.w;
  return word < a.drop_below;
}

/* --- paths ---------------------------------------------------------------------------------------------- */

/* What a path lacks for this problem, appended one condition at a time; empty: it can. */
struct nlg_unmet {
  char text[512];
  int length;
};
void nlg_add_unmet(nlg_unmet *u, const char *condition); /* attention.cu */
/* Do all rows start at multiples of 16 bytes, `chunk` numbers, so that they can be loaded as such?
 * tensor_cores.cu */
bool nlg_rows_aligned(const nl_array *x, int chunk);
/* Has the device `bytes` of shared memory for a block? Else a condition that says so. tensor_cores.cu */
void nlg_ask_shared(const nlg_device *device, int bytes, nlg_unmet *unmet);

typedef void nlg_supports(const nlg_device *device, const nl_attention_pass *pass, bool backward,
                          nlg_unmet *unmet);
typedef nl_status nlg_attention_run(nlg_device *device, const nl_attention_pass *pass, nlg_attention *params);

/* supports, forward and backward of each path; the table that names them is in attention.cu */
#define NLG_PATH(name)                       \
  extern nlg_supports nlg_##name##_supports; \
  extern nlg_attention_run nlg_##name##_forward, nlg_##name##_backward
NLG_PATH(standard);     /* S and P as whole matrices */
NLG_PATH(tiled);        /* two passes over the keys, no online softmax */
NLG_PATH(flash_simt);   /* IEEE arithmetic, every type, option and head size */
NLG_PATH(flash_tf32);   /* f32 through three TF32 products */
NLG_PATH(flash_mma);    /* f16, bf16 through mma.sync */
NLG_PATH(flash_dmma);   /* f64 through the tensor cores */
NLG_PATH(decode_split); /* few queries: the keys in pieces side by side, merged */

/* D_i = sum_c dout(i,c) out(i,c) into params->delta; used by every backward pass but standard's. delta.cu */
nl_status nlg_attention_delta(nlg_device *device, const nl_attention_pass *pass, const nlg_attention *params);

#endif
