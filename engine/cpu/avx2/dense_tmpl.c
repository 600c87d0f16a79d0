/* The kernels of the avx2 level. 16 registers of 32 bytes: 12 for sums, enough in flight for two
 * multiply-adds a cycle that take four each. */
#define NL_VECTOR 32
enum { ROWS = 6, ACROSS = 2 };
#include "avx2.h"

#include "cpu/dense.h"

nl_dense_kernels NL_FN(nl_dense_avx2)(void) { return dense_kernels(NL_IS_F32 ? 120 : 60); }
