/* Rows of a matrix against one vector, at the width of lanes.h: products with each row, and the sum of all
 * rows. Each number of the matrix is read once and used once, so both should run at the rate of memory: which
 * they do only where the rows are read one after another, as they lie.
 *
 * rows_dot: a vector of sums for each row, and one reduction over lanes for TOGETHER rows: lane l is added to
 * lane l + WIDTH/2, and so on by halves, in the order of sum_of_lanes. rows_sum keeps y in
 * registers while the rows pass by, where it fits. */
#ifndef NL_CPU_ROWS_H
#define NL_CPU_ROWS_H

#include "lanes.h"

/* MANY vectors stay in registers: half of those there are. */
enum { TOGETHER = WIDTH > 8 ? WIDTH : 8, MANY = NL_VECTOR == 64 ? 16 : 8, GROUP = 16 / sizeof(NL_R) };

/* --- the reduction over lanes ------------------------------------------------------------------------- */

typedef float shuffled __attribute__((vector_size(NL_VECTOR)));

#define SHUFFLE(a, b, ...) ((vector)__builtin_shufflevector((shuffled)(a), (shuffled)(b), __VA_ARGS__))

/* Each: the lower part of every group of a, then of b, plus the upper parts; groups of all, of half, of a
 * quarter of the vector. within_16 and within_8 alternate between a and b in pieces of 16 bytes: these stay
 * where they are, which is what the processor does best. */
#if NL_VECTOR == 64
static inline vector within_64(vector a, vector b) {
  return SHUFFLE(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
         SHUFFLE(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
}
static inline vector within_32(vector a, vector b) {
  return SHUFFLE(a, b, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
         SHUFFLE(a, b, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}
static inline vector within_16(vector a, vector b) {
  return SHUFFLE(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
         SHUFFLE(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
}
static inline vector within_8(vector a, vector b) {
  return SHUFFLE(a, b, 0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30) +
         SHUFFLE(a, b, 1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31);
}
#elif NL_VECTOR == 32
static inline vector within_32(vector a, vector b) {
  return SHUFFLE(a, b, 0, 1, 2, 3, 8, 9, 10, 11) + SHUFFLE(a, b, 4, 5, 6, 7, 12, 13, 14, 15);
}
static inline vector within_16(vector a, vector b) {
  return SHUFFLE(a, b, 0, 1, 8, 9, 4, 5, 12, 13) + SHUFFLE(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
}
static inline vector within_8(vector a, vector b) {
  return SHUFFLE(a, b, 0, 2, 8, 10, 4, 6, 12, 14) + SHUFFLE(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
}
#else
static inline vector within_16(vector a, vector b) {
  return SHUFFLE(a, b, 0, 1, 4, 5) + SHUFFLE(a, b, 2, 3, 6, 7);
}
static inline vector within_8(vector a, vector b) {
  return SHUFFLE(a, b, 0, 2, 4, 6) + SHUFFLE(a, b, 1, 3, 5, 7);
}
#endif

/* Sums of vectors 0, GROUP, 2 GROUP .. from s on, down to 16 bytes of each, one after another. */
static inline vector to_groups(const vector *s) {
#if NL_VECTOR == 64
  return within_32(within_64(s[0], s[GROUP]), within_64(s[2 * GROUP], s[3 * GROUP]));
#elif NL_VECTOR == 32
  return within_32(s[0], s[GROUP]);
#else
  return s[0];
#endif
}

/* Lane j is the sum over the lanes of s[j], 0 <= j < WIDTH. */
static inline vector sums_of_lanes(const vector *s) {
  if (!NL_IS_F32) return within_16(to_groups(s), to_groups(s + 1));
  return within_8(within_16(to_groups(s), to_groups(s + 1)), within_16(to_groups(s + 2), to_groups(s + 3)));
}

/* --- the kernels -------------------------------------------------------------------------------------- */

/* sums[j] = the products with row j, lane by lane, c upwards. The first `held` vectors of x stay in
 * registers; a constant where this is called. */
static inline __attribute__((always_inline)) void add_products(int64_t rows, int64_t d, const NL_R *x,
                                                               const NL_R *A, int64_t lda, vector *sums,
                                                               int held) {
  vector v[MANY], last = {0};
  int64_t whole = d - d % WIDTH;
#pragma GCC unroll 16
  for (int p = 0; p < held; p++) v[p] = at(x, 0)[p];
  if (whole < d) last = load_first(x + whole, d - whole);
#pragma GCC unroll 1
  for (int64_t j = 0; j < rows; j++, A += lda) {
    vector sum = {0};
#pragma GCC unroll 16
    for (int p = 0; p < held; p++) sum += v[p] * at(A, 0)[p];
    for (int64_t c = held * WIDTH; c < whole; c += WIDTH) sum += *at(x, c) * *at(A, c);
    if (whole < d) sum += last * load_first(A + whole, d - whole);
    sums[j] = sum;
  }
}

static inline void products(int64_t rows, int64_t d, const NL_R *x, const NL_R *A, int64_t lda,
                            vector *sums) {
  if (d >= MANY * WIDTH) add_products(rows, d, x, A, lda, sums, MANY);
  else if (d >= 8 * WIDTH) add_products(rows, d, x, A, lda, sums, 8);
  else if (d >= 4 * WIDTH) add_products(rows, d, x, A, lda, sums, 4);
  else add_products(rows, d, x, A, lda, sums, 0);
}

static inline void dot_together(int64_t d, NL_R alpha, const NL_R *x, const NL_R *A, int64_t lda, NL_R *y) {
  vector sums[TOGETHER];
  products(TOGETHER, d, x, A, lda, sums);
#pragma GCC unroll 4
  for (int j = 0; j < TOGETHER; j += WIDTH) *(loose *)(y + j) = alpha * sums_of_lanes(sums + j);
}

static inline NL_R dot_alone(int64_t d, NL_R alpha, const NL_R *x, const NL_R *a) {
  vector sum;
  add_products(1, d, x, a, 0, &sum, 0);
  return alpha * sum_of_lanes(sum);
}

/* What the last whole block leaves is done in one that ends with the last row: some rows twice, with the same
 * result. */
static void rows_dot(int64_t rows, int64_t d, double alpha, const void *x_vector, const void *matrix,
                     int64_t lda, void *y_vector) {
  const NL_R *x = x_vector, *A = matrix;
  NL_R *y = y_vector, m = (NL_R)alpha;
  if (rows < TOGETHER) {
    for (int64_t j = 0; j < rows; j++) y[j] = dot_alone(d, m, x, A + j * lda);
    return;
  }
  for (int64_t j = 0; j < rows; j += TOGETHER) {
    int64_t begin = j + TOGETHER <= rows ? j : rows - TOGETHER;
    dot_together(d, m, x, A + begin * lda, lda, y + begin);
  }
}

/* across is a constant where this is called. */
static inline __attribute__((always_inline)) void sum_columns(int64_t rows, const NL_R *x, const NL_R *A,
                                                              int64_t lda, NL_R *y, int across) {
  vector sums[MANY];
#pragma GCC unroll 16
  for (int v = 0; v < across; v++) sums[v] = at(y, 0)[v];
  for (int64_t j = 0; j < rows; j++, A += lda) {
    vector m = (vector){0} + x[j];
#pragma GCC unroll 16
    for (int v = 0; v < across; v++) sums[v] += m * at(A, 0)[v];
  }
#pragma GCC unroll 16
  for (int v = 0; v < across; v++) ((loose *)y)[v] = sums[v];
}

static inline void sum_last_columns(int64_t rows, int64_t count, const NL_R *x, const NL_R *A, int64_t lda,
                                    NL_R *y) {
  vector sum = load_first(y, count);
  for (int64_t j = 0; j < rows; j++, A += lda) sum += ((vector){0} + x[j]) * load_first(A, count);
  store_first(y, count, sum);
}

/* Rows too wide for the registers: y comes and goes, 4 vectors at a time, so that a row is read in one go. */
static inline void sum_wide(int64_t rows, int64_t vectors, const NL_R *x, const NL_R *A, int64_t lda,
                            NL_R *y) {
  int64_t fours = vectors - vectors % 4;
  for (int64_t j = 0; j < rows; j++, A += lda) {
    vector m = (vector){0} + x[j];
    for (int64_t v = 0; v < fours; v += 4) {
      loose *out = (loose *)y + v;
      const loose *a = at(A, 0) + v;
      vector s0 = out[0] + m * a[0], s1 = out[1] + m * a[1], s2 = out[2] + m * a[2], s3 = out[3] + m * a[3];
      out[0] = s0, out[1] = s1, out[2] = s2, out[3] = s3;
    }
    for (int64_t v = fours; v < vectors; v++) ((loose *)y)[v] += m * at(A, 0)[v];
  }
}

static void rows_sum(int64_t rows, int64_t d, const void *x_vector, const void *matrix, int64_t lda,
                     void *y_vector) {
  const NL_R *x = x_vector, *A = matrix;
  NL_R *y = y_vector;
  int64_t vectors = d / WIDTH;
  if (vectors > MANY) sum_wide(rows, vectors, x, A, lda, y);
  for (int64_t done = 0, across; done < vectors && vectors <= MANY; done += across) {
    int64_t left = vectors - done, c = done * WIDTH;
    across = left >= MANY ? MANY : left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    if (across == MANY) sum_columns(rows, x, A + c, lda, y + c, MANY);
    else if (across == 8) sum_columns(rows, x, A + c, lda, y + c, 8);
    else if (across == 4) sum_columns(rows, x, A + c, lda, y + c, 4);
    else if (across == 2) sum_columns(rows, x, A + c, lda, y + c, 2);
    else sum_columns(rows, x, A + c, lda, y + c, 1);
  }
  if (d % WIDTH) sum_last_columns(rows, d % WIDTH, x, A + vectors * WIDTH, lda, y + vectors * WIDTH);
}

#endif
