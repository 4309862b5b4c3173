#include "engine/doubts.h"

#include <math.h>

/* 0.75 %: the usual 0.01 % written in percent, 0.01, is beyond it. */
#define RATE_LARGE 0.0075

static void add(pp_buf *out, size_t n, const char *what)
{
    if (n)
        pp_buf_printf(out, "%s%zu %s", out->len ? ", " : "", n, what);
}

size_t pp_doubt_settlements(pp_arena *arena, const pp_prepared *p, const char **doubt)
{
    const pp_tape *t = p->tape;
    int64_t interval_ms = p->exchange.ins.funding_interval_ms;
    int64_t least_ms = interval_ms > 0 && interval_ms < PP_HOUR_MS ? interval_ms : PP_HOUR_MS;
    size_t n = 0, crowded = 0, off = 0, large = 0;
    double largest = 0;
    bool from_data = p->strategy->play->funding == PP_FUNDING_DATA;
    for (size_t i = 0; from_data && i < t->n_funding; i++) {
        int64_t at = t->funding[i].time_ms;
        double rate = t->funding[i].rate;
        if (at < p->window.start_ms || at >= p->window.end_ms)
            continue;
        crowded += n && at - t->funding[i - 1].time_ms < least_ms;
        off += at % least_ms != 0;
        large += fabs(rate) > RATE_LARGE;
        largest = fabs(rate) > fabs(largest) ? rate : largest;
        n++;
    }
    pp_buf out = {.arena = arena};
    add(&out, crowded, "within an hour of the one before");
    add(&out, off, "not on a whole hour");
    add(&out, large, "beyond 0.75 %");
    if (large)
        pp_buf_printf(&out, " (the largest is %.4g %%)", 100 * largest);
    *doubt = out.text;
    return n;
}

/* Open interest stands at the last one known (R4): how long it has at the end of the window, where
 * that is longer than the coarsest data, which is of days, can explain. */
static int64_t stands_ms(const pp_tape *t, const pp_window *w)
{
    const double *v = t->open_interest;
    size_t i = w->end_bar - 1;
    while (v && i > w->first_bar && v[i - 1] == v[i])
        i--;
    int64_t ms = w->end_ms - pp_bar_close_ms(&t->bars, i);
    return v && ms > 2 * PP_DAY_MS ? ms : 0;
}

const char *pp_doubt_operands(pp_arena *arena, const pp_prepared *p)
{
    const pp_tape *t = p->tape;
    const pp_window *w = &p->window;
    const struct {
        pp_builtin id;
        const char *name;
        const double *v;
    } operands[] = {{PP_BI_INDEX_PRICE, "index_price", t->index_close},
                    {PP_BI_OPEN_INTEREST, "open_interest", t->open_interest},
                    {PP_BI_TURNOVER, "turnover", t->bars.turnover}};
    pp_buf out = {.arena = arena};
    for (size_t k = 0; k < PP_COUNT(operands); k++) {
        size_t unknown = 0;
        if (!pp_rules_uses(p->strategy->rules, (int)operands[k].id))
            continue;
        for (size_t i = w->first_bar; i < w->end_bar; i++)
            unknown += !(t->filled && t->filled[i]) && (!operands[k].v || isnan(operands[k].v[i]));
        if (unknown)
            pp_buf_printf(&out, "%s%s, which rules read, is not known on %zu of %zu bars",
                          out.len ? "; " : "", operands[k].name, unknown,
                          w->end_bar - w->first_bar);
    }
    int64_t old_ms = pp_rules_uses(p->strategy->rules, PP_BI_OPEN_INTEREST) ? stands_ms(t, w) : 0;
    if (old_ms)
        pp_buf_printf(&out,
                      "%sopen_interest, which rules read, stands still for the last %lld days",
                      out.len ? "; " : "", (long long)(old_ms / PP_DAY_MS));
    return out.text;
}
