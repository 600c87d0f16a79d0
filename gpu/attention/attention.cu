/* Attention on the device: which path serves a problem, and what its kernels are told.
 *
 * A path is three functions (params.cuh): what it lacks for a problem, forward, backward. A line in PATHS
 * makes it known; the first of a family that can is the family's default. Where there are no scores at all
 * the results are written here, so kernels always meet at least one sequence, head, row and key. A sequence
 * of its own may still be empty. */
#include "../ladder/ladder.cuh"
#include "../ops.h"
#include "params.cuh"
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* X(name, family, for people), and ladder rungs: forward alone, never chosen by themselves. */
#define PATHS(X, RUNG)                                                                   \
  X(flash_mma, NL_ATTENTION_FLASH, "f16 and bf16 on the tensor cores")                   \
  X(flash_tf32, NL_ATTENTION_FLASH, "f32 through three TF32 products for each")          \
  X(flash_dmma, NL_ATTENTION_FLASH, "f64 on the tensor cores; backward flash_simt's")    \
  X(flash_simt, NL_ATTENTION_FLASH, "IEEE arithmetic, every type, option and head size") \
  X(tiled, NL_ATTENTION_TILED, "two passes over the keys, no online softmax")            \
  X(standard, NL_ATTENTION_STANDARD, "S and P as whole matrices, a kernel a step")       \
  X(decode_split, NL_ATTENTION_DECODE, "few queries: the keys in pieces, merged")        \
  NLG_LADDER(RUNG)

#define FUNCTIONS(name, family, what) {nlg_##name##_supports, nlg_##name##_forward, nlg_##name##_backward},
#define RUNG_FUNCTIONS(name, what)    {nlg_##name##_supports, nlg_##name##_forward, nullptr},
#define DESCRIBE(name, family, what)  {#name, family, what, false},
#define RUNG_DESCRIBE(name, what)     {#name, NL_ATTENTION_FLASH, what, true},

static const struct {
  nlg_supports *supports;
  nlg_attention_run *forward, *backward;
} functions[] = {PATHS(FUNCTIONS, RUNG_FUNCTIONS){nullptr, nullptr, nullptr}};

const nl_attention_path nlg_attention_paths[] = {PATHS(DESCRIBE, RUNG_DESCRIBE){}};
const int nlg_attention_path_count = sizeof functions / sizeof *functions - 1;

/* --- which path -------------------------------------------------------------------------------------- */

void nlg_add_unmet(nlg_unmet *u, const char *condition) {
  int room = (int)sizeof u->text - u->length;
  int wanted = snprintf(u->text + u->length, room, "%s%s", u->length > 0 ? "; " : "", condition);
  u->length += wanted < room ? wanted : room - 1;
}

static nlg_unmet unmet_by(int path, const nlg_device *device, const nl_attention_pass *pass, bool backward) {
  nlg_unmet unmet = {{0}, 0};
  if (backward && !functions[path].backward)
    nlg_add_unmet(&unmet, "it has no backward pass (forward alone, for study)");
  functions[path].supports(device, pass, backward, &unmet);
  return unmet;
}

/* Flash stands in for a family without a path of its own that also hands over lse. */
static nl_attention_impl family_of(nl_attention_impl impl) {
  for (int i = 0; i < nlg_attention_path_count; i++)
    if (nlg_attention_paths[i].impl == impl) return impl;
  return impl == NL_ATTENTION_DECODE || impl == NL_ATTENTION_AUTO ? NL_ATTENTION_FLASH : impl;
}

static nl_status choose(const nlg_device *device, const nl_attention_pass *pass, bool backward, int *path) {
  static const char *const names[NL_ATTENTION_IMPLS] = {"auto", "standard", "tiled", "flash", "decode"};
  char reasons[640];
  int length = 0;
  reasons[0] = 0;
  nl_attention_impl family = family_of(pass->impl);
  for (int i = 0; i < nlg_attention_path_count; i++) {
    if (nlg_attention_paths[i].impl != family || nlg_attention_paths[i].ladder) continue;
    nlg_unmet unmet = unmet_by(i, device, pass, backward);
    if (unmet.length == 0) {
      *path = i;
      return NL_OK;
    }
    int room = (int)sizeof reasons - length;
    int wanted = snprintf(reasons + length, room, "%s%s: %s", length > 0 ? " | " : "",
                          nlg_attention_paths[i].name, unmet.text);
    length += wanted < room ? wanted : room - 1;
  }
  return nlg_fail(NL_UNSUPPORTED, "attention: no path of '%s' on cuda:%d does this: %s", names[pass->impl],
                  device->index, length > 0 ? reasons : "there is none");
}

nl_status nlg_attention_path(void *handle, const nl_attention_pass *pass, bool backward, int *path) {
  const nlg_device *device = (const nlg_device *)handle;
  if (pass->path < 0) return choose(device, pass, backward, path);
  if (pass->path >= nlg_attention_path_count)
    return nlg_fail(NL_ARG, "attention: path %d, cuda has 0 to %d", pass->path, nlg_attention_path_count - 1);
  nlg_unmet unmet = unmet_by(pass->path, device, pass, backward);
  if (unmet.length > 0)
    return nlg_fail(NL_UNSUPPORTED, "attention: path '%s' on cuda:%d does not do this: %s",
                    nlg_attention_paths[pass->path].name, device->index, unmet.text);
  *path = pass->path;
  return NL_OK;
}

/* --- what kernels are told --------------------------------------------------------------------------- */

static nlg_operand operand(const nl_array *a) {
  nlg_operand o = {a->data, 0, 0, 0};
  if (a->data) o.batch = a->stride[0], o.head = a->stride[1], o.row = a->stride[2];
  return o;
}

/* Kernels count rows, keys and their differences in int. */
static nl_status check_sizes(const nl_attention_pass *pass) {
  enum { MOST = 1 << 30 };
  const nl_array *q = &pass->q, *k = &pass->k;
  bool fits = q->shape[2] < MOST && k->shape[2] < MOST && q->shape[3] < MOST && pass->v.shape[3] < MOST &&
              q->shape[0] * q->shape[1] < MOST && pass->sequences < MOST;
  if (fits) return NL_OK;
  return nlg_fail(NL_UNSUPPORTED,
                  "attention: on cuda rows, keys, batches times heads and sequences are at most "
                  "%d; q is %lldx%lldx%lldx%lld, k has %lld keys",
                  MOST - 1, (long long)q->shape[0], (long long)q->shape[1], (long long)q->shape[2],
                  (long long)q->shape[3], (long long)k->shape[2]);
}

/* A window beyond every key is as good as one of 2^30 - 1. */
static int window(int64_t side) { return side < (1 << 30) ? (int)side : (1 << 30) - 1; }

static nlg_attention describe(const nl_attention_pass *pass) {
  nlg_attention a = {};
  a.q = operand(&pass->q), a.k = operand(&pass->k), a.v = operand(&pass->v), a.out = operand(&pass->out);
  a.lse = pass->lse.data, a.p = pass->p.data, a.bias = pass->bias.data;
  if (a.bias) memcpy(a.bias_stride, pass->bias.stride, sizeof a.bias_stride);
  a.sequences = (int)pass->sequences;
  a.heads = (int)pass->q.shape[1], a.kv_heads = (int)pass->k.shape[1], a.group = a.heads / a.kv_heads;
  a.nq = (int)pass->longest_q, a.nk = (int)pass->longest_k, a.total_q = (int)pass->q.shape[2];
  a.head_dim = (int)pass->q.shape[3], a.value_dim = (int)pass->v.shape[3];
  a.scale = pass->scale, a.softcap = pass->softcap;
  a.left = window(pass->left), a.right = window(pass->right);
  a.seed = pass->seed, a.drop_below = pass->drop_below, a.keep = 1 / (1 - pass->dropout);
  a.dout = operand(&pass->dout), a.dq = operand(&pass->dq);
  a.dk = operand(&pass->dk), a.dv = operand(&pass->dv);
  a.dbias = pass->dbias.data;
  int64_t step = 1;
  for (int d = 3; d >= 0 && a.dbias; d--) { /* contiguous; broadcast where its size is 1 */
    a.dbias_stride[d] = pass->dbias.shape[d] == 1 ? 0 : step;
    step *= pass->dbias.shape[d];
  }
  return a;
}

/* The offsets of the sequences go to device memory, those of k behind those of q. */
static nl_status upload_offsets(nlg_device *device, const nl_attention_pass *pass, nlg_attention *a,
                                nlg_workspace<int64_t> *offsets) {
  if (!pass->cu_q) return NL_OK;
  int64_t count = pass->sequences + 1, bytes = count * (int64_t)sizeof(int64_t);
  NL_TRY(offsets->take(2 * count));
  NL_TRY(nlg_upload(device, offsets->data, pass->cu_q, bytes));
  NL_TRY(nlg_upload(device, offsets->data + count, pass->cu_k, bytes));
  a->cu_q = offsets->data, a->cu_k = offsets->data + count;
  return NL_OK;
}

/* --- the two passes ---------------------------------------------------------------------------------- */

static bool no_scores(const nl_attention_pass *pass) {
  return pass->sequences == 0 || pass->q.shape[1] == 0 || pass->longest_q == 0 || pass->longest_k == 0;
}

nl_status nlg_attention_forward(void *handle, const nl_attention_pass *pass) {
  nlg_device *device = nlg_use(handle);
  int path;
  NL_TRY(check_sizes(pass));
  NL_TRY(nlg_attention_path(device, pass, false, &path));
  if (no_scores(pass)) { /* rows that see nothing: out 0, lse -inf */
    NL_TRY(nlg_fill(device, &pass->out, 0));
    return nlg_fill(device, &pass->lse, -INFINITY);
  }
  nlg_workspace<int64_t> offsets(device);
  nlg_attention params = describe(pass);
  NL_TRY(upload_offsets(device, pass, &params, &offsets));
  return functions[path].forward(device, pass, &params);
}

nl_status nlg_attention_backward(void *handle, const nl_attention_pass *pass) {
  nlg_device *device = nlg_use(handle);
  int path;
  NL_TRY(check_sizes(pass));
  NL_TRY(nlg_attention_path(device, pass, true, &path));
  if (no_scores(pass)) {
    NL_TRY(nlg_fill(device, &pass->dq, 0));
    NL_TRY(nlg_fill(device, &pass->dk, 0));
    NL_TRY(nlg_fill(device, &pass->dv, 0));
    return pass->dbias.data ? nlg_fill(device, &pass->dbias, 0) : NL_OK;
  }
  nlg_workspace<int64_t> offsets(device);
  nlg_workspace<char> delta(device); /* filled by the path: nlg_attention_delta */
  nlg_attention params = describe(pass);
  NL_TRY(upload_offsets(device, pass, &params, &offsets));
  int64_t bytes = nlg_size(&pass->lse) * (pass->lse.dtype == NL_F64 ? 8 : 4);
  if (nlg_attention_paths[path].impl != NL_ATTENTION_STANDARD) NL_TRY(delta.take(bytes));
  params.delta = delta.data;
  return functions[path].backward(device, pass, &params);
}
