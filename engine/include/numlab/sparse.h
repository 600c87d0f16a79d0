/* Sparse matrices, f64, compressed by rows (CSR). The CSC form of A is the CSR form of its transpose.
 *
 * Row i holds entries start[i] .. start[i+1]-1; index is their column (0-based), ascending, no column twice.
 * Column numbers are 32-bit because a sweep is bound by the bytes it reads (12 instead of 16 an entry);
 * entries are counted in 64 bits. A stored zero is an entry like any other.
 */
#ifndef NUMLAB_SPARSE_H
#define NUMLAB_SPARSE_H

#include <numlab/tensor.h>

typedef struct nl_sparse {
  int64_t rows, cols, nnz;
  int64_t *start;    /* rows + 1 */
  int32_t *index;    /* nnz */
  double *values;    /* nnz */
  nl_device *device; /* where the arrays lie; NULL: the CPU */
} nl_sparse;

nl_device *nl_sparse_device(const nl_sparse *S);

/* A copy on another device, or on the same. nl_sparse_apply and nl_solve follow the device; what else takes a
 * sparse matrix works on the CPU alone: UNSUPPORTED, and where there is no status the caller looks first. */
nl_status nl_sparse_to(const nl_sparse *S, nl_device *device, nl_sparse *out);

/* Room for nnz entries, start zeroed, index and values uninitialised. SHAPE for negative sizes or sizes
 * beyond 2^31 - 1; NOMEM. The holder owns the arrays and gives them back with nl_sparse_release. */
nl_status nl_sparse_new(int64_t rows, int64_t cols, int64_t nnz, nl_sparse *out);
void nl_sparse_release(nl_sparse *S); /* empties the handle; an empty one is accepted */
nl_status nl_sparse_clone(const nl_sparse *S, nl_sparse *out);

/* From count triplets (COO), 0-based, in any order; duplicates are summed in the order given.
 * ARG names the first triplet outside the matrix. */
nl_status nl_sparse_from_coo(int64_t rows, int64_t cols, int64_t count, const int64_t *row_of,
                             const int64_t *col_of, const double *values, nl_sparse *out);
/* The nonzero elements (NaN included) of a 2-d tensor. */
nl_status nl_sparse_from_dense(const nl_tensor *t, nl_sparse *out);
/* A new contiguous f64 tensor. */
nl_status nl_sparse_to_dense(const nl_sparse *S, nl_tensor *out);
nl_status nl_sparse_transpose(const nl_sparse *S, nl_sparse *out);

/* Element (i, j), 0 where nothing is stored. O(log of the row's entries); i, j not checked. */
double nl_sparse_get(const nl_sparse *S, int64_t i, int64_t j);
/* d(i) = S(i,i), min(rows, cols) values. */
void nl_sparse_diagonal(const nl_sparse *S, double *d);
double nl_sparse_norm_inf(const nl_sparse *S); /* largest row sum of absolute values; NaN passes through */
double nl_sparse_norm_1(const nl_sparse *S);   /* largest column sum; NaN when out of memory */
double nl_sparse_norm_fro(const nl_sparse *S); /* sqrt(sum of squares) without over- or underflow */

/* y = S x. x has cols, y rows elements; they must not overlap. Row sums run left to right, whatever the
 * thread count. */
void nl_sparse_matvec(const nl_sparse *S, const double *x, double *y);
/* Y = S X with X (cols, k) and Y (rows, k), both row-major and contiguous. */
void nl_sparse_matmat(const nl_sparse *S, const double *X, int64_t k, double *Y);
/* A new tensor S x for a vector x (cols) or a matrix (cols, k), on the device of both. SHAPE; DTYPE unless x
 * is f64; DEVICE. */
nl_status nl_sparse_apply(const nl_sparse *S, const nl_tensor *x, nl_tensor *out);
/* A new tensor x S for a vector x (rows) or a matrix (k, rows): S^T x, by a transpose made for this call; of
 * a matrix a transposed view. SHAPE; DTYPE. */
nl_status nl_sparse_apply_left(const nl_tensor *x, const nl_sparse *S, nl_tensor *out);
/* C = A B. SHAPE. Entries that cancel to zero stay stored. */
nl_status nl_sparse_multiply(const nl_sparse *A, const nl_sparse *B, nl_sparse *out);
/* C = factor S, and C = S / divisor (each entry divided, no reciprocal), on the pattern of S. */
nl_status nl_sparse_scale(double factor, const nl_sparse *S, nl_sparse *out);
nl_status nl_sparse_divide(const nl_sparse *S, double divisor, nl_sparse *out);
/* C = alpha A + beta B on the union of the patterns. SHAPE. */
nl_status nl_sparse_add(double alpha, const nl_sparse *A, double beta, const nl_sparse *B, nl_sparse *out);

#endif
