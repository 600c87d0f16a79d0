/* All dense kernels of a level, one list for every level: the including file defines NL_VECTOR, ROWS and
 * ACROSS (lanes.h, tile.h), says how it blocks the matrix product, and is compiled with its level's flags. */
#ifndef NL_CPU_DENSE_H
#define NL_CPU_DENSE_H

#include "exp.h"
#include "folds.h"
#include "kernels.h"
#include "rows.h"
#include "squash.h"
#include "tile.h"
#include "vector.h"

/* mc as in nl_gemm_kernel; the other block sizes suit every level. */
static inline nl_dense_kernels dense_kernels(int64_t mc) {
  return (nl_dense_kernels){
      .gemm = {tile, .mr = ROWS, .nr = ACROSS * WIDTH, .mc = mc, .kc = 256, .nc = NL_IS_F32 ? 4096 : 2048},
      .dot = dot,
      .axpy = axpy,
      .scale = scale_by,
      .update = update,
      .largest = largest,
      .maximum = maximum,
      .sum = add_all,
      .sum_squares = add_squares,
      .highest = highest,
      .find = find,
      .exp_sum = exp_sum,
      .rows_dot = rows_dot,
      .rows_sum = rows_sum,
      .squash = squash,
  };
}

#endif
