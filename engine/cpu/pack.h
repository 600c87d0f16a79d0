/* Packing strips for the tile of kernels.h: out[p*width + i] = X(i,p), with line i at X + i*line and p in
 * steps of `along`; lines that do not exist become zeros. In vectors of 16 bytes at any level: an element
 * costs less than a cycle in them, and wider ones need more stages of shuffles. */
#ifndef NL_CPU_PACK_H
#define NL_CPU_PACK_H

#define NL_VECTOR 16
#include "lanes.h"

typedef float four __attribute__((vector_size(16), may_alias, aligned(4)));
typedef double two __attribute__((vector_size(16), may_alias, aligned(8)));

/* WIDTH lines in which p runs through neighbours: WIDTH of each, transposed in registers. */
static inline void pack_square_f32(int64_t width, const float *X, int64_t line, float *out) {
  four a = *(const four *)X, b = *(const four *)(X + line);
  four c = *(const four *)(X + 2 * line), d = *(const four *)(X + 3 * line);
  four ab01 = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab23 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  four cd01 = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd23 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(four *)out = __builtin_shufflevector(ab01, cd01, 0, 1, 4, 5);
  *(four *)(out + width) = __builtin_shufflevector(ab01, cd01, 2, 3, 6, 7);
  *(four *)(out + 2 * width) = __builtin_shufflevector(ab23, cd23, 0, 1, 4, 5);
  *(four *)(out + 3 * width) = __builtin_shufflevector(ab23, cd23, 2, 3, 6, 7);
}

static inline void pack_square_f64(int64_t width, const double *X, int64_t line, double *out) {
  two a = *(const two *)X, b = *(const two *)(X + line);
  *(two *)out = __builtin_shufflevector(a, b, 0, 2);
  *(two *)(out + width) = __builtin_shufflevector(a, b, 1, 3);
}

/* Lines begin .. end-1 of a strip, any strides. */
static inline void pack_lines(int64_t width, int64_t begin, int64_t end, int64_t k, const NL_R *X,
                              int64_t line, int64_t along, NL_R *out) {
  for (int64_t i = begin; i < end; i++)
    for (int64_t p = 0; p < k; p++) out[p * width + i] = X[i * line + p * along];
}

/* Lines in which p runs through neighbours: squares, then what they leave. */
static inline void pack_turned(int64_t width, int64_t lines, int64_t k, const NL_R *X, int64_t line,
                               NL_R *out) {
  int64_t i = 0, whole = k - k % WIDTH;
  for (; i + WIDTH <= lines; i += WIDTH) {
    for (int64_t p = 0; p < whole; p += WIDTH)
      NL_FN(pack_square)(width, X + i * line + p, line, out + p * width + i);
    pack_lines(width, i, i + WIDTH, k - whole, X + whole, line, 1, out + whole * width);
  }
  pack_lines(width, i, lines, k, X, line, 1, out);
}

/* Lines that are neighbours: copies runs, a vector at a time. */
static inline void pack_runs(int64_t width, int64_t lines, int64_t k, const NL_R *X, int64_t along,
                             NL_R *out) {
  int64_t whole = lines - lines % WIDTH;
  for (int64_t p = 0; p < k; p++, X += along, out += width) {
    for (int64_t i = 0; i < whole; i += WIDTH) *(loose *)(out + i) = *at(X, i);
    for (int64_t i = whole; i < lines; i++) out[i] = X[i];
  }
}

static inline void pack_strip(int64_t width, int64_t lines, int64_t k, const NL_R *X, int64_t line,
                              int64_t along, NL_R *out) {
  if (line == 1) pack_runs(width, lines, k, X, along, out);
  else if (along == 1) pack_turned(width, lines, k, X, line, out);
  else pack_lines(width, 0, lines, k, X, line, along, out);
  for (int64_t p = 0; p < k && lines < width; p++)
    for (int64_t i = lines; i < width; i++) out[p * width + i] = 0;
}

#endif
