/* The avx512 level's entries of the kernel table. */
#include "avx512.h"

void nl_kernels_avx512(nl_kernels *table) {
  table->level = NL_CPU_AVX512;
  table->dense[NL_F64] = nl_dense_avx512_f64();
  table->dense[NL_F32] = nl_dense_avx512_f32();
  table->widen[NL_F16] = nl_widen_f16_avx512;
  table->widen[NL_BF16] = nl_widen_bf16_avx512;
}
