/* Matrix products by own kernels (gemm.cuh), any strides of A and B, any number of matrices.
 *
 * The classic register-tiled product (V. Volkov and J. Demmel, SC08): a block makes a BM x BN tile of C, a
 * thread TM x TN of it; slices of BK columns of A and rows of B pass through shared memory, double
 * buffered, the next slice on its way from global memory while this one is multiplied. f16 and bf16 become
 * f32 on that way. In IEEE arithmetic each C(i, j) is one sum in the order of k.
 *
 *   tile            thread   shared memory   chosen
 *   128 x 64 x 16   8 x 4    25 KiB          where such tiles fill the device
 *   32 x 32 x 32    2 x 2    18 KiB          otherwise
 *
 * f64 goes to the tensor cores (gemm_dmma.cu), large products to cuBLAS where it is there (cublas.cu). */
#include "element.cuh"
#include "gemm.cuh"
#include "ops.h"

enum { THREADS = 256 };

/* Slices of ROWS x COLUMNS of a matrix, one after another along its columns, on their way from global
 * memory to shared[column][row]. B comes turned: its "rows" are its columns. Neighbouring threads take what
 * lies side by side in global memory; the elements of a thread are one step apart. */
template <typename T, typename R, int ROWS, int COLUMNS> struct slices {
  static constexpr int EACH = ROWS * COLUMNS / THREADS,
                       PITCH = ROWS + 4; /* 4: fewer bank conflicts, 16-byte rows */
  const T *from;                         /* this thread's first element */
  int64_t step, next;
  int row, column, row_step, column_step;
  R held[EACH];

  __device__ slices(const T *matrix, int64_t down, int64_t right) {
    int t = threadIdx.x;
    bool along = right == 1;
    row = along ? t / COLUMNS : t % ROWS, row_step = along ? THREADS / COLUMNS : 0;
    column = along ? t % COLUMNS : t / ROWS, column_step = along ? 0 : THREADS / ROWS;
    from = matrix + row * down + column * right;
    step = row_step * down + column_step * right;
    next = COLUMNS * right;
  }
  /* The next slice, of so many rows and columns; 0 outside. */
  __device__ void fetch(int rows, int columns) {
    int left = row_step > 0 ? (rows - row + THREADS / COLUMNS - 1) / (THREADS / COLUMNS)
                            : (columns - column + THREADS / ROWS - 1) / (THREADS / ROWS);
    int inside = row < rows && column < columns ? left : 0;
    const T *at = from;
#pragma unroll
    for (int e = 0; e < EACH; e++, at += step) held[e] = e < inside ? nlg_read<R>(*at) : R(0);
    from += next;
  }
  __device__ void put(R *shared) const {
    R *to = shared + column * PITCH + row;
#pragma unroll
    for (int e = 0; e < EACH; e++, to += column_step * PITCH + row_step) *to = held[e];
  }
};

/* Row r of a thread's TM (or TN): pairs of threads' pieces apart by the half tile, so that a warp reads
 * whole lines. With pieces of PIECE elements a thread has element r % PIECE of piece r / PIECE. */
template <int TILE, int T> static __device__ int nth(int thread, int r) {
  constexpr int PIECE = T < 4 ? T : 4;
  return r / PIECE * (TILE / (T / PIECE)) + thread * PIECE + r % PIECE;
}

template <typename T, typename R, int BM, int BN, int BK, int TM, int TN, bool SUBTRACT>
static __global__ void __launch_bounds__(THREADS, 2) multiply(nlg_product g, nlg_layout<2> leading) {
  typedef slices<T, R, BM, BK> slices_a;
  typedef slices<T, R, BN, BK> slices_b;
  __shared__ alignas(16) R As[2][BK * slices_a::PITCH], Bs[2][BK * slices_b::PITCH];
  constexpr int ACROSS = BN / TN;
  static_assert(BM / TM * ACROSS == THREADS, "a thread has TM x TN of the tile");
  int ty = threadIdx.x / ACROSS, tx = threadIdx.x % ACROSS;
  int64_t tiles_across = nlg_ceil_div(g.n, BN);
  int64_t row0 = blockIdx.x / tiles_across * BM, column0 = blockIdx.x % tiles_across * BN;
  int rows = (int)min(g.m - row0, (int64_t)BM), columns = (int)min(g.n - column0, (int64_t)BN);
  int count = (int)nlg_ceil_div(g.k, BK),
      last = (int)(g.k - (int64_t)(count - 1) * BK); /* slices; size of the last */
  for (int64_t matrix = blockIdx.y; matrix < g.matrices; matrix += gridDim.y) {
    slices_a a((const T *)g.A + nlg_place(leading, 0, matrix) + row0 * g.A_row, g.A_row, g.A_col);
    slices_b b((const T *)g.B + nlg_place(leading, 1, matrix) + column0 * g.B_col, g.B_col, g.B_row);
    R sum[TM][TN] = {};
    a.fetch(rows, count > 1 ? BK : last);
    b.fetch(columns, count > 1 ? BK : last);
    for (int i = 0; i < count; i++) {
      R *As_i = As[i % 2], *Bs_i = Bs[i % 2];
      a.put(As_i);
      b.put(Bs_i);
      __syncthreads(); /* one a slice: this buffer was last read before the barrier in between */
      if (i + 1 < count) {
        a.fetch(rows, i + 2 < count ? BK : last);
        b.fetch(columns, i + 2 < count ? BK : last);
      }
#pragma unroll
      for (int k = 0; k < BK; k++) {
        R x[TM], y[TN];
#pragma unroll
        for (int r = 0; r < TM; r++) x[r] = As_i[k * slices_a::PITCH + nth<BM, TM>(ty, r)];
#pragma unroll
        for (int c = 0; c < TN; c++) y[c] = Bs_i[k * slices_b::PITCH + nth<BN, TN>(tx, c)];
#pragma unroll
        for (int r = 0; r < TM; r++)
#pragma unroll
          for (int c = 0; c < TN; c++) sum[r][c] += x[r] * y[c];
      }
    }
    T *C = (T *)g.C + (matrix * g.m + row0) * g.C_row + column0;
#pragma unroll
    for (int r = 0; r < TM; r++)
#pragma unroll
      for (int c = 0; c < TN; c++) {
        int i = nth<BM, TM>(ty, r), j = nth<BN, TN>(tx, c);
        T *to = C + i * g.C_row + j;
        if (i < rows && j < columns) nlg_write(to, SUBTRACT ? nlg_read<R>(*to) - sum[r][c] : sum[r][c]);
      }
    __syncthreads(); /* the next matrix starts with buffer 0 */
  }
}

template <typename T, typename R, int BM, int BN, int BK, int TM, int TN, bool SUBTRACT = false>
static void launch(cudaStream_t stream, const nlg_product &g, const nlg_layout<2> &leading) {
  int64_t tiles = nlg_ceil_div(g.m, BM) * nlg_ceil_div(g.n, BN);
  dim3 grid((unsigned)tiles, (unsigned)(g.matrices < 65535 ? g.matrices : 65535));
  multiply<T, R, BM, BN, BK, TM, TN, SUBTRACT><<<grid, THREADS, 0, stream>>>(g, leading);
}

template <typename T>
static void launch_f32(cudaStream_t stream, bool small, const nlg_product &g, const nlg_layout<2> &leading) {
  (small ? launch<T, float, 32, 32, 32, 2, 2> : launch<T, float, 128, 64, 16, 8, 4>)(stream, g, leading);
}

nl_status nlg_multiply(nlg_device *device, cudaStream_t stream, nl_dtype dtype, const nlg_product &g,
                       const nlg_layout<2> &leading) {
  int64_t tiles = nlg_ceil_div(g.m, dtype == NL_F64 ? 64 : 128) * nlg_ceil_div(g.n, 64) * g.matrices;
  bool small = tiles < device->properties.multiProcessorCount;
  if (dtype == NL_F64) nlg_multiply_dmma(device, stream, g, leading);
  else if (dtype == NL_F32 && g.subtract)
    (small ? launch<float, float, 32, 32, 32, 2, 2, true>
           : launch<float, float, 128, 64, 16, 8, 4, true>)(stream, g, leading);
  else if (dtype == NL_F32) launch_f32<float>(stream, small, g, leading);
  else if (dtype == NL_F16) launch_f32<__half>(stream, small, g, leading);
  else launch_f32<__nv_bfloat16>(stream, small, g, leading);
  NLG_LAUNCHED(device, "matrix product");
  return NL_OK;
}

/* The leading dimensions of A and B alone: where each matrix starts. */
static nlg_layout<2> lay_out_leading(const nl_array *A, const nl_array *B) {
  nl_array a = *A, b = *B;
  a.ndim -= 2, b.ndim -= 2;
  nlg_layout<2> l = nlg_lay_out<2>({&a, &b});
  l.dense[0] = l.dense[1] = false;
  return l;
}

nl_status nlg_matmul(void *handle, const nl_array *A, const nl_array *B, const nl_array *C) {
  nlg_device *device = nlg_use(handle);
  int lead = C->ndim - 2;
  if (nlg_size(C) == 0) return NL_OK;
  if (A->shape[lead + 1] == 0) return nlg_fill(device, C, 0); /* sums of nothing */
  bool done;
  NL_TRY(nlg_cublas_matmul(device, A, B, C, &done));
  if (done) return NL_OK;
  nlg_layout<2> leading = lay_out_leading(A, B);
  nlg_product g = {C->shape[lead],
                   C->shape[lead + 1],
                   A->shape[lead + 1],
                   A->stride[lead],
                   A->stride[lead + 1],
                   B->stride[lead],
                   B->stride[lead + 1],
                   C->shape[lead + 1],
                   leading.size,
                   A->data,
                   B->data,
                   C->data,
                   false};
  return nlg_multiply(device, device->stream, C->dtype, g, leading);
}
