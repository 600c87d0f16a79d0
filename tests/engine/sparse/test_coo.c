/* nl_sparse_from_coo against dense sums: any order, duplicates, long rows, empty shapes, triplets outside. */
#include "sparse/matrices.h"

typedef struct triplets {
  int64_t rows, cols, count, *row, *col;
  double *value;
} triplets;

static triplets noise_triplets(int64_t rows, int64_t cols, int64_t count, uint64_t seed) {
  triplets t = {rows,
                cols,
                count,
                malloc((size_t)count * 8 + 8),
                malloc((size_t)count * 8 + 8),
                malloc((size_t)count * 8 + 8)};
  for (int64_t k = 0; k < count; k++) {
    t.row[k] = (int64_t)((noise(&seed) + 1) / 2 * (double)rows);
    t.col[k] = (int64_t)((noise(&seed) + 1) / 2 * (double)cols);
    t.value[k] = noise(&seed);
  }
  return t;
}

static void triplets_free(triplets *t) {
  free(t->row);
  free(t->col);
  free(t->value);
}

static nl_status from(const triplets *t, nl_sparse *S) {
  return nl_sparse_from_coo(t->rows, t->cols, t->count, t->row, t->col, t->value, S);
}

/* Duplicates are added in the order given, so the bits are those of a dense array of sums. */
static void sums_in_order(void **state) {
  (void)state;
  const int64_t cases[][3] = {{1, 1, 1},      {1, 1, 9},     {5, 3, 4},      {3, 5, 60},    {7, 7, 0},
                              {2, 900, 1500}, {40, 40, 400}, {900, 2, 1500}, {1, 200, 3000}};
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    triplets t = noise_triplets(cases[c][0], cases[c][1], cases[c][2], c + 1);
    double *image = calloc((size_t)(t.rows * t.cols), sizeof *image);
    int64_t filled = 0;
    char *seen = calloc((size_t)(t.rows * t.cols), 1);
    for (int64_t k = 0; k < t.count; k++) {
      int64_t at = t.row[k] * t.cols + t.col[k];
      image[at] = seen[at] ? image[at] + t.value[k] : t.value[k];
      filled += !seen[at];
      seen[at] = 1;
    }
    nl_sparse S;
    assert_ok(from(&t, &S));
    assert_image(&S, t.rows, t.cols, image, 0);
    assert_true(S.nnz == filled);
    nl_sparse_release(&S);
    triplets_free(&t);
    free(image);
    free(seen);
  }
}

static void keeps_cancelled_entries(void **state) {
  (void)state;
  nl_sparse S;
  assert_ok(nl_sparse_from_coo(1, 1, 2, (int64_t[]){0, 0}, (int64_t[]){0, 0}, (double[]){2, -2}, &S));
  assert_true(S.nnz == 1 && S.values[0] == 0);
  nl_sparse_release(&S);
}

static void takes_empty_shapes(void **state) {
  (void)state;
  const int64_t shapes[][2] = {{0, 0}, {0, 5}, {5, 0}, {3, 3}};
  for (int c = 0; c < 4; c++) {
    nl_sparse S;
    assert_ok(nl_sparse_from_coo(shapes[c][0], shapes[c][1], 0, NULL, NULL, NULL, &S));
    assert_valid(&S);
    assert_true(S.rows == shapes[c][0] && S.cols == shapes[c][1] && S.nnz == 0);
    nl_sparse_release(&S);
  }
}

static void names_what_is_outside(void **state) {
  (void)state;
  const int64_t bad[][2] = {{3, 0}, {0, 2}, {-1, 0}, {0, -1}, {INT64_MIN, 0}, {0, INT64_MAX}};
  int64_t before = nl_memory().live;
  for (int c = 0; c < 6; c++) {
    nl_sparse S;
    int64_t row[2] = {0, bad[c][0]}, col[2] = {0, bad[c][1]};
    assert_int_equal(nl_sparse_from_coo(3, 2, 2, row, col, (double[]){1, 2}, &S), NL_ARG);
    assert_message("triplet 2");
    assert_message("outside a 3x2 matrix");
  }
  nl_sparse S;
  assert_int_equal(nl_sparse_from_coo(-1, 2, 0, NULL, NULL, NULL, &S), NL_SHAPE);
  assert_message("size -1x2 is negative");
  assert_int_equal(nl_sparse_from_coo(1, INT64_C(1) << 31, 0, NULL, NULL, NULL, &S), NL_SHAPE);
  assert_message("up to 2^31 - 1");
  assert_true(nl_memory().live == before);
}

static nl_status make(const void *context) {
  nl_sparse S;
  nl_status status = from(context, &S);
  if (status == NL_OK) nl_sparse_release(&S);
  return status;
}

static void survives_failing_allocations(void **state) {
  (void)state;
  triplets t = noise_triplets(10, 10, 300, 3); /* with duplicates, so that the arrays shrink too */
  sweep_allocations(make, &t);
  triplets_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_in_order),
      cmocka_unit_test(keeps_cancelled_entries),
      cmocka_unit_test(takes_empty_shapes),
      cmocka_unit_test(names_what_is_outside),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
