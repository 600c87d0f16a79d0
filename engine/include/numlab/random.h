/* Random numbers as functions of (seed, stream, index): Philox4x32-10.
 *
 * There is no state: element i of a stream is the same number whoever computes it, in whatever order, on any
 * number of threads. Only +, *, / and sqrt are used, so another machine or a GPU finds the same bits.
 */
#ifndef NUMLAB_RANDOM_H
#define NUMLAB_RANDOM_H

#include <numlab/tensor.h>

/* The raw generator: 128 random bits for a counter under a key (Salmon et al., SC11). */
void nl_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* 64 random bits. */
uint64_t nl_random_bits(uint64_t seed, uint64_t stream, uint64_t index);
/* Uniform on the odd multiples of 2^-53 in (0, 1): 0 and 1 never come. */
double nl_random_uniform(uint64_t seed, uint64_t stream, uint64_t index);
/* Standard normal; |value| < 8.6. */
double nl_random_normal(uint64_t seed, uint64_t stream, uint64_t index);
/* Uniform on 0 .. count-1, count >= 1; bias below count / 2^64. */
uint64_t nl_random_below(uint64_t seed, uint64_t stream, uint64_t index, uint64_t count);

/* Element i (row-major) of t becomes element i of the stream; any strides. f32 uniforms are the odd multiples
 * of 2^-24 made from the leading bits of the f64 ones; other values are the f64 ones rounded once, f16 and
 * bf16 uniforms from f32, so that rounding may reach 1 there. DTYPE for types that are not floats. */
nl_status nl_random_fill_uniform(const nl_tensor *t, uint64_t seed, uint64_t stream);
nl_status nl_random_fill_normal(const nl_tensor *t, uint64_t seed, uint64_t stream);

/* log(x) for finite normal x > 0, cos(2 pi v) and sin(2 pi v) for 0 <= v < 1, by own polynomials. */
double nl_random_log(double x);
void nl_random_cossin(double v, double *cosine, double *sine);

#endif
