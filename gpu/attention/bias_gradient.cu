/* The gradient of a bias: dbias(b,h,i,j) = dS(b,h,i,j), the gradient before the cap, summed over the
 * dimensions in which the bias was broadcast; for every path that hands over lse and D.
 *
 * A block has one tile of the bias and goes through all that shares it in a fixed order: batches, heads,
 * where rows or keys are broadcast all their tiles. S and dP are recomputed as in flash_simt_backward.cu; a
 * thread sums its entries in f64, and where rows or keys are broadcast the tile is summed up at the end in
 * shared memory, in order. So a bias that is one number for a whole head keeps one block busy; the usual
 * ones, by row and key, by key or by head and key, give a block to every 64 keys. */
#include "simt_backward.cuh"

template <typename T, typename S>
__global__ void __launch_bounds__(S::THREADS, S::DIM > 64 ? 1 : 2)
    attention_bias_gradient(const __grid_constant__ nlg_attention a, int heads, int row_tiles, int key_tiles,
                            int shared_batches, int shared_heads, int shared_rows, int shared_keys) {
  typedef typename nlg_computes<T>::type C;
  C *X = (C *)nlg_shared + S::X, *Y = (C *)nlg_shared + S::Y;
  C *dot = (C *)nlg_shared + S::W, *dP = (C *)nlg_shared + S::W2;
  int key_tile = blockIdx.x % key_tiles, rest = blockIdx.x / key_tiles, row_tile = rest % row_tiles;
  int own_head = rest / row_tiles % heads, own_batch = rest / row_tiles / heads;
  double sum[S::R][S::COLUMNS_EACH] = {};

  for (int b = own_batch; b < own_batch + shared_batches; b++)
    for (int head = own_head; head < own_head + shared_heads; head++)
      for (int i0 = row_tile * S::ROWS; i0 < (row_tile + shared_rows) * S::ROWS; i0 += S::ROWS)
        for (int j0 = key_tile * S::COLUMNS; j0 < (key_tile + shared_keys) * S::COLUMNS; j0 += S::COLUMNS) {
          nlg_sequence s = nlg_sequence_of(a, b);
          int rows = min(S::ROWS, s.nq - i0), keys = min(S::COLUMNS, s.nk - j0), kv_head = head / a.group;
          if (j0 >= nlg_last_key(a, s, i0 + rows - 1) || j0 + keys <= nlg_first_key(a, s, i0)) continue;
          nlg_scores_into<S>(dP, X, nlg_rows_of<T>(a.dout, b, head, i0), a.dout.row, rows, Y,
                             nlg_rows_of<T>(a.v, b, kv_head, j0), a.v.row, keys, a.value_dim);
          nlg_scores_into<S>(dot, X, nlg_rows_of<T>(a.q, b, head, i0), a.q.row, rows, Y,
                             nlg_rows_of<T>(a.k, b, kv_head, j0), a.k.row, keys, a.head_dim);
#pragma unroll
          for (int r = 0; r < S::R; r++) {
            int i = i0 + S::row(r);
            if (i >= s.nq) continue;
            C lse = ((const C *)a.lse)[nlg_vector_at(a, s, head, i)];
            C delta = ((const C *)a.delta)[nlg_vector_at(a, s, head, i)];
#pragma unroll
            for (int c = 0; c < S::COLUMNS_EACH; c++) {
              int at = S::row(r) * S::W_PITCH + S::column(c);
              sum[r][c] += (double)nlg_through_softmax<T>(a, s, head, i, j0 + S::column(c), false, dot[at],
                                                          dP[at], lse, delta)
                               .dS;
            }
          }
        }

  __syncthreads();
  static_assert(S::ROWS * S::COLUMNS * 8 <= S::BYTES_BACKWARD,
                "the tile of sums takes the place of the others");
  double *sums = (double *)nlg_shared;
#pragma unroll
  for (int r = 0; r < S::R; r++)
#pragma unroll
    for (int c = 0; c < S::COLUMNS_EACH; c++) sums[S::row(r) * S::COLUMNS + S::column(c)] = sum[r][c];
  __syncthreads();
  bool by_row = a.dbias_stride[2] != 0 || a.nq == 1, by_key = a.dbias_stride[3] != 0 || a.nk == 1;
  int i0 = row_tile * S::ROWS, j0 = key_tile * S::COLUMNS;
  int rows = by_row ? min(S::ROWS, a.nq - i0) : 1, keys = by_key ? min(S::COLUMNS, a.nk - j0) : 1;
  for (int e = threadIdx.x; e < rows * keys; e += S::THREADS) {
    int r = e / keys, c = e % keys;
    double total = 0;
    for (int i = by_row ? r : 0; i < (by_row ? r + 1 : S::ROWS); i++)
      for (int j = by_key ? c : 0; j < (by_key ? c + 1 : S::COLUMNS); j++) total += sums[i * S::COLUMNS + j];
    ((C *)a.dbias)[own_batch * a.dbias_stride[0] + own_head * a.dbias_stride[1] +
                   (i0 + r) * a.dbias_stride[2] + (j0 + c) * a.dbias_stride[3]] = (C)total;
  }
}

nl_status nlg_attention_bias_gradient(nlg_device *device, const nl_attention_pass *pass,
                                      const nlg_attention *params) {
  const int64_t *shape = pass->dbias.shape;
  return nlg_by_type(pass->q.dtype, [&](auto zero) {
    typedef decltype(zero) T;
    return nlg_by_width<T>(device, params, [&](auto shape_of_block) {
      typedef decltype(shape_of_block) S;
      int row_tiles = (int)nlg_ceil_div(params->nq, S::ROWS),
          key_tiles = (int)nlg_ceil_div(params->nk, S::COLUMNS);
      int own_rows = shape[2] == 1 ? 1 : row_tiles, own_keys = shape[3] == 1 ? 1 : key_tiles;
      return nlg_launch(device, "attention_backward (dbias)", attention_bias_gradient<T, S>,
                        shape[0] * shape[1] * own_rows * own_keys, S::THREADS, S::BYTES_BACKWARD, *params,
                        (int)shape[1], own_rows, own_keys, shape[0] == 1 ? params->sequences : 1,
                        shape[1] == 1 ? params->heads : 1, row_tiles / own_rows, key_tiles / own_keys);
    });
  });
}
