/* sum, sum_squares, highest, find and scale of every level this machine has against plain loops: lengths
 * around the unrolling, unaligned starts, a field of NaN beside, canaries, NaN, infinities, subnormals. */
#include "numbers.h"

enum { MOST = 300 };
static _Alignas(64) double room[MOST + 8];

static uint64_t state = 17;

/* n numbers that start `from` numbers behind an aligned place, NaN on both sides. */
static char *numbers(nl_dtype t, int64_t n, int64_t from) {
  for (int64_t i = 0; i < MOST + 8; i++) store(t, room, i, (double)NAN);
  char *x = (char *)room + from * nl_dtype_size(t);
  for (int64_t i = 0; i < n; i++) store(t, x, i, draw_from(-1, 1));
  return x;
}

static void sums_of(nl_dtype t, const nl_dense_kernels *k) {
  for (int64_t n = 0; n <= MOST; n++) {
    char *x = numbers(t, n, 1 + n % 3);
    long double sum = 0, sizes = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) {
      long double v = (long double)load(t, x, i);
      sum += v, sizes += fabsl(v), squares += v * v;
    }
    /* in f64 whatever the type */
    assert_true(fabsl(sum - (long double)k->sum(n, x)) <= (long double)DBL_EPSILON * 60 * sizes);
    assert_true(fabsl(squares - (long double)k->sum_squares(n, x)) <=
                (long double)DBL_EPSILON * 60 * squares);
  }
}

static void extremes_of(nl_dtype t, const nl_dense_kernels *k) {
  assert_true(k->highest(0, 1, room) == (double)-INFINITY && k->find(0, 1, room) == 0);
  for (int64_t n = 1; n <= MOST; n += n < 140 ? 1 : 7)
    for (int64_t at = 0; at < n; at += n < 40 ? 1 : 5) {
      char *x = numbers(t, n, n % 3);
      double sign = at % 2 ? 1 : -1;
      store(t, x, at, sign * 2);
      if (at + 3 < n) store(t, x, at + 3, sign * 2); /* the first of two */
      assert_true(k->highest(n, sign, x) == 2);
      assert_true(k->find(n, sign * 2, x) == at);
      assert_true(k->find(n, sign * 3, x) == n && k->find(n, (double)NAN, x) == n);
      store(t, x, at, (double)-INFINITY);
      assert_true(k->highest(n, -1, x) == (double)INFINITY && k->find(n, (double)-INFINITY, x) == at);
      store(t, x, at, (double)NAN);
      assert_true(isnan(k->highest(n, 1, x)) && isnan(k->highest(n, -1, x)));
      assert_true(k->find(n, (double)NAN, x) == at);
      assert_true(isnan(k->sum(n, x)) && isnan(k->sum_squares(n, x)));
    }
}

static void small_numbers_of(nl_dtype t, const nl_dense_kernels *k) {
  double least = t == NL_F32 ? 0x1p-149 : 0x1p-1074;
  for (int64_t i = 0; i < MOST; i++) store(t, room, i, least);
  assert_true(k->sum(MOST, room) == MOST * least);
  assert_true(k->highest(MOST, 1, room) == least && k->highest(MOST, -1, room) == -least);
  store(t, room, 200, 0);
  assert_true(k->find(MOST, 0, room) == 200);
  k->scale(MOST, 2, room);
  for (int64_t i = 0; i < MOST; i++) assert_true(load(t, room, i) == (i == 200 ? 0 : 2 * least));
}

static void scale_of(nl_dtype t, const nl_dense_kernels *k) {
  static double was[MOST + 8];
  for (int64_t n = 0; n <= MOST; n += n < 140 ? 1 : 7) {
    char *x = numbers(t, n, 1 + n % 3);
    store(t, x, n, -7);
    memcpy(was, room, sizeof was);
    const char *y = (char *)was + (x - (char *)room);
    k->scale(n, -0.375, x);
    assert_true(load(t, x, n) == -7 && isnan(load(t, x - nl_dtype_size(t), 0)));
    for (int64_t i = 0; i < n; i++) {
      double product = load(t, y, i) * -0.375; /* rounded to the type: once in f64, exact before it in f32 */
      assert_true(load(t, x, i) == (t == NL_F32 ? (double)(float)product : product));
    }
  }
}

static void sums(void **unused) { (void)unused, at_every_level(sums_of); }
static void extremes(void **unused) { (void)unused, at_every_level(extremes_of); }
static void small_numbers(void **unused) { (void)unused, at_every_level(small_numbers_of); }
static void scale(void **unused) { (void)unused, at_every_level(scale_of); }

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums),
      cmocka_unit_test(extremes),
      cmocka_unit_test(small_numbers),
      cmocka_unit_test(scale),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
