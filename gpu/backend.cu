/* The plugin's door: the entry point, what devices there are, opening one, timing, and the table.
 *
 * The runtime is linked statically and libcuda is opened by it, so the plugin loads on a machine without a
 * driver and says what is missing. */
#include "ops.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- devices ----------------------------------------------------------------------------------------- */

enum { MOST_DEVICES = 64 };
static int ordinals[MOST_DEVICES]; /* those with kernels for them, as the runtime counts */

/* Kernels of sm_xy run on x.y and above within x; the PTX of the last architecture on whatever came later. */
static bool has_kernels(int major, int minor) {
  int capability = 10 * major + minor, arch = 0;
  for (const char *at = NLG_ARCHS; *at;) {
    char *end;
    arch = (int)strtol(at, &end, 10);
    if (arch / 10 == major && arch <= capability) return true;
    for (at = end; *at == ' ' || *at == 'a'; at++) {}
  }
  return capability >= arch;
}

static const char *driver_problem(cudaError_t error) {
  static char text[256];
  int driver = 0, runtime = 0;
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  if (error == cudaErrorNoDevice) return "the NVIDIA driver finds no GPU (CUDA_VISIBLE_DEVICES may hide it)";
  if (driver == 0) return "no NVIDIA driver: libcuda.so.1 is missing";
  if (error == cudaErrorInsufficientDriver)
    snprintf(text, sizeof text,
             "the NVIDIA driver is for CUDA %d.%d, this plugin was built with CUDA %d.%d: update "
             "the driver",
             driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10);
  else
    snprintf(text, sizeof text, "the NVIDIA driver does not answer: %s (%s)", cudaGetErrorString(error),
             cudaGetErrorName(error));
  return text;
}

static int count_devices(const char **why) {
  static char text[256];
  int found = 0, usable = 0, major = 0, minor = 0;
  cudaError_t error = cudaGetDeviceCount(&found);
  cudaGetLastError();
  if (error != cudaSuccess) {
    *why = driver_problem(error);
    return 0;
  }
  for (int i = 0; i < found && usable < MOST_DEVICES; i++) {
    cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, i);
    cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, i);
    if (has_kernels(major, minor)) ordinals[usable++] = i;
  }
  *why = usable > 0 ? "" : text;
  snprintf(text, sizeof text,
           "the GPU is sm_%d%d, this plugin has kernels for sm_%s: build it with `make gpu GPU_ARCHS=%d%d`",
           major, minor, NLG_ARCHS, major, minor);
  return usable;
}

/* "580.159.04" out of /proc/driver/nvidia/version, behind the words "Kernel Module"; "" where it is not
 * told. */
static void driver_release(char *release, int size) {
  char line[256];
  FILE *f = fopen("/proc/driver/nvidia/version", "r");
  release[0] = 0;
  const char *at = f && fgets(line, sizeof line, f) ? strstr(line, "Module") : nullptr;
  for (; at && *at; at += strcspn(at, " "), at += strspn(at, " "))
    if (*at >= '0' && *at <= '9') {
      snprintf(release, size, "%.*s ", (int)strcspn(at, " "), at);
      break;
    }
  if (f) fclose(f);
}

static void tell(const nlg_device *device, nl_device_facts *facts) {
  const cudaDeviceProp *p = &device->properties;
  int driver = 0, runtime = 0;
  char release[20];
  cudaDriverGetVersion(&driver);
  cudaRuntimeGetVersion(&runtime);
  driver_release(release, sizeof release);
  *facts = {};
  snprintf(facts->name, sizeof facts->name, "%.127s", p->name);
  snprintf(facts->driver, sizeof facts->driver, "%sCUDA %d.%d", release, driver / 1000, driver % 1000 / 10);
  snprintf(facts->runtime, sizeof facts->runtime, "%d.%d", runtime / 1000, runtime % 1000 / 10);
  snprintf(facts->build, sizeof facts->build, "%s", NLG_BUILD);
  facts->major = p->major, facts->minor = p->minor;
  facts->processors = p->multiProcessorCount;
  facts->memory_bytes = (int64_t)p->totalGlobalMem;
  facts->l2_bytes = p->l2CacheSize;
  facts->shared_bytes = (int64_t)p->sharedMemPerBlockOptin;
}

static nl_status prepare(nlg_device *device) {
  NLG_CUDA(cudaSetDevice(device->ordinal));
  NLG_CUDA(cudaGetDeviceProperties(&device->properties, device->ordinal));
  NLG_CUDA(cudaStreamCreateWithFlags(&device->stream, cudaStreamNonBlocking));
  for (cudaEvent_t &mark : device->marks) NLG_CUDA(cudaEventCreate(&mark));
  const char *synchronous = getenv("NUMLAB_SYNC");
  device->synchronous = synchronous && strcmp(synchronous, "1") == 0;
  return nlg_pool_open(device);
}

static nl_status open_device(int index, void **handle, nl_device_facts *facts) {
  const char *why;
  int devices = count_devices(&why);
  if (devices == 0) return nlg_fail(NL_DEVICE, "cuda: %s", why);
  if (index < 0 || index >= devices)
    return nlg_fail(NL_DEVICE, "cuda: there is no cuda:%d, expected cuda:0 to cuda:%d", index, devices - 1);
  nlg_device *device = new nlg_device();
  device->index = index;
  device->ordinal = ordinals[index];
  nl_status s = prepare(device);
  if (s != NL_OK) {
    delete device;
    return s;
  }
  tell(device, facts);
  *handle = device;
  return NL_OK;
}

/* --- waiting and timing ------------------------------------------------------------------------------ */

static nl_status wait(void *handle) {
  nlg_device *device = nlg_use(handle);
  NLG_CUDA(cudaStreamSynchronize(device->stream));
  return NL_OK;
}

enum { MARKS = sizeof nlg_device::marks / sizeof *nlg_device::marks };

static nl_status check_slot(int slot) {
  if (slot >= 0 && slot < MARKS) return NL_OK;
  return nlg_fail(NL_ARG, "cuda: mark %d, expected 0 to %d", slot, MARKS - 1);
}

static nl_status mark(void *handle, int slot) {
  nlg_device *device = nlg_use(handle);
  NL_TRY(check_slot(slot));
  NLG_CUDA(cudaEventRecord(device->marks[slot], device->stream));
  return NL_OK;
}

static nl_status elapsed(void *handle, int from, int to, double *seconds) {
  nlg_device *device = nlg_use(handle);
  float milliseconds;
  NL_TRY(check_slot(from));
  NL_TRY(check_slot(to));
  NLG_CUDA(cudaEventSynchronize(device->marks[to]));
  NLG_CUDA(cudaEventElapsedTime(&milliseconds, device->marks[from], device->marks[to]));
  *seconds = 1e-3 * (double)milliseconds;
  return NL_OK;
}

/* --- the table --------------------------------------------------------------------------------------- */

static nl_backend make_table() {
  nl_backend b = {};
  b.abi = NL_BACKEND_ABI, b.size = sizeof b, b.headers = NLG_HEADERS, b.name = "cuda";
  b.count = count_devices, b.open = open_device;
  b.alloc = nlg_backend_alloc, b.free = nlg_backend_free;
  b.memory = nlg_memory, b.reset_peak = nlg_reset_peak, b.trim = nlg_trim;
  b.upload = nlg_upload, b.download = nlg_download;
  b.sync = wait, b.mark = mark, b.elapsed = elapsed;
  b.copy = nlg_copy, b.fill = nlg_fill, b.random = nlg_random;
  b.binary = nlg_binary, b.unary = nlg_unary, b.where = nlg_where;
  b.reduce = nlg_reduce, b.softmax = nlg_softmax, b.matmul = nlg_matmul;
  b.lu_factor = nlg_lu_factor, b.lu_solve = nlg_lu_solve;
  b.lu_solve_transposed = nlg_lu_solve_transposed;
  b.library_prepare = nlg_library_prepare, b.library_solve = nlg_library_solve;
  b.sparse_apply = nlg_sparse_apply, b.sparse_relax = nlg_sparse_relax;
  b.paths = nlg_attention_paths, b.path_count = nlg_attention_path_count;
  b.attention_path = nlg_attention_path;
  b.attention_forward = nlg_attention_forward, b.attention_backward = nlg_attention_backward;
  return b;
}

extern "C" __attribute__((visibility("default"))) const nl_backend *nl_backend_entry(const nl_host *host,
                                                                                     uint32_t abi,
                                                                                     const char *headers) {
  static const nl_backend table = make_table();
  nlg_host = host;
  if (abi == NL_BACKEND_ABI && strcmp(headers, NLG_HEADERS) == 0) return &table;
  nlg_fail(NL_DEVICE,
           "the CUDA plugin is of another build: interface %d, headers %s; the program has interface %u, "
           "headers %s: run `make all gpu`",
           NL_BACKEND_ABI, NLG_HEADERS, abi, headers);
  return nullptr;
}
