/* Rung 5, partitioning: who does what (FlashAttention-2, Dao 2023, sections 3.2 and 3.3).
 *
 * Over blocks: a block has one tile of 64 queries, not a whole head. Rows of queries know nothing of each
 * other, so there are batch * heads * N / 64 blocks in place of batch * heads: 16 heads of 16384 make 4096,
 * where an H100 wants some 132 times as many as fit a multiprocessor, and few long sequences keep it as busy
 * as many short ones. Under a causal mask the blocks with the last queries, which see most keys, come first.
 *
 * Over warps: each warp owns 16 of the rows and sees all keys ("split-Q", figure 3b), where rung 4's warps
 * shared the rows and split the keys. Maximum, sum and output of a row then belong to four lanes of one warp:
 * nothing is exchanged through shared memory, no barrier but the two around loading a tile. The price is that
 * every warp reads all of K and V from shared memory.
 *
 * Tiles 64 x 64, 128 threads. A thread: S 32, O D / 2 of f32. Shared memory 3 * 64 * 2 D: 24 KiB at D = 64,
 * 48 KiB at 128, so that several blocks share a multiprocessor and one computes while another waits.
 *
 * A head: FLOPs 4 N^2 D; memory nothing; least 4 N D e and 4 N of lse; requested 2 N^2 D e / 64, of which the
 * L2 cache now serves nearly all: blocks of one head stand together and read the same K and V.
 *
 * Gain: all of the device works where batch * heads is small against its multiprocessors, and several blocks
 * on each hide each other's waiting. */
#include "tensor.cuh"

enum { THREADS = 128, M = 64, N = 64 };

template <typename T, int D>
__global__ void __launch_bounds__(THREADS)
    ladder_partition(const __grid_constant__ nlg_attention a, int q_tiles) {
  typedef nlg_tile<D> tile;
  unsigned char *Q = nlg_rung_shared, *K = Q + M * tile::pitch, *V = K + N * tile::pitch;
  const nlg_rung_head<T> h(a, blockIdx.x / q_tiles);
  const int i0 = (q_tiles - 1 - (int)blockIdx.x % q_tiles) * M;
  const int rows = min(M, h.s.nq - i0), last = nlg_last_key(a, h.s, i0 + rows - 1);
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, g = lane / 4, t = lane % 4;
  const int row = i0 + warp * 16 + g; /* the first of this lane's two */
  const uint32_t q_lane = nlg_shared_address(Q) + tile::by_rows(warp * 16, lane);
  const uint32_t k_lane = nlg_shared_address(K) + tile::by_columns(0, lane);
  const uint32_t v_lane = nlg_shared_address(V) + tile::by_rows(0, lane);
  const float c = (float)a.scale * NLG_LOG2E;

  float O[1][D / 8][4] = {};
  nlg_rung_rows<1> known;
  known.start();
  nlg_rung_load<D, M, THREADS>(Q, h.q + i0 * a.q.row, a.q.row, rows);

  for (int j0 = 0; j0 < last; j0 += N) {
    __syncthreads(); /* nobody reads the tile before any more */
    nlg_rung_load<D, N, THREADS>(K, h.k + j0 * a.k.row, a.k.row, h.s.nk - j0);
    nlg_rung_load<D, N, THREADS>(V, h.v + j0 * a.v.row, a.v.row, h.s.nk - j0);
    __syncthreads();

    float S[1][N / 8][4] = {}, largest[1][2];
    nlg_product<T, D / 16, D, true, D, false>(S, q_lane, k_lane);
    const bool whole = j0 + N <= nlg_last_key(a, h.s, i0);
    if (!whole) nlg_hide(a, h.s, row, j0 + 2 * t, -INFINITY, S);
    nlg_rung_largest(known, S, largest);
    nlg_rung_weights(known, largest, c, S, O);
    if (!whole && nlg_tile_not_finite<D, N, THREADS, T>(V))
      nlg_rung_product_of_seen<T>(a, h.s, row, j0, V, 0, S, O);
    else nlg_rung_product<T>(O, S, v_lane);
  }
  __syncthreads(); /* where no key is seen, Q is still being written */
  nlg_rung_store<T, D>(a, h, i0, rows, c, known, O, Q);
}

nl_status nlg_ladder_partition_forward(nlg_device *device, const nl_attention_pass *pass,
                                       nlg_attention *params) {
  return nlg_rung_by_kind(pass, [&](auto zero, auto head) {
    constexpr int D = decltype(head)::value;
    const int64_t q_tiles = nlg_ceil_div(params->nq, M), units = (int64_t)params->sequences * params->heads;
    return nlg_rung_launch(device, "attention (ladder_partition)", ladder_partition<decltype(zero), D>,
                           units * q_tiles, THREADS, (M + 2 * N) * nlg_tile<D>::pitch, *params, (int)q_tiles);
  });
}
