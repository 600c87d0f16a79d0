/* What a method of nl_solve looks like from inside. One entry a method, listed in solve.c; nl_solve has
 * checked, converted and allocated before run is called, and computes both residuals afterwards. */
#ifndef NL_SOLVER_METHOD_H
#define NL_SOLVER_METHOD_H

#include <numlab/solve.h>

/* A X = B as run sees it. Dense A is contiguous and of type dtype; B and X are (n, k), row-major. */
typedef struct nl_system {
  nl_matrix A;
  nl_dtype dtype; /* NL_F64, or NL_F32 for methods that say so; sparse A is always f64 */
  int64_t n, k;
  const void *B;
  void *X;                  /* iterative methods find x0 (or zeros) here, direct ones write it */
  nl_device *device;        /* where A, B and X lie */
  const nl_tensor *b, *x;   /* B and X once more, of b's shape: for operations on tensors */
  struct nl_placed *placed; /* NULL; otherwise this is the CPU's copy of a system that an iteration works on
                               elsewhere (placed.h) */
} nl_system;

typedef enum nl_takes {
  NL_TAKES_DENSE = 1,
  NL_TAKES_SPARSE = 2,
  NL_TAKES_F32 = 4,     /* otherwise f32 systems are solved in f64 and rounded once */
  NL_TAKES_PIVOTING = 8 /* the options pivot and scale; otherwise they are refused, not ignored */
} nl_takes;

typedef struct nl_method {
  const char *name;
  unsigned takes; /* nl_takes */
  bool iterative;
  /* Opens the library the method needs; UNAVAILABLE with how to get it. NULL: own code. */
  nl_status (*prepare)(void);
  /* Outcomes set info->code, reason, where; facts the method knows go to its other fields. NULL: not on the
   * CPU. */
  nl_status (*run)(const nl_system *s, const nl_solve_options *o, nl_solve_info *info);
  /* On another device (s->device): what of A it takes there, which is not converted between dense and sparse
   * (0: nothing), and the run. */
  unsigned takes_there; /* nl_takes */
  nl_status (*run_there)(const nl_system *s, const nl_solve_options *o, nl_solve_info *info);
} nl_method;

/* dense/gauss.c, dense/lu_method.c */
extern const nl_method nl_method_gauss, nl_method_lu;
/* solver/gauss_seidel.c (jacobi, gauss_seidel, sor), solver/krylov.c */
extern const nl_method nl_method_jacobi, nl_method_gauss_seidel, nl_method_sor;
extern const nl_method nl_method_cg, nl_method_bicgstab, nl_method_gmres;
/* external/ */
extern const nl_method nl_method_lapack, nl_method_cusolver, nl_method_csparse, nl_method_klu,
    nl_method_umfpack, nl_method_cholmod;

/* The method by name; NULL when unknown. solve.c. */
const nl_method *nl_method_find(const char *name);

/* Choose for method = "auto": by structure, size and predicted fill; reason (200 bytes) says why. auto.c. */
nl_status nl_method_choose(const nl_matrix *A, const nl_solve_options *o, const nl_method **method,
                           char *reason);

#endif
