/* Ctrl-C during what stands around the iterations: looking for symmetry and structure, measuring residuals
 * and bounds. Systems are large enough to be asked; small ones finish. */
#include "solver/check.h"
#include "solver/matrix.h"
#include "solver/splitting.h"
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <numlab/diagnose.h>
#include <numlab/interrupt.h>
#include <string.h>

typedef struct problem {
  nl_tensor dense, b;
  nl_sparse sparse;
} problem;

/* 2 I - (1 right of the diagonal) / 2, b = ones: dense of order n, or sparse. */
static problem make(int64_t n, bool sparse) {
  problem p = {0};
  nl_tensor vector;
  assert_int_equal(nl_tensor_new(NL_F64, 1, &n, &p.b), NL_OK);
  assert_int_equal(nl_tensor_fill(&p.b, 1), NL_OK);
  if (sparse) {
    assert_int_equal(nl_sparse_new(n, n, 2 * n - 1, &p.sparse), NL_OK);
    for (int64_t i = 0, k = 0; i < n; i++) {
      p.sparse.index[k] = (int32_t)i;
      p.sparse.values[k++] = 2;
      if (i + 1 < n) p.sparse.index[k] = (int32_t)(i + 1), p.sparse.values[k++] = -0.5;
      p.sparse.start[i + 1] = k;
    }
  } else {
    assert_int_equal(nl_tensor_new(NL_F64, 2, (int64_t[]){n, n}, &p.dense), NL_OK);
    vector = (nl_tensor){p.dense.storage, NL_F64, 1, 0, {n}, {n + 1}};
    assert_int_equal(nl_tensor_fill(&vector, 2), NL_OK);
    vector = (nl_tensor){p.dense.storage, NL_F64, 1, 1, {n - 1}, {n + 1}};
    assert_int_equal(nl_tensor_fill(&vector, -0.5), NL_OK);
  }
  return p;
}

static nl_matrix matrix_of(const problem *p) {
  return p->dense.storage ? (nl_matrix){&p->dense, NULL} : (nl_matrix){NULL, &p->sparse};
}

static void release(problem *p) {
  nl_tensor_release(&p->dense);
  nl_tensor_release(&p->b);
  nl_sparse_release(&p->sparse);
}

static nl_status residuals(const problem *p) {
  nl_matrix A = matrix_of(p);
  double relative, backward;
  return nl_residuals(&A, &p->b, &p->b, &relative, &backward);
}

/* Bounds have no status: unknown is NaN. */
static nl_status bounds(const problem *p) {
  nl_matrix A = matrix_of(p);
  const double *b = nl_tensor_data(&p->b);
  bool inverse = isnan(nl_inverse_bound(&A)), error = isnan(nl_error_bound(&A, b, b, 1));
  assert_true(inverse == error);
  return inverse ? NL_INTERRUPTED : NL_OK;
}

static nl_status asymmetry(const problem *p) {
  nl_matrix A = matrix_of(p);
  nl_asymmetry worst;
  return nl_matrix_asymmetry(&A, &worst);
}

static nl_status splitting(const problem *p) {
  nl_matrix A = matrix_of(p);
  nl_splitting S;
  nl_solve_info info = {.method = "sor"};
  nl_status status = nl_splitting_new(&A, &info, &S);
  nl_splitting_release(&S);
  return status;
}

static nl_status diagnosis(const problem *p) {
  nl_matrix A = matrix_of(p);
  nl_diagnosis d;
  nl_diagnose_options o = nl_diagnose_defaults();
  nl_status status = nl_diagnose(&A, &o, &d);
  if (status == NL_OK) nl_diagnosis_release(&d);
  return status;
}

static void passes_end(void **state) {
  (void)state;
  const struct {
    nl_status (*run)(const problem *);
    bool dense_asks, small_asks; /* diagonals of a dense matrix are few; some passes ask whatever the size */
  } passes[] = {{residuals, true, false},
                {bounds, true, false},
                {asymmetry, true, true},
                {splitting, false, false},
                {diagnosis, true, true}};
  for (int sparse = 0; sparse < 2; sparse++)
    for (int large = 0; large < 2; large++) {
      problem p = make(large ? sparse ? 1 << 19 : 1024 : 20, sparse);
      for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
        int64_t live = nl_memory().live;
        bool asks = large ? sparse || passes[i].dense_asks
                          : passes[i].small_asks && !(sparse && passes[i].run == asymmetry);
        nl_interrupt();
        nl_status status = passes[i].run(&p);
        nl_interrupt_clear();
        if (status != (asks ? NL_INTERRUPTED : NL_OK))
          fail_msg("pass %zu, sparse %d, large %d: %s", i, sparse, large, nl_status_name(status));
        assert_int_equal(nl_memory().live, live);
      }
      release(&p);
    }
}

/* The look for NaN ends unsaid; a method of one go is not begun then, an iteration hands x0 back. */
static void nothing_long_begins(void **state) {
  (void)state;
  problem p = make(1024, false);
  nl_matrix A = matrix_of(&p);
  static const char *const methods[] = {"lu", "lapack", "gauss_seidel", "cg", "gmres"};
  for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
    nl_solve_options o = nl_solve_defaults();
    nl_solve_info info;
    nl_tensor x = {0};
    o.method = methods[m];
    o.x0 = m < 2 ? NULL : &p.b;
    nl_interrupt();
    nl_status status = nl_solve(&A, &p.b, &o, &x, &info);
    nl_interrupt_clear();
    if (m != 1 || status != NL_UNAVAILABLE) assert_int_equal(status, NL_INTERRUPTED);
    assert_int_equal(x.storage != NULL, m >= 2);
    for (int64_t i = 0; m >= 2 && i < 1024; i++) assert_true(((double *)nl_tensor_data(&x))[i] == 1);
    nl_tensor_release(&x);
    nl_solve_info_release(&info);
  }
  release(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(passes_end), cmocka_unit_test(nothing_long_begins)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
