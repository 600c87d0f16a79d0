/* Element types: all 65536 patterns of f16 and bf16, roundings at every tie, saturation. */
#include "check.h"
#include <numlab/dtype.h>

/* The value of an f16 pattern by its definition. */
static double f16_value(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double magnitude = exponent == 0    ? ldexp(fraction, -24)
                     : exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                                      : ldexp(1024 + fraction, exponent - 25);
  return bits >> 15 ? -magnitude : magnitude;
}

static void f16_round_trips(void **state) {
  (void)state;
  for (int bits = 0; bits < 65536; bits++) {
    float value = nl_f16_to_f32((uint16_t)bits);
    double want = f16_value((uint16_t)bits);
    if (isnan(want)) {
      assert_true(isnan(value));
      assert_true(isnan(nl_f16_to_f32(nl_f32_to_f16(value))));
      continue;
    }
    assert_true((double)value == want && !signbit(value) == !signbit(want));
    assert_int_equal(nl_f32_to_f16(value), bits);
  }
}

static void bf16_round_trips(void **state) {
  (void)state;
  for (int bits = 0; bits < 65536; bits++) {
    float value = nl_bf16_to_f32((uint16_t)bits);
    if (isnan(value)) assert_true(isnan(nl_bf16_to_f32(nl_f32_to_bf16(value))));
    else assert_int_equal(nl_f32_to_bf16(value), bits);
  }
}

/* Between two neighbours the midpoint goes to the even one, and its neighbours as f64 to the nearer one,
 * which a rounding by way of f32 would miss. */
static void check_tie(nl_dtype dtype, int bits, double low, double high) {
  double middle = (low + high) / 2, above = nextafter(middle, (double)INFINITY);
  uint16_t got;
  nl_dtype_store(dtype, &got, middle);
  assert_int_equal(got, bits + (bits & 1));
  nl_dtype_store(dtype, &got, above);
  assert_int_equal(got, bits + 1);
  nl_dtype_store(dtype, &got, nextafter(middle, -1));
  assert_int_equal(got, bits);
  nl_dtype_store(dtype, &got, -above);
  assert_int_equal(got, 0x8000 + bits + 1);
}

static void rounds_once_to_nearest_even(void **state) {
  (void)state;
  for (int bits = 0; bits < 0x7bff; bits++)
    check_tie(NL_F16, bits, f16_value((uint16_t)bits), f16_value((uint16_t)(bits + 1)));
  /* from the patterns whose ties f32 can tell; smaller ones are subnormal in f32 too */
  for (int bits = 0x80; bits < 0x7f7f; bits++)
    check_tie(NL_BF16, bits, (double)nl_bf16_to_f32((uint16_t)bits),
              (double)nl_bf16_to_f32((uint16_t)(bits + 1)));
  assert_int_equal(nl_f32_to_f16(65519.996F), 0x7bff);
  assert_int_equal(nl_f32_to_f16(65520), 0x7c00);
}

static void integers_truncate_and_saturate(void **state) {
  (void)state;
  const struct {
    nl_dtype dtype;
    double low, high;
  } range[] = {
      {NL_I64, -0x1p63, 0x1p63}, {NL_I32, INT32_MIN, INT32_MAX}, {NL_I16, -32768, 32767}, {NL_U8, 0, 255}};
  for (size_t i = 0; i < sizeof range / sizeof *range; i++) {
    const double in[] = {-1e300, 1e300, (double)NAN, 1.9, -(double)INFINITY, (double)INFINITY};
    const double out[] = {range[i].low, range[i].high, 0, 1, range[i].low, range[i].high};
    for (int k = 0; k < 6; k++) {
      int64_t element = -1;
      nl_dtype_store(range[i].dtype, &element, in[k]);
      assert_true(nl_dtype_load(range[i].dtype, &element) == out[k]);
    }
  }
  uint8_t truth = 9;
  nl_dtype_store(NL_BOOL, &truth, (double)NAN);
  assert_int_equal(truth, 1);
}

static void names_parse(void **state) {
  (void)state;
  nl_dtype back = NL_I16;
  assert_int_equal(nl_dtype_parse("f46", &back), NL_DTYPE);
  assert_message("unknown dtype 'f46' (known: f64");
  assert_int_equal(back, NL_I16);
  for (int d = 0; d < NL_DTYPES; d++) {
    assert_ok(nl_dtype_parse(nl_dtype_name((nl_dtype)d), &back));
    assert_int_equal(back, d);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(f16_round_trips), cmocka_unit_test(bf16_round_trips),
                                     cmocka_unit_test(rounds_once_to_nearest_even),
                                     cmocka_unit_test(integers_truncate_and_saturate),
                                     cmocka_unit_test(names_parse)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
