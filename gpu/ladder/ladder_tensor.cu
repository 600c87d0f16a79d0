/* Rung 4, tensor cores: rung 3 with both products through mma.sync.
 *
 * By its data sheet an H100 does 67 TFLOP/s of f32 on its CUDA cores and 989 of f16 on its tensor cores
 * (A100: 19.5 and 312). mma.sync.m16n8k16 multiplies a 16 x 16 by a 16 x 8 matrix of 16-bit numbers, 4096
 * FLOPs an instruction of a warp, and sums in f32. Its operands lie scattered over the lanes of the warp;
 * ldmatrix brings them from shared memory so, four 8 x 8 blocks at a time (layout: attention/mma.cuh). What
 * makes attention fit: two neighbouring blocks of S, as the first product leaves them, are after the
 * exponential just the left operand of the second. P never leaves the registers.
 *
 *   for each tile of M queries:  O = 0, m = -inf, l = 0
 *     for each tile of 64 keys:            warp w has keys 16 w .. 16 w + 15, for all M rows
 *       S_w = Q K_w'
 *       m'  = max over the four warps, through shared memory
 *       P_w = exp(S_w - m'),  l_w = exp(m - m') l_w + rowsum P_w,  O_w = exp(m - m') O_w + P_w V_w
 *     O = sum of O_w,  l = sum of l_w, through shared memory;  out = O / l
 *
 * Here the warps share the rows and split the keys, as FlashAttention's first version does (Dao 2023, section
 * 3.3, figure 3a: "split-K"): each tile of keys costs a barrier more for the maximum, each tile of queries an
 * exchange of 4 M D sums.
 *
 * ldmatrix reads 8 rows at a time, 16 bytes of each. Rows of 2 D bytes, D = 64 or 128, all begin in the same
 * bank; so chunk c of row r lies at c ^ (r mod 8), and eight rows meet all 32 banks once (swizzling,
 * attention/tile.cuh).
 *
 * M = 64 at D = 64, 32 at D = 128: O_w is M x D for each warp, 128 f32 a thread either way; S_w 32 or 16 of
 * them. Shared memory 2 D (M + 128) bytes and 16 M for the maxima: 25 KiB, 40.5 KiB. One block a head.
 *
 * A head: FLOPs 4 N^2 D; memory nothing; least 4 N D e and 4 N of lse; requested K and V for each M queries,
 * 2 N^2 D e / M.
 *
 * Gain: the products, nearly all of the time of rung 3, run on units some 15 times as fast; then softmax,
 * barriers and waiting for K and V count. */
#include "tensor.cuh"

enum { THREADS = 128, WARPS = 4, N = 64 };

template <int D> constexpr int rows_of_tile = 4096 / D;
template <int D>
constexpr int shared_bytes = nlg_tile<D>::pitch *(rows_of_tile<D> + 2 * N) + WARPS *rows_of_tile<D> * 4;

/* The four O_w are added up in `sum`, M x D of f32, one warp after another. */
template <int D, int MB> __device__ inline void merge(float *sum, const float (&O)[MB][D / 8][4]) {
  const int warp = threadIdx.x / 32, g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
  for (int w = 0; w < WARPS; w++) {
    if (warp == w)
#pragma unroll
      for (int mb = 0; mb < MB; mb++)
#pragma unroll
        for (int d = 0; d < D / 8; d++)
#pragma unroll
          for (int e = 0; e < 4; e++) {
            float *at = sum + (mb * 16 + e / 2 * 8 + g) * D + d * 8 + 2 * t + e % 2;
            *at = w == 0 ? O[mb][d][e] : *at + O[mb][d][e];
          }
    __syncthreads();
  }
}

template <typename T, int D>
__global__ void __launch_bounds__(THREADS) ladder_tensor(const __grid_constant__ nlg_attention a) {
  constexpr int M = rows_of_tile<D>, MB = M / 16;
  typedef nlg_tile<D> tile;
  unsigned char *Q = nlg_rung_shared, *K = Q + M * tile::pitch, *V = K + N * tile::pitch;
  float *part = (float *)(V + N * tile::pitch); /* WARPS x M: maxima, at the end sums */
  const nlg_rung_head<T> h(a, blockIdx.x);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const uint32_t q_lane = nlg_shared_address(Q) + tile::by_rows(0, lane);
  const uint32_t k_lane = nlg_shared_address(K) + tile::by_columns(warp * 16, lane);
  const uint32_t v_lane = nlg_shared_address(V) + tile::by_rows(warp * 16, lane);
  const float c = (float)a.scale * NLG_LOG2E;

  for (int i0 = 0; i0 < h.s.nq; i0 += M) {
    const int rows = min(M, h.s.nq - i0), last = nlg_last_key(a, h.s, i0 + rows - 1);
    float O[MB][D / 8][4] = {};
    nlg_rung_rows<MB> known;
    known.start();
    nlg_rung_load<D, M, THREADS>(Q, h.q + i0 * a.q.row, a.q.row, rows);

    for (int j0 = 0; j0 < last; j0 += N) {
      __syncthreads(); /* nobody reads the tile before any more */
      nlg_rung_load<D, N, THREADS>(K, h.k + j0 * a.k.row, a.k.row, h.s.nk - j0);
      nlg_rung_load<D, N, THREADS>(V, h.v + j0 * a.v.row, a.v.row, h.s.nk - j0);
      __syncthreads();

      float S[MB][2][4] = {}, largest[MB][2];
      nlg_product<T, D / 16, D, true, D, false>(S, q_lane, k_lane);
      const bool whole = j0 + N <= nlg_last_key(a, h.s, i0);
      if (!whole) nlg_hide(a, h.s, i0 + g, j0 + warp * 16 + 2 * t, -INFINITY, S);

      nlg_rung_largest(known, S, largest);
#pragma unroll
      for (int r = 0; r < 2 * MB; r++)
        if (t == 0) part[warp * M + r * 8 + g] = largest[r / 2][r % 2];
      __syncthreads();
#pragma unroll
      for (int r = 0; r < 2 * MB; r++)
#pragma unroll
        for (int w = 0; w < WARPS; w++)
          largest[r / 2][r % 2] = fmaxf(largest[r / 2][r % 2], part[w * M + r * 8 + g]);
      nlg_rung_weights(known, largest, c, S, O);

      if (!whole && nlg_tile_not_finite<D, N, THREADS, T>(V))
        nlg_rung_product_of_seen<T>(a, h.s, i0 + g, j0 + warp * 16, V, warp * 16, S, O);
      else nlg_rung_product<T>(O, S, v_lane);
    }

    __syncthreads(); /* all are done with K, V and the maxima, which make room */
    auto total = [&](int r) { return part[r] + part[M + r] + part[2 * M + r] + part[3 * M + r]; };
#pragma unroll
    for (int r = 0; r < 2 * MB; r++) {
      const float sum = nlg_row_sum(known.l[r / 2][r % 2]);
      if (t == 0) part[warp * M + r * 8 + g] = sum;
    }
    float *sums = (float *)K;
    merge<D>(sums, O);
#pragma unroll
    for (int r = 0; r < 2 * MB; r++) {
      const int row = r * 8 + g;
      if (warp != 0 || t != 0 || row >= rows) continue;
      h.lse[i0 + row] =
          total(row) == 0 ? -INFINITY : known.m[r / 2][r % 2] * c / NLG_LOG2E + logf(total(row));
    }
    for (int e = threadIdx.x; e < rows * D / 8; e += THREADS) {
      const int row = e / (D / 8), column = e % (D / 8) * 8;
      const float sum = total(row), share = 1 / sum, *x = sums + row * D + column;
      uint4 packed = {nlg_pack<T>(x[0] * share, x[1] * share), nlg_pack<T>(x[2] * share, x[3] * share),
                      nlg_pack<T>(x[4] * share, x[5] * share), nlg_pack<T>(x[6] * share, x[7] * share)};
      if (sum == 0) packed = uint4(); /* no key, or scores of -inf alone, whatever V holds */
      *(uint4 *)(h.out + (i0 + row) * a.out.row + column) = packed;
    }
  }
}

nl_status nlg_ladder_tensor_forward(nlg_device *device, const nl_attention_pass *pass,
                                    nlg_attention *params) {
  return nlg_rung_by_kind(pass, [&](auto zero, auto head) {
    constexpr int D = decltype(head)::value;
    return nlg_rung_launch(device, "attention (ladder_tensor)", ladder_tensor<decltype(zero), D>,
                           (int64_t)params->sequences * params->heads, THREADS, shared_bytes<D>, *params);
  });
}
