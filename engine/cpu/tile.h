/* The tile of the matrix product (kernels.h), at most ROWS x ACROSS vectors of lanes.h: the sums stay in
 * registers, one rank-1 update for each p. The including file defines ROWS and ACROSS. Edges are smaller
 * tiles: an element's arithmetic is the same in all of them. */
#ifndef NL_CPU_TILE_H
#define NL_CPU_TILE_H

#include "lanes.h"
#include <string.h>

_Static_assert(ROWS <= 8 && ACROSS == 2, "the sizes of edge tiles are written out");

/* The operands of one tile; strides as in kernels.h. */
typedef struct tile_of {
  int64_t k, a_row, a_col, b_row, C_row, cols;
  NL_R alpha, beta;
  const NL_R *a, *b;
  NL_R *C;
} tile_of;

/* The zero leaves the compiler one way to fuse when beta C is added: else it fuses either multiplication, and
 * another one in tiles of another size. */
static inline vector scaled(const tile_of *t, vector sums) { return t->alpha * sums + (NL_R)0; }

static inline void store_whole(const tile_of *t, vector sums, NL_R *C) {
  vector out = scaled(t, sums);
  if (t->beta != 0) out += t->beta * *at(C, 0);
  *(loose *)C = out;
}

static inline void store_part(const tile_of *t, vector sums, int64_t there, NL_R *C) {
  if (there <= 0) return;
  size_t part = (size_t)(there < WIDTH ? there : WIDTH) * sizeof *C;
  vector out = scaled(t, sums), old = {0};
  if (t->beta != 0) {
    memcpy(&old, C, part);
    out += t->beta * old;
  }
  memcpy(C, &out, part);
}

/* rows and across are constants where this is called. GCC 12 keeps an array of sums in registers where every
 * loop over it is unrolled; otherwise it is three times slower. */
static inline __attribute__((always_inline)) void multiply_rows(const tile_of *t, int rows, int across) {
  const NL_R *a = t->a, *b = t->b;
  int64_t a_row = t->a_row;
  vector sums[ROWS][ACROSS] = {{{0}}};
  /* C is wanted when the sums are done: it travels meanwhile. */
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++) {
#pragma GCC unroll 16
    for (int v = 0; v < across; v++) __builtin_prefetch(t->C + i * t->C_row + v * WIDTH, 1);
  }
  for (int64_t p = 0; p < t->k; p++, a += t->a_col, b += t->b_row) {
#pragma GCC unroll 16
    for (int i = 0; i < rows; i++) {
#pragma GCC unroll 16
      for (int v = 0; v < across; v++) sums[i][v] += a[i * a_row] * at(b, 0)[v];
    }
  }
  bool whole = t->cols >= across * WIDTH;
#pragma GCC unroll 16
  for (int i = 0; i < rows; i++) {
#pragma GCC unroll 16
    for (int v = 0; v < across; v++) {
      NL_R *C = t->C + i * t->C_row + v * WIDTH;
      if (whole) store_whole(t, sums[i][v], C);
      else store_part(t, sums[i][v], t->cols - v * WIDTH, C);
    }
  }
}

static void multiply_few(tile_of t, int64_t rows) {
  for (int few; rows > 0; rows -= few) {
    bool narrow = t.cols <= WIDTH;
    few = rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
    if (few == 4) narrow ? multiply_rows(&t, 4, 1) : multiply_rows(&t, 4, 2);
    else if (few == 2) narrow ? multiply_rows(&t, 2, 1) : multiply_rows(&t, 2, 2);
    else narrow ? multiply_rows(&t, 1, 1) : multiply_rows(&t, 1, 2);
    t.a += few * t.a_row;
    t.C += few * t.C_row;
  }
}

static void tile(int64_t rows, int64_t cols, int64_t k, double alpha, const void *a, int64_t a_row,
                 int64_t a_col, const void *b, int64_t b_row, double beta, void *C, int64_t C_row) {
  tile_of t = {k, a_row, a_col, b_row, C_row, cols, (NL_R)alpha, (NL_R)beta, a, b, C};
  if (rows < ROWS) multiply_few(t, rows);
  else if (cols <= WIDTH) multiply_rows(&t, ROWS, 1);
  else multiply_rows(&t, ROWS, 2);
}

#endif
