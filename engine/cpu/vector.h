/* The vector kernels at the width of lanes.h. Reductions keep 4 WIDTH partial results, element i going to
 * number i mod 4 WIDTH, and combine them in a fixed order: that order is the definition of the result at a
 * level. (GCC 12 leaves the same loops over arrays of partial results scalar.) */
#ifndef NL_CPU_VECTOR_H
#define NL_CPU_VECTOR_H

#include "lanes.h"

enum { LANES = 4 * WIDTH };

static inline NL_R larger_number(NL_R most, NL_R v) { return v > most ? v : most; }
static inline NL_R size_of(NL_R v) { return v < 0 ? -v : v; }

static double dot(int64_t n, const void *x_vector, const void *y_vector) {
  const NL_R *x = x_vector, *y = y_vector;
  vector a = {0}, b = {0}, c = {0}, d = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    a += at(x, i)[0] * at(y, i)[0];
    b += at(x, i)[1] * at(y, i)[1];
    c += at(x, i)[2] * at(y, i)[2];
    d += at(x, i)[3] * at(y, i)[3];
  }
  NL_R sum = sum_of_lanes((a + b) + (c + d));
  for (; i < n; i++) sum += x[i] * y[i];
  return (double)sum;
}

static void axpy(int64_t n, double alpha, const void *x_vector, void *y_vector) {
  const NL_R *restrict x = x_vector;
  NL_R *restrict y = y_vector, m = (NL_R)alpha;
  for (int64_t i = 0; i < n; i++) y[i] += m * x[i];
}

static void scale_by(int64_t n, double alpha, void *y_vector) {
  NL_R *y = y_vector, m = (NL_R)alpha;
  for (int64_t i = 0; i < n; i++) y[i] *= m;
}

static double update(int64_t n, double alpha, const void *x_vector, void *y_vector) {
  const NL_R *x = x_vector;
  NL_R *y = y_vector, m = (NL_R)alpha;
  vector a = {0}, b = {0}, c = {0}, d = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    loose *out = (loose *)(y + i);
    out[0] += m * at(x, i)[0];
    out[1] += m * at(x, i)[1];
    out[2] += m * at(x, i)[2];
    out[3] += m * at(x, i)[3];
    a = larger(a, magnitude(out[0]));
    b = larger(b, magnitude(out[1]));
    c = larger(c, magnitude(out[2]));
    d = larger(d, magnitude(out[3]));
  }
  NL_R most = largest_lane(larger(larger(a, b), larger(c, d)));
  for (; i < n; i++) {
    y[i] += m * x[i];
    most = larger_number(most, size_of(y[i]));
  }
  return (double)most;
}

static double largest(int64_t n, const void *x_vector) {
  const NL_R *x = x_vector;
  vector a = {0}, b = {0}, c = {0}, d = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    a = larger(a, magnitude(at(x, i)[0]));
    b = larger(b, magnitude(at(x, i)[1]));
    c = larger(c, magnitude(at(x, i)[2]));
    d = larger(d, magnitude(at(x, i)[3]));
  }
  NL_R most = largest_lane(larger(larger(a, b), larger(c, d)));
  for (; i < n; i++) most = larger_number(most, size_of(x[i]));
  return (double)most;
}

static double maximum(int64_t n, const void *x_vector) {
  const NL_R *x = x_vector;
  vector a = (vector){0} - (NL_R)__builtin_inff(), b = a, c = a, d = a;
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    a = larger(a, at(x, i)[0]);
    b = larger(b, at(x, i)[1]);
    c = larger(c, at(x, i)[2]);
    d = larger(d, at(x, i)[3]);
  }
  NL_R most = largest_lane(larger(larger(a, b), larger(c, d)));
  for (; i < n; i++) most = larger_number(most, x[i]);
  return (double)most;
}

#endif
