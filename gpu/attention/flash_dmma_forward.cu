/* flash_dmma: attention in f64 with its two products on the tensor cores, online softmax (FlashAttention-2,
 * arXiv 2307.08691). Each warp owns 16 query rows of a block's; all walk the keys N at a time:
 *
 *   S = scale Q K',  m' = max(m, rowmax S),  P = exp(S - m'),  l = l e^(m - m') + rowsum P,
 *   O = O e^(m - m') + P V
 *
 * Lanes (g, t) and blocks A, B, C as in mma.cuh. The order of the terms of P V is free: term t stands for key
 * 2t and term t+4 for key 2t+1, so C blocks of S are A blocks of P as they are. Rows of K are D+4 and of V
 * D+2 numbers long, which puts the 16 lanes of a half warp, reading (g, t) of K or (2t, g) of V, into 16
 * different banks of 8 bytes.
 *
 * D is at most 128, filled up with zeros to 32, 64 or 128. Q is kept in registers at 32, else in shared
 * memory: 216, 194 and 255 registers, no spills. Floor at D = 64: 256 FLOP a score on the tensor cores (67
 * TFLOP/s) beside an exponential of some 25 fused steps on the others (33.5 TFLOP/s): 3.8 + 1.5 ps. The
 * backward pass is flash_simt's, from the same lse. */
#include "mma.cuh"
#include "params.cuh"

/* --- shapes --------------------------------------------------------------------------------------------- */

template <int D> struct shape {
  static constexpr bool q_in_registers = D <= 32;
  static constexpr int warps = D <= 64 ? 4 : 8, threads = 32 * warps;
  static constexpr int M = 16 * warps, N = D <= 64 ? 32 : 8;
  static constexpr int k_pitch = D + 4, v_pitch = D + 2;
  static constexpr int stage = N * (k_pitch + v_pitch), q_size = q_in_registers ? 0 : M * k_pitch;
  static constexpr int bytes = (q_size + 2 * stage) * (int)sizeof(double);
};

/* ROWS rows of D numbers from global to shared memory; zeros behind row `rows` and column `dim`, which is
 * even. */
template <int D, int ROWS, int THREADS>
__device__ static inline void load(double *to, int pitch, const double *from, int64_t stride, int rows,
                                   int dim) {
  for (int i = threadIdx.x; i < ROWS * D / 2; i += THREADS) {
    int r = i / (D / 2), c = i % (D / 2) * 2;
    nlg_copy_async(nlg_shared_address(to + r * pitch + c), from + r * stride + c, r < rows && c < dim);
  }
}

/* --- the kernel ----------------------------------------------------------------------------------------- */

/* O += P V over the keys of a tile that each row sees, one by one: what is hidden may hold NaN or infinity,
 * and 0 times those is not 0. P as its C blocks. */
template <int D, int NB>
__device__ static void add_product_of_seen(const nlg_attention &a, const nlg_sequence &s, int row, int key,
                                           const double *V, int pitch, const double (&P)[NB][4],
                                           double (&O)[D / 8][4]) {
  const int lane = threadIdx.x % 32, t = lane % 4;
#pragma unroll
  for (int nb = 0; nb < NB; nb++)
    for (int k = 0; k < 8; k++)
#pragma unroll
      for (int h = 0; h < 2; h++) {
        double even = __shfl_sync(~0u, P[nb][2 * h], lane / 4 * 4 + k / 2);
        double odd = __shfl_sync(~0u, P[nb][2 * h + 1], lane / 4 * 4 + k / 2);
        int i = row + 8 * h, j = key + nb * 8 + k;
        if (j < nlg_first_key(a, s, i) || j >= nlg_last_key(a, s, i)) continue;
#pragma unroll
        for (int d = 0; d < D / 8; d++)
#pragma unroll
          for (int e = 0; e < 2; e++)
            O[d][2 * h + e] += (k % 2 ? odd : even) * V[(nb * 8 + k) * pitch + d * 8 + 2 * t + e];
      }
}

template <int ROWS, int D, int THREADS> __device__ static bool not_finite(const double *V, int pitch) {
  bool found = false;
  for (int i = threadIdx.x; i < ROWS * D; i += THREADS) found |= !isfinite(V[i / D * pitch + i % D]);
  return __syncthreads_or(found);
}

template <int D>
__global__ void __launch_bounds__(shape<D>::threads)
    flash_dmma_forward(const __grid_constant__ nlg_attention a, int tiles) {
  using is = shape<D>;
  constexpr int N = is::N, NB = N / 8, DB = D / 8;
  extern __shared__ double nlg_shared_f64[];
  double *const Q = nlg_shared_f64, *const stages = Q + is::q_size;
  const int units = a.heads * a.sequences, unit = blockIdx.x % units;
  const int head = unit % a.heads,
            tile = tiles - 1 - blockIdx.x / units; /* long rows of a causal mask first */
  const nlg_sequence s = nlg_sequence_of(a, unit / a.heads);
  const int first_row = tile * is::M, rows = min(is::M, s.nq - first_row);
  if (rows <= 0) return;
  const int lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const int row = first_row + threadIdx.x / 32 * 16 + g; /* and row + 8 */

  const double *q = (const double *)a.q.data + s.batch * a.q.batch + head * a.q.head + s.q_begin * a.q.row;
  const int kv_head = head / a.group;
  const double *k = (const double *)a.k.data + s.batch * a.k.batch + kv_head * a.k.head + s.k_begin * a.k.row;
  const double *v = (const double *)a.v.data + s.batch * a.v.batch + kv_head * a.v.head + s.k_begin * a.v.row;

  const int begin = nlg_first_key(a, s, first_row) / N;
  const int end = (nlg_last_key(a, s, first_row + rows - 1) + N - 1) / N;
  auto fetch = [&](int n) {
    double *K = stages + n % 2 * is::stage, *V = K + N * is::k_pitch;
    load<D, N, is::threads>(K, is::k_pitch, k + (int64_t)n * N * a.k.row, a.k.row, s.nk - n * N, a.head_dim);
    load<D, N, is::threads>(V, is::v_pitch, v + (int64_t)n * N * a.v.row, a.v.row, s.nk - n * N, a.value_dim);
    nlg_copy_commit();
  };

  double qf[is::q_in_registers ? DB : 1][4];
  if (is::q_in_registers) {
#pragma unroll
    for (int d = 0; d < DB; d++)
#pragma unroll
      for (int i = 0; i < 4; i++) {
        int r = row + i % 2 * 8, c = d * 8 + t + i / 2 * 4;
        qf[d][i] = r < s.nq && c < a.head_dim ? q[r * a.q.row + c] : 0;
      }
  } else {
    load<D, is::M, is::threads>(Q, is::k_pitch, q + (int64_t)first_row * a.q.row, a.q.row, rows, a.head_dim);
  }
  if (begin < end) fetch(begin);

  double O[DB][4] = {}, m[2] = {-INFINITY, -INFINITY}, l[2] = {0, 0};
  for (int n = begin; n < end; n++) {
    if (n + 1 < end) fetch(n + 1);
    if (n + 1 < end) nlg_copy_wait<1>();
    else nlg_copy_wait<0>();
    __syncthreads();
    const double *K = stages + n % 2 * is::stage, *V = K + N * is::k_pitch;

    double S[NB][4] = {};
#pragma unroll
    for (int d = 0; d < DB; d++) {
      double af[4];
#pragma unroll
      for (int i = 0; i < 4; i++)
        af[i] = is::q_in_registers ? qf[is::q_in_registers ? d : 0][i]
                                   : Q[(row - first_row + i % 2 * 8) * is::k_pitch + d * 8 + t + i / 2 * 4];
#pragma unroll
      for (int nb = 0; nb < NB; nb++) {
        const double *b = K + (nb * 8 + g) * is::k_pitch + d * 8 + t;
        nlg_mma_f64(S[nb], af, b[0], b[4]);
      }
    }

    const bool whole =
        n * N >= nlg_first_key(a, s, first_row + rows - 1) && n * N + N <= nlg_last_key(a, s, first_row);
#pragma unroll
    for (int h = 0; h < 2; h++) {
      const int first = nlg_first_key(a, s, row + 8 * h), last = nlg_last_key(a, s, row + 8 * h);
      double largest = m[h];
#pragma unroll
      for (int nb = 0; nb < NB; nb++)
#pragma unroll
        for (int e = 0; e < 2; e++) {
          const int j = n * N + nb * 8 + 2 * t + e;
          double &x = S[nb][2 * h + e];
          x = whole || (j >= first && j < last) ? x * a.scale : -INFINITY;
          largest = fmax(largest, x);
        }
      largest = fmax(largest, __shfl_xor_sync(~0u, largest, 1));
      largest = fmax(largest, __shfl_xor_sync(~0u, largest, 2));
      const double shift = largest == -INFINITY ? 0 : largest;
      if (largest != m[h]) {
        const double shrink = exp(m[h] - shift); /* 0 at the first key */
        l[h] *= shrink;
#pragma unroll
        for (int d = 0; d < DB; d++) O[d][2 * h] *= shrink, O[d][2 * h + 1] *= shrink;
        m[h] = largest;
      }
#pragma unroll
      for (int nb = 0; nb < NB; nb++)
#pragma unroll
        for (int e = 0; e < 2; e++) l[h] += S[nb][2 * h + e] = exp(S[nb][2 * h + e] - shift);
    }

    if (!whole && not_finite<N, D, is::threads>(V, is::v_pitch)) {
      add_product_of_seen<D, NB>(a, s, row, n * N, V, is::v_pitch, S, O);
    } else {
#pragma unroll
      for (int nb = 0; nb < NB; nb++) {
        const double pf[4] = {S[nb][0], S[nb][2], S[nb][1], S[nb][3]}; /* keys 2t, then 2t+1 */
        const double *b = V + (nb * 8 + 2 * t) * is::v_pitch + g;
#pragma unroll
        for (int d = 0; d < DB; d++) nlg_mma_f64(O[d], pf, b[d * 8], b[is::v_pitch + d * 8]);
      }
    }
    __syncthreads(); /* the next but one stage is written where this one lay */
  }
  nlg_copy_wait<0>(); /* Q, where no key is seen */

  double *lse = (double *)a.lse + ((int64_t)s.batch * a.heads + head) * a.total_q + s.q_begin;
  double *out = (double *)a.out.data + s.batch * a.out.batch + head * a.out.head + s.q_begin * a.out.row;
#pragma unroll
  for (int h = 0; h < 2; h++) {
    const int i = row + 8 * h;
    double sum = l[h];
    sum += __shfl_xor_sync(~0u, sum, 1);
    sum += __shfl_xor_sync(~0u, sum, 2);
    if (i >= s.nq) continue;
    const bool none = sum == 0; /* no key, or scores of -inf alone, whatever V holds */
    if (t == 0) lse[i] = none ? -INFINITY : m[h] + log(sum);
#pragma unroll
    for (int d = 0; d < DB; d++)
#pragma unroll
      for (int e = 0; e < 2; e++) {
        const int c = d * 8 + 2 * t + e;
        if (c < a.value_dim) out[i * a.out.row + c] = none ? 0 : O[d][2 * h + e] / sum;
      }
  }
}

/* --- the path ------------------------------------------------------------------------------------------- */

void nlg_flash_dmma_supports(const nlg_device *device, const nl_attention_pass *pass, bool backward,
                             nlg_unmet *unmet) {
  if (backward) return nlg_flash_simt_supports(device, pass, backward, unmet);
  int64_t d = pass->q.shape[3], dv = pass->v.shape[3], wide = d > dv ? d : dv;
  if (device->properties.major < 8) nlg_add_unmet(unmet, "it needs compute capability 8.0");
  if (pass->q.dtype != NL_F64) nlg_add_unmet(unmet, "dtype must be f64");
  if (d % 2 || dv % 2 || d > 128 || dv > 128) nlg_add_unmet(unmet, "head sizes must be even, at most 128");
  nlg_ask_shared(device,
                 wide <= 32   ? shape<32>::bytes
                 : wide <= 64 ? shape<64>::bytes
                              : shape<128>::bytes,
                 unmet);
  if (pass->bias.data) nlg_add_unmet(unmet, "it has no bias");
  if (pass->softcap > 0) nlg_add_unmet(unmet, "it has no softcap");
  if (pass->drop_below > 0) nlg_add_unmet(unmet, "it has no dropout");
  if (!nlg_rows_aligned(&pass->q, 2) || !nlg_rows_aligned(&pass->k, 2) || !nlg_rows_aligned(&pass->v, 2))
    nlg_add_unmet(unmet, "rows must start at multiples of 16 bytes");
}

template <int D> static nl_status launch(nlg_device *device, const nlg_attention *a) {
  const int64_t tiles = nlg_ceil_div(a->nq, shape<D>::M), blocks = tiles * a->heads * a->sequences;
  NLG_CUDA(cudaFuncSetAttribute(flash_dmma_forward<D>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                shape<D>::bytes));
  flash_dmma_forward<D>
      <<<(unsigned)blocks, shape<D>::threads, shape<D>::bytes, device->stream>>>(*a, (int)tiles);
  NLG_LAUNCHED(device, "attention, flash_dmma forward");
  return NL_OK;
}

nl_status nlg_flash_dmma_forward(nlg_device *device, const nl_attention_pass *, nlg_attention *params) {
  const int d = params->head_dim > params->value_dim ? params->head_dim : params->value_dim;
  return d <= 32   ? launch<32>(device, params)
         : d <= 64 ? launch<64>(device, params)
                   : launch<128>(device, params);
}

nl_status nlg_flash_dmma_backward(nlg_device *device, const nl_attention_pass *pass, nlg_attention *params) {
  return nlg_flash_simt_backward(device, pass, params);
}
