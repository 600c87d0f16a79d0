/* X = A^-1 B for k right-hand sides, from P A = L U:  X = P B,  L Y = X from the top,  U X = Y from the
 * bottom.
 *
 * Two levels of blocks. A triangle of 64 rows is solved by one kernel, in which a warp has a right-hand
 * side: lane l holds rows l and 32 + l, and row after row goes to all lanes by a shuffle. What those rows
 * mean for the other rows of their 256 is a product, and what the 256 mean for all the rest another, with k
 * = 256 terms, nearly all of the work where there are many right-hand sides (gemm.cu). With up to 16 of them
 * the product reads A once and is a matter of memory: a warp has a row, and its sums are combined by
 * shuffles in one order.
 *
 * Model at k = 1: 2 n / 64 steps of two kernels, 3 us and 3 us below, 3 us and 8 us above, where each row
 * waits for a division: 2 ms at n = 8192, and n^2 numbers read: 0.2 ms. */
#include "lu.cuh"
#include "ops.h"

enum { TRIANGLE = 64, BLOCK = 256, WARPS = 8, THREADS = 32 * WARPS, THIN = 16 /* right-hand sides */ };

/* --- kernels ------------------------------------------------------------------------------------------ */

/* to(i, :) = from(row_of(i), :) */
template <typename T>
static __global__ void gather_rows(const int64_t *row_of, const T *from, int64_t n, int64_t k, T *to) {
  for (int64_t e = nlg_first(); e < n * k; e += nlg_stride()) to[e] = from[row_of[e / k] * k + e % k];
}

/* The w rows at X become the solution of the triangle at A: unit lower, or upper with its own diagonal. */
template <typename T, bool UPPER>
static __global__ void __launch_bounds__(THREADS)
    solve_triangle(const T *A, int64_t n, int w, T *X, int64_t k) {
  __shared__ T tile[TRIANGLE][TRIANGLE + 1];
  const int lane = threadIdx.x % 32;
  for (int e = threadIdx.x; e < TRIANGLE * TRIANGLE; e += THREADS) {
    const int i = e / TRIANGLE, j = e % TRIANGLE;
    tile[i][j] = i < w && j < w ? A[i * n + j] : T(0);
  }
  __syncthreads();
  const int64_t column = (int64_t)blockIdx.x * WARPS + threadIdx.x / 32;
  if (column >= k) return;
  T *const x = X + column;
  T low = lane < w ? x[lane * k] : T(0), high = 32 + lane < w ? x[(32 + lane) * k] : T(0);
  for (int step = 0; step < w; step++) {
    const int j = UPPER ? w - 1 - step : step;
    T x_j = __shfl_sync(~0u, j < 32 ? low : high, j % 32);
    if (UPPER) {
      x_j = x_j / tile[j][j];
      if (lane == j % 32) (j < 32 ? low : high) = x_j;
    }
    if (UPPER ? lane < j : lane > j) low -= tile[lane][j] * x_j;
    if (UPPER ? 32 + lane < j : 32 + lane > j) high -= tile[32 + lane][j] * x_j;
  }
  if (lane < w) x[lane * k] = low;
  if (32 + lane < w) x[(32 + lane) * k] = high;
}

/* C (m, k) -= A (m, depth) B (depth, k), depth at most BLOCK, rows of A n apart. */
template <typename T>
static __global__ void __launch_bounds__(THREADS)
    subtract_thin_product(int64_t m, int64_t k, int depth, const T *A, int64_t n, const T *B, T *C) {
  const int64_t row = (int64_t)blockIdx.x * WARPS + threadIdx.x / 32;
  const int lane = threadIdx.x % 32;
  if (row >= m) return;
  T a[BLOCK / 32];
#pragma unroll
  for (int e = 0; e < BLOCK / 32; e++) a[e] = e * 32 + lane < depth ? A[row * n + e * 32 + lane] : T(0);
  for (int64_t c = 0; c < k; c++) {
    T sum = 0;
#pragma unroll
    for (int e = 0; e < BLOCK / 32; e++)
      if (e * 32 + lane < depth) sum += a[e] * B[(e * 32 + lane) * k + c];
#pragma unroll
    for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(~0u, sum, step);
    if (lane == 0) C[row * k + c] -= sum;
  }
}

/* --- the solution ------------------------------------------------------------------------------------- */

template <typename T> struct factors {
  nlg_device *device;
  const T *A;
  int64_t n, k;
  T *X;
};

/* Rows begin .. end - 1 of X lose A(.., inner .. inner + depth - 1) X(inner ..). */
template <typename T>
static nl_status update(const factors<T> &f, int64_t begin, int64_t end, int64_t inner, int64_t depth) {
  const T *A = f.A + begin * f.n + inner, *B = f.X + inner * f.k;
  T *C = f.X + begin * f.k;
  const cudaStream_t stream = f.device->stream;
  if (f.k > THIN)
    return nlg_subtract_product(f.device, stream, end - begin, f.k, depth, A, f.n, B, f.k, C, f.k);
  if (end <= begin) return NL_OK;
  subtract_thin_product<T><<<(unsigned)nlg_ceil_div(end - begin, WARPS), THREADS, 0, stream>>>(
      end - begin, f.k, (int)depth, A, f.n, B, C);
  NLG_LAUNCHED(f.device, "lu_solve");
  return NL_OK;
}

template <typename T, bool UPPER> static nl_status triangle(const factors<T> &f, int64_t p, int64_t end) {
  solve_triangle<T, UPPER><<<(unsigned)nlg_ceil_div(f.k, WARPS), THREADS, 0, f.device->stream>>>(
      f.A + p * f.n + p, f.n, (int)(end - p), f.X + p * f.k, f.k);
  NLG_LAUNCHED(f.device, "lu_solve");
  return NL_OK;
}

/* Where the block of size `size` ends that begins at p. */
static int64_t block_end(int64_t p, int64_t size, int64_t end) { return p + size < end ? p + size : end; }

template <typename T> static nl_status solve_lower(const factors<T> &f, int64_t p, int64_t end) {
  for (int64_t c = p; c < end; c += TRIANGLE) {
    const int64_t next = block_end(c, TRIANGLE, end);
    NL_TRY((triangle<T, false>(f, c, next)));
    NL_TRY(update(f, next, end, c, next - c));
  }
  return update(f, end, f.n, p, end - p);
}

template <typename T> static nl_status solve_upper(const factors<T> &f, int64_t p, int64_t end) {
  for (int64_t c = p + (end - p - 1) / TRIANGLE * TRIANGLE; c >= p; c -= TRIANGLE) {
    const int64_t next = block_end(c, TRIANGLE, end);
    NL_TRY((triangle<T, true>(f, c, next)));
    NL_TRY(update(f, p, c, c, next - c));
  }
  return update(f, 0, p, p, end - p);
}

template <typename T> static nl_status solve(const factors<T> &f, const int64_t *row_of) {
  const int64_t bytes = f.n * f.k * (int64_t)sizeof(T);
  const cudaStream_t stream = f.device->stream;
  nlg_workspace<int64_t> rows(f.device);
  nlg_workspace<T> given(f.device);
  NL_TRY(rows.take(f.n));
  NL_TRY(given.take(f.n * f.k));
  NL_TRY(nlg_upload(f.device, rows.data, row_of, f.n * (int64_t)sizeof *row_of));
  NLG_CUDA(cudaMemcpyAsync(given.data, f.X, (size_t)bytes, cudaMemcpyDeviceToDevice, stream));
  gather_rows<<<nlg_grid(f.device, f.n * f.k), NLG_THREADS, 0, stream>>>(rows.data, given.data, f.n, f.k,
                                                                         f.X);
  NLG_LAUNCHED(f.device, "lu_solve");
  nlg_pace pace;
  bool stop = false;
  for (int64_t p = 0; p < f.n && !stop; p += BLOCK) {
    NL_TRY(solve_lower(f, p, block_end(p, BLOCK, f.n)));
    NL_TRY(pace.step(stream, &stop));
  }
  for (int64_t p = (f.n - 1) / BLOCK * BLOCK; p >= 0 && !stop; p -= BLOCK) {
    NL_TRY(solve_upper(f, p, block_end(p, BLOCK, f.n)));
    NL_TRY(pace.step(stream, &stop));
  }
  return stop ? nlg_fail(NL_INTERRUPTED, "lu: interrupted while solving") : NL_OK;
}

nl_status nlg_lu_solve(void *handle, const nl_array *LU, const int64_t *row_of, const nl_array *X) {
  nlg_device *device = nlg_use(handle);
  const int64_t n = LU->shape[0], k = X->ndim == 2 ? X->shape[1] : 1;
  if (n == 0 || k == 0) return NL_OK;
  if (LU->dtype == NL_F64)
    return solve<double>({device, (const double *)LU->data, n, k, (double *)X->data}, row_of);
  return solve<float>({device, (const float *)LU->data, n, k, (float *)X->data}, row_of);
}
