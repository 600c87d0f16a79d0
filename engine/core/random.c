/* Philox4x32-10 and what is made of it: uniforms, normals, filled tensors.
 *
 * Method: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC11. Ten rounds of two 32x32 -> 64 bit products scramble a 128-bit counter (index, stream) under a 64-bit
 * key (seed). One block serves two elements: its halves are two uniforms, or one Box-Muller pair.
 * Normal (Box and Muller, 1958): r = sqrt(-2 log u), (r cos(2 pi v), r sin(2 pi v)).
 * log, cos and sin are own polynomials over +, *, / so that every machine finds the same bits. */
#include "device/device.h"
#include <math.h>
#include <numlab/interrupt.h>
#include <numlab/parallel.h>
#include <numlab/random.h>
#include <string.h>

void nl_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    uint64_t a = (uint64_t)0xD2511F53 * c0, b = (uint64_t)0xCD9E8D57 * c2;
    c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
    c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)b;
    c3 = (uint32_t)a;
    k0 += 0x9E3779B9; /* golden ratio */
    k1 += 0xBB67AE85; /* sqrt(3) - 1 */
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/* The two 64-bit halves of block number `block`. */
static void block_bits(uint64_t seed, uint64_t stream, uint64_t block, uint64_t half[2]) {
  uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)stream,
                         (uint32_t)(stream >> 32)};
  uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)}, out[4];
  nl_philox(counter, key, out);
  half[0] = (uint64_t)out[1] << 32 | out[0];
  half[1] = (uint64_t)out[3] << 32 | out[2];
}

uint64_t nl_random_bits(uint64_t seed, uint64_t stream, uint64_t index) {
  uint64_t half[2];
  block_bits(seed, stream, index / 2, half);
  return half[index % 2];
}

/* (2 k + 1) 2^-53 with the leading 52 bits k: symmetric about 1/2, exact in a double. */
static double to_uniform(uint64_t bits) { return (double)(bits >> 12 << 1 | 1) * 0x1p-53; }
static float to_uniform_f32(uint64_t bits) { return (float)(bits >> 41 << 1 | 1) * 0x1p-24f; }

double nl_random_uniform(uint64_t seed, uint64_t stream, uint64_t index) {
  return to_uniform(nl_random_bits(seed, stream, index));
}

uint64_t nl_random_below(uint64_t seed, uint64_t stream, uint64_t index, uint64_t count) {
  __extension__ typedef unsigned __int128 wide;
  return (uint64_t)((wide)nl_random_bits(seed, stream, index) * count >> 64);
}

/* --- log, cos, sin ----------------------------------------------------------------------------------- */

/* x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)); s = f / (2 + f), |s| < 0.1716:
 *   log(1 + f) = 2 atanh(s) = 2 s + s R,  R = 2 s^2/3 + 2 s^4/5 + ...,  and 2 s = f - f^2/2 + s f^2/2,
 * which leaves the exact f as the leading term. Cut after s^22/23: below 2^-56 relative.
 * Max error 0.9 ulp measured over 10^7 points of (0, 1) (tests/engine/core/test_random.c). */
double nl_random_log(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  int k = (int)(bits >> 52) - 1023;
  bits = (bits & 0xFFFFFFFFFFFFF) | (uint64_t)1023 << 52;
  double m;
  memcpy(&m, &bits, sizeof m);
  if (m >= 0x1.6a09e667f3bcdp+0) { /* sqrt(2) */
    m *= 0.5;
    k++;
  }
  double f = m - 1, s = f / (2 + f), z = s * s, half = 0.5 * f * f;
  double R = 2.0 / 23;
  for (int odd = 21; odd >= 3; odd -= 2) R = R * z + 2.0 / odd;
  R *= z;
  /* log 2 = high + low, high with 33 bits: k * high is exact */
  const double high = 0x1.62e42fee00000p-1, low = 0x1.a39ef35793c76p-33;
  return k * high - ((half - (s * (half + R) + k * low)) - f);
}

/* v = q/4 + r exactly, |r| <= 1/8, t = 2 pi r; Taylor of sin to t^17, of cos to t^18 (cut below 2^-54), then
 * the quarter turns. Max absolute error 1.7 * 2^-53 measured against libm (tests/engine/core/test_random.c).
 */
void nl_random_cossin(double v, double *cosine, double *sine) {
  int q = (int)(4 * v + 0.5);
  double t = 0x1.921fb54442d18p+2 * (v - 0.25 * q), z = t * t;
  double c = 1, s = 1; /* Horner from the last ratio: 1 - z/(a b) (1 - z/(..) (..)) */
  for (int n = 18; n >= 2; n -= 2) c = 1 - z * c / (n * (n - 1));
  for (int n = 17; n >= 3; n -= 2) s = 1 - z * s / (n * (n - 1));
  s *= t;
  switch (q & 3) {
  case 0: *cosine = c, *sine = s; break;
  case 1: *cosine = -s, *sine = c; break;
  case 2: *cosine = -c, *sine = -s; break;
  default: *cosine = s, *sine = -c; break;
  }
}

static void normal_pair(const uint64_t half[2], double pair[2]) {
  double r = sqrt(-2 * nl_random_log(to_uniform(half[0])));
  nl_random_cossin(to_uniform(half[1]), &pair[0], &pair[1]);
  pair[0] *= r;
  pair[1] *= r;
}

double nl_random_normal(uint64_t seed, uint64_t stream, uint64_t index) {
  uint64_t half[2];
  double pair[2];
  block_bits(seed, stream, index / 2, half);
  normal_pair(half, pair);
  return pair[index % 2];
}

/* --- tensors ----------------------------------------------------------------------------------------- */

typedef struct fill {
  const nl_tensor *t; /* contiguous */
  uint64_t seed, stream;
  bool normal;
} fill;

/* Elements [begin, end) of the stream, a block (two elements) at a time. */
static void fill_part(void *context, int64_t begin, int64_t end) {
  const fill *job = context;
  nl_dtype dtype = job->t->dtype;
  int64_t size = nl_dtype_size(dtype);
  char *data = nl_tensor_data(job->t);
  uint64_t half[2] = {0};
  double pair[2] = {0};
  for (int64_t i = begin; i < end && (i % 4096 > 0 || !nl_interrupted()); i++) {
    if (i == begin || i % 2 == 0) {
      block_bits(job->seed, job->stream, (uint64_t)i / 2, half);
      if (job->normal) normal_pair(half, pair);
    }
    double value = pair[i % 2];
    if (!job->normal) value = dtype == NL_F64 ? to_uniform(half[i % 2]) : (double)to_uniform_f32(half[i % 2]);
    nl_dtype_store(dtype, data + i * size, value);
  }
}

static nl_status fill_with(const char *what, const nl_tensor *t, uint64_t seed, uint64_t stream,
                           bool normal) {
  if (!nl_dtype_is_float(t->dtype))
    return nl_fail(NL_DTYPE, "%s: a %s tensor cannot hold random reals (known: f64 f32 f16 bf16)", what,
                   nl_dtype_name(t->dtype));
  if (!nl_on_cpu(t)) {
    nl_array dst = nl_array_of(t);
    return NL_DEVICE_CALL(what, t, random, normal, &dst, seed, stream);
  }
  nl_tensor whole = *t;
  bool through_copy = !nl_tensor_is_contiguous(t);
  if (through_copy) NL_TRY(nl_tensor_new_uninitialised(t->dtype, t->ndim, t->shape, &whole));
  fill job = {&whole, seed, stream, normal};
  nl_parallel_for(nl_tensor_size(t), 8192, fill_part, &job);
  nl_status s = nl_interrupted() ? nl_fail(NL_INTERRUPTED, "%s: interrupted", what) : NL_OK;
  if (through_copy && s == NL_OK) s = nl_tensor_copy(&whole, t);
  if (through_copy) nl_tensor_release(&whole);
  return s;
}

nl_status nl_random_fill_uniform(const nl_tensor *t, uint64_t seed, uint64_t stream) {
  return fill_with("rand", t, seed, stream, false);
}

nl_status nl_random_fill_normal(const nl_tensor *t, uint64_t seed, uint64_t stream) {
  return fill_with("randn", t, seed, stream, true);
}
