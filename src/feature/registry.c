/* registry.c - the table of indicators, sorted by name. */
#include "feature/registry.h"

#include <math.h>
#include <string.h>

#define INDICATORS(X)                                                                              \
    X(adx)                                                                                         \
    X(alma)                                                                                        \
    X(anchored_volume_profile)                                                                     \
    X(anchored_vwap)                                                                               \
    X(ao)                                                                                          \
    X(aroon)                                                                                       \
    X(atr)                                                                                         \
    X(bbands)                                                                                      \
    X(cci)                                                                                         \
    X(chop)                                                                                        \
    X(cmf)                                                                                         \
    X(cmo)                                                                                         \
    X(dema)                                                                                        \
    X(dm)                                                                                          \
    X(donchian)                                                                                    \
    X(ema)                                                                                         \
    X(fisher)                                                                                      \
    X(highest)                                                                                     \
    X(hma)                                                                                         \
    X(ichimoku)                                                                                    \
    X(kama)                                                                                        \
    X(kc)                                                                                          \
    X(kvo)                                                                                         \
    X(linreg)                                                                                      \
    X(lowest)                                                                                      \
    X(macd)                                                                                        \
    X(mfi)                                                                                         \
    X(midprice)                                                                                    \
    X(mom)                                                                                         \
    X(natr)                                                                                        \
    X(obv)                                                                                         \
    X(ohlc4)                                                                                       \
    X(ppo)                                                                                         \
    X(psar)                                                                                        \
    X(rma)                                                                                         \
    X(roc)                                                                                         \
    X(rsi)                                                                                         \
    X(session_levels)                                                                              \
    X(sma)                                                                                         \
    X(squeeze)                                                                                     \
    X(stdev)                                                                                       \
    X(stoch)                                                                                       \
    X(stochrsi)                                                                                    \
    X(supertrend)                                                                                  \
    X(tema)                                                                                        \
    X(trima)                                                                                       \
    X(trix)                                                                                        \
    X(tsi)                                                                                         \
    X(uo)                                                                                          \
    X(volume_profile)                                                                              \
    X(vortex)                                                                                      \
    X(vwap)                                                                                        \
    X(vwma)                                                                                        \
    X(willr)                                                                                       \
    X(wma)                                                                                         \
    X(zlma)                                                                                        \
    X(zscore)

#define X(name) extern const pp_spec pp_indicator_##name;
INDICATORS(X)
#undef X

#define X(name) &pp_indicator_##name,
static const pp_spec *const rows[] = {INDICATORS(X)};
#undef X

const pp_registry pp_indicators = {rows, PP_COUNT(rows)};

void pp_params_default(const pp_spec *s, pp_params *p)
{
    memset(p, 0, sizeof *p);
    for (int i = 0; i < PP_PARAMS_MAX; i++)
        p->v[i] = i < s->n_params ? s->params[i].def : NAN;
    for (int i = 0; i < s->n_params; i++) {
        const double *list = s->params[i].type == PP_P_LIST ? s->params[i].def_list : NULL;
        for (p->n_list = 0; list && p->n_list < PP_LIST_MAX && list[p->n_list] == list[p->n_list];)
            p->list[p->n_list] = list[p->n_list], p->n_list++;
        if (list)
            break;
    }
}

const pp_output_spec *pp_spec_outputs(const pp_spec *s, const pp_params *p, pp_arena *a, int *n)
{
    if (!s->make_outputs) {
        *n = s->n_outputs;
        return s->outputs;
    }
    pp_output_spec *made = PP_ARRAY(a, pp_output_spec, PP_OUTPUTS_MAX);
    *n = s->make_outputs(a, p, made);
    return made;
}
