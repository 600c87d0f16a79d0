/* y = S x and Y = S X, threaded over rows.
 *
 * Each row sum runs left to right in one chain of additions, so any split of the rows gives the same bits.
 * Work is split by entries, not by rows: row i counts as its entries and one, so it stands at
 * start[i] + i of nnz + rows, and a part takes the rows that stand in its range. */
#include <numlab/parallel.h>
#include <numlab/sparse.h>
#include <string.h>

/* Below this many entries a part, waking a thread costs more than it brings (some ten microseconds). */
enum { GRAIN = 32768 };

typedef struct product {
  const nl_sparse *S;
  const double *X;
  double *Y;
  int64_t k; /* columns of X and Y */
} product;

/* The first row that stands at or after place. */
static int64_t row_at(const nl_sparse *S, int64_t place) {
  int64_t low = 0, high = S->rows;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (S->start[middle] + middle < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

static void vector_part(void *context, int64_t begin, int64_t end) {
  const product *job = context;
  const nl_sparse *S = job->S;
  int64_t last = row_at(S, end);
  for (int64_t i = row_at(S, begin); i < last; i++) {
    double sum = 0;
    for (int64_t p = S->start[i]; p < S->start[i + 1]; p++) sum += S->values[p] * job->X[S->index[p]];
    job->Y[i] = sum;
  }
}

static void matrix_part(void *context, int64_t begin, int64_t end) {
  const product *job = context;
  const nl_sparse *S = job->S;
  int64_t k = job->k, last = row_at(S, end);
  for (int64_t i = row_at(S, begin); i < last; i++) {
    double *y = job->Y + i * k;
    memset(y, 0, (size_t)k * sizeof *y);
    for (int64_t p = S->start[i]; p < S->start[i + 1]; p++) {
      double s = S->values[p];
      const double *x = job->X + S->index[p] * k;
      for (int64_t c = 0; c < k; c++) y[c] += s * x[c]; /* Y(i,:) += S(i,j) X(j,:) */
    }
  }
}

void nl_sparse_matvec(const nl_sparse *S, const double *x, double *y) {
  product job = {S, x, y, 1};
  nl_parallel_for(S->nnz + S->rows, GRAIN, vector_part, &job);
}

void nl_sparse_matmat(const nl_sparse *S, const double *X, int64_t k, double *Y) {
  product job = {S, X, Y, k};
  if (k > 0) nl_parallel_for(S->nnz + S->rows, k < GRAIN ? GRAIN / k : 1, matrix_part, &job);
}
