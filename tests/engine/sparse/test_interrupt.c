/* Ctrl-C ends every pass over a large sparse matrix, leaves nothing behind, and lets small ones finish. */
#include "sparse/matrices.h"
#include <numlab/interrupt.h>

enum { LARGE = 1 << 19, SMALL = 50 };

/* 2 on the diagonal, -1 right of it. */
static nl_status bidiagonal(int64_t n, nl_sparse *out) {
  int64_t count = 2 * n - 1, *row = malloc((size_t)count * sizeof *row),
          *col = malloc((size_t)count * sizeof *col);
  double *value = malloc((size_t)count * sizeof *value);
  for (int64_t k = 0; k < count; k++) {
    row[k] = k / 2;
    col[k] = (k + 1) / 2;
    value[k] = k % 2 ? -1 : 2;
  }
  nl_status status = nl_sparse_from_coo(n, n, count, row, col, value, out);
  free(row);
  free(col);
  free(value);
  return status;
}

static nl_status make(const nl_sparse *S, nl_sparse *out) { return bidiagonal(S->rows, out); }
static nl_status transpose(const nl_sparse *S, nl_sparse *out) { return nl_sparse_transpose(S, out); }
static nl_status scale(const nl_sparse *S, nl_sparse *out) { return nl_sparse_scale(3, S, out); }
static nl_status divide(const nl_sparse *S, nl_sparse *out) { return nl_sparse_divide(S, 3, out); }
static nl_status clone(const nl_sparse *S, nl_sparse *out) { return nl_sparse_clone(S, out); }
static nl_status add(const nl_sparse *S, nl_sparse *out) { return nl_sparse_add(1, S, 2, S, out); }

static void passes_over_entries(void **state) {
  (void)state;
  static nl_status (*const passes[])(const nl_sparse *, nl_sparse *) = {make,   transpose, scale,
                                                                        divide, clone,     add};
  for (size_t i = 0; i < sizeof passes / sizeof *passes; i++)
    for (int large = 0; large < 2; large++) {
      nl_sparse S, out = {0};
      assert_ok(bidiagonal(large ? LARGE : SMALL, &S));
      int64_t live = nl_memory().live;
      nl_interrupt();
      nl_status status = passes[i](&S, &out);
      nl_interrupt_clear();
      assert_int_equal(status,
                       large || i == 0 ? NL_INTERRUPTED : NL_OK); /* sorting rows asks at the first one */
      if (status != NL_OK) assert_message("interrupted");
      nl_sparse_release(&out);
      assert_int_equal(nl_memory().live, live);
      assert_ok(passes[i](&S, &out)); /* and again in peace */
      assert_int_equal(out.nnz, S.nnz);
      nl_sparse_release(&out);
      nl_sparse_release(&S);
    }
}

static void from_and_to_dense(void **state) {
  (void)state;
  nl_sparse S, out = {0};
  nl_tensor t, dense = {0};
  assert_ok(nl_tensor_new(NL_F64, 2, (int64_t[]){1024, 1024}, &t));
  assert_ok(nl_tensor_fill(&t, 1));
  assert_ok(nl_sparse_from_dense(&t, &S));
  int64_t live = nl_memory().live;
  nl_interrupt();
  nl_status from = nl_sparse_from_dense(&t, &out), to = nl_sparse_to_dense(&S, &dense);
  nl_interrupt_clear();
  assert_int_equal(from, NL_INTERRUPTED);
  assert_int_equal(to, NL_INTERRUPTED);
  assert_int_equal(nl_memory().live, live);
  nl_sparse_release(&S);
  nl_tensor_release(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(passes_over_entries),
                                     cmocka_unit_test(from_and_to_dense)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
