/* Writing Matrix Market files: sparse as coordinate, dense as array; see matrix_market.c for the format.
 * Values are the shortest decimals that read back as the same f64. */
#include "file.h"
#include "number.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/io.h>
#include <string.h>

/* One value of A; checked pairs are compared so that NaN counts as different. */
typedef struct source {
  const nl_tensor *dense;
  const nl_sparse *sparse;
  int64_t rows, cols;
} source;

static double at(const source *A, int64_t i, int64_t j) {
  if (A->sparse) return nl_sparse_get(A->sparse, i, j);
  return nl_tensor_get(A->dense, (const int64_t[]){i, j});
}

static nl_status check_pair(const source *A, nl_mtx_symmetry symmetry, int64_t i, int64_t j) {
  double a = at(A, i, j), b = at(A, j, i);
  if (symmetry == NL_MTX_SKEW ? a == -b : a == b) return NL_OK;
  return nl_fail(NL_ARG,
                 "save: the matrix is not %s: element (%" PRId64 ", %" PRId64 ") is %.17g, (%" PRId64
                 ", %" PRId64 ") is %.17g",
                 symmetry == NL_MTX_SKEW ? "skew-symmetric" : "symmetric", i + 1, j + 1, a, j + 1, i + 1, b);
}

static nl_status check_value(nl_mtx_field field, double value, int64_t i, int64_t j) {
  if (field == NL_MTX_INTEGER && !(value == rint(value) && fabs(value) <= 0x1p53))
    return nl_fail(NL_ARG,
                   "save: element (%" PRId64 ", %" PRId64 ") is %.17g, not a whole number f64 holds "
                   "exactly (field 'real', or an .npy file, can keep it)",
                   i + 1, j + 1, value);
  if (field == NL_MTX_PATTERN && value != 1)
    return nl_fail(NL_ARG, "save: element (%" PRId64 ", %" PRId64 ") is %.17g; a pattern keeps ones only",
                   i + 1, j + 1, value);
  return NL_OK;
}

static void put_value(nl_writer *w, nl_mtx_field field, double value) {
  char text[NL_NUMBER_TEXT];
  if (field == NL_MTX_INTEGER) nl_writer_format(w, "%" PRId64, (int64_t)value);
  else nl_writer_bytes(w, text, nl_number_format(value, text));
}

/* Only the lower triangle of a symmetric matrix is stored; of a skew one without the diagonal. */
static bool stored(nl_mtx_symmetry symmetry, int64_t i, int64_t j) {
  return symmetry == NL_MTX_GENERAL || i > j || (i == j && symmetry == NL_MTX_SYMMETRIC);
}

static nl_status check_sparse(const source *A, nl_mtx_field field, nl_mtx_symmetry symmetry, int64_t *count) {
  const nl_sparse *S = A->sparse;
  *count = 0;
  for (int64_t i = 0; i < S->rows; i++)
    for (int64_t p = S->start[i]; p < S->start[i + 1]; p++) {
      int64_t j = S->index[p];
      if (symmetry != NL_MTX_GENERAL) NL_TRY(check_pair(A, symmetry, i, j));
      NL_TRY(check_value(field, S->values[p], i, j));
      *count += stored(symmetry, i, j);
    }
  return NL_OK;
}

static nl_status check_dense(const source *A, nl_mtx_field field, nl_mtx_symmetry symmetry) {
  for (int64_t i = 0; i < A->rows && A->cols > 0; i++) /* rows without columns may be any number */
    for (int64_t j = 0; j < A->cols; j++) {
      if (symmetry != NL_MTX_GENERAL) NL_TRY(check_pair(A, symmetry, i, j));
      NL_TRY(check_value(field, at(A, i, j), i, j));
    }
  return NL_OK;
}

static void put_sparse(nl_writer *w, const nl_sparse *S, nl_mtx_field field, nl_mtx_symmetry symmetry,
                       int64_t count) {
  nl_writer_format(w, "%" PRId64 " %" PRId64 " %" PRId64 "\n", S->rows, S->cols, count);
  for (int64_t i = 0; i < S->rows && w->status == NL_OK; i++)
    for (int64_t p = S->start[i]; p < S->start[i + 1]; p++) {
      if (!stored(symmetry, i, S->index[p])) continue;
      nl_writer_format(w, "%" PRId64 " %d", i + 1, S->index[p] + 1);
      if (field != NL_MTX_PATTERN) {
        nl_writer_bytes(w, " ", 1);
        put_value(w, field, S->values[p]);
      }
      nl_writer_bytes(w, "\n", 1);
    }
}

static void put_dense(nl_writer *w, const source *A, nl_mtx_field field, nl_mtx_symmetry symmetry) {
  nl_writer_format(w, "%" PRId64 " %" PRId64 "\n", A->rows, A->cols);
  for (int64_t j = 0; j < A->cols && A->rows > 0 && w->status == NL_OK; j++)
    for (int64_t i = 0; i < A->rows; i++) {
      if (!stored(symmetry, i, j)) continue;
      put_value(w, field, at(A, i, j));
      nl_writer_bytes(w, "\n", 1);
    }
}

static nl_status write_source(const char *path, const source *A, nl_mtx_field field,
                              nl_mtx_symmetry symmetry) {
  static const char *const field_name[] = {"real", "real", "integer", "pattern"};
  static const char *const symmetry_name[] = {"general", "symmetric", "skew-symmetric"};
  int64_t count = 0;
  nl_status status;
  if (symmetry != NL_MTX_GENERAL && A->rows != A->cols)
    return nl_fail(NL_ARG, "save: a symmetric matrix is square, this one is %" PRId64 "x%" PRId64, A->rows,
                   A->cols);
  if (field == NL_MTX_PATTERN && (!A->sparse || symmetry == NL_MTX_SKEW))
    return nl_fail(NL_ARG, "save: only sparse matrices that are not skew-symmetric can be patterns");
  NL_TRY(A->sparse ? check_sparse(A, field, symmetry, &count) : check_dense(A, field, symmetry));
  nl_writer *w = nl_writer_open(path, &status);
  if (!w) return status;
  nl_writer_format(w, "%%%%MatrixMarket matrix %s %s %s\n", A->sparse ? "coordinate" : "array",
                   field_name[field], symmetry_name[symmetry]);
  if (A->sparse) put_sparse(w, A->sparse, field, symmetry, count);
  else put_dense(w, A, field, symmetry);
  return nl_writer_close(w, NL_OK);
}

nl_status nl_mtx_write(const char *path, const nl_matrix *A, nl_mtx_field field, nl_mtx_symmetry symmetry) {
  if (A->sparse) {
    source S = {NULL, A->sparse, A->sparse->rows, A->sparse->cols};
    return write_source(path, &S, field, symmetry);
  }
  const nl_tensor *t = A->dense;
  if (t->ndim != 1 && t->ndim != 2) {
    char text[NL_SHAPE_TEXT];
    return nl_fail(NL_SHAPE, "save: an .mtx file holds a matrix or a vector, got shape %s (use .npy)",
                   nl_shape_text(t->ndim, t->shape, text));
  }
  nl_tensor column; /* a vector is one column */
  NL_TRY(nl_tensor_expand(t, t->ndim, t->shape, &column));
  if (t->ndim == 1) {
    column.ndim = 2;
    column.shape[1] = 1;
    column.stride[1] = 0;
  }
  if (field == NL_MTX_AUTO && !nl_dtype_is_float(t->dtype)) field = NL_MTX_INTEGER;
  source D = {&column, NULL, column.shape[0], column.shape[1]};
  nl_status status = write_source(path, &D, field, symmetry);
  nl_tensor_release(&column);
  return status;
}
