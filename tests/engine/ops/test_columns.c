/* Softmax and reductions along any dimension of any view: the same bits as along the last dimension of a
 * copy, at any number of threads; softmax of rows with NaN and infinities, of rows longer than a chunk;
 * memory that ends, an interrupt. */
#include "check.h"
#include "cpu/kernels.h"
#include <numlab/interrupt.h>
#include <numlab/ops.h>
#include <numlab/parallel.h>
#include <numlab/random.h>
#include <stdlib.h>

static nl_tensor normals(nl_dtype dtype, int ndim, const int64_t *shape) {
  nl_tensor t;
  assert_ok(nl_tensor_new(dtype, ndim, shape, &t));
  assert_ok(nl_random_fill_normal(&t, 5, 1));
  return t;
}

/* The operation along dim of t, its result with dim moved to the end. */
static nl_tensor along(int op, const nl_tensor *t, int dim) {
  nl_tensor out, turned, whole;
  if (op < NL_REDUCTIONS) {
    assert_ok(nl_reduce((nl_reduction)op, t, dim, true, &out));
  } else {
    assert_ok(nl_softmax(t, dim, &out));
  }
  assert_ok(nl_tensor_transpose(&out, dim, t->ndim - 1, &turned));
  assert_ok(nl_tensor_contiguous(&turned, out.dtype, &whole));
  nl_tensor_release(&out);
  nl_tensor_release(&turned);
  return whole;
}

static void assert_same(const nl_tensor *a, const nl_tensor *b) {
  assert_int_equal(a->dtype, b->dtype);
  assert_true(nl_tensor_size(a) == nl_tensor_size(b));
  assert_memory_equal(nl_tensor_data(a), nl_tensor_data(b),
                      (size_t)(nl_tensor_size(a) * nl_dtype_size(a->dtype)));
}

static void compare_with_copy(const nl_tensor *t) {
  for (int dim = 0; dim < t->ndim; dim++) {
    nl_tensor turned, whole;
    assert_ok(nl_tensor_transpose(t, dim, t->ndim - 1, &turned));
    assert_ok(nl_tensor_clone(&turned, t->dtype, &whole));
    for (int op = 0; op <= NL_REDUCTIONS; op++) {
      nl_tensor a = along(op, t, dim), b = along(op, &whole, t->ndim - 1);
      assert_same(&a, &b);
      nl_tensor_release(&a);
      nl_tensor_release(&b);
    }
    nl_tensor_release(&turned);
    nl_tensor_release(&whole);
  }
}

/* Sizes around 16 columns, the chunk of 512 and the block of 65536. */
static void any_dimension_of_any_view(void **unused) {
  (void)unused;
  static const int64_t shapes[][3] = {{3, 17, 5},  {2, 513, 33}, {1, 70001, 2},
                                      {40, 3, 16}, {5, 1, 7},    {600, 2, 1}};
  int before = nl_threads();
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
    for (int dtype = NL_F64; dtype <= NL_BF16; dtype++) {
      nl_tensor t = normals((nl_dtype)dtype, 3, shapes[s]), turned, part;
      int64_t end = (nl_tensor_size(&t) - 1) * nl_dtype_size(t.dtype); /* the largest in the last block */
      nl_dtype_store(t.dtype, (char *)nl_tensor_data(&t) + end, 100);
      assert_ok(nl_threads_set(1 + (int)s % 3));
      compare_with_copy(&t);
      assert_ok(nl_tensor_transpose(&t, 0, 2, &turned));
      compare_with_copy(&turned);
      assert_ok(nl_tensor_slice(&t, 1, 0, (shapes[s][1] + 1) / 2, 1, &part));
      compare_with_copy(&part);
      nl_tensor_release(&part);
      nl_tensor_release(&turned);
      nl_tensor_release(&t);
    }
  assert_ok(nl_threads_set(before));
}

/* Every level: NaN and +inf make their row NaN and no other, -inf is a weight of 0, rows of nothing else are
 * NaN. */
static void bad_numbers_stay_in_their_row(void **unused) {
  (void)unused;
  enum { ROWS = 40, N = 1300 };
  nl_cpu_level before = nl_cpu_level_of_kernels();
  for (int level = 0; level <= (int)nl_cpu_detected(); level++)
    for (int dim = 0; dim < 2; dim++) {
      assert_ok(nl_kernels_use((nl_cpu_level)level));
      nl_tensor t = normals(NL_F32, 2, dim == 1 ? (int64_t[]){ROWS, N} : (int64_t[]){N, ROWS}), p;
      int64_t row = dim == 1 ? N : 1, col = dim == 1 ? 1 : ROWS;
      float *x = nl_tensor_data(&t);
      x[3 * row + 1299 * col] = NAN;
      x[7 * row + 600 * col] = INFINITY;
      x[9 * row + 5 * col] = -INFINITY;
      for (int64_t k = 0; k < N; k++) x[11 * row + k * col] = -INFINITY;
      for (int64_t k = 0; k < N; k++) x[13 * row + k * col] = k == 44 ? 3e38f : -3e38f;
      assert_ok(nl_softmax(&t, dim, &p));
      const float *y = nl_tensor_data(&p);
      for (int64_t r = 0; r < ROWS; r++) {
        double sum = 0;
        for (int64_t k = 0; k < N; k++) sum += (double)y[r * row + k * col];
        if (r == 3 || r == 11 || r == 7) assert_true(isnan(sum));
        else assert_at_most(fabs(sum - 1), 1e-6);
      }
      for (int64_t k = 0; k < N; k++)
        assert_true(isnan(y[3 * row + k * col]) && isnan(y[11 * row + k * col]));
      assert_true(y[9 * row + 5 * col] == 0 && y[13 * row + 44 * col] == 1 && y[13 * row] == 0);
      nl_tensor_release(&t);
      nl_tensor_release(&p);
    }
  assert_ok(nl_kernels_use(before));
}

static void memory_that_ends_and_interrupts(void **unused) {
  (void)unused;
  nl_tensor t = normals(NL_F64, 2, (int64_t[]){300, 200}), out;
  for (int dim = 0; dim < 2; dim++) {
    int failed = 0;
    for (int64_t at = 1; at < 6; at++) {
      int64_t live = nl_memory().live;
      nl_memory_fail_at(at, false);
      nl_status s = nl_softmax(&t, dim, &out);
      nl_memory_fail_at(0, false);
      if (s == NL_OK) nl_tensor_release(&out);
      else assert_int_equal(s, NL_NOMEM);
      assert_true(nl_memory().live == live);
      failed += s == NL_NOMEM;
    }
    assert_int_equal(failed, dim == 0 ? 2 : 1); /* the result; along columns, their buffers too */
    nl_interrupt();
    assert_int_equal(nl_softmax(&t, dim, &out), NL_INTERRUPTED);
    assert_message("softmax: interrupted");
    assert_int_equal(nl_reduce(NL_REDUCE_SUM, &t, dim, false, &out), NL_INTERRUPTED);
    assert_message("sum: interrupted");
    nl_interrupt_clear();
  }
  nl_tensor_release(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_dimension_of_any_view),
      cmocka_unit_test(bad_numbers_stay_in_their_row),
      cmocka_unit_test(memory_that_ends_and_interrupts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
