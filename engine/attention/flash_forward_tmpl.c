/* Flash attention, forward: tiles of queries and keys with online softmax (Milakov and Gimelshein 2018;
 * Dao et al. 2022, FlashAttention, algorithm 1; the final division after Dao 2023).
 *
 *   for each tile of Br queries:            O = 0, m = -inf, l = 0
 *     for each tile of Bc keys it sees:
 *       S  = scores                         Br x Bc: all that is ever kept of the score matrix
 *       m' = max(m, rowmax S),  P = exp(S - m')
 *       l  = exp(m - m') l + rowsum P,  O = exp(m - m') O + P V,  m = m'
 *     O = O / l,  lse = m + log l
 *
 * Workspace, in numbers a worker: Br Bc + Br Dv + 2 Br, and what one product packs (nl_tile_room), some Bc
 * max(D, Dv), rounded up to whole strips; with 16-bit inputs (Br + Bc) D + Bc Dv more. It does not depend
 * on N. */
#include "core/tmpl.h"
#include "cpu/kernels.h"
#include "flash.h"
#include "impl.h"
#include <math.h>
#include <numlab/interrupt.h>
#include <numlab/memory.h>
#include <numlab/parallel.h>

int64_t NL_FN(nl_flash_layout)(const nl_attention_plan *plan, NL_R *base, flash_state *w) {
  int64_t used = 0, rows = plan->o.q_tile, keys = plan->o.k_tile, d = plan->head_dim, dv = plan->value_dim;
  bool converts = plan->dtype != plan->compute;
  w->O = nl_take(plan, base, &used, rows * dv);
  w->m = nl_take(plan, base, &used, rows);
  w->l = nl_take(plan, base, &used, rows);
  w->S = nl_take(plan, base, &used, rows * keys);
  w->q = nl_take(plan, base, &used, converts ? rows * d : 0);
  w->k = nl_take(plan, base, &used, converts ? keys * d : 0);
  w->v = nl_take(plan, base, &used, converts ? keys * dv : 0);
  w->room = nl_take(plan, base, &used, NL_FN(nl_tile_room)(plan, rows, keys));
  return used;
}

/* Row i of the tile: S becomes P, and m, l, O go over to the new maximum. */
static void online_softmax(const nl_block *b, const flash_state *w, int64_t i) {
  const nl_dense_kernels *kernel = &nl_kernels_in_use()->dense[NL_DTYPE];
  int64_t keys = nl_range_size(b->keys), d = b->plan->value_dim;
  nl_range sees = nl_block_sees(b, i);
  NL_R *row = w->S + i * keys;
  clear_outside(row, keys, sees);
  if (sees.begin == sees.end) return;
  NL_R largest = (NL_R)kernel->maximum(nl_range_size(sees), row + sees.begin);
  NL_R m = largest > w->m[i] ? largest : w->m[i];
  NL_R shift = m == -(NL_R)INFINITY ? 0 : m; /* only -inf and NaN so far: exp(-inf - 0) = 0, NaN stays */
  NL_R sum = (NL_R)kernel->exp_sum(nl_range_size(sees), (double)shift, row + sees.begin, row + sees.begin);
  if (m != w->m[i]) {
    NL_R shrink = (NL_R)exp((double)(w->m[i] - m)); /* 0 at the first key */
    w->l[i] *= shrink;
    for (int64_t c = 0; c < d; c++) w->O[i * d + c] *= shrink;
    w->m[i] = m;
  }
  w->l[i] += sum;
}

void NL_FN(nl_flash_rows)(const nl_block *rows, const flash_state *w) {
  const nl_attention_plan *plan = rows->plan;
  int64_t count = nl_range_size(rows->rows), dv = plan->value_dim;
  int64_t batch = rows->sequence.batch, kv_head = nl_block_kv_head(rows);
  for (int64_t i = 0; i < count; i++) {
    w->m[i] = -(NL_R)INFINITY;
    w->l[i] = 0;
  }
  for (int64_t i = 0; i < count * dv; i++) w->O[i] = 0;
  strided q = NL_FN(nl_tile_load)(&plan->q, batch, rows->head, nl_block_rows(rows), w->q);
  nl_block b = *rows;
  b.keys = nl_before(rows->keys);
  while (nl_next_keys(&b, rows->keys)) {
    int64_t ld = nl_range_size(b.keys);
    strided k = NL_FN(nl_tile_load)(&plan->k, batch, kv_head, nl_block_keys(&b), w->k);
    NL_FN(nl_tile_scores)(&b, q, k, w->S, NULL, ld, w->room);
    for (int64_t i = 0; i < count; i++) online_softmax(&b, w, i);
    NL_FN(nl_tile_drop)(&b, w->S, ld); /* l keeps what is dropped: P is normalised first */
    strided v = NL_FN(nl_tile_load)(&plan->v, batch, kv_head, nl_block_keys(&b), w->v);
    NL_FN(nl_tile_times)(&b, false, 1, w->S, ld, v, dv, w->O, w->room);
  }
}

void NL_FN(nl_flash_finish)(const flash_state *w, int64_t rows, int64_t d, NL_R *lse) {
  for (int64_t i = 0; i < rows; i++) {
    bool none = w->l[i] == 0; /* no key, or only scores of -inf */
    lse[i] = none ? -(NL_R)INFINITY : w->m[i] + (NL_R)log((double)w->l[i]);
    for (int64_t c = 0; c < d; c++) w->O[i * d + c] = none ? 0 : w->O[i * d + c] / w->l[i];
  }
}

typedef struct job {
  const nl_forward *f;
  NL_R *base;
  int64_t size; /* of one worker's workspace */
} job;

static void one_tile(void *context, int64_t worker, int64_t item) {
  const job *j = context;
  const nl_attention_plan *plan = &j->f->plan;
  flash_state w;
  nl_block b = nl_query_tile(plan, item);
  int64_t rows = nl_range_size(b.rows);
  if (rows == 0 || nl_interrupted()) return;
  NL_FN(nl_flash_layout)(plan, j->base + worker * j->size, &w);
  b.keys = nl_rows_see(plan, &b.sequence, b.rows);
  NL_FN(nl_flash_rows)(&b, &w);
  NL_R *lse = (NL_R *)nl_tensor_data(&j->f->lse) + nl_block_vector(&b);
  NL_FN(nl_flash_finish)(&w, rows, plan->value_dim, lse);
  NL_FN(nl_tile_store)(w.O, &j->f->out, b.sequence.batch, b.head, nl_block_rows(&b));
}

nl_status NL_FN(nl_flash_forward)(const nl_forward *f) {
  flash_state w;
  int64_t items = nl_query_tiles(&f->plan), workers = nl_threads() < items ? nl_threads() : items;
  job j = {.f = f, .size = NL_FN(nl_flash_layout)(&f->plan, NULL, &w)};
  j.base = nl_alloc(workers * j.size, sizeof *j.base, NL_WORKSPACE);
  if (!j.base) return NL_NOMEM;
  nl_parallel_items(items, workers, one_tile, &j);
  nl_free(j.base);
  return NL_OK;
}
