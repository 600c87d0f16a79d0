/* What cpuid and xgetbv say, and the level it amounts to: apart, so that tests can feed machines we lack. */
#ifndef NL_CPU_DETECT_H
#define NL_CPU_DETECT_H

#include <numlab/cpu.h>
#include <stdint.h>

typedef struct nl_cpu_facts {
  uint32_t leaf1_ecx;   /* cpuid 1: FMA, OSXSAVE, AVX, F16C */
  uint32_t leaf7_ebx;   /* cpuid 7.0: AVX2, AVX-512 F DQ BW VL */
  uint32_t leaf7_1_eax; /* cpuid 7.1: AVX512_BF16 */
  uint64_t xcr0;        /* xgetbv(0): register files the operating system saves; 0 without OSXSAVE */
} nl_cpu_facts;

nl_cpu_facts nl_cpu_read_facts(void);
nl_cpu_level nl_cpu_level_from(const nl_cpu_facts *facts);

/* The level NUMLAB_CPU = text asks for on a machine of level detected; NULL or "" asks for detected.
 * ARG on an unknown name and on more than detected. */
nl_status nl_cpu_level_wanted(const char *text, nl_cpu_level detected, nl_cpu_level *out);

#endif
