/* The method "csparse" of nl_solve: CXSparse's left-looking LU P A Q = L U with partial pivoting (tol = 1)
 * after Davis's order for LU, AMD of S'S where S is A without its dense rows; then x = Q U^-1 L^-1 P b.
 *
 * Prototypes and structs checked against CXSparse 3.2.0 (SuiteSparse 5.12). It takes its memory from malloc,
 * so what it holds is not in our counters. cs_lu tells neither why it failed nor where: when no allocation
 * has failed (errno), the matrix is singular. */
#include "csc.h"
#include "library.h"
#include "solver/method.h"
#include <errno.h>
#include <numlab/clock.h>
#include <stdio.h>

typedef struct cs_matrix {
  int nzmax, m, n;
  int *p, *i;
  double *x;
  int nz; /* -1: compressed by columns */
} cs_matrix;

typedef struct cs_symbolic cs_symbolic; /* begins with pinv, q */
struct cs_symbolic {
  int *pinv, *q;
};

typedef struct cs_numeric {
  cs_matrix *L, *U;
  int *pinv;
  double *B;
} cs_numeric;

static struct {
  cs_symbolic *(*sqr)(int order, const cs_matrix *A, int qr);
  cs_numeric *(*lu)(const cs_matrix *A, const cs_symbolic *S, double tol);
  int (*ipvec)(const int *p, const double *b, double *x, int n);
  int (*lsolve)(const cs_matrix *L, double *x);
  int (*usolve)(const cs_matrix *U, double *x);
  cs_symbolic *(*sfree)(cs_symbolic *S);
  cs_numeric *(*nfree)(cs_numeric *N);
} table;

static const nl_symbol symbols[] = {
    {"cs_di_sqr", offsetof(__typeof__(table), sqr), false},
    {"cs_di_lu", offsetof(__typeof__(table), lu), false},
    {"cs_di_ipvec", offsetof(__typeof__(table), ipvec), false},
    {"cs_di_lsolve", offsetof(__typeof__(table), lsolve), false},
    {"cs_di_usolve", offsetof(__typeof__(table), usolve), false},
    {"cs_di_sfree", offsetof(__typeof__(table), sfree), false},
    {"cs_di_nfree", offsetof(__typeof__(table), nfree), false},
    {NULL, 0, false},
};

static const char *const candidates[] = {"libcxsparse.so.3", NULL};

nl_library nl_library_cxsparse = {
    .name = "cxsparse",
    .candidates = candidates,
    .symbols = symbols,
    .table = &table,
    .needed_for = "method csparse",
    .cost = "method 'csparse' is missing; method 'lu' solves sparse systems as dense ones without it",
    .package = "libcxsparse3",
};

static nl_status prepare(void) { return nl_library_open(&nl_library_cxsparse); }

static nl_status no_factor(nl_solve_info *info) {
  if (errno == ENOMEM) return nl_fail(NL_NOMEM, "csparse: out of memory for the factors");
  info->code = NL_SINGULAR;
  snprintf(info->reason, sizeof info->reason, "a pivot is exactly zero; CSparse does not tell which");
  return nl_fail(NL_SINGULAR,
                 "csparse: A is singular: a column has no nonzero pivot (CSparse does not tell which)");
}

static nl_status run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  (void)o;
  int n;
  nl_csc C = {0};
  cs_symbolic *S = NULL;
  cs_numeric *N = NULL;
  double *b = NULL, *x = NULL;
  NL_TRY(nl_library_int("csparse: n", s->n, &n));
  NL_TRY(nl_csc_from("csparse", s->A.sparse, &C));
  nl_status status = NL_NOMEM;
  b = nl_alloc(s->n, sizeof *b, NL_WORKSPACE);
  x = nl_alloc(s->n, sizeof *x, NL_WORKSPACE);
  if (!b || !x) goto done;

  cs_matrix A = {.nzmax = C.start[n], .m = n, .n = n, .p = C.start, .i = C.index, .x = C.values, .nz = -1};
  double start = nl_clock();
  errno = 0;
  S = table.sqr(2, &A, 0);
  N = S ? table.lu(&A, S, 1.0) : NULL;
  if (!N) {
    status = no_factor(info);
    goto done;
  }
  for (int64_t j = 0; j < s->k; j++) {
    nl_column_get(s->B, s->n, s->k, j, b);
    table.ipvec(N->pinv, b, x, n); /* x = P b */
    table.lsolve(N->L, x);
    table.usolve(N->U, x);
    table.ipvec(S->q, x, b, n); /* b = Q x */
    nl_column_put(s->X, s->n, s->k, j, b);
  }
  info->seconds = nl_clock() - start;
  info->nnz_factor = (int64_t)N->L->p[n] + N->U->p[n] - n;
  info->code = NL_OK;
  info->converged = true;
  snprintf(info->reason, sizeof info->reason, "sparse LU, factors %.1f times the entries of A",
           C.start[n] ? (double)info->nnz_factor / C.start[n] : 0.0);
  status = NL_OK;
done:
  if (N) table.nfree(N);
  if (S) table.sfree(S);
  nl_free(b);
  nl_free(x);
  nl_csc_release(&C);
  return status;
}

const nl_method nl_method_csparse = {
    .name = "csparse", .takes = NL_TAKES_SPARSE, .prepare = prepare, .run = run};
