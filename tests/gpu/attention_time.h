/* Times of the paths by the device's events: the shapes that libraries are compared at (B N = 16384, H D =
 * 2048) and the handout's. Each call has inputs of its own from a ring larger than the second-level cache;
 * the median of the repeats. TFLOP/s by FlashAttention's formula: forward 4 B H Nq Nk D, half of it under a
 * causal mask, backward 2.5 times that, whatever a path really computes. */
#ifndef TEST_ATTENTION_TIME_H
#define TEST_ATTENTION_TIME_H

#include "attention_device.h"

enum { REPEATS = 7, MOST_RING = 32, RING_BYTES = 192 << 20 };

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static nl_array random_array(nl_dtype dtype, const int64_t shape[4], uint64_t seed) {
  nl_array a = {.dtype = dtype, .ndim = 4};
  int64_t n = 1;
  for (int d = 3; d >= 0; d--) {
    a.shape[d] = shape[d];
    a.stride[d] = n;
    n *= shape[d];
  }
  must(gpu->alloc(device, n * nl_dtype_size(dtype), NL_RESULT, &a.data));
  must(gpu->random(device, true, &a, seed, 0));
  return a;
}

/* Median seconds of a pass over the ring; NaN where it does not run (out of memory, say). */
static double seconds_of(nl_attention_pass *ring, int count, bool backward) {
  double times[REPEATS], total = 0;
  int n = 0;
  for (int r = -1; r < REPEATS && (r < 2 || total < 2); r++) {
    nl_attention_pass *pass = &ring[(r + 1) % count];
    must(gpu->mark(device, 0));
    nl_status s = backward ? gpu->attention_backward(device, pass) : gpu->attention_forward(device, pass);
    if (s != NL_OK) return (double)NAN;
    must(gpu->mark(device, 1));
    double t;
    must(gpu->elapsed(device, 0, 1, &t));
    if (r >= 0) times[n++] = t, total += t;
  }
  qsort(times, (size_t)n, sizeof *times, by_value);
  return times[n / 2];
}

static void time_shape(nl_dtype dtype, int64_t B, int64_t H, int64_t N, int64_t D, bool causal,
                       const bool *wanted) {
  const int64_t shape[] = {B, H, N, D};
  int64_t bytes = B * H * N * D * nl_dtype_size(dtype), count = RING_BYTES / (4 * bytes) + 1;
  if (count > MOST_RING) count = MOST_RING;
  nl_attention_pass ring[MOST_RING] = {0};
  for (int64_t e = 0; e < count; e++) {
    nl_attention_pass *a = &ring[e];
    nl_array *all[] = {&a->q, &a->k, &a->v, &a->dout, &a->out, &a->dq, &a->dk, &a->dv};
    for (int x = 0; x < 8; x++) *all[x] = random_array(dtype, shape, (uint64_t)(8 * e + x));
    a->lse = random_array(compute_of(dtype), (int64_t[]){1, B, H, N}, 1);
    a->lse.ndim = 3;
    memcpy(a->lse.shape, shape, 3 * sizeof *shape);
    a->lse.stride[0] = H * N, a->lse.stride[1] = N, a->lse.stride[2] = 1;
    a->scale = 1 / sqrt((double)D);
    a->left = -1, a->right = causal ? 0 : -1;
    a->sequences = B, a->longest_q = a->longest_k = N;
    a->q_tile = a->k_tile = 64;
    a->deterministic = true;
  }
  for (int path = 0; path < gpu->path_count; path++) {
    if (!wanted[path]) continue;
    for (int64_t e = 0; e < count; e++) ring[e].impl = gpu->paths[path].impl, ring[e].path = path;
    if (!can(path, &ring[0], false)) continue;
    nl_array p = {0};
    if (ring[0].impl ==
        NL_ATTENTION_STANDARD) { /* one P for all: it is far larger than the cache, or small */
      const int64_t matrix[] = {B, H, N, N};
      p = (nl_array){.dtype = compute_of(dtype), .ndim = 4, .stride = {H * N * N, N * N, N, 1}};
      memcpy(p.shape, matrix, sizeof matrix);
      if (gpu->alloc(device, B * H * N * N * nl_dtype_size(p.dtype), NL_RESULT, &p.data) != NL_OK) {
        printf("%-12s %-4s B=%-3d H=%-3d N=%-6d D=%-4d %-6s   no memory for P\n", gpu->paths[path].name,
               nl_dtype_name(dtype), (int)B, (int)H, (int)N, (int)D, causal ? "causal" : "full");
        continue;
      }
    }
    for (int64_t e = 0; e < count; e++) ring[e].p = p;
    double flops = 4.0 * (double)B * (double)H * (double)N * (double)N * (double)D * (causal ? 0.5 : 1);
    double forward = seconds_of(ring, (int)count, false), backward = (double)NAN;
    /* a ring of one P has gradients of the last forward pass alone: the arithmetic is the same */
    if (can(path, &ring[0], true)) {
      for (int64_t e = 0; e < count; e++) {
        ring[e].path = path;
        if (!isnan(forward)) must(gpu->attention_forward(device, &ring[e]));
      }
      if (!isnan(forward)) backward = seconds_of(ring, (int)count, true);
    }
    printf("%-12s %-4s B=%-3d H=%-3d N=%-6d D=%-4d %-6s forward %9.3f ms %7.1f TFLOP/s   backward %9.3f ms "
           "%7.1f TFLOP/s\n",
           gpu->paths[path].name, nl_dtype_name(dtype), (int)B, (int)H, (int)N, (int)D,
           causal ? "causal" : "full", forward * 1e3, flops / forward * 1e-12, backward * 1e3,
           2.5 * flops / backward * 1e-12);
    gpu->free(device, p.data);
  }
  for (int64_t e = 0; e < count; e++) {
    nl_attention_pass *a = &ring[e];
    nl_array *all[] = {&a->q, &a->k, &a->v, &a->dout, &a->out, &a->dq, &a->dk, &a->dv, &a->lse};
    for (int x = 0; x < 9; x++) gpu->free(device, all[x]->data);
  }
}

/* only: a dtype, or -1 for all. */
static int time_paths(const bool *wanted, int only) {
  static const nl_dtype dtypes[] = {NL_F64, NL_F32, NL_F16, NL_BF16};
  static const int64_t lengths[] = {1024, 4096, 16384}, widths[] = {64, 128, 256};
  for (int d = 0; d < 4; d++) {
    if (only >= 0 && (int)dtypes[d] != only) continue;
    if (dtypes[d] <= NL_F32)
      for (int64_t D = 8; D <= 32; D *= 2) time_shape(dtypes[d], 2, 8, 4096, D, false, wanted);
    for (int w = 0; w < 3; w++)
      for (int n = 0; n < 3; n++)
        for (int causal = 0; causal < 2; causal++)
          time_shape(dtypes[d], 16384 / lengths[n], 2048 / widths[w], lengths[n], widths[w], causal, wanted);
  }
  return 0;
}

#endif
