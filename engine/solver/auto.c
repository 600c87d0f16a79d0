/* method = "auto": which solver suits A, from its structure, its size, the fill it will make, and what is
 * here.
 *
 * Dense A: LU, LAPACK's where it is here and the system is large enough to notice. Sparse A: the entries and
 * the arithmetic of its factors are predicted (AMD and a symbolic factorisation by KLU; without KLU the bound
 * a band gives), and the cheapest of these is taken:
 * - dense LU, when the factors would be half full, or A is small;
 * - gauss_seidel: A strictly dominant by rows, tol above what rounding allows, and the sweeps its contraction
 *   bound predicts, log(tol) / log(c), at least four times cheaper than the factors;
 * - cholmod: A symmetric with positive diagonal and dominant, hence positive definite for certain;
 * - klu, for other factors that stay sparse; umfpack, for those that turn into dense fronts.
 * What is missing is replaced by the next best; without any borrowed library lu, gauss_seidel, cg, gmres
 * serve.
 *
 * On a GPU: lu for dense A, for sparse A the iteration that would serve here, from a copy of A on the CPU. */
#include "external/suitesparse.h"
#include "method.h"
#include "there.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <numlab/diagnose.h>
#include <stdio.h>

enum {
  SMALL = 64,       /* below it a dense system takes less time than a look at its structure */
  CHEAPER = 4,      /* times cheaper than factors a predicted iteration must be */
  DENSE_FRONTS = 40 /* flops an entry of the factors from which BLAS pays: CHOLMOD's own switch */
};

typedef struct forecast {
  const nl_sparse *A;
  const nl_solve_options *o;
  nl_diagnosis d;
  double entries, flops; /* of L + U */
  const char *from;      /* where the two come from */
} forecast;

static bool here(const nl_method *method) { return !method->prepare || method->prepare() == NL_OK; }

/* The first of the methods that is here, in order of preference; NULL-terminated. */
static const nl_method *first_here(const nl_method *const *methods) {
  while (*methods && !here(*methods)) methods++;
  return *methods;
}

static bool fits_dense(int64_t n) {
  nl_memory_counts m = nl_memory();
  return 3 * 8 * (double)n * (double)n <= (double)(m.limit - m.live); /* the image, the factors, a margin */
}

/* --- dense -------------------------------------------------------------------------------------------- */

static const nl_method *dense(int64_t n, const char *what, char *reason) {
  const nl_method *own = nl_method_find("lu"), *method = own ? own : &nl_method_lu;
  bool lapack = n > SMALL && here(&nl_method_lapack);
  if (lapack) method = &nl_method_lapack;
  snprintf(reason, 200, "%s, %" PRId64 " x %" PRId64 ": %s%s", what, n, n, method->name,
           lapack ? ", the fastest LU here" : ", our own elimination");
  return method;
}

/* --- sparse ------------------------------------------------------------------------------------------- */

/* Partial pivoting in a band: L has at most bl entries a column, U bl + bu + 1 a row. */
static void predict_by_band(forecast *f) {
  double n = (double)f->d.rows, l = (double)f->d.lower_bandwidth, u = l + (double)f->d.upper_bandwidth;
  f->entries = fmin(n * (l + u + 1), n * n);
  f->flops = fmin(2 * n * l * (u + 1), 2.0 / 3 * n * n * n);
  f->from = "by its band";
}

static nl_status predict(forecast *f) {
  double entries, flops;
  predict_by_band(f);
  if (!here(&nl_method_klu)) return NL_OK;
  NL_TRY(nl_klu_predict(f->A, &entries, &flops));
  if (entries < 0) return NL_OK;
  f->entries = entries;
  f->flops = flops;
  f->from = "by AMD";
  return NL_OK;
}

/* Multiplications and additions of the predicted sweeps and their residuals; infinity where none can be
 * promised. A residual below eps * cond cannot be reached. */
static double sweeps_of(const forecast *f) {
  const nl_diagnosis *d = &f->d;
  if (d->by_rows.kind != NL_DOMINANCE_STRICT || !(d->contraction < 1)) return INFINITY;
  if (!(f->o->tol < 1 && f->o->tol >= 10 * DBL_EPSILON * d->condition_bound)) return INFINITY;
  double sweeps = d->contraction > 0 ? ceil(log(f->o->tol) / log(d->contraction)) : 1;
  return sweeps <= (double)f->o->max_iter ? sweeps : (double)INFINITY;
}

/* An iteration that suits A, here or on another device. */
static const nl_method *iteration(const nl_diagnosis *d, const char **why) {
  *why = "symmetric with positive diagonal"; /* cg's rate is the root of what a splitting's would be */
  if (d->symmetric && d->positive_diagonal) return &nl_method_cg;
  *why = "dominant by rows";
  if (d->zero_count == 0 && (d->by_rows.kind == NL_DOMINANCE_STRICT || d->chained))
    return &nl_method_gauss_seidel;
  *why = "nothing is known of its spectrum";
  return &nl_method_gmres;
}

/* Factors are out of reach: too large for memory, or there is no library and no room for a dense image. */
static const nl_method *iterative(const forecast *f, char *reason) {
  const nl_diagnosis *d = &f->d;
  const char *why;
  const nl_method *method = iteration(d, &why);
  snprintf(reason, 200, "sparse, %" PRId64 " x %" PRId64 ", no room for factors (about %.2g entries), %s: %s",
           d->rows, d->rows, f->entries, why, method->name);
  return method;
}

static const nl_method *sparse(const forecast *f, char *reason) {
  static const nl_method *const definite[] = {&nl_method_cholmod, &nl_method_klu, &nl_method_umfpack,
                                              &nl_method_csparse, NULL};
  static const nl_method *const scattered[] = {&nl_method_klu, &nl_method_umfpack, &nl_method_csparse, NULL};
  static const nl_method *const fronts[] = {&nl_method_umfpack, &nl_method_klu, &nl_method_csparse, NULL};
  const nl_diagnosis *d = &f->d;
  double n = (double)d->rows, sweeps = sweeps_of(f);
  bool room = fits_dense(d->rows);
  bool certain =
      d->symmetric && d->positive_diagonal && (d->by_rows.kind == NL_DOMINANCE_STRICT || d->chained);
  double factor = certain ? f->flops / 2 : f->flops;
  if (CHEAPER * sweeps * 4 * (double)d->nnz < factor) {
    snprintf(reason, 200,
             "sparse, %" PRId64 " x %" PRId64
             ", strictly dominant: at most %.0f sweeps, factors need %.0f times the work: "
             "gauss_seidel",
             d->rows, d->rows, sweeps, factor / (sweeps * 4 * (double)d->nnz));
    return &nl_method_gauss_seidel;
  }
  if (room && f->entries > 0.5 * n * n)
    return dense(d->rows, "sparse, but the factors are more than half full", reason);
  nl_memory_counts m = nl_memory();
  const nl_method *method = first_here(certain                                 ? definite
                                       : f->flops >= DENSE_FRONTS * f->entries ? fronts
                                                                               : scattered);
  if (!method && room) return dense(d->rows, "sparse, no sparse library here", reason);
  if (!method || 16 * f->entries > (double)(m.limit - m.live)) return iterative(f, reason);
  snprintf(reason, 200,
           "sparse%s, %" PRId64 " x %" PRId64 ", factors predicted %s %.1f times its %" PRId64 " entries: %s",
           certain ? ", positive definite" : "", d->rows, d->rows, f->from,
           f->entries / (d->nnz > 0 ? (double)d->nnz : 1), d->nnz, method->name);
  return method;
}

/* --- on a GPU ----------------------------------------------------------------------------------------- */

/* What the structure says, without the spectrum. */
static nl_status look(const nl_matrix *A, nl_diagnosis *d) {
  nl_diagnose_options options = nl_diagnose_defaults();
  options.spectral = false;
  return nl_diagnose(A, &options, d);
}

static nl_status choose_there(const nl_matrix *A, const nl_method **method, char *reason) {
  const char *place = nl_device_name(nl_matrix_device(A)), *why;
  nl_sparse here;
  nl_diagnosis d;
  if (A->dense) {
    *method = &nl_method_lu;
    snprintf(reason, 200, "dense, on %s: lu, our own elimination", place);
    return NL_OK;
  }
  NL_TRY(nl_sparse_to(A->sparse, &nl_cpu, &here));
  nl_status s = look(&(nl_matrix){NULL, &here}, &d);
  nl_sparse_release(&here);
  NL_TRY(s);
  *method = iteration(&d, &why);
  nl_diagnosis_release(&d);
  if (!((*method)->takes_there & NL_TAKES_SPARSE)) {
    *method = NULL;
    return nl_fail(
        NL_UNSUPPORTED,
        "solve: auto finds no iteration for this sparse A on %s: it is not dominant by rows; name a "
        "method, or move A and b with :to('cpu'), where direct methods are",
        place);
  }
  snprintf(reason, 200, "sparse, on %s, %s: %s", place, why, (*method)->name);
  return NL_OK;
}

nl_status nl_method_choose(const nl_matrix *A, const nl_solve_options *o, const nl_method **method,
                           char *reason) {
  int64_t n = A->dense ? A->dense->shape[0] : A->sparse->rows;
  if (nl_matrix_device(A) != &nl_cpu) return choose_there(A, method, reason);
  if (A->dense || n <= SMALL) {
    *method = dense(n, A->dense ? "dense" : "sparse but small", reason);
    return NL_OK;
  }
  forecast f = {.A = A->sparse, .o = o};
  NL_TRY(look(A, &f.d));
  nl_status status = predict(&f);
  if (status == NL_OK) *method = sparse(&f, reason);
  nl_diagnosis_release(&f.d);
  return status;
}
