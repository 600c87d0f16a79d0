/* The devices that are here: the CPU, and those of the plugin, opened when first used. */
#include "device.h"
#include <numlab/clock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_DEVICES = 16 };

nl_device nl_cpu = {.name = "cpu", .open = true};

static nl_device others[MOST_DEVICES];
static int other_count = -1; /* -1: not looked for yet */
static const char *reason = "";

static int find_others(void) {
  if (other_count >= 0) return other_count;
  const nl_backend *backend = nl_plugin(&reason);
  other_count = backend ? backend->count(&reason) : 0;
  if (other_count > MOST_DEVICES) other_count = MOST_DEVICES;
  for (int i = 0; i < other_count; i++) {
    others[i] = (nl_device){.backend = backend, .index = i};
    snprintf(others[i].name, sizeof others[i].name, "%.10s:%d", backend->name, i);
  }
  return other_count;
}

static nl_status make_ready(nl_device *device) {
  if (device->open) return NL_OK;
  NL_TRY(device->backend->open(device->index, &device->state, &device->facts));
  device->open = true;
  return NL_OK;
}

nl_status nl_device_find(const char *name, nl_device **out) {
  if (strcmp(name, "cpu") == 0) {
    *out = &nl_cpu;
    return NL_OK;
  }
  if (strncmp(name, "cuda", 4) != 0 || (name[4] && name[4] != ':'))
    return nl_fail(NL_DEVICE, "unknown device '%s' (known: cpu, cuda, cuda:0, cuda:1, ..)", name);
  if (find_others() == 0) return nl_fail(NL_DEVICE, "device '%s' is not available: %s", name, reason);
  char *end = NULL;
  long index = name[4] ? strtol(name + 5, &end, 10) : 0;
  if (name[4] && (end == name + 5 || *end || index < 0 || index >= other_count))
    return nl_fail(NL_DEVICE, "device '%s' is not here (there is cuda:0%s)", name,
                   other_count > 1 ? " and what follows" : "");
  NL_TRY(make_ready(&others[index]));
  *out = &others[index];
  return NL_OK;
}

int nl_device_count(void) { return 1 + find_others(); }
nl_device *nl_device_at(int i) {
  return i == 0 ? &nl_cpu : i > 0 && i <= find_others() ? &others[i - 1] : NULL;
}
const char *nl_device_why(void) { return find_others() > 0 ? "" : reason; }

const char *nl_device_name(const nl_device *device) { return device->name; }
bool nl_device_is_cpu(const nl_device *device) { return device == &nl_cpu; }

const nl_device_facts *nl_device_describe(const nl_device *device) {
  if (device == &nl_cpu) return NULL;
  nl_device *own = &others[device->index]; /* facts are known once it is open */
  return make_ready(own) == NL_OK ? &own->facts : NULL;
}

/* --- waiting, measuring ------------------------------------------------------------------------------- */

nl_status nl_device_sync(nl_device *device) {
  return device == &nl_cpu ? NL_OK : device->backend->sync(device->state);
}

nl_status nl_device_memory_of(nl_device *device, nl_device_memory *out) {
  if (device != &nl_cpu) {
    NL_TRY(make_ready(device));
    return device->backend->memory(device->state, out);
  }
  nl_memory_counts now = nl_memory();
  *out = (nl_device_memory){
      .live = now.live, .peak = now.peak, .free = now.limit - now.live, .total = now.limit};
  memcpy(out->live_kind, now.live_kind, sizeof out->live_kind);
  memcpy(out->peak_kind, now.peak_kind, sizeof out->peak_kind);
  return NL_OK;
}

void nl_device_reset_peak(nl_device *device) {
  if (device == &nl_cpu) nl_memory_reset_peak();
  else if (make_ready(device) == NL_OK) device->backend->reset_peak(device->state);
}

nl_status nl_device_time(nl_device *device, nl_status call(void *context), void *context, double *seconds) {
  enum { BEGIN, END };
  if (device == &nl_cpu) {
    double begin = nl_clock();
    nl_status s = call(context);
    *seconds = nl_clock() - begin;
    return s;
  }
  NL_TRY(make_ready(device));
  NL_TRY(device->backend->mark(device->state, BEGIN));
  NL_TRY(call(context));
  NL_TRY(device->backend->mark(device->state, END));
  return device->backend->elapsed(device->state, BEGIN, END, seconds);
}

const nl_attention_path *nl_device_attention_paths(const nl_device *device, int *count) {
  *count = device->backend ? device->backend->path_count : 0;
  return device->backend ? device->backend->paths : NULL;
}

/* --- for ops ------------------------------------------------------------------------------------------ */

nl_status nl_check_one_device(const char *what, const nl_tensor *a, const nl_tensor *b) {
  const nl_device *left = nl_tensor_device(a), *right = nl_tensor_device(b);
  if (left == right) return NL_OK;
  return nl_fail(NL_DEVICE, "%s: the tensors are on %s and %s; move one with :to", what, left->name,
                 right->name);
}

nl_status nl_check_on_cpu(const char *what, const char *name, const nl_tensor *t) {
  if (nl_on_cpu(t)) return NL_OK;
  return nl_fail(NL_UNSUPPORTED, "%s: %s is on %s and this works on the CPU alone; move it with :to('cpu')",
                 what, name, nl_tensor_device(t)->name);
}

nl_array nl_array_of(const nl_tensor *t) {
  nl_array out = {.data = nl_tensor_data(t), .dtype = t->dtype, .ndim = t->ndim};
  memcpy(out.shape, t->shape, sizeof out.shape);
  memcpy(out.stride, t->stride, sizeof out.stride);
  return out;
}

nl_status nl_lacks(const char *what, const nl_device *device) {
  return nl_fail(NL_UNSUPPORTED, "%s: %s does not do this; move the operands with :to('cpu')", what,
                 device->name);
}

nl_status nl_device_alloc(nl_device *device, int64_t bytes, nl_memory_kind kind, void **block) {
  return device->backend->alloc(device->state, bytes, kind, block);
}

void nl_device_free(nl_device *device, void *block) { device->backend->free(device->state, block); }
