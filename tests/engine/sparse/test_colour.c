/* Colourings and reorderings against their definitions: no row refers to another of its colour, every row has
 * one, greedy in natural order; B(r, s) = A(order[r], order[s]). */
#include "gallery/systems.h"
#include "sparse/colour.h"
#include <numlab/interrupt.h>

/* order is a permutation in which each colour ascends, no two rows of a colour touch in A or A^T, and greed
 * has left no row a lower colour. image: A, n x n. */
static void assert_colouring(const nl_colours *c, int64_t n, const double *image) {
  int64_t *colour = malloc((size_t)(n + 1) * sizeof *colour);
  for (int64_t i = 0; i < n; i++) colour[i] = -1;
  assert_true(c->first[0] == 0 && c->first[c->count] == n);
  for (int64_t g = 0; g < c->count; g++) {
    assert_true(c->first[g] < c->first[g + 1]);
    for (int64_t at = c->first[g]; at < c->first[g + 1]; at++) {
      assert_true(c->order[at] >= 0 && c->order[at] < n && colour[c->order[at]] == -1);
      assert_true(at == c->first[g] || c->order[at - 1] < c->order[at]);
      colour[c->order[at]] = g;
    }
  }
  for (int64_t i = 0; i < n; i++) {
    bool *met = calloc((size_t)c->count + 1, sizeof *met);
    for (int64_t j = 0; j < n; j++) {
      bool touch = i != j && (image[i * n + j] != 0 || image[j * n + i] != 0);
      assert_true(!touch || colour[i] != colour[j]);
      if (touch && j < i) met[colour[j]] = true;
    }
    for (int64_t g = 0; g < colour[i]; g++) assert_true(met[g]);
    free(met);
  }
  free(colour);
}

static void assert_colours(int64_t n, const double *image, int64_t expected) {
  nl_sparse A = from_image(n, n, image);
  nl_colours c;
  assert_ok(nl_colour_rows(&A, &c));
  assert_colouring(&c, n, image);
  if (expected >= 0) assert_int_equal(c.count, expected);
  nl_colours_release(&c);
  nl_sparse_release(&A);
}

static void colours_unsymmetric_patterns(void **state) {
  (void)state;
  for (int64_t n = 1; n <= 60; n += 7)
    for (int share = 2; share <= 40; share *= 3) {
      double *image = noise_image(n, n, share, (uint64_t)(n * share));
      assert_colours(n, image, -1);
      free(image);
    }
}

static void knows_patterns_by_their_number(void **state) {
  (void)state;
  enum { N = 9 };
  double dense[N * N], arrow[N * N] = {0}, lower[N * N] = {0}, none[N * N] = {0};
  for (int i = 0; i < N * N; i++) dense[i] = 1;
  for (int i = 0; i < N; i++) {
    arrow[i * N + i] = arrow[4 * N + i] = 1; /* one full row: the others may share a colour */
    if (i > 0) lower[i * N + i - 1] = 1;     /* a chain by its lower triangle alone, no diagonal */
  }
  assert_colours(N, dense, N);
  assert_colours(N, arrow, 2);
  assert_colours(N, lower, 2);
  assert_colours(N, none, 1);
  assert_colours(0, none, 0);
}

/* Five- and seven-point Laplacians are red-black: two colours, the parity of the sum of the indices. */
static void colours_grids_red_and_black(void **state) {
  (void)state;
  for (int64_t m = 2; m <= 9; m++) {
    nl_sparse A;
    nl_colours c;
    assert_ok(make_family("poisson2d", m, NULL, 1, &A, NULL));
    assert_ok(nl_colour_rows(&A, &c));
    assert_int_equal(c.count, 2);
    for (int64_t at = 0; at < c.first[2]; at++)
      assert_true((c.order[at] / m + c.order[at] % m) % 2 == (at >= c.first[1]));
    nl_colours_release(&c);
    nl_sparse_release(&A);
    assert_ok(make_family("poisson3d", m, NULL, 1, &A, NULL));
    assert_ok(nl_colour_rows(&A, &c));
    assert_int_equal(c.count, 2);
    nl_colours_release(&c);
    nl_sparse_release(&A);
  }
}

static void reorders_rows_and_columns(void **state) {
  (void)state;
  for (int64_t n = 1; n <= 40; n += 11) {
    double *image = noise_image(n, n, 4, (uint64_t)n), *moved = calloc((size_t)(n * n), sizeof *moved);
    nl_sparse A = from_image(n, n, image), B;
    int32_t *order = malloc((size_t)n * sizeof *order);
    for (int64_t r = 0; r < n; r++) order[r] = (int32_t)(r * 7 % n); /* 7 and n have no common factor */
    assert_ok(nl_sparse_reorder(&A, order, &B));
    for (int64_t r = 0; r < n; r++)
      for (int64_t s = 0; s < n; s++) moved[r * n + s] = image[order[r] * n + order[s]];
    assert_image(&B, n, n, moved, 0);
    assert_true(B.nnz == A.nnz);
    nl_sparse_release(&A);
    nl_sparse_release(&B);
    free(image);
    free(moved);
    free(order);
  }
}

static nl_status colour(const void *A) {
  nl_colours c;
  nl_status status = nl_colour_rows(A, &c);
  if (status != NL_OK) assert_true(!c.first && !c.order && c.count == 0);
  nl_colours_release(&c);
  return status;
}

static nl_status reorder(const void *A) {
  static const int32_t order[] = {3, 1, 4, 0, 2};
  nl_sparse B;
  nl_status status = nl_sparse_reorder(A, order, &B);
  if (status == NL_OK) nl_sparse_release(&B);
  return status;
}

static void survives_failing_allocations(void **state) {
  (void)state;
  double *image = noise_image(5, 5, 2, 8);
  nl_sparse A = from_image(5, 5, image);
  sweep_allocations(colour, &A);
  sweep_allocations(reorder, &A);
  nl_sparse_release(&A);
  free(image);
}

static void stops_when_interrupted(void **state) {
  (void)state;
  nl_sparse A;
  nl_colours c;
  assert_ok(make_family("poisson2d", 4, NULL, 1, &A, NULL));
  nl_interrupt();
  assert_int_equal(nl_colour_rows(&A, &c), NL_INTERRUPTED);
  assert_message("colouring row 1");
  nl_interrupt_clear();
  nl_sparse_release(&A);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(colours_unsymmetric_patterns), cmocka_unit_test(knows_patterns_by_their_number),
      cmocka_unit_test(colours_grids_red_and_black),  cmocka_unit_test(reorders_rows_and_columns),
      cmocka_unit_test(survives_failing_allocations), cmocka_unit_test(stops_when_interrupted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
