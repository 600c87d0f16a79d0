/* The kernels of the generic level. 16 registers of 16 bytes: 8 for sums. */
#define NL_VECTOR 16
enum { ROWS = 4, ACROSS = 2 };
#include "generic.h"

#include "cpu/exp.h"
#include "cpu/rows.h"
#include "cpu/squash.h"
#include "cpu/tile.h"
#include "cpu/vector.h"

nl_dense_kernels NL_FN(nl_dense_generic)(void) {
  return (nl_dense_kernels){
      .gemm = {tile, .mr = ROWS, .nr = ACROSS * WIDTH, .mc = NL_IS_F32 ? 256 : 128, .kc = 256,
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
