/* Flash attention, forward, in IEEE arithmetic on the CUDA cores: every type, option and head size (Dao et
 * al. 2022, FlashAttention, algorithm 1; online softmax after Milakov and Gimelshein 2018; one division at
 * the end after Dao 2023).
 *
 *   a block has ROWS queries:               O = 0, m = -inf, l = 0
 *     for each tile of 64 keys they see:
 *       S  = scores                         rows x 64 in registers
 *       m' = max(m, rowmax S),  P = exp(S - m')
 *       l  = exp(m - m') l + rowsum P,  O = exp(m - m') O + drop(P) V,  m = m'
 *     O = O / l,  lse = m + log l
 *
 * Tiles are those of simt.cuh: 64 queries f32 and 16 bits, 32 f64, 128 threads. K and V of a tile take turns
 * in one place, so that at D = 128 two blocks (87 KB each), at D = 64 four (55 KB) share a multiprocessor and
 * one computes while another loads. Registers: scores 32, sums 4 DIM / 8, so 128 in all up to DIM = 64. Cost
 * of a score, in instructions a lane: 2 D multiply-adds, (12 + 16) D / 64 reads of shared memory, some ten
 * for softmax; the exponential unit, at 16 a clock and multiprocessor against 128 multiply-adds, is the bound
 * below D = 4. */
#include "simt_scores.cuh"

/* On a multiprocessor, which bounds the registers of a thread: 4 where 128 are enough. At DIM = 8 the fourth
 * brought 16.5 to 20.4 TFLOP/s in f32 on an H100; f64 spills there. */
template <typename T, typename S>
constexpr int blocks = S::DIM > 64                     ? 2
                       : S::DIM == 64 && sizeof(T) > 2 ? 4
                       : S::DIM == 8 && sizeof(T) == 4 ? 4
                                                       : 3;

/* Dropout, each thread its own entries, one at a time: rare, and so without registers of its own. */
template <typename S, typename C>
__device__ inline void drop(const nlg_attention &a, const nlg_sequence &s, int head, int i0, int j0, C *W) {
#pragma unroll 1
  for (int e = 0; e < S::R * S::COLUMNS_EACH; e++) {
    int i = S::row(e / S::COLUMNS_EACH), j = S::column(e % S::COLUMNS_EACH);
    if (nlg_dropped(a, s, head, i0 + i, j0 + j)) W[i * S::W_PITCH + j] = 0;
  }
}

template <typename T, typename S>
__global__ void __launch_bounds__(S::THREADS, blocks<T, S>)
    flash_simt_forward(const __grid_constant__ nlg_attention a, int tiles, int pieces) {
  typedef typename nlg_computes<T>::type C;
  typedef nlg_weights<C> weights;
  C *X = (C *)nlg_shared + S::X, *Y = (C *)nlg_shared + S::Y, *W = (C *)nlg_shared + S::W;
  /* the last tile first: under a causal mask it sees most */
  int piece = blockIdx.x % pieces, rest = blockIdx.x / pieces, tile = tiles - 1 - rest % tiles;
  int head = rest / tiles % a.heads;
  nlg_sequence s = nlg_sequence_of(a, rest / tiles / a.heads);
  int i0 = tile * S::ROWS, from = piece * S::DIM;
  if (i0 >= s.nq) return;
  int rows = min(S::ROWS, s.nq - i0), kv_head = head / a.group;
  int first = nlg_first_key(a, s, i0), last = nlg_last_key(a, s, i0 + rows - 1);
  const T *q = nlg_rows_of<T>(a.q, s.batch, head, s.q_begin + i0);
  const T *k = nlg_rows_of<T>(a.k, s.batch, kv_head, s.k_begin);
  const T *v = nlg_rows_of<T>(a.v, s.batch, kv_head, s.k_begin);

  C o[S::R][S::N] = {}, m[S::R], l[S::R] = {};
#pragma unroll
  for (int i = 0; i < S::R; i++) m[i] = -nlg_infinity<C>();

  for (int j0 = first; j0 < last; j0 += S::COLUMNS) {
    int keys = min(S::COLUMNS, s.nk - j0);
    C x[S::R][S::COLUMNS_EACH] = {};
    for (int c = 0; c < a.head_dim; c += S::DIM) {
      if (j0 == first || a.head_dim > S::DIM) nlg_load<S, S::ROWS>(X, q, a.q.row, rows, c, a.head_dim);
      nlg_load<S, S::COLUMNS>(Y, k + j0 * a.k.row, a.k.row, keys, c, a.head_dim);
      __syncthreads();
      nlg_add_scores<S, S::UNROLL>(x, X, Y, min(S::DIM, a.head_dim - c));
      __syncthreads();
    }
    nlg_load<S, S::COLUMNS>(Y, v + j0 * a.v.row, a.v.row, keys, from, a.value_dim);

    bool whole = nlg_all_see(a, s, i0, i0 + rows, j0, j0 + S::COLUMNS);
    nlg_finish_scores<T, S>(a, s, head, i0, j0, W, x);
    if (!whole) nlg_mask<S>(a, s, i0, j0, x);

      /* weights: over to the new maximum */
#pragma unroll
    for (int i = 0; i < S::R; i++) {
      C most = m[i];
#pragma unroll
      for (int j = 0; j < S::COLUMNS_EACH; j++) most = fmax(most, x[i][j]);
      most = nlg_row_max(most);
      /* only -inf and NaN so far: 2^(-inf - 0) = 0, NaN stays */
      C shift = most == -nlg_infinity<C>() ? 0 : most;
      C shrink = m[i] == most ? 1 : weights::power(m[i] - shift);
      m[i] = most;
      l[i] *= shrink;
#pragma unroll
      for (int j = 0; j < S::COLUMNS_EACH; j++) {
        C p = weights::power(x[i][j] - shift);
        l[i] += p; /* of this thread's columns; keeps what is dropped: P is normalised first */
        W[S::row(i) * S::W_PITCH + S::column(j)] = p;
      }
#pragma unroll
      for (int n = 0; n < S::N; n++) o[i][n] *= shrink;
    }
    if (a.drop_below) drop<S>(a, s, head, i0, j0, W);
    __syncthreads(); /* V is there, and P of this warp */
    nlg_add_seen<S>(o, W, Y, whole, [&](int row) { return nlg_row_span<S>(a, s, i0 + row, j0); });
    __syncthreads(); /* before K of the next tile comes */
  }

  nlg_add_slices<S>(o);
#pragma unroll
  for (int i = 0; i < S::R; i++) {
    C sum = nlg_row_sum(l[i]), share = sum == 0 ? 0 : (C)a.keep / sum; /* 0: no key, or -inf alone */
    int row = i0 + S::row(i);
    if (row >= s.nq) continue;
    nlg_store_row<S>(o[i], share, nlg_rows_of<T>(a.out, s.batch, head, s.q_begin + row), from, a.value_dim);
    C lse = sum == 0 ? -nlg_infinity<C>() : m[i] * (C)weights::natural + log(sum);
    if (S::tx() == 0 && piece == 0) ((C *)a.lse)[nlg_vector_at(a, s, head, row)] = lse;
  }
}

void nlg_flash_simt_supports(const nlg_device *, const nl_attention_pass *, bool, nlg_unmet *) {}

nl_status nlg_flash_simt_forward(nlg_device *device, const nl_attention_pass *pass, nlg_attention *params) {
  return nlg_by_type(pass->q.dtype, [&](auto zero) {
    typedef decltype(zero) T;
    return nlg_by_width<T>(device, params, [&](auto shape) {
      typedef decltype(shape) S;
      int64_t tiles = nlg_ceil_div(params->nq, S::ROWS), pieces = nlg_pieces<S>(params);
      int64_t units = tiles * pieces * params->heads * params->sequences;
      return nlg_launch(device, "attention (flash_simt)", flash_simt_forward<T, S>, units, S::THREADS,
                        S::BYTES, *params, (int)tiles, (int)pieces);
    });
  });
}
