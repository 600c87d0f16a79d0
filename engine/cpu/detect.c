/* CPU levels: cpuid for what the processor can, xgetbv for what the operating system keeps across a task
 * switch. Bits from Intel's Software Developer's Manual, volume 1, chapters 13 to 15. */
#include "detect.h"
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

static const char *const level_names[NL_CPU_LEVELS] = {"generic", "avx2", "avx512", "avx512bf16"};

const char *nl_cpu_level_name(nl_cpu_level level) {
  return (unsigned)level < NL_CPU_LEVELS ? level_names[level] : "?";
}

nl_status nl_cpu_level_parse(const char *name, nl_cpu_level *out) {
  for (int i = 0; i < NL_CPU_LEVELS; i++)
    if (strcmp(name, level_names[i]) == 0) {
      *out = (nl_cpu_level)i;
      return NL_OK;
    }
  return nl_fail(NL_ARG, "unknown level '%s' (known: generic, avx2, avx512, avx512bf16)", name);
}

nl_status nl_cpu_level_wanted(const char *text, nl_cpu_level detected, nl_cpu_level *out) {
  nl_cpu_level wanted = detected;
  if (text && *text && nl_cpu_level_parse(text, &wanted) != NL_OK)
    return nl_fail(NL_ARG, "NUMLAB_CPU: %s", nl_message());
  if (wanted > detected)
    return nl_fail(NL_ARG, "NUMLAB_CPU: level %s is more than this machine has (%s)", text,
                   nl_cpu_level_name(detected));
  *out = wanted;
  return NL_OK;
}

/* --- the machine ------------------------------------------------------------------------------------- */

#if defined(__x86_64__)
static uint64_t xgetbv0(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

nl_cpu_facts nl_cpu_read_facts(void) {
  nl_cpu_facts facts = {0};
  unsigned a, b, c, d, subleaves;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return facts;
  facts.leaf1_ecx = c;
  if (c >> 27 & 1) facts.xcr0 = xgetbv0(); /* without OSXSAVE the instruction itself would trap */
  if (!__get_cpuid_count(7, 0, &subleaves, &b, &c, &d)) return facts;
  facts.leaf7_ebx = b;
  if (subleaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) facts.leaf7_1_eax = a;
  return facts;
}
#else
nl_cpu_facts nl_cpu_read_facts(void) { return (nl_cpu_facts){0}; }
#endif

nl_cpu_level nl_cpu_level_from(const nl_cpu_facts *facts) {
  const uint32_t avx = 1u << 12 | 1u << 27 | 1u << 28 | 1u << 29; /* FMA, OSXSAVE, AVX, F16C */
  const uint32_t avx2 = 1u << 5;
  const uint32_t avx512 = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31; /* F, DQ, BW, VL */
  const uint32_t bf16 = 1u << 5;
  const uint64_t saves_ymm = 1u << 1 | 1u << 2;                       /* xmm, upper halves of ymm */
  const uint64_t saves_zmm = saves_ymm | 1u << 5 | 1u << 6 | 1u << 7; /* masks, zmm 0-15, zmm 16-31 */
  if ((facts->leaf1_ecx & avx) != avx || (facts->leaf7_ebx & avx2) != avx2 ||
      (facts->xcr0 & saves_ymm) != saves_ymm)
    return NL_CPU_GENERIC;
  if ((facts->leaf7_ebx & avx512) != avx512 || (facts->xcr0 & saves_zmm) != saves_zmm) return NL_CPU_AVX2;
  return facts->leaf7_1_eax & bf16 ? NL_CPU_AVX512BF16 : NL_CPU_AVX512;
}

nl_cpu_level nl_cpu_detected(void) {
  nl_cpu_facts facts = nl_cpu_read_facts();
  return nl_cpu_level_from(&facts);
}

nl_cpu_level nl_cpu_level_in_use(void) {
  nl_cpu_level detected = nl_cpu_detected(), level;
  return nl_cpu_level_wanted(getenv("NUMLAB_CPU"), detected, &level) == NL_OK ? level : detected;
}
