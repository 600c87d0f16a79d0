/* flash_mma, backward: f16 and bf16 through mma.sync (sm_80 and later); products in f32. D up to 64, and up
 * to 128 on cards whose shared memory is too small for flash_mma_halves.cu: the same for wider heads, divided
 * among the warps in another way.
 *
 *   D_i = sum_c dO(i,c) O(i,c)                              delta.cu
 *   for a tile of N keys of a key head:     dK = dV = 0
 *     for each query head of its group, for each tile of M queries that sees it:
 *       S  = Q K',  P = 2^(c S - log2 e lse)                made again; S itself was never kept
 *       dP = dO V',  dS = P o (dP - D)
 *       dV += P' dO,  dK += dS' Q,  dQ += scale dS K        dQ in f32 in global memory
 *     dK *= scale
 *
 * FlashAttention-2's single pass (Dao 2023): five products where two passes over the tiles take seven. The
 * warps of a block share each product in a way of its own, since what is cheap depends on its shape (warps
 * down x across, each with 16 MB rows and 8 NB columns):
 *
 *               warps    M    N      S, dP   dV, dK   dQ      f32 a thread: S + dP, dV + dK, dQ   shared memory
 *   D <= 32     4 x 3   64   64     2 x 2   2 x 2    2 x 2    64, 32, 16                           41 KiB
 *   D <= 64     4 x 3   64   64     2 x 2   2 x 2    2 x 2    64, 64, 32                           65 KiB
 *   D <= 128    8 x 1   64  128     2 x 4   4 x 2    2 x 4    64, 128, 32                         161 KiB
 *
 * Three blocks of four warps at D <= 64 overlap each other's phases: on an H100 0.97 of FlashAttention-2 at
 * 16k where one block of eight with tiles of 128 x 128 reached 0.92 (reports/evidence/05-cuda.md). Halves as
 * in flash_mma_halves.cu gave 1.03 of this at N = 4096 and 1.04 at 16k at D = 64, but 0.92 in the causal case
 * at N = 1024, where their tiles of 128 x 128 waste more: not taken.
 *
 * P and dS pass through shared memory, because dV and dK read them by columns. Tiles of Q and dO have two
 * places: the next are on their way during the five products, and a tile costs two barriers.
 *
 * dQ is summed over key tiles in global memory, by atomic additions in f32 or in a fixed order: dq_sums.cuh.
 *
 * NaN: as in the forward pass, what a row does not see must not reach it through 0 * NaN (seen.cuh). */
#include "flash_mma_backward.cuh"

namespace {

/* Tiles, warps a block and blocks a multiprocessor, warps down in each product (across: what remains). */
struct small {
  static constexpr int warps = 4, blocks = 3, M = 64, N = 64, s_down = 2, kv_down = 2, q_down = 2;
};
template <int SIZE> struct shape;
template <> struct shape<32> : small { static constexpr int D = 32; };
template <> struct shape<64> : small { static constexpr int D = 64; };
template <> struct shape<128> {
  static constexpr int D = 128, warps = 8, blocks = 1, M = 64, N = 128, s_down = 2, kv_down = 4, q_down = 2;
};
template <int D> using places = nlg_backward_places<D, shape<D>::M, shape<D>::N>;
} // namespace

/* EXTRAS: softcap, dropout. */
template <typename T, int D, bool EXTRAS>
__global__ void __launch_bounds__(shape<D>::warps * 32, shape<D>::blocks)
    flash_mma_backward(const __grid_constant__ nlg_attention a, const nlg_dq_sums dq) {
  typedef shape<D> shape;
  typedef places<D> at;
  typedef nlg_tile<D> tile;
  constexpr int M = shape::M, N = shape::N, WARPS = shape::warps, THREADS = WARPS * 32;
  constexpr int s_down = shape::s_down, s_across = WARPS / s_down, SM = M / s_down / 16,
                SN = N / s_across / 8;
  constexpr int kv_down = shape::kv_down, kv_across = WARPS / kv_down, KM = N / kv_down / 16,
                KN = D / kv_across / 8;
  constexpr int q_down = shape::q_down, q_across = WARPS / q_down, QM = M / q_down / 16,
                QN = D / q_across / 8;
  extern __shared__ __align__(128) unsigned char nlg_shared[];
  const uint32_t shared = nlg_shared_address(nlg_shared);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;

  const int slot = blockIdx.x % dq.slots, unit = blockIdx.x / dq.slots, kv_head = unit % a.kv_heads,
            seq = unit / a.kv_heads;
  const nlg_sequence s = nlg_sequence_of(a, seq);
  const T *k = (const T *)a.k.data + s.batch * a.k.batch + kv_head * a.k.head + s.k_begin * a.k.row;
  const T *v = (const T *)a.v.data + s.batch * a.v.batch + kv_head * a.v.head + s.k_begin * a.v.row;
  float *dq_sums = dq.of_slot(slot);

  /* This warp's part of each product, and this lane's addresses in its operands. */
  const int s_row = warp % s_down * SM * 16, s_column = warp / s_down * SN * 8;
  const int kv_row = warp % kv_down * KM * 16, kv_column = warp / kv_down * KN * 8;
  const int q_row = warp % q_down * QM * 16, q_column = warp / q_down * QN * 8;
  const uint32_t s_left = shared + tile::by_rows(s_row, lane),
                 s_right = shared + tile::by_columns(s_column, lane);
  const uint32_t kv_left = nlg_tile<N>::along(shared + nlg_tile<N>::by_columns(0, lane), kv_row / 16);
  const uint32_t kv_right = tile::along(shared + tile::by_rows(0, lane), kv_column / 16);
  const uint32_t q_left = shared + nlg_tile<N>::by_rows(q_row, lane);
  const uint32_t q_right = tile::along(shared + tile::by_rows(0, lane), q_column / 16);
  const float c = (float)a.scale * NLG_LOG2E, keep = EXTRAS && a.drop_below ? (float)a.keep : 1.0f;

  for (int key_of_tile = slot * N; key_of_tile < s.nk; key_of_tile += dq.slots * N) {
    const int keys = min(N, s.nk - key_of_tile);
    const int first = nlg_first_row(a, s, key_of_tile), last = nlg_last_row(a, s, key_of_tile + keys - 1);
    const int begin = first / M, tiles = first < last ? (last + M - 1) / M - begin : 0,
              count = tiles * a.group;
    float dK[KM][KN][4] = {}, dV[KM][KN][4] = {};

    /* Steps walk the tiles of queries of one head of the group, then those of the next. */
    auto load = [&](int head, int m, int place) {
      nlg_backward_load<T, D, M, N, THREADS>(a, s, head, m, shared, place);
    };
    __syncthreads(); /* the tile of keys before is done with */
    nlg_tile_load<D, N, THREADS>(shared + at::K, k + key_of_tile * a.k.row, a.k.row, keys, a.head_dim);
    nlg_tile_load<D, N, THREADS>(shared + at::V, v + key_of_tile * a.v.row, a.v.row, keys, a.value_dim);
    int head = kv_head * a.group, m = begin;
    if (count > 0) load(head, m, 0);
    nlg_copy_commit();

    for (int n = 0; n < count; n++) {
      const bool turns = m + 1 == begin + tiles; /* to the next head */
      const int next_head = turns ? head + 1 : head, next_m = turns ? begin : m + 1, row_of_tile = m * M;
      const uint32_t place = n % 2 * at::q_bytes;
      nlg_copy_wait<0>();
      __syncthreads(); /* the tiles of step n are there; nobody reads those of n - 1, P or dS any more */
      if (n + 1 < count) load(next_head, next_m, (n + 1) % 2);
      nlg_copy_commit();
      const int row = row_of_tile + s_row + g, key = key_of_tile + s_column + 2 * t;
      const bool whole = row_of_tile + M <= s.nq && nlg_first_key(a, s, row_of_tile + M - 1) <= key_of_tile &&
                         key_of_tile + N <= nlg_last_key(a, s, row_of_tile);

      float S[SM][SN][4] = {}, dP[SM][SN][4] = {};
      nlg_product<T, D / 16, D, true, D, false>(S, s_left + at::Q + place, s_right + at::K);
      if (!whole) nlg_hide(a, s, row, key, -INFINITY, S);
      /* with EXTRAS c is made anew: a register less over the loop, and no or half the spills */
      nlg_backward_weights<T, N, EXTRAS>(
          a, s, head, row, key, s_row + g, s_column + 2 * t, EXTRAS ? (float)a.scale * NLG_LOG2E : c,
          (const float *)(nlg_shared + at::lse) + n % 2 * M, nlg_shared + at::P, S);

      nlg_product<T, D / 16, D, true, D, false>(dP, s_left + at::dO + place, s_right + at::V);
#pragma unroll
      for (int mb = 0; mb < SM; mb++)
#pragma unroll
        for (int h = 0; h < 2; h++) {
          float delta = ((const float *)(nlg_shared + at::delta))[n % 2 * M + s_row + g + mb * 16 + h * 8];
#pragma unroll
          for (int nb = 0; nb < SN; nb++)
#pragma unroll
            for (int e = 2 * h; e < 2 * h + 2; e++)
              dP[mb][nb][e] = nlg_score_gradient<EXTRAS>(S[mb][nb][e], dP[mb][nb][e], delta, keep);
        }
      if (!whole) nlg_hide(a, s, row, key, 0, dP);
      nlg_tile_put_all<T, N>(nlg_shared + at::dS, s_row + g, s_column + 2 * t, 1, dP);
      __syncthreads(); /* P and dS are there for all */

      float dQ[QM][QN][4] = {};
      const unsigned char *Q = nlg_shared + at::Q + place, *dO = nlg_shared + at::dO + place,
                          *K = nlg_shared + at::K;
      const bool finite = whole || nlg_backward_finite<T, D, M, N, THREADS>(
                                       Q, dO, K, (const float *)(nlg_shared + at::lse) + n % 2 * M);
      if (finite) {
        nlg_product<T, M / 16, N, false, D, true>(dV, kv_left + at::P, kv_right + at::dO + place);
        nlg_product<T, N / 16, N, true, D, true>(dQ, q_left + at::dS, q_right + at::K);
        nlg_product<T, M / 16, N, false, D, true>(dK, kv_left + at::dS, kv_right + at::Q + place);
      } else {
        const unsigned char *P = nlg_shared + at::P, *dS = nlg_shared + at::dS;
        auto key_sees = [&](int r, int i) {
          return nlg_sees(a, s, row_of_tile + i, key_of_tile + kv_row + g + r * 8);
        };
        auto row_sees = [&](int r, int j) {
          return nlg_sees(a, s, row_of_tile + q_row + g + r * 8, key_of_tile + j);
        };
        auto kv_at = [&](const unsigned char *x, int k, int d) {
          return nlg_tile_at<D, T>(x, k, kv_column + 2 * t + d / 2 * 8 + d % 2);
        };
        nlg_add_seen<M>(
            dV, [&](int r, int i) { return nlg_tile_at<N, T>(P, i, kv_row + g + r * 8); }, key_sees,
            [&](int i, int d) { return kv_at(dO, i, d); });
        nlg_add_seen<N>(
            dQ, [&](int r, int j) { return nlg_tile_at<N, T>(dS, q_row + g + r * 8, j); }, row_sees,
            [&](int j, int d) { return nlg_tile_at<D, T>(K, j, q_column + 2 * t + d / 2 * 8 + d % 2); });
        nlg_add_seen<M>(
            dK, [&](int r, int i) { return nlg_tile_at<N, T>(dS, i, kv_row + g + r * 8); }, key_sees,
            [&](int i, int d) { return kv_at(Q, i, d); });
      }
      nlg_dq_add<THREADS>(dq_sums + nlg_dq_tile<M, D>(a, s, seq, head, m), dQ);
      head = next_head, m = next_m;
    }

    nlg_copy_wait<0>();
    __syncthreads(); /* nobody reads Q and dO any more: dK and dV take their places */
    unsigned char *left = nlg_shared + at::Q, *right = left + at::kv_bytes;
    nlg_tile_put_all<T, D>(left, kv_row + g, kv_column + 2 * t, (float)a.scale, dK);
    nlg_tile_put_all<T, D>(right, kv_row + g, kv_column + 2 * t, keep, dV);
    __syncthreads();
    T *dk =
        (T *)a.dk.data + s.batch * a.dk.batch + kv_head * a.dk.head + (s.k_begin + key_of_tile) * a.dk.row;
    T *dv =
        (T *)a.dv.data + s.batch * a.dv.batch + kv_head * a.dv.head + (s.k_begin + key_of_tile) * a.dv.row;
    nlg_rows_store<D, N / WARPS>(left, warp * (N / WARPS), dk, a.dk.row, keys, a.head_dim);
    nlg_rows_store<D, N / WARPS>(right, warp * (N / WARPS), dv, a.dv.row, keys, a.value_dim);
  }
}

template <typename T, int D, bool EXTRAS>
static nl_status launch(nlg_device *device, const nlg_attention *a, bool deterministic) {
  return nlg_flash_mma_backward_run<T, shape<D>>(device, a, deterministic, flash_mma_backward<T, D, EXTRAS>,
                                                 places<D>::bytes);
}

template <typename T, bool EXTRAS>
static nl_status by_size(nlg_device *device, const nlg_attention *a, bool deterministic) {
  switch (nlg_mma_bucket(a->head_dim, a->value_dim)) {
  case 32: return launch<T, 32, EXTRAS>(device, a, deterministic);
  case 64: return launch<T, 64, EXTRAS>(device, a, deterministic);
  default: return launch<T, 128, EXTRAS>(device, a, deterministic);
  }
}

template <typename T>
static nl_status by_options(nlg_device *device, const nlg_attention *a, bool deterministic) {
  bool extras = a->softcap > 0 || a->drop_below;
  return extras ? by_size<T, true>(device, a, deterministic) : by_size<T, false>(device, a, deterministic);
}

nl_status nlg_flash_mma_backward(nlg_device *device, const nl_attention_pass *pass, nlg_attention *params) {
  NL_TRY(nlg_attention_delta(device, pass, params));
  if (nlg_host->interrupted()) return nlg_fail(NL_INTERRUPTED, "attention: interrupted");
  const int bucket = nlg_mma_bucket(params->head_dim, params->value_dim);
  if (bucket > 64 && (size_t)nlg_flash_mma_halves_bytes(bucket) <= device->properties.sharedMemPerBlockOptin)
    return nlg_flash_mma_halves(device, pass, params);
  bool deterministic = pass->deterministic;
  return pass->q.dtype == NL_F16 ? by_options<__half>(device, params, deterministic)
                                 : by_options<__nv_bfloat16>(device, params, deterministic);
}

int nlg_flash_mma_backward_bytes(int bucket) {
  return bucket == 32    ? places<32>::bytes
         : bucket == 64  ? places<64>::bytes
         : bucket == 128 ? places<128>::bytes
                         : nlg_flash_mma_halves_bytes(bucket);
}
