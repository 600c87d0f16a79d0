/* Attention where the operands lie on a device: the plan becomes a pass of backend.h, the backend computes.
 *
 * Kernels read rows without gaps (stride 1 in the last dimension); operands that have gaps are copied first.
 */
#include "there.h"
#include <stdio.h>
#include <string.h>

/* --- the pass ----------------------------------------------------------------------------------------- */

nl_status nl_attention_one_device(const char *what, const nl_tensor *const *others, int count,
                                  const nl_tensor *q) {
  for (int i = 0; i < count; i++)
    if (others[i] && others[i]->storage) NL_TRY(nl_check_one_device(what, q, others[i]));
  return NL_OK;
}

/* The index of the path of this name; -1 where none was asked for. */
static nl_status find_path(const nl_device *device, const char *name, int *path) {
  char known[512] = "";
  int count, length = 0;
  const nl_attention_path *paths = nl_device_attention_paths(device, &count);
  *path = -1;
  if (!name) return NL_OK;
  for (int i = 0; i < count; i++) {
    if (strcmp(paths[i].name, name) == 0) {
      *path = i;
      return NL_OK;
    }
    length += snprintf(known + length, length < 500 ? sizeof known - (size_t)length : 0, "%s%s",
                       i ? ", " : "", paths[i].name);
    if (length > 500) break;
  }
  return nl_fail(NL_UNSUPPORTED, "attention: %s has no path '%s' (it has: %s)", nl_device_name(device), name,
                 count ? known : "none by name");
}

/* bias as (B, H, Nq, Nk) with stride 0 where it is broadcast. */
static nl_array expanded_bias(const nl_attention_plan *plan) {
  const nl_tensor *bias = plan->o.bias;
  nl_array out = {.data = nl_tensor_data(bias), .dtype = bias->dtype, .ndim = 4};
  const int64_t shape[] = {plan->q.shape[0], plan->heads, plan->q.shape[2], plan->k.shape[2]};
  memcpy(out.shape, shape, sizeof shape);
  memcpy(out.stride, plan->bias_stride, sizeof plan->bias_stride);
  return out;
}

static nl_status start_pass(const nl_attention_plan *plan, nl_attention_pass *pass) {
  const nl_attention_options *o = &plan->o;
  *pass = (nl_attention_pass){.impl = o->impl,
                              .q = nl_array_of(&plan->q),
                              .k = nl_array_of(&plan->k),
                              .v = nl_array_of(&plan->v),
                              .scale = o->scale,
                              .softcap = o->softcap,
                              .left = o->left,
                              .right = o->right,
                              .dropout = o->dropout,
                              .drop_below = plan->drop_below,
                              .seed = o->seed,
                              .q_tile = o->q_tile,
                              .k_tile = o->k_tile,
                              .cu_q = o->cu_q,
                              .cu_k = o->cu_k,
                              .sequences = plan->sequences,
                              .longest_q = plan->longest_q,
                              .longest_k = plan->longest_k,
                              .deterministic = o->deterministic};
  if (o->bias) pass->bias = expanded_bias(plan);
  return find_path(nl_tensor_device(&plan->q), o->path, &pass->path);
}

/* t itself, or a copy where its rows have gaps. */
static nl_status dense_rows(const nl_tensor *t, nl_tensor *out) {
  if (t->stride[3] != 1 && t->shape[3] > 1) return nl_tensor_clone(t, t->dtype, out);
  *out = nl_tensor_share(t);
  out->stride[3] = 1;
  return NL_OK;
}

enum { Q, K, V, OUT, DOUT, OPERANDS };

typedef struct operands {
  nl_tensor t[OPERANDS];
} operands;

static void release(operands *own) {
  for (int i = 0; i < OPERANDS; i++) nl_tensor_release(&own->t[i]);
}

static nl_status take(operands *own, nl_attention_pass *pass, const nl_tensor *const *from, int count) {
  nl_array *const to[] = {&pass->q, &pass->k, &pass->v, &pass->out, &pass->dout};
  for (int i = 0; i < count; i++) {
    NL_TRY(dense_rows(from[i], &own->t[i]));
    *to[i] = nl_array_of(&own->t[i]);
  }
  return NL_OK;
}

/* --- forward and backward ------------------------------------------------------------------------------- */

/* Settle the path before anything is allocated. */
static nl_status choose_path(const nl_attention_plan *plan, nl_attention_pass *pass, bool backward) {
  const nl_tensor *q = &plan->q;
  int path = -1;
  NL_TRY(NL_DEVICE_CALL(backward ? "attention_backward" : "attention", q, attention_path, pass, backward,
                        &path));
  pass->path = path;
  return NL_OK;
}

nl_status nl_attention_forward_there(nl_forward *f, const char **path) {
  const nl_attention_plan *plan = &f->plan;
  nl_attention_pass pass;
  operands own = {0};
  NL_TRY(start_pass(plan, &pass));
  pass.out = nl_array_of(&f->out);
  pass.lse = nl_array_of(&f->lse);
  if (f->p.storage) pass.p = nl_array_of(&f->p);
  nl_status s = take(&own, &pass, (const nl_tensor *const[]){&plan->q, &plan->k, &plan->v}, 3);
  if (s == NL_OK) s = choose_path(plan, &pass, false);
  if (s == NL_OK) s = NL_DEVICE_CALL("attention", &plan->q, attention_forward, &pass);
  release(&own);
  int count;
  if (s == NL_OK) *path = nl_device_attention_paths(nl_tensor_device(&plan->q), &count)[pass.path].name;
  return s;
}

/* dbias in the compute type, which sums want, of 4 dimensions; then cast to bias's own type and shape. */
static nl_status make_dbias(const nl_attention_plan *plan, nl_tensor *wide) {
  const nl_tensor *bias = plan->o.bias;
  int64_t shape[4];
  for (int d = 0; d < 4; d++) shape[d] = d < 4 - bias->ndim ? 1 : bias->shape[d - (4 - bias->ndim)];
  return nl_tensor_new_beside(&plan->q, plan->compute, 4, shape, wide);
}

nl_status nl_attention_backward_there(nl_backward *g) {
  const nl_attention_plan *plan = &g->plan;
  nl_attention_pass pass;
  operands own = {0};
  nl_tensor dbias = {0};
  NL_TRY(start_pass(plan, &pass));
  const nl_tensor *const from[] = {&plan->q, &plan->k, &plan->v, &g->out, &g->dout};
  pass.lse = nl_array_of(&g->lse);
  if (g->p.storage) pass.p = nl_array_of(&g->p);
  pass.dq = nl_array_of(&g->dq), pass.dk = nl_array_of(&g->dk), pass.dv = nl_array_of(&g->dv);
  nl_status s = take(&own, &pass, from, OPERANDS);
  if (s == NL_OK) s = choose_path(plan, &pass, true);
  if (s == NL_OK && plan->o.bias) s = make_dbias(plan, &dbias);
  if (s == NL_OK && plan->o.bias) pass.dbias = nl_array_of(&dbias);
  if (s == NL_OK) s = NL_DEVICE_CALL("attention_backward", &plan->q, attention_backward, &pass);
  if (s == NL_OK && plan->o.bias) {
    nl_tensor shaped;
    s = nl_tensor_reshape(&dbias, g->dbias.ndim, g->dbias.shape, &shaped);
    if (s == NL_OK) {
      s = nl_tensor_copy(&shaped, &g->dbias);
      nl_tensor_release(&shaped);
    }
  }
  nl_tensor_release(&dbias);
  release(&own);
  return s;
}
