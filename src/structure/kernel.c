#include "structure/kernel.h"

const char *const pp_tokens_direction[] = {"bullish", "bearish", NULL};
const char *const pp_tokens_bias[] = {"none", "bullish", "bearish", NULL};

enum { ATR_LENGTH = 14 };

void pp_atr_init(pp_atr *a)
{
    pp_plan_rma(&a->rma, ATR_LENGTH);
}

const double *pp_atr_block(pp_atr *a, const pp_inputs *in, size_t at, size_t n, double *buf)
{
    if (in->atr)
        return in->atr + at;
    double tr[PP_BLOCK];
    pp_true_range(in->bars, at, n, tr);
    pp_ema_run(&a->rma, tr, buf, n);
    return buf;
}

void pp_sink_init(pp_sink *s, double *const *out, int n_outputs)
{
    s->n = 0;
    s->held = 0;
    for (int k = 0; k < n_outputs; k++) {
        if (!out[k])
            continue;
        s->k[s->n] = k;
        s->col[s->n++] = out[k];
    }
}

void pp_sink_flush(pp_sink *s, size_t n_outputs, size_t end)
{
    for (int j = 0; j < s->n; j++) {
        double *to = s->col[j] + (end - s->held);
        const double *from = s->row + s->k[j];
        if (s->held == PP_SINK_ROWS)
            for (size_t r = 0; r < PP_SINK_ROWS; r++)
                to[r] = from[r * n_outputs];
        else
            for (size_t r = 0; r < s->held; r++)
                to[r] = from[r * n_outputs];
    }
    s->held = 0;
}

int pp_structure_warmup(int64_t bars, bool uses_atr, const pp_chain *chain)
{
    if (uses_atr && !chain->has_atr_key && chain->warmup < PP_WARMUP_ATR)
        bars += PP_WARMUP_ATR - chain->warmup;
    return bars > INT32_MAX / 4 ? INT32_MAX / 4 : (int)bars;
}
