/* The validated problem that every implementation works on, cut into sequences, heads and tiles. */
#ifndef NL_ATTENTION_PLAN_H
#define NL_ATTENTION_PLAN_H

#include <numlab/attention.h>

typedef struct nl_range {
  int64_t begin, end; /* half open */
} nl_range;

/* One sequence: rows of q that attend to rows of k and v. Without variable lengths, one a batch. */
typedef struct nl_sequence {
  int64_t batch;  /* where it lies in the first dimension of the tensors */
  nl_range q, k;  /* rows of q and out; of k and v */
  int64_t offset; /* Nk - Nq: row i stands beside key i + offset */
} nl_sequence;

typedef struct nl_attention_plan {
  nl_attention_options o; /* impl settled, scale a number, causal in right, tiles no larger than needed */
  nl_dtype dtype, compute;
  nl_tensor q, k, v;                         /* borrowed: views without a reference of their own */
  int64_t heads, group, head_dim, value_dim; /* group: query heads a key head */
  int64_t sequences, longest_q, longest_k;
  int64_t largest; /* score matrix of one sequence and head: Nq Nk; INT64_MAX where that overflows */
  /* bias(b, h, i, j) lies at bias + b*stride[0] + ...; stride 0 where it is broadcast; NULL without one */
  const void *bias;
  int64_t bias_stride[4];
  int64_t unit;        /* elements of the compute type that fill 64 bytes: workspaces are cut to it */
  uint64_t drop_below; /* a random word below this drops its element: floor(p 2^32) */
} nl_attention_plan;

/* Fills *plan, which borrows the operands and what options point to. Reports as nl_attention_check. */
nl_status nl_attention_plan_make(const nl_tensor *q, const nl_tensor *k, const nl_tensor *v,
                                 const nl_attention_options *options, nl_attention_plan *plan);

nl_sequence nl_attention_sequence(const nl_attention_plan *plan, int64_t s);

static inline int64_t nl_range_size(nl_range r) { return r.end - r.begin; }
static inline nl_range nl_range_shift(nl_range r, int64_t by) { return (nl_range){r.begin + by, r.end + by}; }

/* --- tiles ------------------------------------------------------------------------------------------- */

/* Rows of queries against keys of one sequence and head, both counted within the sequence. */
typedef struct nl_block {
  const nl_attention_plan *plan;
  nl_sequence sequence;
  int64_t head;
  nl_range rows, keys;
} nl_block;

static inline int64_t nl_tiles(int64_t count, int64_t tile) { return (count + tile - 1) / tile; }
static inline nl_range nl_tile(int64_t t, int64_t tile, int64_t count) {
  int64_t begin = t * tile, end = begin + tile;
  return (nl_range){begin < count ? begin : count, end < count ? end : count};
}

/* Its rows in q and out, its keys in k and v, and where the first of its rows lies in (B, H, Nq). */
static inline nl_range nl_block_rows(const nl_block *b) {
  return nl_range_shift(b->rows, b->sequence.q.begin);
}
static inline nl_range nl_block_keys(const nl_block *b) {
  return nl_range_shift(b->keys, b->sequence.k.begin);
}
static inline int64_t nl_block_vector(const nl_block *b) {
  return (b->sequence.batch * b->plan->heads + b->head) * b->plan->q.shape[2] + nl_block_rows(b).begin;
}
static inline int64_t nl_block_kv_head(const nl_block *b) { return b->head / b->plan->group; }

/* The next tile of keys of those in `all`, behind b->keys; false when there is none, or after an interrupt:
 *   b.keys = nl_before(all);  while (nl_next_keys(&b, all)) ... */
static inline nl_range nl_before(nl_range all) { return (nl_range){all.begin, all.begin}; }
bool nl_next_keys(nl_block *b, nl_range all);

/* How a forward pass is cut into work: (sequence, head, tile of queries), the tiles of a head from the last
 * to the first, because under a causal mask the last is the longest. Shorter sequences have empty tiles. */
int64_t nl_query_tiles(const nl_attention_plan *plan);
nl_block nl_query_tile(const nl_attention_plan *plan, int64_t item);

#endif
