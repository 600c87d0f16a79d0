/* What flash_tf32's forward and backward share beside split.cuh: head sizes. */
#ifndef NLG_FLASH_TF32_CUH
#define NLG_FLASH_TF32_CUH

#include "seen.cuh"
#include "softmax.cuh"
#include "split.cuh"

/* The head size that kernels are compiled for which takes both; the rest is filled up with zeros. */
inline int nlg_tf32_bucket(int head_dim, int value_dim) {
  int d = head_dim > value_dim ? head_dim : value_dim;
  return d <= 32 ? 32 : d <= 64 ? 64 : 128;
}

/* Shared memory of a block of the backward pass, for a size of these. flash_tf32_backward.cu */
int nlg_flash_tf32_backward_bytes(int bucket);

#endif
