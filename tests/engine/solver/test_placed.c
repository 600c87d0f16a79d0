/* Sparse systems on a device of host memory (tests/engine/device/fake.c): what is refused there, every host
 * allocation failed once, too little room on the device, Ctrl-C. Results are those of
 * tests/lua/sparse_device_spec.lua. */
#include "gallery/systems.h"
#include <numlab/device.h>
#include <numlab/interrupt.h>
#include <numlab/solve.h>
#include <signal.h>
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
  bool *iterate; /* NULL, or: did it leave an x, and its status in info? */
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
  if (j->iterate) *j->iterate = x.storage != NULL && info.code == s;
  nl_tensor_release(&b);
  nl_tensor_release(&x0);
  nl_tensor_release(&x);
  nl_solve_info_release(&info);
  return s;
}

static const job jobs[] = {{"gauss_seidel", NL_SWEEP_SYMMETRIC, NL_PRECOND_NONE, 1e-6, 2, NULL},
                           {"sor", NL_SWEEP_FORWARD, NL_PRECOND_NONE, 1e-6, 1, NULL},
                           {"jacobi", NL_SWEEP_FORWARD, NL_PRECOND_NONE, 1e-2, 2, NULL},
                           {"cg", NL_SWEEP_FORWARD, NL_PRECOND_JACOBI, 1e-6, 2, NULL},
                           {"cg", NL_SWEEP_FORWARD, NL_PRECOND_NONE, 1e-6, 1, NULL}};
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

/* The device has room for 1 MB, of which ballast leaves more and more, until a run succeeds. */
static void survives_a_full_device(void **state) {
  (void)state;
  enum { ROOM = 1000000, STEP = 64 };
  setenv("FAKE_DEVICE", "poor", 1);
  for (int j = 0; j < JOBS; j++) {
    nl_status status = NL_NOMEM;
    int failures = 0;
    for (int64_t left = 0; status != NL_OK; left += STEP) {
      int64_t host = nl_memory().live, own = held(), count = ROOM - own - left;
      nl_tensor ballast;
      assert_true(count > 0);
      assert_ok(nl_tensor_new_on(device, NL_U8, 1, &count, &ballast));
      int64_t here = nl_memory().live, loaded = held();
      status = solve(&jobs[j]);
      assert_true(status == NL_OK || status == NL_NOMEM);
      if (status == NL_NOMEM) assert_message("out of GPU memory"), failures++;
      assert_true(nl_memory().live == here && held() == loaded);
      nl_tensor_release(&ballast);
      assert_true(nl_memory().live == host && held() == own);
    }
    assert_true(failures > 5);
  }
  setenv("FAKE_DEVICE", "here", 1);
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

static void on_signal(int number) {
  (void)number;
  nl_interrupt();
}

/* Ctrl-C on the way: sums on the device see it first, in the iteration and in the residuals afterwards. */
static void keeps_its_iterate_when_interrupted(void **state) {
  (void)state;
  void (*before)(int) = signal(SIGINT, on_signal);
  for (int j = 0; j < JOBS; j++) {
    bool iterate = false;
    job one = jobs[j];
    one.iterate = &iterate;
    assert_ok(solve(&one)); /* the fake's patience is whole again */
    int64_t host = nl_memory().live, own = held();
    iterate = false;
    setenv("FAKE_DEVICE", "impatient", 1);
    nl_status status = solve(&one);
    setenv("FAKE_DEVICE", "here", 1);
    nl_interrupt_clear();
    assert_int_equal(status, NL_INTERRUPTED);
    assert_message("interrupted in");
    assert_true(iterate);
    assert_true(nl_memory().live == host && held() == own);
  }
  signal(SIGINT, before);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(refuses_what_reads_memory),
      cmocka_unit_test(survives_failing_allocations),
      cmocka_unit_test(survives_a_full_device),
      cmocka_unit_test(stops_when_interrupted),
      cmocka_unit_test(keeps_its_iterate_when_interrupted),
  };
  return cmocka_run_group_tests(tests, open_device, close_device);
}
