/* How several operands of one shape are walked together: element i, in row-major order, of each.
 *
 * Dimensions of size 1 are dropped and neighbours merged where every operand allows it, so that most walks
 * have one or two dimensions left. An operand that is row-major without gaps needs no division at all. */
#ifndef NLG_LAYOUT_CUH
#define NLG_LAYOUT_CUH

#include "context.h"

template <int N> struct nlg_layout {
  int64_t size;
  int ndim;    /* 0: a single element */
  bool narrow; /* positions fit 32 bits, whose division is several times faster */
  int64_t shape[NL_MAX_NDIM], stride[N][NL_MAX_NDIM];
  bool dense[N]; /* element i lies at i */
};

template <int N> nlg_layout<N> nlg_lay_out(const nl_array *const (&operands)[N]) {
  nlg_layout<N> l = {};
  const nl_array *first = operands[0];
  l.size = nlg_size(first);
  l.narrow = l.size < INT64_C(1) << 31;
  for (int d = 0; d < first->ndim; d++) {
    if (first->shape[d] == 1) continue;
    bool merges = l.ndim > 0;
    for (int k = 0; k < N && merges; k++)
      merges = l.stride[k][l.ndim - 1] == operands[k]->stride[d] * first->shape[d];
    if (!merges) l.shape[l.ndim++] = 1;
    l.shape[l.ndim - 1] *= first->shape[d];
    for (int k = 0; k < N; k++) l.stride[k][l.ndim - 1] = operands[k]->stride[d];
  }
  for (int k = 0; k < N; k++) {
    int64_t step = 1;
    l.dense[k] = true;
    for (int d = l.ndim - 1; d >= 0; step *= l.shape[d--]) l.dense[k] = l.dense[k] && l.stride[k][d] == step;
  }
  return l;
}

template <typename Index, int N>
__device__ inline int64_t nlg_place_by_division(const nlg_layout<N> &l, int k, int64_t i) {
  Index rest = (Index)i;
  int64_t at = 0;
  for (int d = l.ndim - 1; d > 0; d--) {
    Index size = (Index)l.shape[d], above = rest / size;
    at += (int64_t)(rest - above * size) * l.stride[k][d];
    rest = above;
  }
  return at + (int64_t)rest * l.stride[k][0];
}

/* Where element i of operand k lies, in elements from its data. */
template <int N> __device__ inline int64_t nlg_place(const nlg_layout<N> &l, int k, int64_t i) {
  if (l.dense[k]) return i;
  return l.narrow ? nlg_place_by_division<uint32_t>(l, k, i) : nlg_place_by_division<int64_t>(l, k, i);
}

/* A grid for `count` independent items, whose kernel strides over what is left:
 *   for (int64_t i = nlg_first(); i < count; i += nlg_stride()) */
enum { NLG_THREADS = 256 };

inline unsigned nlg_grid(const nlg_device *device, int64_t count) {
  int64_t blocks = nlg_ceil_div(count, NLG_THREADS),
          most = (int64_t)device->properties.multiProcessorCount * 32;
  return (unsigned)(blocks < most ? blocks : most);
}

__device__ inline int64_t nlg_first() { return (int64_t)blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline int64_t nlg_stride() { return (int64_t)gridDim.x * blockDim.x; }

#endif
