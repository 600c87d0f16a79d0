/* Reference widening of the storage types. Loops without branches, which the compiler makes vectors of. */
#include "generic.h"

/* Through integers of the same size: the value of a float is its bits. */
typedef uint32_t bits_of_float __attribute__((may_alias));

void nl_widen_bf16_generic(int64_t n, const uint16_t *restrict x, float *restrict y) {
  bits_of_float *restrict out = (bits_of_float *)y;
  for (int64_t i = 0; i < n; i++) out[i] = (uint32_t)x[i] << 16;
}

/* Exponent and digits moved into place are the value times 2^-112, subnormals too; the multiplication is
 * exact. Exponent 31 means inf or NaN: all ones. */
void nl_widen_f16_generic(int64_t n, const uint16_t *restrict x, float *restrict y) {
  bits_of_float *restrict out = (bits_of_float *)y;
  for (int64_t i = 0; i < n; i++) {
    uint32_t size = x[i] & 0x7fffu;
    union {
      uint32_t bits;
      float value;
    } v = {size << 13};
    v.value *= 0x1p112f;
    out[i] = v.bits | (size >= 0x7c00u ? 0x7f800000u : 0) | (uint32_t)(x[i] & 0x8000u) << 16;
  }
}
