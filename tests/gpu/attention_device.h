/* The plugin's side of the check: loads it, holds the operands of a problem on the device, runs a path. */
#ifndef TEST_ATTENTION_DEVICE_H
#define TEST_ATTENTION_DEVICE_H

#include "attention_oracle.h"
#include <dlfcn.h>
#include <stdio.h>

#ifndef NL_HEADERS
#define NL_HEADERS ""
#endif

static const nl_backend *gpu;
static void *device;

static bool not_interrupted(void) { return false; }

static void must(nl_status s) {
  if (s == NL_OK) return;
  printf("Bail out! %s: %s\n", nl_status_name(s), nl_message());
  exit(1);
}

/* NULL, or why there is no device: a normal answer, unlike a plugin that does not load. */
static const char *open_device(const char *path) {
  static const nl_host host = {nl_fail, not_interrupted};
  static char facts_text[256];
  const char *why = "";
  nl_device_facts facts;
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) must(nl_fail(NL_DEVICE, "%s", dlerror()));
  nl_backend_entry_function *entry;
  *(void **)&entry = dlsym(library, NL_BACKEND_ENTRY);
  if (!entry) must(nl_fail(NL_DEVICE, "it exports no " NL_BACKEND_ENTRY));
  gpu = entry(&host, NL_BACKEND_ABI, NL_HEADERS);
  if (!gpu) must(NL_DEVICE);
  if (gpu->count(&why) == 0) return why;
  must(gpu->open(0, &device, &facts));
  snprintf(facts_text, sizeof facts_text, "# %s, driver %s, runtime %s\n", facts.name, facts.driver,
           facts.runtime);
  fputs(facts_text, stdout);
  return NULL;
}

/* --- arrays --------------------------------------------------------------------------------------------- */

enum { GUARD = 256, POISON = 0xFF };

/* A block on the device with bytes behind it that nobody may write. */
typedef struct block {
  void *data;
  int64_t bytes;
} block;

static block block_new(int64_t bytes, const void *contents) {
  block b = {NULL, bytes};
  char *host = malloc((size_t)bytes + GUARD);
  memset(host, POISON, (size_t)bytes + GUARD);
  if (contents) memcpy(host, contents, (size_t)bytes);
  must(gpu->alloc(device, bytes + GUARD, NL_RESULT, &b.data));
  must(gpu->upload(device, b.data, host, bytes + GUARD));
  free(host);
  return b;
}

/* Its bytes, to be freed; *intact: nothing was written behind it. */
static char *block_read(const block *b, bool *intact) {
  char *host = malloc((size_t)b->bytes + GUARD);
  must(gpu->download(device, host, b->data, b->bytes + GUARD));
  for (int e = 0; e < GUARD; e++) *intact = *intact && (unsigned char)host[b->bytes + e] == POISON;
  return host;
}

static nl_dtype compute_of(nl_dtype dtype) { return dtype == NL_F64 ? NL_F64 : NL_F32; }

/* A 4-d operand of numbers in (B, H, N, D) order, on the device in a layout (attention_oracle.h). */
static nl_array operand_new(const double *x, nl_dtype dtype, const int64_t shape[4], int layout, block *b) {
  int64_t n = shape[0] * shape[1] * shape[2] * shape[3], size = nl_dtype_size(dtype), off = layout == 2;
  nl_array a = {.dtype = dtype, .ndim = 4};
  memcpy(a.shape, shape, 4 * sizeof *shape);
  a.stride[3] = 1;
  a.stride[2] = layout == 1 ? shape[1] * shape[3] : shape[3];
  a.stride[1] = layout == 1 ? shape[3] : shape[2] * shape[3];
  a.stride[0] = shape[1] * shape[2] * shape[3];
  char *host = calloc((size_t)(n + off) + 1, (size_t)size);
  for (int64_t e = 0; e < n; e++) {
    int64_t c = e % shape[3], r = e / shape[3] % shape[2], h = e / shape[3] / shape[2] % shape[1],
            i = e / shape[3] / shape[2] / shape[1];
    int64_t at = off + i * a.stride[0] + h * a.stride[1] + r * a.stride[2] + c;
    nl_dtype_store(dtype, host + at * size, x[e]);
  }
  *b = block_new((n + off) * size, host);
  free(host);
  a.data = (char *)b->data + off * size;
  return a;
}

/* A contiguous result, poisoned. */
static nl_array result_new(nl_dtype dtype, int ndim, const int64_t *shape, block *b) {
  nl_array a = {.dtype = dtype, .ndim = ndim};
  int64_t n = 1;
  for (int d = ndim - 1; d >= 0; d--) {
    a.shape[d] = shape[d];
    a.stride[d] = n;
    n *= shape[d];
  }
  *b = block_new(n * nl_dtype_size(dtype), NULL);
  a.data = b->data;
  return a;
}

/* --- a problem on the device ---------------------------------------------------------------------------- */

enum { Q, K, V, BIAS, DOUT, OUT, LSE, P, DQ, DK, DV, DBIAS, BLOCKS };

typedef struct operands {
  double *q, *k, *v, *bias, *dout; /* as the device's type holds them */
  nl_attention_pass pass;
  block blocks[BLOCKS];
} operands;

static double *random_numbers(int64_t n, nl_dtype dtype, double scale, uint64_t seed, uint64_t stream) {
  double *x = numbers(n);
  for (int64_t e = 0; e < n; e++) {
    x[e] = rounded(dtype, scale * nl_random_normal(seed, stream, (uint64_t)e));
    if (dtype == NL_F32) x[e] = (double)(float)x[e];
  }
  return x;
}

static int64_t longest(const int64_t *cu, int64_t n) {
  int64_t most = 0;
  for (int64_t s = 0; s < n; s++)
    if (cu[s + 1] - cu[s] > most) most = cu[s + 1] - cu[s];
  return most;
}

static void operands_new(const problem *p, operands *o) {
  const int64_t q[] = {p->B, p->H, p->Nq, p->D}, k[] = {p->B, p->Hkv, p->Nk, p->D},
                v[] = {p->B, p->Hkv, p->Nk, p->Dv};
  const int64_t out[] = {p->B, p->H, p->Nq, p->Dv}, full[] = {p->B, p->H, p->Nq, p->Nk};
  nl_attention_pass *a = &o->pass;
  memset(o, 0, sizeof *o);
  int64_t rows = p->B * p->H * p->Nq, keys = p->B * p->Hkv * p->Nk;
  /* where the scores are capped they must reach the cap */
  double wide = p->softcap > 0 ? 2 : 1;
  o->q = random_numbers(rows * p->D, p->dtype, wide, p->seed, 0);
  o->k = random_numbers(keys * p->D, p->dtype, wide, p->seed, 1);
  o->v = random_numbers(keys * p->Dv, p->dtype, 1, p->seed, 2);
  o->dout = random_numbers(rows * p->Dv, p->dtype, 1, p->seed, 3);
  a->q = operand_new(o->q, p->dtype, q, p->layout, &o->blocks[Q]);
  a->k = operand_new(o->k, p->dtype, k, p->layout, &o->blocks[K]);
  a->v = operand_new(o->v, p->dtype, v, p->layout, &o->blocks[V]);
  a->dout = operand_new(o->dout, p->dtype, out, p->layout, &o->blocks[DOUT]);
  if (p->bias != NO_BIAS) {
    int64_t shape[4];
    for (int d = 0; d < 4; d++) shape[d] = bias_length(p, d);
    o->bias = random_numbers(bias_count(p), p->dtype, 1, p->seed, 4);
    a->bias = operand_new(o->bias, p->dtype, shape, 0, &o->blocks[BIAS]);
    for (int d = 0; d < 4; d++) {
      if (shape[d] == 1) a->bias.stride[d] = 0;
      a->bias.shape[d] = full[d];
    }
    a->dbias = result_new(compute_of(p->dtype), 4, shape, &o->blocks[DBIAS]);
  }
  a->scale = 1 / sqrt((double)p->D);
  a->softcap = p->softcap;
  a->left = p->left, a->right = p->right;
  a->dropout = p->dropout;
  a->drop_below = (uint64_t)floor(p->dropout * 0x1p32);
  a->seed = p->seed;
  a->q_tile = a->k_tile = 64;
  a->sequences = p->sequences ? p->sequences : p->B;
  a->longest_q = p->sequences ? longest(p->cu_q, p->sequences) : p->Nq;
  a->longest_k = p->sequences ? longest(p->cu_k, p->sequences) : p->Nk;
  if (p->sequences) a->cu_q = p->cu_q, a->cu_k = p->cu_k;
  a->deterministic = true;
}

/* Fresh, poisoned results for a path of the family impl. */
static void results_new(const problem *p, operands *o, nl_attention_impl impl) {
  nl_attention_pass *a = &o->pass;
  const int64_t out[] = {p->B, p->H, p->Nq, p->Dv}, matrix[] = {p->B, p->H, p->Nq, p->Nk};
  a->impl = impl;
  a->out = result_new(p->dtype, 4, out, &o->blocks[OUT]);
  a->lse = result_new(compute_of(p->dtype), 3, out, &o->blocks[LSE]);
  a->dq = result_new(p->dtype, 4, a->q.shape, &o->blocks[DQ]);
  a->dk = result_new(p->dtype, 4, a->k.shape, &o->blocks[DK]);
  a->dv = result_new(p->dtype, 4, a->v.shape, &o->blocks[DV]);
  a->p = (nl_array){0};
  if (impl != NL_ATTENTION_STANDARD) return;
  int64_t total = 0;
  for (int64_t s = 0; s < p->sequences; s++)
    total += p->H * (p->cu_q[s + 1] - p->cu_q[s]) * (p->cu_k[s + 1] - p->cu_k[s]);
  a->p = p->sequences ? result_new(compute_of(p->dtype), 1, &total, &o->blocks[P])
                      : result_new(compute_of(p->dtype), 4, matrix, &o->blocks[P]);
}

static void results_free(operands *o) {
  for (int e = OUT; e < DBIAS; e++) {
    gpu->free(device, o->blocks[e].data);
    o->blocks[e] = (block){0};
  }
}

static void operands_free(operands *o) {
  for (int e = 0; e < BLOCKS; e++) gpu->free(device, o->blocks[e].data);
  double *all[] = {o->q, o->k, o->v, o->bias, o->dout};
  for (int e = 0; e < 5; e++) free(all[e]);
}

/* Can path do it? Anything but OK and UNSUPPORTED is a fault. */
static bool can(int path, nl_attention_pass *pass, bool backward) {
  int chosen = -1;
  pass->path = path;
  nl_status s = gpu->attention_path(device, pass, backward, &chosen);
  if (s == NL_UNSUPPORTED) return false;
  must(s);
  return true;
}

#endif
