/* What a call asks for, checked once: shapes, types, options, and whether the implementation has all of it.
 */
#include "plan.h"
#include <math.h>
#include <numlab/device.h>
#include <numlab/interrupt.h>
#include <stdio.h>
#include <string.h>

static const char *const names[NL_ATTENTION_IMPLS] = {"auto", "standard", "tiled", "flash", "decode"};

const char *nl_attention_impl_name(nl_attention_impl impl) {
  return (unsigned)impl < NL_ATTENTION_IMPLS ? names[impl] : "?";
}

nl_attention_options nl_attention_defaults(void) {
  return (nl_attention_options){.scale = (double)NAN, .left = -1, .right = -1, .q_tile = 64, .k_tile = 64};
}

/* --- shapes and types -------------------------------------------------------------------------------- */

static nl_status check_operand(const char *name, const nl_tensor *t, const char *sizes) {
  char text[NL_SHAPE_TEXT];
  if (t->ndim == 4) return NL_OK;
  return nl_fail(NL_SHAPE, "attention: %s is %s, expected 4 dimensions %s", name,
                 nl_shape_text(t->ndim, t->shape, text), sizes);
}

static nl_status check_shapes(const nl_tensor *q, const nl_tensor *k, const nl_tensor *v) {
  static const char *const what[] = {"batches", "heads", "keys", "head dimensions"};
  char left[NL_SHAPE_TEXT], right[NL_SHAPE_TEXT];
  NL_TRY(check_operand("q", q, "(B, H, Nq, D)"));
  NL_TRY(check_operand("k", k, "(B, Hkv, Nk, D)"));
  NL_TRY(check_operand("v", v, "(B, Hkv, Nk, Dv)"));
  for (int d = 0; d < 4; d++) { /* heads and rows of q have their own sizes, the last dimension of v too */
    const nl_tensor *other = d == 0 || d == 3 ? q : v;
    if (k->shape[d] != other->shape[d])
      return nl_fail(NL_SHAPE, "attention: the %s differ: %s is %s, k is %s", what[d], other == q ? "q" : "v",
                     nl_shape_text(4, other->shape, left), nl_shape_text(4, k->shape, right));
  }
  if (v->shape[0] != k->shape[0])
    return nl_fail(NL_SHAPE, "attention: the batches differ: v is %s, k is %s",
                   nl_shape_text(4, v->shape, left), nl_shape_text(4, k->shape, right));
  if (q->shape[3] < 1 || v->shape[3] < 1)
    return nl_fail(NL_SHAPE, "attention: the last dimension of %s is 0, expected at least 1",
                   q->shape[3] < 1 ? "q" : "v");
  int64_t heads = q->shape[1], kv_heads = k->shape[1];
  if (kv_heads == 0 ? heads != 0 : heads % kv_heads != 0)
    return nl_fail(NL_SHAPE, "attention: q has %lld heads and k has %lld, expected a multiple of those of k",
                   (long long)heads, (long long)kv_heads);
  return NL_OK;
}

static nl_status check_types(const nl_tensor *q, const nl_tensor *k, const nl_tensor *v) {
  if (!nl_dtype_is_float(q->dtype))
    return nl_fail(NL_DTYPE, "attention: q is %s, expected f64, f32, f16 or bf16; convert with :to",
                   nl_dtype_name(q->dtype));
  if (q->dtype != k->dtype || q->dtype != v->dtype)
    return nl_fail(NL_DTYPE, "attention: q is %s, k is %s, v is %s, expected one type; convert with :to",
                   nl_dtype_name(q->dtype), nl_dtype_name(k->dtype), nl_dtype_name(v->dtype));
  return NL_OK;
}

/* --- options ----------------------------------------------------------------------------------------- */

static nl_status check_numbers(const nl_attention_options *o, nl_dtype dtype) {
  if ((unsigned)o->impl >= NL_ATTENTION_IMPLS)
    return nl_fail(NL_ARG, "attention: impl is %d, expected one of nl_attention_impl", (int)o->impl);
  if (isinf(o->scale)) return nl_fail(NL_ARG, "attention: scale is %g, expected a finite number", o->scale);
  if (o->left < -1 || o->right < -1)
    return nl_fail(NL_ARG,
                   "attention: window is {%lld, %lld}, expected numbers of keys, or -1 for an open side",
                   (long long)o->left, (long long)o->right);
  if (!(o->softcap >= 0 && o->softcap < (double)INFINITY))
    return nl_fail(NL_ARG, "attention: softcap is %g, expected a positive number, or 0 for none", o->softcap);
  if (dtype != NL_F64 && o->softcap > 0 && !((float)o->softcap > 0 && isfinite((float)o->softcap)))
    return nl_fail(NL_ARG, "attention: softcap is %g, which f32 cannot hold", o->softcap);
  if (dtype != NL_F64 && isfinite(o->scale) && !isfinite((float)o->scale))
    return nl_fail(NL_ARG, "attention: scale is %g, which f32 cannot hold", o->scale);
  if (!(o->dropout >= 0 && o->dropout < 1))
    return nl_fail(NL_ARG, "attention: dropout is %g, expected 0 <= p < 1", o->dropout);
  if (o->q_tile < 1 || o->k_tile < 1)
    return nl_fail(NL_ARG, "attention: tiles are %lld x %lld, expected at least 1", (long long)o->q_tile,
                   (long long)o->k_tile);
  return NL_OK;
}

/* Offsets from 0 to rows that never fall. */
static nl_status check_offsets(const char *name, const int64_t *cu, int64_t sequences, int64_t rows) {
  if (cu[0] != 0)
    return nl_fail(NL_ARG, "attention: %s starts with %lld, expected 0", name, (long long)cu[0]);
  for (int64_t s = 0; s < sequences; s++)
    if (cu[s + 1] < cu[s])
      return nl_fail(NL_ARG, "attention: %s falls from %lld to %lld at sequence %lld", name, (long long)cu[s],
                     (long long)cu[s + 1], (long long)(s + 1));
  if (cu[sequences] != rows)
    return nl_fail(NL_ARG, "attention: %s ends with %lld, expected %lld, the number of rows", name,
                   (long long)cu[sequences], (long long)rows);
  return NL_OK;
}

static nl_status check_lengths(const nl_attention_options *o, const nl_tensor *q, const nl_tensor *k) {
  if (!o->cu_q && !o->cu_k) return NL_OK;
  if (!o->cu_q || !o->cu_k)
    return nl_fail(NL_ARG, "attention: %s is given without %s", o->cu_q ? "cu_seqlens_q" : "cu_seqlens_k",
                   o->cu_q ? "cu_seqlens_k" : "cu_seqlens_q");
  if (o->sequences < 0)
    return nl_fail(NL_ARG, "attention: cu_seqlens_q is empty, expected the offsets 0, .., number of rows");
  if (q->shape[0] != 1)
    return nl_fail(NL_SHAPE, "attention: q has %lld batches, expected 1 with cu_seqlens: (1, H, all rows, D)",
                   (long long)q->shape[0]);
  NL_TRY(check_offsets("cu_seqlens_q", o->cu_q, o->sequences, q->shape[2]));
  return check_offsets("cu_seqlens_k", o->cu_k, o->sequences, k->shape[2]);
}

static nl_status check_bias(const nl_tensor *bias, const nl_tensor *q, const nl_tensor *k) {
  const int64_t full[] = {q->shape[0], q->shape[1], q->shape[2], k->shape[2]};
  char left[NL_SHAPE_TEXT], right[NL_SHAPE_TEXT];
  if (bias->dtype != q->dtype)
    return nl_fail(NL_DTYPE, "attention: bias is %s, q is %s, expected one type; convert with :to",
                   nl_dtype_name(bias->dtype), nl_dtype_name(q->dtype));
  bool fits = bias->ndim <= 4;
  for (int d = 0; d < bias->ndim && fits; d++) {
    int64_t size = bias->shape[d], want = full[4 - bias->ndim + d];
    fits = size == want || size == 1;
  }
  if (fits) return NL_OK;
  return nl_fail(NL_SHAPE, "attention: bias is %s, expected a shape that broadcasts to (B, H, Nq, Nk) = %s",
                 nl_shape_text(bias->ndim, bias->shape, left), nl_shape_text(4, full, right));
}

/* Every condition that the implementation does not meet, in one message. */
static nl_status check_support(const nl_attention_options *o, bool on_cpu) {
  char unmet[256] = "";
  const struct {
    bool lacks;
    const char *what;
  } conditions[] = {{o->impl == NL_ATTENTION_TILED && o->dropout > 0,
                     "dropout must be 0 (standard, flash and decode have it)"},
                    {o->bias && o->cu_q, "bias cannot be combined with cu_seqlens"},
                    {o->path && on_cpu, "there are no paths by name on the CPU"}};
  size_t length = 0;
  for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
    if (conditions[i].lacks)
      length += (size_t)snprintf(unmet + length, sizeof unmet - length, "%s%s", length ? "; " : "",
                                 conditions[i].what);
  if (length == 0) return NL_OK;
  return nl_fail(NL_UNSUPPORTED, "attention: impl '%s' does not do this: %s", names[o->impl], unmet);
}

/* --- the plan ---------------------------------------------------------------------------------------- */

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

/* Decode pays where few rows leave the query tiles too few or too thin to share among threads. Sizes alone
 * decide, so that the same call gives the same bits on any machine of one level. */
static nl_attention_impl choose(int64_t longest_q, int64_t longest_k) {
  enum { FEW_ROWS = 16, MANY_KEYS = 1024 };
  return longest_q <= FEW_ROWS && longest_k >= MANY_KEYS ? NL_ATTENTION_DECODE : NL_ATTENTION_FLASH;
}

static int64_t size_of(int64_t rows, int64_t columns) {
  int64_t size;
  return __builtin_mul_overflow(rows, columns, &size) ? INT64_MAX : size;
}

static void measure_sequences(nl_attention_plan *plan) {
  const nl_attention_options *o = &plan->o;
  plan->sequences = o->cu_q ? o->sequences : plan->q.shape[0];
  plan->longest_q = o->cu_q ? 0 : plan->q.shape[2];
  plan->longest_k = o->cu_q ? 0 : plan->k.shape[2];
  plan->largest = o->cu_q ? 0 : size_of(plan->longest_q, plan->longest_k);
  for (int64_t s = 0; o->cu_q && s < o->sequences; s++) {
    int64_t nq = o->cu_q[s + 1] - o->cu_q[s], nk = o->cu_k[s + 1] - o->cu_k[s];
    plan->longest_q = most(plan->longest_q, nq);
    plan->longest_k = most(plan->longest_k, nk);
    plan->largest = most(plan->largest, size_of(nq, nk));
  }
}

/* Expanded tensors may be longer than any memory. Workspaces by tiles are at most some 16 times this
 * product, which must not overflow in bytes; whole matrices (standard) are sized with care where they are
 * made. */
static nl_status check_lengths_fit(const nl_attention_plan *plan) {
  const int64_t most_numbers = INT64_C(1) << 55;
  int64_t wide = most(plan->o.q_tile, plan->o.k_tile) + plan->head_dim + plan->value_dim;
  int64_t numbers, length = plan->longest_q + plan->longest_k + plan->head_dim + plan->value_dim;
  if (!__builtin_mul_overflow(wide, length, &numbers) && numbers <= most_numbers) return NL_OK;
  return nl_fail(
      NL_SHAPE,
      "attention: %lld queries and %lld keys in tiles of %lld x %lld need more than can be addressed",
      (long long)plan->longest_q, (long long)plan->longest_k, (long long)plan->o.q_tile,
      (long long)plan->o.k_tile);
}

static void place_bias(nl_attention_plan *plan) {
  const nl_tensor *bias = plan->o.bias;
  plan->bias = nl_tensor_data(bias);
  for (int d = 0; d < 4; d++) {
    int own = d - (4 - bias->ndim);
    plan->bias_stride[d] = own >= 0 && bias->shape[own] != 1 ? bias->stride[own] : 0;
  }
}

nl_status nl_attention_plan_make(const nl_tensor *q, const nl_tensor *k, const nl_tensor *v,
                                 const nl_attention_options *options, nl_attention_plan *plan) {
  memset(plan, 0, sizeof *plan);
  nl_attention_options *o = &plan->o;
  *o = *options;
  NL_TRY(check_shapes(q, k, v));
  NL_TRY(check_types(q, k, v));
  NL_TRY(check_numbers(o, q->dtype));
  NL_TRY(check_lengths(o, q, k));
  plan->q = *q, plan->k = *k, plan->v = *v;
  plan->dtype = q->dtype;
  plan->compute = q->dtype == NL_F64 ? NL_F64 : NL_F32;
  plan->heads = q->shape[1];
  plan->group = plan->heads > 0 ? plan->heads / k->shape[1] : 1;
  plan->head_dim = q->shape[3];
  plan->value_dim = v->shape[3];
  plan->unit = 64 / nl_dtype_size(plan->compute);
  measure_sequences(plan);
  if (o->impl == NL_ATTENTION_AUTO) o->impl = choose(plan->longest_q, plan->longest_k);
  NL_TRY(check_support(o, nl_device_is_cpu(nl_tensor_device(q))));
  if (o->bias) {
    NL_TRY(check_bias(o->bias, q, k));
    place_bias(plan);
  }
  if (isnan(o->scale)) o->scale = 1 / sqrt((double)plan->head_dim);
  int64_t widest = plan->longest_q + plan->longest_k; /* a window beyond this is open; no sum overflows */
  if (o->causal) o->right = 0;
  o->left = least(o->left, widest);
  o->right = least(o->right, widest);
  o->q_tile = most(1, least(o->q_tile, plan->longest_q));
  o->k_tile = most(1, least(o->k_tile, plan->longest_k));
  NL_TRY(check_lengths_fit(plan));
  plan->drop_below = (uint64_t)floor(o->dropout * 0x1p32);
  return NL_OK;
}

nl_status nl_attention_check(const nl_tensor *q, const nl_tensor *k, const nl_tensor *v,
                             const nl_attention_options *options, nl_attention_options *used) {
  nl_attention_plan plan;
  NL_TRY(nl_attention_plan_make(q, k, v, options, &plan));
  *used = plan.o;
  return NL_OK;
}

/* --- cutting ----------------------------------------------------------------------------------------- */

nl_sequence nl_attention_sequence(const nl_attention_plan *plan, int64_t s) {
  nl_sequence out = {.batch = s, .q = {0, plan->q.shape[2]}, .k = {0, plan->k.shape[2]}};
  if (plan->o.cu_q) {
    out.batch = 0;
    out.q = (nl_range){plan->o.cu_q[s], plan->o.cu_q[s + 1]};
    out.k = (nl_range){plan->o.cu_k[s], plan->o.cu_k[s + 1]};
  }
  out.offset = nl_range_size(out.k) - nl_range_size(out.q);
  return out;
}

bool nl_next_keys(nl_block *b, nl_range all) {
  int64_t begin = b->keys.end, end = begin + b->plan->o.k_tile;
  b->keys = (nl_range){begin, end < all.end ? end : all.end};
  return begin < all.end && !nl_interrupted();
}

int64_t nl_query_tiles(const nl_attention_plan *plan) {
  return plan->sequences * plan->heads * nl_tiles(plan->longest_q, plan->o.q_tile);
}

nl_block nl_query_tile(const nl_attention_plan *plan, int64_t item) {
  int64_t tiles = nl_tiles(plan->longest_q, plan->o.q_tile), unit = item / tiles;
  nl_block b = {.plan = plan, .head = unit % plan->heads};
  b.sequence = nl_attention_sequence(plan, unit / plan->heads);
  b.rows = nl_tile(tiles - 1 - item % tiles, plan->o.q_tile, nl_range_size(b.sequence.q));
  return b;
}
