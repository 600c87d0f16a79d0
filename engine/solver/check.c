#include "check.h"
#include "there.h"
#include <inttypes.h>
#include <numlab/interrupt.h>

static nl_status nonfinite(const char *name, int64_t i, int64_t j, bool vector, double value) {
  if (vector) return nl_fail(NL_NONFINITE, "solve: %s(%" PRId64 ") is %g", name, i + 1, value);
  return nl_fail(NL_NONFINITE, "solve: %s(%" PRId64 ",%" PRId64 ") is %g", name, i + 1, j + 1, value);
}

static nl_status name_nonfinite(const char *name, const nl_tensor *t) {
  int64_t cols = t->ndim == 2 ? t->shape[1] : 1, work = 0;
  for (int64_t i = 0; i < t->shape[0] && !nl_poll(&work, cols); i++)
    for (int64_t j = 0; j < cols; j++) {
      double value = nl_tensor_get(t, (const int64_t[]){i, j});
      if (!isfinite(value)) return nonfinite(name, i, j, t->ndim == 1, value);
    }
  return NL_OK;
}

/* x - x is 0 for finite x and NaN otherwise: a sum of those finds trouble without a branch an element. */
static nl_status check_values(const char *name, const nl_tensor *t) {
  const double *p = nl_tensor_data(t);
  int64_t size = nl_tensor_size(t);
  for (int64_t begin = 0; begin < size; begin += NL_POLL) {
    int64_t end = size - begin < NL_POLL ? size : begin + NL_POLL;
    double sum = 0;
    for (int64_t i = begin; i < end; i++) sum += p[i] - p[i];
    if (!(sum == 0)) return name_nonfinite(name, t);
    if (nl_interrupted()) break;
  }
  return NL_OK;
}

static nl_status check_tensor(const char *name, const nl_tensor *t) {
  double largest;
  nl_tensor here;
  if (nl_on_cpu(t) && t->dtype == NL_F64 && nl_tensor_is_contiguous(t)) return check_values(name, t);
  if (nl_on_cpu(t)) return name_nonfinite(name, t);
  NL_TRY(nl_norm(t, (double)INFINITY, &largest));
  if (isfinite(largest)) return NL_OK;
  NL_TRY(nl_tensor_to(t, &nl_cpu, t->dtype, &here));
  nl_status s = name_nonfinite(name, &here);
  nl_tensor_release(&here);
  return s;
}

nl_status nl_check_finite_vector(const char *name, const nl_tensor *b) { return check_tensor(name, b); }

static nl_status check_sparse(const nl_sparse *S) {
  int64_t work = 0;
  for (int64_t i = 0; i < S->rows && !nl_poll(&work, S->start[i + 1] - S->start[i]); i++)
    for (int64_t p = S->start[i]; p < S->start[i + 1]; p++)
      if (!isfinite(S->values[p])) return nonfinite("A", i, S->index[p], false, S->values[p]);
  return NL_OK;
}

static nl_status check_sparse_there(const nl_matrix *A) {
  double largest;
  nl_sparse here;
  NL_TRY(nl_largest_there(A, &largest));
  if (isfinite(largest)) return NL_OK;
  NL_TRY(nl_sparse_to(A->sparse, &nl_cpu, &here));
  nl_status s = check_sparse(&here);
  nl_sparse_release(&here);
  return s;
}

nl_status nl_check_finite_matrix(const nl_matrix *A) {
  if (A->dense) return check_tensor("A", A->dense);
  return nl_matrix_device(A) == &nl_cpu ? check_sparse(A->sparse) : check_sparse_there(A);
}

/* r = b - A x for one row and all k right-hand sides; returns sum_j |a_ij|. A dense row is contiguous f64. */
static double residual_row(const nl_tensor *dense, const nl_sparse *sparse, int64_t i, const double *X,
                           int64_t k, double *r) {
  double sum = 0;
  int64_t begin = sparse ? sparse->start[i] : 0, end = sparse ? sparse->start[i + 1] : dense->shape[1];
  const double *row = sparse ? sparse->values : (const double *)nl_tensor_data(dense) + i * dense->shape[1];
  for (int64_t p = begin; p < end; p++) {
    const double a = row[p], *x = X + (sparse ? sparse->index[p] : p) * k;
    sum += fabs(a);
    for (int64_t j = 0; j < k; j++) r[j] -= a * x[j];
  }
  return sum;
}

/* Running 2-norm that neither overflows nor underflows: scale * sqrt(sum) (LAPACK's dlassq). */
typedef struct norm2 {
  double scale, sum;
} norm2;

static void norm2_add(norm2 *norm, double value) {
  double a = fabs(value);
  if (a == 0) return;
  if (!(a <= norm->scale)) { /* NaN too, which then stays */
    double ratio = norm->scale / a;
    norm->sum = 1 + norm->sum * ratio * ratio;
    norm->scale = a;
  } else {
    norm->sum += a / norm->scale * (a / norm->scale);
  }
}

static double norm2_ratio(const norm2 *r, const norm2 *b) {
  if (r->scale == 0) return 0;
  return b->scale == 0 ? HUGE_VAL : r->scale / b->scale * sqrt(r->sum / b->sum);
}

typedef struct column { /* what is known of one right-hand side */
  norm2 r, b;
  double max_r, max_b, max_x;
} column;

/* Scaled by ||A|| so that the product cannot overflow. */
double nl_backward_error(double norm_r, double norm_A, double norm_x, double norm_b) {
  return norm_r == 0 ? 0 : norm_r / norm_A / (norm_x + norm_b / norm_A);
}

nl_status nl_residuals(const nl_matrix *A, const nl_tensor *B, const nl_tensor *X, double *relative_residual,
                       double *backward_error) {
  if (nl_matrix_device(A) != &nl_cpu) return nl_residuals_there(A, B, X, relative_residual, backward_error);
  nl_tensor dense = {0}, b = {0}, x = {0};
  int64_t n = B->shape[0], k = B->ndim == 2 ? B->shape[1] : 1;
  int64_t mean = A->sparse ? A->sparse->nnz / (n + 1) + 1 : n, work = 0; /* entries a row */
  double norm_A = 0, worst_relative = 0, worst_backward = 0;
  double *r = nl_alloc(k, sizeof *r, NL_WORKSPACE);
  column *of = nl_alloc_zeroed(k, sizeof *of, NL_WORKSPACE);
  nl_status s = r && of ? NL_OK : NL_NOMEM;
  if (s == NL_OK) s = nl_tensor_contiguous(B, NL_F64, &b);
  if (s == NL_OK) s = nl_tensor_contiguous(X, NL_F64, &x);
  if (s == NL_OK && A->dense) s = nl_tensor_contiguous(A->dense, NL_F64, &dense);
  if (s != NL_OK) goto done;
  const double *b_data = nl_tensor_data(&b), *x_data = nl_tensor_data(&x);
  for (int64_t i = 0; i < n; i++) {
    if (nl_poll(&work, mean * k)) {
      s = nl_fail(NL_INTERRUPTED, "solve: interrupted while measuring the residual");
      goto done;
    }
    for (int64_t j = 0; j < k; j++) r[j] = b_data[i * k + j];
    norm_A = fmax(norm_A, residual_row(&dense, A->sparse, i, x_data, k, r));
    for (int64_t j = 0; j < k; j++) {
      norm2_add(&of[j].r, r[j]);
      norm2_add(&of[j].b, b_data[i * k + j]);
      of[j].max_r = nl_larger(of[j].max_r, fabs(r[j]));
      of[j].max_b = nl_larger(of[j].max_b, fabs(b_data[i * k + j]));
      of[j].max_x = nl_larger(of[j].max_x, fabs(x_data[i * k + j]));
    }
  }
  for (int64_t j = 0; j < k; j++) {
    worst_relative = nl_larger(worst_relative, norm2_ratio(&of[j].r, &of[j].b));
    worst_backward =
        nl_larger(worst_backward, nl_backward_error(of[j].max_r, norm_A, of[j].max_x, of[j].max_b));
  }
  *relative_residual = worst_relative;
  *backward_error = worst_backward;
done:
  nl_tensor_release(&dense);
  nl_tensor_release(&b);
  nl_tensor_release(&x);
  nl_free(r);
  nl_free(of);
  return s;
}
