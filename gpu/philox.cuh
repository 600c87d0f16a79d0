/* Philox4x32-10, word for word that of engine/core/random.c: 128 random bits for a counter under a key. */
#ifndef NLG_PHILOX_CUH
#define NLG_PHILOX_CUH

#include <stdint.h>

__device__ inline uint4 nlg_philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0,
                                   uint32_t k1) {
#pragma unroll
  for (int round = 0; round < 10; round++) {
    uint32_t a_high = __umulhi(0xD2511F53u, c0), a_low = 0xD2511F53u * c0;
    uint32_t b_high = __umulhi(0xCD9E8D57u, c2), b_low = 0xCD9E8D57u * c2;
    c0 = b_high ^ c1 ^ k0, c1 = b_low, c2 = a_high ^ c3 ^ k1, c3 = a_low;
    k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
  }
  return make_uint4(c0, c1, c2, c3);
}

#endif
