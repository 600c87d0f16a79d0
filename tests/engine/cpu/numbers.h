/* For the tests of kernels: numbers of either type, random ones, and a walk over levels. Each program defines
 * its own `state`, so that its numbers stay its own. */
#ifndef TESTS_CPU_NUMBERS_H
#define TESTS_CPU_NUMBERS_H

#include "check.h"
#include "cpu/kernels.h"
#include <float.h>
#include <stdlib.h>

static uint64_t state;

static inline double draw_from(double from, double to) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return from + (to - from) * ((double)(state >> 11) * 0x1p-53);
}

static inline double load(nl_dtype t, const void *x, int64_t i) {
  return t == NL_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}
static inline void store(nl_dtype t, void *x, int64_t i, double v) {
  if (t == NL_F32) ((float *)x)[i] = (float)v;
  else ((double *)x)[i] = v;
}

/* Both types of every level this machine has. */
static inline void at_every_level(void (*test)(nl_dtype t, const nl_dense_kernels *k)) {
  for (int level = 0; level <= (int)nl_cpu_detected(); level++)
    for (nl_dtype t = NL_F64; t <= NL_F32; t++) test(t, &nl_kernels_at((nl_cpu_level)level)->dense[t]);
}

#endif
