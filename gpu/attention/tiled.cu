/* Tiled attention without online softmax: two passes over the keys, so each tile of scores is made twice.
 *
 *   a block has ROWS queries
 *     pass 1, over the keys they see:   m = max of the row
 *     pass 2, over them again:          P = exp(S - m),  l += rowsum P,  O += P V
 *   O = O / l,  lse = m + log l
 *
 * The score row is never kept, and no sum is ever rescaled. The price against flash is the product Q K'
 * twice, three products in place of two: what online softmax saves. The backward pass is flash's, from the
 * same lse.
 *
 * Tiles, shared memory and registers as in flash_simt_forward.cu. */
#include "simt_scores.cuh"

/* This thread's scores of the tile of keys j0 .., in units of nlg_weights; -inf where a row does not see. */
template <typename T, typename S, typename C>
__device__ inline void tile_scores(const nlg_attention &a, const nlg_sequence &s, int head, int i0, int j0,
                                   C *X, C *Y, C *W, C (&x)[S::R][S::COLUMNS_EACH]) {
  int rows = min(S::ROWS, s.nq - i0), keys = min(S::COLUMNS, s.nk - j0);
  const T *q = nlg_rows_of<T>(a.q, s.batch, head, s.q_begin + i0);
  const T *k = nlg_rows_of<T>(a.k, s.batch, head / a.group, s.k_begin + j0);
#pragma unroll
  for (int i = 0; i < S::R; i++)
#pragma unroll
    for (int j = 0; j < S::COLUMNS_EACH; j++) x[i][j] = 0;
  for (int c = 0; c < a.head_dim; c += S::DIM) {
    __syncthreads();
    nlg_load<S, S::ROWS>(X, q, a.q.row, rows, c, a.head_dim);
    nlg_load<S, S::COLUMNS>(Y, k, a.k.row, keys, c, a.head_dim);
    __syncthreads();
    nlg_add_scores<S, 1>(x, X, Y, min(S::DIM, a.head_dim - c));
  }
  nlg_finish_scores<T, S>(a, s, head, i0, j0, W, x);
  if (!nlg_all_see(a, s, i0, i0 + rows, j0, j0 + S::COLUMNS)) nlg_mask<S>(a, s, i0, j0, x);
}

template <typename T, typename S>
__global__ void __launch_bounds__(S::THREADS, S::DIM > 64 ? 2 : 3)
    tiled_forward(const __grid_constant__ nlg_attention a, int tiles, int pieces) {
  typedef typename nlg_computes<T>::type C;
  typedef nlg_weights<C> weights;
  C *X = (C *)nlg_shared + S::X, *Y = (C *)nlg_shared + S::Y, *W = (C *)nlg_shared + S::W;
  int piece = blockIdx.x % pieces, rest = blockIdx.x / pieces, tile = tiles - 1 - rest % tiles;
  int head = rest / tiles % a.heads;
  nlg_sequence s = nlg_sequence_of(a, rest / tiles / a.heads);
  int i0 = tile * S::ROWS, from = piece * S::DIM;
  if (i0 >= s.nq) return;
  int rows = min(S::ROWS, s.nq - i0);
  int first = nlg_first_key(a, s, i0), last = nlg_last_key(a, s, i0 + rows - 1);
  const T *v = nlg_rows_of<T>(a.v, s.batch, head / a.group, s.k_begin);

  C x[S::R][S::COLUMNS_EACH], m[S::R], l[S::R] = {};
#pragma unroll
  for (int i = 0; i < S::R; i++) m[i] = -nlg_infinity<C>();
  for (int j0 = first; j0 < last; j0 += S::COLUMNS) {
    tile_scores<T, S>(a, s, head, i0, j0, X, Y, W, x);
#pragma unroll
    for (int i = 0; i < S::R; i++)
#pragma unroll
      for (int j = 0; j < S::COLUMNS_EACH; j++) m[i] = fmax(m[i], x[i][j]);
  }
#pragma unroll
  for (int i = 0; i < S::R; i++) {
    m[i] = nlg_row_max(m[i]);
    if (m[i] == -nlg_infinity<C>())
      m[i] = 0; /* nothing seen, or -inf and NaN alone: 2^(-inf - 0) = 0, NaN stays */
  }
  C o[S::R][S::N] = {};
  for (int j0 = first; j0 < last; j0 += S::COLUMNS) {
    tile_scores<T, S>(a, s, head, i0, j0, X, Y, W, x);
#pragma unroll
    for (int i = 0; i < S::R; i++)
#pragma unroll
      for (int j = 0; j < S::COLUMNS_EACH; j++)
        l[i] += W[S::row(i) * S::W_PITCH + S::column(j)] = weights::power(x[i][j] - m[i]);
    __syncthreads();
    nlg_load<S, S::COLUMNS>(Y, v + j0 * a.v.row, a.v.row, min(S::COLUMNS, s.nk - j0), from, a.value_dim);
    __syncthreads();
    bool whole = nlg_all_see(a, s, i0, i0 + rows, j0, j0 + S::COLUMNS);
    nlg_add_seen<S>(o, W, Y, whole, [&](int row) { return nlg_row_span<S>(a, s, i0 + row, j0); });
  }
  nlg_add_slices<S>(o);
#pragma unroll
  for (int i = 0; i < S::R; i++) {
    C sum = nlg_row_sum(l[i]), share = sum == 0 ? 0 : 1 / sum; /* 0: no key, or scores of -inf alone */
    int row = i0 + S::row(i);
    if (row >= s.nq) continue;
    nlg_store_row<S>(o[i], share, nlg_rows_of<T>(a.out, s.batch, head, s.q_begin + row), from, a.value_dim);
    C lse = sum == 0 ? -nlg_infinity<C>() : m[i] * (C)weights::natural + log(sum);
    if (S::tx() == 0 && piece == 0) ((C *)a.lse)[nlg_vector_at(a, s, head, row)] = lse;
  }
}

void nlg_tiled_supports(const nlg_device *, const nl_attention_pass *pass, bool, nlg_unmet *unmet) {
  if (pass->dropout > 0) nlg_add_unmet(unmet, "dropout must be 0 (standard and flash have it)");
}

nl_status nlg_tiled_forward(nlg_device *device, const nl_attention_pass *pass, nlg_attention *params) {
  return nlg_by_type(pass->q.dtype, [&](auto zero) {
    typedef decltype(zero) T;
    return nlg_by_width<T>(device, params, [&](auto shape) {
      typedef decltype(shape) S;
      int64_t tiles = nlg_ceil_div(params->nq, S::ROWS), pieces = nlg_pieces<S>(params);
      int64_t blocks = tiles * pieces * params->heads * params->sequences;
      return nlg_launch(device, "attention (tiled)", tiled_forward<T, S>, blocks, S::THREADS, S::BYTES,
                        *params, (int)tiles, (int)pieces);
    });
  });
}

nl_status nlg_tiled_backward(nlg_device *device, const nl_attention_pass *pass, nlg_attention *params) {
  return nlg_flash_simt_backward(device, pass, params);
}
