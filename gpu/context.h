/* What every file of the plugin shares: the device, errors, memory on the device.
 *
 * gpu/ sees the public headers of the engine alone. Prefix nlg_. A function that can fail returns
 * nl_status; a CUDA call goes through NLG_CUDA, which names file, line and call. Kernels are launched on
 * device->stream and followed by NLG_LAUNCHED. */
#ifndef NLG_CONTEXT_H
#define NLG_CONTEXT_H

extern "C" {
#include <numlab/backend.h>
}
#include <cuda_runtime.h>

struct nlg_pool; /* memory.cu */

struct nlg_device {
  int index;   /* cuda:index in messages, counted among the devices this plugin can use */
  int ordinal; /* the same device as the CUDA runtime counts */
  cudaStream_t stream;
  cudaStream_t ahead; /* a second one, served first: lu.cu makes it, and joins it to stream when done */
  cudaDeviceProp properties;
  bool synchronous; /* NUMLAB_SYNC=1: wait after each launch, so that an error names its own */
  nlg_pool *pool;
  cudaEvent_t marks[8];
  void *cublas;                     /* handle, made at the first large product */
  void *cusolver, *cusolver_params; /* handles, made when first asked for (cusolver.cu) */
};

extern const nl_host *nlg_host; /* set once by the entry point, before anything else */

#define nlg_fail(...) (nlg_host->fail(__VA_ARGS__))

/* The status of a CUDA call: NOMEM for a lack of memory, DEVICE otherwise. */
nl_status nlg_cuda_status(cudaError_t error, const char *call, const char *file, int line);

#define NLG_CUDA(call)                                                                            \
  do {                                                                                            \
    cudaError_t nlg_error_ = (call);                                                              \
    if (nlg_error_ != cudaSuccess) return nlg_cuda_status(nlg_error_, #call, __FILE__, __LINE__); \
  } while (0)

/* Behind a launch: was it accepted? Under NUMLAB_SYNC=1: did it run? name: of the op, for the message. */
nl_status nlg_launched(nlg_device *device, const char *name, const char *file, int line);
#define NLG_LAUNCHED(device, name) NL_TRY(nlg_launched(device, name, __FILE__, __LINE__))

/* The device behind a handle of the table, made current for this thread. */
inline nlg_device *nlg_use(void *handle) {
  nlg_device *device = (nlg_device *)handle;
  cudaSetDevice(device->ordinal);
  return device;
}

/* --- memory.cu --------------------------------------------------------------------------------------- */

nl_status nlg_pool_open(nlg_device *device);
nl_status nlg_alloc(nlg_device *device, int64_t bytes, nl_memory_kind kind, void **block);
void nlg_free(nlg_device *device, void *block); /* NULL is accepted; work in the stream may still use it */

/* Workspace that is given back at the end of the scope:
 *   nlg_workspace<float> partial(device);
 *   NL_TRY(partial.take(n)); */
template <typename T> struct nlg_workspace {
  nlg_device *device;
  T *data = nullptr;
  explicit nlg_workspace(nlg_device *d) : device(d) {}
  nlg_workspace(const nlg_workspace &) = delete;
  nlg_workspace &operator=(const nlg_workspace &) = delete;
  ~nlg_workspace() { nlg_free(device, data); }
  /* What it held before goes back. */
  nl_status take(int64_t count) {
    void *block = nullptr;
    nlg_free(device, data);
    data = nullptr;
    nl_status s = nlg_alloc(device, count * (int64_t)sizeof(T), NL_WORKSPACE, &block);
    data = (T *)block;
    return s;
  }
  void swap(nlg_workspace &other) {
    T *own = data;
    data = other.data, other.data = own;
  }
};

/* --- small arithmetic -------------------------------------------------------------------------------- */

__host__ __device__ inline int64_t nlg_ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

inline int64_t nlg_size(const nl_array *a) {
  int64_t size = 1;
  for (int d = 0; d < a->ndim; d++) size *= a->shape[d];
  return size;
}

#endif
