/* Which instruction sets the kernels may use. Levels are bundles, each containing the one before; a level
 * counts only when the processor has every part of it and the operating system saves its registers. */
#ifndef NUMLAB_CPU_H
#define NUMLAB_CPU_H

#include <numlab/status.h>

typedef enum nl_cpu_level {
  NL_CPU_GENERIC,    /* what every machine of this architecture has */
  NL_CPU_AVX2,       /* AVX, AVX2, FMA, F16C */
  NL_CPU_AVX512,     /* AVX-512 F, BW, DQ, VL */
  NL_CPU_AVX512BF16, /* AVX512_BF16 */
  NL_CPU_LEVELS
} nl_cpu_level;

const char *nl_cpu_level_name(nl_cpu_level level); /* "avx512" */

/* ARG on an unknown name, listing the known ones. */
nl_status nl_cpu_level_parse(const char *name, nl_cpu_level *out);

/* The highest level of this machine. */
nl_cpu_level nl_cpu_detected(void);

/* The level in use: NUMLAB_CPU where it names a level this machine has, else the detected one. */
nl_cpu_level nl_cpu_level_in_use(void);

/* The level whose kernels run at the level in use: a level without kernels of its own keeps those below. */
nl_cpu_level nl_cpu_level_of_kernels(void);

/* For the start of the program: ARG when NUMLAB_CPU is unknown or more than the machine has, INTERNAL when a
 * kernel table contradicts itself. */
nl_status nl_cpu_check(void);

#endif
