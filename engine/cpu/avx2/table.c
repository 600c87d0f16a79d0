/* The avx2 level's entries of the kernel table. */
#include "avx2.h"

void nl_kernels_avx2(nl_kernels *table) {
  table->level = NL_CPU_AVX2;
  table->dense[NL_F64] = nl_dense_avx2_f64();
  table->dense[NL_F32] = nl_dense_avx2_f32();
  table->widen[NL_F16] = nl_widen_f16_avx2;
  table->widen[NL_BF16] = nl_widen_bf16_avx2;
}
