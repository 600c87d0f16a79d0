/* What the tests of file formats share: a folder of their own, files written byte by byte, seeded mangling.
 */
#ifndef NL_TESTS_FILES_H
#define NL_TESTS_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <numlab/interrupt.h>
#include <numlab/io.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char folder[] = P_tmpdir "/numlab-io-XXXXXX", path[64], full[64];

/* full is a link to a device without room. */
static int make_folder(const char *extension) {
  if (!mkdtemp(folder)) return -1;
  snprintf(path, sizeof path, "%s/a.%s", folder, extension);
  snprintf(full, sizeof full, "%s/full.%s", folder, extension);
  return symlink("/dev/full", full);
}

static int tear_down(void **state) {
  (void)state;
  unlink(path);
  unlink(full);
  return rmdir(folder); /* fails when a temporary file was left */
}

static void put_file(const void *bytes, size_t size) {
  unlink(path); /* ext4 writes a file that was truncated to disk when it is closed */
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, size, f), size);
  assert_int_equal(fclose(f), 0);
}

/* The bytes of path in room; how many there are. */
static inline size_t get_file(void *room, size_t size) {
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  size_t got = fread(room, 1, size, f);
  assert_int_equal(fclose(f), 0);
  return got;
}

static inline void assert_message(const char *part) {
  if (!strstr(nl_message(), part)) fail_msg("'%s' lacks '%s'", nl_message(), part);
}

/* One to three bytes replaced, the same ones for the same k (Knuth's MMIX generator). */
static inline void mangle(void *bytes, size_t size, unsigned k) {
  uint64_t x = 20240607 + k;
  for (unsigned flips = 0; flips < 1 + k % 3; flips++) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    ((unsigned char *)bytes)[(x >> 33) % size] = (unsigned char)(x >> 24);
  }
}

/* No file of this process may grow beyond size until the next call; RLIM_INFINITY lifts it. */
static inline void limit_files(rlim_t size) {
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
  signal(SIGXFSZ, SIG_IGN); /* write then fails with EFBIG */
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

#endif
