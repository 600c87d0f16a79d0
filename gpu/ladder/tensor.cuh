/* What rungs 4 to 6 share: the steps of online softmax on matrices as the tensor cores hold them.
 *
 * A warp has MB blocks of 16 query rows against NB blocks of 8 keys. Lane (g, t) = (lane / 4, lane % 4) holds
 * of a product (attention/mma.cuh) for block mb and half h row 16 mb + 8 h + g, and there of every 8 columns
 * two neighbours, 2 t and 2 t + 1. So four lanes make up a row: its maximum and its sum take two shuffles. */
#ifndef NLG_LADDER_TENSOR_CUH
#define NLG_LADDER_TENSOR_CUH

#include "../attention/flash_mma.cuh"
#include "ladder.cuh"

extern __shared__ __align__(128) unsigned char nlg_rung_shared[];

/* `rows` rows from global memory, through registers, 16 bytes at a time, become a tile of ROWS; zeros
 * elsewhere. */
template <int D, int ROWS, int THREADS, typename T>
__device__ inline void nlg_rung_load(unsigned char *tile, const T *from, int64_t row_stride, int rows) {
  constexpr int STEP = THREADS / (D / 8), EACH = ROWS / STEP;
  static_assert(STEP % 8 == 0, "a thread's rows share their places");
  const int row = threadIdx.x / (D / 8), chunk = threadIdx.x % (D / 8);
  from += row * row_stride + chunk * 8;
  tile += nlg_tile<D>::offset(row, chunk);
  uint4 held[EACH]; /* all on their way before the first is stored */
#pragma unroll
  for (int n = 0; n < EACH; n++, from += STEP * row_stride)
    held[n] = row + n * STEP < rows ? *(const uint4 *)from : uint4();
#pragma unroll
  for (int n = 0; n < EACH; n++) *(uint4 *)(tile + n * STEP * nlg_tile<D>::pitch) = held[n];
}

/* What online softmax knows of this lane's rows: maximum in units of S, sum of this lane's weights. */
template <int MB> struct nlg_rung_rows {
  float m[MB][2], l[MB][2];
  __device__ void start() {
#pragma unroll
    for (int r = 0; r < 2 * MB; r++) m[r / 2][r % 2] = -INFINITY, l[r / 2][r % 2] = 0;
  }
};

/* The larger of the old maximum and this tile's, row by row. */
template <int MB, int NB>
__device__ inline void nlg_rung_largest(const nlg_rung_rows<MB> &rows, const float (&S)[MB][NB][4],
                                        float (&largest)[MB][2]) {
#pragma unroll
  for (int mb = 0; mb < MB; mb++)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      float x = rows.m[mb][h];
#pragma unroll
      for (int nb = 0; nb < NB; nb++) x = fmaxf(x, fmaxf(S[mb][nb][2 * h], S[mb][nb][2 * h + 1]));
      x = fmaxf(x, __shfl_xor_sync(~0u, x, 1));
      largest[mb][h] = fmaxf(x, __shfl_xor_sync(~0u, x, 2));
    }
}

/* l and O over to the new maximum; S becomes P = 2^(c S - c m). */
template <int MB, int NB, int DB>
__device__ inline void nlg_rung_weights(nlg_rung_rows<MB> &rows, const float (&largest)[MB][2], float c,
                                        float (&S)[MB][NB][4], float (&O)[MB][DB][4]) {
#pragma unroll
  for (int mb = 0; mb < MB; mb++)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      const float shift = largest[mb][h] == -INFINITY ? 0 : largest[mb][h] * c; /* only -inf and NaN so far */
      const float shrink = nlg_exp2(rows.m[mb][h] * c - shift);                 /* 0 at the first key */
      float sum = rows.l[mb][h] * shrink;
      rows.m[mb][h] = largest[mb][h];
#pragma unroll
      for (int nb = 0; nb < NB; nb++)
#pragma unroll
        for (int e = 2 * h; e < 2 * h + 2; e++) sum += S[mb][nb][e] = nlg_exp2(S[mb][nb][e] * c - shift);
      rows.l[mb][h] = sum;
#pragma unroll
      for (int d = 0; d < DB; d++) O[mb][d][2 * h] *= shrink, O[mb][d][2 * h + 1] *= shrink;
    }
}

/* O += P V: P, rounded, is the left operand as it lies. v_lane: what this lane gives to ldmatrix for the
 * first block. */
template <typename T, int MB, int NB, int DB>
__device__ inline void nlg_rung_product(float (&O)[MB][DB][4], const float (&P)[MB][NB][4], uint32_t v_lane) {
  typedef nlg_tile<DB * 8> tile;
#pragma unroll
  for (int kk = 0; kk < NB / 2; kk++) {
    uint32_t p[MB][4], v[4];
#pragma unroll
    for (int mb = 0; mb < MB; mb++) {
      const float(&left)[4] = P[mb][2 * kk], (&right)[4] = P[mb][2 * kk + 1];
      p[mb][0] = nlg_pack<T>(left[0], left[1]), p[mb][1] = nlg_pack<T>(left[2], left[3]);
      p[mb][2] = nlg_pack<T>(right[0], right[1]), p[mb][3] = nlg_pack<T>(right[2], right[3]);
    }
#pragma unroll
    for (int d = 0; d < DB; d += 2) {
      nlg_ldmatrix_trans(v, tile::along(v_lane, d / 2) + kk * 16 * tile::pitch);
#pragma unroll
      for (int mb = 0; mb < MB; mb++) {
        nlg_mma<T>(O[mb][d], p[mb], v[0], v[1]);
        nlg_mma<T>(O[mb][d + 1], p[mb], v[2], v[3]);
      }
    }
  }
}

/* The same in a tile that some row does not see as a whole, where V holds an infinity or NaN: 0 * NaN must
 * not count. row, key: this warp's first key and this lane's first row; key_in_tile: the former within V.
 * Slow, and rare. */
template <typename T, int MB, int NB, int DB>
__device__ inline void nlg_rung_product_of_seen(const nlg_attention &a, const nlg_sequence &s, int row,
                                                int key, const unsigned char *V, int key_in_tile,
                                                const float (&P)[MB][NB][4], float (&O)[MB][DB][4]) {
  const int t = threadIdx.x % 4;
  auto seen = [&](int r, int j) { return nlg_sees(a, s, row + r * 8, key + j); };
  auto value = [&](int j, int d) {
    return nlg_tile_at<DB * 8, T>(V, key_in_tile + j, d / 2 * 8 + 2 * t + d % 2);
  };
  nlg_add_seen<NB * 8>(O, nlg_weights<MB, NB>(P), seen, value);
}

/* out = O / l, lse = c m ln 2 + ln l for the 16 rows of a warp, through the rows of `tile` that it alone
 * reads, so that global memory is written 16 bytes at a time. i0, rows: the block's. */
template <typename T, int D>
__device__ inline void nlg_rung_store(const nlg_attention &a, const nlg_rung_head<T> &head, int i0, int rows,
                                      float c, const nlg_rung_rows<1> &known, const float (&O)[1][D / 8][4],
                                      unsigned char *tile) {
  const int warp = threadIdx.x / 32, g = threadIdx.x % 32 / 4, t = threadIdx.x % 4;
#pragma unroll
  for (int h = 0; h < 2; h++) {
    const float sum = nlg_row_sum(known.l[0][h]), share = 1 / sum;
    const int r = warp * 16 + h * 8 + g;
    const bool none = sum == 0; /* no key, or scores of -inf alone, whatever V holds */
    if (t == 0 && r < rows) head.lse[i0 + r] = none ? -INFINITY : known.m[0][h] * c / NLG_LOG2E + logf(sum);
#pragma unroll
    for (int d = 0; d < D / 8; d++)
      nlg_tile_put<T, D>(tile, r, d * 8 + 2 * t, none ? 0 : O[0][d][2 * h] * share,
                         none ? 0 : O[0][d][2 * h + 1] * share);
  }
  __syncwarp();
  nlg_rows_store<D, 16>(tile, warp * 16, head.out + i0 * a.out.row, a.out.row, rows, D);
}

template <typename... P, typename... A>
nl_status nlg_rung_launch(nlg_device *device, const char *name, void (*kernel)(P...), int64_t blocks,
                          int threads, int shared, const A &...arguments) {
  NLG_CUDA(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared));
  kernel<<<(unsigned)blocks, threads, shared, device->stream>>>(arguments...);
  NLG_LAUNCHED(device, name);
  return NL_OK;
}

#endif
