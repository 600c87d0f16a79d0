/* D_i = sum_c dout(i,c) out(i,c), which is sum_j P(i,j) dP(i,j), dropout included: a warp a row, summed in
 * f64 and rounded once. Bound by reading both operands. */
#include "simt_scores.cuh"

enum { WARPS = 8 };

template <typename T>
__global__ void __launch_bounds__(32 * WARPS)
    attention_delta(const __grid_constant__ nlg_attention a, int64_t rows) {
  typedef typename nlg_computes<T>::type C;
  int64_t row = (int64_t)blockIdx.x * WARPS + threadIdx.x / 32;
  if (row >= rows) return;
  int64_t i = row % a.total_q, head = row / a.total_q % a.heads, batch = row / a.total_q / a.heads;
  const T *dout = nlg_rows_of<T>(a.dout, batch, head, i), *out = nlg_rows_of<T>(a.out, batch, head, i);
  double sum = 0;
  for (int c = threadIdx.x % 32; c < a.value_dim; c += 32)
    sum += (double)nlg_read<C>(dout[c]) * (double)nlg_read<C>(out[c]);
  for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, step);
  if (threadIdx.x % 32 == 0) ((C *)a.delta)[row] = (C)sum;
}

nl_status nlg_attention_delta(nlg_device *device, const nl_attention_pass *pass,
                              const nlg_attention *params) {
  int64_t rows = nlg_size(&pass->lse);
  return nlg_by_type(pass->q.dtype, [&](auto zero) {
    typedef decltype(zero) T;
    return nlg_launch(device, "attention_backward (D)", attention_delta<T>, nlg_ceil_div(rows, WARPS),
                      32 * WARPS, 0, *params, rows);
  });
}
