/* SuiteSparse's memory through nl_alloc. The library asks for at least one byte, never frees what it did not
 * get here (the hooks are in place before its first call), and reallocates only what is not NULL. */
#include "suitesparse.h"
#include <numlab/parallel.h>

static _Thread_local bool refused;

static void *kept(void *block) {
  if (!block) refused = true;
  return block;
}

static void *hook_malloc(size_t bytes) {
  return kept(bytes > PTRDIFF_MAX ? NULL : nl_alloc((int64_t)bytes, 1, NL_WORKSPACE));
}

static void *hook_calloc(size_t count, size_t size) {
  return kept(count > PTRDIFF_MAX ? NULL : nl_alloc_zeroed((int64_t)count, size, NL_WORKSPACE));
}

static void *hook_realloc(void *block, size_t bytes) {
  return kept(bytes > PTRDIFF_MAX ? NULL : nl_realloc(block, (int64_t)bytes, 1));
}

void nl_suitesparse_hook(const nl_suitesparse_shared *shared) {
  shared->config->malloc_func = hook_malloc;
  shared->config->calloc_func = hook_calloc;
  shared->config->realloc_func = hook_realloc;
  shared->config->free_func = nl_free;
  shared->config->printf_func = NULL;
}

void nl_suitesparse_begin(const nl_suitesparse_shared *shared) {
  refused = false;
  if (shared->set_num_threads) shared->set_num_threads(nl_threads());
}

bool nl_suitesparse_refused(void) { return refused; }

nl_status nl_suitesparse_no_memory(const char *who) {
  if (refused) return nl_fail(NL_NOMEM, "%s: %s", who, nl_message());
  return nl_fail(NL_UNSUPPORTED, "%s: the factors are larger than 32-bit integers can count", who);
}
