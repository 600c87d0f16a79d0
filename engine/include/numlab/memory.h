/* The one allocator of the engine: it counts, it can be limited, and it can be told to fail.
 *
 * Blocks are 64-byte aligned. Counters are exact at any thread count. The limit is NUMLAB_MEMORY (bytes, or
 * a number with KiB, MiB, GiB), by default 80 % of what was available at first use.
 */
#ifndef NUMLAB_MEMORY_H
#define NUMLAB_MEMORY_H

#include <numlab/status.h>
#include <stddef.h>
#include <stdint.h>

typedef enum nl_memory_kind {
  NL_RESULT,    /* what a caller keeps: tensors, sparse matrices, factors, histories */
  NL_WORKSPACE, /* what a call gives back before it returns */
  NL_MEMORY_KINDS
} nl_memory_kind;

/* Room for count elements of size bytes, uninitialised, 64-byte aligned; never NULL for count 0.
 * NULL on failure, with a NOMEM message naming bytes wanted and free. Negative counts and products beyond
 * PTRDIFF_MAX are failures too. Callers: `if (!p) return NL_NOMEM;` */
void *nl_alloc(int64_t count, size_t size, nl_memory_kind kind);
void *nl_alloc_zeroed(int64_t count, size_t size, nl_memory_kind kind);

/* Change the room of a block, keeping its kind and its contents; block may be NULL (then kind NL_WORKSPACE).
 * On failure NULL, and the old block stays valid. */
void *nl_realloc(void *block, int64_t count, size_t size);

/* NULL is accepted. */
void nl_free(void *block);

typedef struct nl_memory_counts {
  int64_t live, peak;                 /* bytes, all kinds together */
  int64_t live_kind[NL_MEMORY_KINDS]; /* bytes by kind */
  int64_t peak_kind[NL_MEMORY_KINDS]; /* highest of each kind by itself */
  int64_t blocks;                     /* live blocks */
  int64_t limit;                      /* bytes allowed */
} nl_memory_counts;

nl_memory_counts nl_memory(void);

/* Peaks start again from what is live now. */
void nl_memory_reset_peak(void);

/* bytes < 1 is an ARG failure. Blocks already taken stay, even beyond the new limit. */
nl_status nl_memory_set_limit(int64_t bytes);

/* "512MiB" -> 536870912. ARG on anything else than digits and B, KiB, MiB, GiB, TiB. */
nl_status nl_memory_parse(const char *text, int64_t *bytes);

/* For tests: the countdown-th allocation from now fails (1 = the next); persistent: so do all after it.
 * countdown 0 switches it off. */
void nl_memory_fail_at(int64_t countdown, bool persistent);

#endif
