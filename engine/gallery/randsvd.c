/* Random matrices with prescribed singular values: A = U diag(s) V^T with U, V random orthogonal (Haar), each
 * as a product of Householder reflections of normal vectors and random signs (Stewart 1980).
 *
 *   mode 1  s_1 = 1, the others 1/cond          mode 2  s_n = 1/cond, the others 1
 *   mode 3  geometric: s_i = cond^(-(i-1)/(n-1))
 *   mode 4  arithmetic: s_i = 1 - (1 - 1/cond) (i-1)/(n-1)
 *   mode 5  s_1 = 1, s_n = 1/cond, between them log s_i uniform
 *
 * O(n^3): reflections meet rows only, so they run in parallel over rows, and the second side on the
 * transpose. Every row is treated the same way whoever has it: the same bits at any thread count. */
#include "families.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>
#include <numlab/parallel.h>
#include <string.h>

enum { STREAM_RIGHT = NL_STREAM_SIGNS + 1, STREAM_LEFT, REFLECTIONS = 32 };

static void singular_values(int64_t n, double cond, int mode, uint64_t seed, double *s) {
  double last = (double)(n - 1);
  for (int64_t i = 0; i < n; i++) {
    double share = n > 1 ? (double)i / last : 0;
    if (mode == 5 && i > 0 && i < n - 1) share = nl_random_uniform(seed, NL_STREAM_VALUES, (uint64_t)i);
    if (mode == 1) s[i] = i == 0 ? 1 : 1 / cond;
    else if (mode == 2) s[i] = i == n - 1 && n > 1 ? 1 / cond : 1;
    else if (mode == 4) s[i] = 1 - (1 - 1 / cond) * share;
    else s[i] = pow(cond, -share);
  }
}

/* --- reflections -------------------------------------------------------------------------------------- */

/* v such that I - v v^T reflects: normal x over k..n-1, v = x + sign(x_k) ||x|| e_k, times sqrt(2) / ||v||.
 */
static void draw_reflection(int64_t n, int64_t k, uint64_t seed, uint64_t stream, double *v) {
  double square = 0;
  for (int64_t j = k; j < n; j++) {
    v[j] = nl_random_normal(seed, stream, (uint64_t)(k * n + j));
    square += v[j] * v[j];
  }
  double shifted = v[k] + copysign(sqrt(square), v[k]);
  square += shifted * shifted - v[k] * v[k];
  v[k] = shifted;
  for (int64_t j = k; j < n; j++) v[j] *= sqrt(2 / square);
}

typedef struct panel {
  int64_t n, first,
      last; /* reflections first .. last-1; number k lies in row k - first of V, from column k */
  const double *V;
  double *A;
} panel;

/* a^T v in four chains of additions. */
static double dot(int64_t count, const double *a, const double *v) {
  double s[4] = {0};
  int64_t j = 0;
  for (; j + 4 <= count; j += 4)
    for (int c = 0; c < 4; c++) s[c] += a[j + c] * v[j + c];
  for (; j < count; j++) s[0] += a[j] * v[j];
  return (s[0] + s[1]) + (s[2] + s[3]);
}

/* a^T := a^T - (a^T v) v^T for the rows a^T of A, one reflection after the other. */
static void reflect_rows(void *context, int64_t begin, int64_t end) {
  const panel *job = context;
  for (int64_t i = begin; i < end; i++)
    for (int64_t k = job->first; k < job->last; k++) {
      int64_t count = job->n - k;
      double *a = job->A + i * job->n + k;
      const double *v = job->V + (k - job->first) * job->n + k;
      double along = dot(count, a, v);
      for (int64_t j = 0; j < count; j++) a[j] -= along * v[j];
    }
}

/* A := A Q, Q Haar. V: room for REFLECTIONS rows. */
static nl_status times_orthogonal(int64_t n, uint64_t seed, uint64_t stream, double *V, double *A) {
  for (int64_t first = 0; first < n - 1; first += REFLECTIONS) {
    if (nl_interrupted())
      return nl_fail(NL_INTERRUPTED, "randsvd: interrupted at reflection %" PRId64, first);
    panel job = {n, first, first + REFLECTIONS < n - 1 ? first + REFLECTIONS : n - 1, V, A};
    for (int64_t k = first; k < job.last; k++) draw_reflection(n, k, seed, stream, V + (k - first) * n);
    int64_t row_cost = REFLECTIONS * (n - first);
    nl_parallel_for(n, 65536 / row_cost + 1, reflect_rows, &job);
  }
  for (int64_t j = 0; j < n; j++)
    if (nl_random_bits(seed, NL_STREAM_SIGNS, stream * (uint64_t)n + (uint64_t)j) & 1)
      for (int64_t i = 0; i < n; i++) A[i * n + j] = -A[i * n + j];
  return NL_OK;
}

static void transpose(int64_t n, double *A) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < i; j++) {
      double kept = A[i * n + j];
      A[i * n + j] = A[j * n + i];
      A[j * n + i] = kept;
    }
}

nl_status nl_gallery_randsvd(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out) {
  double cond = parameter[0], mode = parameter[1];
  if (!(cond >= 1 && cond <= 1e300)) return nl_fail(NL_ARG, "randsvd: cond is %g, expected 1 to 1e300", cond);
  if (!(mode == 1 || mode == 2 || mode == 3 || mode == 4 || mode == 5))
    return nl_fail(NL_ARG, "randsvd: mode is %g, expected 1, 2, 3, 4 or 5", mode);
  nl_tensor t = {0};
  double *A, *s = nl_alloc(n, sizeof *s, NL_WORKSPACE);
  double *V = nl_alloc(REFLECTIONS * n, sizeof *V, NL_WORKSPACE);
  nl_status status = s && V ? nl_gallery_square(n, &t, &A) : NL_NOMEM;
  if (status != NL_OK) goto done;
  singular_values(n, cond, (int)mode, seed, s);
  for (int64_t i = 0; i < n; i++) A[i * n + i] = s[i];
  status = times_orthogonal(n, seed, STREAM_RIGHT, V, A);
  if (status != NL_OK) goto done;
  transpose(n, A);
  status = times_orthogonal(n, seed, STREAM_LEFT, V, A);
  transpose(n, A);

done:
  nl_free(s);
  nl_free(V);
  if (status == NL_OK) *out = t;
  else nl_tensor_release(&t);
  return status;
}
