/* Copies of transposed views against reading element by element: sizes around the blocks, stacks of matrices,
 * destinations that are views, NaN kept bit by bit; what is not its business is left alone. */
#include "check.h"
#include "core/turn.h"
#include <numlab/interrupt.h>
#include <numlab/parallel.h>
#include <stdlib.h>

/* Bits of element number i: all different, NaN among them. */
static void fill(const nl_tensor *t) {
  for (int64_t i = 0; i < nl_tensor_size(t); i++)
    if (t->dtype == NL_F64) ((uint64_t *)nl_tensor_data(t))[i] = UINT64_C(0x7ff0000000000000) + (uint64_t)i;
    else ((uint32_t *)nl_tensor_data(t))[i] = 0x7f800000u + (uint32_t)i;
}

static const char *element(const nl_tensor *t, int64_t i, int64_t j, int64_t k) {
  int64_t at = i * t->stride[0] + j * t->stride[1] + k * t->stride[2];
  return (char *)nl_tensor_data(t) + at * nl_dtype_size(t->dtype);
}

static void check(nl_dtype dtype, int64_t a, int64_t b, int64_t c, int d) {
  nl_tensor t, turned, copy, wide, into;
  assert_ok(nl_tensor_new(dtype, 3, (int64_t[]){a, b, c}, &t));
  fill(&t);
  assert_ok(nl_tensor_transpose(&t, d, 2, &turned));
  assert_ok(nl_tensor_new(dtype, 3, turned.shape, &copy));
  int64_t room[] = {turned.shape[0], turned.shape[1], turned.shape[2] + 3};
  assert_ok(nl_tensor_new(dtype, 3, room, &wide));
  assert_ok(nl_tensor_slice(&wide, 2, 1, turned.shape[2], 1, &into));
  bool large = turned.shape[d] >= 8 && turned.shape[2] >= 8;
  assert_true(nl_copy_turned(&turned, &copy, false) == large);
  assert_true(nl_copy_turned(&turned, &into, true) == large);
  for (int64_t i = 0; large && i < turned.shape[0]; i++)
    for (int64_t j = 0; j < turned.shape[1]; j++)
      for (int64_t k = 0; k < turned.shape[2]; k++) {
        size_t size = (size_t)nl_dtype_size(dtype);
        assert_memory_equal(element(&copy, i, j, k), element(&turned, i, j, k), size);
        assert_memory_equal(element(&into, i, j, k), element(&turned, i, j, k), size);
      }
  double edge; /* beside the view nothing is written */
  for (int64_t i = 0; i < room[0]; i++)
    for (int64_t j = 0; j < room[1]; j++)
      for (int64_t k = 0; k < room[2]; k += k == 0 ? room[2] - 2 : 1) {
        edge = nl_tensor_get(&wide, (int64_t[]){i, j, k});
        assert_true(edge == 0);
      }
  nl_tensor_release(&into);
  nl_tensor_release(&wide);
  nl_tensor_release(&copy);
  nl_tensor_release(&turned);
  nl_tensor_release(&t);
}

static void every_size(void **unused) {
  (void)unused;
  static const int64_t sizes[] = {1, 7, 8, 9, 16, 31, 33, 64, 65, 130};
  enum { SIZES = sizeof sizes / sizeof *sizes };
  for (nl_dtype t = NL_F64; t <= NL_F32; t++)
    for (int i = 0; i < SIZES; i++)
      for (int j = 0; j < SIZES; j++)
        for (int d = 0; d < 2; d++) {
          if (d == 0) check(t, sizes[i], 3, sizes[j], 0);
          else check(t, 2, sizes[i], sizes[j], 1);
        }
}

static void threads_and_interrupts(void **unused) {
  (void)unused;
  int before = nl_threads();
  nl_tensor t, turned, one, many;
  assert_ok(nl_tensor_new(NL_F64, 2, (int64_t[]){700, 900}, &t));
  fill(&t);
  assert_ok(nl_tensor_transpose(&t, 0, 1, &turned));
  assert_ok(nl_threads_set(1));
  assert_ok(nl_tensor_clone(&turned, NL_F64, &one));
  assert_ok(nl_threads_set(3));
  assert_ok(nl_tensor_clone(&turned, NL_F64, &many));
  assert_ok(nl_threads_set(before));
  assert_memory_equal(nl_tensor_data(&one), nl_tensor_data(&many), (size_t)(700 * 900 * 8));
  nl_tensor_release(&many);
  nl_interrupt();
  assert_int_equal(nl_tensor_clone(&turned, NL_F64, &many), NL_INTERRUPTED);
  assert_message("copy: interrupted");
  nl_tensor small, little;
  assert_ok(nl_tensor_slice(&turned, 0, 0, 20, 1, &small));
  assert_ok(nl_tensor_clone(&small, NL_F64, &little)); /* small ones are finished in any case */
  assert_true(memcmp(nl_tensor_data(&little), nl_tensor_data(&one), (size_t)(20 * 700 * 8)) == 0);
  nl_interrupt_clear();
  nl_tensor_release(&small);
  nl_tensor_release(&little);
  nl_tensor_release(&one);
  nl_tensor_release(&turned);
  nl_tensor_release(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_size),
      cmocka_unit_test(threads_and_interrupts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
