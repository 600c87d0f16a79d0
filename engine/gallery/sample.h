/* What generators share: streams of random numbers and the choice of places. */
#ifndef NL_GALLERY_SAMPLE_H
#define NL_GALLERY_SAMPLE_H

#include <numlab/gallery.h>
#include <numlab/random.h>

enum { NL_STREAM_SOLUTION = 1, NL_STREAM_PLACES, NL_STREAM_VALUES, NL_STREAM_SIGNS };

/* ARG unless density is in 0..1, SHAPE unless 0 <= n < 2^31. */
nl_status nl_gallery_check(const char *what, int64_t n, double density);

/* round(density * total) */
int64_t nl_gallery_count(double density, int64_t total);

/* Place number k of count strata over 0 .. total - 1: ascending in k, no place twice. count <= total. */
int64_t nl_gallery_place(uint64_t seed, int64_t k, int64_t count, int64_t total);

#endif
