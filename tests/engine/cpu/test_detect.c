/* CPU levels: what cpuid's bits amount to, and what NUMLAB_CPU may ask for. */
#include "cpu/detect.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { YMM = 0x7, ZMM = 0xe7 }; /* xcr0: x87, xmm, ymm; and masks, zmm */

static void bits_become_levels(void **unused) {
  (void)unused;
  const uint32_t avx = 1u << 12 | 1u << 27 | 1u << 28 | 1u << 29, avx2 = 1u << 5;
  const uint32_t avx512 = avx2 | 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
  const struct {
    nl_cpu_facts facts;
    nl_cpu_level level;
  } machine[] = {
      {{0, 0, 0, 0}, NL_CPU_GENERIC},
      {{avx, avx2, 0, YMM}, NL_CPU_AVX2},
      {{avx & ~(1u << 12), avx2, 0, YMM}, NL_CPU_GENERIC}, /* no FMA */
      {{avx & ~(1u << 27), avx2, 0, 0}, NL_CPU_GENERIC},   /* no OSXSAVE */
      {{avx, 0, 0, YMM}, NL_CPU_GENERIC},                  /* AVX alone */
      {{avx, avx512, 1u << 5, 0x3}, NL_CPU_GENERIC},       /* upper halves of ymm are not saved */
      {{avx, avx512, 0, ZMM}, NL_CPU_AVX512},
      {{avx, avx512, 0, YMM}, NL_CPU_AVX2},               /* zmm are not saved */
      {{avx, avx512, 0, ZMM & ~0x20u}, NL_CPU_AVX2},      /* masks are not saved */
      {{avx, avx512 & ~(1u << 31), 0, ZMM}, NL_CPU_AVX2}, /* no VL */
      {{avx, avx512, 1u << 5, ZMM}, NL_CPU_AVX512BF16},
      {{avx, avx512 & ~(1u << 17), 1u << 5, ZMM}, NL_CPU_AVX2}, /* bf16 without DQ */
  };
  for (size_t i = 0; i < sizeof machine / sizeof *machine; i++)
    if (nl_cpu_level_from(&machine[i].facts) != machine[i].level) fail_msg("machine %zu", i);
}

static void detection_agrees_with_the_compiler(void **unused) {
  (void)unused;
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  assert_int_equal(nl_cpu_detected() >= NL_CPU_AVX2, avx2);
  assert_int_equal(nl_cpu_detected() >= NL_CPU_AVX512, avx512);
}

static void names(void **unused) {
  (void)unused;
  for (int i = 0; i < NL_CPU_LEVELS; i++) {
    nl_cpu_level level = NL_CPU_LEVELS;
    assert_int_equal(nl_cpu_level_parse(nl_cpu_level_name((nl_cpu_level)i), &level), NL_OK);
    assert_int_equal(level, i);
  }
  nl_cpu_level kept = NL_CPU_AVX2;
  assert_int_equal(nl_cpu_level_parse("AVX2", &kept), NL_ARG);
  assert_string_equal(nl_message(), "unknown level 'AVX2' (known: generic, avx2, avx512, avx512bf16)");
  assert_int_equal(kept, NL_CPU_AVX2);
  assert_string_equal(nl_cpu_level_name(NL_CPU_LEVELS), "?");
}

static void what_may_be_asked(void **unused) {
  (void)unused;
  nl_cpu_level level = NL_CPU_LEVELS;
  assert_int_equal(nl_cpu_level_wanted(NULL, NL_CPU_AVX2, &level), NL_OK);
  assert_int_equal(level, NL_CPU_AVX2);
  assert_int_equal(nl_cpu_level_wanted("", NL_CPU_AVX512, &level), NL_OK);
  assert_int_equal(level, NL_CPU_AVX512);
  assert_int_equal(nl_cpu_level_wanted("generic", NL_CPU_AVX2, &level), NL_OK);
  assert_int_equal(level, NL_CPU_GENERIC);
  assert_int_equal(nl_cpu_level_wanted("avx512", NL_CPU_AVX2, &level), NL_ARG);
  assert_string_equal(nl_message(), "NUMLAB_CPU: level avx512 is more than this machine has (avx2)");
  assert_int_equal(nl_cpu_level_wanted("fast", NL_CPU_AVX2, &level), NL_ARG);
  assert_non_null(strstr(nl_message(), "NUMLAB_CPU: unknown level 'fast'"));
  assert_int_equal(level, NL_CPU_GENERIC);
}

static void the_environment(void **unused) {
  (void)unused;
  setenv("NUMLAB_CPU", "generic", 1);
  assert_int_equal(nl_cpu_level_in_use(), NL_CPU_GENERIC);
  assert_int_equal(nl_cpu_check(), NL_OK);
  setenv("NUMLAB_CPU", "z80", 1);
  assert_int_equal(nl_cpu_level_in_use(), nl_cpu_detected());
  assert_int_equal(nl_cpu_check(), NL_ARG);
  unsetenv("NUMLAB_CPU");
  assert_int_equal(nl_cpu_check(), NL_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bits_become_levels),
      cmocka_unit_test(detection_agrees_with_the_compiler),
      cmocka_unit_test(names),
      cmocka_unit_test(what_may_be_asked),
      cmocka_unit_test(the_environment),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
