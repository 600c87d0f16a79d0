/* flash_mma, backward at D = 65 to 256: the algorithm of flash_mma_backward.cu, in two halves of a block.
 *
 *   warps 0 to 3   S = Q K',  P = 2^(c S - log2 e lse),  dV += P' dO,   half of dQ
 *   warps 4 to 7   dP = dO V',  dS = P o (dP - D),       dK += dS' Q,   the other half; they load Q and dO
 *
 *                M    N   S, dP   dV, dK   dQ      f32 a thread: S or dP, dV or dK, dQ   shared memory
 *   D <= 128     64  128   2 x 2   2 x 2    2 x 4   64, 128, 32                           193 KiB
 *   D <= 256     64   64   2 x 2   1 x 4    2 x 4   32, 128, 64                           225 KiB
 *
 * (warps down x across: four of a half, all eight in dQ.) Where each warp has a part of all five products the
 * parts are half as large, and a step of a block takes more ldmatrix.x4, of 4 clocks: 1152 at D = 128 and
 * 1344 at 256 for 896 and 960 here. The products of a step, 2560 mma, take some 3700 clocks at what mma.sync
 * reaches: reading and multiplying are as long as each other and must overlap.
 *
 * What can overlap is little: a scheduler has two warps, one of each half, and no other block to turn to. A
 * barrier of the whole block brings both to the same place: the tensor cores wait until the slowest warp has
 * stored its part or added to dQ, both warps begin to read at once, then both want to multiply. So a step has
 * none; a half waits only for what it reads, and the halves drift apart until one multiplies while the other
 * does the rest:
 *
 *   WEIGHTS   first to second    P is there in f32, as lanes of the second half hold dP; and the first is done with
 *                                step n - 1: its dS, and the tiles that give way to those of n + 1
 *   SLOPES    second to first    dS is there, and P in f32 taken
 *   LOADED    second to first    the tiles of step n + 1 are there
 *   FIRST, SECOND                P; dS, and loads: there for the half that made them
 *
 * bf16 on an H100, 16384 tokens, H D = 2048, N = 4096, full, TFLOP/s: 232 with all warps in all products, 267
 * in halves with a barrier of the block in each step, 312 without. The order matters: the second half adds
 * its part of dQ after LOADED, beside the first's next S. Before it, LOADED is the step's last act, the
 * barrier is back in all but name, and it is 263 (reports/evidence/05-cuda.md). The times are measured; why
 * is reasoned from them, counters of stalls were not read. A tile that is not seen as a whole does have
 * barriers of the block.
 *
 * P in f32 takes 32 and 16 KiB of the shared memory; where it is not there (A100: 163 KiB),
 * flash_mma_backward.cu serves up to D = 128. 255 registers; spills: none, at D = 128 three words that a step
 * reads and none writes, with EXTRAS 76 and 16 bytes. */
#include "flash_mma_backward.cuh"

namespace {
/* Tiles; warps down in each product, of the four of a half, for dQ of all eight (across: what remains). */
template <int SIZE> struct shape;
template <> struct shape<128> {
  static constexpr int D = 128, M = 64, N = 128, warps = 8, s_down = 2, kv_down = 2, q_down = 2;
};
template <> struct shape<256> {
  static constexpr int D = 256, M = 64, N = 64, warps = 8, s_down = 2, kv_down = 1, q_down = 2;
};
template <int D> struct places : nlg_backward_places<D, shape<D>::M, shape<D>::N> {
  typedef nlg_backward_places<D, shape<D>::M, shape<D>::N> those;
  static constexpr int weights = those::bytes, bytes = weights + shape<D>::M * shape<D>::N * 4;
};
enum { BLOCK, FIRST, SECOND, WEIGHTS, SLOPES, LOADED }; /* barriers */
} // namespace

/* EXTRAS: softcap, dropout. */
template <typename T, int D, bool EXTRAS>
__global__ void __launch_bounds__(shape<D>::warps * 32, 1)
    flash_mma_halves(const __grid_constant__ nlg_attention a, const nlg_dq_sums dq) {
  typedef shape<D> shape;
  typedef places<D> at;
  constexpr int M = shape::M, N = shape::N, WARPS = shape::warps / 2, HALF = WARPS * 32,
                THREADS = 2 * HALF; /* WARPS: of a half */
  typedef nlg_tile<D> tile;
  constexpr int s_down = shape::s_down, s_across = WARPS / s_down, SM = M / s_down / 16,
                SN = N / s_across / 8;
  constexpr int kv_down = shape::kv_down, kv_across = WARPS / kv_down, KM = N / kv_down / 16,
                KN = D / kv_across / 8;
  constexpr int q_down = shape::q_down, q_across = 2 * WARPS / q_down, QM = M / q_down / 16,
                QN = D / q_across / 8;
  extern __shared__ __align__(128) unsigned char nlg_shared[];
  const uint32_t shared = nlg_shared_address(nlg_shared);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const int second = __shfl_sync(~0u, warp / WARPS, 0),
            one = warp % WARPS; /* which half, and which warp of it */
  const unsigned thread = threadIdx.x % HALF;

  const int slot = blockIdx.x % dq.slots, unit = blockIdx.x / dq.slots, kv_head = unit % a.kv_heads,
            seq = unit / a.kv_heads;
  const nlg_sequence s = nlg_sequence_of(a, seq);
  const T *k = (const T *)a.k.data + s.batch * a.k.batch + kv_head * a.k.head + s.k_begin * a.k.row;
  const T *v = (const T *)a.v.data + s.batch * a.v.batch + kv_head * a.v.head + s.k_begin * a.v.row;
  float *dq_sums = dq.of_slot(slot);

  /* This warp's part of each product, and this lane's addresses in its operands. */
  const int s_row = one % s_down * SM * 16, s_column = one / s_down * SN * 8;
  const int kv_row = one % kv_down * KM * 16, kv_column = one / kv_down * KN * 8;
  const int q_row = warp % q_down * QM * 16, q_column = warp / q_down * QN * 8;
  const uint32_t s_left = shared + tile::by_rows(s_row, lane) + (second ? at::dO : at::Q),
                 s_right = shared + tile::by_columns(s_column, lane) + (second ? at::V : at::K);
  const uint32_t kv_left =
      nlg_tile<N>::along(shared + nlg_tile<N>::by_columns(0, lane), kv_row / 16) + (second ? at::dS : at::P);
  const uint32_t kv_right =
      tile::along(shared + tile::by_rows(0, lane), kv_column / 16) + (second ? at::Q : at::dO);
  const uint32_t q_left = shared + nlg_tile<N>::by_rows(q_row, lane) + at::dS;
  const uint32_t q_right = tile::along(shared + tile::by_rows(0, lane), q_column / 16) + at::K;
  float4 *weights = (float4 *)(nlg_shared + at::weights) + thread;
  const float c = (float)a.scale * NLG_LOG2E, keep = EXTRAS && a.drop_below ? (float)a.keep : 1.0f;

  for (int key_of_tile = slot * N; key_of_tile < s.nk; key_of_tile += dq.slots * N) {
    const int keys = min(N, s.nk - key_of_tile);
    const int first = nlg_first_row(a, s, key_of_tile), last = nlg_last_row(a, s, key_of_tile + keys - 1);
    const int begin = first / M, tiles = first < last ? (last + M - 1) / M - begin : 0,
              count = tiles * a.group;
    float sum[KM][KN][4] = {}; /* dV, dK */

    /* Steps walk the tiles of queries of one head of the group, then those of the next. */
    auto load = [&](int head, int m, int place) {
      nlg_backward_load<T, D, M, N, HALF>(a, s, head, m, shared, place, thread);
    };
    __syncthreads(); /* the tile of keys before is done with */
    nlg_tile_load<D, N, THREADS>(shared + at::K, k + key_of_tile * a.k.row, a.k.row, keys, a.head_dim);
    nlg_tile_load<D, N, THREADS>(shared + at::V, v + key_of_tile * a.v.row, a.v.row, keys, a.value_dim);
    int head = kv_head * a.group, m = begin;
    if (count > 0 && second) load(head, m, 0);
    nlg_copy_commit();
    nlg_copy_wait<0>();
    __syncthreads(); /* the tiles of step 0, K and V are there */

    for (int n = 0; n < count; n++) {
      const bool turns = m + 1 == begin + tiles; /* to the next head */
      const int next_head = turns ? head + 1 : head, next_m = turns ? begin : m + 1, row_of_tile = m * M;
      const uint32_t place = n % 2 * at::q_bytes;
      if (!second && n > 0) nlg_barrier_sync<LOADED, THREADS>();
      const int row = row_of_tile + s_row + g, key = key_of_tile + s_column + 2 * t;
      const bool whole = row_of_tile + M <= s.nq && nlg_first_key(a, s, row_of_tile + M - 1) <= key_of_tile &&
                         key_of_tile + N <= nlg_last_key(a, s, row_of_tile);
      const unsigned char *Q = nlg_shared + at::Q + place, *dO = nlg_shared + at::dO + place,
                          *K = nlg_shared + at::K, *P = nlg_shared + at::P, *dS = nlg_shared + at::dS;
      const float *lse = (const float *)(nlg_shared + at::lse) + n % 2 * M,
                  *delta = (const float *)(nlg_shared + at::delta) + n % 2 * M;
      const bool finite = whole || nlg_backward_finite<T, D, M, N, THREADS>(Q, dO, K, lse);

      float S[SM][SN][4] = {}; /* or dP */
      nlg_product<T, D / 16, D, true, D, false>(S, s_left + place, s_right);
      if (!second) {
        if (!whole) nlg_hide(a, s, row, key, -INFINITY, S);
        nlg_backward_weights<T, N, EXTRAS>(a, s, head, row, key, s_row + g, s_column + 2 * t, c, lse,
                                           nlg_shared + at::P, S);
#pragma unroll
        for (int i = 0; i < SM * SN; i++) {
          const float(&w)[4] = S[i / SN][i % SN];
          weights[i * HALF] = make_float4(w[0], w[1], w[2], w[3]);
        }
        nlg_barrier_arrive<WEIGHTS, THREADS>();
        nlg_barrier_sync<FIRST, HALF>();
      } else {
        nlg_barrier_sync<WEIGHTS, THREADS>();
#pragma unroll
        for (int mb = 0; mb < SM; mb++) {
          const float d[2] = {delta[s_row + g + mb * 16], delta[s_row + g + mb * 16 + 8]};
#pragma unroll
          for (int nb = 0; nb < SN; nb++) {
            const float4 w4 = weights[(mb * SN + nb) * HALF];
            const float w[4] = {w4.x, w4.y, w4.z, w4.w};
#pragma unroll
            for (int e = 0; e < 4; e++)
              S[mb][nb][e] = nlg_score_gradient<EXTRAS>(w[e], S[mb][nb][e], d[e / 2], keep);
          }
        }
        if (!whole) nlg_hide(a, s, row, key, 0, S);
        nlg_tile_put_all<T, N>(nlg_shared + at::dS, s_row + g, s_column + 2 * t, 1, S);
        nlg_barrier_arrive<SLOPES, THREADS>();
        if (n + 1 < count) load(next_head, next_m, (n + 1) % 2);
        nlg_barrier_sync<SECOND, HALF>();
      }

      if (finite) nlg_product<T, M / 16, N, false, D, true>(sum, kv_left, kv_right + place);
      else
        nlg_add_seen<M>(
            sum, [&](int r, int i) { return nlg_tile_at<N, T>(second ? dS : P, i, kv_row + g + r * 8); },
            [&](int r, int i) { return nlg_sees(a, s, row_of_tile + i, key_of_tile + kv_row + g + r * 8); },
            [&](int i, int d) {
              return nlg_tile_at<D, T>(second ? Q : dO, i, kv_column + 2 * t + d / 2 * 8 + d % 2);
            });
      if (!second) nlg_barrier_sync<SLOPES, THREADS>();
      else {
        nlg_copy_commit();
        nlg_copy_wait<0>();
        if (n + 1 < count) nlg_barrier_arrive<LOADED, THREADS>();
        nlg_barrier_sync<SECOND, HALF>();
      }

      float dQ[QM][QN][4] = {};
      if (finite) nlg_product<T, N / 16, N, true, D, true>(dQ, q_left, q_right);
      else
        nlg_add_seen<N>(
            dQ, [&](int r, int j) { return nlg_tile_at<N, T>(dS, q_row + g + r * 8, j); },
            [&](int r, int j) { return nlg_sees(a, s, row_of_tile + q_row + g + r * 8, key_of_tile + j); },
            [&](int j, int d) { return nlg_tile_at<D, T>(K, j, q_column + 2 * t + d / 2 * 8 + d % 2); });
      nlg_dq_add<THREADS>(dq_sums + nlg_dq_tile<M, D>(a, s, seq, head, m), dQ);
      head = next_head, m = next_m;
    }

    __syncthreads(); /* nobody reads Q and dO any more: dK and dV take their places */
    unsigned char *made = nlg_shared + at::Q + second * at::kv_bytes;
    nlg_tile_put_all<T, D>(made, kv_row + g, kv_column + 2 * t, second ? (float)a.scale : keep, sum);
    __syncthreads();
    const nlg_operand &to = second ? a.dk : a.dv;
    T *rows = (T *)to.data + s.batch * to.batch + kv_head * to.head + (s.k_begin + key_of_tile) * to.row;
    nlg_rows_store<D, N / WARPS>(made, one * (N / WARPS), rows, to.row, keys,
                                 second ? a.head_dim : a.value_dim);
  }
}

template <typename T, int D>
static nl_status by_options(nlg_device *device, const nlg_attention *a, bool deterministic) {
  const bool extras = a->softcap > 0 || a->drop_below;
  return nlg_flash_mma_backward_run<T, shape<D>>(
      device, a, deterministic, extras ? flash_mma_halves<T, D, true> : flash_mma_halves<T, D, false>,
      places<D>::bytes);
}

template <typename T>
static nl_status by_size(nlg_device *device, const nlg_attention *a, bool deterministic) {
  return nlg_mma_bucket(a->head_dim, a->value_dim) <= 128 ? by_options<T, 128>(device, a, deterministic)
                                                          : by_options<T, 256>(device, a, deterministic);
}

nl_status nlg_flash_mma_halves(nlg_device *device, const nl_attention_pass *pass, const nlg_attention *a) {
  return pass->q.dtype == NL_F16 ? by_size<__half>(device, a, pass->deterministic)
                                 : by_size<__nv_bfloat16>(device, a, pass->deterministic);
}

int nlg_flash_mma_halves_bytes(int bucket) { return bucket == 128 ? places<128>::bytes : places<256>::bytes; }
