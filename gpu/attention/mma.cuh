/* The instructions that tensor-core kernels (attention, gemm_dmma.cu) are made of, one function each (PTX ISA
 * 8, "Warp-level matrix instructions"), and how a warp holds their matrices.
 *
 * A lane is (g, t) = (lane / 4, lane % 4). Each of its registers holds neighbours in the second index:
 *
 *   m16n8k16, 16-bit   A 16 x 16: a[0] (g, 2t..2t+1)  a[1] (g+8, 2t..)  a[2] (g, 2t+8..)  a[3] (g+8, 2t+8..)
 *                      B 16 x 8:  b[0] (2t..2t+1, g)   b[1] (2t+8..2t+9, g)
 *                      C 16 x 8:  c[0], c[1] (g, 2t..2t+1)   c[2], c[3] (g+8, 2t..2t+1)
 *   m16n8k8, tf32      A 16 x 8:  a[0] (g, t)   a[1] (g+8, t)   a[2] (g, t+4)   a[3] (g+8, t+4)
 *                      B 8 x 8:   b[0] (t, g)   b[1] (t+4, g)        C as above
 *   m16n8k8, f64       as tf32 (one instruction from sm_90 on, four m8n8k4 before)
 *
 * So two neighbouring C blocks, rounded to 16 bits, are an A block: P never leaves the registers. ldmatrix.x4
 * loads four 8 x 8 blocks of 16-bit numbers; lane l gives the address of row l % 8 of block l / 8, and
 * register i of lane (g, t) receives (g, 2t..2t+1) of block i, or with trans (2t..2t+1, g). */
#ifndef NLG_ATTENTION_MMA_CUH
#define NLG_ATTENTION_MMA_CUH

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <stdint.h>

/* --- products: C += A B --------------------------------------------------------------------------------- */

template <typename T>
__device__ inline void nlg_mma(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1);

template <>
__device__ inline void nlg_mma<__half>(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
               "{%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

template <>
__device__ inline void nlg_mma<__nv_bfloat16>(float (&c)[4], const uint32_t (&a)[4], uint32_t b0,
                                              uint32_t b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
               "{%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/* Bits of f32 whose low 13 are left aside by the unit. */
__device__ inline void nlg_mma_tf32(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
               "{%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

__device__ inline void nlg_mma_f64(double (&c)[4], const double (&a)[4], double b0, double b1) {
#if __CUDA_ARCH__ >= 900
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f64.f64.f64.f64 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
               "{%0,%1,%2,%3};"
               : "+d"(c[0]), "+d"(c[1]), "+d"(c[2]), "+d"(c[3])
               : "d"(a[0]), "d"(a[1]), "d"(a[2]), "d"(a[3]), "d"(b0), "d"(b1));
#else
  for (int i = 0; i < 4; i++) /* rows g and g+8, terms t and t+4 */
    asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0,%1}, {%2}, {%3}, {%0,%1};"
                 : "+d"(c[i % 2 * 2]), "+d"(c[i % 2 * 2 + 1])
                 : "d"(a[i]), "d"(i < 2 ? b0 : b1));
#endif
}

/* --- shared memory, by its 32-bit addresses ------------------------------------------------------------- */

__device__ inline uint32_t nlg_shared_address(const void *p) { return (uint32_t)__cvta_generic_to_shared(p); }

__device__ inline void nlg_ldmatrix(uint32_t (&r)[4], uint32_t row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(row));
}

__device__ inline void nlg_ldmatrix_trans(uint32_t (&r)[4], uint32_t row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(row));
}

/* 16 bytes from global to shared memory without passing through registers; zeros where !there. */
__device__ inline void nlg_copy_async(uint32_t to, const void *from, bool there) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(there ? 16 : 0)
               : "memory");
}
/* 8 bytes. */
__device__ inline void nlg_copy_pair_async(uint32_t to, const void *from, bool there) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"(to), "l"(from), "r"(there ? 8 : 0)
               : "memory");
}
/* 4 bytes. */
__device__ inline void nlg_copy_word_async(uint32_t to, const void *from, bool there) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(from), "r"(there ? 4 : 0)
               : "memory");
}
__device__ inline void nlg_copy_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }
/* Until at most PENDING of the groups this thread committed are on their way. */
template <int PENDING> __device__ inline void nlg_copy_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory");
}

/* Barrier ID, 0 is __syncthreads, of THREADS threads in whole warps. Who arrives does not wait: what it wrote
 * before is there for those who synchronise. */
template <int ID, int THREADS> __device__ inline void nlg_barrier_sync() {
  asm volatile("barrier.sync %0, %1;" ::"n"(ID), "n"(THREADS) : "memory");
}
template <int ID, int THREADS> __device__ inline void nlg_barrier_arrive() {
  asm volatile("barrier.arrive %0, %1;" ::"n"(ID), "n"(THREADS) : "memory");
}

/* Four neighbours in global memory, 16-byte aligned, += x, each at once; before sm_90 in four steps. */
__device__ inline void nlg_add4(float *to, const float (&x)[4]) {
#if __CUDA_ARCH__ >= 900
  asm volatile("red.global.add.v4.f32 [%0], {%1,%2,%3,%4};" ::"l"(to), "f"(x[0]), "f"(x[1]), "f"(x[2]),
               "f"(x[3])
               : "memory");
#else
  for (int i = 0; i < 4; i++) atomicAdd(to + i, x[i]);
#endif
}

/* --- numbers -------------------------------------------------------------------------------------------- */

/* 2^x to 2 ulp, 0 below the normal numbers. */
__device__ inline float nlg_exp2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

/* Two numbers of type T in one register, low first, rounded to nearest even; and back. */
template <typename T> __device__ inline uint32_t nlg_pack(float low, float high);
template <> __device__ inline uint32_t nlg_pack<__half>(float low, float high) {
  __half2 pair = __floats2half2_rn(low, high);
  return *(uint32_t *)&pair;
}
template <> __device__ inline uint32_t nlg_pack<__nv_bfloat16>(float low, float high) {
  __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
  return *(uint32_t *)&pair;
}
__device__ inline float nlg_to_float(float x) { return x; }
__device__ inline float nlg_to_float(__half x) { return __half2float(x); }
__device__ inline float nlg_to_float(__nv_bfloat16 x) { return __bfloat162float(x); }

#endif
