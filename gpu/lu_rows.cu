/* What leaves do to the columns beside them: exchanges of rows, and U12 = L11^-1 A12.
 *
 * A thread owns a column. Leaf after leaf it loads the w rows that come to the top of the leaf and those of
 * the top that have to leave it, all at once; puts the latter where the exchanges of all w columns together
 * take them; solves, where asked, with the unit triangle L11 in registers,  x_i = x_i - l_ij x_j  for j < i;
 * and stores the top. So each row concerned is read and written once a leaf: at most 4 w numbers a column,
 * 32 n^2 bytes of f64 in a factorisation. */
#include "lu.cuh"

enum { THREADS = 64 };

template <typename T>
static __global__ void __launch_bounds__(THREADS)
    beside(const nlg_lu<T> lu, bool exchange, bool solve, int64_t p, int64_t end, int64_t left,
           int64_t left_count, int64_t right, int64_t right_count) {
  __shared__ T L[NLG_LEAF][NLG_LEAF + 1];
  __shared__ int from[NLG_LEAF], to[NLG_LEAF];
  const int t = threadIdx.x;
  const int64_t n = lu.n, c = (int64_t)blockIdx.x * THREADS + t;
  const int64_t column = c < left_count ? left + c : right + c - left_count;
  const bool inside = c < left_count + right_count, solves = solve && c >= left_count;
  for (int64_t w; p < end; p += w) {
    w = nlg_lu_leaf_width(lu, p, end);
    T *const top = lu.A + p * n; /* the leaf's first row */
    __syncthreads();
    if (t < w) from[t] = exchange ? lu.from[p + t] : t, to[t] = exchange ? lu.to[p + t] : t;
    if (solve)
      for (int e = t; e < NLG_LEAF * NLG_LEAF; e += THREADS) {
        const int i = e / NLG_LEAF, j = e % NLG_LEAF;
        L[i][j] = j < i && i < w ? top[i * n + p + j] : T(0);
      }
    __syncthreads();
    if (!inside) continue;

    T x[NLG_LEAF], y[NLG_LEAF];
#pragma unroll
    for (int i = 0; i < NLG_LEAF; i++) {
      x[i] = i < w ? top[from[i] * n + column] : T(0);
      y[i] = i < w && to[i] >= w ? top[i * n + column] : T(0);
    }
#pragma unroll
    for (int i = 0; i < NLG_LEAF; i++)
      if (i < w && to[i] >= w) top[to[i] * n + column] = y[i];
    if (solves) {
#pragma unroll
      for (int j = 0; j < NLG_LEAF; j++)
#pragma unroll
        for (int i = j + 1; i < NLG_LEAF; i++) x[i] -= L[i][j] * x[j];
    }
#pragma unroll
    for (int i = 0; i < NLG_LEAF; i++)
      if (i < w) top[i * n + column] = x[i];
  }
}

template <typename T>
nl_status nlg_lu_beside(const nlg_lu<T> &lu, cudaStream_t stream, bool exchange, bool solve, int64_t p,
                        int64_t end, int64_t left, int64_t left_count, int64_t right, int64_t right_count) {
  const int64_t blocks = nlg_ceil_div(left_count + right_count, THREADS);
  if (blocks == 0) return NL_OK;
  beside<T><<<(unsigned)blocks, THREADS, 0, stream>>>(lu, exchange, solve, p, end, left, left_count, right,
                                                      right_count);
  NLG_LAUNCHED(lu.device, "lu, exchanges");
  return NL_OK;
}

template nl_status nlg_lu_beside<double>(const nlg_lu<double> &, cudaStream_t, bool, bool, int64_t, int64_t,
                                         int64_t, int64_t, int64_t, int64_t);
template nl_status nlg_lu_beside<float>(const nlg_lu<float> &, cudaStream_t, bool, bool, int64_t, int64_t,
                                        int64_t, int64_t, int64_t, int64_t);
