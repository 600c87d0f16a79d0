/* Reductions, norms, softmax, allclose and products against plain loops in long double. */
#include "check.h"
#include <numlab/ops.h>
#include <numlab/parallel.h>
#include <numlab/random.h>

static nl_tensor normals(nl_dtype dtype, int ndim, const int64_t *shape, uint64_t stream) {
  nl_tensor t;
  assert_ok(nl_tensor_new(dtype, ndim, shape, &t));
  assert_ok(nl_random_fill_normal(&t, 11, stream));
  return t;
}

static double number(nl_reduction op, const nl_tensor *t) {
  nl_tensor out;
  assert_ok(nl_reduce_all(op, t, &out));
  double value = nl_tensor_get(&out, NULL);
  nl_tensor_release(&out);
  return value;
}

/* Sizes around the chunk (512) and the block (65536). */
static void sums_are_accurate(void **state) {
  (void)state;
  const int64_t sizes[] = {1, 7, 8, 9, 511, 512, 513, 4097, 65535, 65536, 65537, 200001};
  for (int dtype = NL_F64; dtype <= NL_BF16; dtype++)
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
      nl_tensor t = normals((nl_dtype)dtype, 1, &sizes[k], k);
      long double sum = 0, absolute = 0, squares = 0;
      double most = -(double)INFINITY;
      int64_t at = 0;
      for (int64_t i = 0; i < sizes[k]; i++) {
        double x = nl_tensor_get(&t, &i);
        sum += (long double)x;
        absolute += fabsl((long double)x);
        squares += (long double)x * (long double)x;
        if (x > most) {
          most = x;
          at = i;
        }
      }
      double bound = 30 * 0x1p-53 * (double)absolute; /* additions on a path of the tree */
      assert_at_most(fabs(number(NL_REDUCE_SUM, &t) - (double)sum), bound);
      assert_at_most(fabs(number(NL_REDUCE_MEAN, &t) * (double)sizes[k] - (double)sum), bound);
      assert_at_most(fabs(number(NL_REDUCE_NORM_1, &t) - (double)absolute), bound);
      assert_at_most(fabs(number(NL_REDUCE_NORM_2, &t) / (double)sqrtl(squares) - 1), 30 * 0x1p-53);
      assert_true(number(NL_REDUCE_MAX, &t) == most);
      assert_true(number(NL_REDUCE_ARGMAX, &t) == (double)at);
      nl_tensor_release(&t);
    }
}

static void same_bits_by_thread_block_and_stride(void **state) {
  (void)state;
  int64_t n = 300007, n2[2] = {1, 300007};
  int before = nl_threads();
  nl_tensor t = normals(NL_F64, 1, &n, 1), row, out, wide, every;
  assert_ok(nl_tensor_new(NL_F64, 2, (int64_t[]){n, 2}, &wide));
  assert_ok(nl_tensor_select(&wide, 1, 1, &every));
  assert_ok(nl_tensor_copy(&t, &every));
  assert_ok(nl_threads_set(1));
  double one = number(NL_REDUCE_SUM, &t), norm = number(NL_REDUCE_NORM_2, &t);
  for (int threads = 2; threads <= 5; threads++) {
    assert_ok(nl_threads_set(threads));
    assert_true(number(NL_REDUCE_SUM, &t) == one);
    assert_true(number(NL_REDUCE_SUM, &every) == one);
    assert_true(number(NL_REDUCE_NORM_2, &every) == norm);
  }
  assert_ok(nl_tensor_reshape(&t, 2, n2, &row));
  assert_ok(nl_reduce(NL_REDUCE_SUM, &row, 1, false, &out));
  assert_true(nl_tensor_get(&out, (int64_t[]){0}) == one);
  assert_ok(nl_threads_set(before));
  nl_tensor_release(&out);
  nl_tensor_release(&row);
  nl_tensor_release(&every);
  nl_tensor_release(&wide);
  nl_tensor_release(&t);
}

static void integers_are_exact(void **state) {
  (void)state;
  int64_t n = 70001;
  nl_tensor t;
  assert_ok(nl_tensor_new(NL_I64, 1, &n, &t));
  int64_t *x = nl_tensor_data(&t), sum = 0;
  for (int64_t i = 0; i < n; i++) sum += x[i] = (INT64_C(1) << 46) + i; /* 2^46 * 70001 < 2^63, beyond 2^53 */
  nl_tensor out;
  assert_ok(nl_reduce_all(NL_REDUCE_SUM, &t, &out));
  assert_true(*(int64_t *)nl_tensor_data(&out) == sum);
  nl_tensor_release(&out);
  x[0] = INT64_MAX;
  x[1] = INT64_MAX;
  assert_ok(nl_reduce_all(NL_REDUCE_SUM, &t, &out));
  assert_true(*(int64_t *)nl_tensor_data(&out) == INT64_MAX);
  nl_tensor_release(&out);
  for (int64_t i = 2; i < n; i++)
    x[i] = INT64_MIN / n * 2; /* beyond the range on the way, inside at the end */
  assert_ok(nl_reduce_all(NL_REDUCE_SUM, &t, &out));
  __extension__ __int128 exact = (__int128)INT64_MAX * 2 + (__int128)(n - 2) * (INT64_MIN / n * 2);
  assert_true(*(int64_t *)nl_tensor_data(&out) == (int64_t)exact);
  nl_tensor_release(&out);
  nl_tensor_release(&t);
}

static void norms_keep_the_range(void **state) {
  (void)state;
  const double scale[] = {0x1p-1070, 0x1p-600, 0x1p-420, 1, 0x1p420, 0x1p600, 0x1p1020};
  for (int a = 0; a < 7; a++)
    for (int b = 0; b < 7; b++) {
      int64_t n = 1200; /* several chunks: the two scales fall into different ones */
      nl_tensor t;
      assert_ok(nl_tensor_new(NL_F64, 1, &n, &t));
      double *x = nl_tensor_data(&t);
      x[3] = 3 * scale[a];
      x[1100] = 4 * scale[b];
      double want = hypot(x[3], x[1100]), got = number(NL_REDUCE_NORM_2, &t);
      assert_at_most(fabs(got - want), 4 * 0x1p-53 * want + 0x1p-1074);
      nl_tensor_release(&t);
    }
}

/* Rows of n, each dimension in turn, all dtypes: sums to one, no overflow, the formula. */
static void softmax_follows_the_formula(void **state) {
  (void)state;
  for (int dtype = NL_F64; dtype <= NL_BF16; dtype++)
    for (int dim = 0; dim < 3; dim++) {
      nl_tensor t = normals((nl_dtype)dtype, 3, (int64_t[]){5, 6, 7}, 3), big, p;
      assert_ok(nl_binary_number(NL_MUL, &t, 100, false, &big));
      assert_ok(nl_softmax(&big, dim, &p));
      double eps = dtype == NL_F64 ? 0x1p-50 : dtype == NL_F32 ? 0x1p-20 : dtype == NL_F16 ? 0x1p-10 : 0x1p-7;
      int64_t at[3], n = t.shape[dim];
      for (at[0] = 0; at[0] < 5; at[0]++)
        for (at[1] = 0; at[1] < 6; at[1]++)
          for (at[2] = 0; at[2] < 7; at[2]++) {
            double sum = 0, x = nl_tensor_get(&big, at);
            for (int64_t k = 0; k < n; k++) {
              int64_t other[] = {at[0], at[1], at[2]};
              other[dim] = k;
              sum += exp(nl_tensor_get(&big, other) - x);
            }
            assert_at_most(fabs(nl_tensor_get(&p, at) - 1 / sum), eps / sum + 0x1p-24);
          }
      nl_tensor_release(&t);
      nl_tensor_release(&big);
      nl_tensor_release(&p);
    }
}

/* Strided, stacked and broadcast operands of every type against three loops. */
static void products_agree_with_loops(void **state) {
  (void)state;
  for (int dtype = 0; dtype < NL_DTYPES; dtype++) {
    nl_tensor a, b, turned, half, c;
    assert_ok(nl_tensor_new((nl_dtype)dtype, 3, (int64_t[]){3, 9, 10}, &a));
    assert_ok(nl_tensor_new((nl_dtype)dtype, 2, (int64_t[]){8, 9}, &b));
    for (int64_t i = 0; i < 270; i++)
      nl_tensor_put(&a, (int64_t[]){i / 90, i / 10 % 9, i % 10},
                    (double)nl_random_below(1, 1, (uint64_t)i, 4));
    for (int64_t i = 0; i < 72; i++)
      nl_tensor_put(&b, (int64_t[]){i / 9, i % 9}, (double)nl_random_below(1, 2, (uint64_t)i, 4));
    assert_ok(nl_tensor_slice(&a, 2, 9, 5, -2, &half));   /* 3x9x5, columns 9, 7, 5, 3, 1 */
    assert_ok(nl_tensor_transpose(&half, 1, 2, &turned)); /* 3x5x9 */
    nl_tensor right;
    assert_ok(nl_tensor_transpose(&b, 0, 1, &right)); /* 9x8 */
    assert_ok(nl_matmul(&turned, &right, &c));
    assert_int_equal(c.ndim, 3);
    assert_int_equal(c.dtype, dtype == NL_BOOL ? NL_I64 : dtype);
    for (int64_t s = 0; s < 3; s++)
      for (int64_t i = 0; i < 5; i++)
        for (int64_t j = 0; j < 8; j++) {
          double sum = 0; /* at most 81: exact in every type */
          for (int64_t k = 0; k < 9; k++)
            sum += nl_tensor_get(&a, (int64_t[]){s, k, 9 - 2 * i}) * nl_tensor_get(&b, (int64_t[]){j, k});
          assert_true(nl_tensor_get(&c, (int64_t[]){s, i, j}) == sum);
        }
    nl_tensor_release(&a);
    nl_tensor_release(&b);
    nl_tensor_release(&turned);
    nl_tensor_release(&half);
    nl_tensor_release(&right);
    nl_tensor_release(&c);
  }
}

static void agreement_is_strict(void **state) {
  (void)state;
  nl_agreement r;
  nl_tensor a = normals(NL_F64, 2, (int64_t[]){40, 50}, 8), b;
  assert_ok(nl_tensor_clone(&a, NL_F64, &b));
  assert_ok(nl_allclose(&a, &b, 0, 0, &r));
  assert_true(r.agree && r.max_abs == 0 && r.mean_abs == 0 && r.max_rel == 0);
  nl_tensor_put(&b, (int64_t[]){17, 23}, (double)NAN);
  assert_ok(nl_allclose(&a, &b, 1e300, 1e300, &r));
  assert_true(!r.agree && isnan(r.max_abs) && isnan(r.mean_abs) && isnan(r.max_rel));
  assert_ok(nl_allclose(&b, &a, 1e300, 1e300, &r));
  assert_true(!r.agree && isnan(r.max_abs));
  assert_int_equal(nl_allclose(&a, &b, (double)NAN, 0, &r), NL_ARG);
  nl_tensor_release(&a);
  nl_tensor_release(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sums_are_accurate),           cmocka_unit_test(same_bits_by_thread_block_and_stride),
      cmocka_unit_test(integers_are_exact),          cmocka_unit_test(norms_keep_the_range),
      cmocka_unit_test(softmax_follows_the_formula), cmocka_unit_test(products_agree_with_loops),
      cmocka_unit_test(agreement_is_strict)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
