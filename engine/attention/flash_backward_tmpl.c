/* Flash attention, backward: P is recomputed from lse, tile by tile (Dao et al. 2022, FlashAttention,
 * algorithm 4).
 *
 *   D_i = sum_c dO(i,c) O(i,c),   P = exp(S - lse),   dS = P o (dO V' - D)
 *   columns: for each tile of keys,    over the queries that see it:   dV += P' dO,  dK += scale dS' Q
 *   rows:    for each tile of queries, over the keys it sees:          dQ += scale dS K
 *
 * Two passes, seven products a tile: each result is summed by one worker in one order, so the bits are the
 * same at any number of threads, and every tile is a piece of work of its own. Where there are heads
 * enough to go round and the sums for dQ can be made in place, one pass with five products does both, a
 * head of keys being one piece of work.
 *
 * Workspace, in numbers a worker: 2 Br Bc (3 with softcap) and what one product packs; with 16-bit inputs
 * the tiles in the compute type and the sums besides, Br (2 D + Dv) + 2 Bc (D + Dv). And D: one number a
 * row and head. */
#include "core/tmpl.h"
#include "impl.h"
#include "tile.h"
#include <numlab/interrupt.h>
#include <numlab/memory.h>
#include <numlab/parallel.h>

typedef struct room {
  NL_R *P, *dS, *slope;   /* Br x Bc each; slope with softcap alone */
  NL_R *dq, *dk, *dv;     /* sums for 16-bit results: Br x D, Bc x D, Bc x Dv */
  NL_R *q, *dout, *k, *v; /* 16-bit tiles in the compute type */
  NL_R *product;
} room;

typedef struct job {
  const nl_backward *g;
  NL_R *delta; /* (B, H, Nq) */
  NL_R *base;
  int64_t size;  /* of one worker's workspace */
  bool one_pass; /* columns make dQ too */
} job;

static int64_t layout(const nl_attention_plan *plan, NL_R *base, room *w) {
  int64_t used = 0, rows = plan->o.q_tile, keys = plan->o.k_tile, d = plan->head_dim, dv = plan->value_dim;
  bool converts = plan->dtype != plan->compute;
  w->P = nl_take(plan, base, &used, rows * keys);
  w->dS = nl_take(plan, base, &used, rows * keys);
  w->slope = nl_take(plan, base, &used, plan->o.softcap > 0 ? rows * keys : 0);
  w->dq = nl_take(plan, base, &used, converts ? rows * d : 0);
  w->dk = nl_take(plan, base, &used, converts ? keys * d : 0);
  w->dv = nl_take(plan, base, &used, converts ? keys * dv : 0);
  w->q = nl_take(plan, base, &used, converts ? rows * d : 0);
  w->dout = nl_take(plan, base, &used, converts ? rows * dv : 0);
  w->k = nl_take(plan, base, &used, converts ? keys * d : 0);
  w->v = nl_take(plan, base, &used, converts ? keys * dv : 0);
  w->product = nl_take(plan, base, &used, NL_FN(nl_tile_room)(plan, rows, keys));
  return used;
}

static void load_queries(const job *j, const nl_block *b, const room *w, backward_tiles *t) {
  t->q = NL_FN(nl_tile_load)(&b->plan->q, b->sequence.batch, b->head, nl_block_rows(b), w->q);
  t->dout = NL_FN(nl_tile_load)(&j->g->dout, b->sequence.batch, b->head, nl_block_rows(b), w->dout);
  t->lse = (const NL_R *)nl_tensor_data(&j->g->lse) + nl_block_vector(b);
}

static void load_keys(const nl_block *b, const room *w, backward_tiles *t) {
  int64_t batch = b->sequence.batch, head = nl_block_kv_head(b);
  t->k = NL_FN(nl_tile_load)(&b->plan->k, batch, head, nl_block_keys(b), w->k);
  t->v = NL_FN(nl_tile_load)(&b->plan->v, batch, head, nl_block_keys(b), w->v);
}

static backward_tiles tiles_in(const nl_attention_plan *plan, const room *w) {
  return (backward_tiles){
      .P = w->P, .dS = w->dS, .slope = plan->o.softcap > 0 ? w->slope : NULL, .room = w->product};
}

/* P after dropout, which is what multiplied V, and dS. */
static void make_tiles(const nl_block *b, const backward_tiles *t, const NL_R *delta) {
  NL_FN(nl_tile_recompute)(b, t);
  NL_FN(nl_tile_through_softmax)(b, t->P, delta, t->slope, t->dS, t->ld);
  NL_FN(nl_tile_drop)(b, t->P, t->ld);
}

/* --- D ------------------------------------------------------------------------------------------------ */

static void find_delta(void *context, int64_t worker, int64_t item) {
  const job *j = context;
  const nl_backward *g = j->g;
  nl_block b = nl_query_tile(&g->plan, item);
  (void)worker;
  if (nl_range_size(b.rows) == 0 || nl_interrupted()) return;
  NL_FN(nl_tile_delta)
  (&g->dout, &g->out, b.sequence.batch, b.head, nl_block_rows(&b), j->delta + nl_block_vector(&b));
}

/* --- columns ------------------------------------------------------------------------------------------ */

/* One tile of keys, b.keys, against all queries of the group of its head that see it. */
static void one_column(const job *j, nl_block b, const room *w) {
  const nl_backward *g = j->g;
  const nl_attention_plan *plan = b.plan;
  int64_t batch = b.sequence.batch, kv_head = nl_block_kv_head(&b), d = plan->head_dim, e = plan->value_dim;
  double scale = plan->o.scale;
  backward_tiles t = tiles_in(plan, w);
  load_keys(&b, w, &t);
  t.ld = nl_range_size(b.keys);
  NL_R *dk = NL_FN(nl_tile_open)(&g->dk, batch, kv_head, nl_block_keys(&b), w->dk);
  NL_R *dv = NL_FN(nl_tile_open)(&g->dv, batch, kv_head, nl_block_keys(&b), w->dv);
  nl_range seen_by = nl_keys_seen_by(plan, &b.sequence, b.keys);
  for (b.head = kv_head * plan->group; b.head < (kv_head + 1) * plan->group; b.head++)
    for (int64_t i = seen_by.begin; i < seen_by.end && !nl_interrupted(); i += plan->o.q_tile) {
      b.rows = (nl_range){i, i + plan->o.q_tile < seen_by.end ? i + plan->o.q_tile : seen_by.end};
      load_queries(j, &b, w, &t);
      make_tiles(&b, &t, j->delta + nl_block_vector(&b));
      NL_FN(nl_tile_times)(&b, true, 1, t.P, t.ld, t.dout, e, dv, w->product);
      NL_FN(nl_tile_times)(&b, true, scale, t.dS, t.ld, t.q, d, dk, w->product);
      if (!j->one_pass) continue;
      NL_R *dq = NL_FN(nl_tile_open)(&g->dq, batch, b.head, nl_block_rows(&b), NULL);
      NL_FN(nl_tile_times)(&b, false, scale, t.dS, t.ld, t.k, d, dq, w->product);
    }
  NL_FN(nl_tile_close)(dk, &g->dk, batch, kv_head, nl_block_keys(&b));
  NL_FN(nl_tile_close)(dv, &g->dv, batch, kv_head, nl_block_keys(&b));
}

/* A tile of keys of a head; or, in one pass, all of them in order. */
static void columns(void *context, int64_t worker, int64_t item) {
  const job *j = context;
  const nl_attention_plan *plan = &j->g->plan;
  int64_t tiles = nl_tiles(plan->longest_k, plan->o.k_tile), heads = plan->k.shape[1];
  int64_t unit = j->one_pass ? item : item / tiles, first = j->one_pass ? 0 : item % tiles;
  if (nl_interrupted()) return;
  room w;
  layout(plan, j->base + worker * j->size, &w);
  nl_block b = {.plan = plan, .head = unit % heads * plan->group};
  b.sequence = nl_attention_sequence(plan, unit / heads);
  for (int64_t t = first; t < (j->one_pass ? tiles : first + 1) && !nl_interrupted(); t++) {
    b.keys = nl_tile(t, plan->o.k_tile, nl_range_size(b.sequence.k));
    if (nl_range_size(b.keys) > 0) one_column(j, b, &w);
  }
}

/* --- rows --------------------------------------------------------------------------------------------- */

static void one_row_tile(void *context, int64_t worker, int64_t item) {
  const job *j = context;
  const nl_backward *g = j->g;
  const nl_attention_plan *plan = &g->plan;
  nl_block b = nl_query_tile(plan, item);
  if (nl_range_size(b.rows) == 0 || nl_interrupted()) return;
  room w;
  layout(plan, j->base + worker * j->size, &w);
  backward_tiles t = tiles_in(plan, &w);
  load_queries(j, &b, &w, &t);
  nl_range sees = nl_rows_see(plan, &b.sequence, b.rows);
  NL_R *dq = NL_FN(nl_tile_open)(&g->dq, b.sequence.batch, b.head, nl_block_rows(&b), w.dq);
  b.keys = nl_before(sees);
  while (nl_next_keys(&b, sees)) {
    t.ld = nl_range_size(b.keys);
    load_keys(&b, &w, &t);
    make_tiles(&b, &t, j->delta + nl_block_vector(&b));
    NL_FN(nl_tile_times)(&b, false, plan->o.scale, t.dS, t.ld, t.k, plan->head_dim, dq, w.product);
  }
  NL_FN(nl_tile_close)(dq, &g->dq, b.sequence.batch, b.head, nl_block_rows(&b));
}

/* --- all of it ---------------------------------------------------------------------------------------- */

/* Sizes alone decide, so that the bits do not depend on the threads. */
static bool takes_one_pass(const nl_attention_plan *plan) {
  enum { HEADS_ENOUGH = 8 };
  return plan->dtype == plan->compute && plan->sequences * plan->k.shape[1] >= HEADS_ENOUGH;
}

nl_status NL_FN(nl_flash_backward)(const nl_backward *g) {
  const nl_attention_plan *plan = &g->plan;
  room w;
  job j = {.g = g, .size = layout(plan, NULL, &w), .one_pass = takes_one_pass(plan)};
  int64_t queries = nl_query_tiles(plan), heads = plan->sequences * plan->k.shape[1];
  int64_t keys = heads * (j.one_pass ? 1 : nl_tiles(plan->longest_k, plan->o.k_tile));
  int64_t most = queries > keys ? queries : keys, workers = nl_threads() < most ? nl_threads() : most;
  j.delta = nl_alloc(nl_tensor_size(&g->lse), sizeof *j.delta, NL_WORKSPACE);
  j.base = nl_alloc(workers * j.size, sizeof *j.base, NL_WORKSPACE);
  nl_status s = j.delta && j.base ? NL_OK : NL_NOMEM;
  if (s == NL_OK) {
    nl_parallel_items(queries, workers, find_delta, &j);
    nl_parallel_items(keys, workers, columns, &j);
    if (!j.one_pass) nl_parallel_items(queries, workers, one_row_tile, &j);
  }
  nl_free(j.base);
  nl_free(j.delta);
  return s == NL_OK && plan->bias && !nl_interrupted() ? NL_FN(nl_bias_backward)(g) : s;
}
