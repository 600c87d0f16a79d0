/* Dominance, bandwidth, norms and the three graph questions of a diagnosis.
 *
 * The graph has an edge i -> j for each a_ij != 0, i != j.
 * chained: weak dominance everywhere and a path from each row to a strictly dominant one; then A is
 * nonsingular and Jacobi and Gauss-Seidel converge (irreducible weak dominance is a special case; Taussky
 * 1949). levels: no cycle in the graph: rows and columns can be permuted to a triangle, J and G are
 * nilpotent. consistently ordered: numbers c_i exist with c_j = c_i + 1 for each edge (in either direction)
 * to a later row and c_j = c_i - 1 to an earlier one; then rho(G) = rho(J)^2 (Young, Iterative Solution,
 * 1971, 5.3). */
#include "structure.h"
#include <float.h>
#include <math.h>
#include <numlab/interrupt.h>

static double larger(double a, double b) { return b <= a ? a : b; } /* NaN comes through */

/* Asked once a row: Ctrl-C ends each pass where it is, and nl_structure with it. */
static bool stops(const nl_sparse *A, int64_t i, int64_t *work) {
  return nl_poll(work, A->start[i + 1] - A->start[i] + 1);
}

/* --- one pass over the entries ------------------------------------------------------------------------ */

/* diagonal(i) = |a_ii|, beside(i) = sum_{j != i} |a_ij|; norm = max of both together. */
static void row_sums(const nl_sparse *A, double *diagonal, double *beside, double *norm) {
  int64_t work = 0;
  *norm = 0;
  for (int64_t i = 0; i < A->rows && !stops(A, i, &work); i++) {
    diagonal[i] = beside[i] = 0;
    for (int64_t p = A->start[i]; p < A->start[i + 1]; p++)
      *(A->index[p] == i ? &diagonal[i] : &beside[i]) += fabs(A->values[p]);
    *norm = larger(*norm, diagonal[i] + beside[i]);
  }
}

/* Sums of c terms carry rounding errors up to c eps: within that, equality is assumed. */
static nl_dominance_facts dominance(const nl_sparse *A, const double *diagonal, const double *beside) {
  nl_dominance_facts f = {.ratio = (double)INFINITY};
  int64_t weak = 0;
  for (int64_t i = 0; i < A->rows; i++) {
    double slack = DBL_EPSILON * (double)(A->start[i + 1] - A->start[i]);
    double ratio = diagonal[i] == 0 ? 0 : diagonal[i] / beside[i];
    f.strict += ratio > 1 + slack;
    weak += ratio >= 1 - slack;
    if (ratio < f.ratio || f.worst == 0) {
      f.ratio = ratio;
      f.worst = i + 1;
    }
  }
  f.kind = f.strict == A->rows ? NL_DOMINANCE_STRICT
           : weak == A->rows   ? NL_DOMINANCE_WEAK
                               : NL_DOMINANCE_NONE;
  return f;
}

static bool row_is_strict(const nl_sparse *A, int64_t i, const double *diagonal, const double *beside) {
  return diagonal[i] > beside[i] * (1 + DBL_EPSILON * (double)(A->start[i + 1] - A->start[i]));
}

/* ||G||_inf <= max_i u_i / (1 - l_i), l_i and u_i the sums of |a_ij / a_ii| left and right of the diagonal,
 * for l_i + u_i < 1; each sum rounded up by more than its own error. */
static double contraction(const nl_sparse *A, const double *diagonal) {
  double worst = 0;
  int64_t work = 0;
  for (int64_t i = 0; i < A->rows && !stops(A, i, &work); i++) {
    double up = 1 + 2 * DBL_EPSILON * (double)(A->start[i + 1] - A->start[i] + 4), l = 0, u = 0;
    for (int64_t p = A->start[i]; p < A->start[i + 1]; p++)
      if (A->index[p] != i) *(A->index[p] < i ? &l : &u) += fabs(A->values[p]);
    l = l / diagonal[i] * up;
    u = u / diagonal[i] * up;
    worst = larger(worst, u / (1 - l) * up);
  }
  return worst;
}

static void entries(const nl_sparse *A, nl_diagnosis *d) {
  int64_t n = A->rows < A->cols ? A->rows : A->cols, positive = 0, work = 0;
  d->z_matrix = A->rows == A->cols;
  for (int64_t i = 0; i < A->rows && !stops(A, i, &work); i++)
    for (int64_t p = A->start[i]; p < A->start[i + 1]; p++) {
      int64_t below = i - A->index[p];
      if (below > d->lower_bandwidth) d->lower_bandwidth = below;
      if (-below > d->upper_bandwidth) d->upper_bandwidth = -below;
      if (below == 0) positive += A->values[p] > 0;
      if (below != 0 && A->values[p] > 0) d->z_matrix = false;
    }
  d->positive_diagonal = positive == n;
  d->z_matrix &= d->positive_diagonal;
}

static bool is_symmetric(const nl_sparse *A, const nl_sparse *T) {
  int64_t work = 0;
  if (A->rows != A->cols) return false;
  for (int64_t i = 0; i < A->rows; i++) {
    if (A->start[i + 1] != T->start[i + 1] || stops(A, i, &work)) return false;
    for (int64_t p = A->start[i]; p < A->start[i + 1]; p++)
      if (A->index[p] != T->index[p] || A->values[p] != T->values[p]) return false;
  }
  return true;
}

/* --- the graph ---------------------------------------------------------------------------------------- */

/* Backwards from the strict rows: which rows lead to them? queue has n places, seen is n flags (0). */
static bool all_lead_to_strict(const nl_sparse *A, const nl_sparse *T, const double *diagonal,
                               const double *beside, int64_t *queue, int64_t *seen) {
  int64_t count = 0, work = 0;
  for (int64_t i = 0; i < A->rows; i++)
    if (row_is_strict(A, i, diagonal, beside)) {
      seen[i] = 1;
      queue[count++] = i;
    }
  for (int64_t head = 0; head < count; head++) {
    int64_t j = queue[head];
    if (stops(T, j, &work)) return false;
    for (int64_t p = T->start[j]; p < T->start[j + 1]; p++)
      if (!seen[T->index[p]]) {
        seen[T->index[p]] = 1;
        queue[count++] = T->index[p];
      }
  }
  return count == A->rows;
}

/* Peel rows that nothing left over points to (Kahn 1962); the number of rounds, 0 when a cycle remains. */
static int64_t chain_length(const nl_sparse *A, const nl_sparse *T, int64_t *queue, int64_t *incoming) {
  int64_t count = 0, rounds = 0, work = 0;
  for (int64_t j = 0; j < A->rows; j++) {
    if (stops(T, j, &work)) return 0;
    incoming[j] = 0;
    for (int64_t p = T->start[j]; p < T->start[j + 1]; p++) incoming[j] += T->index[p] != j;
    if (incoming[j] == 0) queue[count++] = j;
  }
  for (int64_t head = 0; head < count; rounds++)
    for (int64_t end = count; head < end; head++) {
      int64_t i = queue[head];
      if (stops(A, i, &work)) return 0;
      for (int64_t p = A->start[i]; p < A->start[i + 1]; p++)
        if (A->index[p] != i && --incoming[A->index[p]] == 0) queue[count++] = A->index[p];
    }
  return count == A->rows ? rounds : 0;
}

/* c(j) = c(i) + 1 for later, c(i) - 1 for earlier neighbours j of i, in a row of A or T. New ones are queued.
 */
static bool number_neighbours(const nl_sparse *S, int64_t i, int64_t *c, int64_t *queue, int64_t *count) {
  for (int64_t p = S->start[i]; p < S->start[i + 1]; p++) {
    int64_t j = S->index[p], wanted = c[i] + (j > i ? 1 : -1);
    if (j == i) continue;
    if (c[j] == INT64_MIN) {
      c[j] = wanted;
      queue[(*count)++] = j;
    }
    if (c[j] != wanted) return false;
  }
  return true;
}

static bool consistently_ordered(const nl_sparse *A, const nl_sparse *T, int64_t *queue, int64_t *c) {
  int64_t count = 0, head = 0, work = 0;
  for (int64_t i = 0; i < A->rows; i++) c[i] = INT64_MIN;
  for (int64_t root = 0; root < A->rows; root++) {
    if (c[root] != INT64_MIN) continue;
    c[root] = 0;
    queue[count++] = root;
    for (; head < count; head++)
      if (stops(A, queue[head], &work) || !number_neighbours(A, queue[head], c, queue, &count) ||
          !number_neighbours(T, queue[head], c, queue, &count))
        return false;
  }
  return true;
}

static void graph(const nl_sparse *A, const nl_sparse *T, const double *diagonal, const double *beside,
                  int64_t *queue, int64_t *flag, nl_diagnosis *d) {
  for (int64_t i = 0; i < A->rows; i++) flag[i] = 0;
  d->chained =
      d->by_rows.kind != NL_DOMINANCE_NONE && all_lead_to_strict(A, T, diagonal, beside, queue, flag);
  d->levels = chain_length(A, T, queue, flag);
  d->consistently_ordered = consistently_ordered(A, T, queue, flag);
}

static nl_status zero_diagonal(const double *diagonal, int64_t n, nl_diagnosis *d) {
  for (int64_t i = 0; i < n; i++) d->zero_count += diagonal[i] == 0;
  if (d->zero_count == 0) return NL_OK;
  d->zero_diagonal = nl_alloc(d->zero_count, sizeof *d->zero_diagonal, NL_RESULT);
  if (!d->zero_diagonal) return NL_NOMEM;
  for (int64_t i = 0, c = 0; i < n; i++)
    if (diagonal[i] == 0) d->zero_diagonal[c++] = i + 1;
  return NL_OK;
}

nl_status nl_structure(const nl_sparse *A, const nl_sparse *T, nl_diagnosis *d) {
  int64_t most = A->rows > A->cols ? A->rows : A->cols;
  double *diagonal = nl_alloc(2 * most, sizeof *diagonal, NL_WORKSPACE);
  int64_t *queue = nl_alloc(2 * most, sizeof *queue, NL_WORKSPACE);
  nl_status status = diagonal && queue ? NL_OK : NL_NOMEM;
  if (status != NL_OK) goto done;
  double *beside = diagonal + most;
  d->rows = A->rows;
  d->cols = A->cols;
  d->nnz = A->nnz;
  d->density = A->nnz > 0 ? (double)A->nnz / ((double)A->rows * (double)A->cols) : 0;
  entries(A, d);
  d->symmetric = is_symmetric(A, T);
  d->inverse_bound = d->condition_bound = d->contraction = (double)NAN;
  row_sums(T, diagonal, beside, &d->norm_1);
  if (A->rows == A->cols) d->by_columns = dominance(T, diagonal, beside);
  row_sums(A, diagonal, beside, &d->norm_inf);
  if (A->rows != A->cols) goto done;
  d->by_rows = dominance(A, diagonal, beside);
  d->inverse_bound = nl_inverse_bound(&(nl_matrix){NULL, A});
  d->condition_bound = d->norm_inf * d->inverse_bound;
  if (d->by_rows.kind == NL_DOMINANCE_STRICT) d->contraction = contraction(A, diagonal);
  graph(A, T, diagonal, beside, queue, queue + most, d);
  status = zero_diagonal(diagonal, A->rows, d);
done:
  if (status == NL_OK && nl_interrupted()) status = nl_fail(NL_INTERRUPTED, "diagnose: interrupted");
  nl_free(diagonal);
  nl_free(queue);
  return status;
}
