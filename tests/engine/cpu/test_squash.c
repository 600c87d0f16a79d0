/* squash of every level this machine has: tanh and its derivative against long double over the whole range
 * and on the specials, the same bits at any position, with slope and without, in place; canaries. */
#include "numbers.h"

enum { MANY = 4000, MOST = 150 };
/* What squash.h states, in units of the last digit of the exact result, subnormal digits included. */
static const double most_ulp = 1.5, most_slope_ulp = 3.5;

static uint64_t state = 17;

static double last_digit(nl_dtype t, long double y) {
  int e, lowest = t == NL_F32 ? -149 : -1074;
  (void)frexpl(y, &e);
  e -= t == NL_F32 ? FLT_MANT_DIG : DBL_MANT_DIG;
  return ldexp(1, e < lowest ? lowest : e);
}

/* MANY numbers in [from, to], or powers of two of exponents in it, both signs. The product with c rounds once
 * more, and a unit of it is down to half a unit of tanh. */
static void error_within(nl_dtype t, const nl_dense_kernels *k, double c, double from, double to,
                         bool powers) {
  static double x[MANY], y[MANY], slope[MANY];
  double allowed = c == 1 ? most_ulp : 2 * most_ulp + 0.5;
  for (int i = 0; i < MANY; i++) {
    double v = draw_from(from, to);
    store(t, x, i, (i % 2 ? -c : c) * (powers ? exp2(v) : v));
  }
  k->squash(MANY, c, x, y, slope);
  for (int i = 0; i < MANY; i++) {
    double q = t == NL_F32 ? (double)((float)load(t, x, i) / (float)c) : load(t, x, i) / c;
    long double th = tanhl((long double)q), e = expl(-2 * fabsl((long double)q));
    long double exact = (long double)c * th, steep = 4 * e / ((1 + e) * (1 + e));
    double got = load(t, y, i), got_slope = load(t, slope, i);
    if (!(fabsl(exact - (long double)got) <= (long double)(allowed * last_digit(t, exact))))
      fail_msg("%a tanh(%a): %a", c, q, got);
    if (!(fabsl(steep - (long double)got_slope) <= (long double)(most_slope_ulp * last_digit(t, steep))))
      fail_msg("1 - tanh^2(%a): %a", q, got_slope);
    assert_true(fabs(got) <= c && got_slope >= 0 && got_slope <= 1);
  }
}

static void errors_of(nl_dtype t, const nl_dense_kernels *k) {
  static const double cs[] = {1, 30, 0.0625, 50.5};
  double end = t == NL_F32 ? 55 : 380;
  for (int c = 0; c < 4; c++) {
    error_within(t, k, cs[c], 0, 0.2, false);
    error_within(t, k, cs[c], 0.5, 0.75, false); /* the polynomial ends */
    error_within(t, k, cs[c], 0, 3, false);
    error_within(t, k, cs[c], 0, end, false);
    error_within(t, k, cs[c], t == NL_F32 ? -110 : -1000, 1, true);
  }
  error_within(t, k, 1, t == NL_F32 ? -149 : -1074, 1, true);
  error_within(t, k, 1, 5, t == NL_F32 ? 127.9 : 1023.9, true);
}

static double squash_one(nl_dtype t, const nl_dense_kernels *k, double c, double x, double *slope) {
  double in = 0, out = 0, steep = 0;
  store(t, &in, 0, x);
  k->squash(1, c, &in, &out, &steep);
  *slope = load(t, &steep, 0);
  return load(t, &out, 0);
}

static void specials_of(nl_dtype t, const nl_dense_kernels *k) {
  double slope, infinity = (double)INFINITY, most = t == NL_F32 ? (double)FLT_MAX : DBL_MAX;
  double least = t == NL_F32 ? 0x1p-149 : 0x1p-1074, y;
  for (double c = 0.5; c < 100; c *= 2) {
    y = squash_one(t, k, c, 0, &slope);
    assert_true(y == 0 && !signbit(y) && slope == 1);
    y = squash_one(t, k, c, -0.0, &slope);
    assert_true(y == 0 && signbit(y) && slope == 1);
    assert_true(squash_one(t, k, c, infinity, &slope) == c && slope == 0);
    assert_true(squash_one(t, k, c, -infinity, &slope) == -c && slope == 0);
    assert_true(squash_one(t, k, c, most, &slope) == c && slope == 0);
    assert_true(squash_one(t, k, c, -most, &slope) == -c && slope == 0);
    assert_true(isnan(squash_one(t, k, c, (double)NAN, &slope)) && isnan(slope));
    assert_true(isnan(squash_one(t, k, c, -(double)NAN, &slope)) && isnan(slope));
  }
  assert_true(squash_one(t, k, 1, least, &slope) == least && slope == 1);
  assert_true(squash_one(t, k, 1, -least, &slope) == -least && slope == 1);
  k->squash(0, 1, NULL, NULL, NULL);
}

static void positions_of(nl_dtype t, const nl_dense_kernels *k) {
  static _Alignas(64) double x_room[MOST + 8], y_room[MOST + 8], s_room[MOST + 8], alone[MOST], steep[MOST];
  int64_t size = nl_dtype_size(t);
  for (int64_t n = 1; n < MOST; n++) {
    char *x = (char *)x_room + n % 3 * size, *y = (char *)y_room + n % 2 * size,
         *s = (char *)s_room + (3 - n % 3) * size;
    for (int64_t i = 0; i < n + 2; i++)
      store(t, x, i, draw_from(-90, 90)), store(t, y, i, -7), store(t, s, i, -7);
    for (int64_t i = 0; i < n; i++)
      k->squash(1, 7, x + i * size, (char *)alone + i * size, (char *)steep + i * size);
    k->squash(n, 7, x, y, s);
    assert_memory_equal(y, alone, (size_t)(n * size));
    assert_memory_equal(s, steep, (size_t)(n * size));
    for (int64_t i = n; i < n + 2; i++) assert_true(load(t, y, i) == -7 && load(t, s, i) == -7);
    store(t, x, n / 2, (double)NAN); /* stays where it is */
    double behind[2] = {load(t, x, n), load(t, x, n + 1)};
    k->squash(n, 7, x, x, NULL);
    assert_true(isnan(load(t, x, n / 2)));
    memcpy(x + n / 2 * size, (char *)alone + n / 2 * size, (size_t)size);
    assert_memory_equal(x, alone, (size_t)(n * size));
    assert_true(load(t, x, n) == behind[0] && load(t, x, n + 1) == behind[1]);
  }
}

static void errors(void **unused) { (void)unused, at_every_level(errors_of); }
static void specials(void **unused) { (void)unused, at_every_level(specials_of); }
static void positions(void **unused) { (void)unused, at_every_level(positions_of); }

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(errors),
      cmocka_unit_test(specials),
      cmocka_unit_test(positions),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
