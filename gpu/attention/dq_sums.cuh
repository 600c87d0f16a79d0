/* dQ while it is being summed: f32 in a workspace, each tile of M queries in the order in which threads hold
 * its products, so that a warp adds 512 neighbouring bytes at once. A last kernel sums copies, scales and
 * lays out.
 *
 * A block owns tiles of keys, and every one of them adds to the tiles of dQ that see it. Usually all add to
 * one copy, a block per tile of keys, in whatever order they come. Where the same bits are wanted in every
 * run there are as many copies as fill the device: block x of a head does key tiles x, x + slots, .. in this
 * order and adds to copy x alone; the last kernel adds the copies in theirs. */
#ifndef NLG_ATTENTION_DQ_SUMS_CUH
#define NLG_ATTENTION_DQ_SUMS_CUH

#include "mma.cuh"
#include "params.cuh"

struct nlg_dq_sums {
  float *data;
  int64_t copy;      /* numbers from one copy to the next */
  int slots, copies; /* blocks per key head; copies of dQ, slots or 1 */

  /* The copy to which block `slot` adds. */
  __device__ inline float *of_slot(int slot) const { return copies == 1 ? data : data + slot * copy; }
};

/* Where tile m of M queries of (sequence, head) begins in a copy, M * D numbers in all. With variable lengths
 * the tiles of a sequence begin at q_begin / M + sequence: those before take no more. */
template <int M, int D>
__device__ inline int64_t nlg_dq_tile(const nlg_attention &a, const nlg_sequence &s, int sequence, int head,
                                      int m) {
  int64_t first = a.cu_q ? s.q_begin / M + sequence : sequence * nlg_ceil_div(a.nq, M);
  return ((first + m) * a.heads + head) * (M * D);
}

/* Zeros for tiles of M queries and N keys. */
template <int M, int N, int D>
inline nl_status nlg_dq_open(nlg_device *device, const nlg_attention *a, bool deterministic,
                             nlg_workspace<float> *room, nlg_dq_sums *sums) {
  int64_t tiles = a->cu_q ? a->total_q / M + a->sequences + 1 : a->sequences * nlg_ceil_div(a->nq, M);
  int64_t key_tiles = nlg_ceil_div(a->nk, N), slots = key_tiles;
  if (deterministic) {
    slots = nlg_ceil_div(device->properties.multiProcessorCount, (int64_t)a->kv_heads * a->sequences);
    if (slots > key_tiles) slots = key_tiles;
  }
  sums->slots = (int)slots, sums->copies = deterministic ? (int)slots : 1;
  sums->copy = tiles * a->heads * M * D;
  NL_TRY(room->take(sums->copies * sums->copy));
  sums->data = room->data;
  NLG_CUDA(cudaMemsetAsync(sums->data, 0, sums->copies * sums->copy * sizeof(float), device->stream));
  return NL_OK;
}

/* A thread's part of tile `tile` (nlg_dq_tile), MB x NB blocks: added to, and read as the sum of all
 * copies. */
template <int THREADS, int MB, int NB>
__device__ inline void nlg_dq_add(float *tile, const float (&dQ)[MB][NB][4]) {
  tile += threadIdx.x * 4;
#pragma unroll
  for (int i = 0; i < MB * NB; i++) nlg_add4(tile + i * THREADS * 4, dQ[i / NB][i % NB]);
}
template <int THREADS, int MB, int NB>
__device__ inline void nlg_dq_sum(const nlg_dq_sums &sums, int64_t tile, float (&dQ)[MB][NB][4]) {
#pragma unroll
  for (int i = 0; i < MB * NB; i++)
    for (int copy = 0; copy < sums.copies; copy++) {
      float4 x = *(const float4 *)(sums.data + copy * sums.copy + tile + (i * THREADS + threadIdx.x) * 4);
      float(&to)[4] = dQ[i / NB][i % NB];
      to[0] += x.x, to[1] += x.y, to[2] += x.z, to[3] += x.w;
    }
}

#endif
