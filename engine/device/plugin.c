/* Finding and loading numlab_cuda.so, once, and saying why where that fails.
 *
 * It is never closed: a CUDA runtime cannot be. RTLD_LOCAL keeps its names out of everybody's way. */
#include "device.h"
#include <dlfcn.h>
#include <numlab/interrupt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef NL_HEADERS
#define NL_HEADERS ""
#endif

enum { PATH = 4096 };

static const char file_name[] = "numlab_cuda.so";
static const nl_backend *backend;
static char why_not[PATH + 256];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static const nl_host host = {.fail = nl_fail, .interrupted = nl_interrupted};

/* The folder of the program or of numlab.so, whichever this code is in; "" where it cannot be told. */
static void own_folder(char *folder) {
  static const char here = 0;
  char real[PATH];
  Dl_info info;
  folder[0] = 0;
  if (!dladdr(&here, &info) || !realpath(info.dli_fname, real)) {
    ssize_t n = readlink("/proc/self/exe", real, sizeof real - 1);
    if (n < 0) return;
    real[n] = 0;
  }
  char *slash = strrchr(real, '/');
  if (!slash) return;
  *slash = 0;
  snprintf(folder, PATH, "%s", real);
}

static void shake_hands(void *library, const char *path) {
  nl_backend_entry_function *entry;
  void *address = dlsym(library, NL_BACKEND_ENTRY);
  memcpy(&entry, &address, sizeof entry);
  if (!entry) {
    snprintf(why_not, sizeof why_not, "%.*s is no plugin of numlab", PATH - 64, path);
    return;
  }
  backend = entry(&host, NL_BACKEND_ABI, NL_HEADERS);
  if (backend && (backend->abi != NL_BACKEND_ABI || backend->size != sizeof *backend)) {
    nl_fail(NL_UNAVAILABLE, "its table is of another size than this program's");
    backend = NULL;
  }
  if (!backend) snprintf(why_not, sizeof why_not, "%.*s: %.200s", PATH - 64, path, nl_message());
}

/* True when the search ends here: loaded, or there and unusable. */
static bool try_path(const char *path) {
  if (access(path, R_OK) != 0) return false;
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library) shake_hands(library, path);
  else snprintf(why_not, sizeof why_not, "%s", dlerror());
  return true;
}

static void load(void) {
  static const char *const places[] = {"", "/../lib/numlab",
                                       "/../../numlab"}; /* program; installed; module */
  const char *given = getenv("NUMLAB_CUDA");
  char folder[PATH], path[PATH + 64];
  if (given && strcmp(given, "off") == 0) {
    snprintf(why_not, sizeof why_not, "switched off by NUMLAB_CUDA");
    return;
  }
  if (given && *given) {
    if (!try_path(given))
      snprintf(why_not, sizeof why_not, "NUMLAB_CUDA names %.*s, which cannot be read", PATH - 64, given);
    return;
  }
  own_folder(folder);
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    snprintf(path, sizeof path, "%s%s/%s", folder, places[i], file_name);
    if (try_path(path)) return;
  }
  snprintf(why_not, sizeof why_not,
           "no %s in %.*s or ../lib/numlab from there (`make gpu` builds it where nvcc is, `make install` "
           "installs it)",
           file_name, PATH - 128, folder);
}

const nl_backend *nl_plugin(const char **why) {
  pthread_once(&once, load);
  *why = why_not;
  return backend;
}
