/* exp and the sum of exps at the width of lanes.h. Method: W. J. Cody and W. Waite, Software Manual for the
 * Elementary Functions (1980), chapter 6, with a polynomial in place of their rational function:
 *
 *   k = round(x / ln 2),  r = (x - k hi) - k lo,  hi + lo = ln 2    (k hi is exact)
 *   exp(r) = 1 + (r + r^2 p(r))             p by Remez exchange; relative error 6.5e-9 in f32, 3.6e-18 in f64
 *   exp(x) = (exp(r) 2^h) 2^(k-h), h = k/2  both scales are normal: underflow rounds once more, at the end
 *
 * Largest error found, in units of the last digit of the exact result, subnormal digits included, at any
 * level: f32 1.05 (0.75 where the result is subnormal), every f32 from -104 to 89 against exp in f64;
 * f64 1.04 (0.76), 3e7 random ones from -746 to 710 against expl.
 */
#ifndef NL_CPU_EXP_H
#define NL_CPU_EXP_H

#include "lanes.h"

#define PICK(f32, f64) (NL_IS_F32 ? (NL_R)(f32) : (NL_R)(f64))

enum { DIGITS = NL_IS_F32 ? 23 : 52, BIAS = NL_IS_F32 ? 127 : 1023 };

static inline vector all(NL_R value) { return (vector){0} + value; }

/* Adding shifter rounds to an integer, which is then in its last bits: one and a half 2^DIGITS, and 2 BIAS to
 * make what is read there positive. */
static const NL_R shifter = PICK(0x1.8p23, 0x1.8p52) + 2 * BIAS;

/* exp(r) - 1 */
static inline vector growth(vector r) {
  vector p;
  if (NL_IS_F32) {
    p = all((NL_R)0x1.6c82ecp-10) * r + (NL_R)0x1.122536p-7;
    p = p * r + (NL_R)0x1.5555bep-5;
    p = p * r + (NL_R)0x1.5554b2p-3;
    p = p * r + (NL_R)0.5;
  } else {
    p = all((NL_R)0x1.ad7f6c6c7fa5ep-26) * r + (NL_R)0x1.28ad72d279198p-22;
    p = p * r + (NL_R)0x1.71df2553cc5bdp-19;
    p = p * r + (NL_R)0x1.a0199a0c60f6fp-16;
    p = p * r + (NL_R)0x1.a01a012a5709fp-13;
    p = p * r + (NL_R)0x1.6c16c1842a13fp-10;
    p = p * r + (NL_R)0x1.1111111127be7p-7;
    p = p * r + (NL_R)0x1.555555555087cp-5;
    p = p * r + (NL_R)0x1.55555555554fap-3;
    p = p * r + (NL_R)0x1.000000000000ap-1;
  }
  return p * (r * r) + r;
}

/* y 2^k, where k is the integer in the last bits of shifted. */
static inline vector scale(vector y, vector shifted) {
#if NL_VECTOR == 64
  vector k = shifted - shifter;
  return NL_IS_F32 ? (vector)_mm512_scalef_ps((__m512)y, (__m512)k)
                   : (vector)_mm512_scalef_pd((__m512d)y, (__m512d)k);
#else
  bits twice = (bits)shifted - (bits)all(PICK(0x1.8p23, 0x1.8p52)); /* k + 2 BIAS, for two exponents */
  bits half = twice >> 1;
  return y * (vector)(half << DIGITS) * (vector)((twice - half) << DIGITS);
#endif
}

/* r of the formula; k is the integer in the last bits of *shifted. */
static inline vector reduced(vector x, vector *shifted) {
  *shifted = x * PICK(0x1.715476p+0, 0x1.71547652b82fep+0) + shifter;
  vector k = *shifted - shifter;
  vector r = x - k * PICK(0x1.62e4p-1, 0x1.62e42ffp-1);
  return r - k * PICK(0x1.7f7d1cp-20, -0x1.718432a1b0e26p-35);
}

/* exp of each lane. Beyond the two ends the result is 0 or inf already; NaN passes both. */
static inline vector exp_of(vector x) {
  x = smaller(larger(x, all(PICK(-104, -746))), all(PICK(89, 710)));
  vector shifted, r = reduced(x, &shifted);
  return scale(growth(r) + 1, shifted);
}

/* n a multiple of WIDTH; adds to sum. Never inlined: the arithmetic exists once, so an element has the same
 * bits wherever it lies. */
static __attribute__((noinline)) vector exp_vectors(int64_t n, NL_R shift, const NL_R *x, NL_R *y,
                                                    vector sum) {
  for (int64_t i = 0; i < n; i += WIDTH) {
    vector v = exp_of(*at(x, i) - shift);
    sum += v;
    *(loose *)(y + i) = v;
  }
  return sum;
}

/* The tail is padded to a vector with exp(-inf) = 0. */
static double exp_sum(int64_t n, double shift, const void *x_vector, void *y_vector) {
  const NL_R *x = x_vector;
  NL_R *y = y_vector, tail[WIDTH];
  int64_t whole = n - n % WIDTH;
  vector sum = exp_vectors(whole, (NL_R)shift, x, y, (vector){0});
  if (whole < n) {
    for (int64_t l = 0; l < WIDTH; l++) tail[l] = whole + l < n ? x[whole + l] : -(NL_R)__builtin_inff();
    sum = exp_vectors(WIDTH, (NL_R)shift, tail, tail, sum);
    for (int64_t l = 0; whole + l < n; l++) y[whole + l] = tail[l];
  }
  return (double)sum_of_lanes(sum);
}

#endif
