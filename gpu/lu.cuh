/* What the files of the elimination share: lu.cu drives, lu_leaf.cu factors a few columns, lu_rows.cu moves
 * rows, lu_solve.cu uses the factors. */
#ifndef NLG_LU_CUH
#define NLG_LU_CUH

#include "gemm.cuh"

enum {
  NLG_LEAF = 32,       /* most columns of a leaf */
  NLG_NARROW_LEAF = 8, /* and of one with very many rows */
  NLG_LEAF_ROWS = 256  /* rows of a leaf that a block has, one a thread */
};

/* 16 bytes that become visible as one; stamp says which column of the matrix they belong to (lu_leaf.cu). */
struct nlg_lu_piece {
  uint64_t value, stamp;
};

/* A factorisation under way; all arrays on the device. A leaf of w columns from column p on uses elements p
 * to p + w - 1 of each. */
template <typename T> struct nlg_lu {
  nlg_device *device;
  int64_t n;
  int64_t wide_rows; /* up to so many rows a leaf has NLG_LEAF columns */
  T *A;
  int *pivot;         /* row p of the matrix was exchanged with row pivot[p] */
  double *pivot_size; /* |u_pp| */
  /* Rows of a leaf are counted from its first. What came to row i lay in row from[i]; row i went to to[i]. */
  int *from, *to;
  nlg_lu_piece *pieces; /* nlg_lu_pieces(n) of them, all zero at the start */
};

inline int64_t nlg_lu_pieces(int64_t n) { return 2 * nlg_ceil_div(n, NLG_LEAF_ROWS) * (1 + NLG_LEAF); }

/* Sets wide_rows; UNSUPPORTED where the device cannot hold a leaf of n rows. */
template <typename T> nl_status nlg_lu_open(nlg_lu<T> *lu);
/* Columns of the leaf that begins in column p of a panel that ends before column `end`. */
template <typename T>
__host__ __device__ inline int nlg_lu_leaf_width(const nlg_lu<T> &lu, int64_t p, int64_t end) {
  const int64_t width = lu.n - p <= lu.wide_rows ? NLG_LEAF : NLG_NARROW_LEAF;
  return (int)(width < end - p ? width : end - p);
}
/* Factors columns p .. p + w - 1, rows p .. n - 1, exchanging rows in these columns alone. */
template <typename T> nl_status nlg_lu_leaf(const nlg_lu<T> &lu, cudaStream_t stream, int64_t p, int w);

/* For the leaves of columns p .. end - 1, in turn: with exchange, their exchanges of rows in `left_count`
 * columns from `left` on and `right_count` from `right` on; with solve, one leaf alone, its first rows of
 * the latter become L11^-1 times what they are. */
template <typename T>
nl_status nlg_lu_beside(const nlg_lu<T> &lu, cudaStream_t stream, bool exchange, bool solve, int64_t p,
                        int64_t end, int64_t left, int64_t left_count, int64_t right, int64_t right_count);

/* C (m, n) -= A (m, k) B (k, n), rows so far apart in memory. */
template <typename T>
inline nl_status nlg_subtract_product(nlg_device *device, cudaStream_t stream, int64_t m, int64_t n,
                                      int64_t k, const T *A, int64_t A_row, const T *B, int64_t B_row, T *C,
                                      int64_t C_row) {
  if (m <= 0 || n <= 0 || k <= 0) return NL_OK;
  const nlg_product g = {m, n, k, A_row, 1, B_row, 1, C_row, 1, A, B, C, true};
  nlg_layout<2> leading = {};
  leading.size = 1;
  return nlg_multiply(device, stream, sizeof(T) == 8 ? NL_F64 : NL_F32, g, leading);
}

struct nlg_event {
  cudaEvent_t event = nullptr;
  nlg_event() = default;
  nlg_event(const nlg_event &) = delete;
  nlg_event &operator=(const nlg_event &) = delete;
  ~nlg_event() {
    if (event) cudaEventDestroy(event);
  }
  nl_status record(cudaStream_t stream) {
    if (!event) NLG_CUDA(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    NLG_CUDA(cudaEventRecord(event, stream));
    return NL_OK;
  }
  /* What is queued on stream from here on waits for what was recorded; nothing was: no wait. */
  nl_status hold(cudaStream_t stream) const {
    if (event) NLG_CUDA(cudaStreamWaitEvent(stream, event));
    return NL_OK;
  }
};

/* Keeps the host from queueing far ahead of the device: a step waits for the end of the one before, while
 * its own work is on its way, and asks whether the user wants to stop. */
struct nlg_pace {
  nlg_event done[2];
  int steps = 0;
  nl_status step(cudaStream_t stream, bool *stop) {
    NL_TRY(done[steps % 2].record(stream));
    const cudaEvent_t before = done[++steps % 2].event;
    if (before) NLG_CUDA(cudaEventSynchronize(before));
    *stop = nlg_host->interrupted();
    return NL_OK;
  }
};

#endif
