/* Comma separated values: quotes, header lines, blank lines; mangled tables refused by line and column;
 * truncation, seeded flips, failing allocations, writes that fail. */
#include "files.h"
#include <math.h>

static nl_status read_text(const char *text, nl_csv_header header, nl_csv *out) {
  put_file(text, strlen(text));
  return nl_csv_read(path, header, out);
}

static void check(const char *text, nl_csv_header header, const char *names, size_t names_size, int64_t rows,
                  int64_t columns, const double *values) {
  nl_csv c;
  if (read_text(text, header, &c) != NL_OK) fail_msg("'%s': %s", text, nl_message());
  assert_true(c.values.dtype == NL_F64 && c.values.ndim == 2);
  assert_int_equal(c.values.shape[0], rows);
  assert_int_equal(c.values.shape[1], columns);
  assert_true(!c.names == !names);
  if (names) assert_memory_equal(c.names, names, names_size);
  if (rows > 0) assert_memory_equal(nl_tensor_data(&c.values), values, (size_t)(rows * columns) * 8);
  nl_csv_release(&c);
  nl_csv_release(&c); /* an emptied one is accepted */
}

static void reads_what_the_file_says(void **state) {
  (void)state;
  const double v[] = {1, 2.5, -3e10, 0.1};
  check("1,2.5\n-3e10,0.1\n", NL_CSV_AUTO, NULL, 0, 2, 2, v);
  check("\xef\xbb\xbf 1 ,\t2.5\r\n\r\n-3E+10 , .1", NL_CSV_AUTO, NULL, 0, 2, 2, v);
  check("\"1\",\"2.5\"\n-3e10,\"0.1\" \n \n", NL_CSV_AUTO, NULL, 0, 2, 2, v + 0);
  check("x,\"y, \"\"quoted\"\"\nline\"\n1,2.5\n-3e10,0.1\n", NL_CSV_AUTO, "x\0y, \"quoted\"\nline", 19, 2, 2,
        v);
  check("1\n2.5\n", NL_CSV_AUTO, NULL, 0, 2, 1, v);
  check("1,2\n1,2.5\n", NL_CSV_NAMES, "1\0002", 4, 1, 2, v);
  check("x,\n1,2.5\n", NL_CSV_AUTO, "x\0", 3, 1, 2, v);
  check("x,y\n", NL_CSV_AUTO, "x\0y", 4, 0, 2, v);
  check("x", NL_CSV_AUTO, "x", 2, 0, 1, v);
  check("inf,-Infinity\n", NL_CSV_AUTO, NULL, 0, 1, 2, (const double[]){HUGE_VAL, -HUGE_VAL});
}

static void refuses_mangled_tables(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"", ":1: the file is empty"},
      {"\n \r\n\n", ": the file is empty"},
      {",,\n1,2,3\n", ":1: the first line has neither names nor numbers"},
      {"1,2\n3\n", ":2: 1 columns, the first line has 2"},
      {"1,2\n\n3,4,5\n", ":3: more than the 2 columns of the first line"},
      {"1,2\n3,\n", ":2: column 2 is empty (nan stands for a missing value)"},
      {"1,2\n3,x\n", ":2: column 2: 'x' is not a number"},
      {"1,x\n", ":1: column 2: 'x' is not a number"},
      {"a,b\n\"1\n2\",3\n", ":2: column 1: '1\\x0a2' is not a number"},
      {"\"a\nb\",c\n1,2\n3,4;5\n", ":4: column 2: '4;5' is not a number"},
      {"1,0x10\n", "'0x10' is not a number"},
      {"1,1e999\n", ":1: column 2: '1e999' is beyond what f64 can hold"},
      {"1,2\n3,\"4\n5,6\n", ":2: column 2: the quote is never closed"},
      {"1,2\n3,\"4\"5\n", ":2: column 2: text after the closing quote"},
      {"1,2\n3,4\"5\"\n", ":2: column 2: a quote inside a field that does not begin with one"},
      {"1,2\n3,\"\"\n", ":2: column 2 is empty"},
      {"1 2\n3 4\n5,6\n", ":3: more than the 1 columns"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    nl_csv c;
    int64_t before = nl_memory().live;
    assert_int_equal(read_text(cases[i][0], NL_CSV_AUTO, &c), NL_IO);
    if (!strstr(nl_message(), cases[i][1]) || !strstr(nl_message(), path))
      fail_msg("case %zu: '%s' lacks '%s'", i, nl_message(), cases[i][1]);
    assert_int_equal(nl_memory().live, before);
  }
  nl_csv c;
  put_file("a\0b,c\n1,2\n", 10);
  assert_int_equal(nl_csv_read(path, NL_CSV_AUTO, &c), NL_IO);
  assert_message(":1: column 1: a zero byte in its name");
  put_file("1,2\n3,4\0", 8);
  assert_int_equal(nl_csv_read(path, NL_CSV_AUTO, &c), NL_IO);
  assert_message(":2: column 2: '4\\x00' is not a number");
  assert_int_equal(read_text("x,y\n1,2\n", NL_CSV_NO_NAMES, &c), NL_IO);
  assert_message(":1: column 1: 'x' is not a number");
  assert_int_equal(nl_csv_read(folder, NL_CSV_AUTO, &c), NL_IO);
}

static void writes_what_it_says(void **state) {
  (void)state;
  static const char expected[] = "\"a,b\",\" c\",\"d\"\"\",\"\"\n0.1,-0,nan,2.5e-300\n"
                                 "1,-inf,0.5,1e+300\n";
  static const char *const names[] = {"a,b", " c", "d\"", ""};
  char text[256];
  nl_tensor t;
  nl_csv c;
  const double values[] = {0.1, -0.0, (double)NAN, 2.5e-300, 1, -HUGE_VAL, 0.5, 1e300};
  assert_int_equal(nl_tensor_new(NL_F64, 2, (const int64_t[]){2, 4}, &t), NL_OK);
  memcpy(nl_tensor_data(&t), values, sizeof values);
  assert_int_equal(nl_csv_write(path, &t, 4, names), NL_OK);
  assert_int_equal(nl_csv_read(path, NL_CSV_AUTO, &c), NL_OK);
  const double *back = nl_tensor_data(&c.values);
  for (int k = 0; k < 8; k++) assert_true(k == 2 ? isnan(back[k]) : memcmp(back + k, values + k, 8) == 0);
  assert_memory_equal(c.names, "a,b\0 c\0d\"\0", 11);
  nl_csv_release(&c);
  size_t size = get_file(text, sizeof text - 1);
  text[size] = 0;
  assert_string_equal(text, expected);
  assert_int_equal(nl_csv_write(path, &t, 3, names), NL_ARG);
  assert_message("3 names for 4 columns");
  nl_tensor_release(&t);
}

static void writes_views_and_every_type(void **state) {
  (void)state;
  for (nl_dtype dtype = NL_F64; dtype < NL_DTYPES; dtype++) {
    nl_tensor t, u;
    nl_csv c;
    assert_int_equal(nl_tensor_new(dtype, 2, (const int64_t[]){2, 3}, &t), NL_OK);
    for (int64_t k = 0; k < 6; k++) nl_tensor_put(&t, (const int64_t[]){k / 3, k % 3}, (double)k * 5);
    assert_int_equal(nl_tensor_transpose(&t, 0, 1, &u), NL_OK);
    assert_int_equal(nl_csv_write(path, &u, 0, NULL), NL_OK);
    assert_int_equal(nl_csv_read(path, NL_CSV_AUTO, &c), NL_OK);
    for (int64_t i = 0; i < 3; i++)
      for (int64_t j = 0; j < 2; j++) {
        const int64_t at[] = {i, j};
        assert_true(nl_tensor_get(&c.values, at) == nl_tensor_get(&u, at));
      }
    nl_csv_release(&c);
    nl_tensor_release(&u);
    nl_tensor_release(&t);
  }
  char text[64] = "";
  nl_tensor t;
  assert_int_equal(nl_tensor_new(NL_I64, 1, (const int64_t[]){2}, &t), NL_OK);
  memcpy(nl_tensor_data(&t), (const int64_t[]){INT64_MIN, INT64_MAX - 1}, 16);
  assert_int_equal(nl_csv_write(path, &t, 0, NULL), NL_OK);
  get_file(text, sizeof text - 1);
  assert_string_equal(text, "-9223372036854775808\n9223372036854775806\n");
  nl_tensor_release(&t);
  assert_int_equal(nl_tensor_new(NL_F64, 3, (const int64_t[]){1, 1, 1}, &t), NL_OK);
  assert_int_equal(nl_csv_write(path, &t, 0, NULL), NL_SHAPE);
  assert_message("holds a matrix or a vector, got shape 1x1x1 (use .npy)");
  nl_tensor_release(&t);
  assert_int_equal(nl_tensor_new(NL_F64, 2, (const int64_t[]){3, 0}, &t), NL_OK);
  assert_int_equal(nl_csv_write(path, &t, 0, NULL), NL_SHAPE);
  assert_message("at least one column");
  nl_tensor_release(&t);
}

static const char sample[] = "x,\"a \"\"name\"\"\"\n1,2.5\n\"-3e10\",0.125\n";

/* What is left is a smaller table, or is refused. */
static void truncation_neither_crashes_nor_invents(void **state) {
  (void)state;
  int64_t before = nl_memory().live;
  for (size_t n = 0; n < sizeof sample; n++) {
    nl_csv c;
    put_file(sample, n);
    nl_status s = nl_csv_read(path, NL_CSV_AUTO, &c);
    assert_true(s == NL_OK || s == NL_IO);
    if (n < 14)
      assert_int_equal(s, strchr("\1\2\6\14", (int)n) && n ? NL_OK : NL_IO); /* quotes closed, or not */
    if (s == NL_OK) {
      assert_true(c.names && c.values.shape[0] <= 2 && c.values.shape[1] <= 2);
      if (c.values.shape[0] > 1) assert_true(((double *)nl_tensor_data(&c.values))[2] == -3e10);
      nl_csv_release(&c);
    }
    assert_int_equal(nl_memory().live, before);
  }
}

static void flipped_bytes_neither_crash_nor_leak(void **state) {
  (void)state;
  int64_t before = nl_memory().live;
  for (unsigned k = 0; k < 5000; k++) {
    char bytes[sizeof sample];
    memcpy(bytes, sample, sizeof sample);
    mangle(bytes, sizeof sample - 1, k);
    nl_csv c;
    put_file(bytes, sizeof sample - 1);
    nl_status s = nl_csv_read(path, (nl_csv_header)(k % 3), &c);
    assert_true(s == NL_OK || s == NL_IO);
    if (s == NL_OK) nl_csv_release(&c);
    assert_int_equal(nl_memory().live, before);
  }
}

static void failing_allocations_leave_nothing(void **state) {
  (void)state;
  int64_t before = nl_memory().live, failures = 0;
  nl_status s = NL_NOMEM;
  nl_csv c;
  for (int k = 1; s == NL_NOMEM; k++) {
    nl_memory_fail_at(k, false);
    s = read_text(sample, NL_CSV_AUTO, &c);
    nl_memory_fail_at(0, false);
    failures += s == NL_NOMEM;
    if (s == NL_NOMEM) assert_int_equal(nl_memory().live, before);
  }
  assert_int_equal(s, NL_OK);
  assert_true(failures >= 3); /* text, names, values */
  s = NL_NOMEM;
  for (int k = 1; s == NL_NOMEM; k++) {
    nl_tensor u;
    nl_csv back;
    assert_int_equal(nl_tensor_transpose(&c.values, 0, 1, &u), NL_OK);
    nl_memory_fail_at(k, false);
    s = nl_csv_write(path, &u, 0, NULL);
    nl_memory_fail_at(0, false);
    nl_tensor_release(&u);
    assert_int_equal(nl_csv_read(path, NL_CSV_AUTO, &back), NL_OK);
    assert_true(!back.names == (s == NL_OK)); /* the old file has names */
    nl_csv_release(&back);
  }
  assert_int_equal(s, NL_OK);
  nl_csv_release(&c);
  assert_int_equal(nl_memory().live, before);
}

static void a_failed_write_keeps_the_old_file(void **state) {
  (void)state;
  nl_tensor t;
  nl_csv c;
  put_file("7\n", 2);
  assert_int_equal(nl_tensor_new(NL_F64, 1, (const int64_t[]){100000}, &t), NL_OK);
  limit_files(100000);
  nl_status s = nl_csv_write(path, &t, 0, NULL);
  limit_files(RLIM_INFINITY);
  assert_int_equal(s, NL_IO);
  assert_message("cannot write: File too large");
  assert_int_equal(nl_csv_write(full, &t, 0, NULL), NL_IO);
  assert_message("No space left on device");
  assert_int_equal(nl_csv_read(path, NL_CSV_AUTO, &c), NL_OK);
  assert_int_equal(c.values.shape[0], 1);
  nl_csv_release(&c);
  nl_tensor_release(&t);
}

static void an_interrupt_keeps_the_old_file(void **state) {
  (void)state;
  nl_csv c;
  nl_tensor t;
  put_file(sample, sizeof sample - 1);
  assert_int_equal(nl_tensor_new(NL_F64, 1, (const int64_t[]){3}, &t), NL_OK);
  int64_t before = nl_memory().live;
  nl_interrupt();
  assert_int_equal(nl_csv_read(path, NL_CSV_AUTO, &c), NL_INTERRUPTED);
  assert_int_equal(nl_csv_write(path, &t, 0, NULL), NL_INTERRUPTED);
  nl_interrupt_clear();
  assert_int_equal(nl_memory().live, before);
  nl_tensor_release(&t);
  assert_int_equal(nl_csv_read(path, NL_CSV_AUTO, &c), NL_OK);
  assert_int_equal(c.values.shape[0], 2);
  nl_csv_release(&c);
}

static int set_up(void **state) {
  (void)state;
  return make_folder("csv");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_what_the_file_says),
      cmocka_unit_test(refuses_mangled_tables),
      cmocka_unit_test(writes_what_it_says),
      cmocka_unit_test(writes_views_and_every_type),
      cmocka_unit_test(truncation_neither_crashes_nor_invents),
      cmocka_unit_test(flipped_bytes_neither_crash_nor_leak),
      cmocka_unit_test(failing_allocations_leave_nothing),
      cmocka_unit_test(a_failed_write_keeps_the_old_file),
      cmocka_unit_test(an_interrupt_keeps_the_old_file),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
