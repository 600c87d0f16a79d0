/* Decimal text to f64 and back, correctly rounded and blind to the locale.
 *
 * Fast path (Clinger 1990): with at most 19 digits w and |p| <= 22, w * 10^p is one rounding of exact
 * operands when w <= 2^53. All else goes to strtod_l in the C locale, after the grammar was checked here, so
 * that hexadecimal and what else a libc takes stays out. */
#include "number.h"
#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* glibc's C locale is a static object: asking for it neither allocates nor fails. */
static locale_t c_locale(void) {
  static _Atomic(locale_t) known;
  locale_t c = atomic_load(&known);
  if (!c) atomic_store(&known, c = newlocale(LC_ALL_MASK, "C", (locale_t)0));
  return c;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static nl_number_fault parse_word(const char *p, const char *end, bool negative, double *value) {
  static const struct {
    const char *name;
    double value;
  } words[] = {{"inf", HUGE_VAL}, {"infinity", HUGE_VAL}, {"nan", (double)NAN}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strlen(words[i].name) == (size_t)(end - p) && strncasecmp(p, words[i].name, (size_t)(end - p)) == 0) {
      *value = negative ? -words[i].value : words[i].value;
      return NL_NUMBER_OK;
    }
  return NL_NUMBER_MALFORMED;
}

/* +/- digits up to end; saturates far outside the exponents of f64. */
static bool parse_exponent(const char *p, const char *end, int64_t *exponent) {
  bool negative = p < end && *p == '-';
  if (p < end && (*p == '-' || *p == '+')) p++;
  if (p == end) return false;
  int64_t e = 0;
  for (; p < end && is_digit(*p); p++)
    if (e < 1000000) e = e * 10 + (*p - '0');
  *exponent = negative ? -e : e;
  return p == end;
}

nl_number_fault nl_number_parse(char *text, const char *end, double *value) {
  static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  char *p = text;
  bool negative = p < end && *p == '-', any = false;
  if (p < end && (*p == '-' || *p == '+')) p++;
  if (p < end && !is_digit(*p) && *p != '.') return parse_word(p, end, negative, value);

  uint64_t w = 0; /* the digits as an integer, while they fit */
  int digits = 0;
  int64_t p10 = 0, exponent = 0;
  for (; p < end && is_digit(*p); p++, any = true)
    if (w || *p != '0') w = digits++ < 19 ? w * 10 + (uint64_t)(*p - '0') : w;
  if (p < end && *p == '.')
    for (p++; p < end && is_digit(*p); p++, any = true) {
      if (w || *p != '0') w = digits++ < 19 ? w * 10 + (uint64_t)(*p - '0') : w;
      p10--;
    }
  if (!any) return NL_NUMBER_MALFORMED;
  if (p < end) {
    if (!strchr("eEdD", *p) || !*p || !parse_exponent(p + 1, end, &exponent)) return NL_NUMBER_MALFORMED;
    *p = 'e';
  }
  p10 += exponent;
  if (digits <= 19 && w <= (UINT64_C(1) << 53) && p10 >= -22 && p10 <= 22) {
    double magnitude = p10 < 0 ? (double)w / power[-p10] : (double)w * power[p10];
    *value = negative ? -magnitude : magnitude;
    return NL_NUMBER_OK;
  }
  *value = strtod_l(text, NULL, c_locale());
  return isinf(*value) ? NL_NUMBER_RANGE : NL_NUMBER_OK;
}

nl_number_fault nl_number_parse_integer(const char *p, const char *end, int64_t *value) {
  bool negative = p < end && *p == '-', over = false;
  int64_t n = 0;
  if (p < end && (*p == '-' || *p == '+')) p++;
  if (p == end) return NL_NUMBER_MALFORMED;
  for (; p < end && is_digit(*p); p++) /* counted below zero, where there is room for -2^63 */
    over |= __builtin_mul_overflow(n, 10, &n) || __builtin_sub_overflow(n, *p - '0', &n);
  if (p < end) return NL_NUMBER_MALFORMED;
  if (!negative) over |= __builtin_sub_overflow(0, n, &n);
  *value = n;
  return over ? NL_NUMBER_RANGE : NL_NUMBER_OK;
}

int nl_number_format(double value, char *text) {
  if (isnan(value)) return snprintf(text, NL_NUMBER_TEXT, "nan");
  if (value == rint(value) && fabs(value) < 1e15 && !(value == 0 && signbit(value)))
    return snprintf(text, NL_NUMBER_TEXT, "%lld", (long long)value);
  locale_t before = uselocale(c_locale());
  int length = 0;
  for (int precision = 15; precision <= 17; precision++) {
    length = snprintf(text, NL_NUMBER_TEXT, "%.*g", precision, value);
    if (strtod(text, NULL) == value) break;
  }
  uselocale(before);
  return length;
}
