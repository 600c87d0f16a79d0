/* What the kernels of the backward pass share: S and dP of a tile, and the way through the softmax. */
#ifndef NLG_ATTENTION_SIMT_BACKWARD_CUH
#define NLG_ATTENTION_SIMT_BACKWARD_CUH

#include "simt_scores.cuh"

/* W(row, column) = sum_k x(row, k) y(column, k) over width k, this thread's entries. Leaves the last piece of
 * x and y in X and Y; a barrier for the block before and behind each use of them. */
template <typename S, typename T, typename C>
__device__ inline void nlg_scores_into(C *W, C *X, const T *x, int64_t x_pitch, int x_rows, C *Y, const T *y,
                                       int64_t y_pitch, int y_rows, int width) {
  C sum[S::R][S::COLUMNS_EACH] = {};
  for (int c = 0; c < width; c += S::DIM) {
    __syncthreads();
    nlg_load<S, S::ROWS>(X, x, x_pitch, x_rows, c, width);
    nlg_load<S, S::COLUMNS>(Y, y, y_pitch, y_rows, c, width);
    __syncthreads();
    nlg_add_scores<S, 1>(sum, X, Y, min(S::DIM, width - c));
  }
#pragma unroll
  for (int i = 0; i < S::R; i++)
#pragma unroll
    for (int j = 0; j < S::COLUMNS_EACH; j++) W[S::row(i) * S::W_PITCH + S::column(j)] = sum[i][j];
  if (width > S::DIM) __syncthreads(); /* Y is loaded anew by who multiplies with it */
}

/* One entry on its way back: P after dropout, dS before the cap, and the cap's slope. */
template <typename C> struct nlg_entry { C P, dS, slope; };
template <typename T, typename C>
__device__ inline nlg_entry<C> nlg_through_softmax(const nlg_attention &a, const nlg_sequence &s, int head,
                                                   int i, int j, bool whole, C dot, C dP, C lse, C delta) {
  nlg_entry<C> g = {0, 0, 0};
  if (!(whole || nlg_sees(a, s, i, j)) || lse == -nlg_infinity<C>()) return g;
  C p =
      nlg_weights<C>::power((nlg_score<T>(a, s, head, i, j, dot, &g.slope) - lse) * (C)nlg_weights<C>::unit);
  C keep = a.drop_below ? nlg_dropped(a, s, head, i, j) ? 0 : (C)a.keep : 1;
  g.P = p * keep;
  g.dS = p * (dP * keep - delta);
  return g;
}

/* bias_gradient.cu: dbias, for every path that hands over lse and D */
nl_status nlg_attention_bias_gradient(nlg_device *device, const nl_attention_pass *pass,
                                      const nlg_attention *params);

#endif
