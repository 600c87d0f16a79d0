/* Transposing at the rate of memory: whole cache lines are read and whole lines written. */
#ifndef NL_CORE_TURN_H
#define NL_CORE_TURN_H

#include <numlab/tensor.h>

/* out[j*width + i] = X[i*line + j] for 0 <= i < lines, 0 <= j < few; both small enough for a cache. */
void nl_turn_f64(int64_t lines, int64_t few, const double *X, int64_t line, double *out, int64_t width);
void nl_turn_f32(int64_t lines, int64_t few, const float *X, int64_t line, float *out, int64_t width);

/* A tensor as planes, of its dimension d and its last one, d < last: how many there are, and elements from
 * the first of the tensor to the first of plane n (row-major over the other dimensions). */
int64_t nl_planes(const nl_tensor *t, int d);
int64_t nl_plane_offset(const nl_tensor *t, int d, int64_t n);

/* Elements of src into dst, of one shape, if both are f64 or both f32, rows of dst lie in one piece and what
 * lies so in src is another dimension; false, and nothing done, otherwise. If it polls, dst is partly written
 * after an interrupt. */
bool nl_copy_turned(const nl_tensor *src, const nl_tensor *dst, bool polls);

#endif
