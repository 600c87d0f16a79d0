/* Memory on the device: a pool that keeps what is freed and hands it out again, and counters.
 *
 * cudaMalloc costs tens of microseconds and cudaFree waits for the device, so freed blocks stay here. One
 * stream makes that safe: whatever still uses a block was queued before whatever gets it next. Sizes are
 * rounded to 512 B, from 1 MiB on to 2 MiB (the driver's pages); the smallest idle block that fits is taken
 * unless more than a quarter of it would lie waste. Counters hold the bytes asked for, not the rounded
 * ones, so that measured peaks can stand beside predicted ones. */
#include "ops.h"
#include <map>
#include <unordered_map>

struct block {
  int64_t bytes, rounded;
  nl_memory_kind kind;
};

struct nlg_pool {
  std::multimap<int64_t, void *> idle; /* by rounded size */
  std::unordered_map<void *, block> live;
  int64_t idle_bytes;
  nl_device_memory counts;
};

nl_status nlg_pool_open(nlg_device *device) {
  device->pool = new nlg_pool();
  return NL_OK;
}

static void count(nl_device_memory *m, nl_memory_kind kind, int64_t bytes) {
  m->live += bytes;
  m->live_kind[kind] += bytes;
  if (m->live > m->peak) m->peak = m->live;
  if (m->live_kind[kind] > m->peak_kind[kind]) m->peak_kind[kind] = m->live_kind[kind];
}

static int64_t round_up(int64_t bytes) {
  const int64_t step = bytes < (1 << 20) ? 512 : 2 << 20;
  return bytes < 1 ? step : nlg_ceil_div(bytes, step) * step;
}

/* A block out of the pool; nullptr when none fits well enough. */
static void *reuse(nlg_pool *pool, int64_t *rounded) {
  auto found = pool->idle.lower_bound(*rounded);
  if (found == pool->idle.end() || found->first > *rounded + *rounded / 4) return nullptr;
  void *block = found->second;
  *rounded = found->first;
  pool->idle_bytes -= found->first;
  pool->idle.erase(found);
  return block;
}

nl_status nlg_trim(void *handle) {
  nlg_device *device = nlg_use(handle);
  nlg_pool *pool = device->pool;
  while (!pool->idle.empty()) {
    auto first = pool->idle.begin();
    NLG_CUDA(cudaFree(first->second)); /* waits for what still uses it */
    pool->idle_bytes -= first->first;
    pool->idle.erase(first);
  }
  return NL_OK;
}

static nl_status refuse(const nlg_device *device, int64_t bytes) {
  size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  return nlg_fail(NL_NOMEM,
                  "out of GPU memory: %lld bytes wanted, %lld free of %lld on cuda:%d (numlab holds %lld "
                  "live and %lld pooled); free tensors, or use a smaller problem",
                  (long long)bytes, (long long)free, (long long)total, device->index,
                  (long long)device->pool->counts.live, (long long)device->pool->idle_bytes);
}

nl_status nlg_alloc(nlg_device *device, int64_t bytes, nl_memory_kind kind, void **out) {
  nlg_pool *pool = device->pool;
  if (bytes < 0 || bytes > INT64_MAX / 2) return refuse(device, bytes);
  int64_t rounded = round_up(bytes);
  void *fresh = reuse(pool, &rounded);
  if (!fresh) {
    cudaError_t error = cudaMalloc(&fresh, (size_t)rounded);
    if (error == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      NL_TRY(nlg_trim(device));
      error = cudaMalloc(&fresh, (size_t)rounded);
    }
    if (error == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      return refuse(device, bytes);
    }
    if (error != cudaSuccess) return nlg_cuda_status(error, "cudaMalloc", __FILE__, __LINE__);
  }
  pool->live[fresh] = {bytes, rounded, kind};
  count(&pool->counts, kind, bytes);
  *out = fresh;
  return NL_OK;
}

void nlg_free(nlg_device *device, void *pointer) {
  nlg_pool *pool = device->pool;
  auto found = pool->live.find(pointer);
  if (found == pool->live.end()) return;
  count(&pool->counts, found->second.kind, -found->second.bytes);
  pool->idle.emplace(found->second.rounded, pointer);
  pool->idle_bytes += found->second.rounded;
  pool->live.erase(found);
}

/* --- the table's ------------------------------------------------------------------------------------- */

nl_status nlg_backend_alloc(void *handle, int64_t bytes, nl_memory_kind kind, void **block) {
  return nlg_alloc(nlg_use(handle), bytes, kind, block);
}

void nlg_backend_free(void *handle, void *block) { nlg_free((nlg_device *)handle, block); }

nl_status nlg_memory(void *handle, nl_device_memory *out) {
  nlg_device *device = nlg_use(handle);
  size_t free, total;
  NLG_CUDA(cudaStreamSynchronize(device->stream));
  NLG_CUDA(cudaMemGetInfo(&free, &total));
  *out = device->pool->counts;
  out->pooled = device->pool->idle_bytes;
  out->free = (int64_t)free, out->total = (int64_t)total;
  return NL_OK;
}

void nlg_reset_peak(void *handle) {
  nl_device_memory *m = &((nlg_device *)handle)->pool->counts;
  m->peak = m->live;
  for (int k = 0; k < NL_MEMORY_KINDS; k++) m->peak_kind[k] = m->live_kind[k];
}
