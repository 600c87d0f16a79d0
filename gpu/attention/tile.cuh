/* Tiles in shared memory, for the mma kernels: rows of D 16-bit numbers, or D / 2 of f32, in chunks of 16
 * bytes.
 *
 * ldmatrix reads 8 rows at one chunk; they must lie in different banks, whose line is 8 chunks wide. So chunk
 * c of row r is stored at place c ^ (r % 8), or in rows that are no whole number of lines (D = 32, 96), where
 * two rows fill odd lines, at c ^ (r / 2 % 4). */
#ifndef NLG_ATTENTION_TILE_CUH
#define NLG_ATTENTION_TILE_CUH

#include "mma.cuh"

template <int D> struct nlg_tile {
  static constexpr int chunks = D / 8, pitch = D * 2; /* of a row; pitch in bytes */
  static constexpr bool lines = chunks % 8 == 0;
  static constexpr int wide = lines ? 8 : 4;           /* chunks that change places with each other */
  static constexpr uint32_t swapped = (wide - 1) << 4; /* the bits of an address that do */

  /* Byte offset of chunk c of row r. */
  static __host__ __device__ constexpr uint32_t offset(int r, int c) {
    return r * pitch + ((c ^ (lines ? r % 8 : r / 2 % 4)) << 4);
  }

  /* From a lane's address for one block of 16 columns to that for the one `blocks` further on. The places of
   * chunks 2b and 2b+1 differ from those of 0 and 1 by exchanged bits, which an exclusive or gives. */
  static __host__ __device__ constexpr uint32_t along(uint32_t address, int blocks) {
    return (address ^ ((blocks << 5) & swapped)) + ((blocks << 5) & ~swapped);
  }

  /* Offsets that lane gives to ldmatrix.x4 for the 16 x 16 block whose first row is a multiple of 8 (chunk 0;
   * see along), so that registers 0 to 3 hold its quarters
   *   by_rows     (0, 0) (8, 0) (0, 8) (8, 8)   A from rows of A; with trans B from rows of B, k x n
   *   by_columns  (0, 0) (0, 8) (8, 0) (8, 8)   B from rows of B', n x k; with trans A from rows of A', k x m
   * B is two blocks of 8 columns: registers 0, 1 and 2, 3. */
  static __host__ __device__ constexpr uint32_t by_rows(int row, int lane) {
    return offset(row + lane % 16, lane / 16);
  }
  static __host__ __device__ constexpr uint32_t by_columns(int row, int lane) {
    return offset(row + lane % 8 + lane / 16 * 8, lane / 8 % 2);
  }
};

/* ROWS rows of `dim` numbers of type T from global memory, of which `rows` are there, become a tile by
 * asynchronous copies; zeros elsewhere. THREADS threads call it, of which this is `thread`. */
template <int D, int ROWS, int THREADS, typename T>
__device__ inline void nlg_tile_load(uint32_t tile, const T *from, int64_t row_stride, int rows, int dim,
                                     unsigned thread = threadIdx.x) {
  constexpr int wide = nlg_tile<D>::wide, step = THREADS / wide, per_chunk = 16 / sizeof(T);
  static_assert(step % 8 == 0 && ROWS % step == 0, "a thread's rows share their places");
  int row = thread / wide, chunk = thread % wide;
  from += row * row_stride + chunk * per_chunk;
  tile += nlg_tile<D>::offset(row, chunk);
#pragma unroll
  for (int i = 0; i < ROWS; i += step) {
#pragma unroll
    for (int c = 0; c < D / 8; c += wide)
      nlg_copy_async(tile + i * nlg_tile<D>::pitch + c * 16, from + c * per_chunk,
                     row + i < rows && (chunk + c) * per_chunk < dim);
    from += step * row_stride;
  }
}

/* C += A B for a warp: C is 16 MB x 8 NB, the inner size 16 KB. a and b are this lane's addresses in tiles of
 * rows of PA and PB numbers:
 *   A_BY_ROWS  a tile of A (m x k), by_rows        else of A' (k x m), by_columns
 *   B_BY_ROWS  a tile of B (k x n), by_rows        else of B' (n x k), by_columns */
template <typename T, int KB, int PA, bool A_BY_ROWS, int PB, bool B_BY_ROWS, int MB, int NB>
__device__ inline void nlg_product(float (&C)[MB][NB][4], uint32_t a, uint32_t b) {
  constexpr int down_a = 16 * nlg_tile<PA>::pitch, down_b = 16 * nlg_tile<PB>::pitch;
#pragma unroll
  for (int k = 0; k < KB; k++) {
    uint32_t af[MB][4], bf[4];
#pragma unroll
    for (int m = 0; m < MB; m++)
      if (A_BY_ROWS) nlg_ldmatrix(af[m], nlg_tile<PA>::along(a, k) + m * down_a);
      else nlg_ldmatrix_trans(af[m], nlg_tile<PA>::along(a, m) + k * down_a);
#pragma unroll
    for (int n = 0; n < NB; n += 2) {
      if (B_BY_ROWS) nlg_ldmatrix_trans(bf, nlg_tile<PB>::along(b, n / 2) + k * down_b);
      else nlg_ldmatrix(bf, nlg_tile<PB>::along(b, k) + n / 2 * down_b);
#pragma unroll
      for (int m = 0; m < MB; m++) {
        nlg_mma<T>(C[m][n], af[m], bf[0], bf[1]);
        nlg_mma<T>(C[m][n + 1], af[m], bf[2], bf[3]);
      }
    }
  }
}

/* A pair (r, c), (r, c + 1) of a tile, rounded; c is even. */
template <typename T, int D>
__device__ inline void nlg_tile_put(unsigned char *tile, int r, int c, float low, float high) {
  *(uint32_t *)(tile + nlg_tile<D>::offset(r, c / 8) + c % 8 * 2) = nlg_pack<T>(low, high);
}

/* What a warp has in C, times factor, becomes a part of a tile; this lane's first is (row, column). */
template <typename T, int D, int MB, int NB>
__device__ inline void nlg_tile_put_all(unsigned char *tile, int row, int column, float factor,
                                        const float (&C)[MB][NB][4]) {
#pragma unroll
  for (int m = 0; m < MB; m++)
#pragma unroll
    for (int n = 0; n < NB; n++)
#pragma unroll
      for (int h = 0; h < 2; h++)
        nlg_tile_put<T, D>(tile, row + m * 16 + h * 8, column + n * 8, C[m][n][2 * h] * factor,
                           C[m][n][2 * h + 1] * factor);
}

/* The number at (r, c) of a tile. */
template <int D, typename T> __device__ inline float nlg_tile_at(const unsigned char *tile, int r, int c) {
  constexpr int per_chunk = 16 / sizeof(T);
  return nlg_to_float(*(const T *)(tile + nlg_tile<D>::offset(r, c / per_chunk) + c % per_chunk * sizeof(T)));
}

/* Does the tile hold an infinity or NaN? Asked by all THREADS threads at once, each looking at its share. */
template <typename T> constexpr uint32_t nlg_exponent = 0x7F800000; /* f32; else of both numbers of a word */
template <> constexpr uint32_t nlg_exponent<__half> = 0x7C007C00;
template <> constexpr uint32_t nlg_exponent<__nv_bfloat16> = 0x7F807F80;

template <int D, int ROWS, int THREADS, typename T>
__device__ inline bool nlg_tile_not_finite(const unsigned char *tile) {
  constexpr uint32_t all = nlg_exponent<T>, high = all & 0xFFFF0000, low = all & 0xFFFF;
  bool found = false;
#pragma unroll 1
  for (int i = threadIdx.x; i < ROWS * D / 2; i += THREADS) {
    uint32_t word = ((const uint32_t *)tile)[i];
    found |= (word & high) == high || (low && (word & low) == low);
  }
  return __syncthreads_or(found);
}

#endif
