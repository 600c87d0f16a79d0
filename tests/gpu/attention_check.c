/* Every attention path of a device plugin against plain double loops on the host, forward and backward.
 *
 *   attention_check PLUGIN [--small | --tiny] [--time] [--dtype f32] [path ...]
 *
 * Prints TAP: a line for each path and type with the largest error as a share of what is allowed, and a
 * comment for each result beyond it. What a path says it cannot do is left out. Without a device: one line
 * that says why, and success. --small, --tiny: grids for compute-sanitizer. --time: no check but times, on
 * the shapes of attention_time.h.
 *
 * Allowed: f64 1e-12 and f32 1e-5 in |got - want| / |want| (Frobenius; |want| at least what it would be if
 * nothing cancelled, for gradients that are zero by their nature); f16 and bf16 by FlashAttention's rule, at
 * the worst element: twice the error of a naive implementation in that type, a rounding unit of the type, and
 * its epsilon times the element's size had nothing cancelled. */
#include "attention_properties.h"
#include "attention_time.h"

typedef struct tally {
  int forward, backward, failed;
  double worst;
  char where[256];
} tally;

static const char *text(const problem *p) {
  static char line[256];
  snprintf(line, sizeof line,
           "B=%d H=%d/%d N=%dx%d D=%d/%d window=%d,%d softcap=%g dropout=%g bias=%d sequences=%d layout=%d",
           (int)p->B, (int)p->H, (int)p->Hkv, (int)p->Nq, (int)p->Nk, (int)p->D, (int)p->Dv, (int)p->left,
           (int)p->right, p->softcap, p->dropout, p->bias, (int)p->sequences, p->layout);
  return line;
}

/* Equal infinities agree; NaN is infinitely far from all. */
static double apart(double got, double want) {
  double d = fabs(got - want);
  if (got == want) return 0;
  return isnan(d) ? (double)INFINITY : d;
}

/* Error of a result as a share of what is allowed. */
static double share(nl_dtype dtype, const double *got, const double *want, const double *rough, double size,
                    int64_t n) {
  double error = 0, norm = 0, worst = 0, naive = 0, unit = 0;
  for (int64_t e = 0; e < n; e++) {
    double d = apart(got[e], want[e]), r = rough ? apart(rough[e], want[e]) : 0;
    error += d * d;
    if (isfinite(want[e])) norm += want[e] * want[e];
    if (d > worst) worst = d;
    if (r > naive) naive = r;
    double x = rounded(dtype, want[e]), u = 2 * fabs(rounded(dtype, rounded(dtype, x + 0.3) - 0.3) - x);
    if (u > unit) unit = u;
  }
  if (rough) {
    double typical = size / sqrt((double)n + 1), epsilon = dtype == NL_F16 ? 0x1p-11 : 0x1p-8;
    return worst == 0 ? 0 : worst / (2 * naive + unit + epsilon * typical);
  }
  norm = sqrt(norm) > size ? sqrt(norm) : size;
  return error == 0 ? 0 : sqrt(error) / (norm * (dtype == NL_F64 ? 1e-12 : 1e-5));
}

static void judge(const problem *p, const char *path, const char *what, const block *b, nl_dtype dtype,
                  const double *want, const double *rough, double size, int64_t n, tally *t) {
  bool intact = true;
  char *bytes = block_read(b, &intact);
  double *got = numbers(n);
  for (int64_t e = 0; e < n; e++) got[e] = nl_dtype_load(dtype, bytes + e * nl_dtype_size(dtype));
  double s = share(p->dtype, got, want, rough, size, n);
  if (s > t->worst) {
    t->worst = s;
    snprintf(t->where, sizeof t->where, "%s of %s", what, text(p));
  }
  if (!(s <= 1) || !intact) {
    if (t->failed++ < 20)
      printf("# %s %s: %s of %s: %s, error %g of the allowed\n", path, nl_dtype_name(p->dtype), what, text(p),
             intact ? "too far off" : "wrote behind its end", s);
  }
  free(got);
  free(bytes);
}

/* --- one problem, every path ---------------------------------------------------------------------------- */

static void check_problem(const problem *p, const bool *wanted, tally *tallies) {
  operands o;
  operands_new(p, &o);
  bool low = p->dtype == NL_F16 || p->dtype == NL_BF16;
  answers want = oracle(p, o.q, o.k, o.v, o.bias, o.dout, NL_F64), rough = {0};
  if (low) rough = oracle(p, o.q, o.k, o.v, o.bias, o.dout, p->dtype);
  nl_dtype compute = compute_of(p->dtype);
  int64_t rows = p->B * p->H * p->Nq, keys = p->B * p->Hkv * p->Nk;
  for (int path = 0; path < gpu->path_count; path++) {
    tally *t = &tallies[path];
    const char *name = gpu->paths[path].name;
    if (!wanted[path]) continue;
    results_new(p, &o, gpu->paths[path].impl);
    if (can(path, &o.pass, false)) {
      t->forward++;
      must(gpu->attention_forward(device, &o.pass));
      judge(p, name, "out", &o.blocks[OUT], p->dtype, want.out, rough.out, want.out_size, rows * p->Dv, t);
      judge(p, name, "lse", &o.blocks[LSE], compute, want.lse, rough.lse, sqrt((double)rows), rows, t);
      if (can(path, &o.pass, true)) {
        t->backward++;
        must(gpu->attention_backward(device, &o.pass));
        judge(p, name, "dq", &o.blocks[DQ], p->dtype, want.dq, rough.dq, want.dq_size, rows * p->D, t);
        judge(p, name, "dk", &o.blocks[DK], p->dtype, want.dk, rough.dk, want.dk_size, keys * p->D, t);
        judge(p, name, "dv", &o.blocks[DV], p->dtype, want.dv, rough.dv, want.dv_size, keys * p->Dv, t);
        if (o.bias)
          judge(p, name, "dbias", &o.blocks[DBIAS], compute, want.dbias, rough.dbias, want.dbias_size,
                bias_count(p), t);
      }
    }
    results_free(&o);
  }
  answers_free(&want);
  if (low) answers_free(&rough);
  operands_free(&o);
}

/* --- the grid ------------------------------------------------------------------------------------------- */

static const int64_t sizes[][2] = {{1, 1}, {3, 799}, {64, 128},  {113, 203}, {128, 217}, {239, 1},
                                   {0, 5}, {5, 0},   {512, 512}, {799, 3},   {65, 64}};
static const int64_t widths[] = {1, 5, 8, 16, 32, 40, 64, 80, 128, 160, 256, 300};
enum { SIZES = sizeof sizes / sizeof *sizes, WIDTHS = sizeof widths / sizeof *widths };

/* The options of case `n`: each in a cycle of its own, so that all pairs of them meet in the course of a
 * grid. */
static void mix_options(problem *p, int n) {
  static const int64_t windows[][2] = {{-1, -1}, {-1, 0}, {-1, 0}, {17, 5}, {9, 0}, {-1, 40}, {63, -1}};
  p->left = windows[n % 7][0], p->right = windows[n % 7][1];
  p->softcap = n % 5 == 3 ? 3 : 0;
  p->dropout = n % 4 == 2 ? 0.25 : 0;
  p->bias = n % 3 == 1 ? n * 7 % 16 : NO_BIAS;
  p->layout = n % 11 == 10 ? 2 : n % 2;
  p->seed = 1000 + (uint64_t)n;
}

typedef enum grid { TINY, SMALL, WHOLE } grid;

static int check_grid(nl_dtype dtype, grid effort, const bool *wanted, tally *tallies) {
  int n = 0;
  for (int w = 0; w < WIDTHS; w++)
    for (int s = 0; s < SIZES; s++, n++) {
      bool big = sizes[s][0] * sizes[s][1] > 100000;
      bool heavy = n % 3 != 0 && sizes[s][0] * sizes[s][1] > 3000;
      if (effort == SMALL && (big || heavy || widths[w] > 160)) continue;
      if (effort == TINY && (sizes[s][0] != 113 || w == 0 || w % 2)) continue; /* several tiles each way */
      if (big && w % 3 != 0) continue;
      problem p = {.dtype = dtype,
                   .B = big ? 1 : 2,
                   .H = big ? 1 : 2,
                   .Hkv = big ? 1 : n % 2 + 1,
                   .Nq = sizes[s][0],
                   .Nk = sizes[s][1],
                   .D = widths[w],
                   .Dv = widths[w]};
      mix_options(&p, n);
      if (n % 13 == 5) p.Dv = widths[(w + 3) % WIDTHS];
      check_problem(&p, wanted, tallies);
    }
  return n;
}

/* Each option by itself and with the others, at one shape; groups of heads; variable lengths. */
static void check_options(nl_dtype dtype, grid effort, int n, const bool *wanted, tally *tallies) {
  static const int cases[] = {[TINY] = 2, [SMALL] = 12, [WHOLE] = 60};
  for (int c = 0; c < cases[effort]; c++, n++) {
    problem p = {.dtype = dtype,
                 .B = 2,
                 .H = 4,
                 .Hkv = c % 3 == 0   ? 1
                        : c % 3 == 1 ? 2
                                     : 4,
                 .Nq = 61,
                 .Nk = 83};
    p.D = p.Dv = widths[2 + c % 6];
    mix_options(&p, n);
    p.bias = c % 4 == 3 ? NO_BIAS : c * 5 % 16;
    check_problem(&p, wanted, tallies);
    if (c % 2) continue;
    p.bias = NO_BIAS;
    p.B = 1;
    p.sequences = 4;
    p.Nq = 150, p.Nk = 170; /* empty on either side, longer and shorter */
    memcpy(p.cu_q, (int64_t[]){0, 70, 70, 87, 150}, sizeof p.cu_q);
    memcpy(p.cu_k, (int64_t[]){0, 30, 47, 47, 170}, sizeof p.cu_k);
    check_problem(&p, wanted, tallies);
  }
}

/* --- all of it ------------------------------------------------------------------------------------------ */

static const nl_dtype dtypes[] = {NL_F64, NL_F32, NL_F16, NL_BF16};

int main(int argc, char **argv) {
  enum { MOST_PATHS = 64 };
  static bool wanted[MOST_PATHS];
  static tally tallies[MOST_PATHS];
  grid effort = WHOLE;
  bool timing = false, all = true;
  int test = 0, failed = 0, only = -1;
  if (argc < 2) {
    fprintf(stderr, "usage: attention_check PLUGIN [--small | --tiny] [--time] [--dtype f32] [path ...]\n");
    return 2;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  const char *why = open_device(argv[1]);
  if (why) {
    printf("1..0 # SKIP no device: %s\n", why);
    return 0;
  }
  for (int a = 2; a < argc; a++) {
    nl_dtype dtype;
    if (strcmp(argv[a], "--small") == 0) effort = SMALL;
    else if (strcmp(argv[a], "--tiny") == 0) effort = TINY;
    else if (strcmp(argv[a], "--time") == 0) timing = true;
    else if (strcmp(argv[a], "--dtype") == 0 && a + 1 < argc && nl_dtype_parse(argv[++a], &dtype) == NL_OK)
      only = dtype;
    else {
      bool known = false;
      all = false;
      for (int path = 0; path < gpu->path_count; path++)
        if (strcmp(gpu->paths[path].name, argv[a]) == 0) known = wanted[path] = true;
      if (!known) {
        fprintf(stderr, "attention_check: '%s' is no path of this plugin\n", argv[a]);
        return 2;
      }
    }
  }
  for (int path = 0; path < gpu->path_count && all; path++) wanted[path] = true;
  if (timing) return time_paths(wanted, only);
  for (int d = 0; d < 4; d++) {
    nl_dtype dtype = dtypes[d];
    if (only >= 0 && dtype != (nl_dtype)only) continue;
    memset(tallies, 0, sizeof tallies);
    int n = check_grid(dtype, effort, wanted, tallies);
    check_options(dtype, effort, n, wanted, tallies);
    for (int path = 0; path < gpu->path_count; path++) {
      tally *t = &tallies[path];
      const char *name = gpu->paths[path].name, *type = nl_dtype_name(dtype);
      if (!wanted[path] || t->forward == 0) continue;
      printf("%s %d - %s %s: %d problems forward, %d backward; worst %.3g of the allowed: %s\n",
             t->failed == 0 ? "ok" : "not ok", ++test, name, type, t->forward, t->backward, t->worst,
             t->where);
      failed += t->failed > 0;
      int differ = check_repeats(dtype, path, effort == WHOLE ? 200 : 3), nan = check_nan(dtype, path);
      if (differ >= 0)
        printf("%s %d - %s %s: the same bits in every run\n", differ ? "not ok" : "ok", ++test, name, type);
      if (nan >= 0)
        printf("%s %d - %s %s: NaN reaches the rows that see it\n", nan ? "not ok" : "ok", ++test, name,
               type);
      failed += (differ > 0) + (nan > 0);
    }
  }
  printf("1..%d\n", test);
  return failed > 0;
}
