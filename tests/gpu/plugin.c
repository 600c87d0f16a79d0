/* Arrays on both sides, TAP lines, error norms. */
#include "plugin.h"
#include <math.h>
#include <numlab/random.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const layout_name[LAYOUTS] = {"dense", "turned", "gappy", "backward", "expanded"};
int lines, failures; /* of main */

bool check(bool pass, const char *format, ...) {
  va_list args;
  va_start(args, format);
  printf("%sok %d - ", pass ? "" : "not ", ++lines);
  vprintf(format, args);
  printf("\n");
  va_end(args);
  failures += !pass;
  return pass;
}

bool check_error(double error, double bound, const char *format, ...) {
  char what[256];
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  return check(error <= bound, "%s: error %.3g, at most %.3g", what, error, bound);
}

void need(nl_status s, const char *what) {
  if (s == NL_OK) return;
  printf("Bail out! %s: %s: %s\n", what, nl_status_name(s), nl_message());
  exit(1);
}

/* --- arrays -------------------------------------------------------------------------------------------- */

array make_array(nl_dtype dtype, int ndim, const int64_t *shape, layout how) {
  array a = {.there = {.dtype = dtype, .ndim = ndim}, .size = 1};
  int64_t step = how == GAPPY ? 3 : 1;
  for (int i = 0; i < ndim; i++) {
    int d = how == TURNED ? i : ndim - 1 - i;
    a.there.shape[d] = shape[d];
    a.there.stride[d] = step;
    step *= shape[d];
    a.size *= shape[d];
  }
  a.first = how == GAPPY ? 1 : 0;
  a.room = step + 1;
  if (ndim > 0 && how == BACKWARD && a.size > 0) a.first = (shape[0] - 1) * a.there.stride[0];
  if (ndim > 0 && how == BACKWARD) a.there.stride[0] *= -1;
  if (ndim > 0 && how == EXPANDED) a.there.stride[0] = 0;
  int64_t bytes = a.room * nl_dtype_size(dtype);
  a.base = malloc((size_t)bytes);
  if (!a.base) need(NL_NOMEM, "host memory");
  memset(a.base, 0xAB, (size_t)bytes);
  need(backend->alloc(device, bytes, NL_RESULT, &a.block), "alloc");
  need(backend->upload(device, a.block, a.base, bytes), "upload");
  a.there.data = (char *)a.block + a.first * nl_dtype_size(dtype);
  return a;
}

static int64_t place(const array *a, int64_t i) {
  int64_t at = a->first;
  for (int d = a->there.ndim - 1; d >= 0; d--) {
    at += i % a->there.shape[d] * a->there.stride[d];
    i /= a->there.shape[d];
  }
  return at;
}

void *element(const array *a, int64_t i) { return a->base + place(a, i) * nl_dtype_size(a->there.dtype); }
double value(const array *a, int64_t i) { return nl_dtype_load(a->there.dtype, element(a, i)); }

void fill_array(array *a, uint64_t seed, bool special) {
  static const double rare[] = {NAN,    INFINITY, -INFINITY, 0,     -0.0,    1e-40,
                                -3e-42, 65519,    65520,     1e300, -1e-310, 2.5};
  enum { RARE = sizeof rare / sizeof *rare };
  nl_dtype dtype = a->there.dtype;
  int64_t size = nl_dtype_size(dtype);
  for (int64_t i = 0; i < a->size; i++) {
    uint64_t bits = nl_random_bits(seed, 1, (uint64_t)i);
    double x = 2 * nl_random_normal(seed, 2, (uint64_t)i);
    if (special && bits % 8 == 0) x = rare[bits / 8 % RARE];
    if (nl_dtype_is_float(dtype)) nl_dtype_store(dtype, element(a, i), x);
    else if (dtype == NL_BOOL) *(uint8_t *)element(a, i) = bits % 2;
    else memcpy(element(a, i), &bits, (size_t)size); /* little-endian: the low bytes */
    if (!nl_dtype_is_float(dtype) && dtype != NL_BOOL && bits % 4 != 0)
      nl_dtype_store(dtype, element(a, i), 3 * x);
  }
  need(backend->upload(device, a->block, a->base, a->room * size), "upload");
}

void fetch_array(array *a) {
  need(backend->download(device, a->base, a->block, a->room * nl_dtype_size(a->there.dtype)), "download");
}

void free_array(array *a) {
  backend->free(device, a->block);
  free(a->base);
}

bool gaps_untouched(const array *a) {
  int64_t size = nl_dtype_size(a->there.dtype);
  char *used = calloc((size_t)a->room, 1);
  bool fine = used != NULL;
  for (int64_t i = 0; fine && i < a->size; i++) used[place(a, i)] = 1;
  for (int64_t i = 0; fine && i < a->room * size; i++)
    fine = used[i / size] || (unsigned char)a->base[i] == 0xAB;
  free(used);
  return fine;
}

/* --- errors -------------------------------------------------------------------------------------------- */

double relative(double got, double want, double least) {
  if (got == want) return 0;
  if (isnan(want)) return isnan(got) ? 0 : (double)INFINITY;
  if (isinf(want) || isinf(got)) return (double)INFINITY;
  return fabs(got - want) / fmax(fabs(want), least);
}

double worse(double worst, double error) { return isnan(error) ? (double)INFINITY : fmax(worst, error); }

double unit_of(nl_dtype dtype) {
  return dtype == NL_F64    ? 0x1p-53
         : dtype == NL_F32  ? 0x1p-24
         : dtype == NL_F16  ? 0x1p-11
         : dtype == NL_BF16 ? 0x1p-8
                            : 0;
}

double least_of(nl_dtype dtype) { return dtype == NL_F64 ? 0x1p-1022 : dtype == NL_F16 ? 0x1p-14 : 0x1p-126; }

double rounded(nl_dtype dtype, double x) {
  char bytes[8];
  nl_dtype_store(dtype, bytes, x);
  return nl_dtype_load(dtype, bytes);
}
