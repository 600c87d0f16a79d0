/* Gauss-Seidel: A = D - L - U with -L, -U the strict triangles of A, and
 *
 *   x(k+1) = (D - L)^-1 (U x(k) + b),   row by row   x_i <- (b_i - sum_{j != i} a_ij x_j) / a_ii
 *
 * in place, so that each row uses the newest values at once. Rows in ascending order (forward), descending
 * (backward) or both in turn (symmetric). Strict diagonal dominance suffices for convergence; so does
 * symmetry with positive eigenvalues (Golub & Van Loan, Matrix Computations, 4th ed., 11.2).
 *
 * A sweep is serial by nature: row i needs row i-1. Both sums of a row run left to right, each in its own
 * chain of additions; zeros add nothing, so a dense matrix and its sparse twin give the same bits. */
#include "multicolour.h"
#include "splitting.h"
#include "stop.h"
#include <inttypes.h>
#include <numlab/interrupt.h>
#include <stdio.h>

enum {
  POLL = 1 << 20, /* entries between two looks at the interrupt flag: about 1 ms */
  WIDTH = 8       /* right-hand sides taken through a row together */
};

/* --- the splitting ------------------------------------------------------------------------------------ */

void nl_splitting_release(nl_splitting *S) {
  nl_free(S->diagonal);
  nl_free(S->diagonal_at);
  *S = (nl_splitting){0};
}

/* Where a_ii stands in each row, and its value: 0 when it is missing. False: Ctrl-C. */
static bool find_diagonals(nl_splitting *S) {
  if (S->A.dense) {
    const double *a = nl_tensor_data(S->A.dense);
    for (int64_t i = 0; i < S->n; i++) S->diagonal[i] = a[i * S->n + i];
    return true;
  }
  const nl_sparse *A = S->A.sparse;
  int64_t work = 0;
  for (int64_t i = 0; i < S->n; i++) {
    int64_t p = A->start[i], end = A->start[i + 1];
    if (nl_poll(&work, end - p)) return false;
    while (p < end && A->index[p] < i) p++;
    S->diagonal_at[i] = p;
    S->diagonal[i] = p < end && A->index[p] == i ? A->values[p] : 0;
  }
  return true;
}

nl_status nl_splitting_new(const nl_matrix *A, nl_solve_info *info, nl_splitting *out) {
  nl_splitting S = {.A = *A, .n = A->dense ? A->dense->shape[0] : A->sparse->rows};
  S.diagonal = nl_alloc(S.n, sizeof(double), NL_WORKSPACE);
  if (A->sparse) S.diagonal_at = nl_alloc(S.n, sizeof(int64_t), NL_WORKSPACE);
  nl_status status = S.diagonal && (A->dense || S.diagonal_at) ? NL_OK : NL_NOMEM;
  *out = (nl_splitting){0};
  if (status != NL_OK) goto done;
  if (!find_diagonals(&S)) {
    status = nl_outcome(info, NL_INTERRUPTED, 0, "interrupted in sweep 0, while looking for the diagonal");
    goto done;
  }
  int64_t zeros = 0, first = 0;
  for (int64_t i = S.n - 1; i >= 0; i--)
    if (S.diagonal[i] == 0) {
      zeros++;
      first = i + 1;
    }
  if (zeros > 0) {
    char more[40] = "";
    if (zeros > 1) snprintf(more, sizeof more, " (and %" PRId64 " more)", zeros - 1);
    status =
        nl_outcome(info, NL_ZERO_DIAGONAL, first,
                   "zero diagonal in row %" PRId64 "%s: each sweep divides by a_ii; permute the rows, or use "
                   "method='lu' or 'klu'",
                   first, more);
    goto done;
  }
  *out = S;
  S = (nl_splitting){0};
done:
  nl_splitting_release(&S);
  return status;
}

/* --- one row ------------------------------------------------------------------------------------------ */

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* sum_{j<i} a_ij x_j + sum_{j>i} a_ij x_j: two chains of additions side by side. */
static double others_sparse(const nl_splitting *S, int64_t i, const double *x) {
  const nl_sparse *A = S->A.sparse;
  int64_t p = A->start[i], p_end = S->diagonal_at[i], q = p_end + 1, q_end = A->start[i + 1];
  const int32_t *index = A->index;
  const double *a = A->values;
  double lower = 0, upper = 0;
  for (int64_t both = least(p_end - p, q_end - q); both > 0; both--, p++, q++) {
    lower += a[p] * x[index[p]];
    upper += a[q] * x[index[q]];
  }
  for (; p < p_end; p++) lower += a[p] * x[index[p]];
  for (; q < q_end; q++) upper += a[q] * x[index[q]];
  return lower + upper;
}

static double others_dense(const nl_splitting *S, int64_t i, const double *x) {
  const double *a = (const double *)nl_tensor_data(S->A.dense) + i * S->n;
  int64_t p = 0, q = i + 1, n = S->n;
  double lower = 0, upper = 0;
  for (int64_t both = least(i, n - q); both > 0; both--, p++, q++) {
    lower += a[p] * x[p];
    upper += a[q] * x[q];
  }
  for (; p < i; p++) lower += a[p] * x[p];
  for (; q < n; q++) upper += a[q] * x[q];
  return lower + upper;
}

/* The same for columns c .. c+width-1 of X, in the same order of additions. */
static void others_block(const nl_splitting *S, int64_t i, const double *X, int64_t k, int64_t c, int width,
                         double *sum) {
  const nl_sparse *A = S->A.sparse;
  const double *a = A ? A->values + A->start[i] : (const double *)nl_tensor_data(S->A.dense) + i * S->n;
  int64_t count = A ? A->start[i + 1] - A->start[i] : S->n;
  int64_t middle = A ? S->diagonal_at[i] - A->start[i] : i;
  double lower[WIDTH] = {0}, upper[WIDTH] = {0};
  for (int64_t p = 0; p < count; p++) {
    const double *x = X + (A ? A->index[A->start[i] + p] : p) * k + c;
    if (p == middle) continue;
    double *part = p < middle ? lower : upper;
    for (int t = 0; t < width; t++) part[t] += a[p] * x[t];
  }
  for (int t = 0; t < width; t++) sum[t] = lower[t] + upper[t];
}

static double relax(double x, double gauss_seidel, double omega) {
  return omega == 1 ? gauss_seidel : x + omega * (gauss_seidel - x);
}

static void update_row(const nl_splitting *S, int64_t i, double omega, const double *B, int64_t k,
                       double *X) {
  double d = S->diagonal[i];
  if (k == 1) {
    double others = S->A.sparse ? others_sparse(S, i, X) : others_dense(S, i, X);
    X[i] = relax(X[i], ((B ? B[i] : 0) - others) / d, omega);
    return;
  }
  for (int64_t c = 0; c < k; c += WIDTH) {
    int width = (int)least(WIDTH, k - c);
    double sum[WIDTH], *x = X + i * k + c;
    others_block(S, i, X, k, c, width, sum);
    for (int t = 0; t < width; t++) x[t] = relax(x[t], ((B ? B[i * k + c + t] : 0) - sum[t]) / d, omega);
  }
}

/* --- sweeps ------------------------------------------------------------------------------------------- */

void nl_splitting_sweep(const nl_splitting *S, nl_sweep direction, double omega, const double *B, int64_t k,
                        double *X) {
  int64_t n = S->n, mean = (S->A.sparse ? S->A.sparse->nnz / (n + 1) : n) + 1;
  int64_t rows = POLL / mean / k + 1; /* between two polls */
  if (direction != NL_SWEEP_BACKWARD)
    for (int64_t begin = 0; begin < n && !nl_interrupted(); begin += rows)
      for (int64_t i = begin; i < least(begin + rows, n); i++) update_row(S, i, omega, B, k, X);
  if (direction != NL_SWEEP_FORWARD)
    for (int64_t end = n; end > 0 && !nl_interrupted(); end -= rows)
      for (int64_t i = end - 1; i >= 0 && i >= end - rows; i--) update_row(S, i, omega, B, k, X);
}

static nl_status run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  nl_splitting S;
  nl_stop stop;
  NL_TRY(nl_splitting_new(&s->A, info, &S));
  if (nl_stop_begin(&stop, s, o, info) == NL_OK)
    for (int64_t sweep = 0; !nl_stop_check(&stop, sweep); sweep++)
      nl_splitting_sweep(&S, o->sweep, 1, s->B, s->k, s->X);
  nl_splitting_release(&S);
  return nl_stop_end(&stop);
}

static nl_status run_there(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  return nl_multicolour_run(s, o, 1, info);
}

const nl_method nl_method_gauss_seidel = {.name = "gauss_seidel",
                                          .takes = NL_TAKES_DENSE | NL_TAKES_SPARSE,
                                          .iterative = true,
                                          .run = run,
                                          .takes_there = NL_TAKES_SPARSE,
                                          .run_there = run_there};
