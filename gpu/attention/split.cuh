/* Products of f32 through the TF32 units, three for one: x = high + low, high its first 11 bits, low the
 * rest,
 *
 *   a b = low_a high_b + high_a low_b + high_a high_b       without low_a low_b, at most 2^-20 |a b|
 *
 * (Ootomo and Yokota 2022, "Recovering single precision accuracy from Tensor Cores"; CUTLASS's 3xTF32).
 * Numbers are split in registers, two instructions each, between shared memory and the product: a copy of
 * both halves in shared memory would double its traffic, while the units wait for nothing but themselves: 24
 * products want some 30 splitting instructions. low goes to the unit as it is, which leaves its last 2 bits
 * aside.
 *
 * The units add by cutting off, so that long sums drift towards zero by half an ulp a step. Sums therefore
 * begin at 0 in each tile, over 16 to 64 steps, and are added to what was there by ordinary rounded
 * additions.
 *
 * An infinity is split into itself and NaN: it counts as NaN.
 *
 * Where the inner index of both operands lies down the rows of a tile (P V, dO, Q, K in the backward pass),
 * ldmatrix cannot turn 32-bit numbers. Since the order of an inner index is free, inner index t is row 2t and
 * t + 4 is row 2t + 1; so is that of the outer index, hence a lane takes 4 (or 2) neighbouring numbers of a
 * row at once:
 *
 *   slab of 4    x[e][i] = X(2t + e, 4g + i)    B of 32 columns: block n of 4 has column 4g + n as its g-th
 *   slab of 2    x[e][i] = X(2t + e, 2g + i)    A' of 16 rows: its rows g and g + 8 are 2g and 2g + 1
 *
 * so that C has rows 2g + h, columns 8t + 4e + n. Rows 2t at neighbouring chunks lie in different banks
 * (tile.cuh). Where A is what a product left in C, (g, 2t) and (g, 2t + 1) are its inner indices t and t + 4
 * as they lie. */
#ifndef NLG_ATTENTION_SPLIT_CUH
#define NLG_ATTENTION_SPLIT_CUH

#include "tile.cuh"

template <int COUNT> struct nlg_split {
  uint32_t high[COUNT], low[COUNT];
  __device__ inline void set(int i, float x) {
    high[i] = __float_as_uint(x) & 0xFFFFE000;
    low[i] = __float_as_uint(x - __uint_as_float(high[i]));
  }
};

/* C[m][first + n] += A[m] B[n]. The small terms go first; the blocks of C take turns, so that no product
 * waits for the one before. */
template <int MB, int BN, int NB>
__device__ inline void nlg_mma_split(float (&C)[MB][NB][4], int first, const nlg_split<4> (&a)[MB],
                                     const nlg_split<2> (&b)[BN]) {
#pragma unroll
  for (int m = 0; m < MB; m++)
#pragma unroll
    for (int n = 0; n < BN; n++) nlg_mma_tf32(C[m][first + n], a[m].low, b[n].high[0], b[n].high[1]);
#pragma unroll
  for (int m = 0; m < MB; m++)
#pragma unroll
    for (int n = 0; n < BN; n++) nlg_mma_tf32(C[m][first + n], a[m].high, b[n].low[0], b[n].low[1]);
#pragma unroll
  for (int m = 0; m < MB; m++)
#pragma unroll
    for (int n = 0; n < BN; n++) nlg_mma_tf32(C[m][first + n], a[m].high, b[n].high[0], b[n].high[1]);
}

/* C += A B' for a warp, 16 MB x 8 NB, inner size 8 KB, from tiles of rows of P numbers: a by_rows, b
 * by_columns (this lane's addresses, tile.cuh; a step is two chunks of 4). */
template <int KB, int P, int MB, int NB>
__device__ inline void nlg_product_split(float (&C)[MB][NB][4], uint32_t a, uint32_t b) {
  typedef nlg_tile<2 * P> tile;
#pragma unroll
  for (int k = 0; k < KB; k++) {
    nlg_split<4> af[MB];
    nlg_split<2> bf[2];
    uint32_t x[4];
#pragma unroll
    for (int m = 0; m < MB; m++) {
      nlg_ldmatrix(x, tile::along(a, k) + m * 16 * tile::pitch);
#pragma unroll
      for (int i = 0; i < 4; i++) af[m].set(i, __uint_as_float(x[i]));
    }
#pragma unroll
    for (int n = 0; n < NB; n += 2) {
      nlg_ldmatrix(x, tile::along(b, k) + n * 8 * tile::pitch);
#pragma unroll
      for (int i = 0; i < 4; i++) bf[i / 2].set(i % 2, __uint_as_float(x[i]));
      nlg_mma_split(C, n, af, bf);
    }
  }
}

/* Where a lane finds its slab of W at row e < 2 and column `column` of a tile of rows of P numbers: a byte
 * offset, to which 8 P * 4 bytes are added a step down the rows and, for W = 4, 128 bytes for 32 columns. */
template <int W, int P> __device__ inline uint32_t nlg_slab(int e, int column) {
  const int g = threadIdx.x % 32 / 4, t = threadIdx.x % 4, c = column + W * g;
  return nlg_tile<2 * P>::offset(2 * t + e, c / 4) + c % 4 * 4;
}

/* The column of such a C that this lane has as its n-th, n = 2 block + e. */
__device__ inline int nlg_slab_column(int n) {
  return n / 8 * 32 + threadIdx.x % 4 * 8 + n % 2 * 4 + n / 2 % 4;
}

/* Such a C, times factor, goes to rows of `dim` numbers, of which `rows` are there; this lane's first row is
 * `row`, each next one `step` further on. */
template <int MB, int NB>
__device__ inline void nlg_slab_store(const float (&C)[MB][NB][4], float factor, int row, int step, float *to,
                                      int64_t stride, int rows, int dim) {
#pragma unroll
  for (int r = 0; r < 2 * MB; r++)
#pragma unroll
    for (int n = 0; n < NB; n += 4)
#pragma unroll
      for (int e = 0; e < 2; e++) {
        const int column = nlg_slab_column(2 * n + e), i = r % 2 * 2 + e;
        const float(&c)[NB][4] = C[r / 2];
        if (row + r * step < rows && column < dim)
          *(float4 *)(to + (row + r * step) * stride + column) =
              make_float4(c[n][i] * factor, c[n + 1][i] * factor, c[n + 2][i] * factor, c[n + 3][i] * factor);
      }
}

/* C += A B for a warp: A, 16 MB x 8 KB, lies as C of the product that made it; B is the first 8 KB rows and 8
 * NB columns of a tile of rows of P numbers. Sums of this tile begin at 0 and are then added. */
template <int KB, int P, int MB, int NB>
__device__ inline void nlg_product_down(float (&C)[MB][NB][4], const float (&A)[MB][KB][4],
                                        const unsigned char *tile) {
  const uint32_t at[2] = {nlg_slab<4, P>(0, 0), nlg_slab<4, P>(1, 0)};
#pragma unroll
  for (int d = 0; d < NB; d += 4) {
    float sum[MB][4][4] = {};
#pragma unroll
    for (int k = 0; k < KB; k++) {
      nlg_split<4> af[MB];
      nlg_split<2> bf[4];
#pragma unroll
      for (int m = 0; m < MB; m++)
#pragma unroll
        for (int i = 0; i < 4; i++)
          af[m].set(i, A[m][k][i % 2 * 2 + i / 2]); /* (g, t) (g+8, t) (g, t+4) (g+8, t+4) */
#pragma unroll
      for (int e = 0; e < 2; e++) {
        float4 x = *(const float4 *)(tile + at[e] + k * 32 * P + d * 32);
        bf[0].set(e, x.x), bf[1].set(e, x.y), bf[2].set(e, x.z), bf[3].set(e, x.w);
      }
      nlg_mma_split(sum, 0, af, bf);
    }
#pragma unroll
    for (int m = 0; m < MB; m++)
#pragma unroll
      for (int i = 0; i < 16; i++) C[m][d + i / 4][i % 4] += sum[m][i / 4][i % 4];
  }
}

/* C += A B for a warp: 16 columns from a_column on of a tile of rows of PA numbers are A', 32 columns from
 * b_column on of one of PB are B; both have 8 KB rows. */
template <int KB, int PA, int PB>
__device__ inline void nlg_product_across(float (&C)[1][4][4], const unsigned char *a, int a_column,
                                          const unsigned char *b, int b_column) {
  const uint32_t at_a[2] = {nlg_slab<2, PA>(0, a_column), nlg_slab<2, PA>(1, a_column)};
  const uint32_t at_b[2] = {nlg_slab<4, PB>(0, b_column), nlg_slab<4, PB>(1, b_column)};
#pragma unroll
  for (int k = 0; k < KB; k++) {
    nlg_split<4> af[1];
    nlg_split<2> bf[4];
#pragma unroll
    for (int e = 0; e < 2; e++) {
      float2 y = *(const float2 *)(a + at_a[e] + k * 32 * PA);
      af[0].set(2 * e, y.x), af[0].set(2 * e + 1, y.y);
      float4 x = *(const float4 *)(b + at_b[e] + k * 32 * PB);
      bf[0].set(e, x.x), bf[1].set(e, x.y), bf[2].set(e, x.z), bf[3].set(e, x.w);
    }
    nlg_mma_split(C, 0, af, bf);
  }
}

#endif
