/* Many numbers into one, at the width of lanes.h: what reductions are made of. Sums run in f64 whatever the
 * entry's type, in 4 WIDE lanes that are joined in a fixed order: the definition of the result at a level. */
#ifndef NL_CPU_FOLDS_H
#define NL_CPU_FOLDS_H

#include "lanes.h"

typedef double wide __attribute__((vector_size(NL_VECTOR)));
typedef float half_width __attribute__((vector_size(NL_VECTOR / 2), may_alias, aligned(sizeof(float))));

enum { WIDE = NL_VECTOR / sizeof(double) };

/* x[0 .. WIDE-1] in f64. */
static inline wide widened(const NL_R *x) {
  if (NL_IS_F32) return __builtin_convertvector(*(const half_width *)(const void *)x, wide);
  return (wide)*at(x, 0);
}

static inline double sum_of_wide(wide v) {
  double sum = 0;
#pragma GCC unroll 8
  for (int l = 0; l < WIDE; l++) sum += v[l];
  return sum;
}

/* sum x_i or sum x_i^2; squared is a constant where this is called. */
static inline __attribute__((always_inline)) double add_up(int64_t n, const NL_R *x, bool squared) {
  wide lanes[4] = {{0}};
  int64_t i = 0;
  for (; i + 4 * WIDE <= n; i += 4 * WIDE) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) {
      wide v = widened(x + i + k * WIDE);
      lanes[k] += squared ? v * v : v;
    }
  }
  for (; i + WIDE <= n; i += WIDE) {
    wide v = widened(x + i);
    lanes[0] += squared ? v * v : v;
  }
  double sum = sum_of_wide((lanes[0] + lanes[1]) + (lanes[2] + lanes[3]));
  for (; i < n; i++) sum += squared ? (double)x[i] * (double)x[i] : (double)x[i];
  return sum;
}

static double add_all(int64_t n, const void *x) { return add_up(n, x, false); }
static double add_squares(int64_t n, const void *x) { return add_up(n, x, true); }

static inline bool any_lane(bits mask) {
  uint64_t seen[WIDE], any = 0;
  __builtin_memcpy(seen, &mask, sizeof seen);
#pragma GCC unroll 8
  for (int l = 0; l < WIDE; l++) any |= seen[l];
  return any != 0;
}

static double highest(int64_t n, double sign, const void *x_vector) {
  const NL_R *x = x_vector, s = (NL_R)sign;
  vector most[4];
  bits strange = {0};
  int64_t i = 0;
#pragma GCC unroll 4
  for (int k = 0; k < 4; k++) most[k] = (vector){0} - (NL_R)__builtin_inff();
  for (; i + 4 * WIDTH <= n; i += 4 * WIDTH) {
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) {
      vector v = s * at(x, i)[k];
      most[k] = larger(most[k], v);
      strange |= (bits)(v != v);
    }
  }
  NL_R top = largest_lane(larger(larger(most[0], most[1]), larger(most[2], most[3])));
  bool bad = any_lane(strange);
  for (; i < n; i++) {
    top = s * x[i] > top ? s * x[i] : top;
    bad = bad || x[i] != x[i];
  }
  return bad ? (double)__builtin_nanf("") : (double)top;
}

static int64_t find(int64_t n, double value, const void *x_vector) {
  const NL_R *x = x_vector, v = (NL_R)value;
  bool bad = v != v;
  int64_t i = 0;
  for (; i + 4 * WIDTH <= n; i += 4 * WIDTH) {
    bits hit = {0};
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) hit |= (bits)(bad ? at(x, i)[k] != at(x, i)[k] : at(x, i)[k] == v);
    if (any_lane(hit)) break;
  }
  while (i < n && !(bad ? x[i] != x[i] : x[i] == v)) i++;
  return i;
}

#endif
