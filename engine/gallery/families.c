/* The table of families: most are from N. J. Higham, "The Test Matrix Toolbox for MATLAB" (1995), which cites
 * their origins; the parameters and defaults are those given there unless a generator says otherwise. */
#include "families.h"
#include <inttypes.h>
#include <math.h>

static const nl_family families[] = {
    {.name = "chebspec", .least = 2, .parameter = {"k"}, .dense = nl_gallery_chebspec},
    {"condex", 4, {"theta", "k"}, {100, 4}, .dense = nl_gallery_condex},
    {"dorr", 1, {"theta"}, {0.01}, .sparse = nl_gallery_dorr},
    {"frank", 0, .dense = nl_gallery_frank},
    {"gfpp", 0, .dense = nl_gallery_gfpp},
    {"graded", 0, {"range"}, {1e12}, .dense = nl_gallery_graded},
    {"hilbert", 0, .dense = nl_gallery_hilbert},
    {"invhilb", 0, .dense = nl_gallery_invhilb},
    {"kahan", 0, {"theta", "pert"}, {1.2, 25}, .dense = nl_gallery_kahan},
    {"lehmer", 0, .dense = nl_gallery_lehmer},
    {"lotkin", 0, .dense = nl_gallery_lotkin},
    {"minij", 0, .dense = nl_gallery_minij},
    {"moler", 0, {"alpha"}, {-1}, .dense = nl_gallery_moler},
    {"neumann", 2, .sparse = nl_gallery_neumann},
    {"parter", 0, .dense = nl_gallery_parter},
    {"pei", 0, {"alpha"}, {1}, .dense = nl_gallery_pei},
    {"poisson1d", 0, .sparse = nl_gallery_poisson1d},
    {"poisson2d", 0, .sparse = nl_gallery_poisson2d},
    {"poisson3d", 0, .sparse = nl_gallery_poisson3d},
    {"randsvd", 1, {"cond", "mode"}, {1e8, 3}, .dense = nl_gallery_randsvd},
    {"tridiagonal", 0, {"lower", "diagonal", "upper"}, {-1, 2, -1}, .sparse = nl_gallery_tridiagonal},
    {"wathen", 1, {"ny"}, {0}, .sparse = nl_gallery_wathen},
};

const nl_family *nl_gallery_family(int i) {
  return i >= 0 && i < (int)(sizeof families / sizeof *families) ? families + i : NULL;
}

nl_status nl_gallery_make(const nl_family *family, int64_t n, const double *parameter, uint64_t seed,
                          nl_sparse *sparse, nl_tensor *dense) {
  if (n < family->least || n > INT32_MAX)
    return nl_fail(NL_ARG, "%s: n is %" PRId64 ", expected %" PRId64 " to 2^31 - 1", family->name, n,
                   family->least);
  for (int k = 0; k < NL_FAMILY_PARAMETERS && family->parameter[k]; k++)
    if (!isfinite(parameter[k]))
      return nl_fail(NL_ARG, "%s: %s is %g, expected a finite number", family->name, family->parameter[k],
                     parameter[k]);
  return family->sparse ? family->sparse(n, parameter, seed, sparse)
                        : family->dense(n, parameter, seed, dense);
}

nl_status nl_gallery_square(int64_t n, nl_tensor *out, double **elements) {
  int64_t shape[2] = {n, n};
  NL_TRY(nl_tensor_new(NL_F64, 2, shape, out));
  *elements = nl_tensor_data(out);
  return NL_OK;
}
