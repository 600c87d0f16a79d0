/* The kernels of the generic level. 16 registers of 16 bytes: 8 for sums. */
#define NL_VECTOR 16
enum { ROWS = 4, ACROSS = 2 };
#include "generic.h"

#include "cpu/dense.h"

nl_dense_kernels NL_FN(nl_dense_generic)(void) { return dense_kernels(NL_IS_F32 ? 256 : 128); }
