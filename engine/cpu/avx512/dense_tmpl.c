/* The kernels of the avx512 level. 32 registers of 64 bytes, 16 for sums: taller tiles are no faster, and
 * these leave no edges at multiples of 8 and 32. */
#define NL_VECTOR 64
enum { ROWS = 8, ACROSS = 2 };
#include "avx512.h"

#include "cpu/exp.h"
#include "cpu/rows.h"
#include "cpu/squash.h"
#include "cpu/tile.h"
#include "cpu/vector.h"

nl_dense_kernels NL_FN(nl_dense_avx512)(void) {
  return (nl_dense_kernels){
      .gemm = {tile, .mr = ROWS, .nr = ACROSS * WIDTH, .mc = NL_IS_F32 ? 128 : 64, .kc = 256,
               .nc = NL_IS_F32 ? 4096 : 2048},
      .dot = dot,
      .axpy = axpy,
      .update = update,
      .largest = largest,
      .maximum = maximum,
      .exp_sum = exp_sum,
      .rows_dot = rows_dot,
      .rows_sum = rows_sum,
      .squash = squash,
  };
}
