/* .npz archives built byte by byte (their own zip writer and CRC, no libzip): both methods, lies about sizes,
 * names, checksums; truncation, seeded flips, failing allocations, writes that fail. */
#include "files.h"
#include <numlab/external.h>

/* --- a zip file of one's own -------------------------------------------------------------------------- */

typedef struct entry {
  const char *name;
  int method, flags;     /* 8: one deflate block, stored inside */
  uint32_t claimed, crc; /* 0: the true ones */
  const unsigned char *bytes;
  uint32_t size;
} entry;

static uint32_t crc_of(const unsigned char *p, uint32_t size) {
  uint32_t crc = ~0u;
  for (uint32_t i = 0; i < size; i++) {
    crc ^= p[i];
    for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
  }
  return ~crc;
}

/* value, low byte first, in size bytes */
static unsigned char *put(unsigned char *p, uint32_t value, int size) {
  for (int k = 0; k < size; k++) *p++ = (unsigned char)(value >> 8 * k);
  return p;
}

/* What a local header and a directory entry share. */
static unsigned char *put_facts(unsigned char *p, const entry *e) {
  uint32_t compressed = e->size + (e->method == 8 ? 5 : 0);
  p = put(put(put(p, 20, 2), (uint32_t)e->flags, 2), (uint32_t)e->method, 2);
  p = put(put(p, 33u << 16, 4), e->crc ? e->crc : crc_of(e->bytes, e->size), 4);
  p = put(put(p, compressed, 4), e->claimed ? e->claimed : e->size, 4);
  return put(p, (uint32_t)strlen(e->name), 4);
}

static size_t build(unsigned char *begin, int count, const entry *entries) {
  unsigned char *p = begin;
  uint32_t at[8];
  for (int i = 0; i < count; i++) {
    const entry *e = &entries[i];
    at[i] = (uint32_t)(p - begin);
    p = put_facts(put(p, 0x04034b50, 4), e);
    memcpy(p, e->name, strlen(e->name));
    p += strlen(e->name);
    if (e->method == 8) p = put(put(put(p, 1, 1), e->size, 2), ~e->size, 2);
    memcpy(p, e->bytes, e->size);
    p += e->size;
  }
  uint32_t directory = (uint32_t)(p - begin);
  for (int i = 0; i < count; i++) {
    p = put_facts(put(put(p, 0x02014b50, 4), 20, 2), &entries[i]);
    p = put(put(put(put(put(p, 0, 2), 0, 2), 0, 2), 0, 4), at[i], 4);
    memcpy(p, entries[i].name, strlen(entries[i].name));
    p += strlen(entries[i].name);
  }
  uint32_t length = (uint32_t)(p - begin) - directory;
  p = put(put(put(put(p, 0x06054b50, 4), 0, 4), (uint32_t)count, 2), (uint32_t)count, 2);
  return (size_t)(put(put(put(p, length, 4), directory, 4), 0, 2) - begin);
}

static nl_status read_entries(int count, const entry *entries, nl_npz *out) {
  unsigned char bytes[4096];
  put_file(bytes, build(bytes, count, entries));
  return nl_npz_read(path, out);
}

/* Three numbers, 1 2 3, as u8: 80 bytes. */
static unsigned char array[80];
/* The same header, asking for 2000 of them. */
static unsigned char greedy[80];

static void make_array(unsigned char *p, const char *shape, int data) {
  memcpy(p, "\x93NUMPY\1\0C\0", 10);
  int length = snprintf((char *)p + 10, 68, "{'descr':'|u1','fortran_order':False,'shape':(%s,)}", shape);
  memset(p + 10 + length, ' ', (size_t)(67 - length));
  for (int k = 0; k < data; k++) p[77 + k] = (unsigned char)(k + 1);
}

/* --- tests -------------------------------------------------------------------------------------------- */

static bool have_libzip(void) {
  nl_npz z;
  put_file("", 0);
  if (nl_npz_read(path, &z) != NL_UNAVAILABLE) return true;
  print_message("skipped: %s\n", nl_message());
  return false;
}

static void reads_stored_and_deflated_entries(void **state) {
  (void)state;
  if (!have_libzip()) return;
  const entry entries[] = {
      {.name = "x.npy", .bytes = array, .size = 80},
      {.name = "a/\xc3\xa9.npy", .flags = 0x800, .method = 8, .bytes = array, .size = 80}};
  nl_npz z;
  if (read_entries(2, entries, &z) != NL_OK) fail_msg("%s", nl_message());
  assert_int_equal(z.count, 2);
  assert_memory_equal(z.names, "x\0a/\xc3\xa9", 7);
  for (int i = 0; i < 2; i++) {
    assert_true(z.tensors[i].dtype == NL_U8 && nl_tensor_size(&z.tensors[i]) == 3);
    assert_memory_equal(nl_tensor_data(&z.tensors[i]), "\1\2\3", 3);
  }
  nl_npz_release(&z);
  nl_npz_release(&z); /* an emptied one is accepted */
  assert_int_equal(read_entries(0, entries, &z), NL_OK);
  assert_int_equal(z.count, 0);
  nl_npz_release(&z);
}

static void refuses_mangled_archives(void **state) {
  (void)state;
  if (!have_libzip()) return;
  const struct {
    entry entry;
    const char *message;
  } cases[] = {
      {{.name = "x.txt", .bytes = array, .size = 80}, ": x.txt: the entry is not an .npy array"},
      {{.name = ".npy", .bytes = array, .size = 80}, ": .npy: the entry is not an .npy array"},
      {{.name = "x/", .bytes = array, .size = 0}, "is not an .npy array"},
      {{.name = "x.npy", .flags = 1, .bytes = array, .size = 80}, ": x.npy: the entry is encrypted"},
      {{.name = "x.npy", .method = 12, .bytes = array, .size = 80},
       "compression method 12; numlab reads stored"},
      {{.name = "x.npy", .claimed = 81, .bytes = array, .size = 80},
       "81 bytes cannot come out of 80 stored ones"},
      {{.name = "x.npy", .claimed = 4000000000u, .method = 8, .bytes = greedy, .size = 77},
       "4000000000 bytes cannot come out of 82 deflated ones"},
      {{.name = "x.npy", .claimed = 2077, .method = 8, .bytes = greedy, .size = 77}, ": x.npy: "},
      {{.name = "x.npy", .bytes = greedy, .size = 80}, "needs 2000 bytes after the header, 3 are there"},
      {{.name = "x.npy", .bytes = array, .size = 79}, "needs 3 bytes after the header, 2 are there"},
      {{.name = "x.npy", .claimed = 79, .method = 8, .bytes = array, .size = 80}, ": x.npy: "},
      {{.name = "x.npy", .crc = 7, .bytes = array, .size = 80}, ": x.npy: cannot read: CRC error"},
      {{.name = "x.npy", .crc = 7, .method = 8, .bytes = array, .size = 80},
       ": x.npy: cannot read: CRC error"},
      {{.name = "\x1b.npy", .bytes = array + 1, .size = 79},
       ": \\xe2\\x86\\x90.npy: byte 0: not an .npy array" /* code page 437 */},
  };
  int64_t before = nl_memory().live;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    nl_npz z;
    nl_memory_reset_peak();
    assert_int_equal(read_entries(1, &cases[i].entry, &z), NL_IO);
    if (!strstr(nl_message(), cases[i].message) || !strstr(nl_message(), path))
      fail_msg("case %zu: '%s' lacks '%s'", i, nl_message(), cases[i].message);
    assert_int_equal(nl_memory().live, before);
    assert_true(nl_memory().peak < before + 10000);
  }
  const entry twice[] = {{.name = "x.npy", .bytes = array, .size = 80},
                         {.name = "x.npy", .bytes = array, .size = 80}};
  nl_npz z;
  assert_int_equal(read_entries(2, twice, &z), NL_IO);
  assert_message(": x.npy: the name is there twice");
  put_file("not a zip file at all", 21);
  assert_int_equal(nl_npz_read(path, &z), NL_IO);
  assert_message("a.npz: cannot read: Not a zip archive");
  assert_int_equal(nl_npz_read(folder, &z), NL_IO);
  assert_int_equal(nl_npz_read("/dev/zero", &z), NL_IO);
}

/* All directory entries name one local header: each is justified, together they are not (Fifield 2019). */
static void refuses_overlapping_entries(void **state) {
  (void)state;
  if (!have_libzip()) return;
  unsigned char bytes[4096];
  entry entries[6];
  char names[6][8];
  for (int i = 0; i < 6; i++) {
    snprintf(names[i], sizeof names[i], "%d.npy", i);
    entries[i] = (entry){.name = names[i], .bytes = array, .size = 80};
  }
  size_t size = build(bytes, 6, entries), local = 30 + 5 + 80, directory = 6 * local;
  memmove(bytes + local, bytes + directory, size - directory); /* keep the first local entry only */
  size -= directory - local;
  for (int i = 0; i < 6; i++) put(bytes + local + (size_t)i * 51 + 42, 0, 4);
  put(bytes + size - 6, (uint32_t)local, 4);
  nl_npz z;
  put_file(bytes, size);
  assert_int_equal(nl_npz_read(path, &z), NL_IO);
  assert_message("5.npy: the entries are longer than the file");
}

static const entry sample[] = {{.name = "x.npy", .bytes = array, .size = 80},
                               {.name = "y.npy", .method = 8, .bytes = array, .size = 80}};

static void truncation_is_noticed(void **state) {
  (void)state;
  if (!have_libzip()) return;
  unsigned char bytes[4096];
  size_t size = build(bytes, 2, sample);
  int64_t before = nl_memory().live;
  for (size_t n = 0; n < size; n++) {
    nl_npz z;
    put_file(bytes, n);
    assert_int_equal(nl_npz_read(path, &z), NL_IO);
    assert_int_equal(nl_memory().live, before);
  }
}

static void flipped_bytes_neither_crash_nor_leak(void **state) {
  (void)state;
  if (!have_libzip()) return;
  int64_t before = nl_memory().live;
  for (unsigned k = 0; k < 5000; k++) {
    unsigned char bytes[4096];
    size_t size = build(bytes, 2, sample);
    mangle(bytes, size, k);
    nl_npz z;
    put_file(bytes, size);
    nl_memory_reset_peak();
    nl_status s = nl_npz_read(path, &z);
    assert_true(s == NL_OK || s == NL_IO);
    assert_true(nl_memory().peak < before + 2000000); /* 1032 times this small file, at most */
    if (s == NL_OK) nl_npz_release(&z);
    assert_int_equal(nl_memory().live, before);
  }
}

/* x: 2x3 of 0 ... 5; y: its transpose */
static void make_pair(nl_tensor *x, nl_tensor *y) {
  assert_int_equal(nl_tensor_new(NL_F64, 2, (const int64_t[]){2, 3}, x), NL_OK);
  for (int64_t k = 0; k < 6; k++) ((double *)nl_tensor_data(x))[k] = (double)k;
  assert_int_equal(nl_tensor_transpose(x, 0, 1, y), NL_OK);
}

static const char *const names[] = {"x", "y"};

static void failing_allocations_leave_nothing(void **state) {
  (void)state;
  if (!have_libzip()) return;
  int64_t before = nl_memory().live, failures = 0;
  nl_status s = NL_NOMEM;
  nl_npz z;
  for (int k = 1; s == NL_NOMEM; k++) {
    nl_memory_fail_at(k, false);
    s = read_entries(2, sample, &z);
    nl_memory_fail_at(0, false);
    failures += s == NL_NOMEM;
    if (s == NL_NOMEM) assert_int_equal(nl_memory().live, before);
  }
  assert_int_equal(s, NL_OK);
  assert_true(failures >= 4); /* list, names, two tensors */
  nl_npz_release(&z);
  nl_tensor x, y;
  make_pair(&x, &y);
  s = NL_NOMEM;
  for (int k = 1; s == NL_NOMEM; k++) {
    nl_memory_fail_at(k, false);
    s = nl_npz_write(path, 2, names, (const nl_tensor *const[]){&x, &y}, false);
    nl_memory_fail_at(0, false);
    assert_int_equal(nl_npz_read(path, &z), NL_OK);
    assert_int_equal(z.tensors[0].dtype, s == NL_OK ? NL_F64 : NL_U8); /* the old file until then */
    nl_npz_release(&z);
  }
  assert_int_equal(s, NL_OK);
  nl_tensor_release(&x);
  nl_tensor_release(&y);
  assert_int_equal(nl_memory().live, before);
}

static void written_arrays_read_back(void **state) {
  (void)state;
  if (!have_libzip()) return;
  unsigned char first[4096], second[4096];
  nl_tensor x, y;
  nl_npz z;
  make_pair(&x, &y);
  const nl_tensor *const tensors[] = {&x, &y};
  for (int deflate = 0; deflate < 2; deflate++) {
    assert_int_equal(nl_npz_write(path, 2, names, tensors, deflate), NL_OK);
    assert_int_equal(nl_npz_read(path, &z), NL_OK);
    assert_int_equal(z.count, 2);
    assert_memory_equal(z.names, "x\0y", 4);
    assert_memory_equal(nl_tensor_data(&z.tensors[0]), ((const double[]){0, 1, 2, 3, 4, 5}), 48);
    assert_memory_equal(nl_tensor_data(&z.tensors[1]), ((const double[]){0, 3, 1, 4, 2, 5}), 48);
    assert_int_equal(z.tensors[1].shape[0], 3);
    nl_npz_release(&z);
    size_t size = get_file(first, sizeof first);
    assert_int_equal(first[8], deflate ? 8 : 0); /* the method of the first local header */
    assert_int_equal(nl_npz_write(path, 2, names, tensors, deflate), NL_OK);
    assert_int_equal(get_file(second, sizeof second), size); /* the same arrays, the same bytes */
    assert_memory_equal(first, second, size);
  }
  nl_tensor_release(&x);
  nl_tensor_release(&y);
}

static void refuses_what_it_cannot_write(void **state) {
  (void)state;
  if (!have_libzip()) return;
  nl_tensor t, large;
  nl_npz z;
  unsigned char bytes[256];
  put_file(bytes, build(bytes, 1, sample));
  assert_int_equal(nl_tensor_new(NL_BF16, 1, (const int64_t[]){1}, &t), NL_OK);
  assert_int_equal(nl_tensor_new(NL_F64, 1, (const int64_t[]){40000}, &large), NL_OK);
  const nl_tensor *const bf16[] = {&t}, *const f64[] = {&large};
  static char long_name[1026];
  memset(long_name, 'a', 1025);
  const char *const too_long[] = {long_name}, *const empty[] = {""};
  assert_int_equal(nl_npz_write(path, 0, names, bf16, false), NL_ARG);
  assert_message("holds at least one array");
  assert_int_equal(nl_npz_write(path, 1, too_long, f64, false), NL_ARG);
  assert_message("a name of 1025 bytes, expected 1 to 1024");
  assert_int_equal(nl_npz_write(path, 1, empty, f64, false), NL_ARG);
  assert_int_equal(nl_npz_write(path, 1, names, bf16, false), NL_DTYPE);
  assert_message("no element type for bf16");
  assert_int_equal(nl_npz_write(full, 1, names, f64, false), NL_IO);
  assert_message("an archive needs a regular file");
  assert_int_equal(nl_npz_write("/nonexistent/a.npz", 1, names, f64, false), NL_IO);
  assert_message("cannot write: ");
  limit_files(100000);
  nl_status s = nl_npz_write(path, 1, names, f64, false);
  limit_files(RLIM_INFINITY);
  assert_int_equal(s, NL_IO);
  assert_message("cannot write: Write error: File too large");
  assert_int_equal(nl_npz_read(path, &z), NL_OK); /* the old file */
  assert_int_equal(nl_tensor_size(&z.tensors[0]), 3);
  nl_npz_release(&z);
  nl_tensor_release(&t);
  nl_tensor_release(&large);
}

static void says_how_to_get_libzip(void **state) {
  (void)state;
  nl_npz z;
  setenv("NUMLAB_EXTERNAL", "libzip", 1);
  assert_int_equal(nl_npz_read(path, &z), NL_UNAVAILABLE);
  assert_message("libzip is not available");
  assert_message("apt install libzip4");
  nl_tensor x, y;
  make_pair(&x, &y);
  assert_int_equal(nl_npz_write(path, 2, names, (const nl_tensor *const[]){&x, &y}, false), NL_UNAVAILABLE);
  nl_tensor_release(&x);
  nl_tensor_release(&y);
  unsetenv("NUMLAB_EXTERNAL");
}

static void an_interrupt_keeps_the_old_file(void **state) {
  (void)state;
  if (!have_libzip()) return;
  unsigned char bytes[256];
  nl_tensor x, y;
  nl_npz z;
  put_file(bytes, build(bytes, 1, sample));
  make_pair(&x, &y);
  int64_t before = nl_memory().live;
  nl_interrupt();
  assert_int_equal(nl_npz_read(path, &z), NL_INTERRUPTED);
  assert_int_equal(nl_npz_write(path, 2, names, (const nl_tensor *const[]){&x, &y}, true), NL_INTERRUPTED);
  assert_message("a.npz: interrupted");
  nl_interrupt_clear();
  assert_int_equal(nl_memory().live, before);
  nl_tensor_release(&x);
  nl_tensor_release(&y);
  assert_int_equal(nl_npz_read(path, &z), NL_OK);
  assert_int_equal(z.count, 1);
  nl_npz_release(&z);
}

static int set_up(void **state) {
  (void)state;
  make_array(array, "3", 3);
  make_array(greedy, "2000", 3);
  return make_folder("npz");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_stored_and_deflated_entries),
      cmocka_unit_test(refuses_mangled_archives),
      cmocka_unit_test(refuses_overlapping_entries),
      cmocka_unit_test(truncation_is_noticed),
      cmocka_unit_test(flipped_bytes_neither_crash_nor_leak),
      cmocka_unit_test(failing_allocations_leave_nothing),
      cmocka_unit_test(written_arrays_read_back),
      cmocka_unit_test(refuses_what_it_cannot_write),
      cmocka_unit_test(says_how_to_get_libzip),
      cmocka_unit_test(an_interrupt_keeps_the_old_file),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
