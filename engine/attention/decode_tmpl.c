/* Attention of one or few queries over many keys (flash decoding): the keys of a head are cut into pieces,
 * each piece gives O, m and l like a tile of flash attention, and the pieces are merged by their maxima:
 *
 *   m = max_p m_p,   l = sum_p exp(m_p - m) l_p,   O = sum_p exp(m_p - m) O_p / l,   lse = m + log l
 *
 * So a single row keeps every thread busy, and the heads of a group read a piece of K and V while it is in
 * cache. Sizes alone decide on the pieces. Workspace beside that of flash: (Dv + 2) numbers a row, query head
 * and piece. */
#include "core/tmpl.h"
#include "flash.h"
#include "impl.h"
#include <math.h>
#include <numlab/interrupt.h>
#include <numlab/memory.h>
#include <numlab/parallel.h>

typedef struct job {
  const nl_forward *f;
  NL_R *base;
  int64_t size; /* of one worker's workspace */
  int64_t pieces, kv_heads;
  int64_t rows;    /* of q, over all batches */
  NL_R *O, *m, *l; /* of every (head, piece, row) */
} job;

/* Some 64 pieces over all heads, so that threads have work to share; more where the heads of a group are to
 * find K and V of a piece in cache when their turn comes; none below 256 keys. */
static int64_t count_pieces(const nl_attention_plan *plan) {
  enum { WANTED = 64, LEAST_KEYS = 256, CACHED = 1 << 18, MOST = 4096 };
  int64_t units = plan->sequences * plan->heads, pieces = units > 0 ? nl_tiles(WANTED, units) : 1;
  int64_t bytes = plan->longest_k * (plan->head_dim + plan->value_dim) * nl_dtype_size(plan->dtype);
  if (plan->group > 1 && pieces < nl_tiles(bytes, CACHED)) pieces = nl_tiles(bytes, CACHED);
  int64_t most = nl_tiles(plan->longest_k, LEAST_KEYS);
  if (most > MOST) most = MOST;
  return pieces < most ? pieces : most > 0 ? most : 1;
}

static nl_range piece_of(const nl_sequence *s, int64_t piece, int64_t pieces) {
  int64_t keys = nl_range_size(s->k);
  return (nl_range){keys * piece / pieces, keys * (piece + 1) / pieces};
}

static nl_range overlap(nl_range a, nl_range b) {
  nl_range both = {a.begin > b.begin ? a.begin : b.begin, a.end < b.end ? a.end : b.end};
  if (both.end < both.begin) both.end = both.begin;
  return both;
}

/* Where a piece of (sequence, head) has its first row; the pieces of a head lie j->rows apart. */
static int64_t slot(const job *j, const nl_sequence *s, int64_t head, int64_t piece) {
  int64_t row = s->batch * j->f->plan.q.shape[2] + s->q.begin;
  return (head * j->pieces + piece) * j->rows + row;
}

/* One piece of the keys of one key head, for every query head of its group and every row. */
static void one_piece(void *context, int64_t worker, int64_t item) {
  const job *j = context;
  const nl_attention_plan *plan = &j->f->plan;
  int64_t piece = item % j->pieces, kv_head = item / j->pieces % j->kv_heads,
          s = item / j->pieces / j->kv_heads;
  int64_t dv = plan->value_dim;
  if (nl_interrupted()) return;
  flash_state w;
  NL_FN(nl_flash_layout)(plan, j->base + worker * j->size, &w);
  nl_block b = {.plan = plan, .sequence = nl_attention_sequence(plan, s)};
  int64_t tiles = nl_tiles(nl_range_size(b.sequence.q), plan->o.q_tile);
  for (int64_t g = 0; g < plan->group; g++)
    for (int64_t t = 0; t < tiles && !nl_interrupted(); t++) {
      b.head = kv_head * plan->group + g;
      b.rows = nl_tile(t, plan->o.q_tile, nl_range_size(b.sequence.q));
      b.keys = overlap(piece_of(&b.sequence, piece, j->pieces), nl_rows_see(plan, &b.sequence, b.rows));
      NL_FN(nl_flash_rows)(&b, &w);
      int64_t to = slot(j, &b.sequence, b.head, piece) + b.rows.begin, rows = nl_range_size(b.rows);
      for (int64_t i = 0; i < rows; i++) {
        j->m[to + i] = w.m[i];
        j->l[to + i] = w.l[i];
      }
      for (int64_t i = 0; i < rows * dv; i++) j->O[to * dv + i] = w.O[i];
    }
}

/* The pieces of the row in slot `first`, in order; the sum ends in the first one's place. */
static void merge_row(const job *j, int64_t first) {
  int64_t d = j->f->plan.value_dim, end = first + j->pieces * j->rows;
  NL_R m = -(NL_R)INFINITY, l = 0, *O = j->O + first * d;
  for (int64_t at = first; at < end; at += j->rows)
    if (j->m[at] > m) m = j->m[at];
  for (int64_t at = first; at < end; at += j->rows) {
    bool none = j->l[at] == 0; /* exp(-inf - -inf) would be NaN */
    NL_R share = none ? 0 : m == -(NL_R)INFINITY ? 1 : (NL_R)exp((double)(j->m[at] - m));
    if (!none) l += share * j->l[at];
    for (int64_t c = 0; c < d; c++) O[c] = (at == first ? 0 : O[c]) + (none ? 0 : share * j->O[at * d + c]);
  }
  j->m[first] = m;
  j->l[first] = l;
}

static void merge(void *context, int64_t worker, int64_t item) {
  const job *j = context;
  const nl_attention_plan *plan = &j->f->plan;
  nl_block b = {
      .plan = plan, .sequence = nl_attention_sequence(plan, item / plan->heads), .head = item % plan->heads};
  int64_t rows = nl_range_size(b.sequence.q), dv = plan->value_dim, at = slot(j, &b.sequence, b.head, 0);
  (void)worker;
  if (rows == 0 || nl_interrupted()) return;
  for (int64_t i = 0; i < rows; i++) merge_row(j, at + i);
  flash_state whole = {.O = j->O + at * dv, .m = j->m + at, .l = j->l + at};
  NL_FN(nl_flash_finish)(&whole, rows, dv, (NL_R *)nl_tensor_data(&j->f->lse) + nl_block_vector(&b));
  NL_FN(nl_tile_store)(whole.O, &j->f->out, b.sequence.batch, b.head, b.sequence.q);
}

nl_status NL_FN(nl_decode_forward)(const nl_forward *f) {
  const nl_attention_plan *plan = &f->plan;
  flash_state w;
  job j = {.f = f, .pieces = count_pieces(plan), .kv_heads = plan->k.shape[1]};
  int64_t items = plan->sequences * j.kv_heads * j.pieces, used = 0;
  int64_t workers = nl_threads() < items ? nl_threads() : items;
  j.rows = plan->q.shape[0] * plan->q.shape[2];
  int64_t rows = plan->heads * j.pieces * j.rows; /* out, which is there, has this many but for the pieces */
  j.size = NL_FN(nl_flash_layout)(plan, NULL, &w);
  j.base = nl_alloc(workers * j.size, sizeof *j.base, NL_WORKSPACE);
  NL_R *parts = nl_alloc(rows * (plan->value_dim + 2) + 3 * plan->unit, sizeof *parts, NL_WORKSPACE);
  nl_status s = j.base && parts ? NL_OK : NL_NOMEM;
  if (s != NL_OK) goto done;
  j.O = nl_take(plan, parts, &used, rows * plan->value_dim);
  j.m = nl_take(plan, parts, &used, rows);
  j.l = nl_take(plan, parts, &used, rows);
  nl_parallel_items(items, workers, one_piece, &j);
  if (!nl_interrupted()) nl_parallel_items(plan->sequences * plan->heads, workers, merge, &j);
done:
  nl_free(j.base);
  nl_free(parts);
  return s;
}
