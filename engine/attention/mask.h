/* Which entries of the score matrix count: the window, and dropout.
 *
 * Causal masks and windows show each row one interval of keys, whose ends do not fall from row to row: so a
 * mask is two numbers a row, never a matrix, and tiles outside are never computed. */
#ifndef NL_ATTENTION_MASK_H
#define NL_ATTENTION_MASK_H

#include "plan.h"

/* Keys that a row of the sequence sees; empty ranges have begin == end. */
nl_range nl_row_sees(const nl_attention_plan *plan, const nl_sequence *s, int64_t row);

/* From the first key that any of the rows sees to the last; empty for no rows. */
nl_range nl_rows_see(const nl_attention_plan *plan, const nl_sequence *s, nl_range rows);

/* From the first row that sees any of the keys to the last. */
nl_range nl_keys_seen_by(const nl_attention_plan *plan, const nl_sequence *s, nl_range keys);

/* Columns of the block, counted from its first key, that its row (counted likewise) sees. */
nl_range nl_block_sees(const nl_block *b, int64_t row);

/* Every row of the block sees every key of it. */
bool nl_block_is_whole(const nl_block *b);

/* drop[c] = whether the entry (row, c) of the block is dropped, for its columns c in `columns`.
 *
 * Entry (i, j) of (batch b, head h) is dropped iff word j mod 4 of Philox(counter = {j / 4, r, r >> 32,
 * 0x61747464}, key = {seed, seed >> 32}) is below floor(p 2^32), where r = (b H + h) Nq + i. With variable
 * lengths b is 0, Nq and i count the rows of q, and j counts from the first key of the sequence. So the mask
 * is the same in every implementation, for any tiles, in the backward pass, and on any device. */
void nl_block_drops(const nl_block *b, int64_t row, nl_range columns, bool *drop);

#endif
