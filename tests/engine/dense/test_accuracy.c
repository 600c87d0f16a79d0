/* LAPACK's eleven general matrix types through gauss with every pivoting and through lu with small panels:
 * ratios 1, 3, 4 and 8 below 30, HPL's below 16, zeroed columns named exactly. NUMLAB_SLOW=1 adds n = 2000.
 */
#include "matrices.h"

static double worst[8]; /* highest of each ratio, printed at the end: 1 3 4 8 hpl */

static void expect_below(double ratio, double bound, int which, const char *what, int type, int64_t n,
                         const char *how) {
  if (ratio > worst[which]) worst[which] = ratio;
  if (!(ratio < bound)) fail_msg("%s = %g, type %d, n = %d, %s", what, ratio, type, (int)n, how);
}

/* ||P A - L U||_1 / (n ||A||_1 eps) */
static double ratio1(const nl_lu *F, const double *A) {
  int64_t n = F->n;
  long double most = 0, *sum = calloc((size_t)n, sizeof *sum), *row = calloc((size_t)n, sizeof *row);
  assert_true(sum && row);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) row[j] = -(long double)A[F->row_of[i] * n + j];
    for (int64_t p = 0; p <= i; p++) {
      long double l = p == i ? 1 : (long double)value_at(&F->LU, i * n + p);
      for (int64_t j = p; j < n; j++) row[j] += l * (long double)value_at(&F->LU, p * n + j);
    }
    for (int64_t j = 0; j < n; j++) sum[j] += fabsl(row[j]);
  }
  for (int64_t j = 0; j < n; j++)
    if (!(sum[j] <= most)) most = sum[j];
  free(sum), free(row);
  return (double)(most / ((long double)n * norm_one(n, A) * (long double)eps_of(F->LU.dtype)));
}

typedef struct variant {
  const char *method;
  nl_pivot pivot;
  nl_scale scale;
  int64_t block;
  bool refine;
} variant;

static void solve_one(const variant *v, int type, int64_t n, const double *A, const nl_tensor *matrix,
                      const nl_tensor *B, const double *truth, double rcond, int64_t zero) {
  char how[100];
  snprintf(how, sizeof how, "%s %s pivot %d scale %d block %d", nl_dtype_name(B->dtype), v->method,
           (int)v->pivot, (int)v->scale, (int)v->block);
  nl_solve_options o = nl_solve_defaults();
  o.method = v->method, o.pivot = v->pivot, o.scale = v->scale, o.block = v->block, o.refine = v->refine;
  nl_matrix M = {.dense = matrix};
  nl_tensor X = {0};
  nl_solve_info info;
  nl_status status = nl_solve(&M, B, &o, &X, &info);
  if (zero) {
    if (status != NL_SINGULAR)
      fail_msg("%s for a singular matrix, type %d, n = %d, %s", nl_status_name(status), type, (int)n, how);
    if (v->pivot == NL_PIVOT_PARTIAL) assert_int_equal(info.where, zero);
    else assert_int_equal(info.rank, type == HALF_ZERO ? n / 2 : n - 1);
    assert_null(X.storage);
  } else {
    if (status != NL_OK)
      fail_msg("%s: %s, type %d, n = %d, %s", nl_status_name(status), nl_message(), type, (int)n, how);
    measured m = measure(n, B->shape[1], A, &X, B, truth);
    expect_below(m.ratio3, 30, 1, "ratio 3", type, n, how);
    expect_below(m.error * rcond, 30, 2, "ratio 4", type, n, how);
    expect_below(m.hpl, 16, 4, "HPL's ratio", type, n, how);
  }
  nl_solve_info_release(&info);
  nl_tensor_release(&X);
}

static void check_type(int type, int64_t n, nl_dtype t) {
  static const int64_t block[] = {1, 3, 20, 0};
  int64_t k = n == 10 ? 15 : n > 100 ? 1 : 2;
  double *A = numbers(n * n), *truth = numbers(n * k), rcond = 0;
  int64_t zero = general(type, n, t, A);
  for (int64_t i = 0; i < n * k; i++) truth[i] = t == NL_F32 ? (double)(float)draw() : draw();
  nl_tensor matrix = tensor_of(t, 2, n, n, A), B = right_hand_sides(n, k, A, truth, t);
  for (int i = 0; i < 4; i++) {
    if (n > 100 && i < 3) continue;
    nl_lu F;
    assert_int_equal(nl_lu_factor(&matrix, block[i], &F), NL_OK);
    if (!(type == HALF_ZERO && n == 1) && norm_one(n, A) > 0)
      expect_below(ratio1(&F, A), 30, 0, "ratio 1", type, n, "lu");
    assert_int_equal(F.singular_column, zero);
    rcond = nl_lu_rcond(&F);
    if (!zero && n <= 50) {
      double exact = exact_rcond(n, A);
      expect_below(fmax(rcond, exact) / fmin(rcond, exact) - (1 - eps_of(t)), 30, 3, "ratio 8", type, n,
                   "lu");
      rcond = exact;
    }
    if (zero && rcond != 0) fail_msg("rcond %g of a singular matrix", rcond);
    nl_lu_release(&F);
    variant v = {"lu", .block = block[i], .refine = i == 2};
    solve_one(&v, type, n, A, &matrix, &B, truth, rcond, zero);
  }
  for (nl_pivot p = NL_PIVOT_PARTIAL; p <= NL_PIVOT_COMPLETE; p++)
    for (nl_scale s = NL_SCALE_NONE; s <= NL_SCALE_BOTH; s++) {
      bool stable_without = type <= LOWER && !zero;
      if ((p == NL_PIVOT_NONE && !stable_without) || (n > 100 && (s != NL_SCALE_NONE || p == NL_PIVOT_ROOK)))
        continue;
      variant v = {"gauss", p, s, 0, false};
      solve_one(&v, type, n, A, &matrix, &B, truth, rcond, zero);
    }
  nl_tensor_release(&matrix);
  nl_tensor_release(&B);
  free(A), free(truth);
}

static void all_types(nl_dtype t, const int64_t *size, int sizes) {
  for (int i = 0; i < sizes; i++)
    for (int type = DIAGONAL; type <= HUGE_ONES; type++) check_type(type, size[i], t);
}

static void small_f64(void **unused) {
  (void)unused;
  static const int64_t size[] = {1, 2, 3, 5, 10, 50};
  all_types(NL_F64, size, 6);
}
static void small_f32(void **unused) {
  (void)unused;
  static const int64_t size[] = {1, 2, 3, 5, 10, 50};
  all_types(NL_F32, size, 6);
}
static void hundred(void **unused) {
  (void)unused;
  static const int64_t size[] = {100};
  all_types(NL_F64, size, 1);
  all_types(NL_F32, size, 1);
}
static void large(void **unused) {
  (void)unused;
  static const int type[] = {RANDOM, HALF_ZERO, WORSE, TINY};
  for (int i = 0; i < 4; i++) check_type(type[i], 500, NL_F64);
}
static void very_large(void **unused) {
  (void)unused;
  const char *slow = getenv("NUMLAB_SLOW");
  if (!slow || strcmp(slow, "1") != 0) {
    print_message("# skipped: n = 2000 takes four minutes; NUMLAB_SLOW=1 runs it\n");
    return;
  }
  for (int type = DIAGONAL; type <= HUGE_ONES; type++) check_type(type, 2000, NL_F64);
}
static void print_worst(void **unused) {
  (void)unused;
  print_message("# highest ratios: 1 %.2f, 3 %.2f, 4 %.2f, 8 %.2f, HPL %.2f\n", worst[0], worst[1], worst[2],
                worst[3], worst[4]);
  assert_int_equal(nl_memory().live, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(small_f64), cmocka_unit_test(small_f32),  cmocka_unit_test(hundred),
      cmocka_unit_test(large),     cmocka_unit_test(very_large), cmocka_unit_test(print_worst),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
