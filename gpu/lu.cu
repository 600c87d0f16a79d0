/* P A = L U with partial pivoting: right-looking elimination by panels, the next panel factored ahead.
 *
 *   for each panel of w columns, from column p on:
 *     P [A11; A21] = [L11; L21] U11   leaf by leaf of 32 columns (lu_leaf.cu); behind each its exchanges and
 *                                     U12 in the panel (lu_rows.cu), and a product for the rest of the panel
 *     exchanges left and right of the panel; U12 = L11^-1 A12, leaf by leaf in the same way
 *     A22 = A22 - L21 U12             a product: nearly all of the 2/3 n^3
 *
 * Look-ahead: on a second stream, which the device serves first, the next panel's columns are updated and
 * factored while the first stream updates all that is right of them. With k the step,
 *   ahead:    when update k - 1 is done:     update k of panel k + 1's columns;   panel k + 1 is factored
 *   stream:   when panel k is factored:      exchanges left of panel k;   update k of the rest
 * Pivots stay on the device until the end; the host waits once a step, for the step before.
 *
 * Model on an H100, f64, per 32 columns: a leaf 32 x 1.2 us + 5 us for its rows, 3 launches in the panel and
 * 2 for its columns of U12 at 4 us each: 65 us, so 2 us n for the chain of panels, 8 ms at n = 4096, 16 ms
 * at 8192, whatever the arithmetic; beside it 2/3 n^3 at some 40 TFLOP/s: 1, 9 and 73 ms at n = 4096, 8192,
 * 16384. So panels decide up to n = 10000, the product above. Panels of 256 columns from n = 8192 on,
 * because an update by k columns moves 16 bytes for 2 k operations and 128 of them would wait for memory; of
 * 128 below, where the product is hidden anyway. */
#include "lu.cuh"
#include "ops.h"
#include <math.h>
#include <memory>
#include <new>
#include <string.h>

static int64_t panel_width(int64_t n, int64_t wanted) {
  const int64_t width = wanted > 0 ? wanted : n < 8192 ? 128 : 256;
  return width < n ? width : n;
}

/* --- facts -------------------------------------------------------------------------------------------- */

/* *largest = max |a_ij| over all or over j >= i, as the bits of a double, which are ordered as numbers >= 0
 * are; NaN counts as infinite. Zero at the start. */
template <typename T>
static __global__ void find_largest(const T *A, int64_t n, bool upper, unsigned long long *largest) {
  double most = 0;
  for (int64_t i = blockIdx.x; i < n; i += gridDim.x)
    for (int64_t j = (upper ? i : 0) + threadIdx.x; j < n; j += blockDim.x) {
      const double size = fabs((double)A[i * n + j]);
      most = size == size ? fmax(most, size) : (double)INFINITY;
    }
  for (int step = 16; step > 0; step /= 2) most = fmax(most, __shfl_xor_sync(~0u, most, step));
  if (threadIdx.x % 32 == 0) atomicMax(largest, (unsigned long long)__double_as_longlong(most));
}

template <typename T>
static nl_status launch_largest(const nlg_lu<T> &lu, bool upper, unsigned long long *largest) {
  find_largest<<<nlg_grid(lu.device, lu.n * NLG_THREADS), NLG_THREADS, 0, lu.device->stream>>>(
      lu.A, lu.n, upper, largest);
  NLG_LAUNCHED(lu.device, "lu, largest element");
  return NL_OK;
}

static void tell(int64_t n, const int *pivot, const double *pivot_size, int64_t *row_of, nl_lu_facts *facts) {
  facts->singular_column = facts->exchanges = 0;
  facts->smallest_pivot = pivot_size[0];
  for (int64_t i = 0; i < n; i++) row_of[i] = i;
  for (int64_t i = 0; i < n; i++) {
    const int64_t kept = row_of[i];
    row_of[i] = row_of[pivot[i]], row_of[pivot[i]] = kept;
    facts->exchanges += pivot[i] != i;
    if (pivot_size[i] < facts->smallest_pivot) facts->smallest_pivot = pivot_size[i];
    if (pivot_size[i] == 0 && facts->singular_column == 0) facts->singular_column = i + 1;
  }
}

/* --- the elimination ---------------------------------------------------------------------------------- */

/* Rows row .. end - 1 of columns column .. column + columns - 1 lose L(.., inner .. inner + k - 1) U(inner
 * .., ..). */
template <typename T>
static nl_status update(const nlg_lu<T> &lu, cudaStream_t stream, int64_t row, int64_t end, int64_t column,
                        int64_t columns, int64_t inner, int64_t k) {
  const int64_t n = lu.n;
  return nlg_subtract_product(lu.device, stream, end - row, columns, k, lu.A + row * n + inner, n,
                              lu.A + inner * n + column, n, lu.A + row * n + column, n);
}

/* Columns p .. end - 1 */
template <typename T>
static nl_status factor_panel(const nlg_lu<T> &lu, cudaStream_t stream, int64_t p, int64_t end) {
  for (int64_t c = p, next; c < end; c = next) {
    const int w = nlg_lu_leaf_width(lu, c, end);
    next = c + w;
    NL_TRY(nlg_lu_leaf(lu, stream, c, w));
    NL_TRY(nlg_lu_beside(lu, stream, true, true, c, next, p, c - p, next, end - next));
    NL_TRY(update(lu, stream, next, lu.n, next, end - next, c, w));
  }
  return NL_OK;
}

/* What panel p .. end - 1 means for columns right .. right + count - 1, all of it, and for the first `left`
 * columns, exchanges alone. Exchanges come first: L has the order of rows that the whole panel left. */
template <typename T>
static nl_status apply_panel(const nlg_lu<T> &lu, cudaStream_t stream, int64_t p, int64_t end, int64_t left,
                             int64_t right, int64_t count) {
  NL_TRY(nlg_lu_beside(lu, stream, true, false, p, end, 0, left, right, count));
  for (int64_t c = p, next; c < end; c = next) {
    next = c + nlg_lu_leaf_width(lu, c, end);
    NL_TRY(nlg_lu_beside(lu, stream, false, true, c, next, 0, 0, right, count));
    NL_TRY(update(lu, stream, next, end, right, count, c, next - c));
  }
  return update(lu, stream, end, lu.n, right, count, p, end - p);
}

template <typename T> static nl_status eliminate(const nlg_lu<T> &lu, cudaStream_t ahead, int64_t width) {
  const cudaStream_t stream = lu.device->stream;
  const int64_t n = lu.n;
  nlg_event ready, panel, rest;
  nlg_pace pace;
  NL_TRY(ready.record(stream));
  NL_TRY(ready.hold(ahead));
  NL_TRY(factor_panel(lu, ahead, 0, width));
  for (int64_t p = 0; p < n; p += width) {
    const int64_t end = p + width < n ? p + width : n, next_end = end + width < n ? end + width : n;
    bool stop = false;
    NL_TRY(panel.record(ahead));
    NL_TRY(panel.hold(stream));
    NL_TRY(rest.hold(ahead));
    NL_TRY(apply_panel(lu, ahead, p, end, 0, end, next_end - end));
    NL_TRY(apply_panel(lu, stream, p, end, p, next_end, n - next_end));
    NL_TRY(rest.record(stream));
    NL_TRY(factor_panel(lu, ahead, end, next_end));
    NL_TRY(pace.step(stream, &stop));
    if (stop)
      return nlg_fail(NL_INTERRUPTED, "lu: interrupted after column %lld of %lld", (long long)p,
                      (long long)n);
  }
  return NL_OK;
}

/* The two streams of a device. Under NUMLAB_SYNC=1 they are one, so that an error names its own launch. */
static nl_status stream_ahead(nlg_device *device, cudaStream_t *ahead) {
  int least, greatest;
  *ahead = device->stream;
  if (device->synchronous) return NL_OK;
  NLG_CUDA(cudaDeviceGetStreamPriorityRange(&least, &greatest));
  if (!device->ahead) NLG_CUDA(cudaStreamCreateWithPriority(&device->ahead, cudaStreamNonBlocking, greatest));
  *ahead = device->ahead;
  return NL_OK;
}

template <typename T>
static nl_status factor(nlg_device *device, T *A, int64_t n, int64_t width, int64_t *row_of,
                        nl_lu_facts *facts) {
  nlg_workspace<int> pivot(device), from(device), to(device);
  nlg_workspace<double> pivot_size(device);
  nlg_workspace<nlg_lu_piece> pieces(device);
  nlg_workspace<unsigned long long> largest(device);
  std::unique_ptr<int[]> pivot_here(new (std::nothrow) int[n]);
  std::unique_ptr<double[]> size_here(new (std::nothrow) double[n]);
  if (!pivot_here || !size_here) return nlg_fail(NL_NOMEM, "lu: out of memory for %lld pivots", (long long)n);
  nlg_lu<T> lu = {};
  lu.device = device, lu.n = n, lu.A = A;
  NL_TRY(nlg_lu_open(&lu));
  NL_TRY(pivot.take(n));
  NL_TRY(from.take(n));
  NL_TRY(to.take(n));
  NL_TRY(pivot_size.take(n));
  NL_TRY(pieces.take(nlg_lu_pieces(n)));
  NL_TRY(largest.take(2));
  lu.pivot = pivot.data, lu.pivot_size = pivot_size.data;
  lu.from = from.data, lu.to = to.data, lu.pieces = pieces.data;
  cudaStream_t ahead;
  NL_TRY(stream_ahead(device, &ahead));
  NLG_CUDA(cudaMemsetAsync(pieces.data, 0, nlg_lu_pieces(n) * sizeof(nlg_lu_piece), device->stream));
  NLG_CUDA(cudaMemsetAsync(largest.data, 0, 2 * sizeof *largest.data, device->stream));
  NL_TRY(launch_largest(lu, false, largest.data));

  nlg_event joined;
  NL_TRY(joined.record(device->stream)); /* made while nothing runs ahead: below it must not fail */
  const nl_status status = eliminate(lu, ahead, width);
  NL_TRY(joined.record(ahead)); /* the workspace goes back to a pool that knows the first stream alone */
  NL_TRY(joined.hold(device->stream));
  NL_TRY(status);

  unsigned long long bits[2];
  static_assert(sizeof bits[0] == sizeof facts->largest_a, "bits of a double");
  NL_TRY(launch_largest(lu, true, largest.data + 1));
  NL_TRY(nlg_download(device, bits, largest.data, sizeof bits));
  NL_TRY(nlg_download(device, pivot_here.get(), pivot.data, n * (int64_t)sizeof(int)));
  NL_TRY(nlg_download(device, size_here.get(), pivot_size.data, n * (int64_t)sizeof(double)));
  tell(n, pivot_here.get(), size_here.get(), row_of, facts);
  memcpy(&facts->largest_a, &bits[0], sizeof bits[0]);
  memcpy(&facts->largest_u, &bits[1], sizeof bits[1]);
  return NL_OK;
}

nl_status nlg_lu_factor(void *handle, const nl_array *A, int64_t block, int64_t *row_of, nl_lu_facts *facts) {
  nlg_device *device = nlg_use(handle);
  const int64_t n = A->shape[0], width = panel_width(n, block);
  *facts = {};
  if (n == 0) return NL_OK;
  if (A->dtype == NL_F64) return factor(device, (double *)A->data, n, width, row_of, facts);
  return factor(device, (float *)A->data, n, width, row_of, facts);
}
