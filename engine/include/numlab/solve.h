/* Linear systems A X = B by any method, one call.
 *
 * A is n x n, dense or sparse; B holds one (n) or k (n, k) right-hand sides; X gets the shape of B.
 * Misuse is SHAPE, DTYPE or ARG. A numerical outcome (SINGULAR, DIVERGED, ...) is returned as the status,
 * with info filled as far as it got. A, B and x0 lie on one device, where the method runs; on a GPU there are
 * lu and cusolver for dense A, a few iterations for sparse A, and info knows no error bound.
 */
#ifndef NUMLAB_SOLVE_H
#define NUMLAB_SOLVE_H

#include <numlab/sparse.h>

/* A dense or a sparse matrix: exactly one pointer is set; both stay the caller's. */
typedef struct nl_matrix {
  const nl_tensor *dense;
  const nl_sparse *sparse;
} nl_matrix;

typedef enum nl_pivot { NL_PIVOT_PARTIAL, NL_PIVOT_NONE, NL_PIVOT_ROOK, NL_PIVOT_COMPLETE } nl_pivot;
typedef enum nl_sweep { NL_SWEEP_FORWARD, NL_SWEEP_BACKWARD, NL_SWEEP_SYMMETRIC } nl_sweep;
typedef enum nl_scale { NL_SCALE_NONE, NL_SCALE_ROWS, NL_SCALE_COLUMNS, NL_SCALE_BOTH } nl_scale;
/* jacobi: M = D; gauss_seidel: one symmetric sweep from zero, M = (D+L) D^-1 (D+U); ssor: the same with
 * omega, M = (D + omega L) D^-1 (D + omega U) / (omega (2 - omega)) */
typedef enum nl_precond {
  NL_PRECOND_NONE,
  NL_PRECOND_JACOBI,
  NL_PRECOND_GAUSS_SEIDEL,
  NL_PRECOND_SSOR
} nl_precond;

typedef struct nl_solve_options {
  const char *method;  /* "auto" */
  double tol;          /* 1e-10: iterative methods stop at ||b - A x||_2 <= tol ||b||_2 */
  int64_t max_iter;    /* 10000 */
  const nl_tensor *x0; /* NULL: zero; shape of b */
  nl_pivot pivot;
  nl_scale scale;     /* gauss: rows and columns divided by powers of two near their largest entry */
  double omega;       /* sor, precond ssor: 1 < omega < 2 over-relaxes; 1.5 */
  nl_sweep sweep;     /* gauss_seidel, sor */
  nl_precond precond; /* cg, bicgstab, gmres */
  int64_t restart;    /* gmres: 50 */
  bool refine;        /* lu: iterative refinement until the backward error stops falling */
  bool history;       /* keep one residual ratio a sweep */
  int64_t block;      /* lu: columns of a panel; 0 chooses */
} nl_solve_options;

nl_solve_options nl_solve_defaults(void);

typedef struct nl_solve_info {
  char method[24]; /* the one that ran */
  nl_status code;
  bool converged;           /* iterative: the stopping rule holds; direct: x was found */
  int64_t iterations;       /* sweeps or Krylov steps (products with A for bicgstab: 2 a step); direct: 0 */
  double seconds;           /* the method alone: no conversion, library loading or residual check */
  char reason[200];         /* why it ended so, or why auto chose this method */
  char converted[80];       /* "sparse to dense"; "" when A was used as it came */
  char warning[200];        /* beside a returned x: "rcond 1e-18 is below eps ..." */
  double relative_residual; /* max over right-hand sides of ||b - A x||_2 / ||b||_2 */
  double backward_error;    /* max of ||b - A x||_inf / (||A||_inf ||x||_inf + ||b||_inf) */
  double *history;          /* history_length values, owned: nl_solve_info_release; NULL without */
  int64_t history_length;
  /* NaN or -1 where the method does not know */
  double growth;         /* max |u_ij| / max |a_ij| over all steps of elimination */
  double smallest_pivot; /* absolute */
  double rcond;          /* 1-norm reciprocal condition estimate */
  double error_bound;    /* rigorous bound of ||x - x*||_inf / ||x||_inf for strictly dominant A (Varah) */
  int64_t exchanges;     /* row (and column) exchanges */
  int64_t rank;          /* rook, complete: steps done before a zero pivot */
  int64_t nnz_factor;    /* entries of L + U, unit diagonal not counted */
  int64_t refinements;   /* steps of iterative refinement */
  int64_t where;         /* 1-based row or column the code names; 0: none */
} nl_solve_info;

void nl_solve_info_release(nl_solve_info *info);

/* x: an empty handle; filled on OK, and also on DIVERGED, STAGNATED, NOT_CONVERGED, BREAKDOWN and INTERRUPTED
 * of an iterative method (the last iterate); otherwise left empty. */
nl_status nl_solve(const nl_matrix *A, const nl_tensor *b, const nl_solve_options *options, nl_tensor *x,
                   nl_solve_info *info);

/* Names of the methods, NULL-terminated, "auto" first. */
const char *const *nl_solve_methods(void);

/* --- a factor that solves again and again ------------------------------------------------------------ */

/* Dense P A = L U (blocked, partial pivoting), made and used on the device of A. */
typedef struct nl_lu {
  nl_tensor LU;    /* (n, n) contiguous: U above and on the diagonal, L (unit diagonal) below */
  int64_t *row_of; /* n: row i of P A is row row_of[i] of A (0-based) */
  int64_t n, exchanges;
  double growth; /* max abs(u_ij) / max abs(a_ij) of the final U: steps between are not looked at */
  double smallest_pivot, norm_1; /* norm_1 of A */
  int64_t singular_column;       /* 0, or the 1-based column of the first exactly zero pivot */
} nl_lu;

/* f64 or f32. A factor is made even when a pivot is zero (singular_column says so); nl_lu_solve then refuses.
 */
nl_status nl_lu_factor(const nl_tensor *A, int64_t block, nl_lu *out);
/* X has B's shape (n) or (n, k). SINGULAR names the column. */
nl_status nl_lu_solve(const nl_lu *F, const nl_tensor *B, nl_tensor *X);
/* 1-norm estimate (Higham's); 0 when singular; NaN when out of memory or the device failed. */
double nl_lu_rcond(const nl_lu *F);
/* New matrices L (unit lower) and U (upper) with P A = L U. */
nl_status nl_lu_lower(const nl_lu *F, nl_tensor *L);
nl_status nl_lu_upper(const nl_lu *F, nl_tensor *U);
void nl_lu_release(nl_lu *F); /* an empty factor is accepted */

#endif
