/* Element types: sizes, names, and one element at a time. Loops over many elements live in core/copy.c. */
#include <math.h>
#include <numlab/dtype.h>
#include <stdio.h>
#include <string.h>

static const struct {
  const char *name;
  int64_t size;
  bool is_float;
} types[NL_DTYPES] = {
    [NL_F64] = {"f64", 8, true},   [NL_F32] = {"f32", 4, true},  [NL_F16] = {"f16", 2, true},
    [NL_BF16] = {"bf16", 2, true}, [NL_I64] = {"i64", 8, false}, [NL_I32] = {"i32", 4, false},
    [NL_I16] = {"i16", 2, false},  [NL_U8] = {"u8", 1, false},   [NL_BOOL] = {"bool", 1, false},
};

int64_t nl_dtype_size(nl_dtype dtype) { return types[dtype].size; }
const char *nl_dtype_name(nl_dtype dtype) { return types[dtype].name; }
bool nl_dtype_is_float(nl_dtype dtype) { return types[dtype].is_float; }

nl_status nl_dtype_parse(const char *name, nl_dtype *out) {
  for (int d = 0; d < NL_DTYPES; d++)
    if (strcmp(name, types[d].name) == 0) {
      *out = (nl_dtype)d;
      return NL_OK;
    }
  return nl_fail(NL_DTYPE, "unknown dtype '%s' (known: f64 f32 f16 bf16 i64 i32 i16 u8 bool)", name);
}

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static float float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

float nl_bf16_to_f32(uint16_t bits) { return float_of((uint32_t)bits << 16); }

uint16_t nl_f32_to_bf16(float value) {
  uint32_t bits = bits_of(value);
  if (isnan(value)) return (uint16_t)(bits >> 16 | 0x40); /* quiet, and never rounded into infinity */
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float nl_f16_to_f32(uint16_t half) {
  uint32_t sign = (uint32_t)(half & 0x8000) << 16, rest = half & 0x7fff;
  if (rest >= 0x7c00) return float_of(sign | 0x7f800000 | (rest & 0x3ff) << 13); /* infinity, NaN */
  if (rest < 0x400) {                                                            /* subnormal: rest * 2^-24 */
    float magnitude = (float)rest * 0x1p-24f;
    return sign ? -magnitude : magnitude;
  }
  return float_of(sign | ((rest << 13) + (112u << 23)));
}

uint16_t nl_f32_to_f16(float value) {
  uint32_t bits = bits_of(value), sign = bits >> 16 & 0x8000, rest = bits & 0x7fffffff;
  if (rest > 0x7f800000) return (uint16_t)(sign | 0x7e00);
  if (rest >= 0x477ff000) return (uint16_t)(sign | 0x7c00); /* 65520 and above round to infinity */
  if (rest < 0x38800000) {                                  /* below 2^-14: units of 2^-24 */
    float scaled = float_of(rest) * 0x1p24f;                /* exact: a power of two */
    return (uint16_t)(sign | (uint32_t)nearbyintf(scaled));
  }
  return (uint16_t)(sign | ((rest - (112u << 23) + 0xfff + (rest >> 13 & 1)) >> 13));
}

double nl_dtype_load(nl_dtype dtype, const void *p) {
  switch (dtype) {
  case NL_F64: return *(const double *)p;
  case NL_F32: return (double)*(const float *)p;
  case NL_F16: return (double)nl_f16_to_f32(*(const uint16_t *)p);
  case NL_BF16: return (double)nl_bf16_to_f32(*(const uint16_t *)p);
  case NL_I64: return (double)*(const int64_t *)p;
  case NL_I32: return *(const int32_t *)p;
  case NL_I16: return *(const int16_t *)p;
  case NL_U8:
  case NL_BOOL: return *(const uint8_t *)p;
  case NL_DTYPES: break;
  }
  return 0;
}

/* Towards zero, saturating; NaN is 0. */
static int64_t saturate(double value, int64_t low, int64_t high) {
  if (isnan(value)) return 0;
  if (value <= (double)low) return low;
  if (value >= (double)high) return high;
  return (int64_t)value;
}

/* One rounding from double: the intermediate float of a plain cast would round twice. Rounding to odd
 * first keeps the second rounding right (Boldo and Melquiond, 2008). */
static float round_to_odd(double value) {
  float nearest = (float)value;
  if ((double)nearest == value || isnan(value) || isinf(nearest)) return nearest;
  uint32_t bits = bits_of(nearest);
  if (bits & 1) return nearest;
  return fabs((double)nearest) > fabs(value) ? float_of(bits - 1) : float_of(bits + 1);
}

void nl_dtype_store(nl_dtype dtype, void *p, double value) {
  switch (dtype) {
  case NL_F64: *(double *)p = value; break;
  case NL_F32: *(float *)p = (float)value; break;
  case NL_F16: *(uint16_t *)p = nl_f32_to_f16(round_to_odd(value)); break;
  case NL_BF16: *(uint16_t *)p = nl_f32_to_bf16(round_to_odd(value)); break;
  case NL_I64: *(int64_t *)p = saturate(value, INT64_MIN, INT64_MAX); break;
  case NL_I32: *(int32_t *)p = (int32_t)saturate(value, INT32_MIN, INT32_MAX); break;
  case NL_I16: *(int16_t *)p = (int16_t)saturate(value, INT16_MIN, INT16_MAX); break;
  case NL_U8: *(uint8_t *)p = (uint8_t)saturate(value, 0, UINT8_MAX); break;
  case NL_BOOL: *(uint8_t *)p = value != 0; break;
  case NL_DTYPES: break;
  }
}
