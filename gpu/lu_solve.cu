/* X = A^-1 B for k right-hand sides, and x = A^-T b for one, from P A = L U:
 *
 *   A^-1   X = P B,                  L Y = X from the top,    U X = Y from the bottom
 *   A^-T   U^T y = b from the top,   L^T z = y from the bottom,   x = P^T z
 *
 * Two levels of blocks. A triangle of 64 rows is solved by one kernel, in which a warp has a right-hand
 * side: lane l holds rows l and 32 + l, and row after row goes to all lanes by a shuffle. What those rows
 * mean for the other rows of their 256 is a product, and what the 256 mean for all the rest another, with k
 * = 256 terms, nearly all of the work where there are many right-hand sides (gemm.cu). With up to 16 of them
 * the product reads the factor once and is a matter of memory: for A^-1 a warp has a row, and its sums are
 * combined by shuffles; for A^-T a warp has an eighth of the rows of 32 columns, which lie side by side. Both
 * add in one order.
 *
 * Model at k = 1: 2 n / 64 steps of two kernels, 3 us and 3 us where the diagonal is 1, 3 us and 8 us where
 * each row waits for a division: 2 ms at n = 8192, and n^2 numbers read: 0.2 ms. */
#include "lu.cuh"
#include "ops.h"

enum { TRIANGLE = 64, BLOCK = 256, WARPS = 8, THREADS = 32 * WARPS, THIN = 16 /* right-hand sides */ };

/* --- kernels ------------------------------------------------------------------------------------------ */

/* to(i, :) = from(row_of(i), :); BACK: to(row_of(i), :) = from(i, :) */
template <typename T, bool BACK>
static __global__ void move_rows(const int64_t *row_of, const T *from, int64_t n, int64_t k, T *to) {
  for (int64_t e = nlg_first(); e < n * k; e += nlg_stride()) {
    const int64_t i = e / k, c = e % k, row = row_of[i];
    to[(BACK ? row : i) * k + c] = from[(BACK ? i : row) * k + c];
  }
}

/* The w rows at X become the solution of a triangle: of the L (unit) or the U, its own diagonal, that lies at
 * LU, rows n apart; with TRANSPOSED of L^T or U^T. UPWARDS: the last row is solved first. */
template <typename T, bool UPWARDS, bool TRANSPOSED>
static __global__ void __launch_bounds__(THREADS)
    solve_triangle(const T *LU, int64_t n, int w, T *X, int64_t k) {
  constexpr bool UNIT = UPWARDS == TRANSPOSED; /* L from the top, L^T from the bottom */
  __shared__ T tile[TRIANGLE][TRIANGLE + 1];
  const int lane = threadIdx.x % 32;
  for (int e = threadIdx.x; e < TRIANGLE * TRIANGLE; e += THREADS) {
    const int i = e / TRIANGLE, j = e % TRIANGLE;
    tile[TRANSPOSED ? j : i][TRANSPOSED ? i : j] = i < w && j < w ? LU[i * n + j] : T(0);
  }
  __syncthreads();
  const int64_t column = (int64_t)blockIdx.x * WARPS + threadIdx.x / 32;
  if (column >= k) return;
  T *const x = X + column;
  T low = lane < w ? x[lane * k] : T(0), high = 32 + lane < w ? x[(32 + lane) * k] : T(0);
  for (int step = 0; step < w; step++) {
    const int j = UPWARDS ? w - 1 - step : step;
    T x_j = __shfl_sync(~0u, j < 32 ? low : high, j % 32);
    if (!UNIT) {
      x_j = x_j / tile[j][j];
      if (lane == j % 32) (j < 32 ? low : high) = x_j;
    }
    if (UPWARDS ? lane < j : lane > j) low -= tile[lane][j] * x_j;
    if (UPWARDS ? 32 + lane < j : 32 + lane > j) high -= tile[32 + lane][j] * x_j;
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

/* c (m) -= A^T b, A (depth, m) with depth at most BLOCK and rows n apart. */
template <typename T>
static __global__ void __launch_bounds__(THREADS)
    subtract_transposed_product(int64_t m, int depth, const T *A, int64_t n, const T *b, T *c) {
  __shared__ T part[WARPS][32];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const int64_t i = (int64_t)blockIdx.x * 32 + lane;
  T a[BLOCK / WARPS], sum = 0;
#pragma unroll
  for (int e = 0; e < BLOCK / WARPS; e++) {
    const int j = e * WARPS + warp;
    a[e] = i < m && j < depth ? A[j * n + i] : T(0);
  }
#pragma unroll
  for (int e = 0; e < BLOCK / WARPS; e++) {
    const int j = e * WARPS + warp;
    if (j < depth) sum += a[e] * b[j];
  }
  part[warp][lane] = sum;
  __syncthreads();
  if (warp > 0 || i >= m) return;
  for (int w = 1; w < WARPS; w++) sum += part[w][lane];
  c[i] -= sum;
}

/* --- the solution ------------------------------------------------------------------------------------- */

template <typename T> struct factors {
  nlg_device *device;
  const T *LU;
  int64_t n, k;
  T *X;
  bool transposed; /* A^-T; k is 1 */
};

/* Rows begin .. end - 1 of X lose what rows inner .. inner + depth - 1 of it mean for them. */
template <typename T>
static nl_status update(const factors<T> &f, int64_t begin, int64_t end, int64_t inner, int64_t depth) {
  const int64_t m = end - begin;
  const T *B = f.X + inner * f.k;
  T *C = f.X + begin * f.k;
  const cudaStream_t stream = f.device->stream;
  if (m <= 0) return NL_OK;
  if (f.k > THIN)
    return nlg_subtract_product(f.device, stream, m, f.k, depth, f.LU + begin * f.n + inner, f.n, B, f.k, C,
                                f.k);
  if (f.transposed)
    subtract_transposed_product<T><<<(unsigned)nlg_ceil_div(m, 32), THREADS, 0, stream>>>(
        m, (int)depth, f.LU + inner * f.n + begin, f.n, B, C);
  else
    subtract_thin_product<T><<<(unsigned)nlg_ceil_div(m, WARPS), THREADS, 0, stream>>>(
        m, f.k, (int)depth, f.LU + begin * f.n + inner, f.n, B, C);
  NLG_LAUNCHED(f.device, "lu_solve");
  return NL_OK;
}

template <typename T, bool UPWARDS> static nl_status triangle(const factors<T> &f, int64_t p, int64_t end) {
  auto *kernel = f.transposed ? solve_triangle<T, UPWARDS, true> : solve_triangle<T, UPWARDS, false>;
  kernel<<<(unsigned)nlg_ceil_div(f.k, WARPS), THREADS, 0, f.device->stream>>>(
      f.LU + p * f.n + p, f.n, (int)(end - p), f.X + p * f.k, f.k);
  NLG_LAUNCHED(f.device, "lu_solve");
  return NL_OK;
}

/* Where the block of size `size` ends that begins at p. */
static int64_t block_end(int64_t p, int64_t size, int64_t end) { return p + size < end ? p + size : end; }

/* Rows p .. end - 1 with L or U^T, and what they mean for the rows below. */
template <typename T> static nl_status solve_down(const factors<T> &f, int64_t p, int64_t end) {
  for (int64_t c = p; c < end; c += TRIANGLE) {
    const int64_t next = block_end(c, TRIANGLE, end);
    NL_TRY((triangle<T, false>(f, c, next)));
    NL_TRY(update(f, next, end, c, next - c));
  }
  return update(f, end, f.n, p, end - p);
}

/* The same with U or L^T, and for the rows above. */
template <typename T> static nl_status solve_up(const factors<T> &f, int64_t p, int64_t end) {
  for (int64_t c = p + (end - p - 1) / TRIANGLE * TRIANGLE; c >= p; c -= TRIANGLE) {
    const int64_t next = block_end(c, TRIANGLE, end);
    NL_TRY((triangle<T, true>(f, c, next)));
    NL_TRY(update(f, p, c, c, next - c));
  }
  return update(f, 0, p, p, end - p);
}

/* X = P X, or P^T X. */
template <typename T, bool BACK> static nl_status permute(const factors<T> &f, const int64_t *row_of) {
  const int64_t count = f.n * f.k;
  const cudaStream_t stream = f.device->stream;
  nlg_workspace<int64_t> rows(f.device);
  nlg_workspace<T> given(f.device);
  NL_TRY(rows.take(f.n));
  NL_TRY(given.take(count));
  NL_TRY(nlg_upload(f.device, rows.data, row_of, f.n * (int64_t)sizeof *row_of));
  NLG_CUDA(cudaMemcpyAsync(given.data, f.X, (size_t)count * sizeof(T), cudaMemcpyDeviceToDevice, stream));
  move_rows<T, BACK>
      <<<nlg_grid(f.device, count), NLG_THREADS, 0, stream>>>(rows.data, given.data, f.n, f.k, f.X);
  NLG_LAUNCHED(f.device, "lu_solve");
  return NL_OK;
}

template <typename T> static nl_status solve(const factors<T> &f, const int64_t *row_of) {
  nlg_pace pace;
  bool stop = false;
  if (!f.transposed) NL_TRY((permute<T, false>(f, row_of)));
  for (int64_t p = 0; p < f.n && !stop; p += BLOCK) {
    NL_TRY(solve_down(f, p, block_end(p, BLOCK, f.n)));
    NL_TRY(pace.step(f.device->stream, &stop));
  }
  for (int64_t p = (f.n - 1) / BLOCK * BLOCK; p >= 0 && !stop; p -= BLOCK) {
    NL_TRY(solve_up(f, p, block_end(p, BLOCK, f.n)));
    NL_TRY(pace.step(f.device->stream, &stop));
  }
  if (stop) return nlg_fail(NL_INTERRUPTED, "lu: interrupted while solving");
  return f.transposed ? permute<T, true>(f, row_of) : NL_OK;
}

static nl_status solve_any(void *handle, const nl_array *LU, const int64_t *row_of, const nl_array *X,
                           bool transposed) {
  nlg_device *device = nlg_use(handle);
  const int64_t n = LU->shape[0], k = X->ndim == 2 ? X->shape[1] : 1;
  if (n == 0 || k == 0) return NL_OK;
  if (LU->dtype == NL_F64)
    return solve<double>({device, (const double *)LU->data, n, k, (double *)X->data, transposed}, row_of);
  return solve<float>({device, (const float *)LU->data, n, k, (float *)X->data, transposed}, row_of);
}

nl_status nlg_lu_solve(void *handle, const nl_array *LU, const int64_t *row_of, const nl_array *X) {
  return solve_any(handle, LU, row_of, X, false);
}

nl_status nlg_lu_solve_transposed(void *handle, const nl_array *LU, const int64_t *row_of,
                                  const nl_array *x) {
  return solve_any(handle, LU, row_of, x, true);
}
