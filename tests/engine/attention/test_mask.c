/* Intervals of the mask and the drops of a block, against the rules row by row and key by key. */
#include "attention/mask.h"
#include "cases.h"

/* One sequence of nq rows and nk keys under a window; every pair of row and key, every range of either. */
static void check_window(int64_t nq, int64_t nk, int64_t left, int64_t right) {
  attention_case c = plain_case(1, 1, nq, nk, 1);
  c.left = left;
  c.right = right;
  operands s;
  operands_make(&c, NL_F32, &s);
  nl_attention_plan plan;
  assert_ok(nl_attention_plan_make(&s.q, &s.k, &s.v, &s.o, &plan));
  nl_sequence all = nl_attention_sequence(&plan, 0);
  span whole = {0, 0, nq, 0, nk};
  for (int64_t i = 0; i < nq; i++) {
    nl_range r = nl_row_sees(&plan, &all, i);
    assert_true(0 <= r.begin && r.begin <= r.end && r.end <= nk);
    for (int64_t j = 0; j < nk; j++)
      if ((j >= r.begin && j < r.end) != sees(&s.o, whole, i, j))
        fail_msg("%lldx%lld, window %lld,%lld: row %lld, key %lld", (long long)nq, (long long)nk,
                 (long long)left, (long long)right, (long long)i, (long long)j);
  }
  for (int64_t a = 0; a <= nq; a++)
    for (int64_t b = a; b <= nq; b++) { /* rows a .. b - 1 */
      nl_range r = nl_rows_see(&plan, &all, (nl_range){a, b});
      int64_t first = nk, last = -1;
      for (int64_t i = a; i < b; i++)
        for (int64_t j = 0; j < nk; j++)
          if (sees(&s.o, whole, i, j)) {
            if (j < first) first = j;
            if (j > last) last = j;
          }
      if (last >= 0) assert_true(r.begin == first && r.end == last + 1);
      else assert_true(r.begin >= r.end);
    }
  for (int64_t a = 0; a <= nk; a++)
    for (int64_t b = a; b <= nk; b++) { /* keys a .. b - 1 */
      nl_range r = nl_keys_seen_by(&plan, &all, (nl_range){a, b});
      for (int64_t i = 0; i < nq; i++)
        for (int64_t j = a; j < b; j++)
          if (sees(&s.o, whole, i, j)) assert_true(i >= r.begin && i < r.end);
    }
  operands_free(&s);
}

static void intervals_follow_the_rule(void **state) {
  (void)state;
  static const int64_t sizes[] = {1, 2, 5, 9}, windows[] = {-1, 0, 1, 3, 20, INT64_MAX};
  for (int a = 0; a < 4; a++)
    for (int b = 0; b < 4; b++)
      for (int l = 0; l < 6; l++)
        for (int r = 0; r < 6; r++) check_window(sizes[a], sizes[b], windows[l], windows[r]);
}

/* Blocks of a sequence inside a packed tensor: what their rows see, whether they are whole, what they drop.
 */
static void blocks_follow_the_rule(void **state) {
  (void)state;
  for (int code = 0; code < 18; code++) {
    attention_case c = plain_case(code % 2 ? 1 : 2, 3, 20, 23, 1);
    c.dropout = code % 3 == 0 ? 0.25 : 0.75;
    if (code / 6 == 1) c.causal = true;
    if (code / 6 == 2) c.left = 6, c.right = 2;
    if (code % 2) {
      c.sequences = 2;
      memcpy(c.cu_q, (int64_t[]){0, 9, 20}, 3 * sizeof(int64_t));
      memcpy(c.cu_k, (int64_t[]){0, 6, 23}, 3 * sizeof(int64_t));
    }
    operands s;
    operands_make(&c, NL_F64, &s);
    nl_attention_plan plan;
    assert_ok(nl_attention_plan_make(&s.q, &s.k, &s.v, &s.o, &plan));
    numbers n = operands_numbers(&s);
    for (int64_t q = 0; q < 2; q++)
      for (int64_t h = 0; h < 3; h++)
        for (int64_t i0 = 0; i0 < 9; i0 += 4)
          for (int64_t j0 = 0; j0 < 6; j0 += 3) {
            span at = span_at(&n, q);
            nl_block b = {&plan, nl_attention_sequence(&plan, q), h, {i0, i0 + 4}, {j0, j0 + 3}};
            if (b.rows.end > at.nq) b.rows.end = at.nq;
            bool whole = true, drop[3];
            for (int64_t i = 0; i < b.rows.end - i0; i++) {
              nl_range r = nl_block_sees(&b, i);
              nl_block_drops(&b, i, (nl_range){0, 3}, drop);
              for (int64_t j = 0; j < 3; j++) {
                bool seen = sees(&s.o, at, i0 + i, j0 + j);
                whole = whole && seen;
                assert_true(seen == (j >= r.begin && j < r.end));
                assert_true(drop[j] == !keeps(&s.o, row_at(&n, at, h, i0 + i), j0 + j));
              }
            }
            assert_true(nl_block_is_whole(&b) == whole);
          }
    numbers_free(&n);
    operands_free(&s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(intervals_follow_the_rule),
      cmocka_unit_test(blocks_follow_the_rule),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
