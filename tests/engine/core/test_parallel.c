/* The pool: every element once at any count, grain and number of threads; nesting; a fork in between; items.
 */
#include "check.h"
#include <numlab/parallel.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 5000 };
static atomic_int visits[MOST];

static void visit(void *context, int64_t begin, int64_t end) {
  (void)context;
  for (int64_t i = begin; i < end; i++) atomic_fetch_add(&visits[i], 1);
}

static void clear(void) {
  for (int i = 0; i < MOST; i++) atomic_store(&visits[i], 0);
}

static void check_once(int64_t count, int64_t grain) {
  clear();
  nl_parallel_for(count, grain, visit, NULL);
  for (int64_t i = 0; i < MOST; i++)
    if (visits[i] != (i < count))
      fail_msg("element %d of %d visited %d times", (int)i, (int)count, visits[i]);
}

static void visits_each_once(void **state) {
  (void)state;
  const int threads[] = {1, 2, 3, 7, 16, 3};
  const int64_t counts[] = {-1, 0, 1, 2, 3, 17, 1000, MOST};
  int before = nl_threads();
  for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
    assert_ok(nl_threads_set(threads[t]));
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
      for (int64_t grain = 0; grain < 2000; grain = 3 * grain + 1) check_once(counts[c], grain);
  }
  assert_ok(nl_threads_set(before));
}

static void nest(void *context, int64_t begin, int64_t end) {
  (void)context;
  for (int64_t i = begin; i < end; i++) nl_parallel_for(100, 1, visit, NULL);
}

static void nested_regions_run_serially(void **state) {
  (void)state;
  clear();
  assert_ok(nl_threads_set(4));
  nl_parallel_for(50, 1, nest, NULL);
  for (int i = 0; i < 100; i++) assert_int_equal(visits[i], 50);
  check_once(1000, 1); /* and the pool works afterwards */
}

#if !defined(__SANITIZE_THREAD__)
/* The child of a fork has no workers; it must make its own instead of waiting for the parent's. */
static void survives_a_fork(void **state) {
  (void)state;
  int status = -1;
  assert_ok(nl_threads_set(3));
  check_once(MOST, 1);
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    clear();
    nl_parallel_for(MOST, 1, visit, NULL);
    for (int i = 0; i < MOST; i++)
      if (visits[i] != 1) _exit(1);
    _exit(0);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  check_once(MOST, 1);
}
#else
/* ThreadSanitizer refuses threads made after a fork of a threaded program. */
static void survives_a_fork(void **state) {
  (void)state;
  print_message("fork: not tried under ThreadSanitizer\n");
}
#endif

static atomic_int on_workers, on_caller;

static void who(void *context, int64_t begin, int64_t end) {
  (void)context;
  (void)begin;
  (void)end;
  atomic_fetch_add(nl_parallel_is_worker() ? &on_workers : &on_caller, 1);
}

static void parts_lie_on_the_caller_and_on_workers(void **state) {
  (void)state;
  assert_ok(nl_threads_set(3));
  nl_parallel_for(3, 1, who, NULL);
  assert_int_equal(on_caller, 1);
  assert_int_equal(on_workers, 2);
  assert_false(nl_parallel_is_worker());
}

/* --- items ------------------------------------------------------------------------------------------- */

enum { WORKERS = 4 };
static atomic_int at_work[WORKERS], clashes;

/* No two items run with the same worker's number at one time: its workspace is theirs alone. */
static void visit_item(void *context, int64_t worker, int64_t item) {
  (void)context;
  if (worker < 0 || worker >= WORKERS || atomic_fetch_add(&at_work[worker], 1) != 0)
    atomic_fetch_add(&clashes, 1);
  atomic_fetch_add(&visits[item], 1);
  if (worker >= 0 && worker < WORKERS) atomic_fetch_sub(&at_work[worker], 1);
}

static void items_from_within(void *context, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; i++) nl_parallel_items(100, WORKERS, visit_item, context);
}

static void items_run_once_each(void **state) {
  (void)state;
  const int64_t counts[] = {-1, 0, 1, 2, 3, 5, 1000, MOST};
  int before = nl_threads();
  for (int threads = 1; threads <= 6; threads++) {
    assert_ok(nl_threads_set(threads));
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
      clear();
      nl_parallel_items(counts[c], WORKERS, visit_item, NULL);
      for (int64_t i = 0; i < MOST; i++) assert_int_equal(visits[i], i < counts[c]);
    }
  }
  clear();
  nl_parallel_for(1, 1, items_from_within, NULL); /* in the caller: the pool is free */
  for (int i = 0; i < 100; i++) assert_int_equal(visits[i], 1);
  assert_int_equal(clashes, 0);
  assert_ok(nl_threads_set(before));
}

static void items_inside(void *context, int64_t worker, int64_t item) {
  (void)worker;
  (void)item;
  nl_parallel_for(3, 1, who, context);
}

/* A single item may use the whole pool itself; of several, each runs on one thread. */
static void a_single_item_finds_the_pool(void **state) {
  (void)state;
  assert_ok(nl_threads_set(3));
  atomic_store(&on_workers, 0);
  atomic_store(&on_caller, 0);
  nl_parallel_items(1, 3, items_inside, NULL);
  assert_int_equal(on_caller, 1);
  assert_int_equal(on_workers, 2);
  nl_parallel_items(30, 3, items_inside, NULL);
  assert_int_equal(on_caller + on_workers, 3 + 30);
}

static void refuses_thread_counts(void **state) {
  (void)state;
  int before = nl_threads();
  assert_int_equal(nl_threads_set(0), NL_ARG);
  assert_int_equal(nl_threads_set(257), NL_ARG);
  assert_message("threads: 257, expected 1 to 256");
  assert_int_equal(nl_threads(), before);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(visits_each_once),     cmocka_unit_test(nested_regions_run_serially),
      cmocka_unit_test(survives_a_fork),      cmocka_unit_test(parts_lie_on_the_caller_and_on_workers),
      cmocka_unit_test(items_run_once_each),  cmocka_unit_test(a_single_item_finds_the_pool),
      cmocka_unit_test(refuses_thread_counts)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
