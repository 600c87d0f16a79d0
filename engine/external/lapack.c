/* Opening LAPACK: from OpenBLAS by preference, from whatever Debian's alternatives name otherwise. OpenBLAS
 * works with as many threads as nl_threads() says. Functions are looked up once for both types; see lapack.h.
 */
#include "lapack.h"
#include <numlab/parallel.h>
#include <stdio.h>

/* --- the library -------------------------------------------------------------------------------------- */

static struct {
  nl_lapack f64, f32;
  char *(*get_config)(void);
  char *(*get_corename)(void);
  int (*get_num_threads)(void);
  void (*set_num_threads)(int);
} table;

#define BOTH(name)                                                 \
  {"d" #name "_", offsetof(__typeof__(table), f64.name), false}, { \
    "s" #name "_", offsetof(__typeof__(table), f32.name), false    \
  }

static const nl_symbol symbols[] = {
    BOTH(getrf),
    BOTH(getrs),
    BOTH(gecon),
    BOTH(potrf),
    BOTH(geqrf),
    BOTH(orgqr),
    BOTH(gesdd),
    BOTH(syevd),
    BOTH(gelsd),
    BOTH(gemm),
    {"openblas_get_config", offsetof(__typeof__(table), get_config), true},
    {"openblas_get_corename", offsetof(__typeof__(table), get_corename), true},
    {"openblas_get_num_threads", offsetof(__typeof__(table), get_num_threads), true},
    {"openblas_set_num_threads", offsetof(__typeof__(table), set_num_threads), true},
    {NULL, 0, false},
};

void nl_lapack_threads(int count) {
  if (table.set_num_threads) table.set_num_threads(count);
}

/* "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..." */
static void describe(nl_external *out) {
  nl_lapack_threads(nl_threads());
  if (table.get_num_threads) out->threads = table.get_num_threads();
  if (!table.get_config) return;
  const char *config = table.get_config();
  sscanf(config, "OpenBLAS %47s", out->version);
  snprintf(out->kernels, sizeof out->kernels, "%s (%s)", table.get_corename ? table.get_corename() : "?",
           config);
}

static const char *const candidates[] = {"libopenblas.so.0", "liblapack.so.3", NULL};

nl_library nl_library_openblas = {
    .name = "openblas",
    .path_variable = "NUMLAB_LAPACK",
    .candidates = candidates,
    .symbols = symbols,
    .table = &table,
    .describe = describe,
    .needed_for = "method lapack; nl.cholesky, qr, svd, eigh, lstsq, blas_matmul",
    .cost =
        "method 'lapack' and nl.cholesky, qr, svd, eigh, lstsq are missing; method 'lu' solves dense systems "
        "without it",
    .package = "libopenblas0-pthread",
};

nl_status nl_lapack_open(nl_dtype dtype, const nl_lapack **out) {
  NL_TRY(nl_library_open(&nl_library_openblas));
  if (dtype != NL_F64 && dtype != NL_F32)
    return nl_fail(NL_DTYPE, "lapack: f64 or f32 expected, got %s", nl_dtype_name(dtype));
  nl_lapack_threads(nl_threads());
  *out = dtype == NL_F64 ? &table.f64 : &table.f32;
  return NL_OK;
}
