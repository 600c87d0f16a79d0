/* Copies, fills, random numbers, elementwise operations. */
#include "plugin.h"
#include <math.h>
#include <numlab/random.h>
#include <stdio.h>
#include <string.h>

static const struct {
  int ndim;
  int64_t shape[4];
} shapes[] = {{0, {0}}, {1, {7}}, {1, {0}}, {2, {33, 65}}, {3, {3, 5, 7}}, {4, {2, 3, 4, 5}}, {1, {100003}}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* --- copies -------------------------------------------------------------------------------------------- */

/* As nl_tensor_copy does: bits where the types agree, otherwise by way of double. */
static bool copied(const array *from, const array *to) {
  char want[8];
  nl_dtype dtype = to->there.dtype;
  size_t size = (size_t)nl_dtype_size(dtype);
  for (int64_t i = 0; i < to->size; i++) {
    if (from->there.dtype == dtype) memcpy(want, element(from, i), size);
    else nl_dtype_store(dtype, want, value(from, i));
    bool both_nan =
        isnan(nl_dtype_load(dtype, want)) && isnan(value(to, i)); /* payloads of a cast may differ */
    if (memcmp(want, element(to, i), size) != 0 && !(both_nan && from->there.dtype != dtype)) {
      printf("# element %lld: %.17g to %s gave %.17g\n", (long long)i, value(from, i), nl_dtype_name(dtype),
             value(to, i));
      return false;
    }
  }
  return true;
}

static bool copy_case(nl_dtype a, nl_dtype b, int shape, layout la, layout lb) {
  array from = make_array(a, shapes[shape].ndim, shapes[shape].shape, la);
  array to = make_array(b, shapes[shape].ndim, shapes[shape].shape, lb);
  fill_array(&from, 10 * (uint64_t)a + (uint64_t)b, true);
  need(backend->copy(device, &from.there, &to.there), "copy");
  fetch_array(&to);
  bool fine = copied(&from, &to) && gaps_untouched(&to);
  if (!fine) printf("# shape %d, from %s to %s\n", shape, layout_name[la], layout_name[lb]);
  free_array(&from);
  free_array(&to);
  return fine;
}

void check_copies(void) {
  static const layout targets[] = {DENSE, TURNED, GAPPY, BACKWARD};
  for (int a = 0; a < NL_DTYPES; a++)
    for (int b = 0; b < NL_DTYPES; b++) {
      bool fine = true;
      for (int s = 0; s < SHAPES; s++)
        for (int la = 0; la < (s == SHAPES - 1 ? 1 : LAYOUTS); la++)
          fine &= copy_case(a, b, s, la, targets[(la + s) % 4]);
      check(fine, "copy %s to %s", nl_dtype_name(a), nl_dtype_name(b));
    }
  static const double values[] = {0, 2.7, -3.9, 1e20, -1e20, NAN, INFINITY, 1.00048828125};
  for (int d = 0; d < NL_DTYPES; d++) {
    bool fine = true;
    for (size_t v = 0; v < sizeof values / sizeof *values; v++)
      for (int l = 0; l < 4; l++) {
        array a = make_array(d, 2, shapes[3].shape, targets[l]);
        need(backend->fill(device, &a.there, values[v]), "fill");
        fetch_array(&a);
        for (int64_t i = 0; i < a.size; i++) fine &= relative(value(&a, i), rounded(d, values[v]), 1) == 0;
        fine &= gaps_untouched(&a);
        free_array(&a);
      }
    check(fine, "fill %s", nl_dtype_name(d));
  }
}

/* --- random -------------------------------------------------------------------------------------------- */

void check_random(void) {
  static const layout how[] = {DENSE, GAPPY, TURNED};
  const uint64_t seed = 0x123456789abcdef0, stream = 0xfedcba9876543210;
  for (int d = NL_F64; d <= NL_BF16; d++)
    for (int normal = 0; normal < 2; normal++) {
      int64_t different = 0;
      for (int s = 0; s < SHAPES; s++)
        for (int l = 0; l < 3; l++) {
          nl_tensor want;
          need(nl_tensor_new(d, shapes[s].ndim, shapes[s].shape, &want), "tensor");
          need((normal ? nl_random_fill_normal : nl_random_fill_uniform)(&want, seed, stream), "random");
          array a = make_array(d, shapes[s].ndim, shapes[s].shape, how[l]);
          need(backend->random(device, normal, &a.there, seed, stream), "random");
          fetch_array(&a);
          size_t size = (size_t)nl_dtype_size(d);
          for (int64_t i = 0; i < a.size; i++)
            different += memcmp(element(&a, i), (char *)nl_tensor_data(&want) + (size_t)i * size, size) != 0;
          different += !gaps_untouched(&a);
          free_array(&a);
          nl_tensor_release(&want);
        }
      check(different == 0, "%s %s: the CPU's bits, %lld differ", normal ? "normal" : "uniform",
            nl_dtype_name(d), (long long)different);
    }
}

/* --- elementwise --------------------------------------------------------------------------------------- */

static int64_t as_integer(const array *a, int64_t i) {
  int64_t x = 0;
  if (a->there.dtype == NL_I64) memcpy(&x, element(a, i), 8);
  else x = (int64_t)value(a, i);
  return x;
}

__extension__ typedef __int128 wide;

static double binary_of(nl_binary_op op, double x, double y) {
  switch (op) {
  case NL_ADD: return x + y;
  case NL_SUB: return x - y;
  case NL_MUL: return x * y;
  case NL_DIV: return x / y;
  case NL_POW: return pow(x, y);
  case NL_LT: return x < y;
  case NL_LE: return x <= y;
  case NL_GT: return x > y;
  case NL_GE: return x >= y;
  case NL_EQ: return x == y;
  default: return x != y;
  }
}

/* add, sub, mul of integers, and comparisons: exact. */
static double integer_error(nl_binary_op op, const array *a, const array *b, const array *out, int64_t i) {
  wide x = as_integer(a, i), y = as_integer(b, i);
  if (op >= NL_LT)
    return value(out, i) != (op == NL_LT   ? x < y
                             : op == NL_LE ? x <= y
                             : op == NL_GT ? x > y
                             : op == NL_GE ? x >= y
                             : op == NL_EQ ? x == y
                                           : x != y);
  wide z = op == NL_ADD ? x + y : op == NL_SUB ? x - y : x * y, high = INT64_MAX, low = INT64_MIN;
  nl_dtype d = out->there.dtype;
  if (d == NL_I32) high = INT32_MAX, low = INT32_MIN;
  if (d == NL_I16) high = INT16_MAX, low = INT16_MIN;
  if (d == NL_U8) high = UINT8_MAX, low = 0;
  z = z > high ? high : z < low ? low : z;
  return as_integer(out, i) != (int64_t)z;
}

static nl_dtype compute_type(nl_dtype d, bool real) {
  return d == NL_F64 ? NL_F64 : nl_dtype_is_float(d) ? NL_F32 : real ? NL_F64 : NL_I64;
}

static nl_dtype result_type(nl_dtype d, bool real, bool comparison) {
  return comparison ? NL_BOOL : nl_dtype_is_float(d) ? d : real ? NL_F64 : d == NL_BOOL ? NL_I64 : d;
}

/* In units of the result's last place: f32 arithmetic rounded again to 16 bits may differ by one of those. */
static double binary_error(nl_binary_op op, nl_dtype d, int shape, layout la, layout lb) {
  bool real = op == NL_DIV || op == NL_POW;
  nl_dtype compute = compute_type(d, real), result = result_type(d, real, op >= NL_LT);
  array a = make_array(d, shapes[shape].ndim, shapes[shape].shape, la);
  array b = make_array(d, shapes[shape].ndim, shapes[shape].shape, lb);
  array out = make_array(result, shapes[shape].ndim, shapes[shape].shape, DENSE);
  fill_array(&a, 100 + (uint64_t)op, true);
  fill_array(&b, 200 + (uint64_t)op, true);
  need(backend->binary(device, op, compute, &a.there, &b.there, &out.there), "binary");
  fetch_array(&out);
  double worst = gaps_untouched(&out) ? 0 : (double)INFINITY;
  for (int64_t i = 0; i < out.size; i++) {
    double e;
    if (compute == NL_I64) {
      e = integer_error(op, &a, &b, &out, i);
    } else {
      double want = rounded(result, binary_of(op, value(&a, i), value(&b, i)));
      e = relative(value(&out, i), want, least_of(result)) / (op >= NL_LT ? 1 : 2 * unit_of(result));
    }
    worst = worse(worst, e);
  }
  free_array(&a);
  free_array(&b);
  free_array(&out);
  return worst;
}

static double unary_of(nl_unary_op op, double x) {
  switch (op) {
  case NL_NEG: return -x;
  case NL_ABS: return fabs(x);
  case NL_FLOOR: return floor(x);
  case NL_EXP: return exp(x);
  case NL_LOG: return log(x);
  case NL_SQRT: return sqrt(x);
  case NL_TANH: return tanh(x);
  case NL_SIN: return sin(x);
  case NL_COS: return cos(x);
  default: return isnan(x);
  }
}

static double unary_error(nl_unary_op op, nl_dtype d, int shape, layout la) {
  bool real = op >= NL_EXP;
  nl_dtype compute = compute_type(d, real), result = result_type(d, real, op == NL_ISNAN);
  array a = make_array(d, shapes[shape].ndim, shapes[shape].shape, la);
  array out = make_array(result, shapes[shape].ndim, shapes[shape].shape, DENSE);
  fill_array(&a, 300 + (uint64_t)op, true);
  need(backend->unary(device, op, compute, &a.there, &out.there), "unary");
  fetch_array(&out);
  double worst = gaps_untouched(&out) ? 0 : (double)INFINITY;
  for (int64_t i = 0; i < out.size; i++) {
    double e, want = rounded(result, unary_of(op, value(&a, i)));
    if (compute == NL_I64) {
      int64_t x = as_integer(&a, i);
      bool turns = op == NL_NEG || (op == NL_ABS && x < 0);
      wide z = turns ? -(wide)x : x;
      array exact = out; /* the rule of sums: 0 + z, saturated */
      int64_t high = result == NL_I32   ? INT32_MAX
                     : result == NL_I16 ? INT16_MAX
                     : result == NL_U8  ? 255
                                        : INT64_MAX;
      if (z > high) z = high;
      if (result == NL_U8 && z < 0) z = 0;
      e = as_integer(&exact, i) != (int64_t)z;
    } else {
      e = relative(value(&out, i), want, least_of(result)) / (op == NL_ISNAN ? 1 : 2 * unit_of(result));
    }
    worst = worse(worst, e);
  }
  free_array(&a);
  free_array(&out);
  return worst;
}

static bool where_case(nl_dtype d, int shape, layout lc, layout la) {
  array c = make_array(NL_BOOL, shapes[shape].ndim, shapes[shape].shape, lc);
  array a = make_array(d, shapes[shape].ndim, shapes[shape].shape, la);
  array b = make_array(d, shapes[shape].ndim, shapes[shape].shape, TURNED);
  array out = make_array(d, shapes[shape].ndim, shapes[shape].shape, DENSE);
  fill_array(&c, 1, false);
  fill_array(&a, 2, true);
  fill_array(&b, 3, true);
  need(backend->where(device, &c.there, &a.there, &b.there, &out.there), "where");
  fetch_array(&out);
  bool fine = gaps_untouched(&out);
  for (int64_t i = 0; i < out.size; i++)
    fine &= memcmp(element(&out, i), element(value(&c, i) != 0 ? &a : &b, i), (size_t)nl_dtype_size(d)) == 0;
  free_array(&c);
  free_array(&a);
  free_array(&b);
  free_array(&out);
  return fine;
}

void check_elementwise(void) {
  /* ulp of CUDA's functions: pow 4 (f32) and 2 (f64), tanh 2, the rest 2 at most; arithmetic is exact to
   * rounding */
  for (int op = 0; op < NL_BINARY_OPS; op++)
    for (int d = 0; d < NL_DTYPES; d++) {
      double worst = 0;
      for (int s = 0; s < SHAPES; s++)
        for (int l = 0; l < (s == SHAPES - 1 ? 1 : LAYOUTS); l++)
          worst = fmax(worst, binary_error(op, d, s, l, (l + s) % LAYOUTS));
      bool exact = op != NL_POW && (d == NL_F64 || d == NL_F32 || !nl_dtype_is_float(d));
      check_error(worst,
                  exact || op >= NL_LT ? 0
                  : op == NL_POW       ? 4.5
                                       : 1,
                  "%s %s, ulp", nl_binary_name(op), nl_dtype_name(d));
    }
  for (int op = 0; op < NL_UNARY_OPS; op++)
    for (int d = 0; d < NL_DTYPES; d++) {
      double worst = 0;
      for (int s = 0; s < SHAPES; s++)
        for (int l = 0; l < (s == SHAPES - 1 ? 1 : LAYOUTS); l++)
          worst = fmax(worst, unary_error(op, d, s, l));
      bool exact = op < NL_EXP || op == NL_ISNAN;
      check_error(worst, exact ? 0 : 3, "%s %s, ulp", nl_unary_name(op), nl_dtype_name(d));
    }
  for (int d = 0; d < NL_DTYPES; d++) {
    bool fine = true;
    for (int s = 0; s < SHAPES; s++)
      for (int l = 0; l < LAYOUTS; l++) fine &= where_case(d, s, l, (l + 1) % LAYOUTS);
    check(fine, "where %s", nl_dtype_name(d));
  }
}
