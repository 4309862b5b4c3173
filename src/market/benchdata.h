/* benchdata.h - the bars of the public benchmark workloads, from a documented generator.
 *
 * Latent price p starts at 50000 and is multiplied by 1 + 0.0004 z four times a bar; z is the sum
 * of twelve draws minus 6; prices are p on a tick of 0.1; volume grows with the range. Bar i uses
 * draws 60i .. 60i+59 of splitmix64 in counter mode (draw.h). With seed 42 and a year of bars the
 * CSV below has a published SHA-256, so that everyone measures the same data. */
#ifndef PP_BENCHDATA_H
#define PP_BENCHDATA_H

#include "market/tape.h"

#define PP_BENCH_SEED     42
#define PP_BENCH_BARS     525600
#define PP_BENCH_START_MS INT64_C(1735689600000) /* 2025-01-01T00:00Z */

/* n bars of 1m in `arena`; symbol BENCHUSDT, no mark, no funding. */
void pp_benchdata_make(pp_arena *arena, uint64_t seed, size_t n, pp_tape *out);

/* `open_ms,open,high,low,close,volume` with %d %.1f %.3f: the text whose hash is published. */
void pp_benchdata_csv(const pp_bars *bars, pp_buf *out);

#endif
