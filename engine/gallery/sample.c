/* Stratified places, right-hand sides and checks for all generators. */
#include "sample.h"
#include <inttypes.h>
#include <math.h>

nl_status nl_gallery_check(const char *what, int64_t n, double density) {
  if (n < 0 || n > INT32_MAX)
    return nl_fail(NL_SHAPE, "%s: n is %" PRId64 ", expected 0 to 2^31 - 1", what, n);
  if (!(density >= 0 && density <= 1))
    return nl_fail(NL_ARG, "%s: density is %g, expected 0 to 1 (a share of the off-diagonal places)", what,
                   density);
  return NL_OK;
}

int64_t nl_gallery_count(double density, int64_t total) {
  double count = round(density * (double)total);
  return count >= (double)total ? total : (int64_t)count;
}

/* floor(a b / c) without overflow, for a <= c. */
static int64_t share(int64_t a, int64_t b, int64_t c) {
  __extension__ typedef unsigned __int128 wide;
  return (int64_t)((wide)a * (wide)b / (wide)c);
}

int64_t nl_gallery_place(uint64_t seed, int64_t k, int64_t count, int64_t total) {
  int64_t begin = share(k, total, count), end = share(k + 1, total, count);
  return begin + (int64_t)nl_random_below(seed, NL_STREAM_PLACES, (uint64_t)k, (uint64_t)(end - begin));
}

static nl_status multiply(const nl_matrix *A, const nl_tensor *x, nl_tensor *b) {
  if (A->sparse) return nl_sparse_apply(A->sparse, x, b);
  int64_t n = A->dense->shape[0], cols = A->dense->shape[1];
  nl_tensor whole;
  NL_TRY(nl_tensor_contiguous(A->dense, NL_F64, &whole));
  nl_status status = nl_tensor_new_uninitialised(NL_F64, 1, &n, b);
  if (status == NL_OK) {
    const double *a = nl_tensor_data(&whole), *from = nl_tensor_data(x);
    double *to = nl_tensor_data(b);
    for (int64_t i = 0; i < n; i++) {
      double sum = 0;
      for (int64_t j = 0; j < cols; j++) sum += a[i * cols + j] * from[j];
      to[i] = sum;
    }
  }
  nl_tensor_release(&whole);
  return status;
}

nl_status nl_gallery_system(const nl_matrix *A, uint64_t seed, nl_tensor *b, nl_tensor *x_true) {
  int64_t n = A->sparse ? A->sparse->cols : A->dense->shape[1];
  nl_tensor x;
  NL_TRY(nl_tensor_new_uninitialised(NL_F64, 1, &n, &x));
  double *value = nl_tensor_data(&x);
  for (int64_t i = 0; i < n; i++) value[i] = 2 * nl_random_uniform(seed, NL_STREAM_SOLUTION, (uint64_t)i) - 1;
  nl_status status = multiply(A, &x, b);
  if (status == NL_OK) *x_true = x;
  else nl_tensor_release(&x);
  return status;
}
