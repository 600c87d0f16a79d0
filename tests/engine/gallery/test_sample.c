/* nl_gallery_system: x_true from the seed alone, b = A x_true in plain loops, dense of any layout and sparse.
 */
#include "gallery/systems.h"

static void right_hand_sides(void **state) {
  (void)state;
  const int64_t sizes[][2] = {{0, 0}, {1, 1}, {5, 5}, {4, 7}, {7, 4}};
  for (int c = 0; c < 5; c++) {
    int64_t m = sizes[c][0], n = sizes[c][1];
    double *image = noise_image(m, n, 2, 1);
    nl_tensor whole = tensor_of(2, (int64_t[]){m, n}, image), flipped, view, b, b2, b3, x, x2, x3;
    assert_ok(nl_tensor_transpose(&whole, 0, 1, &view));
    assert_ok(nl_tensor_clone(&view, NL_F64, &flipped));
    nl_tensor_release(&view);
    assert_ok(nl_tensor_transpose(&flipped, 0, 1, &view)); /* the same matrix with other strides */
    nl_sparse S = from_image(m, n, image);
    assert_ok(nl_gallery_system(&(nl_matrix){&whole, NULL}, 9, &b, &x));
    assert_ok(nl_gallery_system(&(nl_matrix){&view, NULL}, 9, &b2, &x2));
    assert_ok(nl_gallery_system(&(nl_matrix){NULL, &S}, 9, &b3, &x3));
    assert_true(b.ndim == 1 && b.shape[0] == m && x.ndim == 1 && x.shape[0] == n);
    for (int64_t j = 0; j < n; j++) {
      double value = nl_tensor_get(&x, &j);
      assert_true(fabs(value) < 1 && value == nl_tensor_get(&x2, &j) && value == nl_tensor_get(&x3, &j));
    }
    for (int64_t i = 0; i < m; i++) {
      double sum = 0;
      for (int64_t j = 0; j < n; j++) sum += image[i * n + j] * nl_tensor_get(&x, &j);
      assert_true(nl_tensor_get(&b, &i) == sum && nl_tensor_get(&b2, &i) == sum &&
                  nl_tensor_get(&b3, &i) == sum);
    }
    nl_tensor *all[] = {&whole, &flipped, &view, &b, &b2, &b3, &x, &x2, &x3};
    for (int k = 0; k < 9; k++) nl_tensor_release(all[k]);
    nl_sparse_release(&S);
    free(image);
  }
}

static nl_status make(const void *A) {
  nl_tensor b, x;
  nl_status status = nl_gallery_system(A, 1, &b, &x);
  if (status != NL_OK) return status;
  nl_tensor_release(&b);
  nl_tensor_release(&x);
  return NL_OK;
}

static void survives_failing_allocations(void **state) {
  (void)state;
  nl_sparse S = from_image(2, 2, (double[]){1, 2, 3, 4});
  nl_tensor t = tensor_of(2, (int64_t[]){2, 2}, (double[]){1, 2, 3, 4}), view;
  assert_ok(nl_tensor_transpose(&t, 0, 1, &view));
  sweep_allocations(make, &(nl_matrix){NULL, &S});
  sweep_allocations(make, &(nl_matrix){&view, NULL});
  nl_tensor_release(&t);
  nl_tensor_release(&view);
  nl_sparse_release(&S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(right_hand_sides),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
