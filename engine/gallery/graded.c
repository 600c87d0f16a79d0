/* Graded matrices: entries fall along the diagonal over a given range.
 *
 *   A = D R D,  d_i = range^(-(i-1) / (2 (n-1))), i = 1..n,
 *   r_ij uniform on (-1, 1), r_ii = 1.1 sum over j != i of |r_ij| (1 for n = 1)
 *
 * a_11 and a_nn are about range apart. R is strictly dominant, so A is nonsingular; the condition of A is
 * about range times that of R, yet elimination along the grading is accurate: the ill-conditioning is a
 * scaling. */
#include "families.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>

nl_status nl_gallery_graded(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out) {
  if (!(parameter[0] >= 1 && parameter[0] <= 1e300))
    return nl_fail(NL_ARG, "graded: range is %g, expected 1 to 1e300", parameter[0]);
  nl_tensor t;
  double *a, *d = nl_alloc(n, sizeof *d, NL_WORKSPACE);
  nl_status status = d ? nl_gallery_square(n, &t, &a) : NL_NOMEM;
  if (status != NL_OK) goto done;
  for (int64_t i = 0; i < n; i++) d[i] = n > 1 ? pow(parameter[0], -(double)i / (2 * (double)(n - 1))) : 1;
  for (int64_t i = 0; i < n && status == NL_OK; i++) {
    double sum = 0;
    for (int64_t j = 0; j < n; j++) {
      if (j == i) continue;
      double r = 2 * nl_random_uniform(seed, NL_STREAM_VALUES, (uint64_t)(i * n + j)) - 1;
      sum += fabs(r);
      a[i * n + j] = d[i] * r * d[j];
    }
    a[i * n + i] = n > 1 ? 1.1 * sum * d[i] * d[i] : 1;
    if (i % 64 == 0 && nl_interrupted())
      status = nl_fail(NL_INTERRUPTED, "graded: interrupted at row %" PRId64, i + 1);
  }
  if (status == NL_OK) *out = t;
  else nl_tensor_release(&t);

done:
  nl_free(d);
  return status;
}
