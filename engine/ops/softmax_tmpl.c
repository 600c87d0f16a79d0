/* Softmax: m = max x, p_i = exp(x_i - m) / sum_k exp(x_k - m), by the kernels of the CPU level.
 *
 * Subtracting the maximum keeps every exponent <= 0, so nothing overflows and the sum is at least 1. A row is
 * read twice and scaled where it was written: what fits in a cache stays there. Sums of chunks are added in
 * f64. The maximum does not see NaN; exp passes it on, and the sum takes it everywhere, as it does that of
 * inf - inf. Columns become rows in a buffer, a few at a time, and go back from there. */
#include "core/tmpl.h"
#include "core/turn.h"
#include "cpu/kernels.h"
#include "softmax.h"
#include "walk.h"
#include <numlab/interrupt.h>

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* x and y may be one array. */
static void softmax_row(int64_t n, const NL_R *x, NL_R *y) {
  const nl_dense_kernels *kernel = &nl_kernels_in_use()->dense[NL_DTYPE];
  double largest = kernel->maximum(n, x), sum = 0;
  for (int64_t i = 0; i < n && !nl_interrupted(); i += NL_CHUNK)
    sum += kernel->exp_sum(least(NL_CHUNK, n - i), largest, x + i, y + i);
  kernel->scale(n, 1 / sum, y);
}

void NL_FN(nl_softmax_rows)(void *context, int64_t begin, int64_t end) {
  const nl_softmax_job *job = context;
  nl_walk w;
  nl_walk_start(&w, job->from, begin * job->n);
  for (int64_t i = begin; i < end && !nl_interrupted(); i++) {
    NL_R *y = (NL_R *)nl_tensor_data(job->to) + i * job->n;
    softmax_row(job->n, NL_FN(nl_walk)(&w, job->n, y), y);
  }
}

void NL_FN(nl_softmax_columns)(void *context, int64_t worker, int64_t group) {
  enum { DOWN = 8 }; /* rows of the result that stay in L1 while few columns are written */
  const nl_softmax_job *job = context;
  const nl_tensor *from = job->from, *to = job->to;
  int64_t n = job->n, across = from->shape[from->ndim - 1], pitch = nl_softmax_pitch(n);
  int64_t groups = nl_softmax_groups(across), plane = group / groups;
  int64_t first = group % groups * NL_SOFTMAX_COLUMNS, few = least(NL_SOFTMAX_COLUMNS, across - first);
  if (nl_interrupted()) return;
  NL_R *rows = (NL_R *)job->room + worker * nl_softmax_room(n);
  const NL_R *X = (NL_R *)nl_tensor_data(from) + nl_plane_offset(from, job->dim, plane) + first;
  NL_R *Y = (NL_R *)nl_tensor_data(to) + nl_plane_offset(to, job->dim, plane) + first;
  NL_FN(nl_turn)(n, few, X, from->stride[job->dim], rows, pitch);
  for (int64_t j = 0; j < few; j++) softmax_row(n, rows + j * pitch, rows + j * pitch);
  for (int64_t i = 0; i < n; i += DOWN) NL_FN(nl_turn)
  (few, least(DOWN, n - i), rows + i, pitch, Y + i * to->stride[job->dim], to->stride[job->dim]);
}
