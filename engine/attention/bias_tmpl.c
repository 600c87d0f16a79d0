/* The gradient of a bias without the score matrix: dbias(b,h,i,j) = dS(b,h,i,j), the gradient before the
 * cap, summed over the dimensions in which the bias was broadcast. dS is recomputed tile by tile as in
 * flash_backward_tmpl.c, once more, so that each sum is made by one worker in one order: a tile of rows of
 * the bias over all batches and heads that share it; of a bias that is the same for all rows, all rows.
 *
 * Workspace: that of a backward tile a worker, and where anything is summed one number in f64 an element
 * of the bias: a sum may run over every batch, head and row. */
#include "core/tmpl.h"
#include "impl.h"
#include "tile.h"
#include <numlab/interrupt.h>
#include <numlab/memory.h>
#include <numlab/parallel.h>
#include <string.h>

typedef struct room {
  NL_R *P, *dS, *delta, *mass, *q, *dout, *k, *v, *product;
} room;

typedef struct job {
  const nl_backward *g;
  double *sums;     /* laid out like dbias; NULL where nothing is summed */
  int64_t shape[4]; /* of the bias, with leading ones */
  NL_R *base;
  int64_t size; /* of one worker's workspace */
} job;

static int64_t layout(const nl_attention_plan *plan, NL_R *base, room *w) {
  int64_t used = 0, rows = plan->o.q_tile, keys = plan->o.k_tile, d = plan->head_dim, dv = plan->value_dim;
  bool converts = plan->dtype != plan->compute;
  w->P = nl_take(plan, base, &used, rows * keys);
  w->dS = nl_take(plan, base, &used, rows * keys);
  w->delta = nl_take(plan, base, &used, rows);
  w->mass = nl_take(plan, base, &used, rows);
  w->q = nl_take(plan, base, &used, converts ? rows * d : 0);
  w->dout = nl_take(plan, base, &used, converts ? rows * dv : 0);
  w->k = nl_take(plan, base, &used, converts ? keys * d : 0);
  w->v = nl_take(plan, base, &used, converts ? keys * dv : 0);
  w->product = nl_take(plan, base, &used, NL_FN(nl_tile_room)(plan, rows, keys));
  return used;
}

/* dS of the block, added to the sums. */
static void add_block(const job *j, const nl_block *b, const NL_R *dS) {
  const int64_t *shape = j->shape;
  int64_t keys = nl_range_size(b->keys), batch = b->sequence.batch;
  int64_t matrix = (shape[0] == 1 ? 0 : batch) * shape[1] + (shape[1] == 1 ? 0 : b->head);
  for (int64_t i = 0; i < nl_range_size(b->rows); i++) {
    int64_t row = shape[2] == 1 ? 0 : b->rows.begin + i;
    double *sum = j->sums + (matrix * shape[2] + row) * shape[3];
    for (int64_t c = 0; c < keys; c++) sum[shape[3] == 1 ? 0 : b->keys.begin + c] += (double)dS[i * keys + c];
  }
}

/* dS of the block is dbias there: nothing is summed. */
static void store_block(const job *j, const nl_block *b, const NL_R *dS) {
  const nl_tensor *dbias = &j->g->dbias;
  int64_t keys = nl_range_size(b->keys), size = nl_dtype_size(dbias->dtype);
  for (int64_t i = 0; i < nl_range_size(b->rows); i++) {
    int64_t at = (nl_block_vector(b) + i) * b->plan->k.shape[2] + b->keys.begin;
    char *out = (char *)nl_tensor_data(dbias) + at * size;
    if (dbias->dtype == NL_DTYPE) memcpy(out, dS + i * keys, (size_t)(keys * size));
    else
      for (int64_t c = 0; c < keys; c++)
        nl_dtype_store(dbias->dtype, out + c * size, (double)dS[i * keys + c]);
  }
}

/* P and dP of a tile of keys. */
static void recompute(const nl_block *b, const room *w, backward_tiles *t) {
  const nl_attention_plan *plan = b->plan;
  t->ld = nl_range_size(b->keys);
  t->k = NL_FN(nl_tile_load)(&plan->k, b->sequence.batch, nl_block_kv_head(b), b->keys, w->k);
  t->v = NL_FN(nl_tile_load)(&plan->v, b->sequence.batch, nl_block_kv_head(b), b->keys, w->v);
  NL_FN(nl_tile_recompute)(b, t);
}

/* All tiles of keys that the rows of b see: once for D, once for dS. D by its definition: D from out,
 * which was rounded, is off by the same amount for a whole row, and sums over rows gather that. */
static void add_rows(const job *j, nl_block b, const room *w) {
  const nl_attention_plan *plan = b.plan;
  nl_range sees = nl_rows_see(plan, &b.sequence, b.rows);
  backward_tiles t = {.P = w->P, .dS = w->dS, .room = w->product, .mass = w->mass};
  t.q = NL_FN(nl_tile_load)(&plan->q, b.sequence.batch, b.head, b.rows, w->q);
  t.dout = NL_FN(nl_tile_load)(&j->g->dout, b.sequence.batch, b.head, b.rows, w->dout);
  t.lse = (const NL_R *)nl_tensor_data(&j->g->lse) + nl_block_vector(&b);
  for (int64_t i = 0; i < nl_range_size(b.rows); i++) w->delta[i] = w->mass[i] = 0;
  b.keys = nl_before(sees);
  while (nl_next_keys(&b, sees)) {
    recompute(&b, w, &t);
    NL_FN(nl_tile_dots)(&b, t.P, t.dS, t.ld, w->delta);
  }
  for (int64_t i = 0; i < nl_range_size(b.rows); i++) w->delta[i] /= w->mass[i] == 0 ? 1 : w->mass[i];
  t.mass = NULL; /* complete */
  b.keys = nl_before(sees);
  while (nl_next_keys(&b, sees)) {
    recompute(&b, w, &t);
    NL_FN(nl_tile_normalise)(&b, w->mass, t.P, t.ld);
    NL_FN(nl_tile_through_softmax)(&b, t.P, w->delta, NULL, t.dS, t.ld);
    if (j->sums) add_block(j, &b, t.dS);
    else store_block(j, &b, t.dS);
  }
}

/* Item: (batch of the bias, head of the bias, tile of its rows). */
static void one_item(void *context, int64_t worker, int64_t item) {
  const job *j = context;
  const nl_attention_plan *plan = &j->g->plan;
  const int64_t *shape = j->shape;
  int64_t tiles = nl_tiles(plan->q.shape[2], plan->o.q_tile), own = shape[2] == 1 ? 1 : tiles;
  int64_t tile = item % own, head = item / own % shape[1], batch = item / own / shape[1];
  int64_t batches = shape[0] == 1 ? plan->sequences : 1, heads = shape[1] == 1 ? plan->heads : 1;
  room w;
  layout(plan, j->base + worker * j->size, &w);
  for (int64_t s = batch; s < batch + batches; s++)
    for (int64_t h = head; h < head + heads; h++)
      for (int64_t t = tile; t < (shape[2] == 1 ? tiles : tile + 1) && !nl_interrupted(); t++) {
        nl_block b = {.plan = plan, .sequence = nl_attention_sequence(plan, s), .head = h};
        b.rows = nl_tile(t, plan->o.q_tile, plan->q.shape[2]);
        add_rows(j, b, &w);
      }
}

static void store_sums(void *context, int64_t begin, int64_t end) {
  const job *j = context;
  nl_dtype dtype = j->g->dbias.dtype;
  char *out = nl_tensor_data(&j->g->dbias);
  for (int64_t i = begin; i < end && (i % 4096 > 0 || !nl_interrupted()); i++)
    nl_dtype_store(dtype, out + i * nl_dtype_size(dtype), j->sums[i]);
}

/* The bias has an element for every score. */
static bool is_full(const job *j) {
  const nl_attention_plan *plan = &j->g->plan;
  const int64_t full[] = {plan->q.shape[0], plan->heads, plan->q.shape[2], plan->k.shape[2]};
  return memcmp(full, j->shape, sizeof full) == 0;
}

nl_status NL_FN(nl_bias_backward)(const nl_backward *g) {
  const nl_attention_plan *plan = &g->plan;
  const nl_tensor *bias = plan->o.bias;
  room w;
  job j = {.g = g, .shape = {1, 1, 1, 1}, .size = layout(plan, NULL, &w)};
  for (int d = 0; d < bias->ndim; d++) j.shape[4 - bias->ndim + d] = bias->shape[d];
  int64_t tiles = j.shape[2] == 1 ? 1 : nl_tiles(plan->q.shape[2], plan->o.q_tile),
          size = nl_tensor_size(bias);
  int64_t items = j.shape[0] * j.shape[1] * tiles, workers = nl_threads() < items ? nl_threads() : items;
  j.base = nl_alloc(workers * j.size, sizeof *j.base, NL_WORKSPACE);
  if (!is_full(&j)) j.sums = nl_alloc_zeroed(size, sizeof *j.sums, NL_WORKSPACE);
  nl_status s = j.base && (j.sums || is_full(&j)) ? NL_OK : NL_NOMEM;
  if (s == NL_OK) {
    nl_parallel_items(items, workers, one_item, &j);
    if (j.sums) nl_parallel_for(size, 65536, store_sums, &j);
  }
  nl_free(j.base);
  nl_free(j.sums);
  return s;
}
