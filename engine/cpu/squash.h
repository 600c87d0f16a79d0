/* c tanh(x / c) and its derivative at the width of lanes.h, on the exp of exp.h. With q = x / c rounded:
 *
 *   |q| <= 0.625:  z = q^2,  t = |tanh q| = |q| + |q| z p(z),  1 - tanh^2 q = 1 - t^2
 *   else:          e = exp(-2|q|),  v = 2 e / (1 + e),  t = 1 - v,  1 - tanh^2 q = v (2 - v)
 *
 * so nothing cancels. p goes through Chebyshev's points; relative error of t 6.4e-9 in f32, 7.7e-18 in f64.
 *
 * Largest error found at any level, c = 1, in units of the last digit of the exact result, subnormal digits
 * included: tanh 1.44 (every 7th f32, 1.6e6 random f64), its derivative 3.4 (1.5 where it is subnormal).
 */
#ifndef NL_CPU_SQUASH_H
#define NL_CPU_SQUASH_H

#include "exp.h"
#include <stddef.h>

/* tanh for 0 <= q <= 0.625. */
static inline vector tanh_near_zero(vector q) {
  vector z = q * q, p;
  if (NL_IS_F32) {
    p = all((NL_R)0x1.2c645ep-9) * z + (NL_R)-0x1.116328p-7;
    p = p * z + (NL_R)0x1.64a868p-6;
    p = p * z + (NL_R)-0x1.ba08b4p-5;
    p = p * z + (NL_R)0x1.1110e8p-3;
    p = p * z + (NL_R)-0x1.555556p-2;
  } else {
    p = all((NL_R)0x1.b2db5e7bcc919p-18) * z + (NL_R)-0x1.05a480ded4603p-15;
    p = p * z + (NL_R)0x1.843b2fbaf5a4dp-14;
    p = p * z + (NL_R)-0x1.f240ed439921ep-13;
    p = p * z + (NL_R)0x1.3526b6d281e18p-11;
    p = p * z + (NL_R)-0x1.7d9f6a1406a56p-10;
    p = p * z + (NL_R)0x1.d6d39a9164633p-9;
    p = p * z + (NL_R)-0x1.226e34723e97bp-7;
    p = p * z + (NL_R)0x1.664f487e00f92p-6;
    p = p * z + (NL_R)-0x1.ba1ba1ba0ef60p-5;
    p = p * z + (NL_R)0x1.11111111110a7p-3;
    p = p * z + (NL_R)-0x1.5555555555555p-2;
  }
  return q * z * p + q;
}

/* n a multiple of WIDTH. Never inlined: the arithmetic exists once, so an element has the same bits wherever
 * it lies. */
static __attribute__((noinline)) void squash_vectors(int64_t n, NL_R c, const NL_R *x, NL_R *y, NL_R *slope) {
  const bits sign = (bits)(-(vector){0});
  for (int64_t i = 0; i < n; i += WIDTH) {
    vector q = *at(x, i) / c, size = magnitude(q), shifted;
    bits big = (bits)(size > (NL_R)0.625);
    /* beyond this end 2 e is 0 already; NaN passes */
    vector r = reduced(larger(size * -2, all(PICK(-106, -748))), &shifted);
    vector twice = scale(growth(r) * 2 + 2, shifted), v = twice / (twice * (NL_R)0.5 + 1);
    vector t = choose(big, 1 - v, tanh_near_zero(size));
    *(loose *)(y + i) = c * (vector)((bits)t | ((bits)q & sign));
    if (slope) *(loose *)(slope + i) = choose(big, v * (2 - v), 1 - t * t);
  }
}

static void squash(int64_t n, double c, const void *x_vector, void *y_vector, void *slope_vector) {
  const NL_R *x = x_vector;
  NL_R *y = y_vector, *slope = slope_vector, in[WIDTH] = {0}, steep[WIDTH];
  int64_t whole = n - n % WIDTH;
  squash_vectors(whole, (NL_R)c, x, y, slope);
  for (int64_t l = 0; whole + l < n; l++) in[l] = x[whole + l];
  if (whole < n) squash_vectors(WIDTH, (NL_R)c, in, in, slope ? steep : NULL);
  for (int64_t l = 0; whole + l < n; l++) y[whole + l] = in[l];
  for (int64_t l = 0; slope && whole + l < n; l++) slope[whole + l] = steep[l];
}

#endif
