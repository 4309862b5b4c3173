/* exmath.h - log, exp and pow with one result on every CPU, compiler and C library (F7).
 *
 * libm picks other code for CPUs with FMA, and its last bits with it. These use only + - * /,
 * comparisons and bit operations of IEEE doubles, so each result is defined by this source alone
 * (with -ffp-contract=off, which the build sets). Error below 0.55 ulp for normal results and 1 ulp
 * for subnormal ones, tested against MPFR. Special cases are those of C17 Annex F; errno and
 * floating-point exception flags are not set. sqrt, fabs, floor, ceil and trunc of libm are exact
 * and may be used directly. */
#ifndef PP_EXMATH_H
#define PP_EXMATH_H

#include "base/base.h"

double pp_log(double x);           /* natural; -inf at 0, NaN below 0 */
double pp_exp(double x);           /* inf above 709.78, 0 below -745.14 */
double pp_pow(double x, double y); /* exact where the true value is a double */

#endif
