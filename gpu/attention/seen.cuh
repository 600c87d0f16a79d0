/* Which pairs of a tile see each other, and a product over those alone. */
#ifndef NLG_ATTENTION_SEEN_CUH
#define NLG_ATTENTION_SEEN_CUH

#include "params.cuh"

/* Does row i see key j? Both may lie beyond the end. */
__device__ inline bool nlg_sees(const nlg_attention &a, const nlg_sequence &s, int i, int j) {
  return i < s.nq && j >= nlg_first_key(a, s, i) && j < nlg_last_key(a, s, i);
}

/* Scores or weights as mma leaves them (mma.cuh), of rows row + 16 mb + 8 h and keys key + 8 nb + e: those of
 * pairs that do not see each other become `value`. */
template <int MB, int NB>
__device__ inline void nlg_hide(const nlg_attention &a, const nlg_sequence &s, int row, int key, float value,
                                float (&S)[MB][NB][4]) {
#pragma unroll
  for (int mb = 0; mb < MB; mb++)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      int i = row + mb * 16 + h * 8, first = nlg_first_key(a, s, i) - key;
      int last = i < s.nq ? nlg_last_key(a, s, i) - key : 0;
#pragma unroll
      for (int nb = 0; nb < NB; nb++)
#pragma unroll
        for (int e = 0; e < 2; e++)
          if (nb * 8 + e < first || nb * 8 + e >= last) S[mb][nb][2 * h + e] = value;
    }
}

/* C += W B over the pairs that see each other. In a tile that is not seen as a whole, W is 0 where a pair
 * does not see, and 0 times an infinity or NaN in B would reach what must not know of it; then this stands in
 * for mma.
 *   weight(r, k)  W at this lane's r-th row (16 (r / 2) + 8 (r % 2) from its first) and k, asked by all lanes
 *   seen(r, k)    does the pair see each other
 *   value(k, n)   B at k and this lane's n-th column
 * Plain loops on a copy, so that the registers of the usual way are not indexed at run time. */
template <int INNER, int MB, int NB, typename WEIGHT, typename SEEN, typename VALUE>
__device__ inline void nlg_add_seen(float (&C)[MB][NB][4], WEIGHT weight, SEEN seen, VALUE value) {
  float c[MB][NB][4];
#pragma unroll
  for (int mb = 0; mb < MB; mb++)
#pragma unroll
    for (int e = 0; e < NB * 4; e++) c[mb][e / 4][e % 4] = C[mb][e / 4][e % 4];
#pragma unroll 1
  for (int r = 0; r < 2 * MB; r++)
#pragma unroll 1
    for (int k = 0; k < INNER; k++) {
      float w = weight(r, k);
      if (!seen(r, k)) continue;
#pragma unroll 1
      for (int n = 0; n < 2 * NB; n++) c[r / 2][n / 2][r % 2 * 2 + n % 2] += w * value(k, n);
    }
#pragma unroll
  for (int mb = 0; mb < MB; mb++)
#pragma unroll
    for (int e = 0; e < NB * 4; e++) C[mb][e / 4][e % 4] = c[mb][e / 4][e % 4];
}

/* Weights that lie in registers as mma leaves them, for nlg_add_seen: a copy that can be indexed. */
template <int MB, int NB> struct nlg_weights {
  float p[MB][NB][4];
  __device__ inline explicit nlg_weights(const float (&P)[MB][NB][4]) {
#pragma unroll
    for (int mb = 0; mb < MB; mb++)
#pragma unroll
      for (int e = 0; e < NB * 4; e++) p[mb][e / 4][e % 4] = P[mb][e / 4][e % 4];
  }
  __device__ inline float operator()(int r, int k) const {
    return __shfl_sync(~0u, p[r / 2][k / 8][r % 2 * 2 + k % 2], (threadIdx.x & 28) + k % 8 / 2);
  }
};

#endif
