/* From scores to weights in registers, for the kernels that hold a tile of S as mma leaves it (mma.cuh): a
 * lane's rows are row + 16 mb + 8 h, its keys key + 8 nb + e. */
#ifndef NLG_ATTENTION_SOFTMAX_CUH
#define NLG_ATTENTION_SOFTMAX_CUH

#include "mma.cuh"
#include "params.cuh"

#define NLG_LOG2E 1.4426950408889634f

/* tanh x = 1 - 2 / (1 + e^2x), to 2e-7: what counts in a score is the absolute error. */
__device__ inline float nlg_tanh(float x) { return 1 - __fdividef(2, 1 + nlg_exp2(2 * NLG_LOG2E * x)); }

/* Products become scores in units of log 2: scale, cap, bias. Beyond the last row and key they are any
 * number. */
template <typename T, int MB, int NB>
__device__ inline void nlg_finish_scores(const nlg_attention &a, const nlg_sequence &s, int head, int row,
                                         int key, float (&S)[MB][NB][4]) {
  const float scale = (float)a.scale, cap = (float)a.softcap;
  const T *bias = (const T *)a.bias;
  if (bias) bias += s.batch * a.bias_stride[0] + head * a.bias_stride[1];
#pragma unroll
  for (int mb = 0; mb < MB; mb++)
#pragma unroll
    for (int nb = 0; nb < NB; nb++)
#pragma unroll
      for (int e = 0; e < 4; e++) {
        int i = row + mb * 16 + e / 2 * 8, j = key + nb * 8 + e % 2;
        float x = S[mb][nb][e] * scale;
        if (cap > 0) x = cap * nlg_tanh(x / cap);
        if (bias && i < s.nq && j < s.nk)
          x += nlg_to_float(bias[i * a.bias_stride[2] + j * a.bias_stride[3]]);
        S[mb][nb][e] = x * NLG_LOG2E;
      }
}

/* One step of online softmax: S becomes P = 2^(c S - c m), l grows by its sums (over this lane's keys), and
 * where the rows' maxima have grown, m, l and O go over to them first. m may stay below the maximum by a
 * factor of 2^8 in P: l and O share it, so the results are the same, and O is hardly ever touched. c > 0. */
template <int MB, int NB, int DB>
__device__ inline void nlg_online_softmax(float c, float (&S)[MB][NB][4], float (&m)[MB][2],
                                          float (&l)[MB][2], float (&O)[MB][DB][4]) {
  bool grown = false;
  float largest[MB][2];
#pragma unroll
  for (int mb = 0; mb < MB; mb++)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      float x = m[mb][h];
#pragma unroll
      for (int nb = 0; nb < NB; nb++) x = fmaxf(x, fmaxf(S[mb][nb][2 * h], S[mb][nb][2 * h + 1]));
      x = fmaxf(x, __shfl_xor_sync(~0u, x, 1));
      x = fmaxf(x, __shfl_xor_sync(~0u, x, 2));
      largest[mb][h] = x;
      grown |= !((x - m[mb][h]) * c <= 8); /* where both are -inf, too */
    }
  if (__any_sync(~0u, grown)) {
#pragma unroll
    for (int mb = 0; mb < MB; mb++)
#pragma unroll
      for (int h = 0; h < 2; h++) {
        float shift = largest[mb][h] == -INFINITY ? 0 : largest[mb][h];
        float shrink = nlg_exp2((m[mb][h] - shift) * c); /* 0 at the first key */
        m[mb][h] = largest[mb][h];
        l[mb][h] *= shrink;
#pragma unroll
        for (int d = 0; d < DB; d++) O[mb][d][2 * h] *= shrink, O[mb][d][2 * h + 1] *= shrink;
      }
  }
#pragma unroll
  for (int mb = 0; mb < MB; mb++)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      float shift = m[mb][h] == -INFINITY ? 0 : m[mb][h] * c, sum = 0;
#pragma unroll
      for (int nb = 0; nb < NB; nb++)
#pragma unroll
        for (int e = 2 * h; e < 2 * h + 2; e++) sum += S[mb][nb][e] = nlg_exp2(S[mb][nb][e] * c - shift);
      l[mb][h] += sum;
    }
}

/* l of a row over its four lanes. */
__device__ inline float nlg_row_sum(float l) {
  l += __shfl_xor_sync(~0u, l, 1);
  return l + __shfl_xor_sync(~0u, l, 2);
}

/* Are (i, j) and (i, j + 1) dropped? j is even, so that one block of random words decides on both. */
__device__ inline void nlg_dropped_pair(const nlg_attention &a, const nlg_sequence &s, int head, int i, int j,
                                        bool (&dropped)[2]) {
  uint64_t r = ((uint64_t)s.batch * a.heads + head) * a.total_q + s.q_begin + i;
  uint4 w = nlg_philox(j / 4, (uint32_t)r, (uint32_t)(r >> 32), 0x61747464u, (uint32_t)a.seed,
                       (uint32_t)(a.seed >> 32));
  dropped[0] = (j % 4 ? w.z : w.x) < a.drop_below;
  dropped[1] = (j % 4 ? w.w : w.y) < a.drop_below;
}

/* The dropped ones of P become 0; key is even. */
template <int MB, int NB>
__device__ inline void nlg_drop(const nlg_attention &a, const nlg_sequence &s, int head, int row, int key,
                                float (&P)[MB][NB][4]) {
#pragma unroll
  for (int mb = 0; mb < MB; mb++)
#pragma unroll
    for (int h = 0; h < 2; h++)
#pragma unroll
      for (int nb = 0; nb < NB; nb++) {
        bool dropped[2];
        nlg_dropped_pair(a, s, head, row + mb * 16 + h * 8, key + nb * 8, dropped);
        if (dropped[0]) P[mb][nb][2 * h] = 0;
        if (dropped[1]) P[mb][nb][2 * h + 1] = 0;
      }
}

#endif
