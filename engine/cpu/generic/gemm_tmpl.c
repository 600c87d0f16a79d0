/* The reference tile of the matrix product: mr x nr sums in registers, one rank-1 update for each p.
 *
 * A row of the tile is two vectors of 16 bytes, in the compiler's own vector type (GCC and clang, any
 * processor): written with arrays of numbers, GCC 12 keeps the sums in memory, which is three times slower.
 */
#include "core/tmpl.h"
#include "generic.h"

typedef NL_R vector __attribute__((vector_size(16), may_alias));

enum { MR = NL_GENERIC_MR, NR = NL_IS_F32 ? NL_GENERIC_NR_F32 : NL_GENERIC_NR_F64, WIDTH = NR / 2 };
_Static_assert(sizeof(vector) == WIDTH * sizeof(NL_R), "two vectors make a row of the tile");
_Static_assert(MR == 4, "the rows of the tile are written out");

static inline void store_row(vector left, vector right, NL_R alpha, NL_R beta, NL_R *C) {
  for (int j = 0; j < WIDTH; j++) {
    NL_R l = alpha * left[j], r = alpha * right[j];
    C[j] = beta == 0 ? l : beta * C[j] + l;
    C[j + WIDTH] = beta == 0 ? r : beta * C[j + WIDTH] + r;
  }
}

void NL_FN(nl_gemm_tile_generic)(int64_t k, double alpha, const void *a_panel, const void *b_panel,
                                 double beta, void *C_tile, int64_t ldc) {
  const NL_R *a = a_panel;
  const vector *b = b_panel;
  vector l0 = {0}, l1 = {0}, l2 = {0}, l3 = {0}; /* columns 0 .. WIDTH-1 of rows 0 to 3 */
  vector r0 = {0}, r1 = {0}, r2 = {0}, r3 = {0}; /* columns WIDTH .. NR-1 */
  for (int64_t p = 0; p < k; p++, a += MR, b += 2) {
    l0 += a[0] * b[0], r0 += a[0] * b[1];
    l1 += a[1] * b[0], r1 += a[1] * b[1];
    l2 += a[2] * b[0], r2 += a[2] * b[1];
    l3 += a[3] * b[0], r3 += a[3] * b[1];
  }
  NL_R *C = C_tile;
  store_row(l0, r0, (NL_R)alpha, (NL_R)beta, C);
  store_row(l1, r1, (NL_R)alpha, (NL_R)beta, C + ldc);
  store_row(l2, r2, (NL_R)alpha, (NL_R)beta, C + 2 * ldc);
  store_row(l3, r3, (NL_R)alpha, (NL_R)beta, C + 3 * ldc);
}
