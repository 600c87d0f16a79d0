/* Reductions over one dimension or over all elements: shapes, types and threads. The arithmetic is in fold.c.
 */
#include "core/turn.h"
#include "device/device.h"
#include "fold.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>
#include <numlab/ops.h>
#include <numlab/parallel.h>

enum { GRAIN = 32768 }; /* elements a thread at least */

static const char *const names[NL_REDUCTIONS] = {"sum", "mean", "max",  "min",  "argmax", "argmin",
                                                 "any", "all",  "norm", "norm", "norm"};

const char *nl_reduction_name(nl_reduction op) { return names[op]; }

/* How integers are read: as integers, but for norms as reals. */
static bool reads_integers(nl_reduction op, nl_dtype dtype) {
  return !nl_dtype_is_float(dtype) && op < NL_REDUCE_NORM_1;
}

static nl_dtype result_type(nl_reduction op, nl_dtype dtype) {
  switch (op) {
  case NL_REDUCE_ANY:
  case NL_REDUCE_ALL: return NL_BOOL;
  case NL_REDUCE_ARGMAX:
  case NL_REDUCE_ARGMIN: return NL_I64;
  case NL_REDUCE_MAX:
  case NL_REDUCE_MIN: return dtype;
  case NL_REDUCE_SUM: return nl_dtype_is_float(dtype) ? dtype : NL_I64;
  default: return nl_dtype_is_float(dtype) ? dtype : NL_F64;
  }
}

static nl_status check_something(nl_reduction op, int64_t n) {
  if (n > 0 || op == NL_REDUCE_SUM || op == NL_REDUCE_ANY || op == NL_REDUCE_ALL || op >= NL_REDUCE_NORM_1)
    return NL_OK;
  return nl_fail(NL_ARG, "%s: there are no elements to reduce", names[op]);
}

typedef struct job {
  nl_fold fold;
  nl_tensor rows; /* borrowed; each run of n elements in row-major order makes one result */
  int64_t n, blocks;
  nl_part *parts; /* one a block, where a row has several */
  nl_tensor out;
} job;

static void store(const job *j, int64_t row, const nl_part *part) {
  char *data = nl_tensor_data(&j->out);
  nl_fold_store(&j->fold, part, j->n, j->out.dtype, data + row * nl_dtype_size(j->out.dtype));
}

/* Units are blocks: unit u is block u % blocks of row u / blocks, and they follow each other in memory order.
 */
static void fold_units(void *context, int64_t begin, int64_t end) {
  const job *j = context;
  nl_walk w;
  nl_walk_start(&w, &j->rows, begin / j->blocks * j->n + begin % j->blocks * NL_BLOCK);
  for (int64_t u = begin; u < end && !nl_interrupted(); u++) {
    int64_t first = u % j->blocks * NL_BLOCK, left = j->n - first;
    nl_part part = nl_fold_run(&j->fold, &w, first, left < NL_BLOCK ? left : NL_BLOCK);
    if (j->parts) j->parts[u] = part;
    else store(j, u, &part);
  }
}

/* --- rows that lie beside each other as columns
 * -------------------------------------------------------------- Their chunks are turned a few columns at a
 * time, so that whole lines of memory are used; the arithmetic and its order are those of any row. */

enum {
  COLUMNS = 16,
  PITCH = NL_CHUNK + 8
}; /* two lines of f64, one of f32; no two chunks in one set of a cache */

static bool beside(const job *j) {
  int last = j->rows.ndim - 1;
  return last > 0 && j->rows.stride[last] != 1 && j->rows.stride[last - 1] == 1 &&
         j->rows.shape[last - 1] > 1 && nl_fold_takes(&j->fold, j->rows.dtype);
}

static int64_t groups_across(const job *j) {
  return (j->rows.shape[j->rows.ndim - 2] + COLUMNS - 1) / COLUMNS;
}

static void turn(const job *j, int64_t run, int64_t few, const char *from, void *buffer) {
  int64_t line = j->rows.stride[j->rows.ndim - 1];
  if (j->rows.dtype == NL_F64) nl_turn_f64(run, few, (const void *)from, line, buffer, PITCH);
  else nl_turn_f32(run, few, (const void *)from, line, buffer, PITCH);
}

/* Block `block` of a group of rows. */
static void fold_group(const job *j, int64_t group, int64_t block) {
  double buffer[COLUMNS * PITCH];
  nl_fold_tree trees[COLUMNS];
  int c = j->rows.ndim - 2;
  nl_dtype type = j->rows.dtype;
  int64_t size = nl_dtype_size(type), across = j->rows.shape[c], plane = group / groups_across(j);
  int64_t first = group % groups_across(j) * COLUMNS,
          few = across - first < COLUMNS ? across - first : COLUMNS;
  int64_t begin = block * NL_BLOCK, end = begin + NL_BLOCK < j->n ? begin + NL_BLOCK : j->n;
  const char *from =
      (const char *)nl_tensor_data(&j->rows) + (nl_plane_offset(&j->rows, c, plane) + first) * size;
  for (int64_t r = 0; r < few; r++) trees[r].count = 0;
  for (int64_t i = begin; i < end && !nl_interrupted(); i += NL_CHUNK) {
    int64_t run = end - i < NL_CHUNK ? end - i : NL_CHUNK;
    turn(j, run, few, from + i * j->rows.stride[c + 1] * size, buffer);
    for (int64_t r = 0; r < few; r++)
      nl_fold_add(&j->fold, &trees[r], i, type, run, (const char *)buffer + r * PITCH * size);
  }
  for (int64_t r = 0; r < few; r++) {
    nl_part part = nl_fold_total(&j->fold, &trees[r]);
    int64_t row = plane * across + first + r;
    if (j->parts) j->parts[row * j->blocks + block] = part;
    else store(j, row, &part);
  }
}

static void fold_groups(void *context, int64_t begin, int64_t end) {
  const job *j = context;
  for (int64_t u = begin; u < end; u++) fold_group(j, u / j->blocks, u % j->blocks);
}

/* Sums of powers are of one caller, nl_norm, which asks for them on the CPU alone. */
static nl_status fold_there(const job *j) {
  if (nl_tensor_size(&j->out) == 0) return NL_OK;
  nl_array rows = nl_array_of(&j->rows), out = nl_array_of(&j->out);
  return NL_DEVICE_CALL(names[j->fold.op], &j->out, reduce, (nl_reduction)j->fold.op, &rows, j->n, &out);
}

/* Fold every row into j->out, which is allocated. */
static nl_status fold_rows(job *j) {
  if (!nl_on_cpu(&j->out)) return fold_there(j);
  int64_t results = nl_tensor_size(&j->out);
  j->blocks = j->n > NL_BLOCK ? (j->n + NL_BLOCK - 1) / NL_BLOCK : 1;
  j->parts = NULL;
  if (j->blocks > 1) {
    j->parts = nl_alloc(results * j->blocks, sizeof *j->parts, NL_WORKSPACE);
    if (!j->parts) return NL_NOMEM;
  }
  int64_t unit = j->n < NL_BLOCK ? j->n : NL_BLOCK;
  if (beside(j))
    nl_parallel_for(nl_planes(&j->rows, j->rows.ndim - 2) * groups_across(j) * j->blocks,
                    GRAIN / (unit * COLUMNS + 1) + 1, fold_groups, j);
  else nl_parallel_for(results * j->blocks, GRAIN / (unit + 1) + 1, fold_units, j);
  for (int64_t row = 0; j->parts && row < results && !nl_interrupted(); row++) {
    nl_part part = nl_fold_join(&j->fold, j->parts + row * j->blocks, j->blocks);
    store(j, row, &part);
  }
  nl_free(j->parts);
  return nl_interrupted() ? nl_fail(NL_INTERRUPTED, "%s: interrupted", names[j->fold.op % NL_REDUCTIONS])
                          : NL_OK;
}

nl_status nl_reduce(nl_reduction op, const nl_tensor *a, int dim, bool keep, nl_tensor *out) {
  if (dim < 0 || dim >= a->ndim)
    return nl_fail(NL_ARG, "%s: dimension %d, the tensor has %d", names[op], dim + 1, a->ndim);
  job j = {.fold = {.op = (int)op, .whole = reads_integers(op, a->dtype)}, .rows = *a, .n = a->shape[dim]};
  int64_t shape[NL_MAX_NDIM];
  int ndim = 0;
  for (int d = 0; d < a->ndim; d++) { /* the reduced dimension moves to the end */
    int to = d < dim ? d : d > dim ? d - 1 : a->ndim - 1;
    j.rows.shape[to] = a->shape[d];
    j.rows.stride[to] = a->stride[d];
    if (d != dim) shape[ndim++] = a->shape[d];
    else if (keep) shape[ndim++] = 1;
  }
  NL_TRY(nl_tensor_new_beside(a, result_type(op, a->dtype), ndim, shape, &j.out));
  nl_status s = nl_tensor_size(&j.out) > 0 ? check_something(op, j.n) : NL_OK;
  if (s == NL_OK) s = fold_rows(&j);
  if (s != NL_OK) nl_tensor_release(&j.out);
  else *out = j.out;
  return s;
}

static nl_status reduce_all(nl_fold fold, const nl_tensor *a, nl_dtype dtype, nl_tensor *out) {
  job j = {.fold = fold, .rows = *a, .n = nl_tensor_size(a)};
  NL_TRY(nl_tensor_new_beside(a, dtype, 0, NULL, &j.out));
  nl_status s = fold_rows(&j);
  if (s != NL_OK) nl_tensor_release(&j.out);
  else *out = j.out;
  return s;
}

nl_status nl_reduce_all(nl_reduction op, const nl_tensor *a, nl_tensor *out) {
  NL_TRY(check_something(op, nl_tensor_size(a)));
  nl_dtype dtype = result_type(op, a->dtype);
  if (nl_dtype_is_float(dtype)) dtype = NL_F64; /* one number: no reason to round it */
  return reduce_all((nl_fold){.op = (int)op, .whole = reads_integers(op, a->dtype)}, a, dtype, out);
}

static nl_status number(nl_fold fold, const nl_tensor *a, double *out) {
  nl_tensor scalar;
  NL_TRY(reduce_all(fold, a, NL_F64, &scalar));
  nl_status s = nl_tensor_read(&scalar, out);
  nl_tensor_release(&scalar);
  return s;
}

nl_status nl_norm(const nl_tensor *a, double p, double *out) {
  if (!(p > 0)) return nl_fail(NL_ARG, "norm: p must be positive, got %g", p);
  if (p != 1 && p != 2 && !isinf(p))
    NL_TRY(nl_check_on_cpu("norm with p other than 1, 2, inf", "the tensor", a));
  if (p == 1) return number((nl_fold){.op = NL_REDUCE_NORM_1}, a, out);
  if (p == 2) return number((nl_fold){.op = NL_REDUCE_NORM_2}, a, out);
  double largest, powers;
  NL_TRY(number((nl_fold){.op = NL_REDUCE_NORM_INF}, a, &largest));
  if (isinf(p) || largest == 0 || !isfinite(largest)) {
    *out = largest;
    return NL_OK;
  }
  /* scaled by the largest, so that no power overflows */
  NL_TRY(number((nl_fold){.op = NL_REDUCE_POWER, .p = p, .scale = largest}, a, &powers));
  *out = largest * pow(powers, 1 / p);
  return NL_OK;
}
