#include "structure/rationalise.h"

#include "structure/kernel.h"

static const char *const tokens_regime[] = {"unknown", "trending_up", "trending_down",
                                            "ranging", "volatile",    NULL};

const pp_output_spec pp_rationalize_outputs[PP_RAT_COLUMNS] = {
    {"transition_count", PP_INT, NULL, "transitions at this exec close"},
    {"has_transitions", PP_BOOL, NULL, "there is at least one"},
    {"bars_since_transition", PP_INT, NULL, "exec bars since the last close that had one"},
    {"confluence_score", PP_FLOAT, NULL, "larger side's share of the known votes"},
    {"alignment", PP_FLOAT, NULL, "larger side's share of the votes that take a side"},
    {"momentum", PP_FLOAT, NULL, "dir_score with trends weighted by their strength"},
    {"structure_stability", PP_FLOAT, NULL, "1 minus the share of bars with a changed vote"},
    {"dir_score", PP_FLOAT, NULL, "weighted mean of the votes, -1..1"},
    {"regime", PP_ENUM, tokens_regime, "what the market is doing"},
};

enum { ZONE_BROKEN = 2, ZONE_BROKEN_BARS = 5, TREND_REVERSAL_BARS = 3 };

static double at_close(const pp_rat_column *c, size_t e)
{
    if (!c->bar)
        return c->value[e];
    return c->bar[e] < 0 ? NAN : c->value[c->bar[e]];
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* --- votes (S21) ----------------------------------------------------------------------------- */

enum { NO_VOTE = 2 }; /* beside -1, 0, 1 */

/* What each signal votes at each exec close. */
static int8_t **take_votes(pp_arena *arena, const pp_rat_input *in)
{
    int8_t **votes = PP_ARRAY(arena, int8_t *, in->n_signals);
    for (size_t k = 0; k < in->n_signals; k++) {
        votes[k] = PP_ARRAY(arena, int8_t, in->exec->n);
        for (size_t e = 0; e < in->exec->n; e++) {
            double v = at_close(&in->signals[k].value, e);
            votes[k][e] = (int8_t)(isnan(v) ? NO_VOTE : (v > 0) - (v < 0));
        }
    }
    return votes;
}

static double strength_at(const pp_rat_signal *s, size_t e)
{
    if (!s->strength)
        return 1;
    const pp_rat_column c = {s->strength, s->value.bar};
    return at_close(&c, e) / 2;
}

static void count_votes(const pp_rat_input *in, int8_t *const *votes, double *const *out, size_t e)
{
    double weights = 0, score = 0, momentum = 0;
    int known = 0, bull = 0, bear = 0;
    for (size_t k = 0; k < in->n_signals; k++) {
        const pp_rat_signal *s = &in->signals[k];
        int vote = votes[k][e];
        if (vote == NO_VOTE)
            continue;
        known++;
        bull += vote > 0;
        bear += vote < 0;
        weights += s->weight;
        score += s->weight * vote;
        if (vote != 0)
            momentum += s->weight * vote * strength_at(s, e);
    }
    int larger = bull > bear ? bull : bear;
    double none = known > 0 ? 0 : NAN;
    out[PP_RAT_CONFLUENCE][e] = (double)larger / known; /* 0 / 0 is unknown */
    out[PP_RAT_ALIGNMENT][e] = bull + bear < 2 ? none : (double)larger / (bull + bear);
    out[PP_RAT_DIR_SCORE][e] = score / weights;
    out[PP_RAT_MOMENTUM][e] = momentum / weights;
}

static bool votes_changed(const pp_rat_input *in, int8_t *const *votes, size_t e)
{
    bool changed = false;
    for (size_t k = 0; e > 0 && k < in->n_signals; k++)
        changed |= votes[k][e] != votes[k][e - 1];
    return changed;
}

static void measure_stability(const pp_rat_input *in, int8_t *const *votes, double *const *out)
{
    int length = in->decl->stability_length, changes = 0;
    for (size_t e = 0; e < in->exec->n; e++) {
        changes += votes_changed(in, votes, e);
        if (e >= (size_t)length)
            changes -= votes_changed(in, votes, e - (size_t)length);
        bool known = !isnan(out[PP_RAT_CONFLUENCE][e]);
        out[PP_RAT_STABILITY][e] = known ? 1 - (double)changes / length : NAN;
    }
}

/* --- transitions (S22) ----------------------------------------------------------------------- */

/* A bar is first seen at e if it is the last closed at e or before, but was not yet at e - 1. */
static size_t events_at(const pp_rat_watch *w, int watch, size_t e, pp_transition *out)
{
    int64_t last = w->value.bar ? w->value.bar[e] : (int64_t)e;
    int64_t seen = w->value.bar ? w->value.bar[e - 1] : (int64_t)e - 1;
    size_t n = 0;
    for (int64_t bar = seen + 1; bar <= last; bar++) {
        if (w->value.value[bar] != 1)
            continue;
        if (out)
            out[n] = (pp_transition){e, watch, 0, 1};
        n++;
    }
    return n;
}

/* The transitions of one exec close, written where out is not NULL. */
static size_t transitions_at(const pp_rat_input *in, size_t e, pp_transition *out)
{
    size_t n = 0;
    for (size_t k = 0; e > 0 && k < in->n_watches; k++) {
        const pp_rat_watch *w = &in->watches[k];
        if (w->value.bar && w->value.bar[e] == w->value.bar[e - 1])
            continue; /* no bar since */
        if (w->is_event) {
            n += events_at(w, (int)k, e, out ? out + n : NULL);
            continue;
        }
        double before = at_close(&w->value, e - 1), after = at_close(&w->value, e);
        if (same(before, after))
            continue;
        if (out)
            out[n] = (pp_transition){e, (int)k, before, after};
        n++;
    }
    return n;
}

static void count_transitions(const pp_rat_input *in, double *const *out)
{
    double since = NAN;
    for (size_t e = 0; e < in->exec->n; e++) {
        size_t n = transitions_at(in, e, NULL);
        since = n > 0 ? 0 : since + 1;
        out[PP_RAT_TRANSITION_COUNT][e] = (double)n;
        out[PP_RAT_HAS_TRANSITIONS][e] = n > 0;
        out[PP_RAT_BARS_SINCE][e] = since;
    }
}

/* They are found again from the columns, newest close first, so that a run need not keep them and
 * no later bar can push one out. */
pp_transition *pp_rat_transitions(pp_arena *arena, const pp_rat_input *in, size_t end, size_t *n)
{
    size_t first = end, found = 0, filled = 0;
    while (first > 0 && found < PP_TRANSITIONS_MAX)
        found += transitions_at(in, --first, NULL);
    pp_transition *all = PP_ARRAY(arena, pp_transition, found + 1);
    for (size_t e = first; e < end; e++)
        filled += transitions_at(in, e, all + filled);
    *n = found < PP_TRANSITIONS_MAX ? found : PP_TRANSITIONS_MAX;
    return all + (found - *n);
}

/* --- regime (S23) ---------------------------------------------------------------------------- */

static double *natr(pp_arena *arena, const pp_bars *b)
{
    double *out = PP_ARRAY(arena, double, b->n), buf[PP_BLOCK];
    const pp_inputs in = {.bars = b};
    pp_atr atr = {0};
    pp_atr_init(&atr);
    for (size_t at = 0, n; at < b->n; at += n) {
        n = b->n - at < PP_BLOCK ? b->n - at : PP_BLOCK;
        const double *value = pp_atr_block(&atr, &in, at, n, buf);
        for (size_t j = 0; j < n; j++)
            out[at + j] = 100 * value[j] / b->close[at + j];
    }
    return out;
}

/* Share of the length - 1 values before e that are <= the one at e. */
PP_SIMD static double rank_at(const double *x, size_t e, size_t length)
{
    int64_t at_most = 0; /* as wide as what it counts: the loop runs in vectors */
    for (size_t k = e + 1 - length; k < e; k++)
        at_most += x[k] <= x[e];
    return (double)at_most / (double)(length - 1);
}

static pp_regime raw_regime(const pp_rat_input *in, const double *vol, double score, size_t e)
{
    size_t length = (size_t)in->decl->vol_rank_length;
    if (isnan(score) || e + 1 < length || isnan(vol[e + 1 - length]))
        return PP_REGIME_UNKNOWN;
    if (score >= in->decl->dir_threshold)
        return PP_REGIME_TRENDING_UP;
    if (score <= -in->decl->dir_threshold)
        return PP_REGIME_TRENDING_DOWN;
    return rank_at(vol, e, length) >= in->decl->vol_rank_high ? PP_REGIME_VOLATILE
                                                              : PP_REGIME_RANGING;
}

static void follow_regime(pp_arena *arena, const pp_rat_input *in, double *const *out)
{
    const double *vol = natr(arena, in->exec);
    pp_regime regime = PP_REGIME_UNKNOWN, last = PP_REGIME_UNKNOWN;
    int in_a_row = 0;
    for (size_t e = 0; e < in->exec->n; e++) {
        pp_regime raw = raw_regime(in, vol, out[PP_RAT_DIR_SCORE][e], e);
        in_a_row = raw == last ? in_a_row + 1 : 1;
        last = raw;
        if (in_a_row >= in->decl->hysteresis)
            regime = raw;
        out[PP_RAT_REGIME][e] = regime;
    }
}

/* --- vetoes (S24) ---------------------------------------------------------------------------- */

/* Whether the column became `value` at one of the last n exec closes, this one included. */
static bool became(const pp_rat_column *c, double value, size_t e, size_t n)
{
    for (size_t k = 0; k < n && k < e; k++)
        if (at_close(c, e - k) == value && at_close(c, e - k - 1) != value)
            return true;
    return false;
}

static unsigned score_vetoes(const pp_rationalize_decl *d, double *const *out, size_t e)
{
    unsigned veto = 0;
    if (!isnan(d->min_confluence) && !(out[PP_RAT_CONFLUENCE][e] >= d->min_confluence))
        veto |= PP_VETO_MIN_CONFLUENCE;
    if (!isnan(d->min_alignment) && !(out[PP_RAT_ALIGNMENT][e] >= d->min_alignment))
        veto |= PP_VETO_MIN_ALIGNMENT;
    if (d->regimes && !(d->regimes >> (int)out[PP_RAT_REGIME][e] & 1))
        veto |= PP_VETO_REGIMES;
    return veto;
}

static unsigned structure_vetoes(const pp_rat_input *in, size_t e, bool is_long)
{
    unsigned veto = 0;
    double against = is_long ? -1 : 1;
    for (size_t k = 0; k < in->n_zones; k++)
        if (in->zones[k].demand == is_long &&
            became(&in->zones[k].state, ZONE_BROKEN, e, ZONE_BROKEN_BARS))
            veto |= PP_VETO_ZONE_BROKEN;
    for (size_t k = 0; k < in->n_slower_trends; k++)
        if (at_close(&in->slower_trends[k], e) == against)
            veto |= PP_VETO_OPPOSING_HTF;
    for (size_t k = 0; k < in->n_exec_trends; k++) {
        const pp_rat_column trend = {in->exec_trends[k], NULL};
        if (became(&trend, against, e, TREND_REVERSAL_BARS))
            veto |= PP_VETO_TREND_REVERSAL;
    }
    return veto & in->decl->veto_on;
}

static void find_vetoes(const pp_rat_input *in, pp_rationalized *r)
{
    for (size_t e = 0; e < in->exec->n; e++) {
        unsigned scores = score_vetoes(in->decl, r->out, e);
        for (int side = 0; side < 2; side++) {
            unsigned veto = scores;
            if (in->decl->veto_on)
                veto |= structure_vetoes(in, e, side == 0);
            r->veto[side][e] = (uint8_t)veto;
        }
    }
}

void pp_rationalize(pp_arena *arena, const pp_rat_input *in, pp_rationalized *r)
{
    for (int k = 0; k < PP_RAT_COLUMNS; k++)
        r->out[k] = PP_ARRAY(arena, double, in->exec->n);
    for (int side = 0; side < 2; side++)
        r->veto[side] = PP_ARRAY(arena, uint8_t, in->exec->n);
    int8_t *const *votes = take_votes(arena, in);
    for (size_t e = 0; e < in->exec->n; e++)
        count_votes(in, votes, r->out, e);
    measure_stability(in, votes, r->out);
    count_transitions(in, r->out);
    follow_regime(arena, in, r->out);
    find_vetoes(in, r);
}

/* --- names ----------------------------------------------------------------------------------- */

const char *pp_veto_text(pp_arena *arena, unsigned reasons)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {
        {PP_VETO_MIN_CONFLUENCE, "min_confluence"},
        {PP_VETO_MIN_ALIGNMENT, "min_alignment"},
        {PP_VETO_REGIMES, "regimes"},
        {PP_VETO_ZONE_BROKEN, "zone_broken"},
        {PP_VETO_OPPOSING_HTF, "opposing_htf"},
        {PP_VETO_TREND_REVERSAL, "trend_reversal"},
    };
    pp_buf b = {arena, NULL, 0, 0};
    pp_buf_puts(&b, "");
    for (size_t k = 0; k < PP_COUNT(names); k++) {
        if (!(reasons & names[k].bit))
            continue;
        pp_buf_puts(&b, b.len > 0 ? "+" : "");
        pp_buf_puts(&b, names[k].name);
    }
    return b.text;
}

const char *const *pp_rat_watched(const char *type)
{
    static const char *const none[] = {NULL};
    static const struct {
        const char *type, *outputs[4];
    } watched[] = {
        {"swing", {"pair_version"}},
        {"trend", {"direction"}},
        {"market_structure", {"bias", "bos_this_bar", "choch_this_bar"}},
        {"zone", {"state"}},
        {"liquidity_zones", {"sweep_this_bar"}},
    };
    for (size_t k = 0; k < PP_COUNT(watched); k++)
        if (strcmp(watched[k].type, type) == 0)
            return watched[k].outputs;
    return none;
}

const char *pp_rat_default_signal(const char *type)
{
    if (strcmp(type, "trend") == 0)
        return "direction";
    return strcmp(type, "market_structure") == 0 ? "bias" : NULL;
}

bool pp_rat_is_event(const char *output)
{
    return strstr(output, "_this_bar") != NULL;
}
