/* Inner products, norms and updates. Sums run in four chains of additions, joined at the end. */
#include "vector.h"
#include <math.h>

double nl_dot(const double *x, const double *y, int64_t n) {
  double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    s0 += x[i] * y[i];
    s1 += x[i + 1] * y[i + 1];
    s2 += x[i + 2] * y[i + 2];
    s3 += x[i + 3] * y[i + 3];
  }
  for (; i < n; i++) s0 += x[i] * y[i];
  return (s0 + s1) + (s2 + s3);
}

void nl_axpy(double alpha, const double *x, double *y, int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i] += alpha * x[i];
}

void nl_scale_by(double alpha, double *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) x[i] *= alpha;
}

double nl_norm_2(const double *x, int64_t n, int64_t stride) {
  double most = 0, sum = 0;
  for (int64_t i = 0; i < n; i++) {
    double a = fabs(x[i * stride]);
    if (isnan(a)) return a;
    if (a > most) most = a;
  }
  if (most == 0 || isinf(most)) return most;
  int exponent;
  frexp(most, &exponent);
  double down = ldexp(1, -exponent < 1023 ? -exponent : 1023); /* a power of two: scaling rounds nothing */
  for (int64_t i = 0; i < n; i++) {
    double a = x[i * stride] * down;
    sum += a * a;
  }
  return sqrt(sum) / down;
}
