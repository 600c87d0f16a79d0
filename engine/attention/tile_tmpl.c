/* The steps that the implementations share, on one tile: load, scores, weights, dropout, products, and the
 * gradient by the scores. Everything here computes an entry from its own row and column alone. */
#include "core/tmpl.h"
#include "cpu/kernels.h"
#include "dense/gemm.h"
#include "tile.h"
#include <math.h>
#include <numlab/interrupt.h>
#include <string.h>

/* Up to so many rows of queries a product runs over the rows of K and V as they lie: packing them, which a
 * matrix product does first, would cost more than the product. */
enum { FEW_ROWS = 4 };

static const nl_dense_kernels *kernels(void) { return &nl_kernels_in_use()->dense[NL_DTYPE]; }

/* Element c of a row at x, step elements apart. */
static inline double element(nl_dtype dtype, const void *x, int64_t step, int64_t c) {
  if (dtype == NL_DTYPE) return (double)((const NL_R *)x)[c * step];
  return nl_dtype_load(dtype, (const uint16_t *)x + c * step);
}

/* --- loading and storing ------------------------------------------------------------------------------ */

static const char *row_address(const nl_tensor *t, int64_t batch, int64_t head, int64_t row) {
  int64_t at = batch * t->stride[0] + head * t->stride[1] + row * t->stride[2];
  return (const char *)nl_tensor_data(t) + at * nl_dtype_size(t->dtype);
}

strided NL_FN(nl_tile_load)(const nl_tensor *t, int64_t batch, int64_t head, nl_range rows, NL_R *buffer) {
  int64_t d = t->shape[3], step = t->stride[3];
  if (t->dtype == NL_DTYPE)
    return (strided){(const NL_R *)(const void *)row_address(t, batch, head, rows.begin), t->stride[2], step};
  for (int64_t i = rows.begin; i < rows.end; i++) {
    const uint16_t *x = (const uint16_t *)(const void *)row_address(t, batch, head, i);
    NL_R *y = buffer + (i - rows.begin) * d;
    if (step == 1) nl_kernels_in_use()->widen[t->dtype](d, x, (float *)(void *)y);
    else
      for (int64_t c = 0; c < d; c++) y[c] = (NL_R)nl_dtype_load(t->dtype, x + c * step);
  }
  return (strided){buffer, d, 1};
}

void NL_FN(nl_tile_store)(const NL_R *tile, const nl_tensor *t, int64_t batch, int64_t head, nl_range rows) {
  int64_t size = nl_dtype_size(t->dtype), n = nl_range_size(rows) * t->shape[3];
  int64_t first = batch * t->stride[0] + head * t->stride[1] + rows.begin * t->stride[2];
  char *out = (char *)nl_tensor_data(t) + first * size;
  if (t->dtype == NL_DTYPE) memcpy(out, tile, (size_t)(n * size));
  else
    for (int64_t i = 0; i < n; i++) nl_dtype_store(t->dtype, out + i * size, (double)tile[i]);
}

NL_R *NL_FN(nl_tile_open)(const nl_tensor *t, int64_t batch, int64_t head, nl_range rows, NL_R *buffer) {
  int64_t d = t->shape[3];
  if (t->dtype == NL_DTYPE)
    return (NL_R *)nl_tensor_data(t) + batch * t->stride[0] + head * t->stride[1] + rows.begin * d;
  for (int64_t i = 0; i < nl_range_size(rows) * d; i++) buffer[i] = 0;
  return buffer;
}

void NL_FN(nl_tile_close)(const NL_R *sums, const nl_tensor *t, int64_t batch, int64_t head, nl_range rows) {
  if (t->dtype != NL_DTYPE) NL_FN(nl_tile_store)(sums, t, batch, head, rows);
}

void NL_FN(nl_tile_delta)(const nl_tensor *dout, const nl_tensor *out, int64_t batch, int64_t head,
                          nl_range rows, NL_R *delta) {
  int64_t d = out->shape[3], step_x = dout->stride[3], step_y = out->stride[3];
  for (int64_t i = rows.begin; i < rows.end; i++) {
    const void *x = row_address(dout, batch, head, i), *y = row_address(out, batch, head, i);
    double sum = 0;
    for (int64_t c = 0; c < d; c++)
      sum += element(dout->dtype, x, step_x, c) * element(out->dtype, y, step_y, c);
    delta[i - rows.begin] = (NL_R)sum;
  }
}

/* --- scores ------------------------------------------------------------------------------------------- */

static void add_bias(const nl_block *b, NL_R *S, int64_t ld) {
  const nl_attention_plan *plan = b->plan;
  const int64_t *stride = plan->bias_stride;
  int64_t size = nl_dtype_size(plan->dtype);
  int64_t origin = b->sequence.batch * stride[0] + b->head * stride[1] + b->keys.begin * stride[3];
  for (int64_t i = 0; i < nl_range_size(b->rows) && !nl_interrupted(); i++) {
    nl_range sees = nl_block_sees(b, i);
    const void *row = (const char *)plan->bias + (origin + (b->rows.begin + i) * stride[2]) * size;
    for (int64_t c = sees.begin; c < sees.end; c++)
      S[i * ld + c] += (NL_R)element(plan->dtype, row, stride[3], c);
  }
}

static void cap(const nl_block *b, NL_R *S, NL_R *slope, int64_t ld) {
  for (int64_t i = 0; i < nl_range_size(b->rows) && !nl_interrupted(); i++) {
    nl_range sees = nl_block_sees(b, i);
    int64_t first = i * ld + sees.begin;
    kernels()->squash(nl_range_size(sees), b->plan->o.softcap, S + first, S + first,
                      slope ? slope + first : NULL);
  }
}

void NL_FN(nl_tile_scores)(const nl_block *b, strided q, strided k, NL_R *S, NL_R *slope, int64_t ld,
                           NL_R *room) {
  const nl_attention_plan *plan = b->plan;
  int64_t rows = nl_range_size(b->rows), keys = nl_range_size(b->keys), d = plan->head_dim;
  double scale = plan->o.scale;
  if (rows <= FEW_ROWS && q.col == 1 && k.col == 1) {
    for (int64_t i = 0; i < rows; i++) {
      nl_range sees = nl_block_sees(b, i);
      kernels()->rows_dot(nl_range_size(sees), d, scale, q.at + i * q.row, k.at + sees.begin * k.row, k.row,
                          S + i * ld + sees.begin);
    }
  } else {
    NL_FN(nl_gemm_in)(room, rows, keys, d, scale, q.at, q.row, q.col, k.at, k.col, k.row, 0, S, ld);
  }
  if (plan->o.softcap > 0) cap(b, S, slope, ld);
  if (plan->bias) add_bias(b, S, ld);
}

/* --- weights ------------------------------------------------------------------------------------------ */

void NL_FN(nl_tile_softmax)(const nl_block *b, const NL_R *S, NL_R *P, int64_t ld, NL_R *lse) {
  for (int64_t i = 0; i < nl_range_size(b->rows) && !nl_interrupted(); i++) {
    nl_range sees = nl_block_sees(b, i);
    int64_t count = nl_range_size(sees), first = i * ld + sees.begin;
    NL_R m = (NL_R)kernels()->maximum(count, S + first), shift = m == -(NL_R)INFINITY ? 0 : m;
    NL_R l = (NL_R)kernels()->exp_sum(count, (double)shift, S + first, P + first);
    clear_outside(P + i * ld, nl_range_size(b->keys), sees);
    for (int64_t j = first; j < first + count; j++) P[j] = l == 0 ? 0 : P[j] / l;
    lse[i] = l == 0 ? -(NL_R)INFINITY : m + (NL_R)log((double)l);
  }
}

void NL_FN(nl_tile_weights)(const nl_block *b, const NL_R *lse, NL_R *S, int64_t ld, NL_R *mass) {
  int64_t keys = nl_range_size(b->keys);
  for (int64_t i = 0; i < nl_range_size(b->rows) && !nl_interrupted(); i++) {
    nl_range sees = nl_block_sees(b, i);
    NL_R *row = S + i * ld;
    if (lse[i] == -(NL_R)INFINITY) sees.end = sees.begin;
    clear_outside(row, keys, sees);
    double sum = kernels()->exp_sum(nl_range_size(sees), (double)lse[i], row + sees.begin, row + sees.begin);
    if (mass) mass[i] += (NL_R)sum;
  }
}

void NL_FN(nl_tile_drop)(const nl_block *b, NL_R *P, int64_t ld) {
  enum { ROOM = 256 };
  bool drop[ROOM];
  double p = b->plan->o.dropout;
  if (!(p > 0)) return;
  NL_R scale = (NL_R)(1 / (1 - p));
  nl_block part = *b; /* the same rows against some of the keys */
  for (int64_t i = 0; i < nl_range_size(b->rows) && !nl_interrupted(); i++)
    for (int64_t c = 0; c < nl_range_size(b->keys); c += ROOM) {
      int64_t left = nl_range_size(b->keys) - c, count = left < ROOM ? left : ROOM;
      part.keys.begin = b->keys.begin + c;
      nl_block_drops(&part, i, (nl_range){0, count}, drop);
      NL_R *row = P + i * ld + c;
      for (int64_t j = 0; j < count; j++) row[j] = drop[j] ? 0 : row[j] * scale;
    }
}

/* --- products ----------------------------------------------------------------------------------------- */

/* Only the entries that count, from rows of X as they lie. Each piece is summed by itself, in room (d
 * numbers): a long sum rounds less in pieces. */
static void times_rows(const nl_block *b, NL_R alpha, const NL_R *W, int64_t ld, strided X, int64_t d,
                       NL_R *C, NL_R *room) {
  enum { PIECE = 128 };
  for (int64_t i = 0; i < nl_range_size(b->rows) && !nl_interrupted(); i++) {
    nl_range sees = nl_block_sees(b, i);
    for (int64_t j = sees.begin; j < sees.end; j += PIECE) {
      int64_t count = j + PIECE < sees.end ? PIECE : sees.end - j;
      memset(room, 0, (size_t)d * sizeof *room);
      kernels()->rows_sum(count, d, W + i * ld + j, X.at + j * X.row, X.row, room);
      kernels()->axpy(d, (double)alpha, room, C + i * d);
    }
  }
}

/* The same one by one. */
static void times_seen(const nl_block *b, bool turn, NL_R alpha, const NL_R *W, int64_t ld, strided X,
                       int64_t d, NL_R *C) {
  for (int64_t i = 0; i < nl_range_size(b->rows) && !nl_interrupted(); i++) {
    nl_range sees = nl_block_sees(b, i);
    for (int64_t j = sees.begin; j < sees.end; j++) {
      const NL_R *x = X.at + (turn ? i : j) * X.row;
      NL_R *c = C + (turn ? j : i) * d, w = alpha * W[i * ld + j];
      if (X.col == 1) kernels()->axpy(d, (double)w, x, c);
      else
        for (int64_t e = 0; e < d; e++) c[e] += w * x[e * X.col];
    }
  }
}

/* A sum of squares is finite only if every number is (and none is so large that this hardly matters). */
static bool is_finite(strided X, int64_t rows, int64_t d) {
  double sum = 0;
  for (int64_t i = 0; i < rows; i++) {
    const NL_R *x = X.at + i * X.row;
    if (X.col == 1) sum += kernels()->dot(d, x, x);
    else
      for (int64_t e = 0; e < d; e++) sum += (double)x[e * X.col] * (double)x[e * X.col];
  }
  return isfinite(sum);
}

void NL_FN(nl_tile_times)(const nl_block *b, bool turn, double alpha, const NL_R *W, int64_t ld, strided X,
                          int64_t d, NL_R *C, NL_R *room) {
  int64_t rows = nl_range_size(b->rows), keys = nl_range_size(b->keys);
  bool few = !turn && rows <= FEW_ROWS && X.col == 1;
  if (few) times_rows(b, (NL_R)alpha, W, ld, X, d, C, room);
  else if (!nl_block_is_whole(b) && !is_finite(X, turn ? rows : keys, d))
    times_seen(b, turn, (NL_R)alpha, W, ld, X, d, C);
  else if (turn) NL_FN(nl_gemm_in)(room, keys, d, rows, alpha, W, 1, ld, X.at, X.row, X.col, 1, C, d);
  else NL_FN(nl_gemm_in)(room, rows, d, keys, alpha, W, ld, 1, X.at, X.row, X.col, 1, C, d);
}

int64_t NL_FN(nl_tile_room)(const nl_attention_plan *plan, int64_t rows, int64_t keys) {
  int64_t widest = plan->head_dim > plan->value_dim ? plan->head_dim : plan->value_dim;
  int64_t scores = NL_FN(nl_gemm_room)(rows, keys, widest), out = NL_FN(nl_gemm_room)(rows, widest, keys);
  int64_t back = NL_FN(nl_gemm_room)(keys, widest, rows), most = scores > out ? scores : out;
  most = most > back ? most : back;
  return most > widest ? most : widest; /* sums of few rows */
}

/* --- the gradient by the scores ------------------------------------------------------------------------ */

void NL_FN(nl_tile_values)(const nl_block *b, strided dout, strided v, NL_R *dP, int64_t ld, NL_R *room) {
  NL_FN(nl_gemm_in)
  (room, nl_range_size(b->rows), nl_range_size(b->keys), b->plan->value_dim, 1, dout.at, dout.row, dout.col,
   v.at, v.col, v.row, 0, dP, ld);
}

void NL_FN(nl_tile_normalise)(const nl_block *b, const NL_R *mass, NL_R *P, int64_t ld) {
  for (int64_t i = 0; i < nl_range_size(b->rows) && !nl_interrupted(); i++) {
    nl_range sees = nl_block_sees(b, i);
    NL_R share = mass[i] == 0 ? 0 : 1 / mass[i];
    for (int64_t j = i * ld + sees.begin; j < i * ld + sees.end; j++) P[j] *= share;
  }
}

void NL_FN(nl_tile_dots)(const nl_block *b, const NL_R *P, const NL_R *dP, int64_t ld, NL_R *delta) {
  for (int64_t i = 0; i < nl_range_size(b->rows) && !nl_interrupted(); i++) {
    nl_range sees = nl_block_sees(b, i);
    int64_t first = i * ld + sees.begin;
    delta[i] += (NL_R)kernels()->dot(nl_range_size(sees), P + first, dP + first);
  }
}

void NL_FN(nl_tile_through_softmax)(const nl_block *b, const NL_R *P, const NL_R *delta, const NL_R *slope,
                                    NL_R *dP, int64_t ld) {
  for (int64_t i = 0; i < nl_range_size(b->rows) && !nl_interrupted(); i++) {
    nl_range sees = nl_block_sees(b, i);
    NL_R *row = dP + i * ld, D = delta[i];
    const NL_R *p = P + i * ld, *cap_slope = slope ? slope + i * ld : NULL;
    clear_outside(row, nl_range_size(b->keys), sees);
    for (int64_t j = sees.begin; j < sees.end; j++) row[j] = p[j] * (row[j] - D);
    for (int64_t j = sees.begin; slope && j < sees.end; j++) row[j] *= cap_slope[j];
  }
}

void NL_FN(nl_tile_recompute)(const nl_block *b, const backward_tiles *t) {
  NL_FN(nl_tile_scores)(b, t->q, t->k, t->P, t->slope, t->ld, t->room);
  NL_FN(nl_tile_weights)(b, t->lse, t->P, t->ld, t->mass);
  NL_FN(nl_tile_values)(b, t->dout, t->v, t->dS, t->ld, t->room);
  NL_FN(nl_tile_drop)(b, t->dS, t->ld);
}
