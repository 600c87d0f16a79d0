/* Matrix Market files built byte by byte: what they hold, how mangled ones are refused, truncation at every
 * byte, seeded byte flips, failing allocations, and targets that cannot be written. */
#include "files.h"

static int set_up(void **state) {
  (void)state;
  return make_folder("mtx");
}

static nl_status read_bytes(const char *bytes, size_t size, nl_mtx *out) {
  put_file(bytes, size);
  return nl_mtx_read(path, out);
}

static void release(nl_mtx *m) {
  nl_tensor_release(&m->dense);
  nl_sparse_release(&m->sparse);
}

#define BANNER "%%MatrixMarket matrix coordinate real "
static const char general[] = "\xef\xbb\xbf %%matrixmarket MATRIX Coordinate Real General\r\n% note\r\n\r\n"
                              "  2 3 3\r\n 1 1 0.1\r\n2 3 -2.5D+01\r\n1 1 1\r\n";

static void reads_what_the_file_says(void **state) {
  (void)state;
  nl_mtx m = {0};
  assert_int_equal(read_bytes(general, sizeof general - 1, &m), NL_OK);
  assert_int_equal(m.sparse.nnz, 2); /* the entry given twice is summed */
  assert_true(nl_sparse_get(&m.sparse, 0, 0) == 1.1);
  assert_true(nl_sparse_get(&m.sparse, 1, 2) == -25);
  release(&m);
  static const char skew[] = BANNER "skew-symmetric\n2 2 1\n2 1 3\n";
  assert_int_equal(read_bytes(skew, sizeof skew - 1, &m), NL_OK);
  assert_true(nl_sparse_get(&m.sparse, 1, 0) == 3 && nl_sparse_get(&m.sparse, 0, 1) == -3);
  release(&m);
  static const char upper[] = "%%MatrixMarket matrix coordinate pattern symmetric\n2 2 2\n1 2\n2 2";
  assert_int_equal(read_bytes(upper, sizeof upper - 1, &m), NL_OK);
  assert_int_equal(m.sparse.nnz, 3);
  release(&m);
  static const char array[] = "%%MatrixMarket matrix array integer symmetric\n2 2\n1\n2\n3\n";
  assert_int_equal(read_bytes(array, sizeof array - 1, &m), NL_OK);
  const double *a = nl_tensor_data(&m.dense);
  assert_true(a[0] == 1 && a[1] == 2 && a[2] == 2 && a[3] == 3);
  release(&m);
}

static void refuses_mangled_files(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"", ":1: not a Matrix Market file"},
      {"\n\n", ":1: not a Matrix Market file"},
      {"%%MatrixMarket", ":1: the banner ends before the object"},
      {"%%MatrixMarket vector coordinate real general\n", ":1: the banner has object 'vector'"},
      {"%%MatrixMarket matrix list real general\n", "expected coordinate, array"},
      {"%%MatrixMarket matrix coordinate complex general\n", "complex matrices are not supported"},
      {"%%MatrixMarket matrix coordinate real hermitian\n", "hermitian matrices are not supported"},
      {"%%MatrixMarket matrix array pattern general\n", "an array cannot be a pattern"},
      {"%%MatrixMarket matrix coordinate pattern skew-symmetric\n", "cannot be skew-symmetric"},
      {BANNER "general extra\n", "words after the symmetry"},
      {BANNER "general\n", "the file ends before the size line"},
      {BANNER "general\n2 2\n", ":2: the line ends before the number of entries"},
      {BANNER "general\n2 2 1 1\n", "'1' after the end"},
      {BANNER "general\n1e3 2 1\n", "number of rows '1e3' is not a whole number"},
      {BANNER "general\n-2 2 0\n", "-2 rows: a size must not be negative"},
      {BANNER "general\n2 2 -1\n", "-1 entries: a size must not be negative"},
      {BANNER "general\n2 2 18446744073709551615\n1 1 1\n", "is beyond 64 bits"},
      {BANNER "general\n2 2 9223372036854775807\n1 1 1\n", "cannot stand in the"},
      {BANNER "general\n2147483648 2 0\n", "at most 2147483647"},
      {BANNER "general\n2147483647 2 0\n", "are not justified by a file of"},
      {BANNER "general\n2 2147483647 0\n", "columns are not justified"},
      {BANNER "symmetric\n2 3 0\n", "must be square"},
      {BANNER "general\n2 2 1\n3 1 1\n", ":3: entry (3, 1) is outside the 2x2 matrix"},
      {BANNER "general\n2 2 1\n1 0 1\n", "entry (1, 0) is outside"},
      {BANNER "general\n2 2 1\n1 1 ^^\n", "value '^^' is not a number"},
      {BANNER "general\n2 2 1\n1 1 0x1p3\n", "value '0x1p3' is not a number"},
      {BANNER "general\n2 2 1\n1 1 1e400\n", "beyond what f64 can hold"},
      {BANNER "general\n2 2 1\n1 1 1 7\n", "'7' after the end of the entry"},
      {BANNER "general\n2 2 1\n1 1     \n", "ends before the value"},
      {BANNER "general\n2 2 1\n1 1 1\n2 2 1\n", "more than the 1 entries announced"},
      {BANNER "symmetric\n3 3 2\n2 1 1\n1 3 1\n", "stores one triangle, this one has both"},
      {BANNER "skew-symmetric\n2 2 1\n1 1 5\n", "of a skew-symmetric matrix is not 0"},
      {"%%MatrixMarket matrix coordinate integer general\n1 1 1\n1 1 1.5\n", "is not a whole number"},
      {"%%MatrixMarket matrix array integer general\n1 1\n9007199254740993\n", "beyond what f64 can hold"},
      {"%%MatrixMarket matrix array real general\n1000000 1000000\n1\n", "cannot stand in the"},
      {"%%MatrixMarket matrix array real general\n2 1\n1 2\n", "'2' after the end"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    nl_mtx m = {0};
    int64_t before = nl_memory().live;
    assert_int_equal(read_bytes(cases[i][0], strlen(cases[i][0]), &m), NL_IO);
    if (!strstr(nl_message(), cases[i][1]) || !strstr(nl_message(), path))
      fail_msg("case %zu: '%s' lacks '%s'", i, nl_message(), cases[i][1]);
    assert_int_equal(nl_memory().live, before);
  }
}

/* Only the last line's end, or digits of its last value, may go unnoticed. */
static void truncation_is_noticed(void **state) {
  (void)state;
  int64_t before = nl_memory().live;
  for (size_t n = 0; n + 3 < sizeof general - 1; n++) {
    nl_mtx m = {0};
    assert_int_equal(read_bytes(general, n, &m), NL_IO);
    assert_int_equal(nl_memory().live, before);
  }
}

static void flipped_bytes_neither_crash_nor_leak(void **state) {
  (void)state;
  uint64_t x = 20240607;
  int64_t before = nl_memory().live;
  for (int k = 0; k < 3000; k++) {
    char bytes[sizeof general];
    memcpy(bytes, general, sizeof general);
    for (int flips = 0; flips < 1 + k % 3; flips++) {
      x = x * 6364136223846793005u + 1442695040888963407u;
      bytes[(x >> 33) % (sizeof general - 1)] = (char)(x >> 20);
    }
    nl_mtx m = {0};
    nl_status s = read_bytes(bytes, sizeof general - 1, &m);
    assert_true(s == NL_OK || s == NL_IO);
    release(&m);
    assert_int_equal(nl_memory().live, before);
  }
}

static void failing_allocations_leave_nothing(void **state) {
  (void)state;
  nl_mtx m = {0};
  nl_status s = NL_NOMEM;
  int64_t before = nl_memory().live, failures = 0;
  for (int k = 1; s == NL_NOMEM; k++) {
    nl_memory_fail_at(k, false);
    s = read_bytes(general, sizeof general - 1, &m);
    if (s == NL_NOMEM) failures++;
    nl_memory_fail_at(0, false);
    if (s == NL_NOMEM) assert_int_equal(nl_memory().live, before);
  }
  assert_int_equal(s, NL_OK);
  assert_true(failures >= 5); /* text, three triplet arrays, the matrix */
  nl_memory_fail_at(1, false);
  nl_matrix A = {NULL, &m.sparse};
  assert_int_equal(nl_mtx_write(path, &A, NL_MTX_AUTO, NL_MTX_GENERAL), NL_NOMEM);
  nl_memory_fail_at(0, false);
  release(&m);
}

static void written_values_read_back(void **state) {
  (void)state;
  static const double values[] = {0.1, -0.0, 1e-310, 1.7976931348623157e308, 1.0 / 3, 123456789012345680.0};
  static const int64_t at[] = {0, 1, 2, 3, 4, 5};
  nl_sparse S;
  nl_mtx m = {0};
  assert_int_equal(nl_sparse_from_coo(6, 6, 6, at, at, values, &S), NL_OK);
  nl_matrix A = {NULL, &S};
  for (nl_mtx_symmetry y = NL_MTX_GENERAL; y <= NL_MTX_SYMMETRIC; y++) {
    assert_int_equal(nl_mtx_write(path, &A, NL_MTX_AUTO, y), NL_OK);
    assert_int_equal(nl_mtx_read(path, &m), NL_OK);
    assert_memory_equal(m.sparse.values, values, sizeof values);
    release(&m);
  }
  assert_int_equal(nl_mtx_write(path, &A, NL_MTX_PATTERN, NL_MTX_GENERAL), NL_ARG);
  assert_non_null(strstr(nl_message(), "a pattern keeps ones only"));
  assert_int_equal(nl_mtx_write(path, &A, NL_MTX_AUTO, NL_MTX_SKEW), NL_ARG);
  assert_int_equal(nl_mtx_read(path, &m), NL_OK); /* a refused write leaves the old file */
  release(&m);
  nl_sparse_release(&S);
}

static void transposed_tensor_reads_back(void **state) {
  (void)state;
  nl_tensor t, u;
  nl_mtx m = {0};
  assert_int_equal(nl_tensor_new(NL_F64, 2, (const int64_t[]){2, 3}, &t), NL_OK);
  for (int64_t k = 0; k < 6; k++) ((double *)nl_tensor_data(&t))[k] = (double)k + 0.5;
  assert_int_equal(nl_tensor_transpose(&t, 0, 1, &u), NL_OK);
  nl_matrix A = {&u, NULL};
  assert_int_equal(nl_mtx_write(path, &A, NL_MTX_AUTO, NL_MTX_GENERAL), NL_OK);
  assert_int_equal(nl_mtx_read(path, &m), NL_OK);
  assert_int_equal(m.dense.shape[0], 3);
  for (int64_t i = 0; i < 3; i++)
    for (int64_t j = 0; j < 2; j++)
      assert_true(nl_tensor_get(&m.dense, (const int64_t[]){i, j}) == (double)(j * 3 + i) + 0.5);
  release(&m);
  nl_tensor_release(&u);
  nl_tensor_release(&t);
}

static void places_that_cannot_be_used(void **state) {
  (void)state;
  nl_mtx m;
  nl_tensor t;
  assert_int_equal(nl_tensor_new(NL_F64, 1, (const int64_t[]){3}, &t), NL_OK);
  nl_matrix A = {&t, NULL};
  assert_int_equal(nl_mtx_read(folder, &m), NL_IO);
  assert_non_null(strstr(nl_message(), "Is a directory"));
  assert_int_equal(nl_mtx_read("/nonexistent/a.mtx", &m), NL_IO);
  assert_int_equal(nl_mtx_read("/dev/zero", &m), NL_IO);
  assert_int_equal(nl_mtx_write(full, &A, NL_MTX_AUTO, NL_MTX_GENERAL), NL_IO);
  assert_non_null(strstr(nl_message(), "No space left on device"));
  assert_int_equal(nl_mtx_write("/nonexistent/a.mtx", &A, NL_MTX_AUTO, NL_MTX_GENERAL), NL_IO);
  assert_int_equal(nl_mtx_write(folder, &A, NL_MTX_AUTO, NL_MTX_GENERAL), NL_IO);
  nl_tensor_release(&t);
}

static void a_failed_write_keeps_the_old_file(void **state) {
  (void)state;
  nl_mtx m = {0};
  nl_tensor t;
  assert_int_equal(nl_tensor_new(NL_F64, 1, (const int64_t[]){100000}, &t), NL_OK);
  nl_matrix A = {&t, NULL};
  put_file(general, sizeof general - 1);
  limit_files(100000);
  nl_status s = nl_mtx_write(path, &A, NL_MTX_AUTO, NL_MTX_GENERAL);
  limit_files(RLIM_INFINITY);
  assert_int_equal(s, NL_IO);
  assert_message("cannot write: File too large");
  assert_int_equal(nl_mtx_read(path, &m), NL_OK);
  assert_int_equal(m.sparse.nnz, 2);
  release(&m);
  nl_tensor_release(&t);
}

static void an_interrupt_keeps_the_old_file(void **state) {
  (void)state;
  nl_mtx m = {0};
  nl_tensor t;
  put_file(general, sizeof general - 1);
  assert_int_equal(nl_tensor_new(NL_F64, 1, (const int64_t[]){3}, &t), NL_OK);
  nl_matrix A = {&t, NULL};
  int64_t before = nl_memory().live;
  nl_interrupt();
  assert_int_equal(nl_mtx_read(path, &m), NL_INTERRUPTED);
  assert_int_equal(nl_mtx_write(path, &A, NL_MTX_AUTO, NL_MTX_GENERAL), NL_INTERRUPTED);
  nl_interrupt_clear();
  assert_int_equal(nl_memory().live, before);
  nl_tensor_release(&t);
  assert_int_equal(nl_mtx_read(path, &m), NL_OK);
  assert_int_equal(m.sparse.nnz, 2);
  release(&m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_what_the_file_says),
      cmocka_unit_test(refuses_mangled_files),
      cmocka_unit_test(truncation_is_noticed),
      cmocka_unit_test(flipped_bytes_neither_crash_nor_leak),
      cmocka_unit_test(failing_allocations_leave_nothing),
      cmocka_unit_test(written_values_read_back),
      cmocka_unit_test(transposed_tensor_reads_back),
      cmocka_unit_test(places_that_cannot_be_used),
      cmocka_unit_test(a_failed_write_keeps_the_old_file),
      cmocka_unit_test(an_interrupt_keeps_the_old_file),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
