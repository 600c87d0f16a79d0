/* Rung 6, pipelining: K and V of the next tile arrive while this one is used.
 *
 * Rung 5 asks for a tile, waits hundreds of clocks for it, stores it from registers to shared memory,
 * and computes: meanwhile the tensor cores of the block stand still. cp.async (sm_80 and later) copies 16
 * bytes from global to shared memory without passing through registers and without waiting. With room for two
 * tiles of K and V, step n of the loop is
 *
 *   wait for tile n;  barrier;  ask for tile n + 1, in the place of tile n - 1;  compute with tile n
 *
 * and one barrier does for both ends: whoever passes it has tile n in place and is done with tile n - 1. It
 * takes as long as the longer of copying and computing, no longer their sum:
 *
 *   a tile computes 4 * 64 * 64 * D FLOPs and brings 2 * 64 * 2 D bytes, 64 FLOPs a byte
 *
 * (FlashAttention-2's loop on sm_80; the idea is software pipelining, as CUTLASS's multistage products have
 * it. Hopper's TMA does the copying by one thread for all, FlashAttention-3 section 3.1.)
 *
 * Tiles 64 x 64, 128 threads, registers as in rung 5. Shared memory (64 + 4 * 64) * 2 D: 40 KiB at D = 64, 80
 * KiB at 128.
 *
 * A head: FLOPs 4 N^2 D; memory nothing; least and requested as in rung 5.
 *
 * Gain: the waiting of a block for its tiles; what is left of it where other blocks of the multiprocessor had
 * not hidden it already. Beyond this rung, attention/flash_mma_forward.cu gives a warp 32 rows, so that each
 * fragment of K and V read from shared memory is used twice, and rescales O only where the maximum has grown
 * much. */
#include "tensor.cuh"

enum { THREADS = 128, M = 64, N = 64, STAGES = 2 };

template <typename T, int D>
__global__ void __launch_bounds__(THREADS)
    ladder_pipeline(const __grid_constant__ nlg_attention a, int q_tiles) {
  typedef nlg_tile<D> tile;
  constexpr int STAGE = 2 * N * tile::pitch; /* K, and V behind it */
  unsigned char *Q = nlg_rung_shared, *K = Q + M * tile::pitch,
                *V = K + N * tile::pitch; /* of the first stage */
  const nlg_rung_head<T> h(a, blockIdx.x / q_tiles);
  const int i0 = (q_tiles - 1 - (int)blockIdx.x % q_tiles) * M;
  const int rows = min(M, h.s.nq - i0), last = nlg_last_key(a, h.s, i0 + rows - 1);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const int row = i0 + warp * 16 + g; /* the first of this lane's two */
  const uint32_t q_lane = nlg_shared_address(Q) + tile::by_rows(warp * 16, lane);
  const uint32_t k_lane = nlg_shared_address(K) + tile::by_columns(0, lane);
  const uint32_t v_lane = nlg_shared_address(V) + tile::by_rows(0, lane);
  const float c = (float)a.scale * NLG_LOG2E;

  auto ask = [&](int n) { /* for tile n of K and V */
                          const int stage = n % STAGES * STAGE, j0 = n * N;
                          nlg_tile_load<D, N, THREADS>(nlg_shared_address(K + stage), h.k + j0 * a.k.row,
                                                       a.k.row, h.s.nk - j0, D);
                          nlg_tile_load<D, N, THREADS>(nlg_shared_address(V + stage), h.v + j0 * a.v.row,
                                                       a.v.row, h.s.nk - j0, D);
  };

  float O[1][D / 8][4] = {};
  nlg_rung_rows<1> known;
  known.start();
  const int tiles = last > 0 ? (last + N - 1) / N : 0;
  nlg_tile_load<D, M, THREADS>(nlg_shared_address(Q), h.q + i0 * a.q.row, a.q.row, rows, D);
  if (tiles > 0) ask(0);
  nlg_copy_commit();

  for (int n = 0; n < tiles; n++) {
    const int stage = n % STAGES * STAGE;
    nlg_copy_wait<0>();
    __syncthreads(); /* tile n is there for all; nobody reads tile n - 1 any more */
    if (n + 1 < tiles) ask(n + 1);
    nlg_copy_commit();

    float S[1][N / 8][4] = {}, largest[1][2];
    nlg_product<T, D / 16, D, true, D, false>(S, q_lane, k_lane + stage);
    const bool whole = (n + 1) * N <= nlg_last_key(a, h.s, i0);
    if (!whole) nlg_hide(a, h.s, row, n * N + 2 * t, -INFINITY, S);
    nlg_rung_largest(known, S, largest);
    nlg_rung_weights(known, largest, c, S, O);
    if (!whole && nlg_tile_not_finite<D, N, THREADS, T>(V + stage))
      nlg_rung_product_of_seen<T>(a, h.s, row, n * N, V + stage, 0, S, O);
    else nlg_rung_product<T>(O, S, v_lane + stage);
  }
  nlg_copy_wait<0>();
  __syncthreads(); /* where no key is seen, Q is still on its way */
  nlg_rung_store<T, D>(a, h, i0, rows, c, known, O, Q);
}

nl_status nlg_ladder_pipeline_forward(nlg_device *device, const nl_attention_pass *pass,
                                      nlg_attention *params) {
  return nlg_rung_by_kind(pass, [&](auto zero, auto head) {
    constexpr int D = decltype(head)::value;
    const int64_t q_tiles = nlg_ceil_div(params->nq, M), units = (int64_t)params->sequences * params->heads;
    return nlg_rung_launch(device, "attention (ladder_pipeline)", ladder_pipeline<decltype(zero), D>,
                           units * q_tiles, THREADS, (M + 2 * STAGES * N) * nlg_tile<D>::pitch, *params,
                           (int)q_tiles);
  });
}
