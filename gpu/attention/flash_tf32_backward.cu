/* flash_tf32, backward: f32 through three TF32 products for each (split.cuh; sm_80 and later), to f32's
 * accuracy.
 *
 *   D_i = sum_c dO(i,c) O(i,c)                              delta.cu
 *   for a tile of N keys of a key head:     dK = dV = 0
 *     for each query head of its group, for each tile of M queries that sees it:
 *       S' = K Q',  P' = 2^(c S' - log2 e lse),  dV += P' dO
 *       dP' = V dO',  dS' = P' o (dP' - D),      dK += dS' Q
 *       dQ += scale dS K                                    dq_sums.cuh
 *     dK *= scale
 *
 * One pass, five products (Dao 2023). Scores are made transposed, keys down, queries across: so each warp
 * owns 16 MB keys, and P' and dS' are the left operands of dV and dK as they lie in registers. dS' alone
 * passes through shared memory, for dQ, which the warps share D M / 512 x across. N = 128.
 *
 *               warps  MB  M     f32 a thread: dV + dK, S + dP   shared: K, V + Q, dO twice + dS
 *   D <= 32     4      2   64    64, 128                         32 + 32 + 32 KiB, two blocks an SM
 *   D <= 64     4      2   32    128, 64                         64 + 32 + 16 KiB, two
 *   D <= 128    8      1   32    128, 32                         128 + 64 + 16 KiB, one
 *
 * Tiles of Q and dO have two places; the next are on their way during the five products. dV is made before
 * dP, so that fewer numbers are alive at once. NaN: what a row does not see must not reach it (seen.cuh). */
#include "dq_sums.cuh"
#include "flash_tf32.cuh"

namespace {
template <int D> struct shape;
template <> struct shape<32> { static constexpr int WARPS = 4, MB = 2, M = 64; };
template <> struct shape<64> { static constexpr int WARPS = 4, MB = 2, M = 32; };
template <> struct shape<128> { static constexpr int WARPS = 8, MB = 1, M = 32; };

/* Sizes, and places in shared memory in bytes. */
template <int D> struct layout : shape<D> {
  typedef shape<D> of;
  static constexpr int THREADS = of::WARPS * 32, N = of::WARPS * of::MB * 16, M = of::M;
  static constexpr int down = M / 16; /* warps share dQ down x D / 32 */
  static constexpr int q_bytes = M * D * 4, kv_bytes = N * D * 4;
  static constexpr int K = 0, V = kv_bytes, Q = 2 * kv_bytes, dO = Q + 2 * q_bytes, dS = dO + 2 * q_bytes,
                       lse = dS + M * N * 4, delta = lse + 2 * M * 4, bytes = delta + 2 * M * 4;
  static_assert(down * (D / 32) == of::WARPS, "every warp has a part of dQ, 16 x 32");
};

/* As nlg_hide, of S': keys key + 16 mb + 8 h, rows row + 8 nb + e. */
template <int MB, int NB>
__device__ inline void hide(const nlg_attention &a, const nlg_sequence &s, int row, int key,
                            float (&S)[MB][NB][4]) {
#pragma unroll
  for (int nb = 0; nb < NB; nb++)
#pragma unroll
    for (int e = 0; e < 2; e++) {
      int i = row + nb * 8 + e, first = nlg_first_key(a, s, i) - key;
      int last = i < s.nq ? nlg_last_key(a, s, i) - key : 0;
#pragma unroll
      for (int r = 0; r < 2 * MB; r++)
        if (r * 8 < first || r * 8 >= last) S[r / 2][nb][r % 2 * 2 + e] = 0;
    }
}
} // namespace

/* EXTRAS: softcap, dropout. */
template <int D, bool EXTRAS>
__global__ void __launch_bounds__(layout<D>::THREADS)
    flash_tf32_backward(const __grid_constant__ nlg_attention a, const nlg_dq_sums dq) {
  typedef layout<D> at;
  typedef nlg_tile<2 * D> tile;
  constexpr int M = at::M, N = at::N, MB = at::MB, NB = M / 8, THREADS = at::THREADS, P = 2 * D;
  extern __shared__ __align__(128) unsigned char nlg_shared[];
  const uint32_t shared = nlg_shared_address(nlg_shared);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;

  const int slot = blockIdx.x % dq.slots, unit = blockIdx.x / dq.slots, kv_head = unit % a.kv_heads;
  const int seq = unit / a.kv_heads;
  const nlg_sequence s = nlg_sequence_of(a, seq);
  const float *k = (const float *)a.k.data + s.batch * a.k.batch + kv_head * a.k.head + s.k_begin * a.k.row;
  const float *v = (const float *)a.v.data + s.batch * a.v.batch + kv_head * a.v.head + s.k_begin * a.v.row;
  float *dq_sums = dq.of_slot(slot);

  const int kv_row = warp * MB * 16, q_row = warp % at::down * 16, q_column = warp / at::down * 32;
  const uint32_t left = shared + tile::by_rows(kv_row, lane), right = shared + tile::by_columns(0, lane);
  const float c = (float)a.scale * NLG_LOG2E, keep = EXTRAS && a.drop_below ? (float)a.keep : 1.0f;

  for (int key_of_tile = slot * N; key_of_tile < s.nk; key_of_tile += dq.slots * N) {
    const int keys = min(N, s.nk - key_of_tile), key = key_of_tile + kv_row + g; /* this lane's first */
    const int first = nlg_first_row(a, s, key_of_tile), last = nlg_last_row(a, s, key_of_tile + keys - 1);
    const int begin = first / M, tiles = first < last ? (last + M - 1) / M - begin : 0,
              count = tiles * a.group;
    float dK[MB][D / 8][4] = {}, dV[MB][D / 8][4] = {};

    /* Step n is tile begin + n % tiles of head n / tiles of the group. */
    auto load = [&](int n) {
      const int head = kv_head * a.group + n / tiles, row = (begin + n % tiles) * M, rows = s.nq - row;
      const int place = n % 2, i = threadIdx.x % M;
      const float *q = (const float *)a.q.data + s.batch * a.q.batch + head * a.q.head;
      const float *dout = (const float *)a.dout.data + s.batch * a.dout.batch + head * a.dout.head;
      nlg_tile_load<P, M, THREADS>(shared + at::Q + place * at::q_bytes, q + (s.q_begin + row) * a.q.row,
                                   a.q.row, rows, a.head_dim);
      nlg_tile_load<P, M, THREADS>(shared + at::dO + place * at::q_bytes,
                                   dout + (s.q_begin + row) * a.dout.row, a.dout.row, rows, a.value_dim);
      const int64_t r =
          ((int64_t)s.batch * a.heads + head) * a.total_q + s.q_begin + row + (i < rows ? i : 0);
      if (threadIdx.x < M)
        nlg_copy_word_async(shared + at::lse + (place * M + i) * 4, (const float *)a.lse + r, i < rows);
      else if (threadIdx.x < 2 * M)
        nlg_copy_word_async(shared + at::delta + (place * M + i) * 4, (const float *)a.delta + r, i < rows);
    };
    __syncthreads(); /* the tile of keys before is done with */
    nlg_tile_load<P, N, THREADS>(shared + at::K, k + key_of_tile * a.k.row, a.k.row, keys, a.head_dim);
    nlg_tile_load<P, N, THREADS>(shared + at::V, v + key_of_tile * a.v.row, a.v.row, keys, a.value_dim);
    if (count > 0) load(0);
    nlg_copy_commit();

    for (int n = 0; n < count; n++) {
      const int head = kv_head * a.group + n / tiles, m = begin + n % tiles, row_of_tile = m * M;
      const uint32_t place = n % 2 * at::q_bytes;
      nlg_copy_wait<0>();
      __syncthreads(); /* the tiles of step n are there for all; nobody reads those of n - 1 or dS any more */
      if (n + 1 < count) load(n + 1);
      nlg_copy_commit();
      const int row = row_of_tile + 2 * t; /* this lane's first */
      const bool whole = row_of_tile + M <= s.nq && nlg_first_key(a, s, row_of_tile + M - 1) <= key_of_tile &&
                         key_of_tile + N <= nlg_last_key(a, s, row_of_tile);
      const float *lse = (const float *)(nlg_shared + at::lse) + n % 2 * M;
      const float *delta = (const float *)(nlg_shared + at::delta) + n % 2 * M;
      const unsigned char *Q = nlg_shared + at::Q + place, *dO = nlg_shared + at::dO + place;
      const unsigned char *K = nlg_shared + at::K;
      unsigned char *dS = nlg_shared + at::dS;
      bool finite = whole;
      if (!whole) {
        finite = !__syncthreads_or(threadIdx.x < M && isnan(lse[threadIdx.x]));
        finite = !nlg_tile_not_finite<P, M, THREADS, float>(Q) && finite;
        finite = !nlg_tile_not_finite<P, M, THREADS, float>(dO) && finite;
        finite = !nlg_tile_not_finite<P, N, THREADS, float>(K) && finite;
      }
      auto key_sees = [&](int r, int i) { return nlg_sees(a, s, row_of_tile + i, key + r * 8); };

      float S[MB][NB][4] =
          {}; /* S', then P' as it came from the softmax; beside it what dropout leaves of it */
      nlg_product_split<D / 8, D>(S, left + at::K, right + at::Q + place);
      {
        float room[MB][NB][4], (&W)[MB][NB][4] = EXTRAS ? room : S;
#pragma unroll
        for (int nb = 0; nb < NB; nb++)
#pragma unroll
          for (int e = 0; e < 2; e++) {
            float l = lse[nb * 8 + 2 * t + e] * NLG_LOG2E;
            if (l == -INFINITY) l = INFINITY; /* then P = 0 */
#pragma unroll
            for (int r = 0; r < 2 * MB; r++) {
              float &x = S[r / 2][nb][r % 2 * 2 + e], &w = W[r / 2][nb][r % 2 * 2 + e];
              if (EXTRAS && a.softcap > 0) {
                float u = nlg_tanh(x * (float)(a.scale / a.softcap));
                w = nlg_exp2((float)a.softcap * NLG_LOG2E * u - l), x = w * (1 - u * u);
              } else w = x = nlg_exp2(x * c - l);
              if (EXTRAS && a.drop_below && nlg_dropped(a, s, head, row + nb * 8 + e, key + r * 8))
                w = 0, x = -x; /* the sign says what was dropped */
            }
          }
        if (!whole) hide(a, s, row, key, W);
        if (finite) nlg_product_down<NB, D>(dV, W, dO);
        else
          nlg_add_seen<M>(dV, nlg_weights<MB, NB>(W), key_sees,
                          [&](int i, int d) { return nlg_tile_at<P, float>(dO, i, nlg_slab_column(d)); });
      }

      float dP[MB][NB][4] = {}; /* dP', then dS' */
      nlg_product_split<D / 8, D>(dP, left + at::V, right + at::dO + place);
#pragma unroll
      for (int nb = 0; nb < NB; nb++)
#pragma unroll
        for (int e = 0; e < 2; e++) {
          const float d = delta[nb * 8 + 2 * t + e];
#pragma unroll
          for (int r = 0; r < 2 * MB; r++) {
            float p = S[r / 2][nb][r % 2 * 2 + e], &x = dP[r / 2][nb][r % 2 * 2 + e];
            x = EXTRAS ? fabsf(p) * ((signbit(p) ? 0 : x * keep) - d) : p * (x - d);
          }
        }
      if (!whole) hide(a, s, row, key, dP);
#pragma unroll
      for (int r = 0; r < 2 * MB; r++)
#pragma unroll
        for (int nb = 0; nb < NB; nb++) {
          const float(&x)[4] = dP[r / 2][nb];
          const uint32_t place = nlg_tile<2 * M>::offset(kv_row + g + r * 8, nb * 2 + t / 2) + t % 2 * 8;
          *(float2 *)(dS + place) = make_float2(x[r % 2 * 2], x[r % 2 * 2 + 1]);
        }
      if (finite) nlg_product_down<NB, D>(dK, dP, Q);
      else
        nlg_add_seen<M>(dK, nlg_weights<MB, NB>(dP), key_sees,
                        [&](int i, int d) { return nlg_tile_at<P, float>(Q, i, nlg_slab_column(d)); });
      __syncthreads(); /* dS is there for all */

      float dQ[1][4][4] = {}; /* rows q_row + 2g + h */
      if (finite) nlg_product_across<N / 8, M, D>(dQ, dS, q_row, K, q_column);
      else
        nlg_add_seen<N>(
            dQ, [&](int h, int j) { return nlg_tile_at<2 * M, float>(dS, j, q_row + 2 * g + h); },
            [&](int h, int j) { return nlg_sees(a, s, row_of_tile + q_row + 2 * g + h, key_of_tile + j); },
            [&](int j, int d) { return nlg_tile_at<P, float>(K, j, q_column + nlg_slab_column(d)); });
      nlg_dq_add<THREADS>(dq_sums + nlg_dq_tile<M, D>(a, s, seq, head, m), dQ);
    }

    nlg_copy_wait<0>();
    float *dk = (float *)a.dk.data + s.batch * a.dk.batch + kv_head * a.dk.head +
                (s.k_begin + key_of_tile) * a.dk.row;
    float *dv = (float *)a.dv.data + s.batch * a.dv.batch + kv_head * a.dv.head +
                (s.k_begin + key_of_tile) * a.dv.row;
    nlg_slab_store(dK, (float)a.scale, kv_row + g, 8, dk, a.dk.row, keys, a.head_dim);
    nlg_slab_store(dV, keep, kv_row + g, 8, dv, a.dv.row, keys, a.value_dim);
  }
}

/* dQ from its sums. */
template <int D>
__global__ void __launch_bounds__(layout<D>::THREADS)
    flash_tf32_dq(const __grid_constant__ nlg_attention a, const nlg_dq_sums sums, int query_tiles) {
  typedef layout<D> at;
  constexpr int M = at::M;
  const int warp = threadIdx.x / 32, g = threadIdx.x % 32 / 4;
  const int unit = blockIdx.x / query_tiles, m = blockIdx.x % query_tiles, head = unit % a.heads,
            seq = unit / a.heads;
  const int q_row = warp % at::down * 16, q_column = warp / at::down * 32;
  const nlg_sequence s = nlg_sequence_of(a, seq);
  if (m * M >= s.nq) return;
  float dQ[1][4][4] = {};
  nlg_dq_sum<at::THREADS>(sums, nlg_dq_tile<M, D>(a, s, seq, head, m), dQ);
  float *dq = (float *)a.dq.data + s.batch * a.dq.batch + head * a.dq.head + (s.q_begin + m * M) * a.dq.row;
  nlg_slab_store(dQ, (float)a.scale, q_row + 2 * g, 1, dq + q_column, a.dq.row, s.nq - m * M,
                 a.head_dim - q_column);
}

template <int D, bool EXTRAS>
static nl_status launch(nlg_device *device, const nlg_attention *a, bool deterministic) {
  constexpr int M = layout<D>::M, N = layout<D>::N, bytes = layout<D>::bytes, THREADS = layout<D>::THREADS;
  nlg_workspace<float> room(device);
  nlg_dq_sums sums;
  NL_TRY((nlg_dq_open<M, N, D>(device, a, deterministic, &room, &sums)));

  auto kernel = flash_tf32_backward<D, EXTRAS>;
  const int64_t blocks = (int64_t)sums.slots * a->kv_heads * a->sequences;
  NLG_CUDA(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
  kernel<<<(unsigned)blocks, THREADS, bytes, device->stream>>>(*a, sums);
  NLG_LAUNCHED(device, "attention, flash_tf32 backward");

  auto finish = flash_tf32_dq<D>;
  const int64_t query_tiles = nlg_ceil_div(a->nq, M), tiles = query_tiles * a->heads * a->sequences;
  finish<<<(unsigned)tiles, THREADS, 0, device->stream>>>(*a, sums, (int)query_tiles);
  NLG_LAUNCHED(device, "attention, flash_tf32 dq");
  return NL_OK;
}

template <bool EXTRAS>
static nl_status by_size(nlg_device *device, const nlg_attention *a, bool deterministic) {
  switch (nlg_tf32_bucket(a->head_dim, a->value_dim)) {
  case 32: return launch<32, EXTRAS>(device, a, deterministic);
  case 64: return launch<64, EXTRAS>(device, a, deterministic);
  default: return launch<128, EXTRAS>(device, a, deterministic);
  }
}

nl_status nlg_flash_tf32_backward(nlg_device *device, const nl_attention_pass *pass, nlg_attention *params) {
  NL_TRY(nlg_attention_delta(device, pass, params));
  if (nlg_host->interrupted()) return nlg_fail(NL_INTERRUPTED, "attention: interrupted");
  bool extras = params->softcap > 0 || params->drop_below;
  return extras ? by_size<true>(device, params, pass->deterministic)
                : by_size<false>(device, params, pass->deterministic);
}

int nlg_flash_tf32_backward_bytes(int bucket) {
  return bucket == 32 ? layout<32>::bytes : bucket == 64 ? layout<64>::bytes : layout<128>::bytes;
}
