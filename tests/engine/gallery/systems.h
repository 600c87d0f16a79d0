/* What the tests of generators share: a family by its name, made dense, and its eigenvalues' and singular
 * values' checks through nothing but loops. */
#ifndef TEST_GALLERY_SYSTEMS_H
#define TEST_GALLERY_SYSTEMS_H

#include "sparse/matrices.h"
#include <numlab/gallery.h>

static inline const nl_family *family_named(const char *name) {
  const nl_family *family;
  for (int i = 0; (family = nl_gallery_family(i)) != NULL; i++)
    if (strcmp(family->name, name) == 0) return family;
  fail_msg("no family %s", name);
  return NULL;
}

/* parameter NULL: the defaults */
static inline nl_status make_family(const char *name, int64_t n, const double *parameter, uint64_t seed,
                                    nl_sparse *sparse, nl_tensor *dense) {
  const nl_family *family = family_named(name);
  return nl_gallery_make(family, n, parameter ? parameter : family->fallback, seed, sparse, dense);
}

static inline double *image_of(const nl_sparse *S) {
  double *image = calloc((size_t)(S->rows * S->cols + 1), sizeof *image);
  assert_valid(S);
  for (int64_t i = 0; i < S->rows; i++)
    for (int64_t p = S->start[i]; p < S->start[i + 1]; p++) image[i * S->cols + S->index[p]] = S->values[p];
  return image;
}

/* The elements, row-major from malloc, and the order of a family made with these parameters. */
static inline double *family_image(const char *name, int64_t n, const double *parameter, uint64_t seed,
                                   int64_t *order) {
  nl_sparse S = {0};
  nl_tensor t = {0};
  assert_ok(make_family(name, n, parameter, seed, &S, &t));
  *order = S.start ? S.rows : t.shape[0];
  double *image;
  if (S.start) {
    image = image_of(&S);
  } else {
    assert_true(t.ndim == 2 && t.shape[1] == *order && t.dtype == NL_F64 && nl_tensor_is_contiguous(&t));
    image = calloc((size_t)(*order * *order + 1), sizeof *image);
    if (*order > 0) memcpy(image, nl_tensor_data(&t), (size_t)(*order * *order) * sizeof *image);
  }
  nl_sparse_release(&S);
  nl_tensor_release(&t);
  return image;
}

/* ||A v - value v||_inf */
static inline double eigen_residual(int64_t n, const double *A, const double *v, double value) {
  double worst = 0;
  for (int64_t i = 0; i < n; i++) {
    double sum = -value * v[i];
    for (int64_t j = 0; j < n; j++) sum += A[i * n + j] * v[j];
    if (!(fabs(sum) <= worst)) worst = fabs(sum);
  }
  return worst;
}

static inline double asymmetry(int64_t n, const double *A) {
  double worst = 0;
  for (int64_t p = 0; p < n * n; p++) worst = fmax(worst, fabs(A[p] - A[p % n * n + p / n]));
  return worst;
}

/* Cholesky in place; false where a pivot is not positive. */
static inline bool positive_definite(int64_t n, double *A) {
  for (int64_t k = 0; k < n; k++) {
    if (!(A[k * n + k] > 0)) return false;
    for (int64_t i = k + 1; i < n; i++)
      for (int64_t j = k + 1; j <= i; j++) A[i * n + j] -= A[i * n + k] * A[j * n + k] / A[k * n + k];
  }
  return true;
}

#endif
