/* Products with a sparse matrix by rows, and relaxation of rows that do not refer to one another:
 *
 *   apply   y_i = sum_j a_ij x_j
 *   relax   x_i <- x_i + omega (b_i - sum_j a_ij x_j) / a_ii, in place
 *
 * Both are bound by memory. Bytes that must move, an entry being a column and a value and x read once, from
 * then on out of L2, for k right-hand sides:
 *   apply   12 nnz + 8 rows + 8 k (cols + rows)
 *   relax   12 nnz + 8 n + 24 k n for all rows once
 * Three ways to sum a row, chosen by k and the mean length of a row; each has a fixed order of additions, so
 * the bits are the same in every run.
 *   k = 1, mean below 32  stream: 256 rows a block (CSR-stream of Greathouse & Daga, SC 2014). Their entries
 *                         lie side by side, so all threads load them in order, 8 a thread in flight, and
 *                         leave the products in shared memory (16 KiB); then each thread adds up one row, left to
 *                         right, to the CPU's bits. A chunk inside one row is added by all threads.
 *   k = 1, else           a warp a row: lanes along the row, 4 loads a lane in flight, joined by shuffles.
 *   k > 1                 lanes along the right-hand sides, side by side in X; each sum left to right.
 */
#include "ops.h"

enum {
  THREADS = 256,
  EACH = 8, /* entries of a chunk that a thread loads */
  CHUNK = THREADS * EACH,
  WARP = 32,
  UNROLL = 4
};

/* Rows first .. first + count - 1. apply: X to Y. relax: Y is X. */
struct rows_task {
  const int64_t *start;
  const int32_t *index;
  const double *values;
  int64_t first, count, k;
  const double *X, *B;
  double *Y;
  double omega;
};

/* What becomes of a row sum; at: i * k + c. */
template <bool RELAX>
static __device__ void finish(const rows_task &t, int64_t at, double sum, double diagonal) {
  t.Y[at] = RELAX ? t.Y[at] + t.omega * (t.B[at] - sum) / diagonal : sum;
}

static __device__ double warp_sum(double x) {
  for (int step = WARP / 2; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffff, x, step);
  return x;
}

/* --- short rows: stream ------------------------------------------------------------------------------ */

/* The sum over all threads, in every thread. */
static __device__ double block_sum(double x) {
  __shared__ double of_warp[THREADS / WARP];
  x = warp_sum(x);
  if (threadIdx.x % WARP == 0) of_warp[threadIdx.x / WARP] = x;
  __syncthreads();
  double sum = 0;
  for (int w = 0; w < THREADS / WARP; w++) sum += of_warp[w];
  __syncthreads();
  return sum;
}

/* The products of entries chunk .. stop - 1 that this thread takes; where one stands on the diagonal of a row
 * of this block, its value is kept: no other entry lies in these columns. */
template <bool RELAX>
static __device__ void load_products(const rows_task &t, int64_t chunk, int64_t stop, int64_t row0, int rows,
                                     double (&product)[EACH], double *diagonal) {
  int32_t column[EACH];
#pragma unroll
  for (int e = 0; e < EACH; e++) {
    int64_t p = chunk + e * THREADS + threadIdx.x;
    column[e] = p < stop ? __ldcs(t.index + p) : -1;
    product[e] = p < stop ? __ldcs(t.values + p) : 0;
  }
#pragma unroll
  for (int e = 0; e < EACH; e++) {
    int64_t own = column[e] - row0;
    if (RELAX && own >= 0 && own < rows) diagonal[own] = product[e];
    if (column[e] >= 0) product[e] *= t.X[column[e]];
  }
}

template <bool RELAX> static __global__ void __launch_bounds__(THREADS) stream(rows_task t) {
  __shared__ double products[CHUNK], diagonal[THREADS];
  int64_t done = (int64_t)blockIdx.x * THREADS, row0 = t.first + done;
  int own = threadIdx.x, rows = (int)(t.count - done < THREADS ? t.count - done : THREADS);
  int64_t block_begin = t.start[row0], block_end = t.start[row0 + rows], begin = block_end, end = block_end;
  if (own < rows) begin = t.start[row0 + own], end = t.start[row0 + own + 1];
  double sum = 0, product[EACH];
  diagonal[own] = 0;
  __syncthreads();
  for (int64_t chunk = block_begin; chunk < block_end; chunk += CHUNK) {
    int64_t stop = chunk + CHUNK < block_end ? chunk + CHUNK : block_end;
    load_products<RELAX>(t, chunk, stop, row0, rows, product, diagonal);
    bool mine = begin <= chunk && chunk + CHUNK <= end; /* one row has all of it */
    if (__syncthreads_or(mine)) {
      double part = 0;
#pragma unroll
      for (int e = 0; e < EACH; e++) part += product[e];
      part = block_sum(part);
      if (mine) sum += part;
      continue;
    }
#pragma unroll
    for (int e = 0; e < EACH; e++) products[e * THREADS + threadIdx.x] = product[e];
    __syncthreads();
    int64_t from = begin > chunk ? begin : chunk, to = end < stop ? end : stop;
    for (int64_t p = from; p < to; p++) sum += products[p - chunk];
    __syncthreads();
  }
  if (own < rows) finish<RELAX>(t, row0 + own, sum, diagonal[own]);
}

/* --- long rows: a warp a row --------------------------------------------------------------------------- */

template <bool RELAX> static __global__ void __launch_bounds__(THREADS) warp_rows(rows_task t) {
  int64_t done = ((int64_t)blockIdx.x * THREADS + threadIdx.x) / WARP, row = t.first + done;
  if (done >= t.count) return;
  int64_t end = t.start[row + 1];
  double sum = 0, diagonal = 0;
  for (int64_t begin = t.start[row] + threadIdx.x % WARP; begin < end; begin += UNROLL * WARP) {
    int32_t column[UNROLL];
    double value[UNROLL];
#pragma unroll
    for (int e = 0; e < UNROLL; e++) {
      int64_t p = begin + e * WARP;
      column[e] = p < end ? __ldcs(t.index + p) : -1;
      value[e] = p < end ? __ldcs(t.values + p) : 0;
    }
#pragma unroll
    for (int e = 0; e < UNROLL; e++) {
      if (RELAX && column[e] == row) diagonal = value[e];
      if (column[e] >= 0) sum += value[e] * t.X[column[e]];
    }
  }
  sum = warp_sum(sum);
  if (RELAX) diagonal = warp_sum(diagonal); /* of one value and zeros */
  if (threadIdx.x % WARP == 0) finish<RELAX>(t, row, sum, diagonal);
}

/* --- several right-hand sides ------------------------------------------------------------------------- */

/* width lanes take the columns of X, and each row as often as that needs. Products are rounded before they
 * are added, as on the CPU. */
template <bool RELAX> static __global__ void __launch_bounds__(THREADS) columns(rows_task t, int width) {
  int64_t done = (int64_t)blockIdx.x * (THREADS / width) + threadIdx.x / width, row = t.first + done;
  if (done >= t.count) return;
  int64_t begin = t.start[row], end = t.start[row + 1];
  for (int64_t c = threadIdx.x % width; c < t.k; c += width) {
    double sum = 0, diagonal = 0;
#pragma unroll 4
    for (int64_t p = begin; p < end; p++) {
      int32_t column = t.index[p];
      double value = t.values[p];
      if (RELAX && column == row) diagonal = value;
      sum = __dadd_rn(sum, __dmul_rn(value, t.X[column * t.k + c]));
    }
    finish<RELAX>(t, row * t.k + c, sum, diagonal);
  }
}

/* --- the table's --------------------------------------------------------------------------------------- */

template <bool RELAX>
static nl_status run(nlg_device *device, const char *name, const nl_sparse *S, const rows_task &t) {
  int width = 2;
  while (width < WARP && width < t.k) width *= 2;
  bool shorter = S->nnz < WARP * S->rows;
  int64_t rows = t.k > 1 ? THREADS / width : shorter ? THREADS : THREADS / WARP; /* a block */
  if (t.count == 0 || t.k == 0) return NL_OK;
  unsigned blocks = (unsigned)nlg_ceil_div(t.count, rows);
  if (t.k > 1) columns<RELAX><<<blocks, THREADS, 0, device->stream>>>(t, width);
  else if (shorter) stream<RELAX><<<blocks, THREADS, 0, device->stream>>>(t);
  else warp_rows<RELAX><<<blocks, THREADS, 0, device->stream>>>(t);
  NLG_LAUNCHED(device, name);
  return NL_OK;
}

nl_status nlg_sparse_apply(void *handle, const nl_sparse *S, const double *X, int64_t k, double *Y) {
  rows_task t = {S->start, S->index, S->values, 0, S->rows, k, X, nullptr, Y, 0};
  return run<false>(nlg_use(handle), "sparse product", S, t);
}

nl_status nlg_sparse_relax(void *handle, const nl_sparse *S, int64_t first, int64_t count, double omega,
                           const double *B, int64_t k, double *X) {
  rows_task t = {S->start, S->index, S->values, first, count, k, X, B, X, omega};
  return run<true>(nlg_use(handle), "sparse sweep", S, t);
}
