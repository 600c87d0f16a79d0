/* Flash attention, forward, on the tensor cores: the walk over the keys, for any way of multiplying.
 *
 *   for a tile of M queries of a head:      O = 0, m = -inf, l = 0
 *     for each tile of N keys it sees:
 *       S  = Q K'                           scale and log2 e wait for the exponential: P = 2^(c S - c m)
 *       m' = max(m, rowmax S), and where it has grown much: l, O *= 2^(c m - c m'), m = m'
 *       P  = 2^(c S - c m),  l += rowsum P,  O += P V
 *     O = O / l,  lse = scale m + ln l
 *
 * FlashAttention-2 (Dao 2023): four warps share the queries and none of the keys, so that a row's maximum and
 * sum need four lanes and no barrier; S and O lie in registers as the products leave them, and P is the next
 * product's left operand as it lies. Per thread S takes M N / 128 registers of f32 and O M D / 128.
 *
 * With two stages a tile of K and V is on its way while the one before is used: one barrier a tile. With one,
 * V arrives during Q K' and the next K during P V.
 *
 * Masks are applied in the tiles that some row does not see as a whole; they alone can meet an infinity or
 * NaN in V at a key that some row does not see (nlg_add_seen). Blocks of one head stand together, last
 * queries first: under a causal mask those are the longest.
 *
 * KIND says how: number, D (head size), M, N, N_extras, stages, pitch (a row of a tile, in 16-bit numbers),
 * and
 *   scores(S, q, k)                S += Q K' from this lane's addresses
 *   add_values(O, P, tile)         O += P V
 *   column(n)                      of V and O: this lane's n-th, n = 2 block + e
 *   store(O, room, row, out, ...)  a warp's rows from `row` on; those of the tile of Q are room for it */
#ifndef NLG_ATTENTION_FLASH_FORWARD_CUH
#define NLG_ATTENTION_FLASH_FORWARD_CUH

#include "seen.cuh"
#include "softmax.cuh"
#include "tile.cuh"

enum { NLG_FORWARD_THREADS = 128 };

/* EXTRAS: softcap, bias, dropout. They take registers of their own. */
template <typename KIND, bool EXTRAS>
__global__ void __launch_bounds__(NLG_FORWARD_THREADS, 2)
    nlg_flash_forward(const __grid_constant__ nlg_attention a, int query_tiles) {
  typedef typename KIND::number T;
  typedef nlg_tile<KIND::pitch> tile;
  constexpr int M = KIND::M, N = EXTRAS ? KIND::N_extras : KIND::N, STAGES = KIND::stages, P = KIND::pitch;
  constexpr int THREADS = NLG_FORWARD_THREADS, MB = M / 64, NB = N / 8, DB = KIND::D / 8;
  extern __shared__ __align__(128) unsigned char nlg_shared[];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;

  const int unit = blockIdx.x / query_tiles, head = unit % a.heads;
  const nlg_sequence s = nlg_sequence_of(a, unit / a.heads);
  const int row_of_tile = (query_tiles - 1 - (int)blockIdx.x % query_tiles) * M;
  if (row_of_tile >= s.nq) return;
  const int rows = min(M, s.nq - row_of_tile);
  const int first = nlg_first_key(a, s, row_of_tile), last = nlg_last_key(a, s, row_of_tile + rows - 1);
  const int whole_from = nlg_first_key(a, s, row_of_tile + rows - 1),
            whole_to = nlg_last_key(a, s, row_of_tile);
  const int begin = first / N, end = first < last ? (last + N - 1) / N : begin;

  const T *q =
      (const T *)a.q.data + s.batch * a.q.batch + head * a.q.head + (s.q_begin + row_of_tile) * a.q.row;
  const T *k = (const T *)a.k.data + s.batch * a.k.batch + head / a.group * a.k.head + s.k_begin * a.k.row;
  const T *v = (const T *)a.v.data + s.batch * a.v.batch + head / a.group * a.v.head + s.k_begin * a.v.row;

  const uint32_t Q = nlg_shared_address(nlg_shared), K = Q + M * tile::pitch,
                 V = K + STAGES * N * tile::pitch;
  const uint32_t q_lane = Q + tile::by_rows(warp * MB * 16, lane);
  const uint32_t k_lane = K + tile::by_columns(0, lane);

  float O[MB][DB][4] = {}, m[MB][2], l[MB][2] = {};
#pragma unroll
  for (int mb = 0; mb < MB; mb++) m[mb][0] = m[mb][1] = -INFINITY;
  const float c = EXTRAS ? 1.0f : (float)a.scale * NLG_LOG2E; /* from S to powers of 2 */
  const int row = row_of_tile + warp * MB * 16 + g;           /* the first of this lane's rows */

  auto load_k = [&](int n) {
    nlg_tile_load<P, N, THREADS>(K + n % STAGES * N * tile::pitch, k + n * N * a.k.row, a.k.row, s.nk - n * N,
                                 a.head_dim);
  };
  auto load_v = [&](int n) {
    nlg_tile_load<P, N, THREADS>(V + n % STAGES * N * tile::pitch, v + n * N * a.v.row, a.v.row, s.nk - n * N,
                                 a.value_dim);
  };

  nlg_tile_load<P, M, THREADS>(Q, q, a.q.row, rows, a.head_dim);
  if (begin < end) {
    load_k(begin);
    if (STAGES == 2) load_v(begin);
  }
  nlg_copy_commit();

  for (int n = begin; n < end; n++) {
    const uint32_t stage = n % STAGES * N * tile::pitch;
    nlg_copy_wait<0>();
    __syncthreads(); /* K(n) is there for all; nobody reads the tiles of n - 1 any more */
    if (STAGES == 1) load_v(n);
    else if (n + 1 < end) load_k(n + 1), load_v(n + 1);
    nlg_copy_commit();

    float S[MB][NB][4] = {};
    KIND::scores(S, q_lane, k_lane + stage);
    if (STAGES == 1) {
      nlg_copy_wait<0>();
      __syncthreads(); /* V(n) is there for all; nobody reads K(n) any more */
      if (n + 1 < end) load_k(n + 1);
      nlg_copy_commit();
    }

    const int key = n * N + 2 * t; /* the first of this lane's keys */
    const bool whole = n * N >= whole_from && (n + 1) * N <= whole_to;
    if (EXTRAS) nlg_finish_scores<T>(a, s, head, row, key, S);
    if (!whole) nlg_hide(a, s, row, key, -INFINITY, S);

    nlg_online_softmax(c, S, m, l, O);
    if (EXTRAS && a.drop_below) nlg_drop(a, s, head, row, key, S);

    const unsigned char *values = nlg_shared + (V - Q) + stage;
    if (!whole && nlg_tile_not_finite<P, N, THREADS, T>(values)) {
      auto seen = [&](int r, int j) { return nlg_sees(a, s, row + r * 8, n * N + j); };
      auto value = [&](int j, int d) { return nlg_tile_at<P, T>(values, j, KIND::column(d)); };
      nlg_add_seen<N>(O, nlg_weights<MB, NB>(S), seen, value);
    } else KIND::add_values(O, S, values);
  }

  nlg_copy_wait<0>();
  __syncthreads(); /* where no key is seen, Q may still be on its way */
  const float keep = EXTRAS && a.drop_below ? (float)a.keep : 1.0f;
  float *lse = (float *)a.lse + ((int64_t)s.batch * a.heads + head) * a.total_q + s.q_begin;
#pragma unroll
  for (int mb = 0; mb < MB; mb++)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      const float sum = nlg_row_sum(l[mb][h]), share = keep / sum;
      const bool none = sum == 0; /* no key, or scores of -inf alone, whatever V holds */
      const int i = row + mb * 16 + h * 8;
      if (t == 0 && i < s.nq) lse[i] = none ? -INFINITY : m[mb][h] * c / NLG_LOG2E + logf(sum);
#pragma unroll
      for (int d = 0; d < DB; d++)
#pragma unroll
        for (int e = 2 * h; e < 2 * h + 2; e++) O[mb][d][e] = none ? 0 : O[mb][d][e] * share;
    }
  T *out =
      (T *)a.out.data + s.batch * a.out.batch + head * a.out.head + (s.q_begin + row_of_tile) * a.out.row;
  KIND::store(O, nlg_shared, warp * MB * 16, out, a.out.row, rows, a.value_dim);
}

template <typename KIND, bool EXTRAS>
inline nl_status nlg_flash_forward_launch(nlg_device *device, const nlg_attention *a, const char *name) {
  const int64_t tiles = nlg_ceil_div(a->nq, KIND::M), blocks = tiles * a->heads * a->sequences;
  constexpr int keys = EXTRAS ? KIND::N_extras : KIND::N;
  constexpr int bytes = (KIND::M + 2 * KIND::stages * keys) * nlg_tile<KIND::pitch>::pitch;
  static_assert(bytes <= 99 * 1024, "a block of every device since compute capability 8.0 has that much");
  auto kernel = nlg_flash_forward<KIND, EXTRAS>;
  NLG_CUDA(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
  kernel<<<(unsigned)blocks, NLG_FORWARD_THREADS, bytes, device->stream>>>(*a, (int)tiles);
  NLG_LAUNCHED(device, name);
  return NL_OK;
}

template <typename KIND>
inline nl_status nlg_flash_forward_run(nlg_device *device, const nlg_attention *a, const char *name) {
  bool extras = a->softcap > 0 || a->bias || a->drop_below;
  return extras ? nlg_flash_forward_launch<KIND, true>(device, a, name)
                : nlg_flash_forward_launch<KIND, false>(device, a, name);
}

#endif
