/* simd.h - functions of plain loops, compiled for wider vectors too and chosen when the program
 * starts; the operations of each value are the same, and so are the bits. */
#ifndef PP_SIMD_H
#define PP_SIMD_H

#include <stdint.h>

#if defined(__x86_64__) && defined(__linux__) && !defined(__clang__) &&                            \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define PP_SIMD __attribute__((target_clones("avx2", "default")))
#define PP_WIDE __attribute__((target_clones("avx512f", "avx2", "default"))) /* much arithmetic */
#else
#define PP_SIMD
#define PP_WIDE
#endif

/* Four doubles; compilers do not make vectors of the comparisons below by themselves. */
typedef double pp_f64x4 __attribute__((vector_size(32)));
typedef double pp_f64x4_any __attribute__((vector_size(32), aligned(8))); /* in memory */
typedef int64_t pp_i64x4 __attribute__((vector_size(32)));
#define PP_WHERE4(mask, a, b) ((pp_f64x4)(((mask) & (pp_i64x4)(a)) | (~(mask) & (pp_i64x4)(b))))
#define PP_MIN4(a, b)         PP_WHERE4((a) < (b), a, b)
#define PP_MAX4(a, b)         PP_WHERE4((a) > (b), a, b)

#endif
