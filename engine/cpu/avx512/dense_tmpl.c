/* The kernels of the avx512 level. 32 registers of 64 bytes, 16 for sums: taller tiles are no faster, and
 * these leave no edges at multiples of 8 and 32. */
#define NL_VECTOR 64
enum { ROWS = 8, ACROSS = 2 };
#include "avx512.h"

#include "cpu/dense.h"

nl_dense_kernels NL_FN(nl_dense_avx512)(void) { return dense_kernels(NL_IS_F32 ? 128 : 64); }
