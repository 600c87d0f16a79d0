/* Opening libraries: what is told of those that are there and of those that are not. */
#include "external/library.h"
#include "systems.h"

static void describes_every_library(void **state) {
  (void)state;
  assert_true(nl_external_count() >= 5);
  for (int i = 0; i < nl_external_count(); i++) {
    nl_external e;
    assert_int_equal(nl_external_describe(i, &e), NL_OK);
    assert_true(*e.name && *e.needed_for && *e.cost && *e.package);
    if (e.found) assert_true(e.path[0] == '/' && e.version[0] >= '0' && e.version[0] <= '9' && !*e.problem);
    else assert_true(*e.problem && !*e.path);
  }
  nl_external e;
  assert_int_equal(nl_external_describe(-1, &e), NL_ARG);
  assert_int_equal(nl_external_describe(nl_external_count(), &e), NL_ARG);
}

static void describes_what_is_switched_off(void **state) {
  (void)state;
  setenv("NUMLAB_EXTERNAL", "klu", 1);
  for (int i = 0; i < nl_external_count(); i++) {
    nl_external e;
    assert_int_equal(nl_external_describe(i, &e), NL_OK);
    if (strcmp(e.name, "klu") == 0) assert_false(e.found);
    if (strcmp(e.name, "klu") == 0) assert_string_equal(e.problem, "switched off by NUMLAB_EXTERNAL");
    if (!e.found) assert_true(*e.problem);
  }
  unsetenv("NUMLAB_EXTERNAL");
}

static void follows_the_thread_count(void **state) {
  (void)state;
  if (missing(&nl_method_lapack)) return;
  int before = nl_threads();
  for (int threads = 1; threads <= 2; threads++) {
    nl_external e;
    assert_int_equal(nl_threads_set(threads), NL_OK);
    assert_int_equal(nl_external_describe(0, &e), NL_OK);
    if (strstr(e.kernels, "OpenBLAS")) assert_int_equal(e.threads, threads);
  }
  nl_threads_set(before);
}

/* A library of our own making: names that do not exist, functions that do not. */
static struct { void (*function)(void); } table;

static void tells_why_not(void **state) {
  (void)state;
  const char *const nowhere[] = {"libnumlab-no-such.so.1", "libnumlab-no-such.so.0", NULL};
  const char *const libm[] = {"libnumlab-no-such.so.1", "libm.so.6", NULL};
  nl_symbol symbols[] = {{"numlab_no_such_function", 0, false}, {NULL, 0, false}};
  nl_library a = {.name = "a",
                  .candidates = nowhere,
                  .symbols = symbols,
                  .table = &table,
                  .cost = "COST",
                  .package = "liba1"};
  nl_library b = {.name = "b",
                  .candidates = libm + 1,
                  .symbols = symbols,
                  .table = &table,
                  .cost = "COST",
                  .package = "libb1"};
  nl_library c = {.name = "c",
                  .candidates = libm,
                  .symbols = symbols,
                  .table = &table,
                  .cost = "COST",
                  .package = "libc1"};
  assert_int_equal(nl_library_open(&a), NL_UNAVAILABLE);
  assert_message_has("a is not available (libnumlab-no-such.so.1: cannot open shared object file");
  assert_message_has("COST; get it with: apt install liba1");
  assert_int_equal(nl_library_open(&b), NL_UNAVAILABLE);
  assert_message_has("libm.so.6 has no numlab_no_such_function");
  symbols[0].name = "cos"; /* the second name serves */
  assert_int_equal(nl_library_open(&c), NL_OK);
  assert_non_null(table.function);
  symbols[0] = (nl_symbol){"numlab_no_such_function", 0, true};
  assert_int_equal(nl_library_open(&b), NL_OK);
  assert_null(table.function);
  setenv("NUMLAB_TEST_PATH", "/nowhere/libm.so.6", 1); /* a path chosen by the user is the only one tried */
  nl_library d = {.name = "d",
                  .path_variable = "NUMLAB_TEST_PATH",
                  .candidates = libm,
                  .symbols = symbols,
                  .table = &table,
                  .cost = "COST",
                  .package = "libd1"};
  assert_int_equal(nl_library_open(&d), NL_UNAVAILABLE);
  assert_message_has("/nowhere/libm.so.6");
}

static void refuses_sizes_beyond_32_bits(void **state) {
  (void)state;
  int n = -1;
  assert_int_equal(nl_library_int("n", INT32_MAX, &n), NL_OK);
  assert_int_equal(n, INT32_MAX);
  assert_int_equal(nl_library_int("klu: n", INT64_C(1) << 31, &n), NL_UNSUPPORTED);
  assert_message_has("klu: n is 2147483648, beyond the 2147483647");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(describes_every_library),      cmocka_unit_test(describes_what_is_switched_off),
      cmocka_unit_test(follows_the_thread_count),     cmocka_unit_test(tells_why_not),
      cmocka_unit_test(refuses_sizes_beyond_32_bits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
