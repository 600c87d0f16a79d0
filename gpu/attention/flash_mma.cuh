/* What flash_mma's forward and backward share beside tiles: head sizes, storing rows. */
#ifndef NLG_FLASH_MMA_CUH
#define NLG_FLASH_MMA_CUH

#include "seen.cuh"
#include "softmax.cuh"
#include "tile.cuh"

/* The head size that kernels are compiled for which takes both; the rest is filled up with zeros. */
inline int nlg_mma_bucket(int head_dim, int value_dim) {
  int d = head_dim > value_dim ? head_dim : value_dim;
  return d <= 32 ? 32 : d <= 64 ? 64 : d <= 128 ? 128 : 256;
}

/* The least shared memory of a block of the backward pass, for a size of these. flash_mma_backward.cu */
int nlg_flash_mma_backward_bytes(int bucket);

/* A warp stores rows first .. first + ROWS - 1 of a tile, as far as they are below rows, 16 bytes a lane;
 * `to` is where row 0 goes. */
template <int D, int ROWS, typename T>
__device__ inline void nlg_rows_store(const unsigned char *tile, int first, T *to, int64_t row_stride,
                                      int rows, int dim) {
  constexpr int wide = nlg_tile<D>::wide;
  const int lane = threadIdx.x % 32, chunk = lane % wide;
#pragma unroll
  for (int r = first + lane / wide; r < first + ROWS; r += 32 / wide)
#pragma unroll
    for (int c = chunk; c < D / 8; c += wide)
      if (r < rows && c * 8 < dim)
        *(uint4 *)(to + r * row_stride + c * 8) = *(const uint4 *)(tile + nlg_tile<D>::offset(r, c));
}

#endif
