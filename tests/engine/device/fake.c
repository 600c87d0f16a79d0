/* A plugin whose device is made of host memory, for tests on machines without one.
 *
 * Its addresses are host addresses with bit 62 flipped, which no processor takes: whoever reads a tensor of
 * this device without asking the device crashes at once. FAKE_DEVICE tells it what to be: "none" has no
 * device, "other" is of another build, "short" has a table with less in it, "poor" has room for 1 MB, "bare"
 * knows no library of linear algebra, "impatient" presses Ctrl-C in its second sparse product and polls in
 * sums. It copies, fills, does the four operations, sums and norms, products, elimination (fake_lu.h), and
 * products with sparse matrices and their sweeps by the plainest loops, and writes constants as attention;
 * what it leaves empty the engine must refuse by name. */
#include "fake_lu.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const nl_host *host;
static int64_t live, peak;
static double marks[8];

static const uintptr_t flipped = (uintptr_t)1 << 62;
static void *hidden(void *p) { return (void *)((uintptr_t)p ^ flipped); }
static void *real(const void *p) { return (void *)((uintptr_t)p ^ flipped); }

static bool is(const char *what) {
  const char *told = getenv("FAKE_DEVICE");
  return told && strcmp(told, what) == 0;
}

static int count(const char **why) {
  *why = "the fake device was told not to be here";
  return is("none") ? 0 : 2;
}

static nl_status open_device(int index, void **device, nl_device_facts *facts) {
  static int opened[2];
  opened[index]++;
  *device = &opened[index];
  *facts = (nl_device_facts){
      .name = "host memory", .driver = "1", .runtime = "2", .build = "3", .major = 9, .processors = 1};
  return NL_OK;
}

static nl_status take(void *device, int64_t bytes, nl_memory_kind kind, void **block) {
  (void)device, (void)kind;
  if (is("poor") && live + bytes > 1000000)
    return host->fail(NL_NOMEM, "out of GPU memory: %lld bytes wanted, %lld free", (long long)bytes,
                      (long long)(1000000 - live));
  int64_t *head = malloc((size_t)bytes + 64);
  if (!head) return host->fail(NL_NOMEM, "fake: no memory");
  *head = bytes;
  live += bytes;
  if (live > peak) peak = live;
  *block = hidden((char *)head + 64);
  return NL_OK;
}

static void give(void *device, void *block) {
  (void)device;
  if (!block) return;
  int64_t *head = (int64_t *)(void *)((char *)real(block) - 64);
  live -= *head;
  free(head);
}

static nl_status memory(void *device, nl_device_memory *out) {
  (void)device;
  *out = (nl_device_memory){.live = live, .peak = peak, .free = 1000000 - live, .total = 1000000};
  return NL_OK;
}

static void reset_peak(void *device) {
  (void)device;
  peak = live;
}

static nl_status upload(void *device, void *to, const void *from, int64_t bytes) {
  (void)device;
  memcpy(real(to), from, (size_t)bytes);
  return NL_OK;
}

static nl_status download(void *device, void *to, const void *from, int64_t bytes) {
  (void)device;
  memcpy(to, real(from), (size_t)bytes);
  return NL_OK;
}

static nl_status sync_device(void *device) {
  (void)device;
  return NL_OK;
}

static nl_status mark(void *device, int slot) {
  (void)device;
  marks[slot] = slot == 0 ? 0 : 0.25;
  return NL_OK;
}

static nl_status elapsed(void *device, int from, int to, double *seconds) {
  (void)device;
  *seconds = marks[to] - marks[from];
  return NL_OK;
}

/* --- tensors: f64 alone, element by element ------------------------------------------------------------- */

static int64_t size_of(const nl_array *a) {
  int64_t n = 1;
  for (int d = 0; d < a->ndim; d++) n *= a->shape[d];
  return n;
}

/* Element number i in row-major order. */
static double *at(const nl_array *a, int64_t i) {
  int64_t offset = 0;
  for (int d = a->ndim - 1; d >= 0; d--) {
    offset += i % a->shape[d] * a->stride[d];
    i /= a->shape[d];
  }
  return (double *)real(a->data) + offset;
}

static nl_status copy(void *device, const nl_array *src, const nl_array *dst) {
  (void)device;
  if (src->dtype != NL_F64 || dst->dtype != NL_F64)
    return host->fail(NL_UNSUPPORTED, "copy: the fake knows f64");
  for (int64_t i = 0; i < size_of(dst); i++) *at(dst, i) = *at(src, i);
  return NL_OK;
}

static nl_status fill(void *device, const nl_array *dst, double value) {
  (void)device;
  if (dst->dtype != NL_F64 && !(dst->dtype == NL_I64 && value == 0)) /* zeros of both have the same bits */
    return host->fail(NL_UNSUPPORTED, "fill: the fake knows f64");
  for (int64_t i = 0; i < size_of(dst); i++) *at(dst, i) = value;
  return NL_OK;
}

static nl_status binary(void *device, nl_binary_op op, nl_dtype compute, const nl_array *a, const nl_array *b,
                        const nl_array *out) {
  (void)device;
  if (op > NL_DIV || compute != NL_F64) return host->fail(NL_UNSUPPORTED, "the fake adds to divides f64");
  for (int64_t i = 0; i < size_of(out); i++) {
    double x = *at(a, i), y = *at(b, i);
    *at(out, i) = op == NL_ADD ? x + y : op == NL_SUB ? x - y : op == NL_MUL ? x * y : x / y;
  }
  return NL_OK;
}

static nl_status unary(void *device, nl_unary_op op, nl_dtype compute, const nl_array *a,
                       const nl_array *out) {
  (void)device;
  if (op != NL_ABS || compute != NL_F64) return host->fail(NL_UNSUPPORTED, "the fake takes |x| of f64");
  for (int64_t i = 0; i < size_of(out); i++) *at(out, i) = fabs(*at(a, i));
  return NL_OK;
}

static nl_status reduce(void *device, nl_reduction op, const nl_array *rows, int64_t n, const nl_array *out) {
  (void)device;
  if (op != NL_REDUCE_SUM && op < NL_REDUCE_NORM_1)
    return host->fail(NL_UNSUPPORTED, "the fake takes sums and norms");
  if (is("impatient") && host->interrupted()) return host->fail(NL_INTERRUPTED, "reduce: interrupted");
  for (int64_t i = 0; i < size_of(out); i++) {
    double all = 0;
    for (int64_t k = 0; k < n; k++) {
      double x = *at(rows, i * n + k);
      if (op != NL_REDUCE_NORM_INF) all += op == NL_REDUCE_SUM ? x : op == NL_REDUCE_NORM_1 ? fabs(x) : x * x;
      else all = fake_largest(all, x);
    }
    *at(out, i) = op == NL_REDUCE_NORM_2 ? sqrt(all) : all;
  }
  return NL_OK;
}

static nl_status matmul(void *device, const nl_array *A, const nl_array *B, const nl_array *C) {
  (void)device;
  if (C->dtype != NL_F64 || C->ndim != 2)
    return host->fail(NL_UNSUPPORTED, "the fake multiplies f64 matrices");
  int64_t m = C->shape[0], n = C->shape[1], k = A->shape[1];
  for (int64_t i = 0; i < m * n; i++) {
    double sum = 0;
    for (int64_t p = 0; p < k; p++) sum += *at(A, i / n * k + p) * *at(B, p * n + i % n);
    *at(C, i) = sum;
  }
  return NL_OK;
}

/* --- linear systems: f64 alone -------------------------------------------------------------------------- */

static nl_status lu_factor(void *device, const nl_array *A, int64_t block, int64_t *row_of,
                           nl_lu_facts *facts) {
  (void)device, (void)block;
  if (A->dtype != NL_F64) return host->fail(NL_UNSUPPORTED, "lu: the fake knows f64");
  fake_eliminate(real(A->data), A->shape[0], row_of, facts);
  return NL_OK;
}

static nl_status lu_solve(void *device, const nl_array *LU, const int64_t *row_of, const nl_array *X) {
  (void)device;
  int64_t n = X->shape[0], k = X->shape[1];
  double *y = malloc((size_t)n * sizeof *y);
  for (int64_t j = 0; j < k; j++)
    fake_substitute(real(LU->data), n, row_of, (double *)real(X->data) + j, k, y);
  free(y);
  return NL_OK;
}

static nl_status lu_solve_transposed(void *device, const nl_array *LU, const int64_t *row_of,
                                     const nl_array *x) {
  (void)device;
  double *y = malloc((size_t)x->shape[0] * sizeof *y);
  fake_substitute_transposed(real(LU->data), x->shape[0], row_of, real(x->data), y);
  free(y);
  return NL_OK;
}

static nl_status library_prepare(void *device) {
  (void)device;
  return is("bare") ? host->fail(NL_UNAVAILABLE, "cusolver: the fake was told to have none") : NL_OK;
}

/* By columns: A is turned, eliminated by rows, and each right-hand side lies in one piece. */
static nl_status library_solve(void *device, const nl_array *A, const nl_array *X, nl_lu_facts *facts) {
  (void)device;
  int64_t n = X->shape[1], k = X->shape[0];
  double *F = malloc((size_t)(n * n) * sizeof *F), *y = malloc((size_t)n * sizeof *y);
  int64_t *row_of = malloc((size_t)n * sizeof *row_of);
  for (int64_t i = 0; i < n * n; i++) F[i] = *at(A, i % n * n + i / n);
  fake_eliminate(F, n, row_of, facts);
  for (int64_t j = 0; j < k && !facts->singular_column; j++)
    fake_substitute(F, n, row_of, (double *)real(X->data) + j * n, 1, y);
  free(F), free(y), free(row_of);
  return NL_OK;
}

/* --- sparse matrices ------------------------------------------------------------------------------------ */

/* sum_j s_ij x_jc, and s_ii */
static double row_times(const nl_sparse *S, int64_t i, const double *X, int64_t k, int64_t c,
                        double *diagonal) {
  const int64_t *start = real(S->start);
  const int32_t *index = real(S->index);
  const double *values = real(S->values), *x = real(X);
  double sum = 0;
  *diagonal = 0;
  for (int64_t p = start[i]; p < start[i + 1]; p++) {
    sum += values[p] * x[index[p] * k + c];
    if (index[p] == i) *diagonal = values[p];
  }
  return sum;
}

static nl_status sparse_apply(void *device, const nl_sparse *S, const double *X, int64_t k, double *Y) {
  (void)device;
  static int products; /* since it became impatient */
  products = is("impatient") ? products + 1 : 0;
  if (products == 2) raise(SIGINT);
  double *y = real(Y), unused;
  for (int64_t i = 0; i < S->rows; i++)
    for (int64_t c = 0; c < k; c++) y[i * k + c] = row_times(S, i, X, k, c, &unused);
  return NL_OK;
}

/* From the last row to the first: the order must not matter. */
static nl_status sparse_relax(void *device, const nl_sparse *S, int64_t first, int64_t count, double omega,
                              const double *B, int64_t k, double *X) {
  (void)device;
  const double *b = real(B);
  double *x = real(X), diagonal;
  for (int64_t i = first + count; i-- > first;)
    for (int64_t c = 0; c < k; c++) {
      double sum = row_times(S, i, X, k, c, &diagonal);
      x[i * k + c] += omega * (b[i * k + c] - sum) / diagonal;
    }
  return NL_OK;
}

/* --- attention: out 1 + path, lse 3, gradients 4 .. 7, and what the pass must hold is checked ----------- */

static const nl_attention_path paths[] = {{"fake_first", NL_ATTENTION_FLASH, "ones", false},
                                          {"fake_second", NL_ATTENTION_FLASH, "twos", false},
                                          {"standard", NL_ATTENTION_STANDARD, "threes", false}};

static nl_status choose(void *device, const nl_attention_pass *pass, bool backward, int *path) {
  (void)device, (void)backward;
  *path = pass->path >= 0 ? pass->path : pass->impl == NL_ATTENTION_STANDARD ? 2 : 0;
  if (pass->softcap > 0)
    return host->fail(NL_UNSUPPORTED, "attention: path '%s' has no softcap", paths[*path].name);
  return NL_OK;
}

static nl_status forward(void *device, const nl_attention_pass *pass) {
  if (pass->q.stride[3] != 1 || pass->k.stride[3] != 1 || pass->v.stride[3] != 1)
    return host->fail(NL_INTERNAL, "rows with gaps");
  fill(device, &pass->out, 1 + pass->path);
  if (pass->p.data) fill(device, &pass->p, 9);
  return fill(device, &pass->lse, 3);
}

static nl_status backward(void *device, const nl_attention_pass *pass) {
  if (*at(&pass->lse, 0) != 3) return host->fail(NL_INTERNAL, "another lse than forward wrote");
  fill(device, &pass->dq, 4);
  fill(device, &pass->dk, 5);
  fill(device, &pass->dv, 6);
  return pass->dbias.data ? fill(device, &pass->dbias, 7) : NL_OK;
}

static nl_backend backend = {.abi = NL_BACKEND_ABI,
                             .size = sizeof(nl_backend),
                             .name = "cuda",
                             .count = count,
                             .open = open_device,
                             .alloc = take,
                             .free = give,
                             .memory = memory,
                             .reset_peak = reset_peak,
                             .upload = upload,
                             .download = download,
                             .sync = sync_device,
                             .mark = mark,
                             .elapsed = elapsed,
                             .copy = copy,
                             .fill = fill,
                             .binary = binary,
                             .unary = unary,
                             .reduce = reduce,
                             .matmul = matmul,
                             .lu_factor = lu_factor,
                             .lu_solve = lu_solve,
                             .lu_solve_transposed = lu_solve_transposed,
                             .library_prepare = library_prepare,
                             .library_solve = library_solve,
                             .sparse_apply = sparse_apply,
                             .sparse_relax = sparse_relax,
                             .paths = paths,
                             .path_count = 3,
                             .attention_path = choose,
                             .attention_forward = forward,
                             .attention_backward = backward};

const nl_backend *nl_backend_entry(const nl_host *given, uint32_t abi, const char *headers);

__attribute__((visibility("default"))) const nl_backend *nl_backend_entry(const nl_host *given, uint32_t abi,
                                                                          const char *headers) {
  host = given;
  if (is("other") || abi != NL_BACKEND_ABI) {
    host->fail(NL_UNAVAILABLE, "it was built from other headers (%s) than this program", headers);
    return NULL;
  }
  if (is("short")) backend.size -= sizeof(void *);
  return &backend;
}
