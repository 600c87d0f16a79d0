/* Opening borrowed libraries: candidate names, environment, function tables, and what to say when one is
 * absent.
 *
 * RTLD_NOW makes a library that cannot be linked fail here, with a reason, and not in the middle of a call;
 * RTLD_LOCAL keeps its names out of everybody else's way. Before the first library comes in, the environment
 * its BLAS and OpenMP read at load time is prepared (never overriding what the user has set):
 * OPENBLAS_THREAD_TIMEOUT, 2^n cycles its idle threads spin, and OMP_WAIT_POLICY, the same for libgomp:
 * spinning threads slow down whoever runs next. OPENBLAS_CORETYPE is left to OpenBLAS and the user: forcing
 * its AVX-512 kernels on a CPU it does not know was measured and is no gain
 * (reports/evidence/02-baselines.md). */
#include "library.h"
#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static nl_library *const libraries[] = {&nl_library_openblas, &nl_library_cxsparse, &nl_library_klu,
                                        &nl_library_umfpack,  &nl_library_cholmod,  &nl_library_libzip,
                                        &nl_library_sqlite,   &nl_library_libedit};
enum { LIBRARIES = sizeof libraries / sizeof *libraries };

/* --- environment -------------------------------------------------------------------------------------- */

static void prepare_environment(void) {
  static bool done; /* under the lock */
  if (done) return;
  done = true;
  setenv("OPENBLAS_THREAD_TIMEOUT", "4", 0);
  setenv("OMP_WAIT_POLICY", "passive", 0);
}

/* NUMLAB_EXTERNAL is read at every opening, so that a test can take a library away and give it back. */
static bool switched_off(const char *name) {
  const char *list = getenv("NUMLAB_EXTERNAL");
  if (!list) return false;
  size_t length = strlen(name);
  for (; *list; list += strspn(list, ", ")) {
    size_t word = strcspn(list, ", ");
    if ((word == 3 && memcmp(list, "off", 3) == 0) || (word == length && memcmp(list, name, length) == 0))
      return true;
    list += word;
  }
  return false;
}

/* --- opening ------------------------------------------------------------------------------------------ */

/* Fill the table from handle; the name of the first function missing, NULL when all are there. */
static const char *fill(const nl_library *library, void *handle) {
  for (const nl_symbol *s = library->symbols; s->name; s++) {
    void *address = dlsym(handle, s->name);
    if (!address && !s->optional) return s->name;
    memcpy((char *)library->table + s->offset, &address, sizeof address);
  }
  return NULL;
}

static nl_status unavailable(const nl_library *library, const char *why) {
  return nl_fail(NL_UNAVAILABLE, "%s is not available (%s): %s; get it with: apt install %s", library->name,
                 why, library->cost, library->package);
}

static nl_status try_open(nl_library *library) {
  const char *own = library->path_variable ? getenv(library->path_variable) : NULL;
  const char *const chosen[] = {own, NULL};
  const char *const *names = own && *own ? chosen : library->candidates;
  char why[512] = "";
  prepare_environment();
  for (; *names; names++) {
    void *handle = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
    const char *missing = handle ? fill(library, handle) : NULL;
    if (handle && !missing) {
      library->handle = handle;
      if (library->opened) library->opened();
      atomic_store(&library->ready, true);
      return NL_OK;
    }
    /* dlerror names the file; only the first reason is told: it is the preferred library's */
    const char *reason = handle ? NULL : dlerror();
    if (!*why && missing) snprintf(why, sizeof why, "%s has no %s", *names, missing);
    if (!*why) snprintf(why, sizeof why, "%s", reason ? reason : *names);
    if (handle) dlclose(handle);
  }
  return unavailable(library, why);
}

nl_status nl_library_open(nl_library *library) {
  if (switched_off(library->name)) return unavailable(library, "switched off by NUMLAB_EXTERNAL");
  if (atomic_load(&library->ready)) return NL_OK;
  pthread_mutex_lock(&lock);
  nl_status status = atomic_load(&library->ready) ? NL_OK : try_open(library);
  pthread_mutex_unlock(&lock);
  return status;
}

nl_status nl_library_int(const char *what, int64_t n, int *out) {
  if (n < 0 || n > INT_MAX)
    return nl_fail(NL_UNSUPPORTED, "%s is %lld, beyond the %d this library can count", what, (long long)n,
                   INT_MAX);
  *out = (int)n;
  return NL_OK;
}

/* --- facts -------------------------------------------------------------------------------------------- */

int nl_external_count(void) { return LIBRARIES; }

/* The file behind a handle, links followed: libopenblasp-r0.3.21.so says more than libopenblas.so.0. */
static void find_path(void *handle, char *path, size_t size) {
  struct link_map *map;
  char real[PATH_MAX];
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) return;
  const char *found = realpath(map->l_name, real) ? real : map->l_name;
  size_t length = strnlen(found, size - 1);
  memcpy(path, found, length);
  path[length] = 0;
}

/* Why the opening just failed: what unavailable() put between its brackets. */
static void find_problem(const nl_library *library, char *problem, size_t size) {
  const char *why = strchr(nl_message(), '(');
  const char *end = why ? strstr(why, library->cost) : NULL; /* "): " stands before it */
  if (end) snprintf(problem, size, "%.*s", (int)(end - why) - 4, why + 1);
  else snprintf(problem, size, "%s", nl_message());
}

nl_status nl_external_describe(int i, nl_external *out) {
  if (i < 0 || i >= LIBRARIES)
    return nl_fail(NL_ARG, "external: library %d, expected 0 to %d", i, LIBRARIES - 1);
  nl_library *library = libraries[i];
  *out = (nl_external){.name = library->name,
                       .needed_for = library->needed_for,
                       .cost = library->cost,
                       .package = library->package};
  out->found = nl_library_open(library) == NL_OK;
  if (!out->found) {
    find_problem(library, out->problem, sizeof out->problem);
    return NL_OK;
  }
  find_path(library->handle, out->path, sizeof out->path);
  const char *version = strstr(out->path, ".so.");
  if (version) snprintf(out->version, sizeof out->version, "%s", version + 4);
  if (library->describe) library->describe(out);
  return NL_OK;
}
