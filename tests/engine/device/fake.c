/* A plugin whose device is made of host memory, for tests on machines without one.
 *
 * Its addresses are host addresses with bit 62 flipped, which no processor takes: whoever reads a tensor of this
 * device without asking the device crashes at once. FAKE_DEVICE tells it what to be: "none" has no device, "other"
 * is of another build, "short" has a table with less in it, "poor" has room for 1 MB. It adds and copies, fills, sums, and writes constants as attention;
 * what it leaves empty the engine must refuse by name. */
#include <numlab/backend.h>
#include <stdlib.h>
#include <string.h>

static const nl_host *host;
static int64_t live, peak;
static double marks[8];

static const uintptr_t flipped = (uintptr_t)1 << 62;
static void *hidden(void *p) { return (void *)((uintptr_t)p ^ flipped); }
static void *real(const void *p) { return (void *)((uintptr_t)p ^ flipped); }

static bool is(const char *what) {
  const char *told = getenv("FAKE_DEVICE");
  return told && strcmp(told, what) == 0;
}

static int count(const char **why) {
  *why = "the fake device was told not to be here";
  return is("none") ? 0 : 2;
}

static nl_status open_device(int index, void **device, nl_device_facts *facts) {
  static int opened[2];
  opened[index]++;
  *device = &opened[index];
  *facts =
      (nl_device_facts){.name = "host memory", .driver = "1", .runtime = "2", .major = 9, .processors = 1};
  return NL_OK;
}

static nl_status take(void *device, int64_t bytes, nl_memory_kind kind, void **block) {
  (void)device, (void)kind;
  if (is("poor") && live + bytes > 1000000)
    return host->fail(NL_NOMEM, "out of GPU memory: %lld bytes wanted, %lld free", (long long)bytes,
                      (long long)(1000000 - live));
  int64_t *head = malloc((size_t)bytes + 64);
  if (!head) return host->fail(NL_NOMEM, "fake: no memory");
  *head = bytes;
  live += bytes;
  if (live > peak) peak = live;
  *block = hidden((char *)head + 64);
  return NL_OK;
}

static void give(void *device, void *block) {
  (void)device;
  if (!block) return;
  int64_t *head = (int64_t *)(void *)((char *)real(block) - 64);
  live -= *head;
  free(head);
}

static nl_status memory(void *device, nl_device_memory *out) {
  (void)device;
  *out = (nl_device_memory){.live = live, .peak = peak, .free = 1000000 - live, .total = 1000000};
  return NL_OK;
}

static void reset_peak(void *device) {
  (void)device;
  peak = live;
}

static nl_status upload(void *device, void *to, const void *from, int64_t bytes) {
  (void)device;
  memcpy(real(to), from, (size_t)bytes);
  return NL_OK;
}

static nl_status download(void *device, void *to, const void *from, int64_t bytes) {
  (void)device;
  memcpy(to, real(from), (size_t)bytes);
  return NL_OK;
}

static nl_status sync_device(void *device) {
  (void)device;
  return NL_OK;
}

static nl_status mark(void *device, int slot) {
  (void)device;
  marks[slot] = slot == 0 ? 0 : 0.25;
  return NL_OK;
}

static nl_status elapsed(void *device, int from, int to, double *seconds) {
  (void)device;
  *seconds = marks[to] - marks[from];
  return NL_OK;
}

/* --- tensors: f64 alone, element by element ------------------------------------------------------------------ */

static int64_t size_of(const nl_array *a) {
  int64_t n = 1;
  for (int d = 0; d < a->ndim; d++) n *= a->shape[d];
  return n;
}

/* Element number i in row-major order. */
static double *at(const nl_array *a, int64_t i) {
  int64_t offset = 0;
  for (int d = a->ndim - 1; d >= 0; d--) {
    offset += i % a->shape[d] * a->stride[d];
    i /= a->shape[d];
  }
  return (double *)real(a->data) + offset;
}

static nl_status copy(void *device, const nl_array *src, const nl_array *dst) {
  (void)device;
  if (src->dtype != NL_F64 || dst->dtype != NL_F64)
    return host->fail(NL_UNSUPPORTED, "copy: the fake knows f64");
  for (int64_t i = 0; i < size_of(dst); i++) *at(dst, i) = *at(src, i);
  return NL_OK;
}

static nl_status fill(void *device, const nl_array *dst, double value) {
  (void)device;
  for (int64_t i = 0; i < size_of(dst); i++) *at(dst, i) = value;
  return NL_OK;
}

static nl_status binary(void *device, nl_binary_op op, nl_dtype compute, const nl_array *a, const nl_array *b,
                        const nl_array *out) {
  (void)device;
  if (op != NL_ADD || compute != NL_F64) return host->fail(NL_UNSUPPORTED, "the fake adds f64");
  for (int64_t i = 0; i < size_of(out); i++) *at(out, i) = *at(a, i) + *at(b, i);
  return NL_OK;
}

static nl_status reduce(void *device, nl_reduction op, const nl_array *rows, int64_t n, const nl_array *out) {
  (void)device;
  if (op != NL_REDUCE_SUM) return host->fail(NL_UNSUPPORTED, "the fake sums");
  for (int64_t i = 0; i < size_of(out); i++) {
    *at(out, i) = 0;
    for (int64_t k = 0; k < n; k++) *at(out, i) += *at(rows, i * n + k);
  }
  return NL_OK;
}

/* --- attention: out 1 + path, lse 3, gradients 4 .. 7, and what the pass must hold is checked ------------------- */

static const nl_attention_path paths[] = {{"fake_first", NL_ATTENTION_FLASH, "ones", false},
                                          {"fake_second", NL_ATTENTION_FLASH, "twos", false},
                                          {"standard", NL_ATTENTION_STANDARD, "threes", false}};

static nl_status choose(void *device, const nl_attention_pass *pass, bool backward, int *path) {
  (void)device, (void)backward;
  *path = pass->path >= 0 ? pass->path : pass->impl == NL_ATTENTION_STANDARD ? 2 : 0;
  if (pass->softcap > 0)
    return host->fail(NL_UNSUPPORTED, "attention: path '%s' has no softcap", paths[*path].name);
  return NL_OK;
}

static nl_status forward(void *device, const nl_attention_pass *pass) {
  if (pass->q.stride[3] != 1 || pass->k.stride[3] != 1 || pass->v.stride[3] != 1)
    return host->fail(NL_INTERNAL, "rows with gaps");
  fill(device, &pass->out, 1 + pass->path);
  if (pass->p.data) fill(device, &pass->p, 9);
  return fill(device, &pass->lse, 3);
}

static nl_status backward(void *device, const nl_attention_pass *pass) {
  if (*at(&pass->lse, 0) != 3) return host->fail(NL_INTERNAL, "another lse than forward wrote");
  fill(device, &pass->dq, 4);
  fill(device, &pass->dk, 5);
  fill(device, &pass->dv, 6);
  return pass->dbias.data ? fill(device, &pass->dbias, 7) : NL_OK;
}

static nl_backend backend = {.abi = NL_BACKEND_ABI,
                             .size = sizeof(nl_backend),
                             .name = "cuda",
                             .count = count,
                             .open = open_device,
                             .alloc = take,
                             .free = give,
                             .memory = memory,
                             .reset_peak = reset_peak,
                             .upload = upload,
                             .download = download,
                             .sync = sync_device,
                             .mark = mark,
                             .elapsed = elapsed,
                             .copy = copy,
                             .fill = fill,
                             .binary = binary,
                             .reduce = reduce,
                             .paths = paths,
                             .path_count = 3,
                             .attention_path = choose,
                             .attention_forward = forward,
                             .attention_backward = backward};

const nl_backend *nl_backend_entry(const nl_host *given, uint32_t abi, const char *headers);

__attribute__((visibility("default"))) const nl_backend *nl_backend_entry(const nl_host *given, uint32_t abi,
                                                                          const char *headers) {
  host = given;
  if (is("other") || abi != NL_BACKEND_ABI) {
    host->fail(NL_UNAVAILABLE, "it was built from other headers (%s) than this program", headers);
    return NULL;
  }
  if (is("short")) backend.size -= sizeof(void *);
  return &backend;
}
