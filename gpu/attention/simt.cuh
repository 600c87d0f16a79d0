/* Tiles of plain numbers in shared memory and the two products on them that every path without tensor cores
 * is made of. Arithmetic is IEEE's: f64 in f64, all else in f32.
 *
 * A block of 16 x TY threads owns ROWS = R TY rows and walks over tiles of 64 columns. Rows are queries and
 * columns keys; where dK and dV are made it is the other way round, so that one code serves both.
 *
 *   scores:   S(row, column) += sum_k X(row, k) Y(column, k)   thread (tx, ty): rows ty + TY i, columns tx + 16 j
 *   products: O(row, c) += sum_column W(row, column) Y(column, c)   rows ty + TY i, some of the columns c
 *
 * A thread keeps R x 4 scores and R x N sums in registers and reads 16 bytes at a time: in the first product
 * R + 4 reads feed 4 R V multiply-adds (V = 4 numbers f32, 2 f64), in the second R + N give R N V. With R = 8
 * the read of X is one address a half warp, so shared memory is busy half as long as the multiply-adds are.
 *
 * Rows of X and Y lie DIM + V apart, so that 8 threads reading 16 bytes of 8 rows meet all 32 banks. Rows of
 * W lie 64 + 16 apart (f32): what a half warp writes, one row of W, is read by itself alone, so a warp's
 * barrier is enough between. Heads narrower than 64 leave lanes over in the second product: they share out
 * the columns (SLICES), and add up once at the end. Heads wider than DIM are taken in pieces of DIM: S is
 * summed over the pieces, and each piece of the result is a block of its own. */
#ifndef NLG_ATTENTION_SIMT_CUH
#define NLG_ATTENTION_SIMT_CUH

#include "../element.cuh"
#include "params.cuh"

extern __shared__ __align__(16) unsigned char nlg_shared[];

/* --- numbers -------------------------------------------------------------------------------------------- */

template <typename T> struct nlg_computes { typedef float type; };
template <> struct nlg_computes<double> { typedef double type; };

/* Scores are kept in units in which the weight is cheap: natural for f64, log2 e for f32, where one
 * instruction gives 2^x to 2 units in the last place and 0 where the weight is below 2^-126. */
template <typename C> struct nlg_weights;
template <> struct nlg_weights<double> {
  static constexpr double unit = 1, natural = 1;
  static __device__ double power(double x) { return exp(x); }
};
template <> struct nlg_weights<float> {
  static constexpr float unit = 1.44269504f, natural = 0.693147181f;
  static __device__ float power(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
  }
};

template <typename C> __device__ inline C nlg_infinity() { return (C)__int_as_float(0x7f800000); }
template <typename C> __device__ inline bool nlg_finite(C x) { return x - x == 0; }

/* 16 bytes of shared memory, as numbers. */
template <typename C> struct alignas(16) nlg_vector {
  static constexpr int size = 16 / sizeof(C);
  C at[size];
};

/* As many numbers of type T in global memory: 4 or 2. */
template <typename T> struct nlg_packed {
  static constexpr int size = nlg_vector<typename nlg_computes<T>::type>::size;
  struct alignas(size * sizeof(T)) type {
    T at[size];
  };
};

/* --- the shape of a block ------------------------------------------------------------------------------- */

/* R rows a thread: 8 f32 or 4 f64 take the same registers; fewer where there are few rows. */
template <typename C, int DIM_, int R_ = sizeof(C) == 8 ? 4 : 8> struct nlg_simt {
  static constexpr int DIM = DIM_, V = nlg_vector<C>::size;
  static constexpr int R = R_, TY = 8,
                       UNROLL = DIM < 64 ? 1 : 2; /* of the first product, where registers allow */
  static constexpr int THREADS = 16 * TY, ROWS = R * TY, COLUMNS = 64, COLUMNS_EACH = 4;
  static constexpr int PITCH = DIM + V, W_PITCH = COLUMNS + 64 / (int)sizeof(C);
  static constexpr int LANES = DIM / V < 16 ? DIM / V : 16, SLICES = 16 / LANES;
  static constexpr int GROUPS = DIM / V / LANES, N = GROUPS * V;         /* sums a thread and row */
  static constexpr int X = 0, Y = ROWS * PITCH, W = Y + COLUMNS * PITCH; /* where they lie, in numbers */
  static constexpr int BYTES = (W + ROWS * W_PITCH) * (int)sizeof(C);
  static constexpr int W2 = W + ROWS * W_PITCH; /* backward passes hold two */
  static constexpr int BYTES_BACKWARD = (W2 + ROWS * W_PITCH) * (int)sizeof(C);

  static __device__ int tx() { return threadIdx.x % 16; }
  static __device__ int ty() { return threadIdx.x / 16; }
  static __device__ int row(int i) { return ty() + TY * i; }
  static __device__ int column(int j) { return tx() + 16 * j; }
  static __device__ int lane() { return tx() % LANES; }
  static __device__ int slice() { return tx() / LANES; }
  /* Column of the result that sum n of a thread belongs to, within its piece. */
  static __device__ int place(int n) { return (lane() + LANES * (n / V)) * V + n % V; }
};

/* Columns [from, from + DIM) of `rows` rows into the tile of COUNT rows; zeros where there are none. width:
 * of a row in global memory. Every thread of the block calls it, and has the same columns in each of its
 * rows. */
template <typename S, int COUNT, typename T, typename C>
__device__ inline void nlg_load(C *tile, const T *data, int64_t pitch, int rows, int from, int width) {
  constexpr int V = S::V, UNITS = S::DIM / V, STEP = S::THREADS / UNITS, EACH = COUNT / STEP;
  constexpr int BATCH = EACH < 4 ? EACH : 4; /* reads in flight */
  static_assert(S::THREADS % UNITS == 0 && COUNT % STEP == 0 && EACH % BATCH == 0, "all move as much");
  typedef typename nlg_packed<T>::type packed;
  int r = threadIdx.x / UNITS, c = threadIdx.x % UNITS * V, there = min(width - from - c, V);
  bool whole = there == V && ((uintptr_t)data | (uintptr_t)(pitch * sizeof(T))) % sizeof(packed) == 0;
  data += r * pitch + from + c;
  tile += r * S::PITCH + c;
#pragma unroll 1
  for (int batch = 0; batch < EACH; batch += BATCH) {
    packed held[BATCH];
#pragma unroll
    for (int b = 0; b < BATCH; b++, r += STEP, data += STEP * pitch) {
      if (whole && r < rows) {
        held[b] = *(const packed *)data;
        continue;
      }
#pragma unroll
      for (int e = 0; e < V; e++) held[b].at[e] = r < rows && e < there ? data[e] : T(0.0f);
    }
#pragma unroll
    for (int b = 0; b < BATCH; b++, tile += STEP * S::PITCH) {
      nlg_vector<C> wide;
#pragma unroll
      for (int e = 0; e < V; e++) wide.at[e] = nlg_read<C>(held[b].at[e]);
      *(nlg_vector<C> *)tile = wide;
    }
  }
}

/* Does a tile of COUNT rows hold infinity or NaN? A barrier for the block, whose threads all learn it. */
template <typename S, int COUNT, typename C> __device__ inline bool nlg_not_finite(const C *tile) {
  bool bad = false;
  for (int e = threadIdx.x; e < COUNT * S::DIM; e += S::THREADS)
    bad |= !nlg_finite(tile[e / S::DIM * S::PITCH + e % S::DIM]);
  return __syncthreads_or(bad);
}

/* --- the products --------------------------------------------------------------------------------------- */

/* UNROLL: steps of the loop whose reads may overlap; more where registers are left. */
template <typename S, int UNROLL, typename C>
__device__ inline void nlg_add_scores(C (&s)[S::R][S::COLUMNS_EACH], const C *X, const C *Y, int depth) {
  typedef nlg_vector<C> vector;
  X += S::ty() * S::PITCH, Y += S::tx() * S::PITCH;
#pragma unroll UNROLL
  for (int k = 0; k < depth; k += S::V) {
    vector y[S::COLUMNS_EACH];
#pragma unroll
    for (int j = 0; j < S::COLUMNS_EACH; j++) y[j] = *(const vector *)(Y + 16 * j * S::PITCH + k);
#pragma unroll
    for (int i = 0; i < S::R; i++) {
      vector x = *(const vector *)(X + S::TY * i * S::PITCH + k);
#pragma unroll
      for (int e = 0; e < S::V; e++)
#pragma unroll
        for (int j = 0; j < S::COLUMNS_EACH; j++) s[i][j] = fma(x.at[e], y[j].at[e], s[i][j]);
    }
  }
}

template <typename S, typename C>
__device__ inline void nlg_add_products(C (&o)[S::R][S::N], const C *W, const C *Y) {
  typedef nlg_vector<C> vector;
  W += S::ty() * S::W_PITCH, Y += S::lane() * S::V;
#pragma unroll 1
  for (int c = S::slice() * S::V; c < S::COLUMNS; c += S::SLICES * S::V) {
    vector w[S::R];
#pragma unroll
    for (int i = 0; i < S::R; i++) w[i] = *(const vector *)(W + S::TY * i * S::W_PITCH + c);
#pragma unroll
    for (int e = 0; e < S::V; e++) {
      vector y[S::GROUPS];
#pragma unroll
      for (int g = 0; g < S::GROUPS; g++)
        y[g] = *(const vector *)(Y + (c + e) * S::PITCH + g * S::LANES * S::V);
#pragma unroll
      for (int i = 0; i < S::R; i++)
#pragma unroll
        for (int n = 0; n < S::N; n++) o[i][n] = fma(w[i].at[e], y[n / S::V].at[n % S::V], o[i][n]);
    }
  }
}

/* The columns that a row of a tile sees. */
struct nlg_span {
  int begin, end;
};

/* The same where Y holds infinity or NaN and some rows do not see all columns: 0 times NaN would reach rows
 * that it must not. span(row): what a row of the tile sees. Slow, and rare. */
template <typename S, typename C, typename Span>
__device__ inline void nlg_add_products_seen(C (&o)[S::R][S::N], const C *W, const C *Y, Span span) {
#pragma unroll
  for (int i = 0; i < S::R; i++) {
    nlg_span sees = span(S::row(i));
#pragma unroll 1
    for (int c = sees.begin; c < sees.end; c++) {
      if (c / S::V % S::SLICES != S::slice()) continue;
      C w = W[S::row(i) * S::W_PITCH + c];
#pragma unroll
      for (int n = 0; n < S::N; n++) o[i][n] = fma(w, Y[c * S::PITCH + S::place(n)], o[i][n]);
    }
  }
}

/* O += W Y, minding what a row does not see. All threads of the block call it. */
template <typename S, typename C, typename Span>
__device__ inline void nlg_add_seen(C (&o)[S::R][S::N], const C *W, const C *Y, bool whole, Span span) {
  if (!whole && nlg_not_finite<S, S::COLUMNS>(Y)) nlg_add_products_seen<S>(o, W, Y, span);
  else nlg_add_products<S>(o, W, Y);
}

/* Over the 16 threads that share their rows. */
template <typename C> __device__ inline C nlg_row_max(C x) {
#pragma unroll
  for (int step = 8; step > 0; step /= 2) x = fmax(x, __shfl_xor_sync(0xffffffffu, x, step));
  return x;
}
template <typename C> __device__ inline C nlg_row_sum(C x) {
#pragma unroll
  for (int step = 8; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
  return x;
}

/* What the slices of a row have summed, added up for all of them. */
template <typename S, typename C> __device__ inline void nlg_add_slices(C (&o)[S::R][S::N]) {
#pragma unroll
  for (int step = S::LANES; step < 16; step *= 2)
#pragma unroll
    for (int i = 0; i < S::R; i++)
#pragma unroll
      for (int n = 0; n < S::N; n++) o[i][n] += __shfl_xor_sync(0xffffffffu, o[i][n], step);
}

/* Row i of the sums, times factor, into columns from .. of a row of global memory, rounded once. */
template <typename S, typename T, typename C>
__device__ inline void nlg_store_row(const C (&o)[S::N], C factor, T *row, int from, int width) {
  typedef typename nlg_packed<T>::type packed;
  bool aligned = (uintptr_t)(row + from) % sizeof(packed) == 0;
  if (S::slice() != 0) return;
#pragma unroll
  for (int g = 0; g < S::GROUPS; g++) {
    int c = from + S::place(g * S::V);
    packed out;
#pragma unroll
    for (int e = 0; e < S::V; e++) nlg_write(&out.at[e], o[g * S::V + e] * factor);
    if (aligned && c + S::V <= width) *(packed *)(row + c) = out;
    else
      for (int e = 0; e < S::V; e++)
        if (c + e < width) row[c + e] = out.at[e];
  }
}

/* --- launching ------------------------------------------------------------------------------------------ */

template <typename... P, typename... A>
nl_status nlg_launch(nlg_device *device, const char *name, void (*kernel)(P...), int64_t blocks, int threads,
                     int shared, const A &...arguments) {
  if (blocks == 0) return NL_OK;
  if (nlg_host->interrupted()) return nlg_fail(NL_INTERRUPTED, "%s: interrupted", name);
  if (blocks > INT32_MAX)
    return nlg_fail(NL_UNSUPPORTED, "%s: %lld blocks of work, a launch takes at most 2^31 - 1", name,
                    (long long)blocks);
  NLG_CUDA(cudaFuncSetAttribute((const void *)kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, shared));
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3((unsigned)blocks), config.blockDim = dim3(threads);
  config.dynamicSmemBytes = shared, config.stream = device->stream;
  NLG_CUDA(cudaLaunchKernelEx(&config, kernel, arguments...));
  NLG_LAUNCHED(device, name);
  return NL_OK;
}

/* The pieces of DIM columns that a head is taken in. */
template <typename S> int64_t nlg_pieces(const nlg_attention *a) {
  return nlg_ceil_div(a->head_dim > a->value_dim ? a->head_dim : a->value_dim, S::DIM);
}

/* run(zero of the type), and run(shape of a block) with the least DIM that holds a head, or the widest that
 * the device has shared memory for (64 on one with 99 KiB a block): wider heads are taken in pieces. */
template <typename F> nl_status nlg_by_type(nl_dtype dtype, F run) {
  switch (dtype) {
  case NL_F64: return run(double());
  case NL_F32: return run(float());
  case NL_F16: return run(__half());
  default: return run(__nv_bfloat16());
  }
}
template <typename T, typename F>
nl_status nlg_by_width(const nlg_device *device, const nlg_attention *a, F run) {
  typedef typename nlg_computes<T>::type C;
  int wide = a->head_dim > a->value_dim ? a->head_dim : a->value_dim;
  if (wide <= 8) return run(nlg_simt<C, 8>());
  if (wide <= 16) return run(nlg_simt<C, 16>());
  if (wide <= 32) return run(nlg_simt<C, 32>());
  bool fits = nlg_simt<C, 128>::BYTES_BACKWARD <= (int64_t)device->properties.sharedMemPerBlockOptin;
  if (wide <= 64 || !fits) return run(nlg_simt<C, 64>());
  return run(nlg_simt<C, 128>());
}

#endif
