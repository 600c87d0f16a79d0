/* Matrix products by own kernels, as gemm.cu and the elimination (lu.cu) ask for them:
 *
 *   C(i, j) = sum_l A(i, l) B(l, j)      or, with subtract,      C(i, j) -= sum_l A(i, l) B(l, j)
 *
 * A and B have any strides, rows of C lie C_row apart. Several matrices: A and B start where `leading` says,
 * C at multiples of m * C_row. Which sums are made in which order depends on sizes alone. */
#ifndef NLG_GEMM_CUH
#define NLG_GEMM_CUH

#include "layout.cuh"

struct nlg_product {
  int64_t m, n, k, A_row, A_col, B_row, B_col, C_row, matrices;
  const void *A, *B;
  void *C;
  bool subtract;
};

/* gemm.cu: one float dtype for all three. */
nl_status nlg_multiply(nlg_device *device, cudaStream_t stream, nl_dtype dtype, const nlg_product &g,
                       const nlg_layout<2> &leading);
/* gemm_dmma.cu: f64 on the tensor cores; compute capability 8.0. */
void nlg_multiply_dmma(const nlg_device *device, cudaStream_t stream, const nlg_product &g,
                       const nlg_layout<2> &leading);

#endif
