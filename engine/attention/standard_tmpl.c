/* Standard attention: the score matrix and its softmax as whole matrices, as the formulas are written.
 *
 *   forward    S = scores,  P = softmax S,  O = drop(P) V
 *   backward   dV = drop(P)' dO,  dP = drop(dO V'),  dS = P o (dP - rowsum(P o dP)),
 *              dQ = scale dS K,  dK = scale dS' Q
 *
 * The reference for the others, and what they save memory against. Numbers of the compute type, forward: 2
 * H sum(Nq Nk) over the sequences, S as workspace and P kept for the backward pass; backward: H sum(Nq Nk)
 * for dS, and for each worker one Nq x Nk more with dropout, two with softcap. Beside these, linear in N
 * and a worker: what a matrix product packs, D of the backward pass, and 16-bit operands and results in
 * the compute type. */
#include "core/tmpl.h"
#include "cpu/kernels.h"
#include "impl.h"
#include "tile.h"
#include <math.h>
#include <numlab/interrupt.h>
#include <numlab/memory.h>
#include <numlab/ops.h>
#include <numlab/parallel.h>
#include <string.h>

typedef struct room {
  NL_R *extra, *slope;    /* Nq x Nk: dropped P, then dS o slope; the cap's derivative */
  NL_R *O, *dq, *dk, *dv; /* sums for 16-bit results */
  NL_R *q, *k, *v, *dout; /* 16-bit operands in the compute type */
  NL_R *delta;            /* Nq */
  NL_R *product;
} room;

typedef struct job {
  const nl_forward *f;
  const nl_backward *g;
  int64_t *starts;
  NL_R *matrices; /* S, or dS: those of (sequence, head) one after another, as P lies */
  NL_R *base;
  int64_t size; /* of one worker's workspace */
} job;

static int64_t layout(const nl_attention_plan *plan, bool backward, NL_R *base, room *w) {
  int64_t used = 0, nq = plan->longest_q, nk = plan->longest_k, d = plan->head_dim, dv = plan->value_dim;
  bool converts = plan->dtype != plan->compute, caps = backward && plan->o.softcap > 0;
  w->extra = nl_take(plan, base, &used, caps || (backward && plan->o.dropout > 0) ? plan->largest : 0);
  w->slope = nl_take(plan, base, &used, caps ? plan->largest : 0);
  w->O = nl_take(plan, base, &used, converts && !backward ? nq * dv : 0);
  w->dq = nl_take(plan, base, &used, converts && backward ? nq * d : 0);
  w->dk = nl_take(plan, base, &used, converts && backward ? nk * d : 0);
  w->dv = nl_take(plan, base, &used, converts && backward ? nk * dv : 0);
  w->q = nl_take(plan, base, &used, converts ? nq * d : 0);
  w->k = nl_take(plan, base, &used, converts ? nk * d : 0);
  w->v = nl_take(plan, base, &used, converts ? nk * dv : 0);
  w->dout = nl_take(plan, base, &used, converts && backward ? nq * dv : 0);
  w->delta = nl_take(plan, base, &used, backward ? nq : 0);
  w->product = nl_take(plan, base, &used, NL_FN(nl_tile_room)(plan, nq, nk));
  return used;
}

/* Where the matrices of each sequence start, those of its heads one after another; NULL: NOMEM. */
static int64_t *find_starts(const nl_attention_plan *plan) {
  int64_t *starts = nl_alloc(plan->sequences + 1, sizeof *starts, NL_WORKSPACE), at = 0;
  for (int64_t s = 0; starts && s < plan->sequences; s++) {
    nl_sequence q = nl_attention_sequence(plan, s);
    starts[s] = at;
    at += plan->heads * nl_range_size(q.q) * nl_range_size(q.k);
  }
  return starts;
}

static int64_t matrix_at(const job *j, int64_t s, const nl_block *b) {
  return j->starts[s] + b->head * nl_range_size(b->rows) * nl_range_size(b->keys);
}

static nl_block whole(const nl_attention_plan *plan, int64_t s, int64_t head) {
  nl_block b = {.plan = plan, .sequence = nl_attention_sequence(plan, s), .head = head};
  b.rows = (nl_range){0, nl_range_size(b.sequence.q)};
  b.keys = (nl_range){0, nl_range_size(b.sequence.k)};
  return b;
}

/* --- forward ------------------------------------------------------------------------------------------ */

typedef struct softmax {
  const nl_block *b;
  const NL_R *S;
  NL_R *P, *lse;
} softmax;

static void softmax_rows(void *context, int64_t begin, int64_t end) {
  const softmax *t = context;
  int64_t keys = nl_range_size(t->b->keys);
  nl_block b = *t->b;
  b.rows = (nl_range){begin, end};
  NL_FN(nl_tile_softmax)(&b, t->S + begin * keys, t->P + begin * keys, keys, t->lse + begin);
}

/* P itself, or what dropout leaves of it, in copy. */
static const NL_R *dropped(const nl_block *b, const NL_R *P, NL_R *copy) {
  int64_t keys = nl_range_size(b->keys);
  if (!(b->plan->o.dropout > 0)) return P;
  for (int64_t i = 0; i < nl_range_size(b->rows) && !nl_interrupted(); i++)
    memcpy(copy + i * keys, P + i * keys, (size_t)keys * sizeof *P);
  NL_FN(nl_tile_drop)(b, copy, keys);
  return copy;
}

static void forward_head(void *context, int64_t worker, int64_t item) {
  const job *j = context;
  if (nl_interrupted()) return;
  const nl_forward *f = j->f;
  const nl_attention_plan *plan = &f->plan;
  nl_block b = whole(plan, item / plan->heads, item % plan->heads);
  int64_t batch = b.sequence.batch, kv_head = nl_block_kv_head(&b), rows = nl_range_size(b.rows);
  int64_t keys = nl_range_size(b.keys), at = matrix_at(j, item / plan->heads, &b);
  room w;
  layout(plan, false, j->base + worker * j->size, &w);
  NL_R *S = j->matrices + at, *P = (NL_R *)nl_tensor_data(&f->p) + at;
  NL_R *lse = (NL_R *)nl_tensor_data(&f->lse) + nl_block_vector(&b);
  strided q = NL_FN(nl_tile_load)(&plan->q, batch, b.head, b.sequence.q, w.q);
  strided k = NL_FN(nl_tile_load)(&plan->k, batch, kv_head, b.sequence.k, w.k);
  strided v = NL_FN(nl_tile_load)(&plan->v, batch, kv_head, b.sequence.k, w.v);
  NL_FN(nl_tile_scores)(&b, q, k, S, NULL, keys, w.product);
  softmax t = {&b, S, P, lse};
  nl_parallel_for(rows, 16384 / (keys + 1) + 1, softmax_rows, &t);
  NL_R *O = NL_FN(nl_tile_open)(&f->out, batch, b.head, b.sequence.q, w.O);
  NL_FN(nl_tile_times)(&b, false, 1, dropped(&b, P, S), keys, v, plan->value_dim, O, w.product);
  NL_FN(nl_tile_close)(O, &f->out, batch, b.head, b.sequence.q);
}

nl_status NL_FN(nl_standard_forward)(const nl_forward *f) {
  room w;
  int64_t items = f->plan.sequences * f->plan.heads, workers = nl_threads() < items ? nl_threads() : items;
  job j = {.f = f, .size = layout(&f->plan, false, NULL, &w)};
  j.starts = find_starts(&f->plan);
  j.matrices = nl_alloc(nl_tensor_size(&f->p), sizeof *j.matrices, NL_WORKSPACE);
  j.base = nl_alloc(workers * j.size, sizeof *j.base, NL_WORKSPACE);
  bool room_for_all = j.starts && j.matrices && j.base;
  if (room_for_all) nl_parallel_items(items, workers, forward_head, &j);
  nl_free(j.starts);
  nl_free(j.matrices);
  nl_free(j.base);
  return room_for_all ? NL_OK : NL_NOMEM;
}

/* --- backward ----------------------------------------------------------------------------------------- */

/* The query heads of one key head, one after another: they share dK and dV. */
static void backward_head(void *context, int64_t worker, int64_t item) {
  const job *j = context;
  if (nl_interrupted()) return;
  const nl_backward *g = j->g;
  const nl_attention_plan *plan = &g->plan;
  int64_t kv_heads = plan->k.shape[1], kv_head = item % kv_heads, s = item / kv_heads;
  int64_t d = plan->head_dim, e = plan->value_dim;
  double scale = plan->o.scale;
  nl_block b = whole(plan, s, 0);
  int64_t batch = b.sequence.batch, keys = nl_range_size(b.keys), size = nl_range_size(b.rows) * keys;
  room w;
  layout(plan, true, j->base + worker * j->size, &w);
  strided k = NL_FN(nl_tile_load)(&plan->k, batch, kv_head, b.sequence.k, w.k);
  strided v = NL_FN(nl_tile_load)(&plan->v, batch, kv_head, b.sequence.k, w.v);
  NL_R *dk = NL_FN(nl_tile_open)(&g->dk, batch, kv_head, b.sequence.k, w.dk);
  NL_R *dv = NL_FN(nl_tile_open)(&g->dv, batch, kv_head, b.sequence.k, w.dv);
  for (b.head = kv_head * plan->group; b.head < (kv_head + 1) * plan->group && !nl_interrupted(); b.head++) {
    int64_t at = matrix_at(j, s, &b);
    const NL_R *P = (const NL_R *)nl_tensor_data(&g->p) + at;
    NL_R *dS = j->matrices + at, *by_product = dS;
    strided q = NL_FN(nl_tile_load)(&plan->q, batch, b.head, b.sequence.q, w.q);
    strided dout = NL_FN(nl_tile_load)(&g->dout, batch, b.head, b.sequence.q, w.dout);
    NL_FN(nl_tile_times)(&b, true, 1, dropped(&b, P, w.extra), keys, dout, e, dv, w.product);
    NL_FN(nl_tile_values)(&b, dout, v, dS, keys, w.product);
    NL_FN(nl_tile_drop)(&b, dS, keys);
    for (int64_t i = 0; i < nl_range_size(b.rows); i++) w.delta[i] = 0;
    NL_FN(nl_tile_dots)(&b, P, dS, keys, w.delta);
    NL_FN(nl_tile_through_softmax)(&b, P, w.delta, NULL, dS, keys);
    if (plan->o.softcap > 0) {
      /* S was not kept: its tanh gives the slope again; dS itself stays for the bias */
      NL_FN(nl_tile_scores)(&b, q, k, w.extra, w.slope, keys, w.product);
      for (int64_t i = 0; i < size && (i % 4096 > 0 || !nl_interrupted()); i++)
        w.extra[i] = dS[i] == 0 ? 0 : dS[i] * w.slope[i];
      by_product = w.extra;
    }
    NL_R *dq = NL_FN(nl_tile_open)(&g->dq, batch, b.head, b.sequence.q, w.dq);
    NL_FN(nl_tile_times)(&b, false, scale, by_product, keys, k, d, dq, w.product);
    NL_FN(nl_tile_times)(&b, true, scale, by_product, keys, q, d, dk, w.product);
    NL_FN(nl_tile_close)(dq, &g->dq, batch, b.head, b.sequence.q);
  }
  NL_FN(nl_tile_close)(dk, &g->dk, batch, kv_head, b.sequence.k);
  NL_FN(nl_tile_close)(dv, &g->dv, batch, kv_head, b.sequence.k);
}

/* dbias = dS summed over the dimensions in which the bias was broadcast. */
static nl_status sum_bias(const nl_backward *g, nl_tensor *sums) {
  const nl_tensor *bias = g->plan.o.bias;
  nl_status s = NL_OK;
  for (int d = 0; d < 4 && s == NL_OK; d++) {
    int own = d - (4 - bias->ndim);
    if (sums->shape[d] == 1 || (own >= 0 && bias->shape[own] != 1)) continue;
    nl_tensor less;
    s = nl_reduce(NL_REDUCE_SUM, sums, d, true, &less);
    if (s != NL_OK) break;
    nl_tensor_release(sums);
    *sums = less;
  }
  nl_tensor shaped;
  if (s == NL_OK) s = nl_tensor_reshape(sums, bias->ndim, bias->shape, &shaped);
  if (s != NL_OK) return s;
  s = nl_tensor_copy(&shaped, &g->dbias);
  nl_tensor_release(&shaped);
  return s;
}

nl_status NL_FN(nl_standard_backward)(const nl_backward *g) {
  const nl_attention_plan *plan = &g->plan;
  room w;
  nl_tensor dS = {0};
  int64_t items = plan->sequences * plan->k.shape[1], workers = nl_threads() < items ? nl_threads() : items;
  job j = {.g = g, .size = layout(plan, true, NULL, &w)};
  NL_TRY(nl_tensor_new_workspace(NL_DTYPE, g->p.ndim, g->p.shape, &dS));
  j.matrices = nl_tensor_data(&dS);
  j.base = nl_alloc(workers * j.size, sizeof *j.base, NL_WORKSPACE);
  j.starts = find_starts(plan);
  nl_status s = j.base && j.starts ? NL_OK : NL_NOMEM;
  if (s == NL_OK) nl_parallel_items(items, workers, backward_head, &j);
  nl_free(j.starts);
  nl_free(j.base);
  if (s == NL_OK && plan->bias && !nl_interrupted()) s = sum_bias(g, &dS);
  nl_tensor_release(&dS);
  return s;
}
