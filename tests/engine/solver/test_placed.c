/* Sparse systems on a device of host memory (tests/engine/device/fake.c): what is refused there, every host
 * allocation failed once, Ctrl-C. Results are those of tests/lua/sparse_device_spec.lua. */
#include "gallery/systems.h"
#include <numlab/device.h>
#include <numlab/interrupt.h>
#include <numlab/solve.h>
#include <stdio.h>

static nl_device *device;
static nl_sparse A, there;

static int64_t held(void) {
  nl_device_memory m;
  assert_ok(nl_device_memory_of(device, &m));
  return m.live;
}

static int open_device(void **state) {
  (void)state;
  char path[4096];
  const char *build = getenv("BUILD"); /* set by tests/run.sh */
  snprintf(path, sizeof path, "%s/tests/engine/device/fake.so", build ? build : "build");
  setenv("NUMLAB_CUDA", path, 1);
  setenv("FAKE_DEVICE", "here", 1);
  if (nl_device_find("cuda", &device) != NL_OK) return -1;
  assert_ok(make_family("poisson2d", 3, NULL, 1, &A, NULL));
  assert_ok(nl_sparse_to(&A, device, &there));
  return 0;
}

static int close_device(void **state) {
  (void)state;
  nl_sparse_release(&A);
  nl_sparse_release(&there);
  return 0;
}

static void refuses_what_reads_memory(void **state) {
  (void)state;
  nl_sparse S;
  nl_tensor t, x;
  int64_t n = 9, host = nl_memory().live;
  assert_ok(nl_tensor_new_on(device, NL_F64, 1, &n, &x));
  assert_ok(nl_tensor_fill(&x, 1));
#define REFUSED(call)                     \
  assert_int_equal(call, NL_UNSUPPORTED); \
  assert_message("the sparse matrix is on cuda:0 and this works on the CPU alone; move it with :to('cpu')")
  REFUSED(nl_sparse_clone(&there, &S));
  REFUSED(nl_sparse_transpose(&there, &S));
  REFUSED(nl_sparse_to_dense(&there, &t));
  REFUSED(nl_sparse_scale(2, &there, &S));
  REFUSED(nl_sparse_divide(&there, 2, &S));
  REFUSED(nl_sparse_add(1, &A, 1, &there, &S));
  REFUSED(nl_sparse_add(1, &there, 1, &A, &S));
  REFUSED(nl_sparse_multiply(&A, &there, &S));
  REFUSED(nl_sparse_apply_left(&x, &there, &t));
#undef REFUSED
  assert_int_equal(nl_sparse_apply(&A, &x, &t), NL_DEVICE);
  assert_message("the sparse matrix is on cpu and the tensor on cuda:0");
  assert_int_equal(nl_sparse_apply_left(&x, &A, &t), NL_DEVICE);
  nl_tensor_release(&x);
  assert_true(nl_memory().live == host);
}

typedef struct job {
  const char *method;
  nl_sweep sweep;
  nl_precond precond;
  double tol;
  int64_t k;
} job;

/* Poisson with columns of ones from x0 = 2; gives back all it made. */
static nl_status solve(const void *context) {
  const job *j = context;
  int64_t shape[2] = {9, j->k};
  nl_tensor b = {0}, x0 = {0}, x = {0};
  nl_solve_info info = {0};
  nl_solve_options o = nl_solve_defaults();
  o.method = j->method, o.sweep = j->sweep, o.precond = j->precond, o.tol = j->tol, o.history = true;
  o.x0 = &x0;
  nl_status s = nl_tensor_new_on(device, NL_F64, 2, shape, &b);
  if (s == NL_OK) s = nl_tensor_new_on(device, NL_F64, 2, shape, &x0);
  if (s == NL_OK) s = nl_tensor_fill(&b, 1);
  if (s == NL_OK) s = nl_tensor_fill(&x0, 2);
  if (s == NL_OK) s = nl_solve(&(nl_matrix){.sparse = &there}, &b, &o, &x, &info);
  nl_tensor_release(&b);
  nl_tensor_release(&x0);
  nl_tensor_release(&x);
  nl_solve_info_release(&info);
  return s;
}

static const job jobs[] = {{"gauss_seidel", NL_SWEEP_SYMMETRIC, NL_PRECOND_NONE, 1e-6, 2},
                           {"sor", NL_SWEEP_FORWARD, NL_PRECOND_NONE, 1e-6, 1},
                           {"jacobi", NL_SWEEP_FORWARD, NL_PRECOND_NONE, 1e-2, 2},
                           {"cg", NL_SWEEP_FORWARD, NL_PRECOND_JACOBI, 1e-6, 2}};
enum { JOBS = sizeof jobs / sizeof *jobs };

/* Each host allocation fails once; a run has more of them than sweep_allocations expects. */
static void survives_failing_allocations(void **state) {
  (void)state;
  for (int j = 0; j < JOBS; j++) {
    int64_t host = nl_memory().live, own = held(), k = 0;
    nl_status status = NL_NOMEM;
    for (; status != NL_OK; k++) {
      nl_memory_fail_at(k + 1, false);
      status = solve(&jobs[j]);
      nl_memory_fail_at(0, false);
      assert_true(status == NL_OK || status == NL_NOMEM);
      assert_true(nl_memory().live == host && held() == own);
      assert_true(k < 10000);
    }
    assert_true(k > 20);
  }
}

static void stops_when_interrupted(void **state) {
  (void)state;
  for (int j = 0; j < JOBS; j++) {
    int64_t host = nl_memory().live, own = held();
    nl_interrupt();
    assert_int_equal(solve(&jobs[j]), NL_INTERRUPTED);
    nl_interrupt_clear();
    assert_true(nl_memory().live == host && held() == own);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refuses_what_reads_memory),
      cmocka_unit_test(survives_failing_allocations),
      cmocka_unit_test(stops_when_interrupted),
  };
  return cmocka_run_group_tests(tests, open_device, close_device);
}
