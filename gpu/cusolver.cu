/* A X = B by cuSOLVER's getrf and getrs (its 64-bit interface), opened at first use: the baseline of lu.cu.
 *
 * A and X come by columns (backend.h), so the factorisation is P A = L U with pivots searched in columns of
 * A, and an exactly zero pivot names its column. The types and constants are declared here because building
 * needs nvcc alone. */
#include "ops.h"
#include <dlfcn.h>
#include <math.h>
#include <memory>
#include <new>

enum { OP_N = 0 };

static struct {
  int (*create)(void **handle);
  int (*set_stream)(void *handle, cudaStream_t stream);
  int (*create_params)(void **params);
  int (*getrf_room)(void *handle, void *params, int64_t m, int64_t n, cudaDataType type, const void *A,
                    int64_t lda, cudaDataType compute, size_t *on_device, size_t *on_host);
  int (*getrf)(void *handle, void *params, int64_t m, int64_t n, cudaDataType type, void *A, int64_t lda,
               int64_t *pivots, cudaDataType compute, void *on_device, size_t device_bytes, void *on_host,
               size_t host_bytes, int *info);
  int (*getrs)(void *handle, void *params, int op, int64_t n, int64_t k, cudaDataType type, const void *A,
               int64_t lda, const int64_t *pivots, cudaDataType type_b, void *B, int64_t ldb, int *info);
} solver;

/* True with the table filled. Tried once. */
static bool open_library() {
  static const char *const names[] = {"libcusolver.so.12", "libcusolver.so.11", "libcusolver.so"};
  for (const char *name : names) {
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library) continue;
    *(void **)&solver.create = dlsym(library, "cusolverDnCreate");
    *(void **)&solver.set_stream = dlsym(library, "cusolverDnSetStream");
    *(void **)&solver.create_params = dlsym(library, "cusolverDnCreateParams");
    *(void **)&solver.getrf_room = dlsym(library, "cusolverDnXgetrf_bufferSize");
    *(void **)&solver.getrf = dlsym(library, "cusolverDnXgetrf");
    *(void **)&solver.getrs = dlsym(library, "cusolverDnXgetrs");
    if (solver.create && solver.set_stream && solver.create_params && solver.getrf_room && solver.getrf &&
        solver.getrs)
      return true;
    dlclose(library);
  }
  return false;
}

static nl_status refused(const char *call, int status) {
  return nlg_fail(status == 2 ? NL_NOMEM : NL_DEVICE,
                  "cusolver: %s refuses with status %d; method 'lu' needs no library", call, status);
}

#define SOLVER(call, ...)                                           \
  do {                                                              \
    int solver_status_ = solver.call(__VA_ARGS__);                  \
    if (solver_status_ != 0) return refused(#call, solver_status_); \
  } while (0)

nl_status nlg_library_prepare(void *handle) {
  static const bool there = open_library();
  nlg_device *device = nlg_use(handle);
  if (!there)
    return nlg_fail(NL_UNAVAILABLE,
                    "cusolver: libcusolver.so.12 (CUDA 13) or .so.11 (CUDA 11, 12) cannot be opened; "
                    "install CUDA's libraries or put their folder into LD_LIBRARY_PATH, or take method "
                    "'lu', which needs none");
  if (!device->cusolver) SOLVER(create, &device->cusolver);
  if (!device->cusolver_params) SOLVER(create_params, &device->cusolver_params);
  SOLVER(set_stream, device->cusolver, device->stream);
  return NL_OK;
}

/* Rows exchanged, and the first exactly zero pivot, which info counts from 1. */
static nl_status tell(nlg_device *device, const int64_t *pivots, int64_t n, const int *info,
                      nl_lu_facts *facts) {
  std::unique_ptr<int64_t[]> rows(new (std::nothrow) int64_t[n]);
  int zero = 0;
  if (!rows) return nlg_fail(NL_NOMEM, "cusolver: out of memory for %lld pivots", (long long)n);
  NL_TRY(nlg_download(device, rows.get(), pivots, n * (int64_t)sizeof *pivots));
  NL_TRY(nlg_download(device, &zero, info, sizeof zero));
  *facts = {zero > 0 ? zero : 0, 0, NAN, NAN, NAN};
  for (int64_t i = 0; i < n; i++) facts->exchanges += rows[i] != i + 1;
  return NL_OK;
}

nl_status nlg_library_solve(void *handle, const nl_array *A, const nl_array *X, nl_lu_facts *facts) {
  nlg_device *device = nlg_use(handle);
  void *own = device->cusolver, *params = device->cusolver_params;
  int64_t n = A->shape[0], k = X->shape[0];
  cudaDataType type = A->dtype == NL_F64 ? CUDA_R_64F : CUDA_R_32F;
  size_t device_bytes = 0, host_bytes = 0;
  nlg_workspace<char> room(device);
  nlg_workspace<int64_t> pivots(device);
  nlg_workspace<int> info(device);
  SOLVER(getrf_room, own, params, n, n, type, A->data, n, type, &device_bytes, &host_bytes);
  NL_TRY(room.take((int64_t)device_bytes));
  NL_TRY(pivots.take(n));
  NL_TRY(info.take(1));
  std::unique_ptr<char[]> host(new (std::nothrow) char[host_bytes]);
  if (!host) return nlg_fail(NL_NOMEM, "cusolver: out of memory for %zu bytes", host_bytes);
  SOLVER(getrf, own, params, n, n, type, A->data, n, pivots.data, type, room.data, device_bytes, host.get(),
         host_bytes, info.data);
  NL_TRY(tell(device, pivots.data, n, info.data, facts));
  if (facts->singular_column) return NL_OK;
  SOLVER(getrs, own, params, OP_N, n, k, type, A->data, n, pivots.data, type, X->data, n, info.data);
  NLG_LAUNCHED(device, "cusolver");
  return NL_OK;
}
