/* Products of f64 matrices on the tensor cores (gemm.cuh): mma.m16n8k8, whose blocks mma.cuh describes.
 *
 * A block makes a BM x BN tile of C, a warp WM x WN of it in registers. Slices of 16 columns of A and rows
 * of B come to shared memory by asynchronous copies of 8 bytes each, so that no stride and no alignment
 * needs a case of its own; of three buffers two are on their way while one is multiplied. Rows there are 20
 * (A) and BN + 4 (B) numbers long: the lanes (g, t) of a half warp, reading row g of A or row t of B, find
 * 16 different banks of 8 bytes.
 *
 *           tile        warps       registers   shared memory   chosen
 *   large   128 x 128   8, 64 x 32  234         112 KiB         where such tiles fill the device and k >= 128
 *   small   64 x 64     4, 32 x 32  154         57 KiB          otherwise
 *
 * With subtract the sum begins with -C and is negated at the end, ((c - a1 b1) - a2 b2) - ..: C is read at
 * the start, behind the first slices, and an update costs no more than a product. Tiles are walked in bands
 * of 8 down, so that those in work at a time share their slices in the second-level cache. Floor of an
 * update, n x n by k: 2 n n k FLOP at 67 TFLOP/s, 16 n n bytes at 3.3 TB/s: level at k = 160. */
#include "attention/mma.cuh"
#include "gemm.cuh"

enum { BK = 16, STAGES = 3, A_PITCH = BK + 4, BAND = 8 };

template <int BM_, int BN_, int WM_, int WN_, int BLOCKS_> struct shape {
  static constexpr int BM = BM_, BN = BN_, WM = WM_, WN = WN_;
  static constexpr int BLOCKS = BLOCKS_; /* on a multiprocessor */
  static constexpr int across = BN / WN, threads = 32 * (BM / WM) * across;
  static constexpr int B_PITCH = BN + 4, A_size = BM * A_PITCH, stage = A_size + BK * B_PITCH;
  static constexpr int bytes = STAGES * stage * (int)sizeof(double);
};
typedef shape<128, 128, 64, 32, 1> large_tiles;
typedef shape<64, 64, 32, 32, 3> small_tiles;

/* A thread's share of a ROWS x COLUMNS slice: EACH elements, a step apart. Neighbouring threads take what
 * lies side by side in global memory. */
template <int ROWS, int COLUMNS, int PITCH, int THREADS> struct copier {
  static constexpr int EACH = ROWS * COLUMNS / THREADS;
  const double *from;
  int64_t step;
  int row, column, to_step;
  bool along;

  __device__ copier(const double *matrix, int64_t down, int64_t right) {
    const int t = threadIdx.x;
    along = right == 1;
    row = along ? t / COLUMNS : t % ROWS, column = along ? t % COLUMNS : t / ROWS;
    from = matrix + row * down + column * right;
    step = along ? THREADS / COLUMNS * down : THREADS / ROWS * right;
    to_step = (along ? THREADS / COLUMNS * PITCH : THREADS / ROWS) * (int)sizeof(double);
  }
  /* The next slice, of so many rows and columns, zeros outside; the one after it lies `next` further. */
  __device__ void copy(double *shared, int rows, int columns, int64_t next) {
    const int left = along ? (rows - row + THREADS / COLUMNS - 1) / (THREADS / COLUMNS)
                           : (columns - column + THREADS / ROWS - 1) / (THREADS / ROWS);
    const int inside = row < rows && column < columns ? left : 0;
    const double *at = from;
    uint32_t to = nlg_shared_address(shared + row * PITCH + column);
#pragma unroll 4
    for (int e = 0; e < EACH; e++, at += step, to += to_step) nlg_copy_pair_async(to, at, e < inside);
    from += next;
  }
};

template <typename S>
static __global__ void __launch_bounds__(S::threads, S::BLOCKS)
    multiply_dmma(const __grid_constant__ nlg_product g, const __grid_constant__ nlg_layout<2> leading) {
  constexpr int MB = S::WM / 16, NB = S::WN / 8;
  extern __shared__ double nlg_stages[];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, gr = lane / 4, t = lane % 4;
  const int row_w = warp / S::across * S::WM, column_w = warp % S::across * S::WN; /* the warp's part */

  const int64_t down = nlg_ceil_div(g.m, S::BM), across = nlg_ceil_div(g.n, S::BN);
  const int64_t band = blockIdx.x / (BAND * across), place = blockIdx.x - band * BAND * across;
  const int64_t height = min(down - band * BAND, (int64_t)BAND);
  const int64_t row0 = (band * BAND + place % height) * S::BM, column0 = place / height * S::BN;
  const int rows = (int)min(g.m - row0, (int64_t)S::BM), columns = (int)min(g.n - column0, (int64_t)S::BN);
  const int count = (int)nlg_ceil_div(g.k, BK);

  for (int64_t matrix = blockIdx.y; matrix < g.matrices; matrix += gridDim.y) {
    copier<S::BM, BK, A_PITCH, S::threads> a(
        (const double *)g.A + nlg_place(leading, 0, matrix) + row0 * g.A_row, g.A_row, g.A_col);
    copier<BK, S::BN, S::B_PITCH, S::threads> b(
        (const double *)g.B + nlg_place(leading, 1, matrix) + column0 * g.B_col, g.B_row, g.B_col);
    auto fetch = [&](int i) {
      double *stage = nlg_stages + i % STAGES * S::stage;
      const int left = (int)min(g.k - (int64_t)i * BK, (int64_t)BK);
      if (i < count) {
        a.copy(stage, rows, left, BK * g.A_col);
        b.copy(stage + S::A_size, left, columns, BK * g.B_row);
      }
      nlg_copy_commit(); /* empty ones too: waiting counts them */
    };
    for (int i = 0; i < STAGES - 1; i++) fetch(i);

    double *const C = (double *)g.C + (matrix * g.m + row0) * g.C_row + column0;
    double sum[MB][NB][4];
    auto each = [&](auto visit) {
#pragma unroll
      for (int i = 0; i < MB; i++)
#pragma unroll
        for (int j = 0; j < NB; j++)
#pragma unroll
          for (int e = 0; e < 4; e++) {
            const int r = row_w + i * 16 + gr + e / 2 * 8, c = column_w + j * 8 + 2 * t + e % 2;
            visit(C + r * g.C_row + c, sum[i][j][e], r < rows && c < columns);
          }
    };
    each([](const double *, double &s, bool) { s = 0; });
    if (g.subtract) {
      each([](const double *from, double &s, bool inside) { s = inside ? *from : 0; });
      each([](const double *, double &s, bool) { s = -s; }); /* apart, so that no load waits for another */
    }

#pragma unroll 1
    for (int i = 0; i < count; i++) {
      nlg_copy_wait<STAGES - 2>();
      __syncthreads(); /* slice i is there for all, and the buffer of slice i - 1 is free */
      fetch(i + STAGES - 1);
      const double *A = nlg_stages + i % STAGES * S::stage, *B = A + S::A_size;
#pragma unroll
      for (int k = 0; k < BK; k += 8) {
        double af[MB][4], bf[NB][2];
#pragma unroll
        for (int x = 0; x < MB; x++)
#pragma unroll
          for (int e = 0; e < 4; e++)
            af[x][e] = A[(row_w + x * 16 + gr + e % 2 * 8) * A_PITCH + k + t + e / 2 * 4];
#pragma unroll
        for (int y = 0; y < NB; y++)
#pragma unroll
          for (int e = 0; e < 2; e++) bf[y][e] = B[(k + t + e * 4) * S::B_PITCH + column_w + y * 8 + gr];
#pragma unroll
        for (int x = 0; x < MB; x++)
#pragma unroll
          for (int y = 0; y < NB; y++) nlg_mma_f64(sum[x][y], af[x], bf[y][0], bf[y][1]);
      }
    }
    each([&](double *to, double s, bool inside) {
      if (inside) *to = g.subtract ? -s : s;
    });
    nlg_copy_wait<0>();
    __syncthreads(); /* the next matrix starts with buffer 0 */
  }
}

template <typename S>
static void launch(cudaStream_t stream, const nlg_product &g, const nlg_layout<2> &leading) {
  const int64_t tiles = nlg_ceil_div(g.m, S::BM) * nlg_ceil_div(g.n, S::BN);
  const dim3 grid((unsigned)tiles, (unsigned)(g.matrices < 65535 ? g.matrices : 65535));
  cudaFuncSetAttribute(multiply_dmma<S>, cudaFuncAttributeMaxDynamicSharedMemorySize, S::bytes);
  multiply_dmma<S><<<grid, S::threads, S::bytes, stream>>>(g, leading);
}

void nlg_multiply_dmma(const nlg_device *device, cudaStream_t stream, const nlg_product &g,
                       const nlg_layout<2> &leading) {
  const int64_t tiles = nlg_ceil_div(g.m, large_tiles::BM) * nlg_ceil_div(g.n, large_tiles::BN) * g.matrices;
  const bool large = tiles >= device->properties.multiProcessorCount && g.k >= 128 &&
                     device->properties.sharedMemPerBlockOptin >= large_tiles::bytes;
  (large ? launch<large_tiles> : launch<small_tiles>)(stream, g, leading);
}
