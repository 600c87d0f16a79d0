/* .npy arrays built byte by byte: all versions, types, orders; mangled ones refused by byte and reason;
 * truncation at every byte, seeded flips, failing allocations, writes that fail. */
#include "files.h"

/* An array of a version with the given header text, not padded, and its elements. */
static size_t build(unsigned char *p, int version, const char *header, const void *data, size_t size) {
  size_t length = strlen(header), lead = version == 1 ? 10 : 12;
  const unsigned char begin[12] = {0x93,
                                   'N',
                                   'U',
                                   'M',
                                   'P',
                                   'Y',
                                   (unsigned char)version,
                                   0,
                                   (unsigned char)length,
                                   (unsigned char)(length >> 8),
                                   0,
                                   0};
  memcpy(p, begin, lead);
  memcpy(p + lead, header, length);
  if (size > 0) memcpy(p + lead + length, data, size);
  return lead + length + size;
}

static nl_status read_array(int version, const char *header, const void *data, size_t size, nl_tensor *out) {
  static unsigned char bytes[20000];
  put_file(bytes, build(bytes, version, header, data, size));
  return nl_npy_read(path, out);
}

#define HEADER(descr, order, shape) \
  "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }  \n"

static void reads_every_type_in_both_byte_orders(void **state) {
  (void)state;
  /* 1, -2 (u8: 254; bool: true, false), first with the low byte first */
  static const struct {
    const char *low, *high;
    nl_dtype dtype;
    int size;
    double second;
    unsigned char bytes[16]; /* low byte first */
  } cases[] = {
      {"<f8", ">f8", NL_F64, 8, -2, {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0}},
      {"<f4", ">f4", NL_F32, 4, -2, {0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}},
      {"<f2", ">f2", NL_F16, 2, -2, {0, 0x3c, 0, 0xc0}},
      {"<i8", ">i8", NL_I64, 8, -2, {1, 0, 0, 0, 0, 0, 0, 0, 0xfe, 255, 255, 255, 255, 255, 255, 255}},
      {"<i4", ">i4", NL_I32, 4, -2, {1, 0, 0, 0, 0xfe, 255, 255, 255}},
      {"<i2", ">i2", NL_I16, 2, -2, {1, 0, 0xfe, 255}},
      {"|u1", "u1", NL_U8, 1, 254, {1, 254}},
      {"|b1", ">b1", NL_BOOL, 1, 0, {1, 0}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (int version = 1; version <= 3; version++)
      for (int high = 0; high < 2; high++) {
        unsigned char bytes[16];
        char header[128];
        int size = cases[i].size;
        for (int k = 0; k < 2 * size; k++)
          bytes[k] = cases[i].bytes[high ? k / size * size + size - 1 - k % size : k];
        snprintf(header, sizeof header, "{\"shape\":(2,),'descr':'%s','fortran_order':False}",
                 high ? cases[i].high : cases[i].low);
        nl_tensor t;
        assert_int_equal(read_array(version, header, bytes, (size_t)(2 * size), &t), NL_OK);
        assert_int_equal(t.dtype, cases[i].dtype);
        assert_true(t.ndim == 1 && t.shape[0] == 2);
        assert_true(nl_tensor_get(&t, (const int64_t[]){0}) == 1);
        assert_true(nl_tensor_get(&t, (const int64_t[]){1}) == cases[i].second);
        nl_tensor_release(&t);
      }
}

static void reads_both_orders_and_every_rank(void **state) {
  (void)state;
  static const unsigned char data[] = {0, 1, 2, 3, 4, 5};
  nl_tensor t;
  for (int fortran = 0; fortran < 2; fortran++) {
    assert_int_equal(
        read_array(1, fortran ? HEADER("|u1", "True", "(2L, 3,)") : HEADER("|u1", "False", "(2, 3)"), data, 6,
                   &t),
        NL_OK);
    assert_true(t.ndim == 2 && t.shape[0] == 2 && t.shape[1] == 3);
    for (int64_t i = 0; i < 2; i++)
      for (int64_t j = 0; j < 3; j++)
        assert_true(nl_tensor_get(&t, (const int64_t[]){i, j}) == (double)(fortran ? i + 2 * j : 3 * i + j));
    nl_tensor_release(&t);
  }
  assert_int_equal(read_array(2, HEADER("|u1", "False", "()"), data + 5, 1, &t), NL_OK);
  assert_true(t.ndim == 0 && nl_tensor_get(&t, (const int64_t[]){0}) == 5);
  nl_tensor_release(&t);
  assert_int_equal(read_array(1, HEADER("<f8", "False", "(7, 0, 9)"), data, 0, &t), NL_OK);
  assert_true(t.ndim == 3 && t.shape[2] == 9 && nl_tensor_size(&t) == 0);
  nl_tensor_release(&t);
  assert_int_equal(read_array(1, HEADER("|u1", "False", "(1,1,1,1,1,1,1,6)"), data, 6, &t), NL_OK);
  assert_true(t.ndim == 8 && nl_tensor_size(&t) == 6);
  nl_tensor_release(&t);
}

static void refuses_mangled_headers(void **state) {
  (void)state;
  /* the header begins at byte 10; 'descr' at 11, its value at 20 */
  static const char *const cases[][2] = {
      {"", "byte 10: the header has no '{' at its start"},
      {"{}", "byte 10: the header has no 'descr'"},
      {"{'descr': '<f8', 'shape': ()}", "the header has no 'fortran_order'"},
      {"{'descr': '<f8' 'shape': ()}", "byte 26: the header has neither ',' nor '}' here"},
      {"{'descr': '<f8', 'descr': '<f8'}", "byte 27: the header has 'descr' twice"},
      {"{'descr': '<f8', 'order': 1}", "unknown key 'order'"},
      {"{'descr' '<f8'}", "byte 19: the header has no ':' after a key"},
      {"{'descr", "byte 11: the quoted key does not end"},
      {"{descr: 1}", "byte 11: the header has no quoted key here"},
      {"{'descr\x01': 1}", "byte 17: the key holds a byte that is not plain text"},
      {"{'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa': 1}", "the key is 36 bytes long"},
      {HEADER("<c16", "False", "()"), "byte 20: the elements are complex numbers ('<c16'); numlab reads f64"},
      {HEADER("|O", "False", "()"), "Python objects ('|O')"},
      {HEADER("<U7", "False", "()"), "text ('<U7')"},
      {HEADER("|S3", "False", "()"), "byte strings ('|S3')"},
      {HEADER("|V2", "False", "()"), "structures or raw bytes ('|V2')"},
      {HEADER("<M8[ns]", "False", "()"), "dates ('<M8[ns]')"},
      {HEADER("<m8", "False", "()"), "time spans"},
      {HEADER("<f16", "False", "()"), "floats of this size"},
      {HEADER("|i1", "False", "()"), "integers of this size"},
      {HEADER("<u4", "False", "()"), "unsigned integers of this size"},
      {HEADER("", "False", "()"), "unknown elements ('')"},
      {HEADER("f8", "False", "()"), "lacks its byte order"},
      {HEADER("|f8", "False", "()"), "lacks its byte order"},
      {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': ()}",
       "byte 20: the elements are structures"},
      {HEADER("<f8", "0", "()"), "fortran_order is neither True nor False"},
      {HEADER("<f8", "False", "3"), "no '(' before the shape"},
      {HEADER("<f8", "False", "(3)"), "the shape is a number, not a tuple"},
      {HEADER("<f8", "False", "(3 4)"), "neither ',' nor ')'"},
      {HEADER("<f8", "False", "(-1,)"), "no whole number >= 0"},
      {HEADER("<f8", "False", "(,)"), "no whole number >= 0"},
      {HEADER("<f8", "False", "(2.5,)"), "neither ',' nor ')'"},
      {HEADER("<f8", "False", "(9223372036854775808,)"), "beyond 64 bits"},
      {HEADER("<f8", "False", "(18446744073709551617,)"), "beyond 64 bits"},
      {HEADER("<f8", "False", "(4294967296, 4294967296)"), "more elements than 64 bits can count"},
      {HEADER("<f8", "False", "(4294967296, 4294967296, 0)"), "more elements than 64 bits can count"},
      {HEADER("<f8", "False", "(2305843009213693952,)"), "needs more than 9223372036854775807 bytes"},
      {HEADER("<f8", "False", "(1,1,1,1,1,1,1,1,1)"), "more than the 8 dimensions"},
      {HEADER("<f8", "False", "(1000000000,)"), "needs 8000000000 bytes after the header, 0 are there"},
      {HEADER("<f8", "False", "()") "x", "the header goes on after its '}'"},
  };
  nl_memory_reset_peak();
  int64_t before = nl_memory().peak;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    nl_tensor t;
    assert_int_equal(read_array(1, cases[i][0], NULL, 0, &t), NL_IO);
    if (!strstr(nl_message(), cases[i][1]) || !strstr(nl_message(), path))
      fail_msg("case %zu: '%s' lacks '%s'", i, nl_message(), cases[i][1]);
  }
  assert_int_equal(nl_memory().peak, before); /* refused before any memory is taken */
}

static void refuses_mangled_frames(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t size;
    const char *message;
  } cases[] = {
      {"", 0, "byte 0: not an .npy array"},
      {"\x93NUMP", 5, "byte 0: not an .npy array"},
      {"PK\3\4......", 10, "byte 0: not an .npy array"},
      {"\x93NUMPY\1", 7, "byte 7: the file ends within the first 10 bytes"},
      {"\x93NUMPY\2\0\0\0", 10, "byte 10: the file ends within the first 12 bytes"},
      {"\x93NUMPY\4\0\0\0", 10, "byte 6: format version 4.0"},
      {"\x93NUMPY\1\1\0\0", 10, "byte 6: format version 1.1"},
      {"\x93NUMPY\1\0\x40\0", 10, "byte 10: the file ends within the header of 64 bytes"},
      {"\x93NUMPY\1\0\x11\x27", 10, "byte 8: a header of 10001 bytes; at most 10000 are taken"},
      {"\x93NUMPY\2\0\xf0\xff\xff\xff", 12, "byte 8: a header of 4294967280 bytes"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    nl_tensor t;
    put_file(cases[i].bytes, cases[i].size);
    assert_int_equal(nl_npy_read(path, &t), NL_IO);
    assert_message(cases[i].message);
  }
  nl_tensor t;
  char header[10001];
  int length = snprintf(header, sizeof header, HEADER("|u1", "False", "(1,)"));
  memset(header + length, ' ', sizeof header - (size_t)length);
  header[10000] = 0;
  assert_int_equal(read_array(1, header, "\7", 1, &t), NL_OK); /* the longest header taken */
  nl_tensor_release(&t);
  assert_int_equal(read_array(1, HEADER("|u1", "False", "(2,)"), "123", 3, &t), NL_IO);
  assert_message("1 bytes follow the elements of shape 2");
  assert_int_equal(read_array(1, HEADER("|b1", "False", "(2,)"), "\1\2", 2, &t), NL_IO);
  assert_message("a bool is 2, neither 0 nor 1");
  assert_int_equal(nl_npy_read(folder, &t), NL_IO);
  assert_message("Is a directory");
  assert_int_equal(nl_npy_read("/dev/zero", &t), NL_IO);
  assert_message("not a regular file");
}

/* Another tensor of every type and of the given rank, sizes 2, 3, 1, 2, ... */
static nl_tensor make(nl_dtype dtype, int ndim) {
  static const int64_t shape[] = {2, 3, 1, 2, 1, 1, 2, 2};
  nl_tensor t;
  assert_int_equal(nl_tensor_new(dtype, ndim, shape, &t), NL_OK);
  unsigned char *p = nl_tensor_data(&t);
  for (int64_t k = 0; k < nl_tensor_size(&t); k++)
    nl_dtype_store(dtype, p + k * nl_dtype_size(dtype), (double)k * (k % 2 ? 1.5 : -2.25));
  return t;
}

static void written_arrays_read_back(void **state) {
  (void)state;
  for (nl_dtype dtype = NL_F64; dtype < NL_DTYPES; dtype++)
    for (int ndim = 0; ndim <= 8; ndim++) {
      nl_tensor t = make(dtype, ndim), back;
      nl_status expected = dtype == NL_BF16 ? NL_DTYPE : NL_OK;
      assert_int_equal(nl_npy_write(path, &t), expected);
      if (expected == NL_OK) {
        assert_int_equal(nl_npy_read(path, &back), NL_OK);
        assert_true(back.dtype == dtype && back.ndim == ndim && nl_tensor_same_shape(&t, &back));
        assert_memory_equal(nl_tensor_data(&back), nl_tensor_data(&t),
                            (size_t)(nl_tensor_size(&t) * nl_dtype_size(dtype)));
        nl_tensor_release(&back);
      } else assert_message("no element type for bf16: convert to f32");
      nl_tensor_release(&t);
    }
}

/* The very bytes NumPy writes for np.array([[1., 3.], [2., 4.]]), here from a transposed view. */
static void writes_what_numpy_writes(void **state) {
  (void)state;
  unsigned char bytes[256];
  nl_tensor t, u;
  assert_int_equal(nl_tensor_new(NL_F64, 2, (const int64_t[]){2, 2}, &t), NL_OK);
  memcpy(nl_tensor_data(&t), (const double[]){1, 2, 3, 4}, 32);
  assert_int_equal(nl_tensor_transpose(&t, 0, 1, &u), NL_OK);
  assert_int_equal(nl_npy_write(path, &u), NL_OK);
  assert_int_equal(get_file(bytes, sizeof bytes), 128 + 32);
  assert_memory_equal(bytes, "\x93NUMPY\1\0v\0{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }",
                      69);
  for (int k = 69; k < 127; k++) assert_int_equal(bytes[k], ' ');
  assert_int_equal(bytes[127], '\n');
  assert_memory_equal(bytes + 128, ((const double[]){1, 3, 2, 4}), 32);
  nl_tensor_release(&u);
  nl_tensor_release(&t);
}

static const unsigned char sample_data[24] = {1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1,
                                              0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0};
static const char sample_header[] = HEADER(">f4", "True", "(2, 3)");

static void truncation_and_growth_are_noticed(void **state) {
  (void)state;
  unsigned char bytes[256] = {0};
  size_t size = build(bytes, 2, sample_header, sample_data, 24);
  int64_t before = nl_memory().live;
  for (size_t n = 0; n < size + 20; n++) {
    nl_tensor t;
    put_file(bytes, n);
    assert_int_equal(nl_npy_read(path, &t), n == size ? NL_OK : NL_IO);
    if (n == size) nl_tensor_release(&t);
    assert_int_equal(nl_memory().live, before);
  }
}

static void flipped_bytes_neither_crash_nor_leak(void **state) {
  (void)state;
  int64_t before = nl_memory().live;
  for (unsigned k = 0; k < 5000; k++) {
    unsigned char bytes[256];
    size_t size = build(bytes, 1 + (int)(k % 3), sample_header, sample_data, 24);
    mangle(bytes, k % 2 ? size : size - 24, k);
    nl_tensor t;
    put_file(bytes, size);
    nl_status s = nl_npy_read(path, &t);
    assert_true(s == NL_OK || s == NL_IO);
    if (s == NL_OK) nl_tensor_release(&t);
    assert_int_equal(nl_memory().live, before);
  }
}

static void failing_allocations_leave_nothing(void **state) {
  (void)state;
  int64_t before = nl_memory().live;
  nl_status s = NL_NOMEM;
  nl_tensor t, u, back;
  for (int k = 1; s == NL_NOMEM; k++) {
    nl_memory_fail_at(k, false);
    s = read_array(1, sample_header, sample_data, 24, &t);
    nl_memory_fail_at(0, false);
    assert_true(s == NL_OK ? k > 1 : nl_memory().live == before);
  }
  assert_int_equal(s, NL_OK);
  assert_int_equal(nl_npy_write(path, &t), NL_OK);
  assert_int_equal(nl_tensor_transpose(&t, 0, 1, &u), NL_OK);
  nl_tensor_release(&t);
  int64_t held = nl_memory().live;
  s = NL_NOMEM;
  for (int k = 1; s == NL_NOMEM; k++) {
    nl_memory_fail_at(k, false);
    s = nl_npy_write(path, &u);
    nl_memory_fail_at(0, false);
    assert_int_equal(nl_memory().live, held);
    assert_int_equal(nl_npy_read(path, &back), NL_OK); /* the old file until the new one is whole */
    assert_int_equal(back.shape[0], s == NL_OK ? 3 : 2);
    nl_tensor_release(&back);
  }
  assert_int_equal(s, NL_OK);
  nl_tensor_release(&u);
  assert_int_equal(nl_memory().live, before);
}

static void a_failed_write_keeps_the_old_file(void **state) {
  (void)state;
  nl_tensor t = make(NL_F64, 1), large, back;
  assert_int_equal(nl_npy_write(path, &t), NL_OK);
  assert_int_equal(nl_tensor_new(NL_F64, 1, (const int64_t[]){40000}, &large), NL_OK);
  limit_files(100000);
  nl_status s = nl_npy_write(path, &large);
  limit_files(RLIM_INFINITY);
  assert_int_equal(s, NL_IO);
  assert_message("cannot write: File too large");
  assert_int_equal(nl_npy_read(path, &back), NL_OK);
  assert_int_equal(nl_tensor_size(&back), 2);
  assert_int_equal(nl_npy_write(full, &t), NL_IO);
  assert_message("No space left on device");
  assert_int_equal(nl_npy_write(folder, &t), NL_IO);
  nl_tensor_release(&back);
  nl_tensor_release(&large);
  nl_tensor_release(&t);
}

static void an_interrupt_keeps_the_old_file(void **state) {
  (void)state;
  nl_tensor t = make(NL_F64, 2), back;
  assert_int_equal(nl_npy_write(path, &t), NL_OK);
  int64_t before = nl_memory().live;
  nl_interrupt();
  assert_int_equal(nl_npy_read(path, &back), NL_INTERRUPTED);
  nl_tensor one = make(NL_F64, 0);
  assert_int_equal(nl_npy_write(path, &one), NL_INTERRUPTED);
  nl_interrupt_clear();
  nl_tensor_release(&one);
  assert_int_equal(nl_memory().live, before);
  assert_int_equal(nl_npy_read(path, &back), NL_OK);
  assert_int_equal(back.ndim, 2);
  nl_tensor_release(&back);
  nl_tensor_release(&t);
}

static int set_up(void **state) {
  (void)state;
  return make_folder("npy");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_every_type_in_both_byte_orders),
      cmocka_unit_test(reads_both_orders_and_every_rank),
      cmocka_unit_test(refuses_mangled_headers),
      cmocka_unit_test(refuses_mangled_frames),
      cmocka_unit_test(written_arrays_read_back),
      cmocka_unit_test(writes_what_numpy_writes),
      cmocka_unit_test(truncation_and_growth_are_noticed),
      cmocka_unit_test(flipped_bytes_neither_crash_nor_leak),
      cmocka_unit_test(failing_allocations_leave_nothing),
      cmocka_unit_test(a_failed_write_keeps_the_old_file),
      cmocka_unit_test(an_interrupt_keeps_the_old_file),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
