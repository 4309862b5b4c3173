#include "market/benchdata.h"
#include "market/draw.h"

#include <math.h>

static double z12(uint64_t seed, uint64_t k)
{
    double sum = 0;
    for (uint64_t i = 0; i < 12; i++)
        sum += pp_draw(seed, k + i);
    return sum - 6.0;
}

static double tick(double p)
{
    return floor(p * 10.0 + 0.5) / 10.0;
}

void pp_benchdata_make(pp_arena *arena, uint64_t seed, size_t n, pp_tape *out)
{
    int64_t *open_ms = PP_ARRAY(arena, int64_t, n);
    double *open = PP_ARRAY(arena, double, n), *high = PP_ARRAY(arena, double, n);
    double *low = PP_ARRAY(arena, double, n), *close = PP_ARRAY(arena, double, n);
    double *volume = PP_ARRAY(arena, double, n);
    double latent = 50000.0, last = 50000.0;
    for (size_t i = 0; i < n; i++) {
        uint64_t k = 60 * (uint64_t)i;
        double hi = last, lo = last, p = last;
        for (uint64_t step = 0; step < 4; step++) {
            latent *= 1.0 + 0.0004 * z12(seed, k + 12 * step);
            p = tick(latent);
            hi = p > hi ? p : hi;
            lo = p < lo ? p : lo;
        }
        double units = 5.0 + 5.0 * fabs(z12(seed, k + 48)) + 2000.0 * (hi - lo) / last;
        open_ms[i] = PP_BENCH_START_MS + PP_MINUTE_MS * (int64_t)i;
        open[i] = last;
        high[i] = hi;
        low[i] = lo;
        close[i] = last = p;
        volume[i] = floor(units * 1000.0 + 0.5) / 1000.0;
    }
    *out = (pp_tape){.symbol = "BENCHUSDT", .exchange = "synthetic"};
    out->bars = (pp_bars){PP_TF_1M, n, open_ms, open, high, low, close, volume, NULL};
}

void pp_benchdata_csv(const pp_bars *b, pp_buf *out)
{
    pp_buf_puts(out, "open_ms,open,high,low,close,volume\n");
    for (size_t i = 0; i < b->n; i++)
        pp_buf_printf(out, "%lld,%.1f,%.1f,%.1f,%.1f,%.3f\n", (long long)b->open_ms[i], b->open[i],
                      b->high[i], b->low[i], b->close[i], b->volume[i]);
}
