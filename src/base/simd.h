/* simd.h - functions of plain loops, compiled for wider vectors too and chosen when the program
 * starts; the operations of each value are the same, and so are the bits. */
#ifndef PP_SIMD_H
#define PP_SIMD_H

#if defined(__x86_64__) && defined(__linux__) && !defined(__clang__) &&                            \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define PP_SIMD __attribute__((target_clones("avx2", "default")))
#define PP_WIDE __attribute__((target_clones("avx512f", "avx2", "default"))) /* much arithmetic */
#else
#define PP_SIMD
#define PP_WIDE
#endif

#endif
