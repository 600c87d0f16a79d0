/* The method "umfpack" of nl_solve: UMFPACK's multifrontal LU (Davis, ACM TOMS 30, 2004, algorithm 832),
 * orders by COLAMD or AMD as it sees fit, scales rows, works on dense fronts with BLAS, and refines x up to
 * twice.
 *
 * Prototypes checked against UMFPACK 5.7.9 (SuiteSparse 5.12). It counts its memory in integers: 32-bit ones
 * are faster and reach to 16 GiB of factors; beyond that the whole is done again with 64-bit ones. */
#include "csc.h"
#include "solver/method.h"
#include "suitesparse.h"
#include <float.h>
#include <numlab/clock.h>
#include <stdio.h>

enum { CONTROL = 20, INFO = 90, PRINT_LEVEL = 0, INFO_LNZ = 43, INFO_UNZ = 44, INFO_RCOND = 67 };
enum { SYSTEM_A = 0, OK = 0, SINGULAR = 1, OUT_OF_MEMORY = -1 };

static struct {
  nl_suitesparse_shared shared;
  void (*defaults)(double *control);
  int (*symbolic)(int m, int n, const int *Ap, const int *Ai, const double *Ax, void **,
                  const double *control, double *info);
  int (*numeric)(const int *Ap, const int *Ai, const double *Ax, void *, void **, const double *control,
                 double *info);
  int (*solve)(int sys, const int *Ap, const int *Ai, const double *Ax, double *X, const double *B, void *,
               const double *control, double *info);
  int (*get_numeric)(int *Lp, int *Lj, double *Lx, int *Up, int *Ui, double *Ux, int *P, int *Q, double *D,
                     int *reciprocal, double *Rs, void *);
  void (*free_symbolic)(void **);
  void (*free_numeric)(void **);
  /* the same in 64-bit integers */
  long (*symbolic_l)(long m, long n, const long *Ap, const long *Ai, const double *Ax, void **,
                     const double *control, double *info);
  long (*numeric_l)(const long *Ap, const long *Ai, const double *Ax, void *, void **, const double *control,
                    double *info);
  long (*solve_l)(long sys, const long *Ap, const long *Ai, const double *Ax, double *X, const double *B,
                  void *, const double *control, double *info);
  long (*get_numeric_l)(long *Lp, long *Lj, double *Lx, long *Up, long *Ui, double *Ux, long *P, long *Q,
                        double *D, long *reciprocal, double *Rs, void *);
  void (*free_symbolic_l)(void **);
  void (*free_numeric_l)(void **);
} table;

static const nl_symbol symbols[] = {
    NL_SUITESPARSE_SHARED(table),
    {"umfpack_di_defaults", offsetof(__typeof__(table), defaults), false},
    {"umfpack_di_symbolic", offsetof(__typeof__(table), symbolic), false},
    {"umfpack_di_numeric", offsetof(__typeof__(table), numeric), false},
    {"umfpack_di_solve", offsetof(__typeof__(table), solve), false},
    {"umfpack_di_get_numeric", offsetof(__typeof__(table), get_numeric), false},
    {"umfpack_di_free_symbolic", offsetof(__typeof__(table), free_symbolic), false},
    {"umfpack_di_free_numeric", offsetof(__typeof__(table), free_numeric), false},
    {"umfpack_dl_symbolic", offsetof(__typeof__(table), symbolic_l), false},
    {"umfpack_dl_numeric", offsetof(__typeof__(table), numeric_l), false},
    {"umfpack_dl_solve", offsetof(__typeof__(table), solve_l), false},
    {"umfpack_dl_get_numeric", offsetof(__typeof__(table), get_numeric_l), false},
    {"umfpack_dl_free_symbolic", offsetof(__typeof__(table), free_symbolic_l), false},
    {"umfpack_dl_free_numeric", offsetof(__typeof__(table), free_numeric_l), false},
    {NULL, 0, false},
};

static void opened(void) { nl_suitesparse_hook(&table.shared); }

static const char *const candidates[] = {"libumfpack.so.5", NULL};

nl_library nl_library_umfpack = {
    .name = "umfpack",
    .candidates = candidates,
    .symbols = symbols,
    .table = &table,
    .opened = opened,
    .needed_for = "method umfpack; auto for sparse systems that fill in",
    .cost = "method 'umfpack' is missing, and auto takes another one for sparse systems that fill in",
    .package = "libumfpack5",
};

static nl_status prepare(void) { return nl_library_open(&nl_library_umfpack); }

/* --- one factorisation, in either integer ------------------------------------------------------------- */

typedef struct factor {
  const nl_csc *C;
  long *start, *index; /* 64-bit copies; NULL: 32-bit */
  void *symbolic, *numeric;
  double control[CONTROL], info[INFO];
} factor;

static long factorise(factor *f) {
  const nl_csc *C = f->C;
  if (!f->start) {
    int code =
        table.symbolic(C->cols, C->cols, C->start, C->index, C->values, &f->symbolic, f->control, f->info);
    return code < 0
               ? code
               : table.numeric(C->start, C->index, C->values, f->symbolic, &f->numeric, f->control, f->info);
  }
  long code =
      table.symbolic_l(C->cols, C->cols, f->start, f->index, C->values, &f->symbolic, f->control, f->info);
  return code < 0
             ? code
             : table.numeric_l(f->start, f->index, C->values, f->symbolic, &f->numeric, f->control, f->info);
}

static long solve(factor *f, double *x, const double *b) {
  const nl_csc *C = f->C;
  if (f->start)
    return table.solve_l(SYSTEM_A, f->start, f->index, C->values, x, b, f->numeric, f->control, f->info);
  return table.solve(SYSTEM_A, C->start, C->index, C->values, x, b, f->numeric, f->control, f->info);
}

static void forget(factor *f) {
  if (f->numeric) (f->start ? table.free_numeric_l : table.free_numeric)(&f->numeric);
  if (f->symbolic) (f->start ? table.free_symbolic_l : table.free_symbolic)(&f->symbolic);
}

static void release(factor *f) {
  forget(f);
  nl_free(f->start);
  nl_free(f->index);
}

static nl_status widen(factor *f) {
  int n = f->C->cols, nnz = f->C->start[n];
  long *start = nl_alloc(n + INT64_C(1), sizeof(long), NL_WORKSPACE);
  long *index = nl_alloc(nnz, sizeof(long), NL_WORKSPACE);
  forget(f);
  if (!start || !index) {
    nl_free(start);
    nl_free(index);
    return NL_NOMEM;
  }
  for (int j = 0; j <= n; j++) start[j] = f->C->start[j];
  for (int e = 0; e < nnz; e++) index[e] = f->C->index[e];
  f->start = start;
  f->index = index;
  return NL_OK;
}

/* The column of A whose pivot is zero: the first zero of D in P (R\A) Q = L U; 0 when that is not known. */
static int64_t zero_column(const factor *f) {
  int n = f->C->cols, reciprocal;
  long reciprocal_l, column = 0;
  double *D = nl_alloc(n, sizeof *D, NL_WORKSPACE);
  void *Q = nl_alloc(n, sizeof(long), NL_WORKSPACE);
  long code = OUT_OF_MEMORY;
  if (D && Q && f->start)
    code =
        table.get_numeric_l(NULL, NULL, NULL, NULL, NULL, NULL, NULL, Q, D, &reciprocal_l, NULL, f->numeric);
  else if (D && Q)
    code = table.get_numeric(NULL, NULL, NULL, NULL, NULL, NULL, NULL, Q, D, &reciprocal, NULL, f->numeric);
  for (int k = 0; code == OK && k < n && column == 0; k++)
    if (D[k] == 0) column = 1 + (f->start ? ((long *)Q)[k] : ((int *)Q)[k]);
  nl_free(D);
  nl_free(Q);
  return column;
}

/* --- the method --------------------------------------------------------------------------------------- */

static nl_status no_solution(const factor *f, long code, nl_solve_info *info) {
  if (code == OUT_OF_MEMORY) return nl_suitesparse_no_memory("umfpack");
  if (code != SINGULAR) return nl_fail(NL_INTERNAL, "umfpack: status %ld", code);
  info->code = NL_SINGULAR;
  info->where = zero_column(f);
  snprintf(info->reason, sizeof info->reason, "the pivot of column %lld is exactly zero",
           (long long)info->where);
  return nl_fail(NL_SINGULAR, "umfpack: A is singular: no nonzero pivot in column %lld",
                 (long long)info->where);
}

static nl_status run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  (void)o;
  int n;
  nl_csc C = {0};
  factor f = {.C = &C};
  double *b = NULL, *x = NULL;
  NL_TRY(nl_library_int("umfpack: n", s->n, &n));
  if (n == 0) return NL_OK;
  NL_TRY(nl_csc_from("umfpack", s->A.sparse, &C));
  nl_status status = NL_NOMEM;
  b = nl_alloc(s->n, sizeof *b, NL_WORKSPACE);
  x = nl_alloc(s->n, sizeof *x, NL_WORKSPACE);
  if (!b || !x) goto done;
  nl_suitesparse_begin(&table.shared);
  table.defaults(f.control);
  f.control[PRINT_LEVEL] = 0;

  double start = nl_clock();
  long code = factorise(&f);
  if (code == OUT_OF_MEMORY && !nl_suitesparse_refused()) {
    status = widen(&f);
    if (status != NL_OK) goto done;
    code = factorise(&f);
  }
  for (int64_t j = 0; code == OK && j < s->k; j++) {
    nl_column_get(s->B, s->n, s->k, j, b);
    code = solve(&f, x, b);
    nl_column_put(s->X, s->n, s->k, j, x);
  }
  info->seconds = nl_clock() - start;
  status = code == OK ? NL_OK : no_solution(&f, code, info);
  if (status != NL_OK) goto done;
  info->nnz_factor = (int64_t)f.info[INFO_LNZ] + (int64_t)f.info[INFO_UNZ] - n;
  info->code = NL_OK;
  info->converged = true;
  /* of the diagonal of U after row scaling: cruder than an estimate of the condition number */
  if (!(f.info[INFO_RCOND] >= DBL_EPSILON))
    snprintf(info->warning, sizeof info->warning,
             "umfpack: smallest over largest pivot is %.2g, below eps: x may have no correct digit",
             f.info[INFO_RCOND]);
  snprintf(info->reason, sizeof info->reason, "multifrontal LU, factors %.1f times the entries of A",
           (double)info->nnz_factor / C.start[n]);
done:
  release(&f);
  nl_free(b);
  nl_free(x);
  nl_csc_release(&C);
  return status;
}

const nl_method nl_method_umfpack = {
    .name = "umfpack", .takes = NL_TAKES_SPARSE, .prepare = prepare, .run = run};
