/* Gauss-Seidel and SOR on a device, colour by colour. */
#ifndef NL_SOLVER_MULTICOLOUR_H
#define NL_SOLVER_MULTICOLOUR_H

#include "method.h"

/* A run_there of sparse A with the sweep of the options and this omega. */
nl_status nl_multicolour_run(const nl_system *s, const nl_solve_options *o, double omega,
                             nl_solve_info *info);

#endif
