/* exp_sum, maximum and widen of every level this machine has: exp against expl over the whole range and on
 * the specials, the same bits at any position, in place, canaries after the end; every f16 and bf16 there is.
 */
#include "numbers.h"

enum { MOST = 150 };
/* What exp.h states, in units of the last digit of the exact result, subnormal digits included. */
static const double most_ulp = 1.1;

static uint64_t state = 11;

static double exp_one(nl_dtype t, const nl_dense_kernels *k, double x) {
  double in = 0, out = 0;
  store(t, &in, 0, x);
  (void)k->exp_sum(1, 0, &in, &out);
  return load(t, &out, 0);
}

static double last_digit(nl_dtype t, long double y) {
  int e, lowest = t == NL_F32 ? -149 : -1074;
  (void)frexpl(y, &e);
  e -= t == NL_F32 ? FLT_MANT_DIG : DBL_MANT_DIG;
  return ldexp(1, e < lowest ? lowest : e);
}

static void error_within(nl_dtype t, const nl_dense_kernels *k, double from, double to) {
  enum { MANY = 20000 };
  static double x[MANY], y[MANY];
  for (int i = 0; i < MANY; i++) store(t, x, i, draw_from(from, to));
  double returned = k->exp_sum(MANY, 0, x, y);
  long double sum = 0;
  for (int i = 0; i < MANY; i++) {
    long double exact = expl((long double)load(t, x, i));
    sum += (long double)load(t, y, i);
    if (!(fabsl(exact - (long double)load(t, y, i)) <= (long double)(most_ulp * last_digit(t, exact))))
      fail_msg("exp(%a): %a", load(t, x, i), load(t, y, i));
  }
  double eps = t == NL_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
  double small = t == NL_F32 ? 0x1p-149 : 0x1p-1074;
  assert_true(fabsl(sum - (long double)returned) <= (long double)eps * MANY * sum + (long double)small);
}

static void errors_of(nl_dtype t, const nl_dense_kernels *k) {
  double low = t == NL_F32 ? -104 : -746, subnormal = t == NL_F32 ? -87 : -708;
  double high = t == NL_F32 ? 80 : 700, highest = t == NL_F32 ? 88.7 : 709.7;
  error_within(t, k, low, subnormal);
  error_within(t, k, low, high);
  error_within(t, k, -1, 1);
  error_within(t, k, -1e-6, 1e-6);
  for (int i = 0; i < 2000; i++) { /* one by one: their sum is infinite */
    double x = draw_from(high, highest), in = t == NL_F32 ? (double)(float)x : x, y = exp_one(t, k, x);
    long double exact = expl((long double)in);
    if (!(fabsl(exact - (long double)y) <= (long double)(most_ulp * last_digit(t, exact))))
      fail_msg("exp(%a): %a", in, y);
  }
}

static void specials_of(nl_dtype t, const nl_dense_kernels *k) {
  double infinity = (double)INFINITY, most = t == NL_F32 ? (double)FLT_MAX : DBL_MAX;
  assert_true(exp_one(t, k, 0) == 1 && exp_one(t, k, -0.0) == 1);
  assert_true(exp_one(t, k, -infinity) == 0 && exp_one(t, k, -most) == 0);
  assert_true(exp_one(t, k, infinity) == infinity && exp_one(t, k, most) == infinity);
  assert_true(isnan(exp_one(t, k, (double)NAN)) && isnan(exp_one(t, k, -(double)NAN)));
  assert_true(exp_one(t, k, t == NL_F32 ? 88.73 : 709.79) == infinity);
  assert_true(isfinite(exp_one(t, k, t == NL_F32 ? 88.72 : 709.78)));
  assert_true(exp_one(t, k, t == NL_F32 ? -103.9 : -745.1) == (t == NL_F32 ? 0x1p-149 : 0x1p-1074));
  assert_true(exp_one(t, k, t == NL_F32 ? -104 : -745.2) == 0);
  double shifted[4] = {0}, y[4] = {0};
  store(t, shifted, 0, 3), store(t, shifted, 1, 1);
  assert_true(k->exp_sum(0, 1, shifted, y) == 0 && y[0] == 0);
  assert_true(fabs(k->exp_sum(2, 3, shifted, y) - 1 - load(t, y, 1)) <= (double)FLT_EPSILON);
  assert_true(load(t, y, 0) == 1 && load(t, y, 1) == exp_one(t, k, -2));
}

/* Lengths around the unrolling, unaligned, one NaN: elements by position, in place, nothing behind the end.
 */
static void positions_of(nl_dtype t, const nl_dense_kernels *k) {
  static _Alignas(64) double x_room[MOST + 8], y_room[MOST + 8], alone[MOST];
  int64_t size = nl_dtype_size(t);
  for (int64_t n = 1; n < MOST; n++) {
    void *x = (char *)x_room + n % 3 * size, *y = (char *)y_room + n % 2 * size;
    for (int64_t i = 0; i < n + 2; i++) store(t, x, i, draw_from(-110, 80)), store(t, y, i, -7);
    store(t, x, n / 2, (double)NAN);
    for (int64_t i = 0; i < n; i++) (void)k->exp_sum(1, 0.5, (char *)x + i * size, (char *)alone + i * size);
    assert_true(isnan(k->exp_sum(n, 0.5, x, y)) && isnan(load(t, y, n / 2)));
    store(t, y, n / 2, 0), store(t, alone, n / 2, 0);
    assert_memory_equal(y, alone, (size_t)(n * size));
    assert_true(load(t, y, n) == -7 && load(t, y, n + 1) == -7);
    store(t, x, n / 2, (double)-INFINITY);
    double behind[2] = {load(t, x, n), load(t, x, n + 1)}, apart = k->exp_sum(n, 0.5, x, y);
    assert_true(k->exp_sum(n, 0.5, x, x) == apart);
    assert_memory_equal(x, alone, (size_t)(n * size));
    assert_true(load(t, x, n) == behind[0] && load(t, x, n + 1) == behind[1]);
  }
}

static void maximum_of(nl_dtype t, const nl_dense_kernels *k) {
  static double x[MOST];
  assert_true(k->maximum(0, x) == (double)-INFINITY);
  for (int64_t n = 1; n < MOST; n++)
    for (int64_t where = 0; where < n; where += n < 40 ? 1 : 7) {
      for (int64_t i = 0; i < n; i++) store(t, x, i, draw_from(-9, -1));
      store(t, x, where, -0.5);
      assert_true(k->maximum(n, x) == -0.5);
      store(t, x, (where + 1) % n, (double)NAN);
      assert_true(k->maximum(n, x) == (n == 1 ? (double)-INFINITY : -0.5));
    }
}

static void errors(void **unused) { (void)unused, at_every_level(errors_of); }
static void specials(void **unused) { (void)unused, at_every_level(specials_of); }
static void positions(void **unused) { (void)unused, at_every_level(positions_of); }
static void maximum(void **unused) { (void)unused, at_every_level(maximum_of); }

static void widen_every_number(void **unused) {
  (void)unused;
  enum { ALL = 65536 };
  uint16_t *x = malloc(ALL * sizeof *x);
  float *y = malloc((ALL + 1) * sizeof *y);
  assert_true(x && y);
  for (int i = 0; i < ALL; i++) x[i] = (uint16_t)i;
  for (int level = 0; level <= (int)nl_cpu_detected(); level++)
    for (nl_dtype t = NL_F16; t <= NL_BF16; t++)
      for (int n = ALL; n > 0; n = n > 70 ? 70 : n - 1) {
        int from = n == ALL ? 0 : (n * 977) % (ALL - 70);
        y[n] = -7;
        nl_kernels_at((nl_cpu_level)level)->widen[t](n, x + from, y);
        assert_true(y[n] == -7);
        for (int i = 0; i < n; i++) {
          float exact = t == NL_F16 ? nl_f16_to_f32(x[from + i]) : nl_bf16_to_f32(x[from + i]);
          if (isnan(exact) ? !isnan(y[i]) : memcmp(&exact, y + i, sizeof exact) != 0)
            fail_msg("widen %s of %04x", nl_dtype_name(t), (unsigned)x[from + i]);
        }
      }
  free(x), free(y);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(errors),  cmocka_unit_test(specials),           cmocka_unit_test(positions),
      cmocka_unit_test(maximum), cmocka_unit_test(widen_every_number),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
