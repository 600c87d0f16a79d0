/* Softmax of contiguous rows, in place: m = max x, p_i = exp(x_i - m) / sum_k exp(x_k - m).
 *
 * Three passes over a row, which stays in cache between them; sums in f64, in a tree that depends on n
 * alone. A row with NaN, or whose maximum is infinite, becomes NaN where the formula says so: inf - inf
 * does it, no test. A row of up to 1024 elements is the work of a warp, a longer one of a block. */
#include "layout.cuh"
#include "ops.h"
#include <math.h>

static __device__ double larger(double a, double b) { return b > a || isnan(b) ? b : a; }

/* The sum (or the maximum) over the threads of a row, in every one of them. room: one double a thread of
 * the block. */
template <bool MAX> static __device__ double over_row(double x, double *room, int lane, int width) {
  double *mine = room + threadIdx.x;
  *mine = x;
  for (int half = width / 2; half > 0; half /= 2) {
    __syncthreads();
    if (lane < half) *mine = MAX ? larger(*mine, mine[half]) : *mine + mine[half];
  }
  __syncthreads();
  double result = mine[-lane];
  __syncthreads(); /* room is written again */
  return result;
}

template <typename R> static __global__ void softmax(R *data, int64_t rows, int64_t n, int width) {
  __shared__ double room[NLG_THREADS];
  int lane = threadIdx.x % width;
  int64_t row = (int64_t)blockIdx.x * (NLG_THREADS / width) + threadIdx.x / width;
  int64_t count = row < rows ? n : 0; /* threads without a row take part in the barriers */
  R *x = data + row * n;
  double largest = -INFINITY, sum = 0;
  for (int64_t i = lane; i < count; i += width) largest = larger(largest, (double)x[i]);
  R m = (R)over_row<true>(largest, room, lane, width);
  for (int64_t i = lane; i < count; i += width) {
    x[i] = exp(x[i] - m);
    sum += (double)x[i];
  }
  sum = over_row<false>(sum, room, lane, width);
  for (int64_t i = lane; i < count; i += width) x[i] = (R)((double)x[i] / sum);
}

nl_status nlg_softmax(void *handle, const nl_array *rows) {
  nlg_device *device = nlg_use(handle);
  int64_t size = nlg_size(rows);
  if (size == 0) return NL_OK;
  int64_t n = rows->ndim > 0 ? rows->shape[rows->ndim - 1] : 1, count = size / n;
  int width = n <= 1024 ? 32 : NLG_THREADS;
  unsigned blocks = (unsigned)nlg_ceil_div(count, NLG_THREADS / width);
  if (rows->dtype == NL_F64)
    softmax<<<blocks, NLG_THREADS, 0, device->stream>>>((double *)rows->data, count, n, width);
  else softmax<<<blocks, NLG_THREADS, 0, device->stream>>>((float *)rows->data, count, n, width);
  NLG_LAUNCHED(device, "softmax");
  return NL_OK;
}
