/* The contract of every kernel, and the table they are called through.
 *
 * A table exists for each CPU level; generic/ fills all of it, a higher level replaces what it does better
 * (kernels.c). Kernels exist in f64 and f32: take them by type, `nl_kernels_in_use()->dense[NL_F32].dot`.
 * Arrays are of the entry's type, contiguous, of any alignment, and do not overlap unless it says so; scalars
 * travel as double, which is exact. Kernels allocate nothing, start no threads, poll nothing and cannot fail.
 */
#ifndef NL_CPU_KERNELS_H
#define NL_CPU_KERNELS_H

#include <numlab/cpu.h>
#include <numlab/dtype.h>

/* The tile of the matrix product, on strips of A and B, packed or where they lie:
 *
 *   C(i,j) = beta C(i,j) + alpha sum_p a[i*a_row + p*a_col] b[p*b_row + j]
 *
 * for 0 <= i < rows <= mr, 0 <= j < cols <= nr, 0 <= p < k. The sum runs over p upwards from zero, for each
 * (i,j) alike: so an element has the same bits wherever in a tile it lies, and in a tile of any size. C is
 * row-major, rows C_row apart. beta == 0: C is written, never read (it may hold NaN). b may be read up to nr
 * columns. */
typedef void nl_gemm_tile(int64_t rows, int64_t cols, int64_t k, double alpha, const void *a, int64_t a_row,
                          int64_t a_col, const void *b, int64_t b_row, double beta, void *C, int64_t C_row);

/* Block sizes are data beside the kernel they suit: mr x nr the tile; A is packed mc x kc at a time (stays in
 * L2), B kc x nc (stays in L3). mc % mr == 0 and nc % nr == 0. */
typedef struct nl_gemm_kernel {
  nl_gemm_tile *tile;
  int64_t mr, nr, mc, kc, nc;
} nl_gemm_kernel;

typedef struct nl_dense_kernels {
  nl_gemm_kernel gemm;
  double (*dot)(int64_t n, const void *x, const void *y);        /* sum x_i y_i, in the entry's type */
  void (*axpy)(int64_t n, double alpha, const void *x, void *y); /* y_i += alpha x_i */
  void (*scale)(int64_t n, double alpha, void *y);               /* y_i *= alpha */
  double (*update)(int64_t n, double alpha, const void *x,
                   void *y);                       /* axpy; max |y_i| as it leaves, NaN unseen */
  double (*largest)(int64_t n, const void *x);     /* max |x_i|, 0 for n = 0, NaN unseen */
  double (*maximum)(int64_t n, const void *x);     /* max x_i, -inf for n = 0, NaN unseen */
  double (*sum)(int64_t n, const void *x);         /* sum x_i, in f64 */
  double (*sum_squares)(int64_t n, const void *x); /* sum x_i^2, in f64 */
  /* max sign x_i for sign 1 or -1, NaN where there is one; -inf for n = 0 */
  double (*highest)(int64_t n, double sign, const void *x);
  /* The first i with x_i == value, the first NaN for NaN, n where there is none. */
  int64_t (*find)(int64_t n, double value, const void *x);
  /* y_i = exp(x_i - shift), and the sum of the y_i. shift and the difference are rounded to the entry's
   * type; x and y may be one array. NaN in x or shift gives NaN, -inf gives 0, +inf and overflow inf,
   * underflow is gradual. An element has the same bits wherever it lies. Error of y_i beside that of the
   * difference: exp.h. */
  double (*exp_sum)(int64_t n, double shift, const void *x, void *y);
  /* y_j = alpha sum_c x_c A(j,c) for 0 <= j < rows, 0 <= c < d; rows of A lie lda apart. An element has the
   * same bits for any number of rows, wherever its row stands. */
  void (*rows_dot)(int64_t rows, int64_t d, double alpha, const void *x, const void *A, int64_t lda, void *y);
  /* y_c += sum_j x_j A(j,c), likewise: j upwards from y_c for each c, so the rows in several calls, and any
   * of the columns, give the same bits. */
  void (*rows_sum)(int64_t rows, int64_t d, const void *x, const void *A, int64_t lda, void *y);
  /* y_i = c tanh(x_i / c) and, unless slope is NULL, slope_i = 1 - tanh^2(x_i / c), the quotient rounded to
   * the entry's type; c > 0, x and y may be one array. |y_i| <= c; NaN stays NaN, -0 stays -0, +-inf gives
   * +-c and slope 0. An element has the same bits wherever it lies, and with slope or without. Errors:
   * squash.h.
   */
  void (*squash)(int64_t n, double c, const void *x, void *y, void *slope);
} nl_dense_kernels;

typedef struct nl_kernels {
  nl_cpu_level level;        /* the highest level that put something into this table */
  nl_dense_kernels dense[2]; /* NL_F64, NL_F32 */
  /* y_i = x_i for the storage types NL_F16 and NL_BF16 (NULL for the others): exact, NaN stays NaN */
  void (*widen[NL_BF16 + 1])(int64_t n, const uint16_t *x, float *y);
} nl_kernels;

/* The table of the level in use; settled at the first call. */
const nl_kernels *nl_kernels_in_use(void);
/* The table of one level: for tests, which walk all levels up to nl_cpu_detected() in one process. */
const nl_kernels *nl_kernels_at(nl_cpu_level level);
/* Make the table of this level the one in use; ARG for more than the machine has. For tests and benchmarks.
 */
nl_status nl_kernels_use(nl_cpu_level level);

/* INTERNAL, naming type and fact, when a kernel is missing or block sizes do not fit each other. */
nl_status nl_kernels_verify(const nl_kernels *table);

/* table.c of each level's folder */
void nl_kernels_generic(nl_kernels *table);
void nl_kernels_avx2(nl_kernels *table);
void nl_kernels_avx512(nl_kernels *table);

#endif
