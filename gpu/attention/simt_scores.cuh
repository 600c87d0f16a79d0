/* Scores on tiles of simt.cuh: options, mask, and where rows lie. */
#ifndef NLG_ATTENTION_SIMT_SCORES_CUH
#define NLG_ATTENTION_SIMT_SCORES_CUH

#include "simt.cuh"

/* A score from its dot product: scale, cap, bias; not yet in units of nlg_weights. slope, unless it is NULL:
 * of the cap, 1 - tanh^2. */
template <typename T, typename C>
__device__ inline C nlg_score(const nlg_attention &a, const nlg_sequence &s, int head, int i, int j, C dot,
                              C *slope) {
  C x = dot * (C)a.scale, t = 0;
  if (a.softcap > 0) x = (C)a.softcap * (t = tanh(x / (C)a.softcap));
  if (slope) *slope = 1 - t * t;
  if (a.bias && i < s.nq && j < s.nk) /* a tile may reach beyond both */
    x += nlg_read<C>(((const T *)a.bias)[s.batch * a.bias_stride[0] + head * a.bias_stride[1] +
                                         i * a.bias_stride[2] + j * a.bias_stride[3]]);
  return x;
}

__device__ inline bool nlg_sees(const nlg_attention &a, const nlg_sequence &s, int i, int j) {
  return i < s.nq && j >= nlg_first_key(a, s, i) && j < nlg_last_key(a, s, i);
}

/* Every row of [i0, i1) sees every key of [j0, j1). */
__device__ inline bool nlg_all_see(const nlg_attention &a, const nlg_sequence &s, int i0, int i1, int j0,
                                   int j1) {
  return j1 <= nlg_last_key(a, s, i0) && j0 >= nlg_first_key(a, s, i1 - 1) && i1 <= s.nq;
}

/* Columns of the tile from key j0 on that row i sees; empty ranges may end before they begin. */
template <typename S>
__device__ inline nlg_span nlg_row_span(const nlg_attention &a, const nlg_sequence &s, int i, int j0) {
  return {max(nlg_first_key(a, s, i) - j0, 0), min(nlg_last_key(a, s, i) - j0, (int)S::COLUMNS)};
}

/* Where the numbers of row i of (sequence, head) lie in lse and delta. */
__device__ inline int64_t nlg_vector_at(const nlg_attention &a, const nlg_sequence &s, int head, int i) {
  return ((int64_t)s.batch * a.heads + head) * a.total_q + s.q_begin + i;
}

/* This thread's scores of a tile from their dot products, in units of nlg_weights. What few calls ask for
 * goes over the entries one at a time, in shared memory (W), and so takes no registers from the rest. */
template <typename T, typename S, typename C>
__device__ inline void nlg_finish_scores(const nlg_attention &a, const nlg_sequence &s, int head, int i0,
                                         int j0, C *W, C (&x)[S::R][S::COLUMNS_EACH]) {
  constexpr C unit = nlg_weights<C>::unit;
  if (a.softcap > 0 || a.bias) {
#pragma unroll
    for (int i = 0; i < S::R; i++)
#pragma unroll
      for (int j = 0; j < S::COLUMNS_EACH; j++) W[S::row(i) * S::W_PITCH + S::column(j)] = x[i][j];
#pragma unroll 1
    for (int e = 0; e < S::R * S::COLUMNS_EACH; e++) {
      int i = S::row(e / S::COLUMNS_EACH), j = S::column(e % S::COLUMNS_EACH);
      C *w = W + i * S::W_PITCH + j;
      *w = nlg_score<T>(a, s, head, i0 + i, j0 + j, *w, (C *)nullptr) * unit;
    }
#pragma unroll
    for (int i = 0; i < S::R; i++)
#pragma unroll
      for (int j = 0; j < S::COLUMNS_EACH; j++) x[i][j] = W[S::row(i) * S::W_PITCH + S::column(j)];
    return;
  }
#pragma unroll
  for (int i = 0; i < S::R; i++)
#pragma unroll
    for (int j = 0; j < S::COLUMNS_EACH; j++) x[i][j] *= (C)a.scale * unit;
}

/* -inf where a row does not see a key. */
template <typename S, typename C>
__device__ inline void nlg_mask(const nlg_attention &a, const nlg_sequence &s, int i0, int j0,
                                C (&x)[S::R][S::COLUMNS_EACH]) {
#pragma unroll
  for (int i = 0; i < S::R; i++) {
    nlg_span seen = nlg_row_span<S>(a, s, i0 + S::row(i), j0);
#pragma unroll
    for (int j = 0; j < S::COLUMNS_EACH; j++)
      if (S::column(j) < seen.begin || S::column(j) >= seen.end) x[i][j] = -nlg_infinity<C>();
  }
}

/* Rows of an operand of (sequence, head), from row `first` of the sequence on. */
template <typename T> __device__ inline T *nlg_rows_of(const nlg_operand &o, int batch, int head, int first) {
  return (T *)o.data + batch * o.batch + head * o.head + first * o.row;
}

#endif
