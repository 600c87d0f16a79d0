/* What a CUDA error is called, and whether the device survives it. */
#include "context.h"

const nl_host *nlg_host;

nl_status nlg_cuda_status(cudaError_t error, const char *call, const char *file, int line) {
  cudaGetLastError(); /* an error of one call would come back from the next */
  if (error == cudaErrorMemoryAllocation)
    return nlg_fail(NL_NOMEM, "cuda: out of GPU memory in %s (%s:%d); free tensors, or use a smaller problem",
                    call, file, line);
  /* An error inside a kernel stays: every later call of this process fails with it. */
  bool lost = cudaFree(nullptr) != cudaSuccess;
  return nlg_fail(
      NL_DEVICE, "cuda: %s (%s) in %s (%s:%d)%s", cudaGetErrorString(error), cudaGetErrorName(error), call,
      file, line,
      lost ? "; the device is lost to this program: restart it (NUMLAB_SYNC=1 names the op at fault)" : "");
}

nl_status nlg_launched(nlg_device *device, const char *name, const char *file, int line) {
  cudaError_t error = cudaGetLastError();
  if (error == cudaSuccess && device->synchronous) error = cudaStreamSynchronize(device->stream);
  return error == cudaSuccess ? NL_OK : nlg_cuda_status(error, name, file, line);
}
