/* Rung 2, fused: one kernel, so that S and P never leave the chip.
 *
 *   for each tile of 64 queries of a head:
 *     for each tile of keys:  S = scale Q K',  m = max(m, rowmax S)                    first pass
 *     for each tile of keys:  S once more,  P = exp(S - m),  l += rowsum P,  O += P V  second
 *     O = O / l,  lse = m + log l
 *
 * A weight exp(s - m) needs the maximum of its whole row, and that is known only behind the last key: without
 * an online softmax (the next rung) the keys must be gone over twice, and Q K' be computed twice. That is the
 * bargain of fusing: arithmetic, which is plenty, for memory traffic, which is not. The denominator could
 * wait for a pass of its own; here it is summed beside O, and one division at the end does for both.
 *
 * A block has one head and walks over its queries, so there are batch * heads blocks: few heads leave much of
 * the device idle, which rung 5 mends.
 *
 * A head:
 *   FLOPs      6 N^2 D, half as many again as rung 1
 *   memory     nothing beside operands and results
 *   least      4 N D e and 4 N of lse: the N^2 is gone
 *   requested  for each of the N / 64 tiles of queries K twice and V once: 3 N^2 D e / 64
 *
 * Gain: 4 N^2 bytes of memory and 16 N^2 bytes of traffic a head. Price: 2 N^2 D FLOPs more, and fewer blocks
 * than rung 1's products have; on CUDA cores, where arithmetic is the bound, time may well go up.
 *
 * Fusing against memory traffic: Dao et al. 2022, section 3; two passes with a maximum before: the safe
 * softmax of Milakov & Gimelshein 2018, algorithm 2. */
#include "head.cuh"

template <typename T, typename S>
__global__ void __launch_bounds__(S::THREADS) ladder_fused(const __grid_constant__ nlg_attention a) {
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
      for (int i = 0; i < S::R; i++)
#pragma unroll
        for (int j = 0; j < S::COLUMNS_EACH; j++) m[i] = fmaxf(m[i], x[i][j]);
    }
#pragma unroll
    for (int i = 0; i < S::R; i++) m[i] = nlg_row_max(m[i]);

    for (int j0 = 0; j0 < last; j0 += S::COLUMNS) {
      float x[S::R][S::COLUMNS_EACH] = {};
      nlg_rung_scores<S>(a, h, i0, j0, X, Y, x);
#pragma unroll
      for (int i = 0; i < S::R; i++) {
        const float shift = m[i] == -INFINITY ? 0 : m[i];
#pragma unroll
        for (int j = 0; j < S::COLUMNS_EACH; j++) {
          const float p = nlg_weights<float>::power(x[i][j] - shift);
          l[i] += p;
          W[S::row(i) * S::W_PITCH + S::column(j)] = p;
        }
      }
      nlg_rung_product<S>(a, h, i0, rows, j0, W, Y, o);
    }
    nlg_rung_store<S>(a, h, i0, rows, m, l, o);
  }
}

nl_status nlg_ladder_fused_forward(nlg_device *device, const nl_attention_pass *pass, nlg_attention *params) {
  return nlg_rung_by_kind(pass, [&](auto zero, auto head) {
    typedef nlg_simt<float, decltype(head)::value> S;
    return nlg_rung_launch<S>(device, "attention (ladder_fused)", ladder_fused<decltype(zero), S>, params);
  });
}
