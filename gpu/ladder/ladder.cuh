/* The ladder: attention's forward pass six times, each rung one technique above the one below, for study and
 * for measuring what a technique brings (scripts/experiments/task2_ladder.lua). Each file's head says what
 * the technique is, what it moves and computes, and what it gains.
 *
 *   1 ladder_naive.cu       three kernels; S and P, N x N each head, go through device memory
 *   2 ladder_fused.cu       one kernel, two passes over the keys; nothing of N x N leaves the chip
 *   3 ladder_online.cu      online softmax: one pass
 *   4 ladder_tensor.cu      both products on the tensor cores
 *   5 ladder_partition.cu   blocks share out the queries, warps own query rows
 *   6 ladder_pipeline.cu    the next tile of K and V arrives while this one is used
 *   7                       Hopper's own: TMA, wgmma, warps of different trades (FlashAttention-3)
 *
 * One problem for all: f16 or bf16, D = 64 or 128, any Nq and Nk, causal or not, grouped heads; sums in f32.
 * Rungs 1 to 3 widen to f32 and compute on the CUDA cores with the tiles of attention/simt.cuh, rungs 4 to 6
 * with the instructions of attention/mma.cuh. Scores are kept in units of log 2, so that a weight is one
 * instruction: exp(s - m) = 2^(s log2 e - m log2 e).
 *
 * What a rung counts (formulas: scripts/lib/numlab/ladder.lua), a head of N queries and keys, e bytes a
 * number, tiles of R queries and C keys:
 *   least      every kernel reads its operands once and writes its results once, as if the L2 cache held all
 *              the rest
 *   requested  what blocks ask for beyond their registers and shared memory, as Dao et al. count it: K and V
 *              come anew for each tile of queries
 * The device's memory sees something between.
 *
 * Papers: Milakov & Gimelshein, Online normalizer calculation for softmax (arXiv 1805.02867); Dao et al.,
 * FlashAttention (2205.14135); Dao, FlashAttention-2 (2307.08691); Shah et al., FlashAttention-3
 * (2407.08608). */
#ifndef NLG_LADDER_LADDER_CUH
#define NLG_LADDER_LADDER_CUH

#include "../attention/params.cuh"
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <type_traits>

/* RUNG(name, for people), from the bottom. */
#define NLG_LADDER(RUNG)                                                                  \
  RUNG(ladder_naive, "rung 1: three kernels, S and P in device memory")                   \
  RUNG(ladder_fused, "rung 2: one kernel, two passes over the keys")                      \
  RUNG(ladder_online, "rung 3: online softmax, one pass over the keys")                   \
  RUNG(ladder_tensor, "rung 4: products on the tensor cores")                             \
  RUNG(ladder_partition, "rung 5: queries shared out over blocks, their rows over warps") \
  RUNG(ladder_pipeline, "rung 6: copies of the next tile during this one")

#define NLG_RUNG(name, what)                 \
  extern nlg_supports nlg_##name##_supports; \
  extern nlg_attention_run nlg_##name##_forward;
NLG_LADDER(NLG_RUNG)
#undef NLG_RUNG

/* In kernels: one head of a batch, and where its rows lie. unit: batch * heads + head. */
template <typename T> struct nlg_rung_head {
  nlg_sequence s;
  const T *q, *k, *v;
  T *out;
  float *lse;

  __device__ nlg_rung_head(const nlg_attention &a, int unit) : s(nlg_sequence_of(a, unit / a.heads)) {
    const int head = unit % a.heads, kv_head = head / a.group;
    q = (const T *)a.q.data + s.batch * a.q.batch + head * a.q.head;
    k = (const T *)a.k.data + s.batch * a.k.batch + kv_head * a.k.head;
    v = (const T *)a.v.data + s.batch * a.v.batch + kv_head * a.v.head;
    out = (T *)a.out.data + s.batch * a.out.batch + head * a.out.head;
    lse = (float *)a.lse + (int64_t)unit * a.nq;
  }
};

template <int D> using nlg_head = std::integral_constant<int, D>;

/* run(zero of the type, head size). */
template <typename F> nl_status nlg_rung_by_kind(const nl_attention_pass *pass, F run) {
  bool narrow = pass->q.shape[3] == 64;
  if (pass->q.dtype == NL_F16) return narrow ? run(__half(), nlg_head<64>()) : run(__half(), nlg_head<128>());
  return narrow ? run(__nv_bfloat16(), nlg_head<64>()) : run(__nv_bfloat16(), nlg_head<128>());
}

#endif
