/* The facts of a diagnosis that need no iteration. */
#ifndef NL_SOLVER_STRUCTURE_H
#define NL_SOLVER_STRUCTURE_H

#include <numlab/diagnose.h>

/* Sizes, bandwidths, symmetry, dominance, zero diagonals, norms, bounds, graph. T is the transpose of A;
 * neither stores zeros. Graph, dominance, zero_diagonal and bounds for square A only. *d is zeroed before.
 * NOMEM. */
nl_status nl_structure(const nl_sparse *A, const nl_sparse *T, nl_diagnosis *d);

#endif
