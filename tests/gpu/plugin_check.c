/* numlab_cuda.so against plain loops on the CPU: every entry of its table but attention, by the table alone.
 *
 *   plugin_check build/numlab_cuda.so [group ..]
 *
 * Without a device the one line says why, and that is a pass. */
#include "plugin.h"
#include <dlfcn.h>
#include <numlab/interrupt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const nl_backend *backend;
void *device;
extern int lines, failures;

static const nl_host host = {.fail = nl_fail, .interrupted = nl_interrupted};

static bool said(const char *words) { return strstr(nl_message(), words) != NULL; }

/* --- the entry ----------------------------------------------------------------------------------------- */

/* What is wrong with the entry; NULL when nothing is. */
static const char *open_plugin(const char *path) {
  nl_backend_entry_function *entry;
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return dlerror();
  void *address = dlsym(library, NL_BACKEND_ENTRY);
  memcpy(&entry, &address, sizeof entry);
  if (!entry) return "it has no " NL_BACKEND_ENTRY;
  if (entry(&host, NL_BACKEND_ABI + 1, NL_HEADERS)) return "a wrong interface number was taken";
  if (!said("make all gpu")) return "the refusal of a wrong interface does not say how to mend it";
  if (entry(&host, NL_BACKEND_ABI, "other")) return "a wrong id of the headers was taken";
  if (!said("other")) return "the refusal of wrong headers does not name them";
  backend = entry(&host, NL_BACKEND_ABI, NL_HEADERS);
  if (!backend) return nl_message();
  if (backend->size != sizeof *backend) return "the size of its table is not ours";
  return NULL;
}

static void check_device(const nl_device_facts *facts) {
  check(facts->major >= 8 && facts->processors > 0 && facts->memory_bytes > 0,
        "%s, sm_%d%d, driver %s, runtime %s", facts->name, facts->major, facts->minor, facts->driver,
        facts->runtime);
  void *none;
  nl_device_facts unused;
  check(backend->open(10000, &none, &unused) == NL_DEVICE && said("cuda:10000"),
        "open refuses cuda:10000: %s", nl_message());
  check(backend->path_count >= 0, "%d attention paths", backend->path_count);
}

/* --- memory -------------------------------------------------------------------------------------------- */

static nl_device_memory memory(void) {
  nl_device_memory m;
  need(backend->memory(device, &m), "memory");
  return m;
}

static void check_counters(void) {
  void *tensor, *room, *nothing;
  need(backend->trim(device), "trim");
  backend->reset_peak(device);
  nl_device_memory before = memory();
  need(backend->alloc(device, 1000, NL_RESULT, &tensor), "alloc");
  need(backend->alloc(device, 3000001, NL_WORKSPACE, &room), "alloc");
  need(backend->alloc(device, 0, NL_RESULT, &nothing), "alloc");
  nl_device_memory held = memory();
  check((uintptr_t)tensor % 256 == 0 && (uintptr_t)room % 256 == 0, "blocks are aligned to 256 bytes");
  check(nothing != NULL, "a block of 0 bytes is a block");
  check(held.live - before.live == 3001001 &&
            held.live_kind[NL_RESULT] - before.live_kind[NL_RESULT] == 1000 &&
            held.live_kind[NL_WORKSPACE] - before.live_kind[NL_WORKSPACE] == 3000001,
        "live counts the bytes asked for, by kind");
  backend->free(device, room);
  nl_device_memory after = memory();
  check(after.live - before.live == 1000 && after.peak - before.live == 3001001 && after.pooled >= 3000001,
        "peak stays, the block is pooled: %lld bytes", (long long)after.pooled);
  void *again;
  need(backend->alloc(device, 2900000, NL_WORKSPACE, &again), "alloc");
  check(again == room && memory().pooled < after.pooled, "a slightly smaller request takes the pooled block");
  backend->free(device, again);
  need(backend->alloc(device, 1000000, NL_WORKSPACE, &again), "alloc");
  check(again != room, "a much smaller one leaves it");
  backend->free(device, again);
  backend->free(device, tensor);
  backend->free(device, nothing);
  backend->free(device, NULL);
  need(backend->trim(device), "trim");
  backend->reset_peak(device);
  after = memory();
  check(after.live == before.live && after.pooled == 0 && after.peak == after.live,
        "all given back, nothing pooled after trim");
}

static void check_refusals(void) {
  void *block, *small;
  check(backend->alloc(device, INT64_C(1000000000000000), NL_RESULT, &block) == NL_NOMEM &&
            said("1000000000000000 bytes wanted") && said("live"),
        "10^15 bytes are refused: %s", nl_message());
  check(backend->alloc(device, -1, NL_RESULT, &block) == NL_NOMEM, "-1 bytes are refused");
  need(backend->alloc(device, 100 << 20, NL_RESULT, &small), "alloc");
  backend->free(device, small);
  nl_device_memory m = memory();
  nl_status s = backend->alloc(device, m.free + (50 << 20), NL_RESULT, &block);
  check(s == NL_OK, "memory in the pool is given to a request that needs it%s",
        s == NL_OK ? "" : nl_message());
  if (s == NL_OK) backend->free(device, block);
  need(backend->trim(device), "trim");
}

static void check_time(void) {
  int64_t shape[] = {1 << 24};
  double seconds = -1;
  array a = make_array(NL_F32, 1, shape, DENSE);
  need(backend->mark(device, 0), "mark");
  need(backend->fill(device, &a.there, 1), "fill");
  need(backend->mark(device, 7), "mark");
  need(backend->elapsed(device, 0, 7, &seconds), "elapsed");
  check(seconds > 0 && seconds < 1, "a fill of 64 MiB takes %.3g s by events", seconds);
  check(backend->mark(device, 8) == NL_ARG && said("0 to 7"), "mark refuses slot 8: %s", nl_message());
  need(backend->sync(device), "sync");
  free_array(&a);
}

static const struct {
  const char *name;
  void (*run)(void);
} groups[] = {
    {"counters", check_counters},     {"refusals", check_refusals}, {"time", check_time},
    {"copies", check_copies},         {"random", check_random},     {"elementwise", check_elementwise},
    {"reductions", check_reductions}, {"softmax", check_softmax},   {"matmul", check_matmul},
    {"sparse", check_sparse}};

static bool wanted(int count, char **words, const char *name) {
  bool named = count == 0;
  for (int i = 0; i < count; i++) named = named || strcmp(words[i], name) == 0;
  return named;
}

int main(int argc, char **argv) {
  nl_device_facts facts;
  const char *why = "";
  if (argc < 2) {
    fprintf(stderr, "usage: plugin_check PLUGIN [group ..]\n");
    return 2;
  }
  const char *problem = open_plugin(argv[1]);
  if (!problem && backend->count(&why) == 0) {
    printf("1..0 # skip no device: %s\n", why);
    return 0;
  }
  check(!problem, "the entry takes its own build and no other%s%s", problem ? ": " : "",
        problem ? problem : "");
  if (problem) return 1;
  need(backend->open(0, &device, &facts), "open");
  check_device(&facts);
  for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
    if (wanted(argc - 2, argv + 2, groups[i].name)) groups[i].run();
  check(memory().live == 0, "nothing is left live: %lld bytes", (long long)memory().live);
  printf("1..%d\n", lines);
  return failures > 0;
}
