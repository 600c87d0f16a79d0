/* Complex Schur form of small matrices. */
#ifndef NL_SOLVER_SCHUR_H
#define NL_SOLVER_SCHUR_H

#include <complex.h>
#include <stdbool.h>
#include <stdint.h>

/* A = Q T Q^H for A (m, m) row-major: T, upper triangular with the eigenvalues on its diagonal, replaces A; Q
 * (m, m) is written. False when an eigenvalue did not separate within 60 steps (or A is not finite). */
bool nl_schur(int64_t m, double complex *A, double complex *Q);
/* Exchange the eigenvalues i and i+1 (0-based) of T, Q following. */
void nl_schur_swap(int64_t m, double complex *T, double complex *Q, int64_t i);
/* Condition number of T's first eigenvalue, 1 / |y^H x| for unit left and right eigenvectors y, x; infinite
 * when it is defective. y is workspace of m. */
double nl_schur_condition(int64_t m, const double complex *T, double complex *y);

#endif
