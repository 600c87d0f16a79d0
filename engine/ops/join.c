/* where and cat: elements are chosen and moved, never computed with, so every dtype passes through bit by
 * bit. */
#include "device/device.h"
#include "walk.h"
#include <numlab/interrupt.h>
#include <numlab/ops.h>
#include <numlab/parallel.h>
#include <string.h>

typedef struct choice {
  const nl_tensor *condition, *a, *b; /* of out's shape */
  const nl_tensor *out;
} choice;

static void choose(void *context, int64_t begin, int64_t end) {
  const choice *job = context;
  nl_walk wc, wa, wb;
  nl_walk_start(&wc, job->condition, begin);
  nl_walk_start(&wa, job->a, begin);
  nl_walk_start(&wb, job->b, begin);
  int64_t size = nl_dtype_size(job->out->dtype);
  char *out = (char *)nl_tensor_data(job->out) + begin * size;
  for (int64_t i = begin; i < end && !nl_interrupted();) {
    int64_t run = end - i; /* elements until one of the walks turns into its next row */
    if (nl_walk_left(&wc) < run) run = nl_walk_left(&wc);
    if (nl_walk_left(&wa) < run) run = nl_walk_left(&wa);
    if (nl_walk_left(&wb) < run) run = nl_walk_left(&wb);
    int64_t sc = wc.stride[wc.ndim - 1], sa = wa.stride[wa.ndim - 1], sb = wb.stride[wb.ndim - 1];
    for (int64_t k = 0; k < run; k++, out += size)
      memcpy(out, wc.at[k * sc] ? wa.at + k * sa * size : wb.at + k * sb * size, (size_t)size);
    nl_walk_advance(&wc, run);
    nl_walk_advance(&wa, run);
    nl_walk_advance(&wb, run);
    i += run;
  }
}

/* Shape of all three, by broadcasting one after the other. */
static nl_status common_shape(const nl_tensor *const *parts, int count, int *ndim, int64_t *shape) {
  *ndim = 0;
  for (int i = 0; i < count; i++) {
    const nl_tensor *t = parts[i];
    int lead = t->ndim - *ndim;
    if (lead > 0) { /* more dimensions than before: shift */
      for (int d = *ndim - 1; d >= 0; d--) shape[d + lead] = shape[d];
      for (int d = 0; d < lead; d++) shape[d] = 1;
      *ndim = t->ndim;
    }
    for (int d = 0; d < t->ndim; d++) {
      int64_t *size = &shape[d + *ndim - t->ndim];
      if (*size == 1) *size = t->shape[d];
      if (t->shape[d] != *size && t->shape[d] != 1) {
        char text[NL_SHAPE_TEXT], so_far[NL_SHAPE_TEXT];
        return nl_fail(NL_SHAPE, "where: shape %s does not broadcast with %s",
                       nl_shape_text(t->ndim, t->shape, text), nl_shape_text(*ndim, shape, so_far));
      }
    }
  }
  return NL_OK;
}

static nl_status choose_all(const choice *job) {
  if (nl_on_cpu(job->out)) {
    choice own = *job;
    nl_parallel_for(nl_tensor_size(job->out), 16384, choose, &own);
    return nl_interrupted() ? nl_fail(NL_INTERRUPTED, "where: interrupted") : NL_OK;
  }
  nl_array condition = nl_array_of(job->condition), a = nl_array_of(job->a), b = nl_array_of(job->b);
  nl_array out = nl_array_of(job->out);
  return NL_DEVICE_CALL("where", job->out, where, &condition, &a, &b, &out);
}

nl_status nl_where(const nl_tensor *condition, const nl_tensor *a, const nl_tensor *b, nl_tensor *out) {
  int ndim;
  int64_t shape[NL_MAX_NDIM] = {0};
  if (condition->dtype != NL_BOOL)
    return nl_fail(NL_DTYPE, "where: the condition is %s, expected bool (as t:lt(u) makes)",
                   nl_dtype_name(condition->dtype));
  if (a->dtype != b->dtype)
    return nl_fail(NL_DTYPE, "where: the tensors are %s and %s; convert one with :to",
                   nl_dtype_name(a->dtype), nl_dtype_name(b->dtype));
  NL_TRY(nl_check_one_device("where", condition, a));
  NL_TRY(nl_check_one_device("where", condition, b));
  NL_TRY(common_shape((const nl_tensor *const[]){condition, a, b}, 3, &ndim, shape));
  nl_tensor wide_c = {0}, wide_a = {0}, wide_b = {0}, fresh = {0};
  nl_status s = nl_tensor_expand(condition, ndim, shape, &wide_c);
  if (s == NL_OK) s = nl_tensor_expand(a, ndim, shape, &wide_a);
  if (s == NL_OK) s = nl_tensor_expand(b, ndim, shape, &wide_b);
  if (s == NL_OK) s = nl_tensor_new_beside(a, a->dtype, ndim, shape, &fresh);
  if (s == NL_OK) s = choose_all(&(choice){&wide_c, &wide_a, &wide_b, &fresh});
  if (s == NL_OK) *out = fresh;
  else nl_tensor_release(&fresh);
  nl_tensor_release(&wide_c);
  nl_tensor_release(&wide_a);
  nl_tensor_release(&wide_b);
  return s;
}

/* Sizes of the concatenation, checked part by part. */
static nl_status joined_shape(int dim, int count, const nl_tensor *const *parts, int64_t *shape) {
  const nl_tensor *first = parts[0];
  if (dim < 0 || dim >= first->ndim)
    return nl_fail(NL_ARG, "cat: dimension %d, the tensors have %d", dim + 1, first->ndim);
  memcpy(shape, first->shape, (size_t)first->ndim * sizeof *shape);
  for (int i = 1; i < count; i++) {
    const nl_tensor *t = parts[i];
    if (t->dtype != first->dtype)
      return nl_fail(NL_DTYPE, "cat: tensor 1 is %s, tensor %d is %s; convert one with :to",
                     nl_dtype_name(first->dtype), i + 1, nl_dtype_name(t->dtype));
    bool fits = t->ndim == first->ndim;
    for (int d = 0; fits && d < t->ndim; d++) fits = d == dim || t->shape[d] == first->shape[d];
    if (!fits || __builtin_add_overflow(shape[dim], t->shape[dim], &shape[dim])) {
      char left[NL_SHAPE_TEXT], right[NL_SHAPE_TEXT];
      return nl_fail(NL_SHAPE, "cat: tensor 1 is %s, tensor %d is %s: they may differ in dimension %d only",
                     nl_shape_text(first->ndim, first->shape, left), i + 1,
                     nl_shape_text(t->ndim, t->shape, right), dim + 1);
    }
  }
  return NL_OK;
}

nl_status nl_cat(int dim, int count, const nl_tensor *const *parts, nl_tensor *out) {
  int64_t shape[NL_MAX_NDIM], begin = 0;
  nl_tensor fresh, place;
  if (count < 1) return nl_fail(NL_ARG, "cat: no tensors");
  for (int i = 1; i < count; i++) NL_TRY(nl_check_one_device("cat", parts[0], parts[i]));
  NL_TRY(joined_shape(dim, count, parts, shape));
  NL_TRY(nl_tensor_new_beside(parts[0], parts[0]->dtype, parts[0]->ndim, shape, &fresh));
  for (int i = 0; i < count; i++) {
    int64_t rows = parts[i]->shape[dim];
    nl_status s = nl_tensor_slice(&fresh, dim, begin, rows, 1, &place);
    if (s == NL_OK) {
      s = nl_tensor_copy(parts[i], &place);
      nl_tensor_release(&place);
    }
    if (s != NL_OK) {
      nl_tensor_release(&fresh);
      return s;
    }
    begin += rows;
  }
  *out = fresh;
  return NL_OK;
}
