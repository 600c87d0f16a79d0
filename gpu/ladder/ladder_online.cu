/* Rung 3, online softmax: maximum, denominator and output grow together, in one pass over the keys.
 *
 * Of the keys seen so far a row knows m = max s, l = sum exp(s - m), O = sum exp(s - m) v. A new tile of keys
 * with scores S brings m' = max(m, max S), and what was summed up against the old maximum is carried over to
 * the new one by a factor:
 *
 *   m' = max(m, rowmax S)
 *   P  = exp(S - m')
 *   l  = exp(m - m') l + rowsum P
 *   O  = exp(m - m') O + P V,     m = m'
 *
 * since exp(m - m') exp(s - m) = exp(s - m'). At the end O / l is what two passes would have given; the
 * factors are at most 1, so nothing overflows. This is what makes tiles possible at all: a tile of scores is
 * used up before the next one is made, whatever the length of the row (Milakov & Gimelshein 2018, algorithm
 * 3; with V, Dao et al. 2022, section 3.1, algorithm 1). K and V of a tile take turns in shared memory, where
 * each number is used by 64 rows.
 *
 * The block still has a whole head (as FlashAttention's first version shares out work), the products are
 * still on the CUDA cores.
 *
 * A head:
 *   FLOPs      4 N^2 D, and for each tile and row D multiplications to carry O over, 1 / 256 of them
 *   memory     nothing beside operands and results
 *   least      4 N D e and 4 N of lse
 *   requested  K and V once for each tile of queries: 2 N^2 D e / 64
 *
 * Gain over rung 2: a third of the FLOPs and of the traffic of K and V; 1.5 times as fast where products
 * rule. */
#include "head.cuh"

template <typename T, typename S>
__global__ void __launch_bounds__(S::THREADS) ladder_online(const __grid_constant__ nlg_attention a) {
  float *X = (float *)nlg_shared + S::X, *Y = (float *)nlg_shared + S::Y, *W = (float *)nlg_shared + S::W;
  const nlg_rung_head<T> h(a, blockIdx.x);
  for (int i0 = 0; i0 < h.s.nq; i0 += S::ROWS) {
    const int rows = min(S::ROWS, h.s.nq - i0), last = nlg_last_key(a, h.s, i0 + rows - 1);
    float o[S::R][S::N] = {}, m[S::R], l[S::R] = {};
    nlg_load<S, S::ROWS>(X, h.q + i0 * a.q.row, a.q.row, rows, 0, S::DIM);
#pragma unroll
    for (int i = 0; i < S::R; i++) m[i] = -INFINITY;

    for (int j0 = 0; j0 < last; j0 += S::COLUMNS) {
      float x[S::R][S::COLUMNS_EACH] = {};
      nlg_rung_scores<S>(a, h, i0, j0, X, Y, x);
#pragma unroll
      for (int i = 0; i < S::R; i++) {
        float most = m[i];
#pragma unroll
        for (int j = 0; j < S::COLUMNS_EACH; j++) most = fmaxf(most, x[i][j]);
        most = nlg_row_max(most);
        const float shift = most == -INFINITY ? 0 : most; /* only -inf and NaN so far */
        const float shrink = m[i] == most ? 1 : nlg_weights<float>::power(m[i] - shift);
        m[i] = most;
        l[i] *= shrink;
#pragma unroll
        for (int j = 0; j < S::COLUMNS_EACH; j++) {
          const float p = nlg_weights<float>::power(x[i][j] - shift);
          l[i] += p;
          W[S::row(i) * S::W_PITCH + S::column(j)] = p;
        }
#pragma unroll
        for (int n = 0; n < S::N; n++) o[i][n] *= shrink;
      }
      nlg_rung_product<S>(a, h, i0, rows, j0, W, Y, o);
    }
    nlg_rung_store<S>(a, h, i0, rows, m, l, o);
  }
}

nl_status nlg_ladder_online_forward(nlg_device *device, const nl_attention_pass *pass,
                                    nlg_attention *params) {
  return nlg_rung_by_kind(pass, [&](auto zero, auto head) {
    typedef nlg_simt<float, decltype(head)::value> S;
    return nlg_rung_launch<S>(device, "attention (ladder_online)", ladder_online<decltype(zero), S>, params);
  });
}
