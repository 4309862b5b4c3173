/* base.h - what every file may rely on: fixed-width types, assertions that stay, growable vectors.
 *
 * Units are in the names: _ms (UTC milliseconds), _e8 (1e-8 units), _bps, _pct. A `bool` function
 * returns true on success. Nothing here allocates, prints or exits. */
#ifndef PP_BASE_H
#define PP_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef __int128 pp_i128;
__extension__ typedef unsigned __int128 pp_u128;

#define PP_COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define PP_LEAST(a, b) ((a) < (b) ? (a) : (b))
#define PP_MOST(a, b)  ((a) > (b) ? (a) : (b))

#if defined(__GNUC__)
#define PP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define PP_PRINTF(fmt, args)
#endif

/* A failed assertion on a money path is a bug of ours, never a result: it prints rule, operands and
 * place to stderr and stops the process in every build. `rule` names the invariant ("L4"). */
#define PP_ASSERT(cond, rule, a, b)                                                                \
    ((cond) ? (void)0                                                                              \
            : pp_assert_failed(__FILE__, __LINE__, rule, #cond, (int64_t)(a), (int64_t)(b)))
_Noreturn void pp_assert_failed(const char *file, int line, const char *rule, const char *cond,
                                int64_t a, int64_t b);

#endif
