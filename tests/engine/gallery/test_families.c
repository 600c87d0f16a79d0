/* The table of families: names in order, defaults that work, seeds, threads, misuse, failing allocations. */
#include "gallery/systems.h"
#include <numlab/interrupt.h>

static void are_listed_by_name(void **state) {
  (void)state;
  int count = 0;
  while (nl_gallery_family(count)) count++;
  assert_true(count >= 22);
  for (int i = 0; i < count; i++) {
    const nl_family *family = nl_gallery_family(i);
    assert_true(i == 0 || strcmp(nl_gallery_family(i - 1)->name, family->name) < 0);
    assert_true(!family->sparse != !family->dense);
  }
  assert_null(nl_gallery_family(-1));
}

/* From the least n on, every family is square and finite; it depends on n, the parameters and the seed only.
 */
static void make_finite_matrices_again_and_again(void **state) {
  (void)state;
  const nl_family *family;
  for (int i = 0; (family = nl_gallery_family(i)) != NULL; i++)
    for (int64_t n = family->least; n < family->least + 6; n++) {
      int64_t order, again;
      double *A = family_image(family->name, n, NULL, 3, &order);
      double *B = family_image(family->name, n, NULL, 3, &again);
      for (int64_t p = 0; p < order * order; p++) assert_true(isfinite(A[p]));
      assert_true(order == again && order >= n);
      assert_memory_equal(A, B, (size_t)(order * order + 1) * sizeof *A);
      free(A);
      free(B);
    }
}

static void follow_the_seed_where_random(void **state) {
  (void)state;
  const nl_family *family;
  for (int i = 0; (family = nl_gallery_family(i)) != NULL; i++) {
    int64_t order, again;
    double *A = family_image(family->name, 6, NULL, 1, &order);
    double *B = family_image(family->name, 6, NULL, 2, &again);
    bool random = strcmp(family->name, "randsvd") == 0 || strcmp(family->name, "graded") == 0 ||
                  strcmp(family->name, "wathen") == 0;
    assert_true((memcmp(A, B, (size_t)(order * order) * sizeof *A) != 0) == random);
    free(A);
    free(B);
  }
}

static void same_bits_at_any_thread_count(void **state) {
  (void)state;
  int before = nl_threads();
  int64_t order;
  assert_ok(nl_threads_set(1));
  double *A = family_image("randsvd", 150, NULL, 1, &order);
  for (int threads = 2; threads < 5; threads++) {
    assert_ok(nl_threads_set(threads));
    double *B = family_image("randsvd", 150, NULL, 1, &order);
    assert_memory_equal(A, B, (size_t)(order * order) * sizeof *A);
    free(B);
  }
  assert_ok(nl_threads_set(before));
  free(A);
}

static void refuse_what_is_out_of_range(void **state) {
  (void)state;
  static const struct misuse {
    const char *name;
    int64_t n;
    double parameter[3];
    nl_status status;
    const char *message;
  } cases[] = {
      {"hilbert", -1, {0}, NL_ARG, "hilbert: n is -1, expected 0 to 2^31 - 1"},
      {"hilbert", INT64_C(1) << 31, {0}, NL_ARG, "hilbert: n is 2147483648"},
      {"condex", 3, {100, 4}, NL_ARG, "condex: n is 3, expected 4"},
      {"condex", 4, {100, 5}, NL_ARG, "condex: k is 5, expected 1, 2, 3 or 4"},
      {"condex", 4, {0, 1}, NL_ARG, "theta must not be 0"},
      {"chebspec", 4, {2}, NL_ARG, "chebspec: k is 2, expected 0 (singular) or 1"},
      {"dorr", 4, {0}, NL_ARG, "dorr: theta is 0, expected above 0"},
      {"kahan", 4, {-1, 25}, NL_ARG, "kahan: theta is -1, expected inside (0, pi)"},
      {"kahan", 4, {1, NAN}, NL_ARG, "kahan: pert is"},
      {"graded", 4, {0.5}, NL_ARG, "graded: range is 0.5"},
      {"invhilb", 400, {0}, NL_ARG, "invhilb: n is 400, the entries are beyond the range of f64"},
      {"pei", 4, {INFINITY}, NL_ARG, "pei: alpha is inf, expected a finite number"},
      {"poisson2d", 50000, {0}, NL_SHAPE, "poisson2d: 50000^2 unknowns"},
      {"poisson3d", INT32_MAX, {0}, NL_SHAPE, "poisson3d: 2147483647^3 unknowns"},
      {"randsvd", 4, {0.9, 3}, NL_ARG, "randsvd: cond is 0.9"},
      {"randsvd", 4, {10, 2.5}, NL_ARG, "randsvd: mode is 2.5"},
      {"wathen", 4, {-1}, NL_ARG, "wathen: ny is -1"},
      {"wathen", 1 << 30, {1 << 30}, NL_SHAPE, "wathen: "},
  };
  int64_t before = nl_memory().live;
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    nl_sparse S = {0};
    nl_tensor t = {0};
    assert_int_equal(make_family(cases[c].name, cases[c].n, cases[c].parameter, 0, &S, &t), cases[c].status);
    assert_message(cases[c].message);
  }
  assert_true(nl_memory().live == before);
}

static nl_status make(const void *family) {
  nl_sparse S = {0};
  nl_tensor t = {0};
  const nl_family *f = family;
  nl_status status = nl_gallery_make(f, 6, f->fallback, 1, &S, &t);
  nl_sparse_release(&S);
  nl_tensor_release(&t);
  return status;
}

static void survive_failing_allocations(void **state) {
  (void)state;
  const nl_family *family;
  for (int i = 0; (family = nl_gallery_family(i)) != NULL; i++) sweep_allocations(make, family);
}

/* Those that take long poll; the others end soon. */
static void stop_when_interrupted(void **state) {
  (void)state;
  const nl_family *family;
  int stopped = 0;
  int64_t before = nl_memory().live;
  nl_interrupt();
  for (int i = 0; (family = nl_gallery_family(i)) != NULL; i++) {
    nl_status status = make(family);
    assert_true(status == NL_OK || status == NL_INTERRUPTED);
    stopped += status == NL_INTERRUPTED;
    assert_true(nl_memory().live == before);
  }
  nl_interrupt_clear();
  assert_true(stopped >= 18); /* not the tridiagonal ones and invhilb */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(are_listed_by_name),           cmocka_unit_test(make_finite_matrices_again_and_again),
      cmocka_unit_test(follow_the_seed_where_random), cmocka_unit_test(same_bits_at_any_thread_count),
      cmocka_unit_test(refuse_what_is_out_of_range),  cmocka_unit_test(survive_failing_allocations),
      cmocka_unit_test(stop_when_interrupted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
