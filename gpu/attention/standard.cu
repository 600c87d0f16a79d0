/* Standard attention: the score matrix and its softmax as whole matrices in device memory, one kernel a step,
 * as the formulas are written. Unfused on purpose: the reference for the others, and what they save memory
 * against.
 *
 *   forward    S = scale Q K',  S = cap S + bias,  P = softmax S,  O = drop(P) V
 *   backward   dV = drop(P)' dO,  dP = dO V',  dS = P o (drop(dP) - rowsum(P o drop(dP))),
 *              dbias = dS summed,  dS = dS o cap',  dQ = scale dS K,  dK = scale dS' Q
 *
 * Numbers of the compute type: P, which is kept for the backward pass, and a workspace of its size for S or
 * dS; in the backward pass one more with dropout or a cap. The two kinds of product, rows by rows into a
 * matrix and matrix by rows, are the tiles of simt.cuh; a matrix is read from device memory as often as its
 * result has pieces of DIM columns. Softmax and the gradient through it give a warp to a row, which makes
 * three and two passes over it. */
#include "../ops.h"
#include "simt_backward.cuh"
#include <stdlib.h>

enum { WARPS = 8 };

/* The matrices of (sequence, head), one after another: those of sequence s from starts[s] on, or all of one
 * size. */
template <typename C> struct matrices {
  C *data;
  const int64_t *starts;
  __device__ C *at(const nlg_attention &a, int index, const nlg_sequence &s, int head) const {
    int64_t size = (int64_t)s.nq * s.nk;
    return data + (starts ? starts[index] + head * size : ((int64_t)index * a.heads + head) * size);
  }
};

/* M = alpha X Y' over width columns: S from q and k, dP from dout and v. */
template <typename T, typename S, typename C>
__global__ void __launch_bounds__(S::THREADS, S::DIM > 64 ? 2 : 3)
    standard_dots(const __grid_constant__ nlg_attention a, nlg_operand x, nlg_operand y, int width, C alpha,
                  matrices<C> m, int row_tiles, int key_tiles) {
  C *X = (C *)nlg_shared + S::X, *Y = (C *)nlg_shared + S::Y, *W = (C *)nlg_shared + S::W;
  int key_tile = blockIdx.x % key_tiles, rest = blockIdx.x / key_tiles, head = rest / row_tiles % a.heads;
  int index = rest / row_tiles / a.heads;
  nlg_sequence s = nlg_sequence_of(a, index);
  int i0 = rest % row_tiles * S::ROWS, j0 = key_tile * S::COLUMNS;
  int rows = min(S::ROWS, s.nq - i0), keys = min(S::COLUMNS, s.nk - j0);
  if (rows <= 0 || keys <= 0) return;
  nlg_scores_into<S>(W, X, nlg_rows_of<T>(x, s.batch, head, s.q_begin + i0), x.row, rows, Y,
                     nlg_rows_of<T>(y, s.batch, head / a.group, s.k_begin + j0), y.row, keys, width);
  C *to = m.at(a, index, s, head) + (int64_t)i0 * s.nk + j0;
#pragma unroll
  for (int i = 0; i < S::R; i++)
#pragma unroll
    for (int j = 0; j < S::COLUMNS_EACH; j++)
      if (S::row(i) < rows && S::column(j) < keys)
        to[(int64_t)S::row(i) * s.nk + S::column(j)] = alpha * W[S::row(i) * S::W_PITCH + S::column(j)];
}

/* to = alpha M Y: O and dQ, a block for ROWS queries; TURNED: to = alpha M' Y over the heads of the group: dV
 * and dK, a block for ROWS keys. */
template <typename T, typename S, bool TURNED, typename C>
__global__ void __launch_bounds__(S::THREADS, S::DIM > 64 ? 2 : 3)
    standard_apply(const __grid_constant__ nlg_attention a, matrices<C> m, nlg_operand y, nlg_operand to,
                   int width, C alpha, int tiles, int pieces) {
  C *Y = (C *)nlg_shared + S::Y, *W = (C *)nlg_shared + S::W;
  int piece = blockIdx.x % pieces, rest = blockIdx.x / pieces, heads = TURNED ? a.kv_heads : a.heads;
  int index = rest / tiles / heads, own = rest / tiles % heads, r0 = rest % tiles * S::ROWS,
      from = piece * S::DIM;
  nlg_sequence s = nlg_sequence_of(a, index);
  int rows = min(S::ROWS, (TURNED ? s.nk : s.nq) - r0), length = TURNED ? s.nq : s.nk;
  if (rows <= 0) return;
  C o[S::R][S::N] = {};
  for (int head = TURNED ? own * a.group : own; head < (TURNED ? (own + 1) * a.group : own + 1); head++)
    for (int c0 = 0; c0 < length; c0 += S::COLUMNS) {
      int columns = min(S::COLUMNS, length - c0);
      const C *matrix = m.at(a, index, s, head);
      const T *row = TURNED ? nlg_rows_of<T>(y, s.batch, head, s.q_begin + c0)
                            : nlg_rows_of<T>(y, s.batch, head / a.group, s.k_begin + c0);
      __syncthreads();
      for (int e = threadIdx.x; e < S::ROWS * S::COLUMNS;
           e += S::THREADS) { /* along the rows of the matrix */
        int r = TURNED ? e % S::ROWS : e / S::COLUMNS, c = TURNED ? e / S::ROWS : e % S::COLUMNS;
        int64_t at = TURNED ? (int64_t)(c0 + c) * s.nk + r0 + r : (int64_t)(r0 + r) * s.nk + c0 + c;
        W[r * S::W_PITCH + c] = r < rows && c < columns ? matrix[at] : 0;
      }
      nlg_load<S, S::COLUMNS>(Y, row, y.row, columns, from, width);
      __syncthreads();
      bool whole = TURNED ? nlg_all_see(a, s, c0, c0 + columns, r0, r0 + rows)
                          : nlg_all_see(a, s, r0, r0 + rows, c0, c0 + columns);
      nlg_add_seen<S>(o, W, Y, whole, [&](int i) -> nlg_span {
        if (!TURNED) return nlg_row_span<S>(a, s, r0 + i, c0);
        return {max(nlg_first_row(a, s, r0 + i) - c0, 0), min(nlg_last_row(a, s, r0 + i) - c0, columns)};
      });
    }
  nlg_add_slices<S>(o);
  int begin = TURNED ? s.k_begin : s.q_begin;
#pragma unroll
  for (int i = 0; i < S::R; i++)
    if (S::row(i) < rows)
      nlg_store_row<S>(o[i], alpha, nlg_rows_of<T>(to, s.batch, own, begin + r0 + S::row(i)), from, width);
}

/* --- steps by the row: a warp each ---------------------------------------------------------------------- */

template <typename C> __device__ inline C warp_sum(C x) {
  for (int step = 16; step > 0; step /= 2) x += __shfl_xor_sync(0xffffffffu, x, step);
  return x;
}

/* The row of this warp, and what it sees; false: none. */
struct row_of_warp {
  nlg_sequence s;
  int index, head, i, first, last;
  __device__ bool find(const nlg_attention &a) {
    int64_t row = (int64_t)blockIdx.x * WARPS + threadIdx.x / 32;
    i = (int)(row % a.nq), head = (int)(row / a.nq % a.heads), index = (int)(row / a.nq / a.heads);
    if (index >= a.sequences) return false;
    s = nlg_sequence_of(a, index);
    first = min(nlg_first_key(a, s, i), s.nk), last = max(nlg_last_key(a, s, i), first);
    return i < s.nq;
  }
};

/* S = cap S + bias, in place; SLOPE: G = G o cap'(S) instead. */
template <typename T, bool SLOPE, typename C>
__global__ void __launch_bounds__(32 * WARPS)
    standard_options(const __grid_constant__ nlg_attention a, matrices<C> scores, matrices<C> gradient) {
  row_of_warp w;
  if (!w.find(a)) return;
  C *S = scores.at(a, w.index, w.s, w.head) + (int64_t)w.i * w.s.nk;
  C *G = SLOPE ? gradient.at(a, w.index, w.s, w.head) + (int64_t)w.i * w.s.nk : nullptr, slope;
  for (int j = w.first + threadIdx.x % 32; j < w.last; j += 32) {
    C x = nlg_score<T>(a, w.s, w.head, w.i, j, S[j], &slope);
    if (SLOPE) G[j] *= slope;
    else S[j] = x;
  }
}

/* P = exp(S - m) / l over what a row sees, 0 elsewhere; lse = m + log l. */
template <typename C>
__global__ void __launch_bounds__(32 * WARPS)
    standard_softmax(const __grid_constant__ nlg_attention a, matrices<C> scores, matrices<C> weights) {
  row_of_warp w;
  if (!w.find(a)) return;
  int64_t at = (int64_t)w.i * w.s.nk;
  const C *S = scores.at(a, w.index, w.s, w.head) + at;
  C *P = weights.at(a, w.index, w.s, w.head) + at, m = -nlg_infinity<C>(), l = 0;
  int lane = threadIdx.x % 32;
  for (int j = w.first + lane; j < w.last; j += 32) m = fmax(m, S[j]);
  for (int step = 16; step > 0; step /= 2) m = fmax(m, __shfl_xor_sync(0xffffffffu, m, step));
  C shift = m == -nlg_infinity<C>() ? 0 : m;
  for (int j = w.first + lane; j < w.last; j += 32) l += exp(S[j] - shift);
  l = warp_sum(l);
  C share = l == 0 ? 0 : 1 / l;
  for (int j = lane; j < w.s.nk; j += 32) P[j] = j < w.first || j >= w.last ? 0 : exp(S[j] - shift) * share;
  if (lane == 0) ((C *)a.lse)[nlg_vector_at(a, w.s, w.head, w.i)] = l == 0 ? -nlg_infinity<C>() : m + log(l);
}

template <typename C>
__global__ void __launch_bounds__(32 * WARPS)
    standard_drop(const __grid_constant__ nlg_attention a, matrices<C> from, matrices<C> to) {
  row_of_warp w;
  if (!w.find(a)) return;
  int64_t at = (int64_t)w.i * w.s.nk;
  const C *P = from.at(a, w.index, w.s, w.head) + at;
  C *E = to.at(a, w.index, w.s, w.head) + at;
  for (int j = threadIdx.x % 32; j < w.s.nk; j += 32)
    E[j] = nlg_dropped(a, w.s, w.head, w.i, j) ? 0 : P[j] * (C)a.keep;
}

/* dS = P o (drop(dP) - D) in place of dP, D = rowsum(P o drop(dP)); 0 where a row does not see. */
template <typename C>
__global__ void __launch_bounds__(32 * WARPS)
    standard_through_softmax(const __grid_constant__ nlg_attention a, matrices<C> weights,
                             matrices<C> gradient) {
  row_of_warp w;
  if (!w.find(a)) return;
  int64_t at = (int64_t)w.i * w.s.nk;
  const C *P = weights.at(a, w.index, w.s, w.head) + at;
  C *G = gradient.at(a, w.index, w.s, w.head) + at, D = 0;
  for (int j = w.first + threadIdx.x % 32; j < w.last; j += 32) {
    if (a.drop_below) G[j] = nlg_dropped(a, w.s, w.head, w.i, j) ? 0 : G[j] * (C)a.keep;
    D += P[j] * G[j];
  }
  D = warp_sum(D);
  for (int j = threadIdx.x % 32; j < w.s.nk; j += 32)
    G[j] = j < w.first || j >= w.last ? 0 : P[j] * (G[j] - D);
}

/* dbias: a block an element, over all of (batch, head, row, key) that share it, in f64 and in a fixed order.
 * */
template <typename C>
__global__ void standard_sum_bias(const __grid_constant__ nlg_attention a, matrices<C> gradient,
                                  int64_t heads, int64_t rows, int64_t keys, int64_t shared_heads,
                                  int64_t shared_rows, int64_t shared_keys, int64_t shared) {
  int64_t e = blockIdx.x, j0 = e % keys, i0 = e / keys % rows, h0 = e / keys / rows % heads,
          b0 = e / keys / rows / heads;
  double sum = 0, *parts = (double *)nlg_shared;
  for (int64_t u = threadIdx.x; u < shared; u += blockDim.x) {
    int64_t j = j0 + u % shared_keys, rest = u / shared_keys, i = i0 + rest % shared_rows;
    int64_t h = h0 + rest / shared_rows % shared_heads, b = b0 + rest / shared_rows / shared_heads;
    sum += (double)gradient.data[((b * a.heads + h) * a.nq + i) * a.nk + j];
  }
  parts[threadIdx.x] = sum;
  __syncthreads();
  for (int half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
    __syncthreads();
  }
  if (threadIdx.x == 0) ((C *)a.dbias)[e] = (C)parts[0];
}

/* --- passes --------------------------------------------------------------------------------------------- */

void nlg_standard_supports(const nlg_device *, const nl_attention_pass *, bool, nlg_unmet *) {}

/* The steps on one problem; T the type of its operands, S the tiles. */
template <typename T, typename S> struct standard {
  typedef typename nlg_computes<T>::type C;
  nlg_device *device;
  const nl_attention_pass *pass;
  const nlg_attention *a;
  matrices<C> kept; /* P */
  nlg_workspace<int64_t> starts;
  nlg_workspace<C> first, second;
  const char *name;

  standard(nlg_device *d, const nl_attention_pass *p, const nlg_attention *params, const char *what)
      : device(d), pass(p), a(params), kept{(C *)params->p, nullptr}, starts(d), first(d), second(d),
        name(what) {}

  nl_status find_starts() {
    if (!pass->cu_q) return NL_OK;
    int64_t bytes = pass->sequences * (int64_t)sizeof(int64_t), sum = 0;
    int64_t *at = (int64_t *)malloc((size_t)bytes);
    if (!at)
      return nlg_fail(NL_NOMEM, "%s: no memory for the offsets of %lld sequences", name,
                      (long long)pass->sequences);
    for (int64_t s = 0; s < pass->sequences; s++) {
      at[s] = sum;
      sum += a->heads * (pass->cu_q[s + 1] - pass->cu_q[s]) * (pass->cu_k[s + 1] - pass->cu_k[s]);
    }
    nl_status status = starts.take(pass->sequences);
    kept.starts = starts.data;
    if (status == NL_OK) status = nlg_upload(device, starts.data, at, bytes);
    free(at);
    return status;
  }
  nl_status take(nlg_workspace<C> *room, matrices<C> *m) {
    NL_TRY(room->take(nlg_size(&pass->p)));
    *m = {room->data, kept.starts};
    return NL_OK;
  }

  nl_status dots(const nlg_operand &x, const nlg_operand &y, int width, double alpha, matrices<C> to) {
    int rows = (int)nlg_ceil_div(a->nq, S::ROWS), keys = (int)nlg_ceil_div(a->nk, S::COLUMNS);
    return nlg_launch(device, name, standard_dots<T, S, C>, (int64_t)a->sequences * a->heads * rows * keys,
                      S::THREADS, S::BYTES, *a, x, y, width, (C)alpha, to, rows, keys);
  }
  template <bool TURNED>
  nl_status apply(matrices<C> m, const nlg_operand &y, const nlg_operand &to, int width, double alpha) {
    int tiles = (int)nlg_ceil_div(TURNED ? a->nk : a->nq, S::ROWS), pieces = (int)nlg_ceil_div(width, S::DIM);
    int64_t units = (int64_t)a->sequences * (TURNED ? a->kv_heads : a->heads);
    return nlg_launch(device, name, standard_apply<T, S, TURNED, C>, units * tiles * pieces, S::THREADS,
                      S::BYTES, *a, m, y, to, width, (C)alpha, tiles, pieces);
  }
  template <typename... P, typename... A> nl_status by_row(void (*kernel)(P...), const A &...arguments) {
    int64_t rows = (int64_t)a->sequences * a->heads * a->nq;
    return nlg_launch(device, name, kernel, nlg_ceil_div(rows, WARPS), 32 * WARPS, 0, *a, arguments...);
  }
  nl_status sum_bias(matrices<C> gradient) {
    const int64_t *own = pass->dbias.shape, full[] = {a->sequences, a->heads, a->nq, a->nk};
    int64_t shared[4], count = 1;
    for (int d = 0; d < 4; d++) count *= shared[d] = own[d] == full[d] ? 1 : full[d];
    int threads = count >= 1024 ? 256 : 32;
    return nlg_launch(device, name, standard_sum_bias<C>, nlg_size(&pass->dbias), threads, threads * 8, *a,
                      gradient, own[1], own[2], own[3], shared[1], shared[2], shared[3], count);
  }

  nl_status forward() {
    matrices<C> scores;
    NL_TRY(find_starts());
    NL_TRY(take(&first, &scores));
    /* scaled with the options, where there are any */
    bool options = a->softcap > 0 || a->bias;
    NL_TRY(dots(a->q, a->k, a->head_dim, options ? 1 : a->scale, scores));
    if (options) NL_TRY(by_row(standard_options<T, false, C>, scores, scores));
    NL_TRY(by_row(standard_softmax<C>, scores, kept));
    if (a->drop_below) NL_TRY(by_row(standard_drop<C>, kept, scores));
    return apply<false>(a->drop_below ? scores : kept, a->v, a->out, a->value_dim, 1);
  }

  nl_status backward() {
    matrices<C> gradient, extra = kept;
    NL_TRY(find_starts());
    NL_TRY(take(&first, &gradient));
    if (a->drop_below || a->softcap > 0) NL_TRY(take(&second, &extra));
    if (a->drop_below) NL_TRY(by_row(standard_drop<C>, kept, extra));
    NL_TRY(apply<true>(a->drop_below ? extra : kept, a->dout, a->dv, a->value_dim, 1));
    NL_TRY(dots(a->dout, a->v, a->value_dim, 1, gradient));
    NL_TRY(by_row(standard_through_softmax<C>, kept, gradient));
    if (a->dbias) NL_TRY(sum_bias(gradient));
    if (a->softcap > 0) { /* S was not kept: its tanh gives the slope again */
      NL_TRY(dots(a->q, a->k, a->head_dim, 1, extra));
      NL_TRY(by_row(standard_options<T, true, C>, extra, gradient));
    }
    NL_TRY(apply<false>(gradient, a->k, a->dq, a->head_dim, a->scale));
    return apply<true>(gradient, a->q, a->dk, a->head_dim, a->scale);
  }
};

nl_status nlg_standard_forward(nlg_device *device, const nl_attention_pass *pass, nlg_attention *params) {
  return nlg_by_type(pass->q.dtype, [&](auto zero) {
    return nlg_by_width<decltype(zero)>(device, params, [&](auto shape) {
      return standard<decltype(zero), decltype(shape)>(device, pass, params, "attention (standard)")
          .forward();
    });
  });
}

nl_status nlg_standard_backward(nlg_device *device, const nl_attention_pass *pass, nlg_attention *params) {
  return nlg_by_type(pass->q.dtype, [&](auto zero) {
    return nlg_by_width<decltype(zero)>(device, params, [&](auto shape) {
      return standard<decltype(zero), decltype(shape)>(device, pass, params, "attention_backward (standard)")
          .backward();
    });
  });
}
