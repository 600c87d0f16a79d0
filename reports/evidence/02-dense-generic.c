/* Measures own elimination beside OpenBLAS's dgesv in one process, contestants interleaved, medians of
 * repeats: gcc -O2 -Iengine/include -Iengine reports/evidence/02-dense-generic.c build/libnumlab.a -lm -ldl
 * -o build/measure OPENBLAS_CORETYPE=SkylakeX OPENBLAS_NUM_THREADS=1 NUMLAB_THREADS=1 build/measure 2000 5
 * Every result is checked by HPL's ratio before its time counts. */
#include "dense/gemm.h"
#include "solver/method.h"
#include <dlfcn.h>
#include <math.h>
#include <numlab/clock.h>
#include <numlab/parallel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GEMM, GAUSS, LU, DGEMM, DGESV, CONTESTANTS, MOST_REPEATS = 25 };
static const char *const names[] = {"gemm", "gauss", "lu", "dgemm (OpenBLAS)", "dgesv (OpenBLAS)"};

typedef void dgesv_function(int *n, int *k, double *A, int *lda, int *pivot, double *B, int *ldb, int *code);
typedef void dgemm_function(const char *, const char *, int *, int *, int *, double *, double *, int *,
                            double *, int *, double *, double *, int *);

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double hpl(int n, const double *A, const double *x, const double *b) {
  double r = 0, a = 0, xs = 0, bs = 0;
  for (int i = 0; i < n; i++) {
    double t = b[i], sum = 0;
    for (int j = 0; j < n; j++) t -= A[i * n + j] * x[j], sum += fabs(A[i * n + j]);
    r = fmax(r, fabs(t)), a = fmax(a, sum), xs = fmax(xs, fabs(x[i])), bs = fmax(bs, fabs(b[i]));
  }
  return r / (0x1p-53 * (a * xs + bs) * n);
}

int main(int argc, char **argv) {
  int n = argc > 1 ? atoi(argv[1]) : 500, repeats = argc > 2 ? atoi(argv[2]) : 9, one = 1, code;
  void *library = dlopen("libopenblas.so.0", RTLD_NOW);
  if (!library || repeats > MOST_REPEATS) return 1;
  dgesv_function *dgesv = (dgesv_function *)dlsym(library, "dgesv_");
  dgemm_function *dgemm = (dgemm_function *)dlsym(library, "dgemm_");
  char *(*corename)(void) = (char *(*)(void))dlsym(library, "openblas_get_corename");
  size_t bytes = sizeof(double) * (size_t)n * (size_t)n;
  double *a = malloc(bytes), *C = malloc(bytes), *b = malloc(bytes), *x = malloc(bytes), unit = 1, none = 0;
  int *pivot = malloc(sizeof *pivot * (size_t)n);
  int64_t shape[2] = {n, n};
  nl_tensor A;
  if (nl_tensor_new(NL_F64, 2, shape, &A) != NL_OK) return 1;
  srand(1);
  for (int i = 0; i < n * n; i++) a[i] = rand() / (double)RAND_MAX - 0.5;
  for (int i = 0; i < n; i++) b[i] = rand() / (double)RAND_MAX - 0.5;
  memcpy(nl_tensor_data(&A), a, bytes);
  nl_system s = {.A = {&A, NULL}, .dtype = NL_F64, .n = n, .k = 1, .B = b, .X = x};
  nl_solve_options o = {.method = ""};
  double seconds[CONTESTANTS][MOST_REPEATS];
  for (int r = -1; r < repeats; r++)
    for (int c = 0; c < CONTESTANTS; c++) {
      nl_solve_info info = {.where = 0};
      if (c == DGESV) {
        for (int i = 0; i < n; i++)
          for (int j = 0; j < n; j++) C[(size_t)j * n + i] = a[(size_t)i * n + j];
        memcpy(x, b, sizeof *x * (size_t)n);
      }
      usleep(20000); /* pools fall asleep */
      double start = nl_clock();
      if (c == GEMM) nl_gemm_f64(n, n, n, 1, a, n, 1, a, n, 1, 0, C, n);
      if (c == GAUSS) nl_method_gauss.run(&s, &o, &info);
      if (c == LU) nl_method_lu.run(&s, &o, &info);
      if (c == DGEMM) dgemm("N", "N", &n, &n, &n, &unit, a, &n, a, &n, &none, C, &n);
      if (c == DGESV) dgesv(&n, &one, C, &n, pivot, x, &n, &code);
      double took = c == GAUSS || c == LU ? info.seconds : nl_clock() - start;
      if (r >= 0) seconds[c][r] = took;
      if ((c == GAUSS || c == LU || c == DGESV) && !(hpl(n, a, x, b) < 16))
        return printf("%s is wrong\n", names[c]), 1;
    }
  printf("n %d, %s, threads %d\n", n, corename(), nl_threads());
  for (int c = 0; c < CONTESTANTS; c++) qsort(seconds[c], (size_t)repeats, sizeof(double), ascending);
  for (int c = 0; c < CONTESTANTS; c++) {
    double median = seconds[c][repeats / 2], flops = (c == GEMM || c == DGEMM ? 2. : 2. / 3) * n * n * n;
    int base = c == GEMM || c == DGEMM ? DGEMM : DGESV;
    printf("%-18s %9.5f s  min %9.5f  %6.1f GF/s  %6.2f of OpenBLAS's time\n", names[c], median,
           seconds[c][0], 1e-9 * flops / median, median / seconds[base][repeats / 2]);
  }
  return 0;
}
