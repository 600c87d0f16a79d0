/* What rungs 2 and 3 share: a block walks over all queries of one head, tile by tile, and at each over the
 * keys it sees. (FlashAttention's first version shares out its work like this, a block a batch and head.) */
#ifndef NLG_LADDER_HEAD_CUH
#define NLG_LADDER_HEAD_CUH

#include "../attention/simt_scores.cuh"
#include "ladder.cuh"

/* Scores of the tile at (i0, j0) in units of log 2, -inf where a row does not see a key. X holds the queries;
 * Y takes the keys and is free again afterwards. */
template <typename S, typename T>
__device__ inline void nlg_rung_scores(const nlg_attention &a, const nlg_rung_head<T> &h, int i0, int j0,
                                       const float *X, float *Y, float (&x)[S::R][S::COLUMNS_EACH]) {
  nlg_load<S, S::COLUMNS>(Y, h.k + j0 * a.k.row, a.k.row, min(S::COLUMNS, h.s.nk - j0), 0, S::DIM);
  __syncthreads();
  nlg_add_scores<S, S::UNROLL>(x, X, Y, S::DIM);
  __syncthreads();
  const float scale = (float)a.scale * nlg_weights<float>::unit;
#pragma unroll
  for (int i = 0; i < S::R; i++)
#pragma unroll
    for (int j = 0; j < S::COLUMNS_EACH; j++) x[i][j] *= scale;
  nlg_mask<S>(a, h.s, i0, j0, x);
}

/* O += P V of the tile at (i0, j0), P in W. Y takes V and is free again afterwards. */
template <typename S, typename T>
__device__ inline void nlg_rung_product(const nlg_attention &a, const nlg_rung_head<T> &h, int i0, int rows,
                                        int j0, const float *W, float *Y, float (&o)[S::R][S::N]) {
  nlg_load<S, S::COLUMNS>(Y, h.v + j0 * a.v.row, a.v.row, min(S::COLUMNS, h.s.nk - j0), 0, S::DIM);
  __syncthreads();
  nlg_add_seen<S>(o, W, Y, nlg_all_see(a, h.s, i0, i0 + rows, j0, j0 + S::COLUMNS),
                  [&](int row) { return nlg_row_span<S>(a, h.s, i0 + row, j0); });
  __syncthreads();
}

/* out = o / l,  lse = m + ln l;  l holds the sums of this thread's columns. */
template <typename S, typename T>
__device__ inline void nlg_rung_store(const nlg_attention &a, const nlg_rung_head<T> &h, int i0, int rows,
                                      const float (&m)[S::R], const float (&l)[S::R],
                                      float (&o)[S::R][S::N]) {
  nlg_add_slices<S>(o);
#pragma unroll
  for (int i = 0; i < S::R; i++) {
    const float sum = nlg_row_sum(l[i]);
    const int row = i0 + S::row(i);
    if (S::row(i) >= rows) continue;
    nlg_store_row<S>(o[i], sum == 0 ? 0 : 1 / sum, h.out + row * a.out.row, 0, S::DIM);
    if (S::tx() == 0) h.lse[row] = sum == 0 ? -INFINITY : m[i] * nlg_weights<float>::natural + logf(sum);
  }
}

/* A block a head. */
template <typename S>
nl_status nlg_rung_launch(nlg_device *device, const char *name, void (*kernel)(nlg_attention),
                          const nlg_attention *params) {
  return nlg_launch(device, name, kernel, (int64_t)params->sequences * params->heads, S::THREADS, S::BYTES,
                    *params);
}

#endif
