/* flash_mma, forward: f16 and bf16 through mma.sync (sm_80 and later), products in f32; the algorithm is that
 * of flash_forward.cuh.
 *
 * What feeds the tensor cores is K and V from shared memory, 128 bytes a clock. A warp holds M / 64 blocks of
 * 16 rows: with two, each fragment of K and V is used twice and the traffic halves. The price is registers:
 *
 *   D <= 64    M 128  N 128   S 128  O 64     two stages   Q 16K + K, V 64K    80 KiB, two blocks an SM
 *   D <= 128   M 128  N 64    S 64   O 128    two stages   Q 32K + K, V 64K    96 KiB, two
 *   D <= 256   M 64   N 64    S 32   O 128    one stage    Q 32K + K, V 64K    96 KiB, two
 *
 * (FlashAttention-2's tiles on the same devices.) P is rounded to 16 bits as it lies in registers. */
#include "flash_forward.cuh"
#include "flash_mma.cuh"

namespace {
template <int SIZE> struct shape;
template <> struct shape<32> { static constexpr int M = 128, N = 128, N_extras = 64, stages = 2; };
template <> struct shape<64> { static constexpr int M = 128, N = 128, N_extras = 64, stages = 2; };
template <> struct shape<128> { static constexpr int M = 128, N = 64, N_extras = 32, stages = 2; };
template <> struct shape<256> { static constexpr int M = 64, N = 64, N_extras = 64, stages = 1; };

template <typename T, int SIZE> struct halves : shape<SIZE> {
  typedef T number;
  typedef nlg_tile<SIZE> tile;
  static constexpr int D = SIZE, pitch = SIZE;

  template <int MB, int NB>
  static __device__ inline void scores(float (&S)[MB][NB][4], uint32_t q, uint32_t k) {
    nlg_product<T, D / 16, D, true, D, false>(S, q, k);
  }

  template <int MB, int NB>
  static __device__ inline void add_values(float (&O)[MB][D / 8][4], const float (&P)[MB][NB][4],
                                           const unsigned char *V) {
    const uint32_t v = nlg_shared_address(V) + tile::by_rows(0, threadIdx.x % 32);
#pragma unroll
    for (int k = 0; k < NB / 2; k++) {
      uint32_t pf[MB][4], vf[4];
#pragma unroll
      for (int m = 0; m < MB; m++) {
        const float(&left)[4] = P[m][2 * k], (&right)[4] = P[m][2 * k + 1];
        pf[m][0] = nlg_pack<T>(left[0], left[1]), pf[m][1] = nlg_pack<T>(left[2], left[3]);
        pf[m][2] = nlg_pack<T>(right[0], right[1]), pf[m][3] = nlg_pack<T>(right[2], right[3]);
      }
#pragma unroll
      for (int d = 0; d < D / 8; d += 2) {
        nlg_ldmatrix_trans(vf, tile::along(v, d / 2) + k * 16 * tile::pitch);
#pragma unroll
        for (int m = 0; m < MB; m++) {
          nlg_mma<T>(O[m][d], pf[m], vf[0], vf[1]);
          nlg_mma<T>(O[m][d + 1], pf[m], vf[2], vf[3]);
        }
      }
    }
  }

  static __device__ inline int column(int n) { return n / 2 * 8 + threadIdx.x % 4 * 2 + n % 2; }

  template <int MB>
  static __device__ inline void store(const float (&O)[MB][D / 8][4], unsigned char *room, int row, T *out,
                                      int64_t stride, int rows, int dim) {
    nlg_tile_put_all<T, D>(room, row + threadIdx.x % 32 / 4, threadIdx.x % 4 * 2, 1, O);
    __syncwarp();
    nlg_rows_store<D, MB * 16>(room, row, out, stride, rows, dim);
  }
};
} // namespace

template <typename T> static nl_status by_size(nlg_device *device, const nlg_attention *a) {
  const char *name = "attention, flash_mma forward";
  switch (nlg_mma_bucket(a->head_dim, a->value_dim)) {
  case 32: return nlg_flash_forward_run<halves<T, 32>>(device, a, name);
  case 64: return nlg_flash_forward_run<halves<T, 64>>(device, a, name);
  case 128: return nlg_flash_forward_run<halves<T, 128>>(device, a, name);
  default: return nlg_flash_forward_run<halves<T, 256>>(device, a, name);
  }
}

nl_status nlg_flash_mma_forward(nlg_device *device, const nl_attention_pass *pass, nlg_attention *params) {
  return pass->q.dtype == NL_F16 ? by_size<__half>(device, params) : by_size<__nv_bfloat16>(device, params);
}
