/* The allocator: alignment, counters, limit, failure on command, texts. */
#include "check.h"
#include <numlab/parallel.h>

static void counts_and_aligns(void **state) {
  (void)state;
  nl_memory_counts before = nl_memory();
  for (int64_t n = 0; n < 300; n += 7) {
    nl_memory_kind kind = n % 2 ? NL_WORKSPACE : NL_RESULT;
    char *p = nl_alloc_zeroed(n, 3, kind);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 64, 0);
    for (int64_t i = 0; i < 3 * n; i++) assert_int_equal(p[i], 0);
    nl_memory_counts now = nl_memory();
    assert_int_equal(now.live - before.live, 3 * n);
    assert_int_equal(now.live_kind[kind] - before.live_kind[kind], 3 * n);
    assert_int_equal(now.blocks - before.blocks, 1);
    nl_free(p);
  }
  nl_free(NULL);
  assert_int_equal(nl_memory().live, before.live);
}

static void keeps_the_peak(void **state) {
  (void)state;
  nl_memory_reset_peak();
  int64_t start = nl_memory().live;
  nl_free(nl_alloc(5000, 1, NL_WORKSPACE));
  void *small = nl_alloc(100, 1, NL_RESULT);
  assert_int_equal(nl_memory().peak - start, 5000);
  nl_memory_reset_peak();
  assert_int_equal(nl_memory().peak - start, 100);
  nl_free(small);
}

static void reallocates(void **state) {
  (void)state;
  int *p = nl_realloc(NULL, 4, sizeof *p);
  assert_non_null(p);
  for (int i = 0; i < 4; i++) p[i] = i;
  p = nl_realloc(p, 1000, sizeof *p);
  for (int i = 0; i < 4; i++) assert_int_equal(p[i], i);
  p = nl_realloc(p, 2, sizeof *p);
  assert_int_equal(p[1], 1);
  nl_memory_fail_at(1, false);
  assert_null(nl_realloc(p, 50, sizeof *p));
  assert_int_equal(p[1], 1); /* the old block stays */
  nl_free(p);
}

static void refuses(void **state) {
  (void)state;
  int64_t limit = nl_memory().limit;
  assert_null(nl_alloc(-1, 8, NL_RESULT));
  assert_null(nl_alloc(INT64_MAX / 4, 8, NL_RESULT));
  assert_message("more than can be addressed");
  assert_ok(nl_memory_set_limit(nl_memory().live + 1000));
  assert_null(nl_alloc(1001, 1, NL_RESULT));
  assert_message("out of memory: 1001 bytes wanted, 1000 free");
  void *p = nl_alloc(1000, 1, NL_RESULT);
  assert_non_null(p);
  assert_null(nl_alloc(1, 1, NL_RESULT));
  nl_free(p);
  assert_int_equal(nl_memory_set_limit(0), NL_ARG);
  assert_ok(nl_memory_set_limit(limit));
}

static void fails_on_command(void **state) {
  (void)state;
  nl_memory_fail_at(3, false);
  void *a = nl_alloc(1, 1, NL_RESULT), *b = nl_alloc(1, 1, NL_RESULT);
  assert_true(a && b);
  assert_null(nl_alloc(1, 1, NL_RESULT));
  void *c = nl_alloc(1, 1, NL_RESULT);
  assert_non_null(c);
  nl_memory_fail_at(1, true);
  assert_null(nl_alloc(1, 1, NL_RESULT));
  assert_null(nl_alloc(1, 1, NL_RESULT));
  nl_memory_fail_at(0, false);
  nl_free(a);
  nl_free(b);
  nl_free(c);
}

static void reads_sizes(void **state) {
  (void)state;
  const struct {
    const char *text;
    int64_t bytes;
  } good[] = {{"1", 1},
              {"100B", 100},
              {"2KiB", 2048},
              {"1.5MiB", 1572864},
              {"4GiB", INT64_C(4) << 30},
              {"1TiB", INT64_C(1) << 40}};
  const char *const bad[] = {"",   "x",   "-1",    "0",   "1e9", "0x10",          " 1",
                             "1 ", "1GB", "1.2.3", "inf", "nan", "99999999999TiB"};
  int64_t bytes;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    assert_ok(nl_memory_parse(good[i].text, &bytes));
    assert_int_equal(bytes, good[i].bytes);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(nl_memory_parse(bad[i], &bytes), NL_ARG);
}

static void churn(void *context, int64_t begin, int64_t end) {
  (void)context;
  for (int64_t i = begin; i < end; i++) nl_free(nl_alloc(i % 100, 8, NL_WORKSPACE));
}

static void counts_across_threads(void **state) {
  (void)state;
  int64_t live = nl_memory().live, blocks = nl_memory().blocks;
  int before = nl_threads();
  assert_ok(nl_threads_set(4));
  nl_parallel_for(20000, 1, churn, NULL);
  assert_ok(nl_threads_set(before));
  assert_int_equal(nl_memory().live, live);
  assert_int_equal(nl_memory().blocks, blocks);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(counts_and_aligns),    cmocka_unit_test(keeps_the_peak),
                                     cmocka_unit_test(reallocates),          cmocka_unit_test(refuses),
                                     cmocka_unit_test(fails_on_command),     cmocka_unit_test(reads_sizes),
                                     cmocka_unit_test(counts_across_threads)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
