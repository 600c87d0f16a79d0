/* A leaf of the elimination: P [A11; A21] = [L11; L21] U11 for W columns and m rows, one kernel for it all.
 *
 *   for each column j:   q = the row i >= j of largest |a_ij|, the first of several;  exchange rows j and q
 *                        l_i = a_ij / a_jj,   a_ik = a_ik - l_i a_jk      for rows i > j, columns k > j
 *
 * A thread owns a row and holds it in registers; a block has 256 of them, and all blocks are there at once
 * (cooperative launch). No row moves before the end: each thread knows the place its row has by now, and an
 * exchange changes two such numbers. The row in registers is turned by STEP after every STEP columns, so
 * that the columns in work are always the first ones and the code of STEP columns serves all.
 *
 * What costs is not arithmetic but that all blocks must agree on each pivot. Each block publishes its best
 * row: a header (|a|, place) and the row itself, in pieces of 16 bytes that carry the number of the column
 * beside the value and are stored and loaded as one. So there is no barrier and no fence: whoever waits for
 * a piece reads it again until the number is right. All read all headers and the winner's row: two trips
 * through the second-level cache a column. Pieces of even and odd columns lie apart; a block writes those of
 * column j + 2 after it has seen every block's header of column j + 1, and these were written after their
 * blocks had read column j.
 *
 * The order is that of the CPU (engine/dense/lu_tmpl.c): a NaN is taken only where it stands in row j
 * already; where the column is zero nothing happens in it. Model: 2 trips of 0.3 us, 3 barriers in the block
 * and 3 reductions by redux, a division: some 1.2 us a column, whatever m is, up to 67584 rows at W = 32 on
 * a device of 132 multiprocessors. More rows take W = 8. */
#include "lu.cuh"
#include <limits.h>
#include <stdint.h>

enum {
  THREADS = NLG_LEAF_ROWS,
  WARPS = THREADS / 32,
  PART = 8, /* columns moved at a time */
  STEP = 4, /* columns between two turns of the row */
};

/* --- pieces ------------------------------------------------------------------------------------------- */

__device__ static inline void publish(nlg_lu_piece *to, uint64_t value, uint64_t stamp) {
  asm volatile(
      "{ .reg .b128 both; mov.b128 both, {%1, %2}; st.relaxed.gpu.global.b128 [%0], both; }" ::"l"(to),
      "l"(value), "l"(stamp)
      : "memory");
}

/* The piece once its stamp is right: low 32 bits. */
__device__ static inline nlg_lu_piece await(const nlg_lu_piece *from, uint32_t stamp) {
  nlg_lu_piece p;
  do {
    asm volatile("{ .reg .b128 both; ld.relaxed.gpu.global.b128 both, [%2]; mov.b128 {%0, %1}, both; }"
                 : "=l"(p.value), "=l"(p.stamp)
                 : "l"(from)
                 : "memory");
  } while ((uint32_t)p.stamp != stamp);
  return p;
}

/* --- the pivot ---------------------------------------------------------------------------------------- */

/* A row that may become the pivot: |a| as the bits of a double, which for numbers >= 0 are ordered as the
 * numbers are; its place, INT_MAX for none; the block it is in. */
struct candidate {
  uint64_t size;
  int place, block;
};

/* The largest; of equals the first. */
__device__ static inline candidate best_of_warp(candidate c) {
  const uint32_t high = (uint32_t)(c.size >> 32), most_high = __reduce_max_sync(~0u, high);
  const uint32_t low = high == most_high ? (uint32_t)c.size : 0, most_low = __reduce_max_sync(~0u, low);
  const bool largest = high == most_high && low == most_low;
  const int place = __reduce_min_sync(~0u, largest ? c.place : INT_MAX);
  const int lane = __ffs(__ballot_sync(~0u, largest && c.place == place)) - 1;
  return {(uint64_t)most_high << 32 | most_low, place, __shfl_sync(~0u, c.block, lane)};
}

/* Known to every thread. One barrier; shared may be written again behind the next one. */
__device__ static inline candidate best_of_block(candidate c, candidate *shared) {
  const int lane = threadIdx.x % 32;
  c = best_of_warp(c);
  if (lane == 0) shared[threadIdx.x / 32] = c;
  __syncthreads();
  return best_of_warp(lane < WARPS ? shared[lane] : candidate{0, INT_MAX, 0});
}

template <typename T> __device__ static inline candidate candidate_of(T a, int place, int column) {
  const double size = fabs((double)a);
  if (place < column) return {0, INT_MAX, 0};
  if (size != size && place != column) return {0, INT_MAX, 0};
  return {(uint64_t)__double_as_longlong(size == size ? size : (double)INFINITY), place, 0};
}

/* --- the kernel --------------------------------------------------------------------------------------- */

/* The 32 rows of a warp between global memory and registers, PART columns at a time through shared memory,
 * so that eight neighbours in a row are moved together. place: of this lane's row, negative for none. */
template <int W, bool STORE, typename T>
__device__ static inline void move_rows(T *A, int64_t ld, int w, int place, T (*stage)[PART + 1], T (&a)[W]) {
  const int lane = threadIdx.x % 32;
#pragma unroll
  for (int part = 0; part < W; part += PART) {
    const int column = part + lane % PART;
    if (STORE)
#pragma unroll
      for (int i = 0; i < PART; i++) stage[lane][i] = a[part + i];
    __syncwarp();
#pragma unroll
    for (int i = 0; i < 32; i += 32 / PART) {
      const int r = i + lane / PART, row = __shfl_sync(~0u, place, r);
      const bool inside = row >= 0 && column < w;
      if (STORE && inside) A[row * ld + column] = stage[r][lane % PART];
      if (!STORE) stage[r][lane % PART] = inside ? A[row * ld + column] : T(0);
    }
    __syncwarp();
    if (!STORE)
#pragma unroll
      for (int i = 0; i < PART; i++) a[part + i] = stage[lane][i];
  }
}

template <typename T, int W, int BLOCKS>
static __global__ void __launch_bounds__(THREADS, BLOCKS) leaf(const nlg_lu<T> lu, int64_t p, int w) {
  __shared__ candidate own[WARPS], all[WARPS];
  __shared__ T u[W], stage[WARPS][32][PART + 1];
  const int lane = threadIdx.x % 32, m = (int)(lu.n - p), row = blockIdx.x * THREADS + threadIdx.x;
  T *const A = lu.A + p * lu.n + p;
  T a[W];
  int place = row < m ? row : -1;
  move_rows<W, false>(A, lu.n, w, place, stage[threadIdx.x / 32], a);

#pragma unroll 1
  for (int c = 0; c < W; c += STEP) { /* a[k] is column c + k; from W - c on, columns of L that are done */
#pragma unroll
    for (int i = 0; i < STEP; i++) {
      const int j = c + i;
      if (j >= w) break;
      const uint32_t stamp = (uint32_t)(p + j + 1);
      nlg_lu_piece *const pieces = lu.pieces + stamp % 2 * gridDim.x * (1 + W);

      const candidate mine = candidate_of(a[i], place, j), ours = best_of_block(mine, own);
      nlg_lu_piece *const here = pieces + blockIdx.x * (1 + W);
      const bool chosen = mine.place == ours.place && (mine.place < INT_MAX || threadIdx.x == 0);
      if (__any_sync(~0u, chosen)) {
        T *const to_all = &stage[threadIdx.x / 32][0][0];
        if (chosen) {
          publish(here, ours.size, (uint64_t)ours.place << 32 | stamp);
#pragma unroll
          for (int k = i; k < W; k++) to_all[k - i] = a[k];
        }
        __syncwarp();
        if (lane < w - j)
          publish(here + 1 + lane, (uint64_t)__double_as_longlong((double)to_all[lane]), stamp);
      }

      candidate best = {0, INT_MAX, 0};
      for (int b = threadIdx.x; b < gridDim.x; b += THREADS) {
        const nlg_lu_piece header = await(pieces + b * (1 + W), stamp);
        const candidate one = {header.value, (int)(header.stamp >> 32), b};
        if (one.size > best.size || (one.size == best.size && one.place < best.place)) best = one;
      }
      best = best_of_block(best, all);
      if (threadIdx.x < w - j)
        u[threadIdx.x + i] = (T)__longlong_as_double(
            (long long)await(pieces + best.block * (1 + W) + 1 + threadIdx.x, stamp).value);
      __syncthreads();

      if (row == 0) lu.pivot[p + j] = (int)p + best.place, lu.pivot_size[p + j] = fabs((double)u[i]);
      if (place == best.place) place = j;
      else if (place == j) place = best.place;
      if (place > j && u[i] != 0) {
        const T l = a[i] / u[i]; /* never times 1 / u, which may overflow */
        a[i] = l;
#pragma unroll
        for (int k = i + 1; k < STEP; k++) a[k] -= l * u[k];
#pragma unroll
        for (int part = STEP; part < W; part += STEP)
          if (part < W - c)
#pragma unroll
            for (int k = part; k < part + STEP; k++) a[k] -= l * u[k];
      }
    }
    T done[STEP];
#pragma unroll
    for (int k = 0; k < STEP; k++) done[k] = a[k];
#pragma unroll
    for (int k = STEP; k < W; k++) a[k - STEP] = a[k];
#pragma unroll
    for (int k = 0; k < STEP; k++) a[W - STEP + k] = done[k];
  }

  move_rows<W, true>(A, lu.n, w, place, stage[threadIdx.x / 32], a);
  if (place >= 0 && place < w) lu.from[p + place] = row;
  if (row < w) lu.to[p + row] = place; /* w <= m: there is such a row */
}

/* --- launching ---------------------------------------------------------------------------------------- */

template <typename T> struct kernels {
  static constexpr auto wide = leaf<T, NLG_LEAF, 2>, narrow = leaf<T, NLG_NARROW_LEAF, 4>;
};

/* Rows for which all blocks of a kernel are on the device at once. */
static nl_status most_rows(const nlg_device *device, const void *kernel, int64_t *rows) {
  int blocks = 0;
  NLG_CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, kernel, THREADS, 0));
  *rows = (int64_t)blocks * device->properties.multiProcessorCount * THREADS;
  return NL_OK;
}

template <typename T> nl_status nlg_lu_open(nlg_lu<T> *lu) {
  int64_t most = 0;
  NL_TRY(most_rows(lu->device, (const void *)kernels<T>::wide, &lu->wide_rows));
  NL_TRY(most_rows(lu->device, (const void *)kernels<T>::narrow, &most));
  if (lu->n <= most || lu->n <= lu->wide_rows) return NL_OK;
  return nlg_fail(
      NL_UNSUPPORTED,
      "lu: A has %lld rows, expected at most %lld, which the %d multiprocessors of cuda:%d hold at "
      "once; A:to(\"cpu\") has no such limit",
      (long long)lu->n, (long long)most, lu->device->properties.multiProcessorCount, lu->device->index);
}

template <typename T> nl_status nlg_lu_leaf(const nlg_lu<T> &lu, cudaStream_t stream, int64_t p, int w) {
  const int64_t rows = lu.n - p;
  nlg_lu<T> passed = lu;
  void *arguments[] = {&passed, &p, &w};
  const void *kernel =
      rows <= lu.wide_rows ? (const void *)kernels<T>::wide : (const void *)kernels<T>::narrow;
  NLG_CUDA(cudaLaunchCooperativeKernel(kernel, dim3((unsigned)nlg_ceil_div(rows, THREADS)), dim3(THREADS),
                                       arguments, 0, stream));
  NLG_LAUNCHED(lu.device, "lu, a leaf");
  return NL_OK;
}

template nl_status nlg_lu_open<double>(nlg_lu<double> *);
template nl_status nlg_lu_open<float>(nlg_lu<float> *);
template nl_status nlg_lu_leaf<double>(const nlg_lu<double> &, cudaStream_t, int64_t, int);
template nl_status nlg_lu_leaf<float>(const nlg_lu<float> &, cudaStream_t, int64_t, int);
