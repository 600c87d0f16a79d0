/* The kernels of the avx2 level. 16 registers of 32 bytes: 12 for sums, enough in flight for two
 * multiply-adds a cycle that take four each. */
#define NL_VECTOR 32
enum { ROWS = 6, ACROSS = 2 };
#include "avx2.h"

#include "cpu/exp.h"
#include "cpu/rows.h"
#include "cpu/squash.h"
#include "cpu/tile.h"
#include "cpu/vector.h"

nl_dense_kernels NL_FN(nl_dense_avx2)(void) {
  return (nl_dense_kernels){
      .gemm = {tile, .mr = ROWS, .nr = ACROSS * WIDTH, .mc = NL_IS_F32 ? 120 : 60, .kc = 256,
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
