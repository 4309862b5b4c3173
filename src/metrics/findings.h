/* findings.h - what a careful reader would object to in a finished run: a list of named checks,
 * each with its numbers and advice (A8). Pure functions of the run: the bootstrap draws from the
 * project's generator with a fixed seed, so that equal runs have equal findings. */
#ifndef PP_FINDINGS_H
#define PP_FINDINGS_H

#include "base/json.h"
#include "metrics/metrics.h"

typedef enum pp_finding_severity {
    PP_FINDING_NOTE,
    PP_FINDING_CAUTION, /* the result may not mean what it seems to mean */
    PP_FINDING_SERIOUS  /* do not trust the result before this is understood */
} pp_finding_severity;

enum {
    PP_FINDING_NUMBERS = 3,
    PP_FEW_TRADES = 30 /* below it, averages say little */
};

typedef struct pp_finding {
    const char *name; /* "few_trades" */
    pp_finding_severity severity;
    const char *text;   /* what was found, numbers included, one sentence */
    const char *advice; /* what to do about it, one sentence */
    struct {
        const char *name;
        double v;
    } numbers[PP_FINDING_NUMBERS];
    int n_numbers;
} pp_finding;

typedef struct pp_findings {
    const pp_finding *v; /* most severe first, then in the order of the checks */
    size_t n;
} pp_findings;

/* What a run alone does not know; NaN and -1 leave the check out. */
typedef struct pp_findings_extra {
    double other_path_profit;    /* net profit under the other intrabar order; inf: amounts
                                  * pass what they hold (X1) */
    int n_variables;             /* of the Play */
    bool warmup_short;           /* the window starts before the warmup is behind (T15) */
    int64_t missing_settlements; /* of the run, where the data has funding at all */
    double typical_range_pct;    /* median high - low of an exec bar, percent of close */
} pp_findings_extra;

pp_findings pp_findings_make(pp_arena *arena, const pp_result *r, const pp_metrics_input *in,
                             const pp_metrics *m, const pp_findings_extra *extra);

/* "63 of 84 entries were cut: 63 by tier (200000 USDT)", "114 stops lay beyond ...": sizes and
 * stops that are not the Play's (K3, X18); NULL where there are none. */
const char *pp_cut_entries_text(pp_arena *arena, const pp_result *r);
const char *pp_moved_stops_text(pp_arena *arena, const pp_result *r);
const char *pp_stops_beyond_text(pp_arena *arena, const pp_result *r);

/* "7 funding settlements of the window are not in the data"; of: "window", "run" */
const char *pp_missing_settlements_text(pp_arena *arena, int64_t n, const char *of);

const char *pp_finding_severity_name(pp_finding_severity s); /* "note", "caution", "serious" */
void pp_findings_json(pp_json *w, const char *key, const pp_findings *f);

/* Share of resampled histories whose mean trade is <= 0: `rounds` histories of n trades, drawn from
 * the trades in blocks of ceil(sqrt n) that wrap around. NaN for n < 2. */
double pp_bootstrap_luck(pp_arena *arena, const int64_t *net_e8, size_t n, int rounds,
                         uint64_t seed);

#endif
