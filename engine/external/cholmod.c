/* The method "cholmod" of nl_solve: CHOLMOD's sparse Cholesky L L' or L D L' of a symmetric positive definite
 * A, ordered by AMD or METIS, supernodal where factors are dense enough (Chen, Davis, Hager & Rajamanickam,
 * ACM TOMS 35, 2008, algorithm 887). The upper triangle is read; that A is symmetric is checked first.
 *
 * Prototypes and the leading fields of the structs checked against CHOLMOD 3.0.14 (SuiteSparse 5.12). Its
 * common block is opaque here: 2664 bytes there, 16 KiB given. An indefinite A can pass the simplicial L D L'
 * with a negative D, so D is looked at. nnz_factor counts L with its diagonal; L' is not stored. */
#include "csc.h"
#include "solver/matrix.h"
#include "solver/method.h"
#include "suitesparse.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <numlab/clock.h>
#include <stdio.h>

enum { COMMON_BYTES = 16384, SYSTEM_A = 0, UPPER = 1, INT = 0, REAL = 1, DOUBLE = 0 };

typedef struct cholmod_common cholmod_common; /* opaque */

typedef struct cholmod_sparse {
  size_t nrow, ncol, nzmax;
  void *p, *i, *nz, *x, *z;
  int stype, itype, xtype, dtype, sorted, packed;
} cholmod_sparse;

typedef struct cholmod_dense {
  size_t nrow, ncol, nzmax, d;
  void *x, *z;
  int xtype, dtype;
} cholmod_dense;

typedef struct cholmod_factor { /* begins with */
  size_t n, minor;              /* minor < n: the column at which L L' broke down */
  int *Perm, *ColCount, *IPerm;
  size_t nzmax;
  int *p, *i;
  double *x;
  void *z, *nz, *next, *prev;
  size_t nsuper, ssize, xsize, maxcsize, maxesize;
  void *super, *pi, *px, *s;
  int ordering, is_ll, is_super;
} cholmod_factor;

static struct {
  nl_suitesparse_shared shared;
  int (*start)(cholmod_common *);
  int (*finish)(cholmod_common *);
  cholmod_factor *(*analyze)(cholmod_sparse *, cholmod_common *);
  int (*factorize)(cholmod_sparse *, cholmod_factor *, cholmod_common *);
  cholmod_dense *(*solve)(int sys, cholmod_factor *, cholmod_dense *, cholmod_common *);
  int (*free_factor)(cholmod_factor **, cholmod_common *);
  int (*free_dense)(cholmod_dense **, cholmod_common *);
} table;

static const nl_symbol symbols[] = {
    NL_SUITESPARSE_SHARED(table),
    {"cholmod_start", offsetof(__typeof__(table), start), false},
    {"cholmod_finish", offsetof(__typeof__(table), finish), false},
    {"cholmod_analyze", offsetof(__typeof__(table), analyze), false},
    {"cholmod_factorize", offsetof(__typeof__(table), factorize), false},
    {"cholmod_solve", offsetof(__typeof__(table), solve), false},
    {"cholmod_free_factor", offsetof(__typeof__(table), free_factor), false},
    {"cholmod_free_dense", offsetof(__typeof__(table), free_dense), false},
    {NULL, 0, false},
};

static void opened(void) { nl_suitesparse_hook(&table.shared); }

static const char *const candidates[] = {"libcholmod.so.3", NULL};

nl_library nl_library_cholmod = {
    .name = "cholmod",
    .candidates = candidates,
    .symbols = symbols,
    .table = &table,
    .opened = opened,
    .needed_for = "method cholmod; auto for symmetric positive definite sparse systems",
    .cost = "method 'cholmod' is missing, and auto takes another one for symmetric sparse systems",
    .package = "libcholmod3",
};

static nl_status prepare(void) { return nl_library_open(&nl_library_cholmod); }

/* --- what A must be ----------------------------------------------------------------------------------- */

static nl_status not_symmetric(int64_t i, int64_t j, double a, double b, nl_solve_info *info) {
  info->code = NL_NOT_POSITIVE_DEFINITE;
  info->where = i + 1;
  snprintf(info->reason, sizeof info->reason, "A is not symmetric");
  return nl_fail(NL_NOT_POSITIVE_DEFINITE,
                 "cholmod: A is not symmetric: A(%" PRId64 ",%" PRId64 ") = %.17g but A(%" PRId64 ",%" PRId64
                 ") = %.17g; methods lu, klu and umfpack take such a matrix",
                 i + 1, j + 1, a, j + 1, i + 1, b);
}

/* Differences within the rounding of the largest entry are let pass. */
static nl_status check_symmetric(const nl_sparse *A, nl_solve_info *info) {
  nl_matrix matrix = {.sparse = A};
  nl_asymmetry worst;
  double most = 0;
  NL_TRY(nl_matrix_asymmetry(&matrix, &worst));
  for (int64_t e = 0; e < A->nnz; e++) most = fmax(most, fabs(A->values[e]));
  if (worst.most <= 8 * DBL_EPSILON * most) return NL_OK;
  return not_symmetric(worst.j, worst.i, nl_sparse_get(A, worst.j, worst.i),
                       nl_sparse_get(A, worst.i, worst.j), info);
}

/* The first column of the factor that says A is not positive definite, or n. */
static int64_t breakdown(const cholmod_factor *L) {
  if (L->minor < L->n) return (int64_t)L->minor;
  if (!L->is_super && !L->is_ll)
    for (size_t j = 0; j < L->n; j++)
      if (!(L->x[L->p[j]] > 0)) return (int64_t)j; /* D(j,j) */
  return (int64_t)L->n;
}

static nl_status check_definite(const cholmod_factor *L, nl_solve_info *info) {
  int64_t j = breakdown(L);
  if (j == (int64_t)L->n) return NL_OK;
  info->code = NL_NOT_POSITIVE_DEFINITE;
  info->where = L->Perm[j] + 1;
  snprintf(info->reason, sizeof info->reason, "the pivot of column %" PRId64 " is not positive", info->where);
  return nl_fail(NL_NOT_POSITIVE_DEFINITE,
                 "cholmod: A is not positive definite: the pivot of column %" PRId64
                 " is not positive; methods lu, klu and umfpack take such a matrix",
                 info->where);
}

/* --- the method --------------------------------------------------------------------------------------- */

static nl_status solve(const nl_system *s, const nl_csc *C, double *R, cholmod_common *common,
                       nl_solve_info *info) {
  cholmod_sparse A = {.nrow = (size_t)C->cols,
                      .ncol = (size_t)C->cols,
                      .nzmax = (size_t)C->start[C->cols],
                      .p = C->start,
                      .i = C->index,
                      .x = C->values,
                      .stype = UPPER,
                      .itype = INT,
                      .xtype = REAL,
                      .dtype = DOUBLE,
                      .sorted = 1,
                      .packed = 1};
  cholmod_dense B = {.nrow = (size_t)s->n,
                     .ncol = (size_t)s->k,
                     .nzmax = (size_t)(s->n * s->k),
                     .d = (size_t)s->n,
                     .x = R,
                     .xtype = REAL,
                     .dtype = DOUBLE};
  cholmod_dense *X = NULL;
  nl_status status = NL_OK;
  double start = nl_clock();
  cholmod_factor *L = table.analyze(&A, common);
  if (!L || !table.factorize(&A, L, common)) status = nl_suitesparse_no_memory("cholmod");
  if (status == NL_OK) status = check_definite(L, info);
  if (status != NL_OK) goto done;
  for (int64_t j = 0; j < s->k; j++) nl_column_get(s->B, s->n, s->k, j, R + j * s->n);
  X = table.solve(SYSTEM_A, L, &B, common);
  if (!X) {
    status = nl_suitesparse_no_memory("cholmod");
    goto done;
  }
  for (int64_t j = 0; j < s->k; j++) nl_column_put(s->X, s->n, s->k, j, (double *)X->x + j * (int64_t)X->d);
  info->seconds = nl_clock() - start;
  info->nnz_factor = 0;
  for (size_t j = 0; j < L->n; j++) info->nnz_factor += L->ColCount[j];
  info->code = NL_OK;
  info->converged = true;
  snprintf(info->reason, sizeof info->reason, "%s Cholesky, L %.1f times the entries of A",
           L->is_super ? "supernodal" : "simplicial", (double)info->nnz_factor / C->start[C->cols]);
done:
  if (X) table.free_dense(&X, common);
  if (L) table.free_factor(&L, common);
  return status;
}

static nl_status run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  (void)o;
  int n, k;
  nl_csc C = {0};
  double *R = NULL; /* right-hand sides by columns */
  cholmod_common *common = NULL;
  NL_TRY(nl_library_int("cholmod: n", s->n, &n));
  NL_TRY(nl_library_int("cholmod: right-hand sides", s->k, &k));
  if (n == 0 || k == 0) return NL_OK;
  NL_TRY(nl_csc_from("cholmod", s->A.sparse, &C));
  nl_status status = check_symmetric(s->A.sparse, info);
  if (status != NL_OK) goto done;
  status = NL_NOMEM;
  R = nl_alloc(s->n * s->k, sizeof *R, NL_WORKSPACE);
  common = nl_alloc_zeroed(COMMON_BYTES, 1, NL_WORKSPACE);
  if (!R || !common) goto done;
  nl_suitesparse_begin(&table.shared);
  table.start(common);
  status = solve(s, &C, R, common, info);
  table.finish(common);
done:
  nl_free(common);
  nl_free(R);
  nl_csc_release(&C);
  return status;
}

const nl_method nl_method_cholmod = {
    .name = "cholmod", .takes = NL_TAKES_SPARSE, .prepare = prepare, .run = run};
