/* Hessenberg reduction by rotations, then the QR algorithm with single shifts (Francis, Kublanovskaya 1961;
 * Golub & Van Loan, Matrix Computations, 4th ed., 7.4-7.6). Complex throughout: real matrices of conjugate
 * pairs need no 2 x 2 blocks then, and eigenvalues are exchanged by one rotation. Meant for m below 100. */
#include "schur.h"
#include <float.h>
#include <math.h>

/* G = [c s; -conj(s) c], c real, with G (a, b)^T = (r, 0)^T */
typedef struct rotation {
  double c;
  double complex s;
} rotation;

static rotation rotation_of(double complex a, double complex b) {
  double size_a = cabs(a), size_b = cabs(b), size = hypot(size_a, size_b);
  if (size_b == 0) return (rotation){1, 0};
  if (size_a == 0) return (rotation){0, conj(b) / size_b};
  return (rotation){size_a / size, a / size_a * conj(b) / size};
}

/* Rows i and i+1 from column `from`: G A. */
static void turn_rows(int64_t m, double complex *A, int64_t i, int64_t from, rotation g) {
  double complex *upper = A + i * m, *lower = upper + m;
  for (int64_t j = from; j < m; j++) {
    double complex x = upper[j], y = lower[j];
    upper[j] = g.c * x + g.s * y;
    lower[j] = g.c * y - conj(g.s) * x;
  }
}

/* Columns j and j+1 of rows 0 .. end-1: A G^H. */
static void turn_columns(int64_t m, double complex *A, int64_t j, int64_t end, rotation g) {
  for (int64_t i = 0; i < end; i++) {
    double complex *a = A + i * m + j, x = a[0], y = a[1];
    a[0] = g.c * x + conj(g.s) * y;
    a[1] = g.c * y - g.s * x;
  }
}

static void to_hessenberg(int64_t m, double complex *A, double complex *Q) {
  for (int64_t j = 0; j + 2 < m; j++)
    for (int64_t i = m - 1; i > j + 1; i--) { /* zero A(i,j) against A(i-1,j) */
      if (A[i * m + j] == 0) continue;
      rotation g = rotation_of(A[(i - 1) * m + j], A[i * m + j]);
      turn_rows(m, A, i - 1, j, g);
      turn_columns(m, A, i - 1, m, g);
      turn_columns(m, Q, i - 1, m, g);
      A[i * m + j] = 0;
    }
}

/* The eigenvalue of the trailing 2 x 2 of rows end-1, end nearest to its last element (Wilkinson). */
static double complex shift_of(int64_t m, const double complex *A, int64_t end) {
  double complex a = A[(end - 1) * m + end - 1], b = A[(end - 1) * m + end];
  double complex c = A[end * m + end - 1], d = A[end * m + end];
  double complex half = (a - d) / 2, root = csqrt(half * half + b * c);
  if (cabs(half + root) < cabs(half - root)) root = -root;
  double complex far = half + root;
  return cabs(far) == 0 ? d : d - b * c / far;
}

static bool negligible(int64_t m, const double complex *A, int64_t i) {
  double around = cabs(A[(i - 1) * m + i - 1]) + cabs(A[i * m + i]);
  return cabs(A[i * m + i - 1]) <= DBL_EPSILON * around || cabs(A[i * m + i - 1]) < DBL_MIN;
}

/* One QR step on the active rows begin .. end: A - shift = Q R, A <- R Q + shift, by chasing the bulge. */
static void qr_step(int64_t m, double complex *A, double complex *Q, int64_t begin, int64_t end,
                    double complex shift) {
  double complex x = A[begin * m + begin] - shift, y = A[(begin + 1) * m + begin];
  for (int64_t i = begin; i < end; i++) {
    rotation g = rotation_of(x, y);
    turn_rows(m, A, i, i > begin ? i - 1 : begin, g);
    turn_columns(m, A, i, i + 3 < end + 1 ? i + 3 : end + 1, g);
    turn_columns(m, Q, i, m, g);
    if (i > begin) A[(i + 1) * m + i - 1] = 0;
    if (i + 1 < end) {
      x = A[(i + 1) * m + i];
      y = A[(i + 2) * m + i];
    }
  }
}

bool nl_schur(int64_t m, double complex *A, double complex *Q) {
  for (int64_t i = 0; i < m * m; i++) {
    if (!isfinite(cabs(A[i]))) return false;
    Q[i] = i % (m + 1) == 0;
  }
  to_hessenberg(m, A, Q);
  int steps = 0;
  for (int64_t end = m - 1; end > 0;) {
    int64_t begin = end;
    while (begin > 0 && !negligible(m, A, begin)) begin--;
    if (begin > 0) A[begin * m + begin - 1] = 0;
    if (begin == end) {
      end--;
      steps = 0;
      continue;
    }
    if (++steps > 60) return false;
    double complex shift = shift_of(m, A, end);
    if (steps % 10 == 0) shift += cabs(A[end * m + end - 1]); /* out of a cycle */
    qr_step(m, A, Q, begin, end, shift);
  }
  return true;
}

void nl_schur_swap(int64_t m, double complex *T, double complex *Q, int64_t i) {
  double complex first = T[i * m + i], second = T[(i + 1) * m + i + 1];
  rotation g = rotation_of(T[i * m + i + 1], second - first); /* the eigenvector of `second` becomes e_i */
  turn_rows(m, T, i, i, g);
  turn_columns(m, T, i, i + 2, g);
  turn_columns(m, Q, i, m, g);
  T[i * m + i] = second;
  T[(i + 1) * m + i + 1] = first;
  T[(i + 1) * m + i] = 0;
}

/* Right eigenvector e_1; left one y^H = (1, w) with w (T22 - t11 I) = -T(1, 2:m). */
double nl_schur_condition(int64_t m, const double complex *T, double complex *y) {
  double sum = 1;
  for (int64_t j = 1; j < m; j++) {
    double complex s = T[j], gap = T[j * m + j] - T[0];
    for (int64_t i = 1; i < j; i++) s += y[i] * T[i * m + j];
    if (cabs(gap) == 0) {
      if (cabs(s) != 0) return (double)INFINITY;
      y[j] = 0;
      continue;
    }
    y[j] = -s / gap;
    sum += creal(y[j]) * creal(y[j]) + cimag(y[j]) * cimag(y[j]);
  }
  return sqrt(sum);
}
