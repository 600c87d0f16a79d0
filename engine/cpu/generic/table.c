/* The generic level's entries of the kernel table. Block sizes: a packed A of 256 KiB and a strip of B of 8
 * KiB, which any L2 and L1 of this century hold. */
#include "generic.h"

void nl_kernels_generic(nl_kernels *table) {
  table->level = NL_CPU_GENERIC;
  table->dense[NL_F64] = (nl_dense_kernels){
      .gemm = {nl_gemm_tile_generic_f64, NL_GENERIC_MR, NL_GENERIC_NR_F64, .mc = 128, .kc = 256, .nc = 2048},
      .dot = nl_dot_generic_f64,
      .axpy = nl_axpy_generic_f64,
      .update = nl_update_generic_f64,
      .largest = nl_largest_generic_f64,
  };
  table->dense[NL_F32] = (nl_dense_kernels){
      .gemm = {nl_gemm_tile_generic_f32, NL_GENERIC_MR, NL_GENERIC_NR_F32, .mc = 256, .kc = 256, .nc = 4096},
      .dot = nl_dot_generic_f32,
      .axpy = nl_axpy_generic_f32,
      .update = nl_update_generic_f32,
      .largest = nl_largest_generic_f32,
  };
}
