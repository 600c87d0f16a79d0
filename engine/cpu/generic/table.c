/* The generic level's entries of the kernel table. */
#include "generic.h"

void nl_kernels_generic(nl_kernels *table) {
  table->level = NL_CPU_GENERIC;
  table->dense[NL_F64] = nl_dense_generic_f64();
  table->dense[NL_F32] = nl_dense_generic_f32();
  table->widen[NL_F16] = nl_widen_f16_generic;
  table->widen[NL_BF16] = nl_widen_bf16_generic;
}
