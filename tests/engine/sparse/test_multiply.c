/* C = A B and C = alpha A + beta B against dense loops; shapes that do not fit; failing allocations. */
#include "sparse/matrices.h"
#include <numlab/interrupt.h>

/* rows of A, columns of A, columns of B */
static const int64_t sizes[][3] = {{0, 0, 0}, {0, 2, 3}, {2, 0, 3},   {3, 2, 0},
                                   {1, 1, 1}, {7, 3, 9}, {40, 50, 30}};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* Entries of C run over ascending k, so the bits are those of the dense sum. */
static void multiplies(void **state) {
  (void)state;
  for (int c = 0; c < SIZES; c++) {
    int64_t m = sizes[c][0], n = sizes[c][1], k = sizes[c][2], structural = 0;
    double *a = noise_image(m, n, 4, 1), *b = noise_image(n, k, 4, 2);
    double *expected = calloc((size_t)(m * k + 1), sizeof *expected);
    nl_sparse A = from_image(m, n, a), B = from_image(n, k, b), C;
    for (int64_t i = 0; i < m; i++)
      for (int64_t j = 0; j < k; j++) {
        bool met = false;
        for (int64_t l = 0; l < n; l++) {
          expected[i * k + j] += a[i * n + l] * b[l * k + j];
          met = met || (a[i * n + l] != 0 && b[l * k + j] != 0);
        }
        structural += met;
      }
    assert_ok(nl_sparse_multiply(&A, &B, &C));
    assert_image(&C, m, k, expected, 0);
    assert_true(C.nnz == structural);
    nl_sparse_release(&A);
    nl_sparse_release(&B);
    nl_sparse_release(&C);
    free(a);
    free(b);
    free(expected);
  }
}

static void adds(void **state) {
  (void)state;
  for (int c = 0; c < SIZES; c++) {
    int64_t m = sizes[c][0], n = sizes[c][1], structural = 0;
    double *a = noise_image(m, n, 3, 3), *b = noise_image(m, n, 2, 4);
    nl_sparse A = from_image(m, n, a), B = from_image(m, n, b), C;
    for (int64_t p = 0; p < m * n; p++) {
      structural += a[p] != 0 || b[p] != 0;
      a[p] = 2 * a[p] + -0.5 * b[p];
    }
    assert_ok(nl_sparse_add(2, &A, -0.5, &B, &C));
    assert_image(&C, m, n, a, 0);
    assert_true(C.nnz == structural);
    nl_sparse_release(&C);
    assert_ok(nl_sparse_add(1, &A, -1, &A, &C));
    assert_true(C.nnz == A.nnz && nl_sparse_norm_fro(&C) == 0); /* cancelled entries stay stored */
    nl_sparse_release(&A);
    nl_sparse_release(&B);
    nl_sparse_release(&C);
    free(a);
    free(b);
  }
}

static void refuses_misfits(void **state) {
  (void)state;
  nl_sparse A = from_image(2, 3, (double[]){1, 2, 3, 4, 5, 6}), C;
  assert_int_equal(nl_sparse_multiply(&A, &A, &C), NL_SHAPE);
  assert_message("2x3 times 2x3, the inner sizes differ");
  nl_sparse B = from_image(3, 2, (double[]){1, 2, 3, 4, 5, 6});
  assert_int_equal(nl_sparse_add(1, &A, 1, &B, &C), NL_SHAPE);
  assert_message("2x3 and 3x2, the shapes differ");
  int64_t before = nl_memory().live;
  nl_interrupt();
  assert_int_equal(nl_sparse_multiply(&A, &B, &C), NL_INTERRUPTED);
  nl_interrupt_clear();
  assert_true(nl_memory().live == before);
  nl_sparse_release(&A);
  nl_sparse_release(&B);
}

static nl_status square_and_sum(const void *context) {
  nl_sparse C = {0}, D = {0};
  nl_status status = nl_sparse_multiply(context, context, &C);
  if (status == NL_OK) status = nl_sparse_add(1, context, 1, &C, &D);
  nl_sparse_release(&C);
  nl_sparse_release(&D);
  return status;
}

static void survives_failing_allocations(void **state) {
  (void)state;
  nl_sparse S = from_image(2, 2, (double[]){1, 2, 3, 4});
  sweep_allocations(square_and_sum, &S);
  nl_sparse_release(&S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(multiplies),
      cmocka_unit_test(adds),
      cmocka_unit_test(refuses_misfits),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
