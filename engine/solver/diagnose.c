/* Structure, spectral radii, and what theory makes of them.
 *
 * The iteration matrices are applied, never formed: G x is one homogeneous sweep on a copy of x. Their
 * dominant eigenvalue comes from restarted Arnoldi, or from that of J by Young's relation (D. M. Young,
 * Iterative Solution of Large Linear Systems, 1971, ch. 5-6) where it holds for certain. The verdict prefers
 * a theorem on the entries to a computed number. */
#include "arnoldi.h"
#include "matrix.h"
#include "splitting.h"
#include "structure.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

nl_diagnose_options nl_diagnose_defaults(void) {
  return (nl_diagnose_options){.omega = 1.5, .tol = 1e-10, .seed = 1, .spectral = true};
}

void nl_diagnosis_release(nl_diagnosis *d) {
  nl_free(d->zero_diagonal);
  d->zero_diagonal = NULL;
}

/* --- entries ------------------------------------------------------------------------------------------ */

static nl_status check_finite(const nl_sparse *S) {
  int64_t work = 0;
  for (int64_t i = 0; i < S->rows; i++) {
    if (nl_poll(&work, S->start[i + 1] - S->start[i]))
      return nl_fail(NL_INTERRUPTED, "diagnose: interrupted");
    for (int64_t p = S->start[i]; p < S->start[i + 1]; p++)
      if (!isfinite(S->values[p]))
        return nl_fail(NL_NONFINITE, "diagnose: a(%" PRId64 ",%d) is %g", i + 1, (int)S->index[p] + 1,
                       S->values[p]);
  }
  return NL_OK;
}

/* Take stored zeros out: a sparse matrix may hold some. */
static void compact(nl_sparse *S) {
  int64_t kept = 0, begin = 0;
  for (int64_t i = 0; i < S->rows; i++) {
    int64_t end = S->start[i + 1];
    for (int64_t p = begin; p < end; p++)
      if (S->values[p] != 0) {
        S->index[kept] = S->index[p];
        S->values[kept++] = S->values[p];
      }
    begin = end;
    S->start[i + 1] = kept;
  }
  S->nnz = kept;
}

/* A compressed copy of the nonzero entries. */
static nl_status nonzeros(const nl_matrix *A, nl_sparse *out) {
  if (A->dense && A->dense->ndim != 2) {
    char text[NL_SHAPE_TEXT];
    return nl_fail(NL_SHAPE, "diagnose: A must be a matrix, got shape %s",
                   nl_shape_text(A->dense->ndim, A->dense->shape, text));
  }
  nl_sparse S = {0};
  NL_TRY(A->dense ? nl_sparse_from_dense(A->dense, &S) : nl_sparse_clone(A->sparse, &S));
  if (A->sparse) compact(&S);
  nl_status status = check_finite(&S);
  if (status == NL_OK) *out = S;
  else nl_sparse_release(&S);
  return status;
}

/* --- iteration matrices ------------------------------------------------------------------------------- */

typedef struct iteration {
  nl_splitting S;
  double omega; /* 0: Jacobi */
} iteration;

static void apply_iteration(void *context, const double *x, double *y) {
  const iteration *it = context;
  int64_t n = it->S.n;
  if (it->omega == 0) { /* y = x - D^-1 A x */
    nl_matrix_apply(&it->S.A, x, 1, y);
    for (int64_t i = 0; i < n; i++) y[i] = x[i] - y[i] / it->S.diagonal[i];
  } else {
    memcpy(y, x, (size_t)n * sizeof *y);
    nl_splitting_sweep(&it->S, NL_SWEEP_FORWARD, it->omega, NULL, 1, y);
  }
}

/* Products that a radius may cost: some three seconds, until 120 products alone take longer. One costs a pass
 * over A and, beside it, two over 30 basis vectors of n. */
static int64_t most_products(const nl_diagnosis *d) {
  int64_t most = INT64_C(3000000000) / (d->nnz + 60 * d->rows + 1);
  return most < 120 ? 120 : most > 1200 ? 1200 : most;
}

/* Young's relation (lambda + omega - 1)^2 = lambda omega^2 mu^2 between the eigenvalues mu of J and lambda of
 * the sweep, all mu real: the largest |lambda| belongs to the largest |mu|. A complex pair has modulus
 * omega - 1. */
static double young(double omega, double mu, bool *oscillates) {
  double under = omega * omega * mu * mu - 4 * (omega - 1), root = (omega * mu + sqrt(fmax(under, 0))) / 2;
  *oscillates = under < 0;
  return under < 0 ? omega - 1 : root * root;
}

/* True where the radius follows from that of J: no products needed. The mu of a symmetric A with positive
 * diagonal are real. */
static bool radius_by_young(const iteration *it, const nl_diagnosis *d, nl_iteration_facts *f) {
  double mu = d->jacobi.radius, error = d->jacobi.error;
  bool either;
  if (it->omega == 0 || !d->consistently_ordered || !d->symmetric || !d->positive_diagonal) return false;
  f->radius = young(it->omega, mu, &f->oscillates);
  f->error = fmax(fabs(young(it->omega, mu + error, &either) - f->radius),
                  fabs(young(it->omega, fmax(mu - error, 0), &either) - f->radius)) +
             4 * DBL_EPSILON * f->radius;
  return true;
}

static nl_status radius(iteration *it, const nl_diagnose_options *o, const nl_diagnosis *d,
                        nl_iteration_facts *f) {
  if (d->levels > 0) { /* permuted triangular: the eigenvalues stand on the diagonal */
    f->radius = it->omega == 0 ? 0 : fabs(1 - it->omega);
    f->error = 0;
    f->oscillates = it->omega > 1;
  } else if (!radius_by_young(it, d, f)) {
    nl_eigenvalue found;
    NL_TRY(nl_arnoldi(apply_iteration, it, it->S.n, o->seed, 1e-3, most_products(d), &found));
    f->radius = found.modulus;
    f->error = found.error;
    f->oscillates = fabs(found.imaginary) > 1e-8 * found.modulus || found.real < 0;
    f->products = found.products;
  }
  f->reliable = f->error <= 0.005 * f->radius && f->error <= 0.05 * fabs(1 - f->radius);
  if (f->radius == 0) f->sweeps = (double)d->levels;
  else f->sweeps = f->radius < 1 ? ceil(log(o->tol) / log(f->radius)) : (double)INFINITY;
  return NL_OK;
}

/* --- verdicts ----------------------------------------------------------------------------------------- */

static void conclude(nl_iteration_facts *f, nl_answer answer, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void conclude(nl_iteration_facts *f, nl_answer answer, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(f->reason, sizeof f->reason, format, args);
  va_end(args);
  f->converges = answer;
}

/* What dominance proves for Jacobi, Gauss-Seidel, and SOR with 0 < omega <= 1; true when it does. */
static bool by_dominance(const nl_diagnosis *d, nl_iteration_facts *f) {
  if (d->by_rows.kind == NL_DOMINANCE_STRICT)
    conclude(f, NL_YES, "strictly dominant by rows, ratio at least %.6g (row %" PRId64 ")", d->by_rows.ratio,
             d->by_rows.worst);
  else if (d->by_columns.kind == NL_DOMINANCE_STRICT)
    conclude(f, NL_YES, "strictly dominant by columns, ratio at least %.6g (column %" PRId64 ")",
             d->by_columns.ratio, d->by_columns.worst);
  else if (d->chained)
    conclude(f, NL_YES,
             "weakly dominant by rows, and every row leads to a strictly dominant one (%" PRId64 " are)",
             d->by_rows.strict);
  else return false;
  return true;
}

static void by_radius(const nl_diagnosis *d, const iteration *it, nl_iteration_facts *f) {
  bool definite = d->symmetric && d->positive_diagonal && it->omega > 0;
  if (isnan(f->radius))
    conclude(f, NL_UNKNOWN, "no dominance to argue from, and the spectral radius was not computed");
  else if (f->radius + f->error < 1)
    conclude(f, NL_YES, "spectral radius %.6g < 1%s", f->radius,
             definite ? ": symmetric with a positive diagonal, so A is positive definite (Ostrowski-Reich)"
                      : "");
  else if (f->radius - f->error >= 1)
    conclude(f, NL_NO, "spectral radius %.6g >= 1%s", f->radius,
             definite ? ": symmetric with a positive diagonal, but not positive definite (Ostrowski-Reich)"
                      : "");
  else
    conclude(f, NL_UNKNOWN, "spectral radius %.6g, but its error of up to %.1e leaves both open", f->radius,
             f->error);
}

static nl_status judge(iteration *it, const nl_diagnose_options *o, const nl_diagnosis *d,
                       nl_iteration_facts *f) {
  f->radius = f->error = f->sweeps = (double)NAN;
  if (d->rows != d->cols) {
    conclude(f, NL_UNKNOWN, "A is not square");
    return NL_OK;
  }
  if (d->zero_count > 0) {
    conclude(f, NL_NO,
             "zero diagonal in row %" PRId64 " (%" PRId64 " of %" PRId64 " rows): the sweep divides by a_ii",
             d->zero_diagonal[0], d->zero_count, d->rows);
    return NL_OK;
  }
  if (o->spectral && d->rows > 0) NL_TRY(radius(it, o, d, f));
  if (d->levels > 0 && f->radius == 0)
    conclude(f, NL_YES,
             "triangular up to a permutation: the iteration matrix is nilpotent, at most %" PRId64 " sweeps",
             d->levels);
  else if (it->omega > 1 || !by_dominance(d, f)) by_radius(d, it, f);
  return NL_OK;
}

/* 2 / (1 + sqrt(1 - rho(J)^2)) holds for consistently ordered A whose J has real eigenvalues below 1 (Young):
 * real for certain when A is symmetric with a positive diagonal, else by the dominant one as far as seen. */
static double best_omega(const nl_diagnosis *d) {
  double rho = d->jacobi.radius;
  bool real = d->symmetric && d->positive_diagonal;
  if (!d->consistently_ordered || !(rho < 1) || !(real || !d->jacobi.oscillates)) return (double)NAN;
  return 2 / (1 + sqrt(1 - rho * rho));
}

nl_status nl_diagnose(const nl_matrix *A, const nl_diagnose_options *o, nl_diagnosis *out) {
  if (!(o->omega > 0 && o->omega < 2))
    return nl_fail(NL_ARG, "diagnose: omega is %g, expected 0 < omega < 2", o->omega);
  if (!(o->tol > 0 && o->tol < 1))
    return nl_fail(NL_ARG, "diagnose: tol is %g, expected 0 < tol < 1", o->tol);
  nl_sparse S = {0}, T = {0};
  nl_splitting split = {0};
  nl_diagnosis d = {.omega = o->omega};
  nl_solve_info unused = {.method = "diagnose"};
  nl_status status = nonzeros(A, &S);
  if (status == NL_OK) status = nl_sparse_transpose(&S, &T);
  if (status == NL_OK) status = nl_structure(&S, &T, &d);
  nl_sparse_release(&T);
  if (status == NL_OK && S.rows == S.cols && d.zero_count == 0)
    status = nl_splitting_new(&(nl_matrix){NULL, &S}, &unused, &split);
  if (status != NL_OK) goto done;
  iteration jacobi = {split, 0}, gauss_seidel = {split, 1}, sor = {split, o->omega};
  status = judge(&jacobi, o, &d, &d.jacobi);
  if (status == NL_OK) status = judge(&gauss_seidel, o, &d, &d.gauss_seidel);
  if (status == NL_OK) status = judge(&sor, o, &d, &d.sor);
  d.omega_best = best_omega(&d);
done:
  nl_splitting_release(&split);
  nl_sparse_release(&S);
  if (status == NL_OK) *out = d;
  else nl_diagnosis_release(&d);
  return status;
}
