#include "mask.h"
#include <numlab/random.h>

static int64_t clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

nl_range nl_row_sees(const nl_attention_plan *plan, const nl_sequence *s, int64_t row) {
  int64_t beside = row + s->offset, count = nl_range_size(s->k);
  nl_range sees = {0, count};
  if (plan->o.left >= 0) sees.begin = clamp(beside - plan->o.left, 0, count);
  if (plan->o.right >= 0) sees.end = clamp(beside + plan->o.right + 1, 0, count);
  if (sees.end < sees.begin) sees.end = sees.begin;
  return sees;
}

nl_range nl_rows_see(const nl_attention_plan *plan, const nl_sequence *s, nl_range rows) {
  if (rows.begin >= rows.end) return (nl_range){0, 0};
  return (nl_range){nl_row_sees(plan, s, rows.begin).begin, nl_row_sees(plan, s, rows.end - 1).end};
}

nl_range nl_keys_seen_by(const nl_attention_plan *plan, const nl_sequence *s, nl_range keys) {
  int64_t count = nl_range_size(s->q);
  nl_range rows = {0, count};
  if (keys.begin >= keys.end) return (nl_range){0, 0};
  /* j <= i + offset + right  and  j >= i + offset - left, solved for i */
  if (plan->o.right >= 0) rows.begin = clamp(keys.begin - s->offset - plan->o.right, 0, count);
  if (plan->o.left >= 0) rows.end = clamp(keys.end - s->offset + plan->o.left, 0, count);
  if (rows.end < rows.begin) rows.end = rows.begin;
  return rows;
}

nl_range nl_block_sees(const nl_block *b, int64_t row) {
  nl_range sees = nl_row_sees(b->plan, &b->sequence, b->rows.begin + row);
  int64_t count = nl_range_size(b->keys);
  sees.begin = clamp(sees.begin - b->keys.begin, 0, count);
  sees.end = clamp(sees.end - b->keys.begin, sees.begin, count);
  return sees;
}

bool nl_block_is_whole(const nl_block *b) {
  int64_t rows = nl_range_size(b->rows), keys = nl_range_size(b->keys);
  if (rows == 0) return true;
  nl_range first = nl_block_sees(b, 0), last = nl_block_sees(b, rows - 1);
  return first.begin == 0 && first.end == keys && last.begin == 0 && last.end == keys;
}

void nl_block_drops(const nl_block *b, int64_t row, nl_range columns, bool *drop) {
  const nl_attention_plan *plan = b->plan;
  uint64_t i = (uint64_t)(b->sequence.q.begin + b->rows.begin + row), seed = plan->o.seed;
  uint64_t r =
      ((uint64_t)b->sequence.batch * (uint64_t)plan->heads + (uint64_t)b->head) * (uint64_t)plan->q.shape[2] +
      i;
  const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
  uint32_t word[4];
  int64_t made = -1; /* the group of four columns that `word` holds */
  for (int64_t c = columns.begin; c < columns.end; c++) {
    int64_t j = b->keys.begin + c;
    if (j / 4 != made) {
      const uint32_t counter[4] = {(uint32_t)(j / 4), (uint32_t)r, (uint32_t)(r >> 32), 0x61747464};
      nl_philox(counter, key, word);
      made = j / 4;
    }
    drop[c] = word[j % 4] < plan->drop_below;
  }
}
