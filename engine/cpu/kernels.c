/* Fills a kernel table for each level by climbing: reference first, then whatever a level does better. */
#include "kernels.h"
#include "detect.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static nl_kernels tables[NL_CPU_LEVELS];
static pthread_once_t filled = PTHREAD_ONCE_INIT;
static _Atomic(const nl_kernels *) in_use;

/* The staircase, one line a level. */
static void climb(nl_kernels *table, nl_cpu_level level) {
  nl_kernels_generic(table);
#if defined(__x86_64__)
  if (level >= NL_CPU_AVX2) nl_kernels_avx2(table);
  if (level >= NL_CPU_AVX512) nl_kernels_avx512(table);
#else
  (void)level;
#endif
}

static void fill(void) {
  for (int level = 0; level < NL_CPU_LEVELS; level++) climb(&tables[level], (nl_cpu_level)level);
}

const nl_kernels *nl_kernels_at(nl_cpu_level level) {
  pthread_once(&filled, fill);
  return &tables[level];
}

const nl_kernels *nl_kernels_in_use(void) {
  const nl_kernels *known = atomic_load_explicit(&in_use, memory_order_acquire);
  if (known) return known;
  const nl_kernels *fresh = nl_kernels_at(nl_cpu_level_in_use());
  atomic_compare_exchange_strong(&in_use, &known, fresh);
  return atomic_load(&in_use);
}

nl_status nl_kernels_use(nl_cpu_level level) {
  nl_cpu_level wanted;
  NL_TRY(nl_cpu_level_wanted(nl_cpu_level_name(level), nl_cpu_detected(), &wanted));
  atomic_store(&in_use, nl_kernels_at(wanted));
  return NL_OK;
}

nl_cpu_level nl_cpu_level_of_kernels(void) { return nl_kernels_in_use()->level; }

/* --- the tables check themselves ---------------------------------------------------------------------- */

nl_status nl_kernels_verify(const nl_kernels *table) {
  for (int d = NL_F64; d <= NL_F32; d++) {
    const nl_dense_kernels *k = &table->dense[d];
    const nl_gemm_kernel *g = &k->gemm;
    const char *type = nl_dtype_name((nl_dtype)d), *level = nl_cpu_level_name(table->level);
    const char *missing = !g->tile          ? "gemm"
                          : !k->dot         ? "dot"
                          : !k->axpy        ? "axpy"
                          : !k->scale       ? "scale"
                          : !k->update      ? "update"
                          : !k->largest     ? "largest"
                          : !k->maximum     ? "maximum"
                          : !k->sum         ? "sum"
                          : !k->sum_squares ? "sum_squares"
                          : !k->highest     ? "highest"
                          : !k->find        ? "find"
                          : !k->exp_sum     ? "exp_sum"
                          : !k->rows_dot    ? "rows_dot"
                          : !k->rows_sum    ? "rows_sum"
                          : !k->squash      ? "squash"
                                            : NULL;
    if (missing) return nl_fail(NL_INTERNAL, "kernels %s %s: %s is missing", level, type, missing);
    if (g->mr < 1 || g->nr < 1 || g->kc < 1 || g->mc < g->mr || g->nc < g->nr)
      return nl_fail(NL_INTERNAL, "kernels %s %s: gemm has a block size below its tile", level, type);
    if (g->mc % g->mr != 0)
      return nl_fail(NL_INTERNAL, "kernels %s %s: gemm mc %" PRId64 " is no multiple of mr %" PRId64, level,
                     type, g->mc, g->mr);
    if (g->nc % g->nr != 0)
      return nl_fail(NL_INTERNAL, "kernels %s %s: gemm nc %" PRId64 " is no multiple of nr %" PRId64, level,
                     type, g->nc, g->nr);
  }
  for (int d = NL_F16; d <= NL_BF16; d++)
    if (!table->widen[d])
      return nl_fail(NL_INTERNAL, "kernels %s %s: widen is missing", nl_cpu_level_name(table->level),
                     nl_dtype_name((nl_dtype)d));
  return NL_OK;
}

nl_status nl_cpu_check(void) {
  nl_cpu_level level;
  NL_TRY(nl_cpu_level_wanted(getenv("NUMLAB_CPU"), nl_cpu_detected(), &level));
  return nl_kernels_verify(nl_kernels_in_use());
}
