/* The functions of the backend's table, each in the file of its name. All take the device that open gave. */
#ifndef NLG_OPS_H
#define NLG_OPS_H

#include "context.h"

/* memory.cu */
nl_status nlg_backend_alloc(void *device, int64_t bytes, nl_memory_kind kind, void **block);
void nlg_backend_free(void *device, void *block);
nl_status nlg_memory(void *device, nl_device_memory *out);
void nlg_reset_peak(void *device);
nl_status nlg_trim(void *device);

/* copy.cu */
nl_status nlg_upload(void *device, void *to, const void *from, int64_t bytes);
nl_status nlg_download(void *device, void *to, const void *from, int64_t bytes);
nl_status nlg_copy(void *device, const nl_array *src, const nl_array *dst);
nl_status nlg_fill(void *device, const nl_array *dst, double value);

/* random.cu, elementwise.cu, reduce.cu, softmax.cu, gemm.cu */
nl_status nlg_random(void *device, bool normal, const nl_array *dst, uint64_t seed, uint64_t stream);
nl_status nlg_binary(void *device, nl_binary_op op, nl_dtype compute, const nl_array *a, const nl_array *b,
                     const nl_array *out);
nl_status nlg_unary(void *device, nl_unary_op op, nl_dtype compute, const nl_array *a, const nl_array *out);
nl_status nlg_where(void *device, const nl_array *condition, const nl_array *a, const nl_array *b,
                    const nl_array *out);
nl_status nlg_reduce(void *device, nl_reduction op, const nl_array *rows, int64_t n, const nl_array *out);
nl_status nlg_softmax(void *device, const nl_array *rows);
nl_status nlg_matmul(void *device, const nl_array *A, const nl_array *B, const nl_array *C);

/* cublas.cu: the product through cuBLAS where it is large, its strides fit and the library is there; *done
 * says whether. */
nl_status nlg_cublas_matmul(nlg_device *device, const nl_array *A, const nl_array *B, const nl_array *C,
                            bool *done);

/* lu.cu, lu_solve.cu, cusolver.cu */
nl_status nlg_lu_factor(void *device, const nl_array *A, int64_t block, int64_t *row_of, nl_lu_facts *facts);
nl_status nlg_lu_solve(void *device, const nl_array *LU, const int64_t *row_of, const nl_array *X);
nl_status nlg_lu_solve_transposed(void *device, const nl_array *LU, const int64_t *row_of, const nl_array *x);
nl_status nlg_library_prepare(void *device);
nl_status nlg_library_solve(void *device, const nl_array *A, const nl_array *X, nl_lu_facts *facts);

/* sparse.cu */
nl_status nlg_sparse_apply(void *device, const nl_sparse *S, const double *X, int64_t k, double *Y);
nl_status nlg_sparse_relax(void *device, const nl_sparse *S, int64_t first, int64_t count, double omega,
                           const double *B, int64_t k, double *X);

/* attention/attention.cu */
extern const nl_attention_path nlg_attention_paths[];
extern const int nlg_attention_path_count;
nl_status nlg_attention_path(void *device, const nl_attention_pass *pass, bool backward, int *path);
nl_status nlg_attention_forward(void *device, const nl_attention_pass *pass);
nl_status nlg_attention_backward(void *device, const nl_attention_pass *pass);

#endif
