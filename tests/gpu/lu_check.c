/* The elimination of a device plugin: P A = L U and solutions from it, against plain loops and residuals.
 *
 *   lu_check PLUGIN [--small | --large | --time]
 *
 * Prints TAP. Without a device: one line that says why, and success. --small: a grid for compute-sanitizer.
 * --large: one matrix of more than 2^31 elements (8.7 GB, and as much again for its factors), its residual
 * by the device's own products. --time: no check but times. */
#include "lu_oracle.h"
#include "lu_time.h"
#include <dlfcn.h>
#include <stdlib.h>

const nl_backend *backend;
void *device;
extern int lines, failures;

static int polls_left = -1; /* of `interrupted`, until the user stops; negative: never */

static bool interrupted(void) { return polls_left >= 0 && polls_left-- == 0; }

/* NULL, or why there is no device: a normal answer, unlike a plugin that does not load. */
static const char *open_device(const char *path) {
  static const nl_host host = {nl_fail, interrupted};
  const char *why = "";
  nl_device_facts facts;
  nl_backend_entry_function *entry;
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) need(nl_fail(NL_DEVICE, "%s", dlerror()), "dlopen");
  *(void **)&entry = dlsym(library, NL_BACKEND_ENTRY);
  backend = entry ? entry(&host, NL_BACKEND_ABI, NL_HEADERS) : NULL;
  if (!backend) need(NL_DEVICE, NL_BACKEND_ENTRY);
  if (backend->count(&why) == 0) return why;
  need(backend->open(0, &device, &facts), "open");
  printf("# %s, driver %s, runtime %s\n", facts.name, facts.driver, facts.runtime);
  return NULL;
}

static int64_t live(void) {
  nl_device_memory m;
  need(backend->memory(device, &m), "memory");
  return m.live;
}

static array make_matrix(nl_dtype dtype, int64_t m, int64_t n, generator *a) {
  array A = make_array(dtype, 2, (int64_t[]){m, n}, DENSE);
  for (int64_t e = 0; e < m * n; e++) nl_dtype_store(dtype, element(&A, e), a(n, e / n, e % n));
  need(backend->upload(device, A.block, A.base, A.room * nl_dtype_size(dtype)), "upload");
  return A;
}

/* --- against the oracle ------------------------------------------------------------------------------- */

/* Exchanges and facts as the oracle's; LU too, NaN where it has NaN, else within 40 n units of its largest
 * element, or to the bit where nothing is rounded. */
static void check_against_oracle(nl_dtype dtype, const char *name, generator *a, int64_t n, int64_t block,
                                 bool exact) {
  double bound = exact ? 0 : 40 * (double)n;
  int64_t *rows = malloc((size_t)n * 16), *want_rows = rows + n, wrong = 0;
  if (!rows) need(NL_NOMEM, "host memory");
  nl_lu_facts facts, want_facts;
  double *want = eliminate(dtype, n, a, want_rows, &want_facts), largest = 0, error = 0;
  array A = make_matrix(dtype, n, n, a);
  need(backend->lu_factor(device, &A.there, block, rows, &facts), "lu_factor");
  fetch_array(&A);
  for (int64_t i = 0; i < n; i++) wrong += rows[i] != want_rows[i];
  bool finite = true;
  for (int64_t e = 0; e < n * n; e++) {
    finite = finite && isfinite(want[e]);
    if (isfinite(want[e])) largest = fmax(largest, fabs(want[e]));
  }
  for (int64_t e = 0; e < n * n; e++) error = worse(error, relative(value(&A, e), want[e], largest));
  bool same = facts.singular_column == want_facts.singular_column &&
              facts.exchanges == want_facts.exchanges && isfinite(facts.largest_u) == finite && wrong == 0 &&
              gaps_untouched(&A);
  check(same && error <= bound * unit_of(dtype),
        "%s, %s, n = %lld, block %lld: %lld rows and %lld of %lld exchanges differ, first zero pivot %lld of "
        "%lld, "
        "error %.2g units, at most %g",
        name, nl_dtype_name(dtype), (long long)n, (long long)block, (long long)wrong,
        (long long)(facts.exchanges - want_facts.exchanges), (long long)want_facts.exchanges,
        (long long)facts.singular_column, (long long)want_facts.singular_column, error / unit_of(dtype),
        bound);
  if (finite)
    check(relative(facts.smallest_pivot, want_facts.smallest_pivot, largest) <= bound * unit_of(dtype),
          "%s, %s, n = %lld: smallest pivot %g of %g", name, nl_dtype_name(dtype), (long long)n,
          facts.smallest_pivot, want_facts.smallest_pivot);
  free_array(&A);
  free(want);
  free(rows);
}

/* --- residuals ---------------------------------------------------------------------------------------- */

/* HPL's ratio  ||B - A X||_inf / (eps (||A||_inf ||X||_inf + ||B||_inf) n), of the worst right-hand side. */
static double hpl_ratio(const array *A, const array *B, const array *X) {
  int64_t n = A->there.shape[0], k = X->there.shape[1];
  double norm = 0, worst = 0, eps = unit_of(A->there.dtype);
  double *a = malloc((size_t)n * sizeof *a), *all = calloc((size_t)k * 3, sizeof *all), *r = all, *x = r + k,
         *b = x + k;
  if (!a || !all) need(NL_NOMEM, "host memory");
  for (int64_t i = 0; i < n; i++) {
    double sum = 0;
    for (int64_t j = 0; j < n; j++) sum += fabs(a[j] = value(A, i * n + j));
    norm = fmax(norm, sum);
    for (int64_t c = 0; c < k; c++) {
      long double rest = (long double)value(B, i * k + c);
      for (int64_t j = 0; j < n; j++) rest -= (long double)a[j] * (long double)value(X, j * k + c);
      r[c] = worse(r[c], fabs((double)rest));
      b[c] = fmax(b[c], fabs(value(B, i * k + c)));
      x[c] = worse(x[c], fabs(value(X, i * k + c)));
    }
  }
  for (int64_t c = 0; c < k; c++) worst = worse(worst, r[c] / (eps * (norm * x[c] + b[c]) * (double)n));
  free(all);
  free(a);
  return worst;
}

static double turned(int64_t n, int64_t i, int64_t j) { return normal(n, j, i); }

/* X = A^-1 B; transposed: x = A^-T b. */
static void check_solution(nl_dtype dtype, int64_t n, int64_t k, bool transposed) {
  int64_t *rows = malloc((size_t)n * sizeof *rows);
  if (!rows) need(NL_NOMEM, "host memory");
  nl_lu_facts facts;
  array A = make_matrix(dtype, n, n, transposed ? turned : normal), LU = make_matrix(dtype, n, n, normal);
  array B = make_matrix(dtype, n, k, normal), X = make_matrix(dtype, n, k, normal);
  need(backend->lu_factor(device, &LU.there, 0, rows, &facts), "lu_factor");
  need((transposed ? backend->lu_solve_transposed : backend->lu_solve)(device, &LU.there, rows, &X.there),
       "lu_solve");
  fetch_array(&X);
  check(gaps_untouched(&X), "nothing beside X is written");
  check_error(hpl_ratio(&A, &B, &X), 16, "%s, n = %lld, k = %lld%s: HPL's ratio", nl_dtype_name(dtype),
              (long long)n, (long long)k, transposed ? ", transposed" : "");
  array *all[] = {&A, &LU, &B, &X};
  for (int i = 0; i < 4; i++) free_array(all[i]);
  free(rows);
}

/* --- properties --------------------------------------------------------------------------------------- */

static void check_repeats(nl_dtype dtype, int64_t n) {
  int64_t *rows = malloc((size_t)n * sizeof *rows);
  nl_lu_facts facts;
  array first = make_matrix(dtype, n, n, normal), again = make_matrix(dtype, n, n, normal);
  if (!rows) need(NL_NOMEM, "host memory");
  need(backend->lu_factor(device, &first.there, 0, rows, &facts), "lu_factor");
  fetch_array(&first);
  bool same = true;
  for (int r = 0; r < 5; r++) {
    if (r > 0)
      need(backend->upload(device, again.block, again.base, again.room * nl_dtype_size(dtype)), "upload");
    array copy = again;
    copy.base = malloc((size_t)(again.room * nl_dtype_size(dtype)));
    if (!copy.base) need(NL_NOMEM, "host memory");
    need(backend->lu_factor(device, &again.there, 0, rows, &facts), "lu_factor");
    fetch_array(&copy);
    same = same && memcmp(copy.base, first.base, (size_t)(n * n * nl_dtype_size(dtype))) == 0;
    free(copy.base);
  }
  check(same, "%s, n = %lld: the same bits in every run", nl_dtype_name(dtype), (long long)n);
  free_array(&first);
  free_array(&again);
  free(rows);
}

static void check_interrupt(int64_t n) {
  int64_t *rows = malloc((size_t)n * sizeof *rows), before;
  nl_lu_facts facts;
  array A = make_matrix(NL_F64, n, n, normal), X = make_matrix(NL_F64, n, 1, normal);
  if (!rows) need(NL_NOMEM, "host memory");
  before = live();
  polls_left = 2;
  nl_status s = backend->lu_factor(device, &A.there, 32, rows, &facts);
  check(s == NL_INTERRUPTED && strstr(nl_message(), "after column") && live() == before,
        "lu_factor stops: %s", nl_message());
  polls_left = -1;
  need(backend->lu_factor(device, &A.there, 0, rows, &facts), "lu_factor");
  polls_left = 0;
  s = backend->lu_solve(device, &A.there, rows, &X.there);
  check(s == NL_INTERRUPTED && live() == before, "lu_solve stops: %s", nl_message());
  polls_left = 1;
  s = backend->lu_solve_transposed(device, &A.there, rows, &X.there);
  check(s == NL_INTERRUPTED && live() == before, "lu_solve_transposed stops: %s", nl_message());
  polls_left = -1;
  free_array(&A);
  free_array(&X);
  free(rows);
}

/* With the device full: a message, nothing lost, and well again afterwards. */
static void check_no_memory(void) {
  enum { N = 512, K = 16384, MOST = 200 }; /* lu_solve needs 64 MiB */
  int64_t rows[N];
  nl_lu_facts facts;
  void *blocks[MOST];
  int count = 0;
  array A = make_matrix(NL_F64, N, N, normal), X = make_matrix(NL_F64, N, K, normal);
  need(backend->lu_factor(device, &A.there, 0, rows, &facts), "lu_factor");
  need(backend->trim(device), "trim");
  for (int64_t bytes = INT64_C(1) << 40; bytes >= 1 << 20 && count < MOST;)
    if (backend->alloc(device, bytes, NL_WORKSPACE, &blocks[count]) == NL_OK) count++;
    else bytes /= 2;
  int64_t before = live();
  nl_status s = backend->lu_solve(device, &A.there, rows, &X.there);
  check(s == NL_NOMEM && live() == before, "lu_solve on a full device: %s", nl_message());
  while (count > 0) backend->free(device, blocks[--count]);
  need(backend->trim(device), "trim");
  check(backend->lu_solve(device, &A.there, rows, &X.there) == NL_OK, "and works when there is memory again");
  free_array(&A);
  free_array(&X);
}

/* --- all of it ---------------------------------------------------------------------------------------- */

static void check_type(nl_dtype dtype, bool small) {
  static const int64_t orders[] = {1, 2, 3, 7, 31, 32, 33, 64, 65, 129, 257, 300};
  static const int64_t solved[][2] = {{1, 1},     {2, 3},    {33, 1},  {65, 17},  {129, 16},
                                      {257, 2},   {257, 33}, {511, 5}, {1000, 1}, {1025, 33},
                                      {2049, 17}, {4097, 1}, {3000, 2}};
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
    if (!small || orders[i] < 130) check_against_oracle(dtype, "normal", normal, orders[i], 0, false);
  for (int64_t block = 1; block <= 300; block = 3 * block + 4) /* 1, 7, 25, 79, 241 */
    check_against_oracle(dtype, "normal", normal, small ? 70 : 270, block, false);
  check_against_oracle(dtype, "wilkinson", wilkinson, 24, 0, true);
  check_against_oracle(dtype, "wilkinson", wilkinson, 24, 8, true);
  check_against_oracle(dtype, "hadamard", hadamard, 64, 0, true);
  check_against_oracle(dtype, "halves", halves, small ? 90 : 280, 64, true);
  check_against_oracle(dtype, "ones", ones, 70, 32, true);
  check_against_oracle(dtype, "zero", zero, 70, 0, true);
  check_against_oracle(dtype, "zero columns", zero_columns, 150, 64, false);
  check_against_oracle(dtype, "a NaN", some_nan, 100, 32, false);
  check_against_oracle(dtype, "a NaN in the corner", nan_first, 70, 0, false);
  check_against_oracle(dtype, "an infinity", some_infinity, 100, 32, false);
  for (size_t i = 0; i < sizeof solved / sizeof *solved; i++)
    if (!small || solved[i][0] < 600) {
      check_solution(dtype, solved[i][0], solved[i][1], false);
      check_solution(dtype, solved[i][0], 1, true);
    }
  check_repeats(dtype, small ? 300 : 2000);
}

int main(int argc, char **argv) {
  const char *how = argc > 2 ? argv[2] : "";
  bool small = strcmp(how, "--small") == 0, large = strcmp(how, "--large") == 0,
       timing = strcmp(how, "--time") == 0;
  if (argc < 2 || (argc > 2 && !small && !large && !timing)) {
    fprintf(stderr, "usage: lu_check PLUGIN [--small | --large | --time]\n");
    return 2;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  const char *why = open_device(argv[1]);
  if (why) {
    printf("1..0 # SKIP no device: %s\n", why);
    return 0;
  }
  if (timing) return time_lu();
  if (large) check_large(46400);
  for (nl_dtype dtype = NL_F64; dtype <= NL_F32 && !large; dtype++) check_type(dtype, small);
  if (!large) check_interrupt(small ? 200 : 1000);
  if (!large && !small) check_no_memory();
  check(live() == 0, "nothing is left live: %lld bytes", (long long)live());
  printf("1..%d\n", lines);
  return failures > 0;
}
