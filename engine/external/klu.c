/* The method "klu" of nl_solve: KLU's block triangular form, AMD on each block, left-looking LU with
 * threshold pivoting (0.001: the diagonal is preferred) and rows scaled by their largest entry (Davis &
 * Palamadai Natarajan, ACM TOMS 37, 2010, algorithm 907). Made for circuits; good wherever factors stay
 * sparse.
 *
 * Prototypes and structs checked against KLU 1.3.8 (SuiteSparse 5.12). */
#include "csc.h"
#include "solver/method.h"
#include "suitesparse.h"
#include <float.h>
#include <numlab/clock.h>
#include <stdio.h>

typedef struct klu_common {
  double tol, memgrow, initmem_amd, initmem, maxwork;
  int btf, ordering, scale;
  void *user_order, *user_data; /* the first is a function; never called here */
  int halt_if_singular;
  int status, nrealloc, structural_rank, numerical_rank, singular_col, noffdiag;
  double flops, rcond, condest, rgrowth, work;
  size_t memusage, mempeak;
  double room[64]; /* for the fields of later versions */
} klu_common;

enum { KLU_SINGULAR = 1, KLU_OUT_OF_MEMORY = -2, KLU_TOO_LARGE = -4 };

typedef struct klu_symbolic {           /* begins with */
  double symmetry, est_flops, lnz, unz; /* -1: unknown */
} klu_symbolic;
typedef struct klu_numeric { /* begins with */
  int n, nblocks, lnz, unz, max_lnz_block, max_unz_block;
  int *Pnum, *Pinv, *Lip, *Uip, *Llen, *Ulen;
  void **LUbx;
  size_t *LUsize;
  void *Udiag;
  double *Rs;
  size_t worksize;
  void *Work, *Xwork;
  int *Iwork, *Offp, *Offi;
  void *Offx;
  int nzoff;
} klu_numeric;

static struct {
  nl_suitesparse_shared shared;
  int (*defaults)(klu_common *);
  klu_symbolic *(*analyze)(int n, const int *Ap, const int *Ai, klu_common *);
  klu_numeric *(*factor)(const int *Ap, const int *Ai, const double *Ax, klu_symbolic *, klu_common *);
  int (*solve)(klu_symbolic *, klu_numeric *, int ldim, int k, double *B, klu_common *);
  int (*condest)(const int *Ap, const double *Ax, klu_symbolic *, klu_numeric *, klu_common *);
  int (*free_symbolic)(klu_symbolic **, klu_common *);
  int (*free_numeric)(klu_numeric **, klu_common *);
} table;

static const nl_symbol symbols[] = {
    NL_SUITESPARSE_SHARED(table),
    {"klu_defaults", offsetof(__typeof__(table), defaults), false},
    {"klu_analyze", offsetof(__typeof__(table), analyze), false},
    {"klu_factor", offsetof(__typeof__(table), factor), false},
    {"klu_solve", offsetof(__typeof__(table), solve), false},
    {"klu_condest", offsetof(__typeof__(table), condest), false},
    {"klu_free_symbolic", offsetof(__typeof__(table), free_symbolic), false},
    {"klu_free_numeric", offsetof(__typeof__(table), free_numeric), false},
    {NULL, 0, false},
};

static void opened(void) { nl_suitesparse_hook(&table.shared); }

static const char *const candidates[] = {"libklu.so.1", NULL};

nl_library nl_library_klu = {
    .name = "klu",
    .candidates = candidates,
    .symbols = symbols,
    .table = &table,
    .opened = opened,
    .needed_for = "method klu; auto for sparse systems",
    .cost = "method 'klu' is missing, and auto takes another one for sparse systems",
    .package = "libklu1",
};

static nl_status prepare(void) { return nl_library_open(&nl_library_klu); }

static nl_status no_factor(const klu_common *common, nl_solve_info *info) {
  if (common->status == KLU_OUT_OF_MEMORY || common->status == KLU_TOO_LARGE)
    return nl_suitesparse_no_memory("klu");
  if (common->status != KLU_SINGULAR) return nl_fail(NL_INTERNAL, "klu: status %d", common->status);
  info->code = NL_SINGULAR;
  info->where = common->singular_col + 1;
  snprintf(info->reason, sizeof info->reason, "the pivot of column %d is exactly zero",
           common->singular_col + 1);
  return nl_fail(NL_SINGULAR, "klu: A is singular: no nonzero pivot in column %d", common->singular_col + 1);
}

static nl_status run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  (void)o;
  int n, k;
  nl_csc C = {0};
  klu_common common = {0};
  klu_symbolic *symbolic = NULL;
  klu_numeric *numeric = NULL;
  double *X = NULL; /* right-hand sides by columns */
  NL_TRY(nl_library_int("klu: n", s->n, &n));
  NL_TRY(nl_library_int("klu: right-hand sides", s->k, &k));
  if (n == 0) return NL_OK;
  NL_TRY(nl_csc_from("klu", s->A.sparse, &C));
  nl_status status = NL_NOMEM;
  X = nl_alloc(s->n * s->k, sizeof *X, NL_WORKSPACE);
  if (!X) goto done;
  nl_suitesparse_begin(&table.shared);
  table.defaults(&common);

  double start = nl_clock();
  symbolic = table.analyze(n, C.start, C.index, &common);
  if (symbolic) numeric = table.factor(C.start, C.index, C.values, symbolic, &common);
  if (!numeric) {
    status = no_factor(&common, info);
    goto done;
  }
  for (int j = 0; j < k; j++) nl_column_get(s->B, s->n, s->k, j, X + (int64_t)j * n);
  table.solve(symbolic, numeric, n, k, X, &common);
  for (int j = 0; j < k; j++) nl_column_put(s->X, s->n, s->k, j, X + (int64_t)j * n);
  info->seconds = nl_clock() - start;

  if (table.condest(C.start, C.values, symbolic, numeric, &common) && common.condest > 0)
    info->rcond = 1 / common.condest;
  if (!(info->rcond >= DBL_EPSILON))
    snprintf(info->warning, sizeof info->warning, "rcond %.2g is below eps: x may have no correct digit",
             info->rcond);
  info->nnz_factor = (int64_t)numeric->lnz + numeric->unz - n + numeric->nzoff;
  info->code = NL_OK;
  info->converged = true;
  snprintf(info->reason, sizeof info->reason, "%d diagonal blocks, factors %.1f times the entries of A",
           numeric->nblocks, (double)info->nnz_factor / C.start[n]);
  status = NL_OK;
done:
  if (numeric) table.free_numeric(&numeric, &common);
  if (symbolic) table.free_symbolic(&symbolic, &common);
  nl_free(X);
  nl_csc_release(&C);
  return status;
}

nl_status nl_klu_predict(const nl_sparse *A, double *entries, double *flops) {
  int n;
  nl_csc C = {0};
  klu_common common = {0};
  *entries = *flops = -1;
  NL_TRY(nl_library_int("klu: n", A->rows, &n));
  if (n == 0) return NL_OK;
  NL_TRY(nl_csc_from("klu", A, &C));
  nl_suitesparse_begin(&table.shared);
  table.defaults(&common);
  klu_symbolic *symbolic = table.analyze(n, C.start, C.index, &common);
  nl_status status = NL_OK;
  if (symbolic && common.structural_rank == n && symbolic->lnz >= 0 && symbolic->est_flops >= 0) {
    *entries = symbolic->lnz + symbolic->unz - n;
    *flops = symbolic->est_flops;
  } else if (!symbolic && nl_suitesparse_refused()) {
    status = nl_suitesparse_no_memory("klu");
  }
  if (symbolic) table.free_symbolic(&symbolic, &common);
  nl_csc_release(&C);
  return status;
}

const nl_method nl_method_klu = {.name = "klu", .takes = NL_TAKES_SPARSE, .prepare = prepare, .run = run};
