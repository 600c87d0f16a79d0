/* The counting, limited, failable allocator. Each block is preceded by 64 bytes that remember its size and
 * kind, so the payload keeps the 64-byte alignment of the whole. Counters are atomics: pool threads may
 * allocate, though kernels do not. */
#include <inttypes.h>
#include <numlab/memory.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct header {
  int64_t bytes; /* of the payload */
  nl_memory_kind kind;
} header;

enum { ALIGNMENT = 64 };
_Static_assert(sizeof(header) <= ALIGNMENT, "the header must fit before an aligned payload");

static _Atomic int64_t live, peak, live_kind[NL_MEMORY_KINDS], peak_kind[NL_MEMORY_KINDS], blocks;
static _Atomic int64_t limit; /* 0: not determined yet */
static _Atomic int64_t fail_countdown;
static _Atomic bool fail_persistent;

/* --- limit ------------------------------------------------------------------------------------------- */

nl_status nl_memory_parse(const char *text, int64_t *bytes) {
  static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  char *end;
  double value = strtod(text, &end);
  /* strtod also reads "0x10", "1e3", "inf" and leading blanks */
  if (text[0] >= '0' && text[0] <= '9' && end == text + strspn(text, "0123456789.")) {
    double scale = 1;
    for (size_t i = 0; i < sizeof unit / sizeof *unit; i++, scale *= 1024)
      if ((*end == 0 && i == 0) || strcmp(end, unit[i]) == 0) {
        if (value * scale < 1 || value * scale > 9e18) break;
        *bytes = (int64_t)(value * scale);
        return NL_OK;
      }
  }
  return nl_fail(NL_ARG, "memory size '%s' is not a number of bytes such as 4GiB, 512MiB or 1000000", text);
}

static int64_t available_bytes(void) {
  long long kib = 0;
  char line[128];
  FILE *f = fopen("/proc/meminfo", "r");
  while (f && fgets(line, sizeof line, f))
    if (sscanf(line, "MemAvailable: %lld kB", &kib) == 1) break;
  if (f) fclose(f);
  return kib > 0 ? kib * 1024 : INT64_C(4) << 30;
}

/* A NUMLAB_MEMORY that cannot be read is reported by whoever starts the program (nl_memory_parse). */
static int64_t current_limit(void) {
  int64_t known = atomic_load(&limit);
  if (known) return known;
  const char *text = getenv("NUMLAB_MEMORY");
  int64_t fresh;
  if (!text || nl_memory_parse(text, &fresh) != NL_OK) fresh = available_bytes() / 5 * 4;
  atomic_compare_exchange_strong(&limit, &known, fresh);
  return atomic_load(&limit);
}

nl_status nl_memory_set_limit(int64_t bytes) {
  if (bytes < 1) return nl_fail(NL_ARG, "memory limit: %" PRId64 " bytes, expected at least 1", bytes);
  atomic_store(&limit, bytes);
  return NL_OK;
}

/* --- counting ---------------------------------------------------------------------------------------- */

static void raise_to(_Atomic int64_t *highest, int64_t value) {
  int64_t seen = atomic_load(highest);
  while (seen < value && !atomic_compare_exchange_weak(highest, &seen, value)) {}
}

static void count(nl_memory_kind kind, int64_t bytes) {
  raise_to(&peak, atomic_fetch_add(&live, bytes) + bytes);
  raise_to(&peak_kind[kind], atomic_fetch_add(&live_kind[kind], bytes) + bytes);
}

nl_memory_counts nl_memory(void) {
  nl_memory_counts c = {.live = live, .peak = peak, .blocks = blocks, .limit = current_limit()};
  for (int k = 0; k < NL_MEMORY_KINDS; k++) {
    c.live_kind[k] = live_kind[k];
    c.peak_kind[k] = peak_kind[k];
  }
  return c;
}

void nl_memory_reset_peak(void) {
  atomic_store(&peak, live);
  for (int k = 0; k < NL_MEMORY_KINDS; k++) atomic_store(&peak_kind[k], live_kind[k]);
}

void nl_memory_fail_at(int64_t countdown, bool persistent) {
  atomic_store(&fail_persistent, persistent);
  atomic_store(&fail_countdown, countdown);
}

static bool told_to_fail(void) {
  int64_t left = atomic_load(&fail_countdown);
  if (left == 0) return false;
  if (left > 1) {
    atomic_store(&fail_countdown, left - 1);
    return false;
  }
  if (!atomic_load(&fail_persistent)) atomic_store(&fail_countdown, 0);
  return true;
}

/* --- blocks ------------------------------------------------------------------------------------------ */

static void *refuse(int64_t bytes) {
  int64_t most = current_limit(), used = atomic_load(&live);
  nl_fail(NL_NOMEM,
          "out of memory: %" PRId64 " bytes wanted, %" PRId64 " free of %" PRId64
          " allowed (raise NUMLAB_MEMORY, or use a smaller problem)",
          bytes, most > used ? most - used : 0, most);
  return NULL;
}

/* Bytes of a block, or -1 with a message. */
static int64_t checked_bytes(int64_t n, size_t size) {
  int64_t bytes;
  if (n < 0 || __builtin_mul_overflow(n, (int64_t)size, &bytes) || bytes > PTRDIFF_MAX - 2 * ALIGNMENT) {
    nl_fail(NL_NOMEM, "out of memory: %" PRId64 " elements of %zu bytes are more than can be addressed", n,
            size);
    return -1;
  }
  return bytes;
}

void *nl_alloc(int64_t n, size_t size, nl_memory_kind kind) {
  int64_t bytes = checked_bytes(n, size);
  if (bytes < 0) return NULL;
  if (told_to_fail() || bytes > current_limit() - atomic_load(&live)) return refuse(bytes);
  size_t whole = ((size_t)bytes + 2 * ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  header *h = aligned_alloc(ALIGNMENT, whole);
  if (!h) return refuse(bytes);
  *h = (header){bytes, kind};
  count(kind, bytes);
  atomic_fetch_add(&blocks, 1);
  return (char *)h + ALIGNMENT;
}

void *nl_alloc_zeroed(int64_t n, size_t size, nl_memory_kind kind) {
  void *block = nl_alloc(n, size, kind);
  if (block) memset(block, 0, (size_t)n * size);
  return block;
}

static header *header_of(void *block) { return (header *)(void *)((char *)block - ALIGNMENT); }

void *nl_realloc(void *block, int64_t n, size_t size) {
  if (!block) return nl_alloc(n, size, NL_WORKSPACE);
  const header *old = header_of(block);
  void *fresh = nl_alloc(n, size, old->kind);
  if (!fresh) return NULL;
  int64_t bytes = n * (int64_t)size;
  memcpy(fresh, block, (size_t)(bytes < old->bytes ? bytes : old->bytes));
  nl_free(block);
  return fresh;
}

void nl_free(void *block) {
  if (!block) return;
  header *h = header_of(block);
  count(h->kind, -h->bytes);
  atomic_fetch_sub(&blocks, 1);
  free(h);
}
