/* Archives of files: what is written reads back, the same entries make the same bytes, names and modes; lies,
 * truncation, seeded flips, failing allocations, writes that fail. */
#include "files.h"
#include <numlab/external.h>

static bool have_libzip(void) {
  nl_archive a;
  if (nl_archive_read("/dev/null", 0, &a) != NL_UNAVAILABLE) return true;
  print_message("%s\n", nl_message());
  return false;
}

enum { LARGEST = 16384, PLENTY = 1 << 24 };
static const nl_entry sample[] = {
    {.name = "\xe5\xbc\xa0\xe4\xb8\x89_1.pdf", .bytes = "%PDF-1.7\n%%EOF\n", .size = 15},
    {.name = "scripts/run", .bytes = "#!/bin/sh\n", .size = 10, .executable = true},
    {.name = "scripts/it's `a` $(b)", .bytes = "a\0b", .size = 3},
    {.name = "scripts/empty", .bytes = "", .size = 0},
};
enum { SAMPLES = sizeof sample / sizeof *sample };

static void written_files_read_back(void **state) {
  (void)state;
  if (!have_libzip()) return;
  static unsigned char first[LARGEST], second[LARGEST];
  nl_archive a;
  assert_int_equal(nl_archive_write(path, SAMPLES, sample), NL_OK);
  size_t size = get_file(first, sizeof first);
  assert_int_equal(first[7] & 8, 8); /* general purpose bit 11: the name is UTF-8 */
  assert_int_equal(nl_archive_read(path, PLENTY, &a), NL_OK);
  assert_int_equal(a.count, SAMPLES);
  for (int i = 0; i < SAMPLES; i++) {
    assert_string_equal(a.entries[i].name, sample[i].name);
    assert_int_equal(a.entries[i].size, sample[i].size);
    assert_memory_equal(a.entries[i].bytes, sample[i].bytes, (size_t)sample[i].size);
    assert_int_equal(a.entries[i].executable, sample[i].executable);
    assert_true(a.entries[i].utf8 && !a.entries[i].link);
  }
  nl_archive_release(&a);
  assert_int_equal(nl_archive_write(path, SAMPLES, sample), NL_OK);
  assert_int_equal(get_file(second, sizeof second), size);
  assert_memory_equal(first, second, size);
}

/* The second and the last byte pair of flags lie in the local header and in the directory. */
static void tells_names_that_are_not_flagged(void **state) {
  (void)state;
  if (!have_libzip()) return;
  static unsigned char bytes[LARGEST];
  nl_archive a;
  assert_int_equal(nl_archive_write(path, 1, sample), NL_OK);
  size_t size = get_file(bytes, sizeof bytes);
  bytes[7] &= 0xf7;
  for (size_t i = 0; i + 46 < size; i++)
    if (memcmp(bytes + i, "PK\1\2", 4) == 0) bytes[i + 9] &= 0xf7;
  put_file(bytes, size);
  assert_int_equal(nl_archive_read(path, PLENTY, &a), NL_OK);
  assert_string_equal(a.entries[0].name, sample[0].name); /* its bytes all the same */
  assert_false(a.entries[0].utf8);
  nl_archive_release(&a);
}

static void tells_links(void **state) {
  (void)state;
  if (!have_libzip()) return;
  static unsigned char bytes[LARGEST];
  nl_archive a;
  assert_int_equal(nl_archive_write(path, 1, &sample[1]), NL_OK);
  size_t size = get_file(bytes, sizeof bytes);
  for (size_t i = 0; i + 46 < size; i++)
    if (memcmp(bytes + i, "PK\1\2", 4) == 0) bytes[i + 41] = 0xa1; /* S_IFLNK, high byte of the mode */
  put_file(bytes, size);
  assert_int_equal(nl_archive_read(path, PLENTY, &a), NL_OK);
  assert_true(a.entries[0].link);
  nl_archive_release(&a);
}

static void refuses_what_it_cannot_read(void **state) {
  (void)state;
  if (!have_libzip()) return;
  nl_archive a;
  put_file("not a zip file at all", 21);
  assert_int_equal(nl_archive_read(path, PLENTY, &a), NL_IO);
  assert_message("a.zip: cannot read: Not a zip archive");
  assert_int_equal(nl_archive_read(folder, PLENTY, &a), NL_IO);
  assert_int_equal(nl_archive_read("/nonexistent/a.zip", PLENTY, &a), NL_IO);
  assert_int_equal(nl_archive_write(path, SAMPLES, sample), NL_OK);
  assert_int_equal(nl_archive_read(path, 27, &a), NL_IO); /* 15 + 10 + 3 bytes */
  assert_message("holds more than the 27 bytes that are allowed");
  assert_int_equal(nl_archive_read(path, 28, &a), NL_OK);
  nl_archive_release(&a);
}

static void mangled_archives_neither_crash_nor_leak(void **state) {
  (void)state;
  if (!have_libzip()) return;
  static unsigned char whole[LARGEST], bytes[LARGEST];
  nl_archive a;
  assert_int_equal(nl_archive_write(path, SAMPLES, sample), NL_OK);
  size_t size = get_file(whole, sizeof whole);
  int64_t before = nl_memory().live;
  for (size_t n = 0; n < size; n++) {
    put_file(whole, n);
    assert_int_equal(nl_archive_read(path, PLENTY, &a), NL_IO);
    assert_int_equal(nl_memory().live, before);
  }
  for (unsigned k = 0; k < 5000; k++) {
    memcpy(bytes, whole, size);
    mangle(bytes, size, k);
    put_file(bytes, size);
    nl_memory_reset_peak();
    nl_status s = nl_archive_read(path, PLENTY, &a);
    assert_true(s == NL_OK || s == NL_IO);
    assert_true(nl_memory().peak < before + 2000000);
    if (s == NL_OK) nl_archive_release(&a);
    assert_int_equal(nl_memory().live, before);
  }
}

static void failing_allocations_leave_nothing(void **state) {
  (void)state;
  if (!have_libzip()) return;
  int64_t before = nl_memory().live;
  nl_status s = NL_NOMEM;
  nl_archive a;
  int failures = 0;
  for (int k = 1; s == NL_NOMEM; k++) {
    nl_memory_fail_at(k, false);
    s = nl_archive_write(path, SAMPLES, sample);
    nl_memory_fail_at(0, false);
    failures += s == NL_NOMEM;
  }
  assert_int_equal(s, NL_OK);
  s = NL_NOMEM;
  for (int k = 1; s == NL_NOMEM; k++) {
    nl_memory_fail_at(k, false);
    s = nl_archive_read(path, PLENTY, &a);
    nl_memory_fail_at(0, false);
    failures += s == NL_NOMEM;
    if (s == NL_NOMEM) assert_int_equal(nl_memory().live, before);
  }
  assert_int_equal(s, NL_OK);
  assert_true(failures >= 3);
  nl_archive_release(&a);
  assert_int_equal(nl_memory().live, before);
}

static void refuses_what_it_cannot_write(void **state) {
  (void)state;
  if (!have_libzip()) return;
  static char long_name[65537], noise[200000];
  nl_archive a;
  memset(long_name, 'a', 65536);
  uint64_t x = 1;
  for (size_t i = 0; i < sizeof noise; i++) noise[i] = (char)((x = x * 6364136223846793005u + 1) >> 56);
  assert_int_equal(nl_archive_write(path, SAMPLES, sample), NL_OK);
  assert_int_equal(nl_archive_write(path, 0, sample), NL_ARG);
  assert_message("at least one file");
  assert_int_equal(nl_archive_write(path, 1, &(nl_entry){.name = ""}), NL_ARG);
  assert_int_equal(nl_archive_write(path, 1, &(nl_entry){.name = long_name}), NL_ARG);
  assert_message("has 65536 bytes, expected 1 to 65535");
  assert_int_equal(nl_archive_write(path, 1, &(nl_entry){.name = "\xff\xfe"}), NL_IO);
  assert_message("a.zip: \\xff\\xfe: cannot write");
  assert_int_equal(nl_archive_write(path, 2, (const nl_entry[]){{.name = "x"}, {.name = "x"}}), NL_IO);
  assert_message("a.zip: x: cannot write: File already exists");
  assert_int_equal(nl_archive_write(full, 1, sample), NL_IO);
  assert_message("an archive needs a regular file");
  assert_int_equal(nl_archive_write("/nonexistent/a.zip", 1, sample), NL_IO);
  limit_files(100000);
  nl_status s = nl_archive_write(path, 1, &(nl_entry){.name = "x", .bytes = noise, .size = sizeof noise});
  limit_files(RLIM_INFINITY);
  assert_int_equal(s, NL_IO);
  assert_message("cannot write: Write error: File too large");
  nl_interrupt();
  assert_int_equal(nl_archive_write(path, 1, &(nl_entry){.name = "x", .bytes = noise, .size = sizeof noise}),
                   NL_INTERRUPTED);
  assert_int_equal(nl_archive_read(path, PLENTY, &a), NL_INTERRUPTED);
  nl_interrupt_clear();
  assert_int_equal(nl_archive_read(path, PLENTY, &a), NL_OK); /* the old file, through all of it */
  assert_int_equal(a.count, SAMPLES);
  nl_archive_release(&a);
}

static void says_how_to_get_libzip(void **state) {
  (void)state;
  nl_archive a;
  setenv("NUMLAB_EXTERNAL", "libzip", 1);
  assert_int_equal(nl_archive_read(path, PLENTY, &a), NL_UNAVAILABLE);
  assert_int_equal(nl_archive_write(path, 1, sample), NL_UNAVAILABLE);
  unsetenv("NUMLAB_EXTERNAL");
}

static int set_up(void **state) {
  (void)state;
  return make_folder("zip");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(written_files_read_back),
      cmocka_unit_test(tells_names_that_are_not_flagged),
      cmocka_unit_test(tells_links),
      cmocka_unit_test(refuses_what_it_cannot_read),
      cmocka_unit_test(mangled_archives_neither_crash_nor_leak),
      cmocka_unit_test(failing_allocations_leave_nothing),
      cmocka_unit_test(refuses_what_it_cannot_write),
      cmocka_unit_test(says_how_to_get_libzip),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
