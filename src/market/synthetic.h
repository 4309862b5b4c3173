/* synthetic.h - markets made from a pattern and a seed, the same on every machine (T21, T22).
 *
 * A pattern is a path of the close through control points plus noise that returns to the path, so
 * its shape is certain while its bars are not. Everything is + - * / and floor on doubles and ends
 * on a tick grid, so the bytes do not depend on compiler, processor or optimisation. Random numbers
 * are splitmix64 in counter mode (market/draw.h). Scale: A = 10 % * sqrt(bars / 43200) * vol,
 * between 0.5 % and 60 %; the heights of the patterns are multiples of A, so a short market shows
 * the same picture on a smaller scale, as real ones do.
 *
 * The tape has 1m bars with turnover, mark OHLC, index close and funding every 8 hours. */
#ifndef PP_SYNTHETIC_H
#define PP_SYNTHETIC_H

#include "market/tape.h"

#include <signal.h>

typedef struct pp_pattern {
    const char *name;
    const char *description; /* one line */
} pp_pattern;

size_t pp_pattern_count(void);
const pp_pattern *pp_pattern_at(size_t i);
/* Index of the pattern of this name, or -1. */
int pp_pattern_find(const char *name);

enum { PP_SYNTH_MIN_BARS = 50, PP_SYNTH_MAX_BARS = 20000000 };

typedef struct pp_synthetic {
    const char *pattern;
    int64_t bars;     /* 1m bars, default 43200 (30 days) */
    uint64_t seed;    /* default 1 */
    int64_t start_ms; /* open of the first bar, a whole minute; default 2025-01-01T00:00Z */
    int64_t px_e8;    /* open of the first bar, default 50000 */
    double vol;       /* multiplies every move, 0.05 .. 10, default 1 */
    const volatile sig_atomic_t *stop; /* set: making it ends soon; NULL: never */
} pp_synthetic;

/* The defaults, with this pattern. */
pp_synthetic pp_synthetic_default(const char *pattern);

/* Reads "PATTERN[,bars=N][,seed=S][,start=TIME][,price=P][,vol=V]"; every fault is reported. */
bool pp_synthetic_parse(pp_arena *arena, const char *text, pp_synthetic *out, pp_diags *d);

/* The canonical text of the parameters, for manifests; parses back to the same. */
const char *pp_synthetic_text(pp_arena *arena, const pp_synthetic *s);

/* Makes the tape in `arena`: symbol "SYNTHUSDT", exchange "synthetic". s must be valid (as parse
 * leaves it; values out of range are an assertion). False if it was stopped: there is no tape. */
bool pp_synthetic_make(pp_arena *arena, const pp_synthetic *s, pp_tape *out);

#endif
