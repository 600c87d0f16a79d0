/* Large matrix products through cuBLAS, opened at first use; without it gemm.cu does all of them.
 *
 * cuBLAS counts columns first: what is C = A B row by row is C' = B' A' there, so B comes first. It takes
 * matrices with one unit stride, and stacks of them a fixed step apart. Sums stay in f32 or f64 (no TF32,
 * no reduced precision) unless NUMLAB_TF32=1; NUMLAB_CUBLAS=off keeps it closed. The few types and
 * constants are declared here because building needs nvcc alone. */
#include "ops.h"
#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
  OP_N = 0,
  OP_T = 1,
  COMPUTE_32F = 68,
  COMPUTE_32F_FAST_TF32 = 77,
  COMPUTE_64F = 70,
  ALGO_DEFAULT = -1
};
enum { DISALLOW_REDUCED_PRECISION_REDUCTION = 16 };

static struct {
  int (*create)(void **handle);
  int (*set_stream)(void *handle, cudaStream_t stream);
  int (*set_math_mode)(void *handle, int mode);
  int (*gemm)(void *handle, int op_a, int op_b, int m, int n, int k, const void *alpha, const void *A,
              cudaDataType a, int lda, long long step_a, const void *B, cudaDataType b, int ldb,
              long long step_b, const void *beta, void *C, cudaDataType c, int ldc, long long step_c,
              int count, int compute, int algorithm);
} blas;

/* True with the table filled. Tried once. */
static bool open_library() {
  static const char *const names[] = {"libcublas.so.13", "libcublas.so.12", "libcublas.so"};
  const char *wish = getenv("NUMLAB_CUBLAS");
  if (wish && strcmp(wish, "off") == 0) return false;
  for (const char *name : names) {
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library) continue;
    *(void **)&blas.create = dlsym(library, "cublasCreate_v2");
    *(void **)&blas.set_stream = dlsym(library, "cublasSetStream_v2");
    *(void **)&blas.set_math_mode = dlsym(library, "cublasSetMathMode");
    *(void **)&blas.gemm = dlsym(library, "cublasGemmStridedBatchedEx");
    if (blas.create && blas.set_stream && blas.set_math_mode && blas.gemm) return true;
    dlclose(library);
  }
  return false;
}

/* The device's handle, made at the first large product; false: there is none, now or ever. */
static bool ready(nlg_device *device) {
  static const bool there = open_library();
  if (!there || device->cublas) return there;
  void *handle;
  if (blas.create(&handle) != 0) return false;
  if (blas.set_stream(handle, device->stream) != 0) return false;
  if (blas.set_math_mode(handle, DISALLOW_REDUCED_PRECISION_REDUCTION) != 0) return false;
  device->cublas = handle;
  return true;
}

/* A stack of matrices as cuBLAS sees it: element (i, j) of the transpose at i + j * ld (OP_N) or i * ld +
 * j. */
struct stack {
  const void *data;
  int op;
  int64_t ld, step;
};

/* False where the strides do not fit. */
static bool as_stack(const nl_array *a, int64_t matrices, stack *out) {
  int lead = a->ndim - 2;
  int64_t rows = a->shape[lead], columns = a->shape[lead + 1];
  int64_t down = rows == 1 ? columns : a->stride[lead], right = columns == 1 ? 1 : a->stride[lead + 1];
  *out = {a->data, OP_N, down, 0};
  if (right != 1) {
    if ((rows > 1 && down != 1) || right < rows) return false;
    out->op = OP_T, out->ld = right;
  } else if (down < columns) {
    return false;
  }
  /* one step from matrix to matrix */
  int64_t expected = 0, size = 1;
  for (int d = lead - 1; d >= 0; d--) {
    if (a->shape[d] == 1) continue;
    if (size == 1) out->step = expected = a->stride[d];
    else if (a->stride[d] != expected) return false;
    expected = a->stride[d] * a->shape[d];
    size *= a->shape[d];
  }
  return out->ld <= INT_MAX && out->step >= 0 && size == matrices;
}

static cudaDataType type_of(nl_dtype dtype) {
  return dtype == NL_F64   ? CUDA_R_64F
         : dtype == NL_F32 ? CUDA_R_32F
         : dtype == NL_F16 ? CUDA_R_16F
                           : CUDA_R_16BF;
}

nl_status nlg_cublas_matmul(nlg_device *device, const nl_array *A, const nl_array *B, const nl_array *C,
                            bool *done) {
  const double worth_it =
      512.0 * 512 * 512; /* products below: opening the library would cost more than it saves */
  static const char *const tf32 = getenv("NUMLAB_TF32");
  int lead = C->ndim - 2;
  int64_t m = C->shape[lead], n = C->shape[lead + 1], k = A->shape[lead + 1],
          matrices = nlg_size(C) / (m * n);
  stack a, b;
  *done = false;
  if ((double)m * n * k * matrices < worth_it || m > INT_MAX || n > INT_MAX || k > INT_MAX ||
      matrices > INT_MAX)
    return NL_OK;
  if (!as_stack(A, matrices, &a) || !as_stack(B, matrices, &b) || !ready(device)) return NL_OK;
  const double one = 1, zero = 0;
  const float one_f32 = 1, zero_f32 = 0;
  bool wide = C->dtype == NL_F64;
  cudaDataType type = type_of(C->dtype);
  int compute = wide ? COMPUTE_64F : COMPUTE_32F;
  if (C->dtype == NL_F32 && tf32 && strcmp(tf32, "1") == 0) compute = COMPUTE_32F_FAST_TF32;
  int status = blas.gemm(device->cublas, b.op, a.op, (int)n, (int)m, (int)k,
                         wide ? (const void *)&one : &one_f32, b.data, type, (int)b.ld, b.step, a.data, type,
                         (int)a.ld, a.step, wide ? (const void *)&zero : &zero_f32, C->data, type, (int)n,
                         m * n, (int)matrices, compute, ALGO_DEFAULT);
  if (status != 0)
    return nlg_fail(NL_DEVICE,
                    "matmul: cuBLAS refuses %lldx%lld times %lldx%lld with status %d (NUMLAB_CUBLAS=off "
                    "takes numlab's own kernels)",
                    (long long)m, (long long)k, (long long)k, (long long)n, status);
  *done = true;
  NLG_LAUNCHED(device, "matmul");
  return NL_OK;
}
