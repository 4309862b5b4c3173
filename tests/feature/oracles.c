#include "oracles.h"

#include <indicators.h>
#include <string.h>
#include <ta_libc.h>

/* ---- TA-Lib ---- */

#define TA(name, call)                                                                             \
    static bool ta_##name(const oracle *o, const pp_bars *b, const double *x, size_t *first,       \
                          double **out)                                                            \
    {                                                                                              \
        int beg = 0, num = 0, end = (int)b->n - 1;                                                 \
        const double *opt = o->options;                                                            \
        (void)x, (void)opt;                                                                        \
        bool ok = call == TA_SUCCESS;                                                              \
        *first = (size_t)beg;                                                                      \
        return ok && num > 0;                                                                      \
    }
#define N(i)         (int)opt[i]
#define HL           b->high, b->low
#define HLC          b->high, b->low, b->close
#define RESULT       &beg, &num, out[0]
#define TA_X(name)   TA(name, TA_##name(0, end, x, N(0), RESULT))
#define TA_HLC(name) TA(name, TA_##name(0, end, HLC, N(0), RESULT))

TA_X(SMA)
TA_X(EMA)
TA_X(WMA)
TA_X(DEMA)
TA_X(TEMA)
TA_X(TRIMA)
TA_X(KAMA)
TA_X(LINEARREG)
TA_X(LINEARREG_SLOPE)
TA_X(RSI)
TA_X(ROC)
TA_X(MOM)
TA_X(CMO)
TA_X(MAX)
TA_X(MIN)
TA_X(TRIX)
TA_HLC(ATR)
TA_HLC(NATR)
TA_HLC(CCI)
TA_HLC(WILLR)
TA_HLC(ADX)
TA_HLC(ADXR)
TA_HLC(PLUS_DI)
TA(STDDEV, TA_STDDEV(0, end, x, N(0), 1, RESULT))
TA(MFI, TA_MFI(0, end, HLC, b->volume, N(0), RESULT))
TA(MIDPRICE, TA_MIDPRICE(0, end, HL, N(0), RESULT))
TA(OBV, TA_OBV(0, end, b->close, b->volume, RESULT))
TA(AVGPRICE, TA_AVGPRICE(0, end, b->open, HLC, RESULT))
TA(ULTOSC, TA_ULTOSC(0, end, HLC, N(0), N(1), N(2), RESULT))
TA(MACD, TA_MACD(0, end, x, N(0), N(1), N(2), RESULT, out[1], out[2]))
TA(PPO, TA_PPO(0, end, x, N(0), N(1), TA_MAType_EMA, RESULT))
TA(BBANDS, TA_BBANDS(0, end, x, N(0), opt[1], opt[1], TA_MAType_SMA, RESULT, out[1], out[2]))
TA(STOCH, TA_STOCH(0, end, HLC, N(0), N(1), TA_MAType_SMA, N(2), TA_MAType_SMA, RESULT, out[1]))
TA(STOCHRSI, TA_STOCHRSI(0, end, x, N(0), N(1), N(2), TA_MAType_SMA, RESULT, out[1]))
TA(PLUS_DM, TA_PLUS_DM(0, end, HL, N(0), RESULT))
TA(AROON, TA_AROON(0, end, HL, N(0), RESULT, out[1]))
TA(SAR, TA_SAR(0, end, HL, opt[0], opt[1], RESULT))

/* ---- Tulip Indicators: the library says which inputs a function takes ---- */

static const double *tulip_input(const char *name, const pp_bars *b, const double *x)
{
    const char *const names[] = {"open", "high", "low", "close", "volume"};
    const double *const column[] = {b->open, b->high, b->low, b->close, b->volume};
    for (int k = 0; k < 5; k++)
        if (strcmp(name, names[k]) == 0)
            return column[k];
    return x;
}

static bool tulip(const oracle *o, const pp_bars *b, const double *x, size_t *first, double **out)
{
    const ti_indicator_info *f = ti_find_indicator(o->function);
    const double *in[TI_MAXINDPARAMS] = {0};
    for (int k = 0; f && k < f->inputs; k++)
        in[k] = tulip_input(f->input_names[k], b, x);
    *first = f ? (size_t)f->start(o->options) : 0;
    return f && f->indicator((int)b->n, in, o->options, out) == TI_OKAY;
}

#define T(fn)          .library = "TA-Lib", .function = "TA_" #fn, .run = ta_##fn
#define U(fn)          .library = "Tulip", .function = #fn, .run = tulip
#define ONE            .n_out = 1, .ours = {0}
#define MAPS(n, ...)   .n_out = (n), .ours = {__VA_ARGS__}
#define OPTIONS(...)   .options = {__VA_ARGS__}
#define AFTER(reason)  .kind = CONVERGES, .why = (reason)
#define UNLIKE(reason) .kind = DIFFERS, .why = (reason)
#define FROM_FIRST     AFTER("its EMAs start from the first value, not the mean of the first n")
#define TR_FROM_1      AFTER("its true range starts at the second bar")

#define EQUAL_MOVES UNLIKE("where the high and the low moved equally far it counts both moves")
#define HELD_FIRST                                                                                 \
    UNLIKE("it holds the stop to the two bars before and tests then, equality included; ours, as " \
           "TradingView's, tests first")

const oracle oracles[] = {
    {"sma", T(SMA), ONE, OPTIONS(20)},
    {"sma", U(sma), ONE, OPTIONS(20)},
    {"ema", T(EMA), ONE, OPTIONS(20)},
    {"ema", U(ema), ONE, OPTIONS(20), FROM_FIRST},
    {"rma", U(wilders), ONE, OPTIONS(20)},
    {"wma", T(WMA), ONE, OPTIONS(20)},
    {"wma", U(wma), ONE, OPTIONS(20)},
    {"dema", T(DEMA), ONE, OPTIONS(20)},
    {"dema", U(dema), ONE, OPTIONS(20), FROM_FIRST},
    {"tema", T(TEMA), ONE, OPTIONS(20)},
    {"tema", U(tema), ONE, OPTIONS(20), FROM_FIRST},
    {"trima", T(TRIMA), ONE, OPTIONS(20)},
    {"trima", U(trima), ONE, OPTIONS(20)},
    {"hma", U(hma), ONE, OPTIONS(20)},
    {"zlma", U(zlema), ONE, OPTIONS(20), FROM_FIRST},
    {"kama", T(KAMA), ONE, OPTIONS(10)},
    {"kama", U(kama), ONE, OPTIONS(10)},
    {"vwma", U(vwma), ONE, OPTIONS(20)},
    {"linreg", T(LINEARREG), ONE, OPTIONS(14)},
    {"linreg", T(LINEARREG_SLOPE), MAPS(1, 1), OPTIONS(14)},
    {"linreg", U(linreg), ONE, OPTIONS(14)},
    {"linreg", U(linregslope), MAPS(1, 1), OPTIONS(14)},
    {"rsi", T(RSI), ONE, OPTIONS(14)},
    {"rsi", U(rsi), ONE, OPTIONS(14)},
    {"atr", T(ATR), ONE, OPTIONS(14), TR_FROM_1},
    {"atr", U(atr), ONE, OPTIONS(14)},
    {"natr", T(NATR), ONE, OPTIONS(14), TR_FROM_1},
    {"natr", U(natr), ONE, OPTIONS(14)},
    {"stdev", T(STDDEV), ONE, OPTIONS(20)},
    {"stdev", U(stddev), ONE, OPTIONS(20)},
    {"cci", T(CCI), ONE, OPTIONS(20)},
    {"cci", U(cci), ONE, OPTIONS(20)},
    {"willr", T(WILLR), ONE, OPTIONS(14)},
    {"willr", U(willr), ONE, OPTIONS(14)},
    {"roc", T(ROC), ONE, OPTIONS(10)},
    {"roc", U(roc), ONE, OPTIONS(10), .scale = 100},
    {"mom", T(MOM), ONE, OPTIONS(10)},
    {"mom", U(mom), ONE, OPTIONS(10)},
    {"mfi", T(MFI), ONE, OPTIONS(14)},
    {"mfi", U(mfi), ONE, OPTIONS(14)},
    {"cmo", T(CMO), ONE, OPTIONS(14),
     UNLIKE("it smooths rises and falls as rsi does; the definition sums them over n changes")},
    {"cmo", U(cmo), ONE, OPTIONS(14)},
    {"midprice", T(MIDPRICE), ONE, OPTIONS(14)},
    {"highest", T(MAX), ONE, OPTIONS(20)},
    {"highest", U(max), ONE, OPTIONS(20)},
    {"lowest", T(MIN), ONE, OPTIONS(20)},
    {"lowest", U(min), ONE, OPTIONS(20)},
    {"obv", T(OBV), ONE, UNLIKE("it starts at the first volume, ours at 0: a constant apart")},
    {"obv", U(obv), ONE},
    {"ohlc4", T(AVGPRICE), ONE},
    {"ohlc4", U(avgprice), ONE},
    {"uo", T(ULTOSC), ONE, OPTIONS(7, 14, 28)},
    {"uo", U(ultosc), ONE, OPTIONS(7, 14, 28)},
    {"ao", U(ao), ONE},
    {"macd", T(MACD), MAPS(3, 0, 1, 2), OPTIONS(12, 26, 9),
     AFTER("its fast EMA starts late, so that both EMAs start on one bar")},
    {"macd", U(macd), MAPS(3, 0, 1, 2), OPTIONS(12, 26, 9),
     UNLIKE("at 12 and 26 it uses the rounded factors 0.15 and 0.075")},
    {"macd", U(macd), MAPS(3, 0, 1, 2), OPTIONS(10, 20, 9), FROM_FIRST, .params = {10, 20, 9}},
    {"ppo", T(PPO), ONE, OPTIONS(12, 26)},
    {"ppo", U(ppo), ONE, OPTIONS(12, 26), FROM_FIRST},
    {"trix", T(TRIX), ONE, OPTIONS(18)},
    {"trix", U(trix), ONE, OPTIONS(18),
     UNLIKE("it divides the change by the new value, not by the one before")},
    {"kvo", U(kvo), ONE, OPTIONS(34, 55),
     UNLIKE("it uses Klinger's volume force with its trend and cumulative measurement; ours "
            "signs the volume by the change of hlc3")},
    {"bbands", T(BBANDS), MAPS(3, 2, 0, 1), OPTIONS(20, 2)},
    {"bbands", U(bbands), MAPS(3, 1, 0, 2), OPTIONS(20, 2)},
    {"donchian", T(MAX), MAPS(1, 2), OPTIONS(20)},
    {"donchian", U(min), MAPS(1, 1), OPTIONS(20)},
    {"stoch", T(STOCH), MAPS(2, 0, 1), OPTIONS(14, 3, 3)},
    {"stoch", U(stoch), MAPS(2, 0, 1), OPTIONS(14, 3, 3)},
    {"stochrsi", T(STOCHRSI), MAPS(2, 0, 1), OPTIONS(14, 14, 3), .params = {14, 14, 1, 3}},
    {"stochrsi", U(stochrsi), ONE, OPTIONS(14), .scale = 100, .params = {14, 14, 1, 3}},
    {"adx", T(ADX), ONE, OPTIONS(14), AFTER("its sums start with n - 1 moves instead of n")},
    {"adx", T(PLUS_DI), MAPS(1, 1), OPTIONS(14),
     AFTER("its sums start with n - 1 moves instead of n")},
    {"adx", T(ADXR), MAPS(1, 3), OPTIONS(14),
     AFTER("its sums start with n - 1 moves instead of n")},
    {"adx", U(adx), ONE, OPTIONS(14), EQUAL_MOVES},
    {"dm", T(PLUS_DM), ONE, OPTIONS(14), .scale = 1 / 14.0,
     AFTER("it is Wilder's sum, n times the mean, and starts with n - 1 moves")},
    {"dm", U(dm), MAPS(2, 0, 1), OPTIONS(14), .scale = 1 / 14.0, EQUAL_MOVES},
    {"aroon", T(AROON), MAPS(2, 2, 1), OPTIONS(25)},
    {"aroon", U(aroon), MAPS(2, 2, 1), OPTIONS(25)},
    {"psar", T(SAR), ONE, OPTIONS(0.02, 0.2), HELD_FIRST},
    {"psar", U(psar), ONE, OPTIONS(0.02, 0.2), HELD_FIRST},
    {"fisher", U(fisher), MAPS(2, 0, 1), OPTIONS(9)},
};
const size_t n_oracles = PP_COUNT(oracles);
