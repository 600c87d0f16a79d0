/* What the two kernels of flash_mma's backward pass share (flash_mma_backward.cu, up to D = 128;
 * flash_mma_halves.cu, 65 to 256): places in shared memory, weights and gradients of scores, and the end of
 * dQ. */
#ifndef NLG_FLASH_MMA_BACKWARD_CUH
#define NLG_FLASH_MMA_BACKWARD_CUH

#include "dq_sums.cuh"
#include "flash_mma.cuh"

/* Places in shared memory, in bytes: K and V, two of Q and of dO, P and dS, two of lse and of D_i. */
template <int D, int M, int N> struct nlg_backward_places {
  static constexpr int q_bytes = M * D * 2, kv_bytes = N * D * 2, p_bytes = M * N * 2;
  static constexpr int K = 0, V = K + kv_bytes, Q = V + kv_bytes, dO = Q + 2 * q_bytes, P = dO + 2 * q_bytes,
                       dS = P + p_bytes, lse = dS + p_bytes, delta = lse + 2 * M * 4,
                       bytes = delta + 2 * M * 4;
  static_assert(2 * kv_bytes <= 4 * q_bytes, "dK and dV fit where Q and dO were");
};

/* Tile m of a head's queries, with its rows' lse and D_i, sets out for place 0 or 1; asked by THREADS
 * threads, at least 2 M, of which this is `thread`. */
template <typename T, int D, int M, int N, int THREADS>
__device__ inline void nlg_backward_load(const nlg_attention &a, const nlg_sequence &s, int head, int m,
                                         uint32_t shared, int place, unsigned thread = threadIdx.x) {
  typedef nlg_backward_places<D, M, N> at;
  const int row = m * M, rows = s.nq - row;
  const T *q = (const T *)a.q.data + s.batch * a.q.batch + head * a.q.head + (s.q_begin + row) * a.q.row;
  const T *dout =
      (const T *)a.dout.data + s.batch * a.dout.batch + head * a.dout.head + (s.q_begin + row) * a.dout.row;
  nlg_tile_load<D, M, THREADS>(shared + at::Q + place * at::q_bytes, q, a.q.row, rows, a.head_dim, thread);
  nlg_tile_load<D, M, THREADS>(shared + at::dO + place * at::q_bytes, dout, a.dout.row, rows, a.value_dim,
                               thread);
  int i = thread % M;
  int64_t r = ((int64_t)s.batch * a.heads + head) * a.total_q + s.q_begin + row + (i < rows ? i : 0);
  if (thread < M)
    nlg_copy_word_async(shared + at::lse + (place * M + i) * 4, (const float *)a.lse + r, i < rows);
  else if (thread < 2 * M)
    nlg_copy_word_async(shared + at::delta + (place * M + i) * 4, (const float *)a.delta + r, i < rows);
}

/* P = 2^(c S - log2 e lse) into its tile, rounded, dropout included; of scores from (row, key) on, as mma
 * leaves them, at (i, j) of the tile, where lse[0] is its first row's. In S stays what dS wants: P, or with
 * EXTRAS P times the softcap's slope, whose sign says what was dropped. */
template <typename T, int N, bool EXTRAS, int MB, int NB>
__device__ inline void nlg_backward_weights(const nlg_attention &a, const nlg_sequence &s, int head, int row,
                                            int key, int i, int j, float c, const float *lse_of_tile,
                                            unsigned char *P, float (&S)[MB][NB][4]) {
#pragma unroll
  for (int mb = 0; mb < MB; mb++)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      const int r = mb * 16 + h * 8;
      float lse = lse_of_tile[i + r] * NLG_LOG2E;
      if (lse == -INFINITY) lse = INFINITY; /* then P = 0 */
#pragma unroll
      for (int nb = 0; nb < NB; nb++) {
        float(&S4)[4] = S[mb][nb];
        float w[2], slope[2] = {1, 1};
        bool dropped[2] = {false, false};
#pragma unroll
        for (int e = 0; e < 2; e++) {
          float x = S4[2 * h + e] * c;
          if (EXTRAS && a.softcap > 0) {
            float u = nlg_tanh(S4[2 * h + e] * (float)(a.scale / a.softcap));
            x = (float)a.softcap * NLG_LOG2E * u, slope[e] = 1 - u * u;
            if (S4[2 * h + e] == -INFINITY) x = -INFINITY;
          }
          w[e] = nlg_exp2(x - lse);
        }
        if (EXTRAS && a.drop_below) nlg_dropped_pair(a, s, head, row + r, key + nb * 8, dropped);
        nlg_tile_put<T, N>(P, i + r, j + nb * 8, dropped[0] ? 0 : w[0], dropped[1] ? 0 : w[1]);
#pragma unroll
        for (int e = 0; e < 2; e++)
          S4[2 * h + e] = !EXTRAS ? w[e] : dropped[e] ? -w[e] * slope[e] : w[e] * slope[e];
      }
    }
}

/* dS = P (dP - D) of one score, from what nlg_backward_weights left; keep: 1 / (1 - dropout). */
template <bool EXTRAS>
__device__ inline float nlg_score_gradient(float w, float dP, float delta, float keep) {
  if (!EXTRAS) return w * (dP - delta);
  return fabsf(w) * ((signbit(w) ? 0 : dP * keep) - delta);
}

/* In a tile that is not seen as a whole: can nothing reach, as 0 times an infinity or NaN, what does not see
 * it? Asked by all threads of the block. */
template <typename T, int D, int M, int N, int THREADS>
__device__ inline bool nlg_backward_finite(const unsigned char *Q, const unsigned char *dO,
                                           const unsigned char *K, const float *lse_of_tile) {
  bool finite = !__syncthreads_or(threadIdx.x < M && isnan(lse_of_tile[threadIdx.x]));
  finite = !nlg_tile_not_finite<D, M, THREADS, T>(Q) && finite;
  finite = !nlg_tile_not_finite<D, M, THREADS, T>(dO) && finite;
  return !nlg_tile_not_finite<D, N, THREADS, T>(K) && finite;
}

/* --- launching ------------------------------------------------------------------------------------------ */

/* dQ from its sums. SHAPE, of both kernels: D, M, N, warps, and q_down, the warps that share dQ down. */
template <typename T, typename SHAPE>
__global__ void __launch_bounds__(SHAPE::warps * 32)
    flash_mma_dq(const __grid_constant__ nlg_attention a, const nlg_dq_sums sums, int query_tiles) {
  constexpr int WARPS = SHAPE::warps, THREADS = WARPS * 32, M = SHAPE::M, D = SHAPE::D,
                q_down = SHAPE::q_down, QM = M / q_down / 16, QN = D / (WARPS / q_down) / 8;
  extern __shared__ __align__(128) unsigned char nlg_shared[];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const int unit = blockIdx.x / query_tiles, m = blockIdx.x % query_tiles, head = unit % a.heads,
            seq = unit / a.heads;
  const nlg_sequence s = nlg_sequence_of(a, seq);
  if (m * M >= s.nq) return;
  float dQ[QM][QN][4] = {};
  nlg_dq_sum<THREADS>(sums, nlg_dq_tile<M, D>(a, s, seq, head, m), dQ);
  nlg_tile_put_all<T, D>(nlg_shared, warp % q_down * QM * 16 + lane / 4,
                         warp / q_down * QN * 8 + lane % 4 * 2, (float)a.scale, dQ);
  __syncthreads();
  T *dq = (T *)a.dq.data + s.batch * a.dq.batch + head * a.dq.head + (s.q_begin + m * M) * a.dq.row;
  nlg_rows_store<D, M / WARPS>(nlg_shared, warp * (M / WARPS), dq, a.dq.row, s.nq - m * M, a.head_dim);
}

/* Runs `kernel`, one of the two, with `bytes` of shared memory, then the end of dQ. */
template <typename T, typename SHAPE>
nl_status nlg_flash_mma_backward_run(nlg_device *device, const nlg_attention *a, bool deterministic,
                                     void (*kernel)(nlg_attention, nlg_dq_sums), int bytes) {
  constexpr int M = SHAPE::M, N = SHAPE::N, D = SHAPE::D, THREADS = SHAPE::warps * 32;
  nlg_workspace<float> room(device);
  nlg_dq_sums sums;
  NL_TRY((nlg_dq_open<M, N, D>(device, a, deterministic, &room, &sums)));

  const int64_t blocks = (int64_t)sums.slots * a->kv_heads * a->sequences;
  NLG_CUDA(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
  kernel<<<(unsigned)blocks, THREADS, bytes, device->stream>>>(*a, sums);
  NLG_LAUNCHED(device, "attention, flash_mma backward");

  auto finish = flash_mma_dq<T, SHAPE>;
  const int64_t query_tiles = nlg_ceil_div(a->nq, M), tiles = query_tiles * a->heads * a->sequences;
  NLG_CUDA(cudaFuncSetAttribute(finish, cudaFuncAttributeMaxDynamicSharedMemorySize, M * D * 2));
  finish<<<(unsigned)tiles, THREADS, M * D * 2, device->stream>>>(*a, sums, (int)query_tiles);
  NLG_LAUNCHED(device, "attention, flash_mma dq");
  return NL_OK;
}

/* The kernel in halves, for sizes of 128 and 256, and what its blocks take of shared memory: the way where
 * that is there, and beyond 128 the only one. flash_mma_halves.cu */
nl_status nlg_flash_mma_halves(nlg_device *device, const nl_attention_pass *pass, const nlg_attention *a);
int nlg_flash_mma_halves_bytes(int bucket);

#endif
