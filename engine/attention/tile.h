/* What every implementation does with a tile, in the compute type. Include after core/tmpl.h, from a _tmpl.c
 * file. */
#ifndef NL_ATTENTION_TILE_H
#define NL_ATTENTION_TILE_H

#include "mask.h"

/* A matrix wherever it lies: element (i, c) at at[i*row + c*col]. */
typedef struct strided {
  const NL_R *at;
  int64_t row, col;
} strided;

/* Zero what a row of `count` numbers does not keep. */
static inline void clear_outside(NL_R *row, int64_t count, nl_range kept) {
  for (int64_t c = 0; c < kept.begin; c++) row[c] = 0;
  for (int64_t c = kept.end; c < count; c++) row[c] = 0;
}

/* The next n numbers of a workspace, of which *used are taken; cut to lines of 64 bytes. base NULL only
 * counts: so one function both measures a workspace and lays it out. */
static inline NL_R *nl_take(const nl_attention_plan *plan, NL_R *base, int64_t *used, int64_t n) {
  NL_R *at = base ? base + *used : NULL;
  *used += (n + plan->unit - 1) / plan->unit * plan->unit;
  return at;
}

/* Rows [begin, end) of (batch, head) of a 4-d tensor: in place where it holds the compute type, else
 * converted into buffer (rows x last dimension), which may then not be NULL. */
strided NL_FN(nl_tile_load)(const nl_tensor *t, int64_t batch, int64_t head, nl_range rows, NL_R *buffer);

/* The same rows of a contiguous 4-d tensor of any float type from a contiguous tile, rounded once. */
void NL_FN(nl_tile_store)(const NL_R *tile, const nl_tensor *t, int64_t batch, int64_t head, nl_range rows);

/* Where the sums for these rows of a contiguous 4-d tensor of zeros are made: in place where it holds the
 * compute type, else in buffer, which is cleared; nl_tile_close then stores them, rounded once. */
NL_R *NL_FN(nl_tile_open)(const nl_tensor *t, int64_t batch, int64_t head, nl_range rows, NL_R *buffer);
void NL_FN(nl_tile_close)(const NL_R *sums, const nl_tensor *t, int64_t batch, int64_t head, nl_range rows);

/* D_i = sum_c dO(i,c) O(i,c), summed in f64, for rows of (batch, head). */
void NL_FN(nl_tile_delta)(const nl_tensor *dout, const nl_tensor *out, int64_t batch, int64_t head,
                          nl_range rows, NL_R *delta);

/* S(i,j) = softcap(scale q_i . k_j) + bias(i,j); rows of S lie ld apart. Entries that a row does not see hold
 * anything. slope, where it is not NULL: the derivative of the cap, 1 - (capped / c)^2, laid out like S.
 * room: as for nl_gemm_in with (rows, keys, D). */
void NL_FN(nl_tile_scores)(const nl_block *b, strided q, strided k, NL_R *S, NL_R *slope, int64_t ld,
                           NL_R *room);

/* P = softmax of S over the entries a row sees, 0 elsewhere, and lse_i = m_i + log sum_j exp(S(i,j) -
 * m_i); a row that sees nothing, or -inf alone: 0 and -inf. P and S may be one array; their rows lie ld
 * apart. */
void NL_FN(nl_tile_softmax)(const nl_block *b, const NL_R *S, NL_R *P, int64_t ld, NL_R *lse);

/* P(i,j) = exp(S(i,j) - lse_i) in place for the entries a row sees, 0 elsewhere and in rows with lse -inf.
 * mass, unless it is NULL: mass_i += sum_j P(i,j), which over all keys is 1 but for the rounding of lse. */
void NL_FN(nl_tile_weights)(const nl_block *b, const NL_R *lse, NL_R *S, int64_t ld, NL_R *mass);

/* Weights over their mass: what they are without the rounding of lse. */
void NL_FN(nl_tile_normalise)(const nl_block *b, const NL_R *mass, NL_R *P, int64_t ld);

/* delta_i += sum_j P(i,j) dP(i,j) over the entries a row sees. */
void NL_FN(nl_tile_dots)(const nl_block *b, const NL_R *P, const NL_R *dP, int64_t ld, NL_R *delta);

/* dS(i,j) = P(i,j) (dP(i,j) - D_i) [slope(i,j)] in place of dP, for the entries a row sees, 0 elsewhere. With
 * slope: the gradient by what the cap was given; slope NULL: by what the bias was added to. */
void NL_FN(nl_tile_through_softmax)(const nl_block *b, const NL_R *P, const NL_R *delta, const NL_R *slope,
                                    NL_R *dP, int64_t ld);

/* Dropout: entries that are dropped become 0, the others are scaled by 1 / (1 - p). Nothing without it. */
void NL_FN(nl_tile_drop)(const nl_block *b, NL_R *P, int64_t ld);

/* dP(i,j) = dO_i . v_j, every entry. */
void NL_FN(nl_tile_values)(const nl_block *b, strided dout, strided v, NL_R *dP, int64_t ld, NL_R *room);

/* C += alpha W X with W the block's weights (rows x keys, 0 where a row does not see) and X (keys x d);
 * turned: C += alpha W' X with X (rows x d). C has rows of d. What a row does not see is not touched: 0 times
 * NaN in X would otherwise leave the rows it belongs to. */
void NL_FN(nl_tile_times)(const nl_block *b, bool turn, double alpha, const NL_R *W, int64_t ld, strided X,
                          int64_t d, NL_R *C, NL_R *room);

/* From loaded rows of a block: P before dropout, dP = drop(dO V') in dS, and the slope of the cap unless it
 * is NULL. */
typedef struct backward_tiles {
  strided q, k, v, dout; /* rows of the block, keys of the block */
  const NL_R *lse;
  NL_R *mass;           /* as for nl_tile_weights */
  NL_R *P, *dS, *slope; /* rows x keys each, ld apart */
  int64_t ld;
  NL_R *room;
} backward_tiles;
void NL_FN(nl_tile_recompute)(const nl_block *b, const backward_tiles *t);

/* Elements of workspace that any of these products needs for blocks of up to rows x keys. */
int64_t NL_FN(nl_tile_room)(const nl_attention_plan *plan, int64_t rows, int64_t keys);

#endif
