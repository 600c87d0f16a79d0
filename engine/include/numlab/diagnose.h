/* Why an iteration converges on a matrix, how fast, and how far off a solution can be: before solving.
 *
 * Structure and dominance are facts of the entries. Spectral radii are those of the actual splittings
 * A = D + L + U (rows in their given order):
 *   Jacobi        J = -D^-1 (L + U)
 *   Gauss-Seidel  G = -(D + L)^-1 U
 *   SOR           S = (D + omega L)^-1 ((1 - omega) D - omega U)
 */
#ifndef NUMLAB_DIAGNOSE_H
#define NUMLAB_DIAGNOSE_H

#include <numlab/solve.h>

typedef struct nl_diagnose_options {
  double omega;  /* of SOR; 1.5 */
  double tol;    /* the predicted sweeps reduce the error by this factor; 1e-10 */
  uint64_t seed; /* of the start vectors; 1 */
  bool spectral; /* compute spectral radii; true */
} nl_diagnose_options;

nl_diagnose_options nl_diagnose_defaults(void);

typedef enum nl_dominance { NL_DOMINANCE_NONE, NL_DOMINANCE_WEAK, NL_DOMINANCE_STRICT } nl_dominance;

/* By rows; by columns the same of the transpose. Compared with rounded sums: a ratio within rounding of 1
 * counts as weak. */
typedef struct nl_dominance_facts {
  nl_dominance kind;
  int64_t strict; /* rows with |a_ii| > sum_{j != i} |a_ij| */
  double ratio;   /* least |a_ii| / sum_{j != i} |a_ij|; infinity when all those sums are 0 */
  int64_t worst;  /* 1-based row of that ratio; 0 for an empty matrix */
} nl_dominance_facts;

typedef enum nl_answer { NL_UNKNOWN, NL_NO, NL_YES } nl_answer;

typedef struct nl_iteration_facts {
  double radius;    /* spectral radius of the iteration matrix; NaN: not computed */
  double error;     /* its estimated absolute error, rounding and non-normality included */
  bool reliable;    /* error <= 0.5 % of the radius, and <= 5 % of |1 - radius| */
  bool oscillates;  /* the dominant eigenvalue is negative or one of a complex pair */
  int64_t products; /* applications of the iteration matrix it took; 0: the radius follows from others */
  double sweeps;    /* predicted: log(tol) / log(radius), rounded up; infinity from radius 1 on; NaN */
  nl_answer converges;
  char reason[200]; /* the theorem or number the answer rests on */
} nl_iteration_facts;

typedef struct nl_diagnosis {
  int64_t rows, cols, nnz; /* nnz: nonzero entries */
  double density;          /* nnz / (rows cols) */
  bool symmetric;          /* a_ij == a_ji exactly */
  bool positive_diagonal;
  int64_t lower_bandwidth, upper_bandwidth; /* largest i - j and j - i of a nonzero entry, at least 0 */
  bool z_matrix; /* positive diagonal, no positive entry beside it; an M-matrix when J contracts */
  nl_dominance_facts by_rows, by_columns;
  bool chained;   /* weakly dominant by rows, and each row leads to a strictly dominant one */
  int64_t levels; /* rows in the longest chain of a triangular (or permuted triangular) A; 0: not one */
  bool consistently_ordered; /* in Young's sense: then rho(G) = rho(J)^2 */
  int64_t *zero_diagonal;    /* 1-based rows, zero_count of them, owned: nl_diagnosis_release; NULL without */
  int64_t zero_count;
  double norm_inf, norm_1;
  double inverse_bound;   /* rigorous bound of ||A^-1||_inf for strict dominance by rows (Varah), else NaN */
  double condition_bound; /* norm_inf * inverse_bound */
  double contraction;     /* rigorous bound of ||G||_inf = rho(G) at most, for strict dominance by rows */
  nl_iteration_facts jacobi, gauss_seidel, sor;
  double omega;      /* the one of sor */
  double omega_best; /* 2 / (1 + sqrt(1 - rho(J)^2)) where Young's theorem can hold, else NaN */
} nl_diagnosis;

/* A is dense or sparse. A matrix that is not square gets structure only. NONFINITE names the first entry that
 * is NaN or infinite; INTERRUPTED; NOMEM. *out is written on OK only. */
nl_status nl_diagnose(const nl_matrix *A, const nl_diagnose_options *options, nl_diagnosis *out);
void nl_diagnosis_release(nl_diagnosis *d);

/* The bound 1 / min_i alpha_i of ||A^-1||_inf, alpha_i = |a_ii| - sum_{j != i} |a_ij|, rounded to the safe
 * side; NaN where strict dominance by rows cannot be proved, or after Ctrl-C. Dense A is contiguous f64. */
double nl_inverse_bound(const nl_matrix *A);

/* Rigorous bound of ||x - x*||_inf / ||x||_inf for A x* = b, A strictly dominant by rows: with
 * alpha_i = |a_ii| - sum_{j != i} |a_ij| and r = b - A x,
 *   ||x - x*||_inf <= max_i |r_i| / alpha_i          (Varah 1975, row by row)
 * every rounding error made on the way added. The largest over the k columns of X and B, (n, k) row-major.
 * One pass over A, no allocation. NaN where strict dominance cannot be proved, A is not square, a number is
 * not finite, or after Ctrl-C; infinity for x = 0 with b != 0. Dense A is contiguous f64. */
double nl_error_bound(const nl_matrix *A, const double *X, const double *B, int64_t k);

#endif
