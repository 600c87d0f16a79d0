/* x = A^-T x for one vector, from P A = L U: what an estimate of the condition asks for beside lu_solve.
 *
 *   A^T = U^T L^T P:  U^T y = x from the top,  L^T z = y from the bottom,  x(row_of(i)) = z(i)
 *
 * Columns of U^T and L^T are rows of LU, which lie one number after another. By panels of 64: one block
 * solves the triangle in shared memory (33 KiB), column by column, as the CPU does; then all rows outside it
 * lose their part, a thread a row, with neighbouring threads on neighbouring columns of LU. n^2 numbers are
 * read, and 4 launches made for 64 rows. */
#include "ops.h"

enum { PANEL = 64, THREADS = 256 };

/* x(first ..), w <= PANEL of them, becomes the solution of the panel's triangle: of U^T (lower, its own
 * diagonal) downwards, or of L^T (upper, unit diagonal) upwards. */
template <typename T>
static __global__ void solve_triangle(const T *LU, int64_t n, int64_t first, int w, bool upper, T *x) {
  __shared__ T tile[PANEL][PANEL],
      y[PANEL]; /* tile[j][i] = LU(first + j, first + i): column j of the transpose */
  int i = threadIdx.x;
  for (int j = 0; j < w; j++)
    if (i < w) tile[j][i] = LU[(first + j) * n + first + i];
  if (i < w) y[i] = x[first + i];
  __syncthreads();
  for (int step = 0; step < w; step++) {
    int j = upper ? w - 1 - step : step;
    if (i == j && !upper) y[j] = y[j] / tile[j][j];
    __syncthreads();
    if (i < w && (upper ? i < j : i > j)) y[i] -= tile[j][i] * y[j];
    __syncthreads();
  }
  if (i < w) x[first + i] = y[i];
}

/* x(i) -= sum_j LU(first + j, i) x(first + j) for i = begin .. end - 1, j = 0 .. w - 1 in order. */
template <typename T>
static __global__ void take_off(const T *LU, int64_t n, int64_t first, int w, int64_t begin, int64_t end,
                                T *x) {
  int64_t i = begin + blockIdx.x * (int64_t)THREADS + threadIdx.x;
  if (i >= end) return;
  T sum = x[i];
  for (int j = 0; j < w; j++) sum -= LU[(first + j) * n + i] * x[first + j];
  x[i] = sum;
}

/* to(row_of(i)) = from(i) */
template <typename T>
static __global__ void send_rows(const int64_t *row_of, const T *from, int64_t n, T *to) {
  int64_t i = blockIdx.x * (int64_t)THREADS + threadIdx.x;
  if (i < n) to[row_of[i]] = from[i];
}

static unsigned blocks(int64_t count) { return (unsigned)nlg_ceil_div(count, THREADS); }

/* One panel: its triangle, then the rows it changes. */
template <typename T>
static nl_status panel(nlg_device *device, const T *LU, int64_t n, int64_t first, bool upper, T *x) {
  int w = n - first < PANEL ? (int)(n - first) : (int)PANEL;
  int64_t begin = upper ? 0 : first + w, end = upper ? first : n;
  solve_triangle<<<1, PANEL, 0, device->stream>>>(LU, n, first, w, upper, x);
  NLG_LAUNCHED(device, "lu_solve_transposed");
  if (begin == end) return NL_OK;
  take_off<<<blocks(end - begin), THREADS, 0, device->stream>>>(LU, n, first, w, begin, end, x);
  NLG_LAUNCHED(device, "lu_solve_transposed");
  return NL_OK;
}

template <typename T>
static nl_status solve(nlg_device *device, const T *LU, int64_t n, const int64_t *row_of, T *x) {
  nlg_workspace<int64_t> rows(device);
  nlg_workspace<T> z(device);
  NL_TRY(rows.take(n));
  NL_TRY(z.take(n));
  NL_TRY(nlg_upload(device, rows.data, row_of, n * (int64_t)sizeof *row_of));
  for (int64_t p = 0; p < n; p += PANEL) NL_TRY(panel(device, LU, n, p, false, x));
  for (int64_t p = (n - 1) / PANEL * PANEL; p >= 0; p -= PANEL) NL_TRY(panel(device, LU, n, p, true, x));
  NLG_CUDA(cudaMemcpyAsync(z.data, x, (size_t)n * sizeof(T), cudaMemcpyDeviceToDevice, device->stream));
  send_rows<<<blocks(n), THREADS, 0, device->stream>>>(rows.data, z.data, n, x);
  NLG_LAUNCHED(device, "lu_solve_transposed");
  return NL_OK;
}

nl_status nlg_lu_solve_transposed(void *handle, const nl_array *LU, const int64_t *row_of,
                                  const nl_array *x) {
  nlg_device *device = nlg_use(handle);
  int64_t n = LU->shape[0];
  if (n == 0) return NL_OK;
  if (LU->dtype == NL_F64) return solve(device, (const double *)LU->data, n, row_of, (double *)x->data);
  return solve(device, (const float *)LU->data, n, row_of, (float *)x->data);
}
