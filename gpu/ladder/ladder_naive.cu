/* Rung 1, naive: attention as the formula says it, a kernel for each step, S and P in device memory.
 *
 *   S = scale Q K'            N x N numbers a head are written
 *   P = softmax of S          read and written again, in place
 *   O = P V                   and read once more
 *
 * Every other rung is held against this one. The products are tiled: a block loads 64 rows and 64 columns
 * into shared memory, where each number is used 64 times, and sums 64 x 64 results in registers
 * (attention/simt.cuh). Masked entries are skipped: tiles above the diagonal are neither computed nor read.
 *
 * A head, D columns, f32 for S and P, e = 2 bytes a number of Q, K, V, O:
 *   FLOPs      4 N^2 D (2 N^2 D a product; a causal mask leaves half)
 *   memory     4 N^2 bytes beside operands and results
 *   least      4 passes over the matrix, 16 N^2 bytes, and 4 N D e
 *   requested  the products also fetch their operands anew for each tile, 2 N^2 D e / 64 and N^2 D e / 64
 *              more, and softmax reads a row three times (maximum, sum, weights), twice from the caches
 *
 * At D = 64 that is 256 N^2 FLOPs to 16 N^2 bytes, 16 FLOPs a byte: an H100 does 295 in the time of
 * one (989 TFLOP/s of f16, 3.35 TB/s by its data sheet), so that with the products on tensor cores this rung
 * would wait for memory nearly all of the time. That is what the next rungs remove (the standard
 * implementation of Dao et al. 2022, section 2.2, algorithm 0). */
#include "../attention/simt_scores.cuh"
#include "ladder.cuh"

template <typename T, int D>
__global__ void __launch_bounds__(nlg_simt<float, D>::THREADS)
    ladder_naive_scores(const __grid_constant__ nlg_attention a, float *scores, int q_tiles, int k_tiles) {
  typedef nlg_simt<float, D> S;
  float *X = (float *)nlg_shared + S::X, *Y = (float *)nlg_shared + S::Y;
  const int unit = blockIdx.x / k_tiles / q_tiles;
  const int i0 = blockIdx.x / k_tiles % q_tiles * S::ROWS, j0 = blockIdx.x % k_tiles * S::COLUMNS;
  const nlg_rung_head<T> h(a, unit);
  const nlg_sequence &s = h.s;
  const int rows = min(S::ROWS, s.nq - i0), keys = min(S::COLUMNS, s.nk - j0);
  if (j0 >= nlg_last_key(a, s, i0 + rows - 1)) return; /* no row sees any of them */

  nlg_load<S, S::ROWS>(X, h.q + i0 * a.q.row, a.q.row, rows, 0, D);
  nlg_load<S, S::COLUMNS>(Y, h.k + j0 * a.k.row, a.k.row, keys, 0, D);
  __syncthreads();
  float x[S::R][S::COLUMNS_EACH] = {};
  nlg_add_scores<S, S::UNROLL>(x, X, Y, D);

  const float scale = (float)a.scale * nlg_weights<float>::unit;
  scores += ((int64_t)unit * s.nq + i0) * s.nk + j0;
#pragma unroll
  for (int i = 0; i < S::R; i++)
#pragma unroll
    for (int j = 0; j < S::COLUMNS_EACH; j++)
      if (S::row(i) < rows && S::column(j) < keys)
        scores[(int64_t)S::row(i) * s.nk + S::column(j)] = x[i][j] * scale;
}

enum { WARPS = 4 };

/* A warp a row: maximum, sum, weights. */
__global__ void __launch_bounds__(32 * WARPS)
    ladder_naive_softmax(const __grid_constant__ nlg_attention a, float *scores, int64_t all_rows) {
  const int64_t row = (int64_t)blockIdx.x * WARPS + threadIdx.x / 32;
  if (row >= all_rows) return;
  const nlg_sequence s = nlg_sequence_of(a, 0);
  const int lane = threadIdx.x % 32, last = nlg_last_key(a, s, (int)(row % s.nq));
  float *x = scores + row * s.nk;

  float m = -INFINITY;
  for (int j = lane; j < last; j += 32) m = fmaxf(m, x[j]);
#pragma unroll
  for (int step = 16; step > 0; step /= 2) m = fmaxf(m, __shfl_xor_sync(~0u, m, step));
  const float shift = m == -INFINITY ? 0 : m;
  float l = 0;
  for (int j = lane; j < last; j += 32) l += nlg_weights<float>::power(x[j] - shift);
#pragma unroll
  for (int step = 16; step > 0; step /= 2) l += __shfl_xor_sync(~0u, l, step);
  const float share = l == 0 ? 0 : 1 / l;
  for (int j = lane; j < last; j += 32) x[j] = nlg_weights<float>::power(x[j] - shift) * share;
  if (lane == 0) ((float *)a.lse)[row] = l == 0 ? -INFINITY : m * nlg_weights<float>::natural + logf(l);
}

template <typename S> constexpr int product_bytes = (S::ROWS * S::W_PITCH + S::COLUMNS * S::PITCH) * 4;

template <typename T, int D>
__global__ void __launch_bounds__(nlg_simt<float, D>::THREADS, D > 64 ? 3 : 4)
    ladder_naive_product(const __grid_constant__ nlg_attention a, const float *weights, int q_tiles) {
  typedef nlg_simt<float, D> S;
  float *W = (float *)nlg_shared, *Y = W + S::ROWS * S::W_PITCH;
  const int unit = blockIdx.x / q_tiles, i0 = blockIdx.x % q_tiles * S::ROWS;
  const nlg_rung_head<T> h(a, unit);
  const nlg_sequence &s = h.s;
  const int rows = min(S::ROWS, s.nq - i0), last = nlg_last_key(a, s, i0 + rows - 1);
  weights += ((int64_t)unit * s.nq + i0) * s.nk;

  float o[S::R][S::N] = {};
  for (int j0 = 0; j0 < last; j0 += S::COLUMNS) {
    nlg_load<S, S::COLUMNS>(Y, h.v + j0 * a.v.row, a.v.row, min(S::COLUMNS, s.nk - j0), 0, D);
#pragma unroll
    for (int i = 0; i < S::R; i++) {
      const int row = S::row(i), seen = row < rows ? nlg_row_span<S>(a, s, i0 + row, j0).end : 0;
#pragma unroll
      for (int j = 0; j < S::COLUMNS_EACH; j++)
        W[row * S::W_PITCH + S::column(j)] =
            S::column(j) < seen ? weights[(int64_t)row * s.nk + j0 + S::column(j)] : 0;
    }
    __syncthreads();
    nlg_add_seen<S>(o, W, Y, nlg_all_see(a, s, i0, i0 + rows, j0, j0 + S::COLUMNS),
                    [&](int row) { return nlg_row_span<S>(a, s, i0 + row, j0); });
    __syncthreads(); /* before the next tile comes */
  }
  nlg_add_slices<S>(o);
#pragma unroll
  for (int i = 0; i < S::R; i++)
    if (S::row(i) < rows) nlg_store_row<S>(o[i], 1.0f, h.out + (i0 + S::row(i)) * a.out.row, 0, D);
}

nl_status nlg_ladder_naive_forward(nlg_device *device, const nl_attention_pass *pass, nlg_attention *params) {
  return nlg_rung_by_kind(pass, [&](auto zero, auto head) {
    typedef decltype(zero) T;
    constexpr int D = decltype(head)::value;
    typedef nlg_simt<float, D> S;
    const int64_t units = (int64_t)params->sequences * params->heads, rows = units * params->nq;
    const int64_t q_tiles = nlg_ceil_div(params->nq, S::ROWS), k_tiles = nlg_ceil_div(params->nk, S::COLUMNS);
    nlg_workspace<float> matrix(device); /* S, then P */
    NL_TRY(matrix.take(rows * params->nk));
    NL_TRY(nlg_launch(device, "attention (ladder_naive, scores)", ladder_naive_scores<T, D>,
                      units * q_tiles * k_tiles, S::THREADS, S::W * 4, *params, matrix.data, (int)q_tiles,
                      (int)k_tiles));
    NL_TRY(nlg_launch(device, "attention (ladder_naive, softmax)", ladder_naive_softmax,
                      nlg_ceil_div(rows, WARPS), 32 * WARPS, 0, *params, matrix.data, rows));
    return nlg_launch(device, "attention (ladder_naive, product)", ladder_naive_product<T, D>,
                      units * q_tiles, S::THREADS, product_bytes<S>, *params, matrix.data, (int)q_tiles);
  });
}
