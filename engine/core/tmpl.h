/* For x_tmpl.c files, which the Makefile compiles once with NL_S = f64, NL_R = double and once with NL_S =
 * f32, NL_R = float: NL_FN(nl_gauss) is nl_gauss_f64 or nl_gauss_f32, NL_DTYPE is NL_F64 or NL_F32, and so
 * on. These are all the type macros there are. */
#ifndef NL_CORE_TMPL_H
#define NL_CORE_TMPL_H

#include <float.h>
#include <numlab/dtype.h>

#define NL_JOIN_(a, b) a##_##b
#define NL_JOIN(a, b)  NL_JOIN_(a, b)
#define NL_FN(name)    NL_JOIN(name, NL_S)

#define NL_IS_F32 (sizeof(NL_R) == sizeof(float))
#define NL_DTYPE  (NL_IS_F32 ? NL_F32 : NL_F64)
/* Unit roundoff u = 2^-53 or 2^-24: half the distance from 1 to the next larger number. */
#define NL_EPS ((NL_R)(NL_IS_F32 ? FLT_EPSILON / 2 : DBL_EPSILON / 2))

#endif
