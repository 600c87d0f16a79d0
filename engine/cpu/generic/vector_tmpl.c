/* Reference vector kernels. Reductions keep LANES partial results, element i going to lane i mod LANES, and
 * combine them in a fixed order: that order is the definition of the result at this level.
 *
 * Vectors of 16 bytes are the compiler's own (GCC and clang, any processor); GCC 12 leaves the same loops
 * over arrays of partial results scalar. */
#include "core/tmpl.h"
#include "generic.h"

typedef NL_R vector __attribute__((vector_size(16), may_alias, aligned(sizeof(NL_R))));
#define BITS_f64 int64_t
#define BITS_f32 int32_t
typedef NL_JOIN(BITS, NL_S) bits __attribute__((vector_size(16)));

enum { WIDTH = 16 / sizeof(NL_R), LANES = 4 * WIDTH };

static inline const vector *at(const NL_R *x, int64_t i) { return (const vector *)(x + i); }

static inline NL_R larger(NL_R most, NL_R v) {
  NL_R size = v < 0 ? -v : v;
  return size > most ? size : most;
}

/* Lane by lane: the larger of most and |v|; a NaN in v leaves most as it is. */
static inline vector larger_of_each(vector most, vector v) {
  const vector minus_zero = -(vector){0};
  bits size = (bits)v & ~(bits)minus_zero;
  bits wins = (bits)((vector)size > most);
  return (vector)((wins & size) | (~wins & (bits)most));
}

static double largest_of(vector a, vector b, vector c, vector d) {
  vector all = larger_of_each(larger_of_each(a, b), larger_of_each(c, d));
  NL_R most = 0;
  for (int l = 0; l < WIDTH; l++) most = larger(most, all[l]);
  return (double)most;
}

double NL_FN(nl_dot_generic)(int64_t n, const void *x_vector, const void *y_vector) {
  const NL_R *x = x_vector, *y = y_vector;
  vector a = {0}, b = {0}, c = {0}, d = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    a += at(x, i)[0] * at(y, i)[0];
    b += at(x, i)[1] * at(y, i)[1];
    c += at(x, i)[2] * at(y, i)[2];
    d += at(x, i)[3] * at(y, i)[3];
  }
  a = (a + b) + (c + d);
  NL_R sum = 0;
  for (int l = 0; l < WIDTH; l++) sum += a[l];
  for (; i < n; i++) sum += x[i] * y[i];
  return (double)sum;
}

void NL_FN(nl_axpy_generic)(int64_t n, double alpha, const void *x_vector, void *y_vector) {
  const NL_R *restrict x = x_vector;
  NL_R *restrict y = y_vector, m = (NL_R)alpha;
  for (int64_t i = 0; i < n; i++) y[i] += m * x[i];
}

double NL_FN(nl_update_generic)(int64_t n, double alpha, const void *x_vector, void *y_vector) {
  const NL_R *x = x_vector;
  NL_R *y = y_vector, m = (NL_R)alpha;
  vector a = {0}, b = {0}, c = {0}, d = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    vector *out = (vector *)(y + i);
    out[0] += m * at(x, i)[0];
    out[1] += m * at(x, i)[1];
    out[2] += m * at(x, i)[2];
    out[3] += m * at(x, i)[3];
    a = larger_of_each(a, out[0]);
    b = larger_of_each(b, out[1]);
    c = larger_of_each(c, out[2]);
    d = larger_of_each(d, out[3]);
  }
  NL_R most = (NL_R)largest_of(a, b, c, d);
  for (; i < n; i++) {
    y[i] += m * x[i];
    most = larger(most, y[i]);
  }
  return (double)most;
}

double NL_FN(nl_largest_generic)(int64_t n, const void *x_vector) {
  const NL_R *x = x_vector;
  vector a = {0}, b = {0}, c = {0}, d = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    a = larger_of_each(a, at(x, i)[0]);
    b = larger_of_each(b, at(x, i)[1]);
    c = larger_of_each(c, at(x, i)[2]);
    d = larger_of_each(d, at(x, i)[3]);
  }
  NL_R most = (NL_R)largest_of(a, b, c, d);
  for (; i < n; i++) most = larger(most, x[i]);
  return (double)most;
}
