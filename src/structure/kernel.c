#include "structure/kernel.h"

const char *const pp_tokens_direction[] = {"bullish", "bearish", NULL};
const char *const pp_tokens_bias[] = {"none", "bullish", "bearish", NULL};

enum { ATR_LENGTH = 14 };

double pp_atr_next(pp_atr *a, const pp_inputs *in, size_t i)
{
    if (in->atr)
        return in->atr[i];
    double high = in->bars->high[i], low = in->bars->low[i], tr = high - low;
    if (a->n > 0)
        tr = fmax(tr, fmax(fabs(high - a->prev_close), fabs(low - a->prev_close)));
    a->prev_close = in->bars->close[i];
    a->n++;
    if (a->n > ATR_LENGTH) {
        a->value += (tr - a->value) / ATR_LENGTH;
        return a->value;
    }
    a->value += tr; /* a sum until the first mean */
    if (a->n < ATR_LENGTH)
        return NAN;
    return a->value /= ATR_LENGTH;
}

void pp_sink_init(pp_sink *s, double *const *out, int n_outputs)
{
    s->n = 0;
    for (int k = 0; k < n_outputs; k++) {
        if (!out[k])
            continue;
        s->k[s->n] = k;
        s->col[s->n++] = out[k];
    }
}

int pp_structure_warmup(int64_t bars, bool uses_atr, const pp_chain *chain)
{
    if (uses_atr && !chain->has_atr_key && chain->warmup < PP_WARMUP_ATR)
        bars += PP_WARMUP_ATR - chain->warmup;
    return bars > INT32_MAX / 4 ? INT32_MAX / 4 : (int)bars;
}
