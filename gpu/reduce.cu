/* Reductions: each run of n elements becomes one, in a tree that depends on sizes alone, so the same bits
 * come in every run; no atomics.
 *
 * A block folds a chunk of w runs at once with 256 / w threads a run: a thread takes at most 16 elements in
 * order, then the threads of a run are combined pairwise in shared memory. Chunks leave parts, and the
 * parts of a run are folded the same way until one is left, so a sum of n f64 has an error of O(16 + log n)
 * units (Higham, "Accuracy and Stability of Numerical Algorithms", 4.2). f32 and 16-bit types are summed in
 * f64. Threads of a block lie along the run, or across runs where those are what lies side by side in
 * memory. */
#include "element.cuh"
#include "ops.h"

enum { SERIAL = 16 }; /* elements a thread folds by itself */

/* --- what is folded ---------------------------------------------------------------------------------- */

/* Each has a Value, in which elements are read; a Part, whose default is that of nothing; make, a Part of
 * the element at a position; combine; and store. */

/* sum x, sum |x| */
struct sum_reals {
  typedef double Value;
  struct Part {
    double value = 0;
  };
  static __device__ Part make(nl_reduction op, double x, int64_t) {
    return {op == NL_REDUCE_NORM_1 ? fabs(x) : x};
  }
  static __device__ Part combine(Part a, Part b) { return {a.value + b.value}; }
  static __device__ void store(nl_reduction op, Part p, int64_t n, const nlg_elements &out, int64_t i) {
    nlg_store(out.dtype, out.data, i, op == NL_REDUCE_MEAN ? p.value / (double)n : p.value);
  }
};

/* Exact: 2^63 terms of 2^63 fit in 128 bits. */
struct sum_integers {
  typedef int64_t Value;
  struct Part {
    __int128 value = 0;
  };
  static __device__ Part make(nl_reduction, int64_t x, int64_t) { return {x}; }
  static __device__ Part combine(Part a, Part b) { return {a.value + b.value}; }
  static __device__ void store(nl_reduction op, Part p, int64_t n, const nlg_elements &out, int64_t i) {
    int64_t sum = p.value > INT64_MAX ? INT64_MAX : p.value < INT64_MIN ? INT64_MIN : (int64_t)p.value;
    if (op == NL_REDUCE_MEAN) nlg_store(out.dtype, out.data, i, (double)p.value / (double)n);
    else nlg_store(out.dtype, out.data, i, sum);
  }
};

/* sqrt(sum x^2) with three sums (Blue, 1978): of squares as they are, of 2^-600 x for large x, of 2^600 x
 * for small. */
struct squares {
  typedef double Value;
  struct Part {
    double middle = 0, big = 0, small = 0;
  };
  static __device__ Part make(nl_reduction, double x, int64_t) {
    x = fabs(x);
    if (x > 0x1p400) return {0, x * 0x1p-600 * (x * 0x1p-600), 0};
    if (x < 0x1p-400) return {0, 0, x * 0x1p600 * (x * 0x1p600)};
    return {x * x, 0, 0};
  }
  static __device__ Part combine(Part a, Part b) {
    return {a.middle + b.middle, a.big + b.big, a.small + b.small};
  }
  static __device__ void store(nl_reduction, Part p, int64_t, const nlg_elements &out, int64_t i) {
    double norm = sqrt(p.small) * 0x1p-600;
    if (p.big > 0) norm = sqrt(p.big + p.middle * 0x1p-600 * 0x1p-600) * 0x1p600;
    else if (p.middle > 0 || isnan(p.middle)) norm = sqrt(p.middle + p.small * 0x1p-600 * 0x1p-600);
    nlg_store(out.dtype, out.data, i, norm);
  }
};

static __device__ bool is_nan(double x) { return isnan(x); }
static __device__ bool is_nan(int64_t) { return false; }
static __device__ double turn(double x) { return -x; }
static __device__ int64_t turn(int64_t x) { return ~x; } /* -x would overflow at the least */

/* The largest key and where it stands first; a NaN is beyond every number. max: x; min: x with the order
 * turned round; norm_inf: |x|; any: x != 0; all: the least of x != 0. */
template <typename R> struct extreme {
  typedef R Value;
  struct Part {
    R key = 0;
    int64_t at = -1; /* nothing yet */
  };
  static __device__ bool turned(nl_reduction op) {
    return op == NL_REDUCE_MIN || op == NL_REDUCE_ARGMIN || op == NL_REDUCE_ALL;
  }
  static __device__ Part make(nl_reduction op, R x, int64_t position) {
    if (op == NL_REDUCE_ANY || op == NL_REDUCE_ALL) x = x != 0;
    if (op == NL_REDUCE_NORM_INF) x = x < 0 ? -x : x; /* reals alone come here */
    return {turned(op) ? turn(x) : x, position};
  }
  static __device__ Part combine(Part a, Part b) {
    if (a.at < 0 || b.at < 0) return a.at < 0 ? b : a;
    bool nan_a = is_nan(a.key), nan_b = is_nan(b.key);
    if (nan_a != nan_b) return nan_b ? b : a;
    bool tie = nan_a || a.key == b.key;
    return (tie ? b.at < a.at : b.key > a.key) ? b : a;
  }
  static __device__ void store(nl_reduction op, Part p, int64_t, const nlg_elements &out, int64_t i) {
    if (op == NL_REDUCE_ARGMAX || op == NL_REDUCE_ARGMIN) nlg_store(out.dtype, out.data, i, p.at);
    else nlg_store(out.dtype, out.data, i, turned(op) ? turn(p.key) : p.key);
  }
};

/* --- the kernel -------------------------------------------------------------------------------------- */

/* How runs are cut: w runs a block, `lanes` threads a run, chunks of lanes * SERIAL elements. */
struct cut {
  int64_t runs, n, chunks;
  int lanes;   /* a power of two; w = NLG_THREADS / lanes */
  bool across; /* neighbouring threads take neighbouring runs */
};

/* The elements at `begin`, begin + lanes, .. of a run, four loads at a time. */
template <typename Fold>
static __device__ typename Fold::Part fold_elements(nl_reduction op, const nlg_layout<1> &l,
                                                    const nlg_elements &in, const cut &c, int64_t run,
                                                    int64_t begin) {
  typename Fold::Part part;
  for (int64_t j = begin, done = 0; done < SERIAL && j < c.n; done += 4, j += 4 * c.lanes) {
    int64_t place[4];
    typename Fold::Value x[4];
#pragma unroll
    for (int e = 0; e < 4; e++)
      place[e] = j + e * c.lanes < c.n ? nlg_place(l, 0, run * c.n + j + e * c.lanes) : -1;
    nlg_with_type(in.dtype, [&](auto type) {
#pragma unroll
      for (int e = 0; e < 4; e++)
        if (j + e * c.lanes < c.n)
          x[e] = nlg_read<typename Fold::Value>(((const decltype(type) *)in.data)[place[e]]);
    });
#pragma unroll
    for (int e = 0; e < 4; e++)
      if (j + e * c.lanes < c.n) part = Fold::combine(part, Fold::make(op, x[e], j + e * c.lanes));
  }
  return part;
}

/* parts: those of the round before, nullptr in the first, which folds elements of `in`. Where one chunk is
 * the whole run its part becomes an element of out, else it goes to next. */
template <typename Fold>
static __global__ void fold(nl_reduction op, nlg_layout<1> l, nlg_elements in,
                            const typename Fold::Part *parts, cut c, int64_t whole, typename Fold::Part *next,
                            nlg_elements out) {
  typedef typename Fold::Part Part;
  __shared__ alignas(16) char room[NLG_THREADS * sizeof(Part)];
  int w = NLG_THREADS / c.lanes, t = threadIdx.x;
  int lane = c.across ? t / w : t % c.lanes, own = c.across ? t % w : t / c.lanes;
  int64_t run = blockIdx.x / c.chunks * w + own, chunk = blockIdx.x % c.chunks;
  int64_t begin = chunk * c.lanes * SERIAL + lane;
  Part *mine = (Part *)room + own * c.lanes + lane, part;
  if (run < c.runs && !parts) part = fold_elements<Fold>(op, l, in, c, run, begin);
  else if (run < c.runs)
    for (int64_t j = begin, done = 0; done < SERIAL && j < c.n; done++, j += c.lanes)
      part = Fold::combine(part, parts[run * c.n + j]);
  *mine = part;
  for (int half = c.lanes / 2; half > 0; half /= 2) {
    __syncthreads();
    if (lane < half) *mine = Fold::combine(*mine, mine[half]);
  }
  if (lane > 0 || run >= c.runs) return;
  if (c.chunks > 1) next[run * c.chunks + chunk] = *mine;
  else Fold::store(op, *mine, whole, out, run);
}

/* --- rounds ------------------------------------------------------------------------------------------ */

static cut make_cut(int64_t runs, int64_t n, bool across) {
  const int most = across ? NLG_THREADS / 32 : NLG_THREADS;
  cut c = {runs, n, 1, 1, across};
  while (c.lanes < most && c.lanes * 4 < n) c.lanes *= 2;
  c.chunks = nlg_ceil_div(n, (int64_t)c.lanes * SERIAL);
  return c;
}

template <typename Fold>
static nl_status run_folds(nlg_device *device, nl_reduction op, const nl_array *rows, int64_t n,
                           const nl_array *out) {
  nlg_layout<1> l = nlg_lay_out<1>({rows}), dense = nlg_lay_out<1>({out});
  nlg_elements in = nlg_elements_of(l, 0, rows), result = nlg_elements_of(dense, 0, out);
  nlg_workspace<typename Fold::Part> parts(device), next(device);
  int last = l.ndim - 1;
  bool across = last > 0 && l.shape[last] == n && l.stride[0][last] != 1;
  for (cut c = make_cut(dense.size, n, across);; c = make_cut(c.runs, c.chunks, false)) {
    if (c.chunks > 1) NL_TRY(next.take(c.runs * c.chunks));
    int64_t blocks = nlg_ceil_div(c.runs, NLG_THREADS / c.lanes) * c.chunks;
    fold<Fold><<<(unsigned)blocks, NLG_THREADS, 0, device->stream>>>(op, l, in, parts.data, c, n, next.data,
                                                                     result);
    NLG_LAUNCHED(device, "reduce");
    if (c.chunks == 1) return NL_OK;
    if (nlg_host->interrupted()) return nlg_fail(NL_INTERRUPTED, "reduce: interrupted");
    parts.swap(next);
  }
}

nl_status nlg_reduce(void *handle, nl_reduction op, const nl_array *rows, int64_t n, const nl_array *out) {
  nlg_device *device = nlg_use(handle);
  bool real = rows->dtype <= NL_BF16;
  if (nlg_size(out) == 0) return NL_OK;
  if (n == 0) return nlg_fill(device, out, op == NL_REDUCE_ALL); /* of nothing */
  switch (op) {
  case NL_REDUCE_SUM:
  case NL_REDUCE_MEAN:
    return real ? run_folds<sum_reals>(device, op, rows, n, out)
                : run_folds<sum_integers>(device, op, rows, n, out);
  case NL_REDUCE_NORM_1: return run_folds<sum_reals>(device, op, rows, n, out);
  case NL_REDUCE_NORM_2: return run_folds<squares>(device, op, rows, n, out);
  case NL_REDUCE_NORM_INF: return run_folds<extreme<double>>(device, op, rows, n, out);
  default:
    return real ? run_folds<extreme<double>>(device, op, rows, n, out)
                : run_folds<extreme<int64_t>>(device, op, rows, n, out);
  }
}
