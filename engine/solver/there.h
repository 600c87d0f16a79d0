/* What nl_solve asks where A, B and X lie on a device that is not the CPU: by operations on tensors, which
 * share no code with any solver, and norms that come back as host numbers. */
#ifndef NL_SOLVER_THERE_H
#define NL_SOLVER_THERE_H

#include "device/device.h"
#include <numlab/solve.h>

nl_device *nl_matrix_device(const nl_matrix *A);

/* DEVICE, naming both, unless b and x0 (NULL: none) lie where A does. */
nl_status nl_check_devices(const nl_matrix *A, const nl_tensor *b, const nl_tensor *x0);

/* R = B - A X, a new tensor of b's shape; one type for all. */
nl_status nl_residual_there(const nl_matrix *A, const nl_tensor *B, const nl_tensor *X, nl_tensor *R);

/* A norm (NL_REDUCE_NORM_..) of T, or of each of its columns, into out: one value, or T->shape[1]. */
nl_status nl_column_norms(nl_reduction norm, const nl_tensor *T, double *out);

/* ||A||_inf, the largest row sum of |a_ij|. */
nl_status nl_norm_inf_there(const nl_matrix *A, double *norm);

/* The largest |a_ij|; NaN or infinite where one of them is. */
nl_status nl_largest_there(const nl_matrix *A, double *largest);

/* max over columns of ||R||_inf / (norm_A ||X||_inf + ||B||_inf) */
nl_status nl_backward_error_there(double norm_A, const nl_tensor *R, const nl_tensor *X, const nl_tensor *B,
                                  double *error);

/* nl_residuals (check.h) there. */
nl_status nl_residuals_there(const nl_matrix *A, const nl_tensor *B, const nl_tensor *X,
                             double *relative_residual, double *backward_error);

#endif
