/* The public calls: check, make room for the results, run the implementation of the type, answer an
 * interrupt. */
#include "there.h"
#include <numlab/interrupt.h>
#include <string.h>

/* By implementation and compute type (NL_F64, NL_F32). The backward pass of decode is flash's: both hand over
 * lse. */
static const struct {
  nl_forward_pass *forward[2];
  nl_backward_pass *backward[2];
} passes[NL_ATTENTION_IMPLS] = {
    [NL_ATTENTION_STANDARD] = {{nl_standard_forward_f64, nl_standard_forward_f32},
                               {nl_standard_backward_f64, nl_standard_backward_f32}},
    [NL_ATTENTION_TILED] = {{nl_tiled_forward_f64, nl_tiled_forward_f32},
                            {nl_tiled_backward_f64, nl_tiled_backward_f32}},
    [NL_ATTENTION_FLASH] = {{nl_flash_forward_f64, nl_flash_forward_f32},
                            {nl_flash_backward_f64, nl_flash_backward_f32}},
    [NL_ATTENTION_DECODE] = {{nl_decode_forward_f64, nl_decode_forward_f32},
                             {nl_flash_backward_f64, nl_flash_backward_f32}},
};

void nl_attention_aux_release(nl_attention_aux *aux) {
  nl_tensor_release(&aux->lse);
  nl_tensor_release(&aux->p);
}

void nl_attention_gradients_release(nl_attention_gradients *g) {
  nl_tensor_release(&g->dq);
  nl_tensor_release(&g->dk);
  nl_tensor_release(&g->dv);
  nl_tensor_release(&g->dbias);
}

/* --- forward ------------------------------------------------------------------------------------------ */

/* (B, H, Nq, Nk); with variable lengths the matrices one after another. SHAPE where that overflows. */
static nl_status shape_of_p(const nl_attention_plan *plan, int *ndim, int64_t shape[4]) {
  *ndim = 4;
  shape[0] = plan->q.shape[0], shape[1] = plan->heads, shape[2] = plan->q.shape[2],
  shape[3] = plan->k.shape[2];
  if (!plan->o.cu_q) return NL_OK;
  *ndim = 1;
  int64_t total = 0;
  for (int64_t s = 0; s < plan->sequences; s++) {
    nl_sequence q = nl_attention_sequence(plan, s);
    int64_t size;
    if (__builtin_mul_overflow(nl_range_size(q.q), nl_range_size(q.k), &size) ||
        __builtin_mul_overflow(size, plan->heads, &size) || __builtin_add_overflow(total, size, &total))
      return nl_fail(NL_SHAPE,
                     "attention: the score matrices have more than 2^63 elements; take impl 'flash'");
  }
  shape[0] = total;
  return NL_OK;
}

/* Refuse at once, with all it would take, what would otherwise fail at its second matrix. */
static nl_status check_room(const nl_attention_plan *plan, int ndim, const int64_t *shape) {
  int64_t size, bytes;
  nl_device *device = nl_tensor_device(&plan->q);
  nl_device_memory now;
  NL_TRY(nl_shape_size(ndim, shape, &size));
  if (__builtin_mul_overflow(size, 2 * nl_dtype_size(plan->compute), &bytes)) bytes = INT64_MAX;
  NL_TRY(nl_device_memory_of(device, &now));
  int64_t room = now.free + now.pooled;
  if (bytes <= room) return NL_OK;
  char text[NL_SHAPE_TEXT];
  return nl_fail(
      NL_NOMEM,
      "attention: out of memory: impl 'standard' keeps S and P, two %s matrices of %s: %lld bytes wanted, "
      "%lld free of %lld %s (take impl 'flash'%s)",
      nl_shape_text(ndim, shape, text), nl_dtype_name(plan->compute), (long long)bytes,
      (long long)(room > 0 ? room : 0), (long long)now.total,
      nl_device_is_cpu(device) ? "allowed" : nl_device_name(device),
      nl_device_is_cpu(device) ? ", or raise NUMLAB_MEMORY" : "");
}

/* Room for the results. On the CPU they are zero: rows that see nothing are left as they are. */
static nl_status make_room(nl_forward *f) {
  const nl_attention_plan *plan = &f->plan;
  const int64_t shape[] = {plan->q.shape[0], plan->heads, plan->q.shape[2], plan->value_dim};
  bool keeps_p = plan->o.impl == NL_ATTENTION_STANDARD;
  int64_t p_shape[4];
  int p_ndim;
  if (keeps_p) NL_TRY(shape_of_p(plan, &p_ndim, p_shape));
  if (keeps_p) NL_TRY(check_room(plan, p_ndim, p_shape));
  NL_TRY(nl_tensor_new_beside(&plan->q, plan->dtype, 4, shape, &f->out));
  NL_TRY(nl_tensor_new_beside(&plan->q, plan->compute, 3, shape, &f->lse));
  if (keeps_p) NL_TRY(nl_tensor_new_beside(&plan->q, plan->compute, p_ndim, p_shape, &f->p));
  if (!nl_on_cpu(&plan->q)) return NL_OK;
  NL_TRY(nl_tensor_fill(&f->out, 0));
  return nl_tensor_fill(&f->lse, 0);
}

static nl_status run_forward(nl_forward *f, const char **path) {
  const nl_attention_plan *plan = &f->plan;
  NL_TRY(make_room(f));
  if (plan->heads == 0) return NL_OK;
  if (!nl_on_cpu(&plan->q)) return nl_attention_forward_there(f, path);
  return passes[plan->o.impl].forward[plan->compute](f);
}

nl_status nl_attention(const nl_tensor *q, const nl_tensor *k, const nl_tensor *v,
                       const nl_attention_options *options, nl_tensor *out, nl_attention_aux *aux) {
  nl_forward f = {0};
  const char *path = NULL;
  NL_TRY(nl_attention_one_device("attention", (const nl_tensor *const[]){k, v, options->bias}, 3, q));
  NL_TRY(nl_attention_plan_make(q, k, v, options, &f.plan));
  nl_status s = run_forward(&f, &path);
  if (s == NL_OK && nl_interrupted()) s = nl_fail(NL_INTERRUPTED, "attention: interrupted");
  if (s == NL_OK) {
    *out = f.out;
    *aux = (nl_attention_aux){f.plan.o.impl, path, f.lse, f.p};
    return NL_OK;
  }
  nl_tensor_release(&f.out);
  nl_tensor_release(&f.lse);
  nl_tensor_release(&f.p);
  return s;
}

/* --- backward ----------------------------------------------------------------------------------------- */

static nl_status check_like(const char *name, const nl_tensor *t, nl_dtype dtype, int ndim,
                            const int64_t *shape) {
  char got[NL_SHAPE_TEXT], want[NL_SHAPE_TEXT];
  if (!t->storage) return nl_fail(NL_ARG, "attention_backward: %s is missing", name);
  if (t->ndim != ndim || memcmp(t->shape, shape, (size_t)ndim * sizeof *shape) != 0)
    return nl_fail(NL_SHAPE, "attention_backward: %s is %s, expected %s", name,
                   nl_shape_text(t->ndim, t->shape, got), nl_shape_text(ndim, shape, want));
  if (t->dtype != dtype)
    return nl_fail(NL_DTYPE, "attention_backward: %s is %s, expected %s; convert with :to", name,
                   nl_dtype_name(t->dtype), nl_dtype_name(dtype));
  return NL_OK;
}

static nl_status check_operands(const nl_backward *g) {
  const nl_attention_plan *plan = &g->plan;
  const int64_t shape[] = {plan->q.shape[0], plan->heads, plan->q.shape[2], plan->value_dim};
  NL_TRY(check_like("dout", &g->dout, plan->dtype, 4, shape));
  NL_TRY(check_like("out", &g->out, plan->dtype, 4, shape));
  NL_TRY(check_like("lse", &g->lse, plan->compute, 3, shape));
  if (plan->o.impl != NL_ATTENTION_STANDARD) return NL_OK;
  int64_t p_shape[4];
  int p_ndim;
  if (!g->p.storage)
    return nl_fail(NL_ARG,
                   "attention_backward: impl 'standard' takes p from a forward pass of impl 'standard', and "
                   "aux has none; choose 'flash' or 'tiled', which take lse alone");
  NL_TRY(shape_of_p(plan, &p_ndim, p_shape));
  return check_like("p", &g->p, plan->compute, p_ndim, p_shape);
}

/* lse and p are read as the forward pass made them: rows without gaps. */
static nl_status packed(const nl_tensor *t, nl_tensor *out) {
  if (!t->storage) return NL_OK;
  return nl_tensor_contiguous(t, t->dtype, out);
}

/* Room for the gradients: zero on the CPU, whose passes add to them. */
static nl_status gradient_like(const nl_tensor *t, nl_tensor *out) {
  NL_TRY(nl_tensor_new_beside(t, t->dtype, t->ndim, t->shape, out));
  return nl_on_cpu(t) ? nl_tensor_fill(out, 0) : NL_OK;
}

static nl_status run_backward(nl_backward *g) {
  const nl_attention_plan *plan = &g->plan;
  NL_TRY(gradient_like(&plan->q, &g->dq));
  NL_TRY(gradient_like(&plan->k, &g->dk));
  NL_TRY(gradient_like(&plan->v, &g->dv));
  if (plan->o.bias) NL_TRY(gradient_like(plan->o.bias, &g->dbias));
  if (plan->heads == 0) return NL_OK;
  if (!nl_on_cpu(&plan->q)) return nl_attention_backward_there(g);
  return passes[plan->o.impl].backward[plan->compute](g);
}

nl_status nl_attention_backward(const nl_tensor *dout, const nl_tensor *q, const nl_tensor *k,
                                const nl_tensor *v, const nl_tensor *out, const nl_attention_aux *aux,
                                const nl_attention_options *options, nl_attention_gradients *gradients) {
  nl_backward g = {.dout = *dout, .out = *out, .lse = aux->lse, .p = aux->p};
  const nl_tensor *const others[] = {k, v, options->bias, dout, out, &aux->lse, &aux->p};
  nl_attention_options o = *options;
  if (o.impl == NL_ATTENTION_AUTO) o.impl = aux->impl;
  NL_TRY(nl_attention_one_device("attention_backward", others, 7, q));
  NL_TRY(nl_attention_plan_make(q, k, v, &o, &g.plan));
  NL_TRY(check_operands(&g));
  nl_tensor lse = {0}, p = {0};
  nl_status s = packed(&aux->lse, &lse);
  if (s == NL_OK) s = packed(&aux->p, &p);
  g.lse = lse, g.p = p;
  if (s == NL_OK) s = run_backward(&g);
  if (s == NL_OK && nl_interrupted()) s = nl_fail(NL_INTERRUPTED, "attention_backward: interrupted");
  nl_tensor_release(&lse);
  nl_tensor_release(&p);
  nl_attention_gradients made = {g.dq, g.dk, g.dv, g.dbias};
  if (s == NL_OK) *gradients = made;
  else nl_attention_gradients_release(&made);
  return s;
}
