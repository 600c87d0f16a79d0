/* Do two tensors agree? |a - b| <= atol + rtol |b| for every element, and how far apart they are at most and
 * in the mean. Read as f64 whatever they are. Equal infinities agree; a NaN never does. */
#include "device/device.h"
#include "walk.h"
#include <math.h>
#include <numlab/interrupt.h>
#include <numlab/ops.h>

static double larger(double a, double b) { return b > a || isnan(b) ? b : a; }

/* One chunk into the running result; returns its sum of |a - b|. */
static double compare(int64_t n, const double *a, const double *b, double rtol, double atol,
                      nl_agreement *r) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    bool same = a[i] == b[i]; /* also equal infinities */
    double apart = same ? 0 : fabs(a[i] - b[i]), size = fabs(b[i]);
    if (!same && !(isfinite(size) && apart <= atol + rtol * size)) r->agree = false;
    r->max_abs = larger(r->max_abs, apart);
    if (size > 0 || isnan(size))
      r->max_rel = larger(r->max_rel, same ? 0 : isinf(size) ? apart : apart / size);
    sum += apart;
  }
  return sum;
}

static nl_status allclose_here(const nl_tensor *a, const nl_tensor *b, double rtol, double atol,
                               nl_agreement *out) {
  nl_tensor wide_a = {0}, wide_b = {0};
  nl_agreement r = {.agree = true};
  double x[NL_CHUNK], y[NL_CHUNK], sum = 0;
  if (!(rtol >= 0) || !(atol >= 0))
    return nl_fail(NL_ARG, "allclose: rtol %g and atol %g must not be negative", rtol, atol);
  bool stretch_a = a->ndim < b->ndim || (a->ndim == b->ndim && nl_tensor_size(a) < nl_tensor_size(b));
  const nl_tensor *whole = stretch_a ? b : a;
  nl_status s = nl_tensor_expand(a, whole->ndim, whole->shape, &wide_a);
  if (s == NL_OK) s = nl_tensor_expand(b, whole->ndim, whole->shape, &wide_b);
  if (s != NL_OK) {
    char left[NL_SHAPE_TEXT], right[NL_SHAPE_TEXT];
    s = nl_fail(s, "allclose: shapes %s and %s do not fit", nl_shape_text(a->ndim, a->shape, left),
                nl_shape_text(b->ndim, b->shape, right));
    goto done;
  }
  int64_t size = nl_tensor_size(whole);
  nl_walk wa, wb;
  nl_walk_start(&wa, &wide_a, 0);
  nl_walk_start(&wb, &wide_b, 0);
  for (int64_t i = 0; i < size && s == NL_OK; i += NL_CHUNK) {
    int64_t n = size - i < NL_CHUNK ? size - i : NL_CHUNK;
    sum += compare(n, nl_walk_f64(&wa, n, x), nl_walk_f64(&wb, n, y), rtol, atol, &r);
    if (nl_interrupted()) s = nl_fail(NL_INTERRUPTED, "allclose: interrupted");
  }
  r.mean_abs = size > 0 ? sum / (double)size : 0;
  if (s == NL_OK) *out = r;
done:
  nl_tensor_release(&wide_a);
  nl_tensor_release(&wide_b);
  return s;
}

nl_status nl_allclose(const nl_tensor *a, const nl_tensor *b, double rtol, double atol, nl_agreement *out) {
  nl_tensor here_a = {0}, here_b = {0}; /* what lies elsewhere is read here */
  nl_status s = NL_OK;
  if (!nl_on_cpu(a)) s = nl_tensor_to(a, &nl_cpu, a->dtype, &here_a);
  if (s == NL_OK && !nl_on_cpu(b)) s = nl_tensor_to(b, &nl_cpu, b->dtype, &here_b);
  if (s == NL_OK)
    s = allclose_here(here_a.storage ? &here_a : a, here_b.storage ? &here_b : b, rtol, atol, out);
  nl_tensor_release(&here_a);
  nl_tensor_release(&here_b);
  return s;
}
