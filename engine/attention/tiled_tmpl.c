/* Tiled attention without online softmax: the score row of a tile of queries is kept whole and normalised
 * once.
 *
 *   forward, a tile of Br queries at a time:
 *     S = scores against all N keys it sees, tile after tile: Br x N
 *     P = softmax S, once,  O = sum over tiles of keys of P V
 *   backward, a tile of queries at a time:
 *     P = exp(S - lse) over its row sum,  dP = dO V' over all keys: 2 Br x N
 *     dS = P o (dP - rowsum(P o dP)),  dQ = scale dS K,  dK += scale dS' Q,  dV += P' dO
 *
 * Between standard and flash: workspace grows with N, not with N^2; no row is ever rescaled, so its
 * rounding is that of standard. Numbers a worker, forward: Br N + Br Dv + the packed operands of a
 * product; backward: 2 Br N (3 with softcap) + Br D + 2 Br + the packed operands, and N (D + Dv) for
 * 16-bit inputs, whose sums must not be rounded on the way; 16-bit inputs take their tiles in the compute
 * type besides. A head of K and V belongs to one worker in the backward pass: fewer of them than threads
 * leave threads idle. */
#include "core/tmpl.h"
#include "cpu/kernels.h"
#include "impl.h"
#include "tile.h"
#include <math.h>
#include <numlab/interrupt.h>
#include <numlab/memory.h>
#include <numlab/parallel.h>

typedef struct room {
  NL_R *S, *dS, *slope; /* Br x N each */
  NL_R *O;              /* Br x Dv in the forward pass, Br x D: dQ in the backward pass */
  NL_R *delta, *mass;   /* Br: D, and what the weights of a row sum to */
  NL_R *dk, *dv;        /* N x D, N x Dv: sums of 16-bit gradients */
  NL_R *q, *k, *v, *dout;
  NL_R *product;
} room;

static int64_t layout(const nl_attention_plan *plan, bool backward, NL_R *base, room *w) {
  int64_t used = 0, rows = plan->o.q_tile, keys = plan->o.k_tile, n = plan->longest_k;
  int64_t d = plan->head_dim, dv = plan->value_dim;
  bool converts = plan->dtype != plan->compute;
  w->S = nl_take(plan, base, &used, rows * n);
  w->dS = nl_take(plan, base, &used, backward ? rows * n : 0);
  w->slope = nl_take(plan, base, &used, backward && plan->o.softcap > 0 ? rows * n : 0);
  w->O = nl_take(plan, base, &used, rows * (backward ? d : dv));
  w->delta = nl_take(plan, base, &used, backward ? rows : 0);
  w->mass = nl_take(plan, base, &used, backward ? rows : 0);
  w->dk = nl_take(plan, base, &used, backward && converts ? n * d : 0);
  w->dv = nl_take(plan, base, &used, backward && converts ? n * dv : 0);
  w->q = nl_take(plan, base, &used, converts ? rows * d : 0);
  w->k = nl_take(plan, base, &used, converts ? keys * d : 0);
  w->v = nl_take(plan, base, &used, converts ? keys * dv : 0);
  w->dout = nl_take(plan, base, &used, backward && converts ? rows * dv : 0);
  w->product = nl_take(plan, base, &used, NL_FN(nl_tile_room)(plan, rows, keys));
  return used;
}

typedef struct job {
  const nl_forward *f;
  const nl_backward *g;
  NL_R *base;
  int64_t size; /* of one worker's workspace */
} job;

/* --- forward ------------------------------------------------------------------------------------------ */

static void forward_tile(void *context, int64_t worker, int64_t item) {
  const job *j = context;
  const nl_forward *f = j->f;
  const nl_attention_plan *plan = &f->plan;
  room w;
  nl_block b = nl_query_tile(plan, item), tile;
  int64_t rows = nl_range_size(b.rows), batch = b.sequence.batch;
  if (rows == 0 || nl_interrupted()) return;
  layout(plan, false, j->base + worker * j->size, &w);
  tile = b;
  b.keys = nl_rows_see(plan, &b.sequence, b.rows);
  int64_t ld = nl_range_size(b.keys);
  strided q = NL_FN(nl_tile_load)(&plan->q, batch, b.head, nl_block_rows(&b), w.q);
  tile.keys = nl_before(b.keys);
  while (nl_next_keys(&tile, b.keys)) {
    strided k = NL_FN(nl_tile_load)(&plan->k, batch, nl_block_kv_head(&b), nl_block_keys(&tile), w.k);
    NL_FN(nl_tile_scores)(&tile, q, k, w.S + (tile.keys.begin - b.keys.begin), NULL, ld, w.product);
  }
  NL_FN(nl_tile_softmax)(&b, w.S, w.S, ld, (NL_R *)nl_tensor_data(&f->lse) + nl_block_vector(&b));
  for (int64_t i = 0; i < rows * plan->value_dim; i++) w.O[i] = 0;
  tile.keys = nl_before(b.keys);
  while (nl_next_keys(&tile, b.keys)) {
    strided v = NL_FN(nl_tile_load)(&plan->v, batch, nl_block_kv_head(&b), nl_block_keys(&tile), w.v);
    const NL_R *P = w.S + (tile.keys.begin - b.keys.begin);
    NL_FN(nl_tile_times)(&tile, false, 1, P, ld, v, plan->value_dim, w.O, w.product);
  }
  NL_FN(nl_tile_store)(w.O, &f->out, batch, b.head, nl_block_rows(&b));
}

nl_status NL_FN(nl_tiled_forward)(const nl_forward *f) {
  room w;
  int64_t items = nl_query_tiles(&f->plan), workers = nl_threads() < items ? nl_threads() : items;
  job j = {.f = f, .size = layout(&f->plan, false, NULL, &w)};
  j.base = nl_alloc(workers * j.size, sizeof *j.base, NL_WORKSPACE);
  if (!j.base) return NL_NOMEM;
  nl_parallel_items(items, workers, forward_tile, &j);
  nl_free(j.base);
  return NL_OK;
}

/* --- backward ----------------------------------------------------------------------------------------- */

/* One tile of queries of b.head: stores its dQ, adds to the dK and dV of the head. */
static void backward_tile(const nl_backward *g, nl_block b, room *w, NL_R *dk, NL_R *dv) {
  const nl_attention_plan *plan = &g->plan;
  int64_t batch = b.sequence.batch, kv_head = nl_block_kv_head(&b), d = plan->head_dim, e = plan->value_dim;
  b.keys = nl_rows_see(plan, &b.sequence, b.rows);
  nl_block tile = b;
  int64_t ld = nl_range_size(b.keys);
  strided q = NL_FN(nl_tile_load)(&plan->q, batch, b.head, nl_block_rows(&b), w->q);
  strided dout = NL_FN(nl_tile_load)(&g->dout, batch, b.head, nl_block_rows(&b), w->dout);
  const NL_R *lse = (const NL_R *)nl_tensor_data(&g->lse) + nl_block_vector(&b);
  for (int64_t i = 0; i < nl_range_size(b.rows); i++) w->delta[i] = w->mass[i] = 0;
  tile.keys = nl_before(b.keys);
  while (nl_next_keys(&tile, b.keys)) {
    int64_t at = tile.keys.begin - b.keys.begin;
    backward_tiles t = {.q = q, .dout = dout, .lse = lse, .mass = w->mass, .P = w->S + at, .dS = w->dS + at};
    t.ld = ld;
    t.room = w->product;
    if (w->slope) t.slope = w->slope + at;
    t.k = NL_FN(nl_tile_load)(&plan->k, batch, kv_head, nl_block_keys(&tile), w->k);
    t.v = NL_FN(nl_tile_load)(&plan->v, batch, kv_head, nl_block_keys(&tile), w->v);
    NL_FN(nl_tile_recompute)(&tile, &t);
  }
  NL_FN(nl_tile_normalise)(&b, w->mass, w->S, ld);
  NL_FN(nl_tile_dots)(&b, w->S, w->dS, ld, w->delta);
  NL_FN(nl_tile_through_softmax)(&b, w->S, w->delta, w->slope, w->dS, ld);
  NL_FN(nl_tile_drop)(&b, w->S, ld);
  NL_R *dq = NL_FN(nl_tile_open)(&g->dq, batch, b.head, nl_block_rows(&b), w->O);
  tile.keys = nl_before(b.keys);
  while (nl_next_keys(&tile, b.keys)) {
    int64_t at = tile.keys.begin - b.keys.begin;
    strided k = NL_FN(nl_tile_load)(&plan->k, batch, kv_head, nl_block_keys(&tile), w->k);
    NL_FN(nl_tile_times)(&tile, false, plan->o.scale, w->dS + at, ld, k, d, dq, w->product);
    NL_FN(nl_tile_times)
    (&tile, true, plan->o.scale, w->dS + at, ld, q, d, dk + tile.keys.begin * d, w->product);
    NL_FN(nl_tile_times)(&tile, true, 1, w->S + at, ld, dout, e, dv + tile.keys.begin * e, w->product);
  }
  NL_FN(nl_tile_close)(dq, &g->dq, batch, b.head, nl_block_rows(&b));
}

/* One head of K and V: all query heads of its group, all their tiles. */
static void backward_head(void *context, int64_t worker, int64_t item) {
  const job *j = context;
  const nl_backward *g = j->g;
  const nl_attention_plan *plan = &g->plan;
  int64_t kv_heads = plan->k.shape[1], kv_head = item % kv_heads;
  if (nl_interrupted()) return;
  room w;
  layout(plan, true, j->base + worker * j->size, &w);
  if (!(plan->o.softcap > 0)) w.slope = NULL;
  nl_block b = {.plan = plan, .sequence = nl_attention_sequence(plan, item / kv_heads)};
  int64_t rows = nl_range_size(b.sequence.q), batch = b.sequence.batch;
  NL_R *dk = NL_FN(nl_tile_open)(&g->dk, batch, kv_head, b.sequence.k, w.dk);
  NL_R *dv = NL_FN(nl_tile_open)(&g->dv, batch, kv_head, b.sequence.k, w.dv);
  for (b.head = kv_head * plan->group; b.head < (kv_head + 1) * plan->group; b.head++)
    for (int64_t t = 0; t < nl_tiles(rows, plan->o.q_tile) && !nl_interrupted(); t++) {
      b.rows = nl_tile(t, plan->o.q_tile, rows);
      backward_tile(g, b, &w, dk, dv);
    }
  NL_FN(nl_tile_close)(dk, &g->dk, batch, kv_head, b.sequence.k);
  NL_FN(nl_tile_close)(dv, &g->dv, batch, kv_head, b.sequence.k);
}

nl_status NL_FN(nl_tiled_backward)(const nl_backward *g) {
  room w;
  int64_t items = g->plan.sequences * g->plan.k.shape[1],
          workers = nl_threads() < items ? nl_threads() : items;
  job j = {.g = g, .size = layout(&g->plan, true, NULL, &w)};
  j.base = nl_alloc(workers * j.size, sizeof *j.base, NL_WORKSPACE);
  if (!j.base) return NL_NOMEM;
  nl_parallel_items(items, workers, backward_head, &j);
  nl_free(j.base);
  return g->plan.bias && !nl_interrupted() ? NL_FN(nl_bias_backward)(g) : NL_OK;
}
