/* flash_tf32, forward: f32 through three TF32 products for each (split.cuh; sm_80 and later), to f32's
 * accuracy; the algorithm is that of flash_forward.cuh.
 *
 *   D <= 32    M 128  N 64    S 64   O 32     two stages   Q 16K + K, V 32K    48 KiB, two blocks an SM
 *   D <= 64    M 128  N 64    S 64   O 64     two stages   Q 32K + K, V 64K    96 KiB, two
 *   D <= 128   M 128  N 32    S 32   O 128    one stage    Q 64K + K, V 32K    96 KiB, two
 *
 * Q is split anew in each tile: its halves would take another 64 to 128 registers. */
#include "flash_forward.cuh"
#include "flash_tf32.cuh"

namespace {
template <int SIZE> struct shape;
template <> struct shape<32> { static constexpr int M = 128, N = 64, N_extras = 32, stages = 2; };
template <> struct shape<64> { static constexpr int M = 128, N = 64, N_extras = 32, stages = 2; };
template <> struct shape<128> { static constexpr int M = 128, N = 32, N_extras = 16, stages = 1; };

template <int SIZE> struct splits : shape<SIZE> {
  typedef float number;
  static constexpr int D = SIZE, pitch = 2 * SIZE;

  template <int MB, int NB>
  static __device__ inline void scores(float (&S)[MB][NB][4], uint32_t q, uint32_t k) {
    nlg_product_split<D / 8, D>(S, q, k);
  }
  template <int MB, int NB>
  static __device__ inline void add_values(float (&O)[MB][D / 8][4], const float (&P)[MB][NB][4],
                                           const unsigned char *V) {
    nlg_product_down<NB, D>(O, P, V);
  }
  static __device__ inline int column(int n) { return nlg_slab_column(n); }

  template <int MB>
  static __device__ inline void store(const float (&O)[MB][D / 8][4], unsigned char *, int row, float *out,
                                      int64_t stride, int rows, int dim) {
    nlg_slab_store(O, 1, row + threadIdx.x % 32 / 4, 8, out, stride, rows, dim);
  }
};
} // namespace

nl_status nlg_flash_tf32_forward(nlg_device *device, const nl_attention_pass *, nlg_attention *params) {
  const char *name = "attention, flash_tf32 forward";
  switch (nlg_tf32_bucket(params->head_dim, params->value_dim)) {
  case 32: return nlg_flash_forward_run<splits<32>>(device, params, name);
  case 64: return nlg_flash_forward_run<splits<64>>(device, params, name);
  default: return nlg_flash_forward_run<splits<128>>(device, params, name);
  }
}
