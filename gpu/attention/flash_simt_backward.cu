/* Flash attention, backward, in IEEE arithmetic on the CUDA cores: P is recomputed from lse, tile by tile
 * (Dao et al. 2022, FlashAttention, algorithm 4).
 *
 *   P = exp(S - lse),  dP = drop(dO V'),  dS = P o (dP - D)        D: delta.cu
 *   keys:    a block has ROWS keys,    over the queries that see them: dV += drop(P)' dO,  dK += scale dS' Q
 *   queries: a block has ROWS queries, over the keys they see:         dQ += scale dS K
 *
 * Two kernels and seven products in place of five: each sum is made by one thread in one order, so the bits
 * are the same in every run and nothing is added atomically. A block of keys goes through the query heads of
 * its group one after another.
 *
 * The keys' kernel works on S' = K Q' and dP' = V dO', whose rows are keys: then P' and dS' stand as the left
 * operands of the products for dV and dK, and the code is that of simt.cuh. Operands take turns in two
 * places, X and Y; P' and dS' have one each, so that at D = 128 two blocks (109 KB each), at D = 64 three (75
 * KB) share a multiprocessor. Registers: sums 8 DIM / 8 for dK and dV, scores 32. */
#include "simt_backward.cuh"

template <typename T, typename S>
__global__ void __launch_bounds__(S::THREADS, S::DIM > 64      ? 1
                                              : sizeof(T) == 4 ? 3
                                                               : 2)
    flash_simt_keys(const __grid_constant__ nlg_attention a, int tiles, int pieces) {
  typedef typename nlg_computes<T>::type C;
  C *X = (C *)nlg_shared + S::X, *Y = (C *)nlg_shared + S::Y;
  C *P = (C *)nlg_shared + S::W, *dS = (C *)nlg_shared + S::W2; /* turned */
  int piece = blockIdx.x % pieces, rest = blockIdx.x / pieces, tile = rest % tiles;
  int kv_head = rest / tiles % a.kv_heads;
  nlg_sequence s = nlg_sequence_of(a, rest / tiles / a.kv_heads);
  int j0 = tile * S::ROWS, from = piece * S::DIM;
  if (j0 >= s.nk) return;
  int keys = min(S::ROWS, s.nk - j0);
  int first = nlg_first_row(a, s, j0), last = nlg_last_row(a, s, j0 + keys - 1);
  const T *k = nlg_rows_of<T>(a.k, s.batch, kv_head, s.k_begin + j0);
  const T *v = nlg_rows_of<T>(a.v, s.batch, kv_head, s.k_begin + j0);

  C dk[S::R][S::N] = {}, dv[S::R][S::N] = {};
  for (int head = kv_head * a.group; head < (kv_head + 1) * a.group; head++)
    for (int i0 = first; i0 < last; i0 += S::COLUMNS) {
      int rows = min(S::COLUMNS, s.nq - i0);
      const T *q = nlg_rows_of<T>(a.q, s.batch, head, s.q_begin + i0);
      const T *dout = nlg_rows_of<T>(a.dout, s.batch, head, s.q_begin + i0);
      nlg_scores_into<S>(P, X, k, a.k.row, keys, Y, q, a.q.row, rows, a.head_dim);
      nlg_scores_into<S>(dS, X, v, a.v.row, keys, Y, dout, a.dout.row, rows, a.value_dim);

      bool whole = rows == S::COLUMNS && nlg_all_see(a, s, i0, i0 + rows, j0, j0 + keys);
#pragma unroll 1
      for (int c = 0; c < S::COLUMNS_EACH; c++) {
        bool there = S::column(c) < rows;
        int64_t vector = nlg_vector_at(a, s, head, i0 + S::column(c));
        C lse = there ? ((const C *)a.lse)[vector] : -nlg_infinity<C>();
        C delta = there ? ((const C *)a.delta)[vector] : 0;
#pragma unroll(S::DIM > 8 ? 2 : 1)
        for (int r = 0; r < S::R; r++) {
          int at = S::row(r) * S::W_PITCH + S::column(c);
          auto g = nlg_through_softmax<T>(a, s, head, i0 + S::column(c), j0 + S::row(r), whole, P[at], dS[at],
                                          lse, delta);
          P[at] = g.P, dS[at] = g.dS * g.slope;
        }
      }
      __syncwarp();

      auto sees = [&](int row) -> nlg_span {
        return {max(nlg_first_row(a, s, j0 + row) - i0, 0), min(nlg_last_row(a, s, j0 + row) - i0, rows)};
      };
      if (a.value_dim > S::DIM) { /* else dO is there */
        nlg_load<S, S::COLUMNS>(Y, dout, a.dout.row, rows, from, a.value_dim);
        __syncthreads();
      }
      nlg_add_seen<S>(dv, P, Y, whole, sees);
      __syncthreads();
      nlg_load<S, S::COLUMNS>(Y, q, a.q.row, rows, from, a.head_dim);
      __syncthreads();
      nlg_add_seen<S>(dk, dS, Y, whole, sees);
      __syncthreads();
    }

  nlg_add_slices<S>(dk);
  nlg_add_slices<S>(dv);
#pragma unroll
  for (int r = 0; r < S::R; r++) {
    int row = s.k_begin + j0 + S::row(r);
    if (S::row(r) >= keys) continue;
    nlg_store_row<S>(dk[r], (C)a.scale, nlg_rows_of<T>(a.dk, s.batch, kv_head, row), from, a.head_dim);
    nlg_store_row<S>(dv[r], (C)1, nlg_rows_of<T>(a.dv, s.batch, kv_head, row), from, a.value_dim);
  }
}

template <typename T, typename S>
__global__ void __launch_bounds__(S::THREADS, S::DIM > 64 || sizeof(T) == 2 ? 2 : 3)
    flash_simt_queries(const __grid_constant__ nlg_attention a, int tiles, int pieces) {
  typedef typename nlg_computes<T>::type C;
  C *X = (C *)nlg_shared + S::X, *Y = (C *)nlg_shared + S::Y;
  C *dS = (C *)nlg_shared + S::W, *dP = (C *)nlg_shared + S::W2;
  int piece = blockIdx.x % pieces, rest = blockIdx.x / pieces, tile = tiles - 1 - rest % tiles;
  int head = rest / tiles % a.heads, kv_head = head / a.group;
  nlg_sequence s = nlg_sequence_of(a, rest / tiles / a.heads);
  int i0 = tile * S::ROWS, from = piece * S::DIM;
  if (i0 >= s.nq) return;
  int rows = min(S::ROWS, s.nq - i0);
  int first = nlg_first_key(a, s, i0), last = nlg_last_key(a, s, i0 + rows - 1);
  const T *q = nlg_rows_of<T>(a.q, s.batch, head, s.q_begin + i0);
  const T *dout = nlg_rows_of<T>(a.dout, s.batch, head, s.q_begin + i0);
  const C *lse = (const C *)a.lse + nlg_vector_at(a, s, head, i0);
  const C *delta = (const C *)a.delta + nlg_vector_at(a, s, head, i0);

  C dq[S::R][S::N] = {};
  for (int j0 = first; j0 < last; j0 += S::COLUMNS) {
    int keys = min(S::COLUMNS, s.nk - j0);
    const T *k = nlg_rows_of<T>(a.k, s.batch, kv_head, s.k_begin + j0);
    const T *v = nlg_rows_of<T>(a.v, s.batch, kv_head, s.k_begin + j0);
    nlg_scores_into<S>(dP, X, dout, a.dout.row, rows, Y, v, a.v.row, keys, a.value_dim);
    nlg_scores_into<S>(dS, X, q, a.q.row, rows, Y, k, a.k.row, keys, a.head_dim);

    bool whole = nlg_all_see(a, s, i0, i0 + rows, j0, j0 + S::COLUMNS);
#pragma unroll 1
    for (int r = 0; r < S::R; r++) {
      bool there = S::row(r) < rows;
      C row_lse = there ? lse[S::row(r)] : -nlg_infinity<C>(), row_delta = there ? delta[S::row(r)] : 0;
#pragma unroll 2
      for (int c = 0; c < S::COLUMNS_EACH; c++) {
        int at = S::row(r) * S::W_PITCH + S::column(c);
        auto g = nlg_through_softmax<T>(a, s, head, i0 + S::row(r), j0 + S::column(c), whole, dS[at], dP[at],
                                        row_lse, row_delta);
        dS[at] = g.dS * g.slope;
      }
    }
    __syncwarp();
    if (a.head_dim > S::DIM) { /* else K is there */
      nlg_load<S, S::COLUMNS>(Y, k, a.k.row, keys, from, a.head_dim);
      __syncthreads();
    }
    nlg_add_seen<S>(dq, dS, Y, whole, [&](int row) { return nlg_row_span<S>(a, s, i0 + row, j0); });
    __syncthreads();
  }

  nlg_add_slices<S>(dq);
#pragma unroll
  for (int r = 0; r < S::R; r++)
    if (S::row(r) < rows)
      nlg_store_row<S>(dq[r], (C)a.scale, nlg_rows_of<T>(a.dq, s.batch, head, s.q_begin + i0 + S::row(r)),
                       from, a.head_dim);
}

nl_status nlg_flash_simt_backward(nlg_device *device, const nl_attention_pass *pass, nlg_attention *params) {
  const char *name = "attention_backward (flash_simt)";
  NL_TRY(nlg_attention_delta(device, pass, params));
  NL_TRY(nlg_by_type(pass->q.dtype, [&](auto zero) {
    typedef decltype(zero) T;
    return nlg_by_width<T>(device, params, [&](auto shape) {
      typedef decltype(shape) S;
      int pieces = (int)nlg_pieces<S>(params);
      int key_tiles = (int)nlg_ceil_div(params->nk, S::ROWS),
          query_tiles = (int)nlg_ceil_div(params->nq, S::ROWS);
      int64_t units = (int64_t)params->sequences * pieces;
      NL_TRY(nlg_launch(device, name, flash_simt_keys<T, S>, units * params->kv_heads * key_tiles, S::THREADS,
                        S::BYTES_BACKWARD, *params, key_tiles, pieces));
      return nlg_launch(device, name, flash_simt_queries<T, S>, units * params->heads * query_tiles,
                        S::THREADS, S::BYTES_BACKWARD, *params, query_tiles, pieces);
    });
  }));
  return params->dbias ? nlg_attention_bias_gradient(device, pass, params) : NL_OK;
}
