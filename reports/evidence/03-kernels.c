/* Measures own matrix products beside OpenBLAS's on one thread, in one process, contestants interleaved, medians of the
 * thread's CPU time; every result is compared with OpenBLAS's before its time counts:
 *   gcc -O2 -D_GNU_SOURCE -Iengine/include -Iengine reports/evidence/03-kernels.c build/libnumlab.a -lm -o build/measure
 *   OPENBLAS_CORETYPE=SkylakeX OPENBLAS_NUM_THREADS=1 build/measure [REPEATS]
 * Prints, for each type, shape and level: GF/s, and the ratio to OpenBLAS. T: B is a transpose; ld: numbers from row to row. */
#include "cpu/kernels.h"
#include "dense/gemm.h"
#include <dlfcn.h>
#include <math.h>
#include <numlab/parallel.h>
#include <numlab/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { OURS, BLAS, CONTESTANTS, MOST_REPEATS = 64 };

typedef struct shape {
  int m, n, k;
  bool turned;
  int ld; /* 0: rows without gaps */
} shape;

static const shape shapes[] = {
    {64, 64, 64, true, 0},     {64, 64, 64, false, 0},       {128, 64, 128, true, 0},
    {64, 128, 64, false, 0},   {64, 64, 64, true, 1024},     {64, 64, 64, false, 1024},
    {8, 64, 64, true, 0},      {1, 64, 64, false, 0},        {100, 100, 100, false, 0},
    {500, 500, 500, false, 0}, {1000, 1000, 1000, false, 0}, {2000, 2000, 2000, false, 0}};

typedef void gemm_function(const char *, const char *, const int *, const int *, const int *, const void *,
                           const void *, const int *, const void *, const int *, const void *, void *,
                           const int *);

typedef struct product {
  shape s;
  nl_dtype type;
  gemm_function *blas;
  int lda, ldb;
  void *A, *B, *C, *D, *room; /* C: ours, D: OpenBLAS's */
} product;

static double cpu_time(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void multiply(const product *p, int who) {
  const shape *s = &p->s;
  int64_t row = s->turned ? 1 : p->ldb, col = s->turned ? p->ldb : 1;
  if (who == OURS && p->type == NL_F32)
    nl_gemm_in_f32(p->room, s->m, s->n, s->k, 1, p->A, p->lda, 1, p->B, row, col, 0, p->C, s->n);
  else if (who == OURS)
    nl_gemm_in_f64(p->room, s->m, s->n, s->k, 1, p->A, p->lda, 1, p->B, row, col, 0, p->C, s->n);
  else { /* column-major: D' = B' A' */ const float one = 1, zero = 0;
    const double one_f64 = 1, zero_f64 = 0;
    bool f32 = p->type == NL_F32;
    p->blas(s->turned ? "T" : "N", "N", &s->n, &s->m, &s->k, f32 ? (const void *)&one : &one_f64, p->B,
            &p->ldb, p->A, &p->lda, f32 ? (const void *)&zero : &zero_f64, p->D, &s->n);
  }
}

static void check(const product *p) {
  double tolerance = p->type == NL_F32 ? 1e-4 : 1e-12;
  for (int64_t i = 0; i < (int64_t)p->s.m * p->s.n; i++) {
    int64_t at = i * nl_dtype_size(p->type);
    double c = nl_dtype_load(p->type, (char *)p->C + at), d = nl_dtype_load(p->type, (char *)p->D + at);
    if (!(fabs(c - d) <= tolerance * p->s.k)) {
      fprintf(stderr, "element %lld: %g, OpenBLAS has %g\n", (long long)i, c, d);
      exit(1);
    }
  }
}

static void measure(const product *p, int repeats) {
  double seconds[CONTESTANTS][MOST_REPEATS], work = 2.0 * p->s.m * p->s.n * p->s.k;
  int calls = (int)(2e7 / work) + 1;
  for (int who = 0; who < CONTESTANTS; who++) multiply(p, who);
  check(p);
  for (int r = 0; r < repeats; r++)
    for (int who = 0; who < CONTESTANTS; who++) {
      double start = cpu_time();
      for (int i = 0; i < calls; i++) multiply(p, who);
      seconds[who][r] = (cpu_time() - start) / calls;
    }
  for (int who = 0; who < CONTESTANTS; who++) qsort(seconds[who], (size_t)repeats, sizeof(double), ascending);
  double ours = seconds[OURS][repeats / 2], blas = seconds[BLAS][repeats / 2];
  printf("  %s %.1f (%.2f of %.1f)", nl_cpu_level_name(nl_cpu_level_of_kernels()), work / ours * 1e-9,
         blas / ours, work / blas * 1e-9);
}

int main(int argc, char **argv) {
  int repeats = argc > 1 ? atoi(argv[1]) : 11;
  void *library = dlopen("libopenblas.so.0", RTLD_NOW);
  if (!library || repeats < 1 || repeats > MOST_REPEATS || nl_threads_set(1) != NL_OK) return 1;
  for (nl_dtype type = NL_F64; type <= NL_F32; type++)
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
      const shape *s = &shapes[i];
      product p = {.s = *s,
                   .type = type,
                   .lda = s->ld ? s->ld : s->k,
                   .ldb = s->ld       ? s->ld
                          : s->turned ? s->k
                                      : s->n};
      p.blas = (gemm_function *)dlsym(library, type == NL_F32 ? "sgemm_" : "dgemm_");
      nl_tensor A, B;
      if (nl_tensor_new(type, 2, (int64_t[]){s->m, p.lda}, &A) != NL_OK ||
          nl_tensor_new(type, 2, (int64_t[]){s->turned ? s->n : s->k, p.ldb}, &B) != NL_OK)
        return 1;
      nl_random_fill_normal(&A, 1, 1);
      nl_random_fill_normal(&B, 1, 2);
      p.A = nl_tensor_data(&A), p.B = nl_tensor_data(&B);
      p.C = calloc((size_t)s->m * (size_t)s->n, 8), p.D = calloc((size_t)s->m * (size_t)s->n, 8);
      printf("%s %d x %d x %d%s%s:", nl_dtype_name(type), s->m, s->n, s->k, s->turned ? " T" : "",
             s->ld ? ", ld 1024" : "");
      for (int level = 0; level <= (int)nl_cpu_detected() && level <= NL_CPU_AVX512; level++) {
        if (nl_kernels_use((nl_cpu_level)level) != NL_OK) return 1;
        int64_t room =
            type == NL_F32 ? nl_gemm_room_f32(s->m, s->n, s->k) : nl_gemm_room_f64(s->m, s->n, s->k);
        p.room = nl_alloc(room, 8, NL_WORKSPACE);
        measure(&p, repeats);
        nl_free(p.room);
      }
      puts("");
      free(p.C), free(p.D);
      nl_tensor_release(&A), nl_tensor_release(&B);
    }
  return 0;
}
