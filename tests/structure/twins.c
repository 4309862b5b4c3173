#include "twins.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { MANY = 2000 };

static double param(const rig_node *n, const char *name)
{
    for (int k = 0; k < n->spec->n_params; k++)
        if (strcmp(n->spec->params[k].name, name) == 0)
            return n->params.v[k];
    cr_assert_fail("%s", name);
    return NAN;
}

static void set(const rig_node *n, double *row, const char *name, double v)
{
    row[rig_column(n, name)] = v;
}

static double dep(const rig_node *n, int k, const char *name, int i)
{
    return i < 0 ? NAN : n->deps[k]->col[rig_column(n->deps[k], name)][i];
}

static double sw(const rig_node *n, const char *name, int i)
{
    return dep(n, 0, name, i);
}

static void all_unknown(const rig_node *n, double *row)
{
    for (int k = 0; k < n->n_public; k++) /* unknown, but for what S2 starts at false and 0 */
        row[k] = n->outputs[k].type == PP_BOOL ? 0 : NAN;
}

/* --- swing ----------------------------------------------------------------------------------- */

typedef struct pivot {
    int side, idx; /* side 0 high, 1 low */
    double level;
} pivot;

static bool beyond(int side, double a, double b)
{
    return side == 0 ? a > b : a < b;
}

static bool is_pivot(const rig_node *n, int side, int p)
{
    const double *x = side == 0 ? n->bars->high : n->bars->low;
    int left = (int)param(n, "left"), right = (int)param(n, "right");
    bool strict = param(n, "ties") == 1;
    if (p < left)
        return false;
    for (int j = p - left; j < p; j++)
        if (!beyond(side, x[p], x[j]))
            return false;
    for (int j = p + 1; j <= p + right; j++)
        if (strict ? !beyond(side, x[p], x[j]) : beyond(side, x[j], x[p]))
            return false;
    return true;
}

/* Pivots offered to the gates on bar b; `seen` remembers what waits or where the zigzag stands. */
typedef struct seen {
    pivot waiting[2], extreme;
    bool has[2];
    int looking; /* zigzag: side looked for, -1 before the first ATR */
} seen;

static int offered_fractal(const rig_node *n, seen *s, int b, pivot out[2])
{
    int p = b - (int)param(n, "right");
    for (int side = 0; side < 2; side++)
        if (p >= 0 && is_pivot(n, side, p)) {
            s->waiting[side] = (pivot){side, p, side ? n->bars->low[p] : n->bars->high[p]};
            s->has[side] = true;
        }
    if (!isnan(param(n, "min_atr_move")) && isnan(n->atr[b]))
        return 0;
    int count = 0;
    for (int side = 0; side < 2; side++)
        if (s->has[side])
            out[count++] = s->waiting[side];
    s->has[0] = s->has[1] = false;
    if (count == 2) {
        bool low_first = out[0].idx == out[1].idx
                             ? n->bars->close[out[0].idx] >= n->bars->open[out[0].idx]
                             : out[1].idx < out[0].idx;
        if (low_first) {
            pivot swap = out[0];
            out[0] = out[1];
            out[1] = swap;
        }
    }
    return count;
}

static int offered_zigzag(const rig_node *n, seen *s, int b, pivot out[2])
{
    double h = n->bars->high[b], l = n->bars->low[b];
    if (s->looking < 0) {
        if (isnan(n->atr[b]))
            return 0;
        s->looking = 0;
        s->extreme = (pivot){0, b, h};
        return 0;
    }
    double threshold = n->atr[b] * param(n, "atr_multiplier");
    if (s->looking == 0) {
        if (h > s->extreme.level)
            s->extreme = (pivot){0, b, h};
        if (!(l < s->extreme.level - threshold))
            return 0;
        out[0] = s->extreme;
        s->looking = 1;
        s->extreme = (pivot){1, b, l};
        return 1;
    }
    if (l < s->extreme.level)
        s->extreme = (pivot){1, b, l};
    if (!(h > s->extreme.level + threshold))
        return 0;
    out[0] = s->extreme;
    s->looking = 0;
    s->extreme = (pivot){0, b, h};
    return 1;
}

typedef struct accepted {
    pivot p;
    int bar;
    double significance;
} accepted;

static int last_of(const accepted *a, int count, int side)
{
    for (int k = count - 1; k >= 0; k--)
        if (a[k].p.side == side)
            return k;
    return -1;
}

static bool passes(const rig_node *n, const accepted *a, int count, pivot p, double atr)
{
    int other = last_of(a, count, 1 - p.side);
    if (other >= 0) {
        double move = fabs(p.level - a[other].p.level);
        if (!isnan(param(n, "min_atr_move")) && move < atr * param(n, "min_atr_move"))
            return false;
        if (!isnan(param(n, "min_pct_move")) &&
            move < param(n, "min_pct_move") / 100 * a[other].p.level)
            return false;
    }
    if (param(n, "strict_alternation") == 1 && count > 0 && a[count - 1].p.side == p.side)
        return beyond(p.side, p.level, a[count - 1].p.level);
    return true;
}

static int accepted_until(const rig_node *n, int i, accepted *a)
{
    seen s = {.looking = -1};
    int count = 0;
    for (int b = 0; b <= i; b++) {
        pivot offered[2];
        int m = param(n, "mode") == 1 ? offered_zigzag(n, &s, b, offered)
                                      : offered_fractal(n, &s, b, offered);
        for (int k = 0; k < m; k++) {
            if (!passes(n, a, count, offered[k], n->atr[b]))
                continue;
            int other = last_of(a, count, 1 - offered[k].side);
            double significance = NAN;
            if (other >= 0 && n->atr[b] > 0)
                significance = fabs(offered[k].level - a[other].p.level) / n->atr[b];
            a[count++] = (accepted){offered[k], b, significance};
        }
    }
    return count;
}

/* The ends of the legs: neighbours on the same side melt into the more extreme one. revisions[k]:
 * how often end k moved. */
static int ends_of(const accepted *a, int count, pivot *end, int *revisions)
{
    int n = 0;
    for (int k = 0; k < count; k++) {
        if (n > 0 && end[n - 1].side == a[k].p.side) {
            if (beyond(a[k].p.side, a[k].p.level, end[n - 1].level)) {
                end[n - 1] = a[k].p;
                revisions[n - 1]++;
            }
            continue;
        }
        revisions[n] = 0;
        end[n++] = a[k].p;
    }
    return n;
}

static void set_side(const rig_node *n, const accepted *a, int count, int i, int side, double *row)
{
    const char *const names[2][7] = {
        {"high_level", "high_idx", "high_version", "high_significance", "high_is_major",
         "high_accepted", NULL},
        {"low_level", "low_idx", "low_version", "low_significance", "low_is_major", "low_accepted",
         NULL},
    };
    int last = last_of(a, count, side), version = 0;
    for (int k = 0; k < count; k++)
        version += a[k].p.side == side;
    set(n, row, names[side][2], version);
    row[rig_column(n, names[side][4])] = NAN;
    if (last < 0)
        return;
    double significance = a[last].significance;
    set(n, row, names[side][0], a[last].p.level);
    set(n, row, names[side][1], a[last].p.idx);
    set(n, row, names[side][3], significance);
    if (!isnan(significance))
        set(n, row, names[side][4], significance >= param(n, "major_threshold"));
    set(n, row, names[side][5], a[last].bar == i);
}

static void twin_swing(const rig_node *n, int i, double *row)
{
    static accepted a[MANY];
    static pivot end[MANY];
    static int revisions[MANY];
    int count = accepted_until(n, i, a), ends = ends_of(a, count, end, revisions);
    for (int side = 0; side < 2; side++)
        set_side(n, a, count, i, side, row);
    set(n, row, "version", count);
    set(n, row, "pair_version", ends > 1 ? ends - 1 : 0);
    set(n, row, "pair_revision", ends > 1 ? revisions[ends - 1] : 0);
    if (count > 0) {
        set(n, row, "last_confirmed_pivot_type", a[count - 1].p.side);
        set(n, row, "last_confirmed_pivot_idx", a[count - 1].p.idx);
    }
    if (ends < 2)
        return;
    pivot high = end[ends - 1].side == 0 ? end[ends - 1] : end[ends - 2];
    pivot low = end[ends - 1].side == 0 ? end[ends - 2] : end[ends - 1];
    set(n, row, "pair_high_level", high.level);
    set(n, row, "pair_high_idx", high.idx);
    set(n, row, "pair_low_level", low.level);
    set(n, row, "pair_low_idx", low.idx);
    set(n, row, "pair_direction", end[ends - 1].side);
}

/* --- trend ----------------------------------------------------------------------------------- */

/* Accepted pivots as the public columns tell them; of two on one bar the last is known by type. */
static int pivots_from_columns(const rig_node *n, int i, accepted *a)
{
    int count = 0;
    for (int b = 0; b <= i; b++) {
        double type = sw(n, "last_confirmed_pivot_type", b);
        for (int k = 0; k < 2 && !isnan(type); k++) {
            int last = (int)type, side = k == 0 ? 1 - last : last;
            if (sw(n, side == 0 ? "high_accepted" : "low_accepted", b) != 1)
                continue;
            a[count++] =
                (accepted){{side, 0, sw(n, side == 0 ? "high_level" : "low_level", b)}, b, NAN};
        }
    }
    return count;
}

typedef struct waves {
    int n;
    pivot end[MANY]; /* of wave k = 1 .. n at [k]; [0] is where the first began */
} waves;

/* Out of the pivots `a`, oldest first, those of bars 0..b. */
static void waves_until(const accepted *a, int count, int b, waves *w)
{
    static int revisions[MANY];
    while (count > 0 && a[count - 1].bar > b)
        count--;
    w->n = ends_of(a, count, w->end, revisions) - 1;
}

enum { HH = 1, HL = 2, LH = 4, LL = 8 };

static int flags(const waves *w, int k)
{
    if (k < 3 || w->end[k].level == w->end[k - 2].level)
        return 0;
    bool higher = w->end[k].level > w->end[k - 2].level;
    return w->end[k].side == 0 ? (higher ? HH : LH) : (higher ? HL : LL);
}

static int cls(const waves *w, int k)
{
    int f = flags(w, k) | flags(w, k - 1);
    if ((f & HH) && (f & HL))
        return 1;
    if ((f & LH) && (f & LL))
        return -1;
    if ((f & HH) && !(f & LL))
        return 1;
    if ((f & LH) && !(f & HL))
        return -1;
    if ((f & HL) && !(f & LH))
        return 1;
    if ((f & LL) && !(f & HH))
        return -1;
    return 0;
}

static int direction_of(const waves *w)
{
    if (w->n < 1)
        return 0;
    if (w->n == 1)
        return w->end[1].side == 0 ? 1 : -1;
    return cls(w, w->n);
}

static int count_waves(const rig_node *n, const waves *w)
{
    int direction = direction_of(w), count = 0;
    if (w->n == 1)
        return 1;
    for (int k = w->n; direction != 0 && k >= 1 && cls(w, k) == direction; k--)
        count++;
    int most = (int)param(n, "wave_history_size");
    return count < most ? count : most;
}

static void twin_trend(const rig_node *n, int i, double *row)
{
    static waves w;
    static accepted a[MANY];
    int before = 0, since = 0, changes = 0, pivots = pivots_from_columns(n, i, a);
    for (int b = 0; b <= i; b++) {
        waves_until(a, pivots, b, &w);
        int direction = direction_of(&w);
        if (direction != before) {
            changes++;
            since = b;
        }
        before = direction;
    }
    int count = count_waves(n, &w);
    int newest = w.n > 0 ? flags(&w, w.n) | flags(&w, w.n - 1) : 0;
    set(n, row, "direction", before);
    set(n, row, "wave_count", count);
    set(n, row, "strength", w.n <= 1 || before == 0 ? 0 : count >= 3 ? 2 : 1);
    set(n, row, "bars_in_trend", i - since);
    set(n, row, "version", changes);
    set(n, row, "last_wave_direction", w.n < 1 ? 0 : w.end[w.n].side == 0 ? 1 : 2);
    set(n, row, "last_hh", (newest & HH) != 0);
    set(n, row, "last_hl", (newest & HL) != 0);
    set(n, row, "last_lh", (newest & LH) != 0);
    set(n, row, "last_ll", (newest & LL) != 0);
}

/* --- zone ------------------------------------------------------------------------------------ */

static void twin_zone(const rig_node *n, int i, double *row)
{
    bool demand = param(n, "zone_type") == 0, waits = false;
    const char *level = demand ? "low_level" : "high_level";
    const char *idx = demand ? "low_idx" : "high_idx";
    const char *event = demand ? "low_accepted" : "high_accepted";
    double upper = NAN, lower = NAN;
    int made = -1, broken = -1, touches = 0, version = 0;
    bool touched = false, inside = false;
    for (int b = 0; b <= i; b++) {
        double close = n->bars->close[b];
        touched = inside = false;
        if (made >= 0 && broken < 0) {
            touched = n->bars->high[b] >= lower && n->bars->low[b] <= upper;
            touches += touched;
            inside = close >= lower && close <= upper;
            if (demand ? close < lower : close > upper) {
                broken = b;
                version++;
            }
        }
        waits |= sw(n, event, b) == 1;
        double at = sw(n, level, b);
        double width = isnan(param(n, "width_atr")) ? param(n, "width_pct") * at
                                                    : param(n, "width_atr") * n->atr[b];
        if (!waits || isnan(width))
            continue;
        waits = touched = inside = false;
        upper = demand ? at : at + width;
        lower = demand ? at - width : at;
        set(n, row, "anchor_idx", sw(n, idx, b));
        made = b;
        broken = -1;
        touches = 0;
        version++;
    }
    set(n, row, "state", made < 0 ? 0 : broken < 0 ? 1 : 2);
    set(n, row, "upper", upper);
    set(n, row, "lower", lower);
    set(n, row, "age_bars", made < 0 ? NAN : i - made);
    set(n, row, "touch_count", made < 0 ? NAN : (double)touches);
    set(n, row, "touched_this_bar", touched);
    set(n, row, "inside", inside);
    set(n, row, "version", version);
}

/* --- fibonacci, premium_discount, rolling_window, displacement ------------------------------- */

static void twin_fibonacci(const rig_node *n, int i, double *row)
{
    bool by_trend = param(n, "use_trend_anchor") == 1;
    bool paired = param(n, "use_paired_anchor") == 1 || by_trend;
    double h = NAN, l = NAN;
    int b = i + 1;
    while (--b >= 0) { /* the last bar that had an anchor */
        h = sw(n, paired ? "pair_high_level" : "high_level", b);
        l = sw(n, paired ? "pair_low_level" : "low_level", b);
        if (h > l && (!by_trend || dep(n, 1, "direction", b) != 0))
            break;
    }
    if (b < 0)
        return;
    bool bullish = paired ? sw(n, "pair_direction", b) == 0
                          : sw(n, "high_idx", b) > sw(n, "low_idx", b) ||
                                (sw(n, "high_idx", b) == sw(n, "low_idx", b) &&
                                 sw(n, "last_confirmed_pivot_type", b) == 0);
    int mode = (int)param(n, "mode");
    bool from_leg_end = param(n, "measure_from") == 1;
    for (int k = 0; k < n->params.n_list; k++) {
        double x = n->params.list[k], up = h + (h - l) * x, down = l - (h - l) * x;
        double back = from_leg_end && !bullish ? l + (h - l) * x : h - (h - l) * x;
        const double by_mode[] = {back, bullish ? up : down, up, down};
        row[k] = by_mode[mode];
    }
    set(n, row, "anchor_high", h);
    set(n, row, "anchor_low", l);
    set(n, row, "range", h - l);
    set(n, row, "anchor_direction", bullish ? 0 : 1);
    set(n, row, "anchor_trend_direction", by_trend ? dep(n, 1, "direction", b) : NAN);
}

static int discount_zone(const rig_node *n, int b)
{
    double h = sw(n, "pair_high_level", b), l = sw(n, "pair_low_level", b);
    double close = n->bars->close[b];
    if (!(h > l))
        return 0;
    if (close >= l + param(n, "premium") * (h - l))
        return 1;
    return close <= l + param(n, "discount") * (h - l) ? 2 : 3;
}

static void twin_premium_discount(const rig_node *n, int i, double *row)
{
    int version = 0;
    for (int b = 0; b <= i; b++)
        version += discount_zone(n, b) != (b == 0 ? 0 : discount_zone(n, b - 1));
    set(n, row, "version", version);
    set(n, row, "zone", discount_zone(n, i));
    if (discount_zone(n, i) == 0)
        return;
    double h = sw(n, "pair_high_level", i), l = sw(n, "pair_low_level", i);
    double depth = (n->bars->close[i] - l) / (h - l);
    set(n, row, "equilibrium", l + 0.5 * (h - l));
    set(n, row, "premium_level", l + param(n, "premium") * (h - l));
    set(n, row, "discount_level", l + param(n, "discount") * (h - l));
    set(n, row, "depth_raw", depth);
    set(n, row, "depth_pct", fmin(fmax(depth, 0), 1));
}

static void twin_rolling_window(const rig_node *n, int i, double *row)
{
    const pp_bars *b = n->bars;
    const double *const sources[] = {b->open, b->high, b->low, b->close, b->volume};
    const double *x = sources[(int)param(n, "source")];
    int last = i - (param(n, "exclude_current") == 1), first = last - (int)param(n, "size") + 1;
    if (first < 0)
        return;
    row[0] = x[first];
    for (int j = first; j <= last; j++)
        row[0] = param(n, "mode") == 1 ? fmax(row[0], x[j]) : fmin(row[0], x[j]);
}

static int displaced(const pp_bars *b, const double *atr, int i, double body_min, double wick_max,
                     bool prev)
{
    double a = prev ? (i > 0 ? atr[i - 1] : NAN) : atr[i], body = fabs(b->close[i] - b->open[i]);
    if (!(a > 0) || body == 0 || body / a < body_min)
        return 0;
    if ((b->high[i] - b->low[i] - body) / body > wick_max)
        return 0;
    return b->close[i] > b->open[i] ? 1 : -1;
}

static void twin_displacement(const rig_node *n, int i, double *row)
{
    const pp_bars *b = n->bars;
    bool prev = param(n, "prev_atr") == 1;
    double body = fabs(b->close[i] - b->open[i]);
    double a = prev ? (i > 0 ? n->atr[i - 1] : NAN) : n->atr[i];
    int version = 0;
    for (int k = 0; k <= i; k++) {
        int d = displaced(b, n->atr, k, param(n, "body_atr_min"), param(n, "wick_ratio_max"), prev);
        if (d == 0)
            continue;
        version++;
        set(n, row, "last_idx", k);
        set(n, row, "last_direction", d);
        set(n, row, "is_displacement", k == i);
        set(n, row, "direction", k == i ? d : NAN);
    }
    set(n, row, "version", version);
    set(n, row, "body_atr_ratio", a > 0 ? body / a : NAN);
    set(n, row, "wick_ratio", body > 0 ? (b->high[i] - b->low[i] - body) / body : NAN);
}

/* --- derived_zone ---------------------------------------------------------------------------- */

typedef struct derived {
    double lower, upper;
    int made, anchor, id;
} derived;

typedef struct derived_now {
    int state, role, touches, last_touch;
    bool touched, inside;
} derived_now;

static derived_now derived_at(const rig_node *n, const derived *z, int i)
{
    derived_now d = {.state = 1, .last_touch = -1};
    double tolerance = param(n, "break_tolerance_pct");
    for (int b = z->made; b <= i; b++) {
        double close = n->bars->close[b];
        d.touched = d.inside = false;
        if (d.state == 2)
            continue;
        if (d.role == 0)
            d.role = close > z->upper ? 1 : close < z->lower ? 2 : 0;
        if (b == z->made)
            continue;
        if (n->bars->high[b] >= z->lower && n->bars->low[b] <= z->upper) {
            d.touched = true;
            d.touches++;
            d.last_touch = b;
        }
        d.inside = close >= z->lower && close <= z->upper;
        if ((d.role == 1 && close < z->lower * (1 - tolerance)) ||
            (d.role == 2 && close > z->upper * (1 + tolerance))) {
            d.state = 2;
            d.inside = false;
        }
    }
    return d;
}

static int oldest_to_drop(const rig_node *n, const derived *slot, int count, int bar)
{
    for (int k = count - 1; k >= 0; k--)
        if (derived_at(n, &slot[k], bar).state == 2)
            return k;
    return count - 1;
}

/* The slots at bar i, newest first. */
static int derived_slots(const rig_node *n, int i, derived *slot)
{
    int count = 0, made = 0, max = (int)param(n, "max_active"), levels = n->params.n_list;
    bool paired = param(n, "use_paired_source") == 1;
    const char *version = paired ? "pair_version" : "version";
    for (int b = 0; b <= i; b++) {
        double h = sw(n, paired ? "pair_high_level" : "high_level", b);
        double l = sw(n, paired ? "pair_low_level" : "low_level", b);
        if (sw(n, version, b) == (b == 0 ? 0 : sw(n, version, b - 1)) || !(h > l))
            continue;
        double newer = fmax(sw(n, paired ? "pair_high_idx" : "high_idx", b),
                            sw(n, paired ? "pair_low_idx" : "low_idx", b));
        int fits = levels < max ? levels : max;
        while (count + fits > max) {
            int drop = oldest_to_drop(n, slot, count, b);
            memmove(slot + drop, slot + drop + 1, (size_t)(--count - drop) * sizeof *slot);
        }
        memmove(slot + fits, slot, (size_t)count * sizeof *slot);
        for (int k = 0; k < fits; k++) {
            double move = (h - l) * n->params.list[k];
            double centre = param(n, "mode") == 1 ? h + move : h - move;
            double half = centre * param(n, "width_pct") / 2;
            slot[k] = (derived){centre - half, centre + half, b, (int)newer, made + k + 1};
        }
        count += fits;
        made += levels;
    }
    return count;
}

static void set_slot(const rig_node *n, int k, const derived *z, int i, double *row)
{
    derived_now d = derived_at(n, z, i);
    const double values[] = {
        z->lower,  z->upper,  d.state,
        d.role,    z->anchor, i - z->made,
        d.touched, d.touches, d.last_touch < 0 ? NAN : (double)(i - d.last_touch),
        d.inside,  z->id};
    memcpy(row + k * 11, values, sizeof values);
}

static void set_three(const rig_node *n, double *row, const char *names[3], const derived *slot,
                      int k)
{
    set(n, row, names[0], slot[k].lower);
    set(n, row, names[1], slot[k].upper);
    set(n, row, names[2], k);
}

static void twin_derived_zone(const rig_node *n, int i, double *row)
{
    derived slot[64];
    int count = derived_slots(n, i, slot), max = (int)param(n, "max_active");
    int active = 0, first = -1, closest = -1;
    bool touched = false, inside = false;
    for (int k = 0; k < max; k++) {
        row[k * 11 + 2] = row[k * 11 + 3] = 0;
        if (k >= count)
            continue;
        set_slot(n, k, &slot[k], i, row);
        derived_now d = derived_at(n, &slot[k], i);
        if (d.state != 1)
            continue;
        active++;
        touched |= d.touched;
        inside |= d.inside;
        first = first < 0 ? k : first;
        double middle = (slot[k].lower + slot[k].upper) / 2, close = n->bars->close[i];
        if (closest < 0 ||
            fabs(middle - close) < fabs((slot[closest].lower + slot[closest].upper) / 2 - close))
            closest = k;
    }
    set(n, row, "active_count", active);
    set(n, row, "any_active", active > 0);
    set(n, row, "any_touched", touched);
    set(n, row, "any_inside", inside);
    set(n, row, "source_version",
        sw(n, param(n, "use_paired_source") == 1 ? "pair_version" : "version", i));
    if (active == 0)
        return;
    const char *const closest_names[3] = {"closest_active_lower", "closest_active_upper",
                                          "closest_active_idx"};
    const char *const first_names[3] = {"first_active_lower", "first_active_upper",
                                        "first_active_idx"};
    set_three(n, row, (const char **)closest_names, slot, closest);
    set_three(n, row, (const char **)first_names, slot, first);
    set(n, row, "newest_active_idx", first);
}

/* --- market_structure ------------------------------------------------------------------------ */

static int extreme_bar(const rig_node *n, int side, int from, int to)
{
    const double *x = side == 0 ? n->bars->high : n->bars->low;
    int best = from;
    for (int b = from; b <= to; b++)
        if (!beyond(side, x[best], x[b])) /* of equal ones the newest */
            best = b;
    return best;
}

typedef struct character {
    int bias, last_event, anchor_idx;
    double anchor, armed[2];
} character;

static void choch(const rig_node *n, character *c, int b, double *row)
{
    int broken = c->bias > 0 ? 1 : 0, kept = 1 - broken;
    set(n, row, "last_choch_level", c->anchor);
    set(n, row, "last_choch_idx", b);
    set(n, row, "choch_direction", c->bias > 0 ? 2 : 1);
    c->bias = -c->bias;
    c->anchor_idx = extreme_bar(n, kept, c->last_event, b);
    c->anchor = (kept == 0 ? n->bars->high : n->bars->low)[c->anchor_idx];
    c->armed[broken] = NAN;
    c->last_event = b;
}

static void bos(const rig_node *n, character *c, int b, int side, double *row)
{
    double other = sw(n, side == 0 ? "low_level" : "high_level", b);
    double other_idx = sw(n, side == 0 ? "low_idx" : "high_idx", b);
    if (c->bias == 0 && isnan(other)) {
        c->anchor_idx = extreme_bar(n, 1 - side, 0, b);
        c->anchor = (side == 0 ? n->bars->low : n->bars->high)[c->anchor_idx];
    } else if (c->bias == 0 || other_idx > c->anchor_idx) {
        c->anchor = other;
        c->anchor_idx = (int)other_idx;
    }
    set(n, row, "last_bos_level", c->armed[side]);
    set(n, row, "last_bos_idx", b);
    set(n, row, "bos_direction", side == 0 ? 1 : 2);
    c->armed[side] = NAN;
    c->bias = side == 0 ? 1 : -1;
    c->last_event = b;
}

static void twin_market_structure(const rig_node *n, int i, double *row)
{
    character c = {0, 0, 0, NAN, {NAN, NAN}};
    int version = 0, last_bos = -1, event = 0;
    set(n, row, "bos_direction", 0);
    set(n, row, "choch_direction", 0);
    for (int b = 0; b <= i; b++) {
        if (sw(n, "high_accepted", b) == 1)
            c.armed[0] = sw(n, "high_level", b);
        if (sw(n, "low_accepted", b) == 1)
            c.armed[1] = sw(n, "low_level", b);
        bool by_close = param(n, "confirmation_close") == 1;
        double up = by_close ? n->bars->close[b] : n->bars->high[b];
        double down = by_close ? n->bars->close[b] : n->bars->low[b];
        event = 0;
        if ((c.bias == 1 && down < c.anchor) || (c.bias == -1 && up > c.anchor)) {
            choch(n, &c, b, row);
            event = 2;
        } else if (c.bias != -1 && up > c.armed[0]) {
            bos(n, &c, b, 0, row);
            event = 1;
        } else if (c.bias != 1 && down < c.armed[1]) {
            bos(n, &c, b, 1, row);
            event = 1;
        }
        version += event != 0;
        last_bos = event == 1 ? b : last_bos;
    }
    set(n, row, "bias", c.bias);
    set(n, row, "bos_this_bar", event == 1);
    set(n, row, "choch_this_bar", event == 2);
    set(n, row, "break_level_high", c.armed[0]);
    set(n, row, "break_level_low", c.armed[1]);
    set(n, row, "anchor_level", c.anchor);
    set(n, row, "bars_since_bos", last_bos < 0 ? NAN : i - last_bos);
    set(n, row, "version", version);
}

/* --- boxes: fair_value_gap, order_block, breaker_block --------------------------------------- */

typedef struct box {
    int direction, made;
    double upper, lower;
    int ended; /* bar of its end; MANY: lives */
    bool invalidated;
    double fill;
} box;

static bool met(const pp_bars *b, const box *x, int j)
{
    return b->high[j] >= x->lower && b->low[j] <= x->upper;
}

static bool crossed(const pp_bars *b, const box *x, int j)
{
    return x->direction > 0 ? b->close[j] < x->lower : b->close[j] > x->upper;
}

/* Looks at every bar up to i for the end of a box. mitigation 0: any touch ends it. */
static void live(const rig_node *n, box *x, int i, double mitigation)
{
    x->ended = MANY;
    for (int j = x->made + 1; j <= i && x->ended == MANY; j++) {
        double reach = x->direction > 0 ? x->upper - n->bars->low[j] : n->bars->high[j] - x->lower;
        x->invalidated = crossed(n->bars, x, j);
        x->fill = fmax(x->fill, fmin(1, reach / (x->upper - x->lower)));
        bool mitigated = mitigation > 0 ? x->fill >= mitigation : met(n->bars, x, j);
        if (x->invalidated || mitigated)
            x->ended = j;
    }
}

/* Whether box k was pushed out by bar i: at some birth after its own, of its direction, `max`
 * younger ones were alive. Younger ones are never pushed out before it. */
static bool pushed_out(const box *x, int k, int count, int i, int max)
{
    for (int t = k + 1; t < count; t++) {
        if (x[t].direction != x[k].direction || x[t].made > i || x[t].made > x[k].ended)
            continue;
        int younger = 0;
        for (int j = k + 1; j <= t; j++)
            younger += x[j].direction == x[k].direction && x[j].ended > x[t].made;
        if (younger >= max && x[k].ended > x[t].made)
            return true;
    }
    return false;
}

/* The outputs that all three share. */
static void set_boxes(const rig_node *n, const box *x, int count, int i, double *row)
{
    static const char *const upper[] = {"nearest_bull_upper", "nearest_bear_upper"};
    static const char *const lower[] = {"nearest_bull_lower", "nearest_bear_lower"};
    int max = (int)param(n, "max_active");
    for (int side = 0; side < 2; side++) {
        int alive = 0;
        double least = INFINITY;
        for (int k = count - 1; k >= 0; k--) {
            if ((x[k].direction > 0) != (side == 0) || pushed_out(x, k, count, i, max))
                continue;
            if (x[k].ended == i)
                set(n, row,
                    x[k].invalidated ? "any_invalidated_this_bar" : "any_mitigated_this_bar", 1);
            if (x[k].ended <= i)
                continue;
            alive++;
            double distance = fabs((x[k].upper + x[k].lower) / 2 - n->bars->close[i]);
            if (!(distance < least))
                continue;
            least = distance;
            set(n, row, upper[side], x[k].upper);
            set(n, row, lower[side], x[k].lower);
            if (strcmp(n->spec->name, "fair_value_gap") == 0)
                set(n, row, side == 0 ? "nearest_bull_fill_pct" : "nearest_bear_fill_pct",
                    x[k].fill);
        }
        set(n, row, side == 0 ? "active_bull_count" : "active_bear_count", alive);
    }
    set(n, row, "version", count);
    if (count == 0 || x[count - 1].made != i)
        return;
    set(n, row, "new_this_bar", 1);
    set(n, row, "new_direction", x[count - 1].direction);
    set(n, row, "new_upper", x[count - 1].upper);
    set(n, row, "new_lower", x[count - 1].lower);
}

static void twin_fair_value_gap(const rig_node *n, int i, double *row)
{
    static box x[MANY];
    const pp_bars *b = n->bars;
    double min_gap = param(n, "min_gap_atr");
    int count = 0;
    for (int j = 2; j <= i; j++) {
        box up = {1, j, b->low[j], b->high[j - 2], MANY, false, 0};
        box down = {-1, j, b->low[j - 2], b->high[j], MANY, false, 0};
        box gap = up.upper > up.lower ? up : down;
        double size = gap.upper - gap.lower;
        if (size <= 0 || (min_gap > 0 && !(size >= min_gap * n->atr[j])))
            continue;
        live(n, &gap, i, param(n, "mitigation_pct"));
        x[count++] = gap;
    }
    set_boxes(n, x, count, i, row);
}

static int block_trigger(const rig_node *n, int j)
{
    int d;
    if (n->deps[1])
        d = dep(n, 1, "is_displacement", j) == 1 ? (int)dep(n, 1, "direction", j) : 0;
    else
        d = displaced(n->bars, n->atr, j, param(n, "body_atr_min"), param(n, "wick_ratio_max"),
                      false);
    if (d != 0 || param(n, "require_displacement") == 1)
        return d;
    if (n->bars->close[j] > sw(n, "high_level", j))
        return 1;
    return n->bars->close[j] < sw(n, "low_level", j) ? -1 : 0;
}

/* Every order block made until i, with its fate by then. */
static int order_blocks(const rig_node *n, int i, box *x)
{
    static bool used[MANY];
    memset(used, 0, sizeof used);
    const pp_bars *b = n->bars;
    int count = 0;
    for (int j = 0; j <= i; j++) {
        int d = block_trigger(n, j), source = -1;
        for (int k = j - 1; d != 0 && k >= 0 && k >= j - (int)param(n, "lookback"); k--)
            if (d > 0 ? b->close[k] < b->open[k] : b->close[k] > b->open[k]) {
                source = k;
                break;
            }
        if (source < 0 || used[source])
            continue;
        used[source] = true;
        bool body = param(n, "use_body") == 1;
        box block = {.direction = d, .made = j};
        block.upper = body ? fmax(b->open[source], b->close[source]) : b->high[source];
        block.lower = body ? fmin(b->open[source], b->close[source]) : b->low[source];
        live(n, &block, i, 0);
        x[count++] = block;
    }
    return count;
}

static void twin_order_block(const rig_node *n, int i, double *row)
{
    static box x[MANY];
    int count = order_blocks(n, i, x), last = -1;
    set_boxes(n, x, count, i, row);
    for (int k = 0; k < count; k++) {
        if (x[k].ended > i || !x[k].invalidated ||
            pushed_out(x, k, count, i, (int)param(n, "max_active")))
            continue;
        if (last < 0 || x[k].ended >= x[last].ended) /* of one bar the one made last */
            last = k;
    }
    if (last < 0)
        return;
    set(n, row, "last_invalidated_direction", x[last].direction);
    set(n, row, "last_invalidated_upper", x[last].upper);
    set(n, row, "last_invalidated_lower", x[last].lower);
}

/* The bar on which an invalidated block flips; MANY: never. */
static int flip_bar(const rig_node *n, const box *x, int i)
{
    int window = (int)param(n, "window");
    if (!n->deps[1])
        return x->ended;
    for (int j = 0; j <= i; j++) {
        if (dep(n, 1, "choch_this_bar", j) != 1 || abs(j - x->ended) > window)
            continue;
        int direction = dep(n, 1, "choch_direction", j) == 1 ? 1 : -1;
        if (direction == -x->direction)
            return j > x->ended ? j : x->ended;
    }
    return MANY;
}

static void twin_breaker_block(const rig_node *n, int i, double *row)
{
    static box x[MANY], y[MANY];
    const rig_node *ob = n->deps[0];
    int blocks = order_blocks(ob, i, x), count = 0;
    for (int j = 0; j <= i; j++) {
        for (int ended = 0; ended <= j; ended++) { /* oldest invalidation first, then as made */
            for (int k = 0; k < blocks; k++) {
                if (x[k].ended != ended || !x[k].invalidated || flip_bar(n, &x[k], i) != j ||
                    pushed_out(x, k, blocks, i, (int)param(ob, "max_active")))
                    continue;
                box flipped = {-x[k].direction, j, x[k].upper, x[k].lower, MANY, false, 0};
                live(n, &flipped, i, 0);
                y[count++] = flipped;
            }
        }
    }
    set_boxes(n, y, count, i, row);
}

/* --- liquidity_zones ------------------------------------------------------------------------- */

typedef struct touch {
    double level;
    int id;
} touch;

typedef struct pool {
    double level;
    int touches, members[MANY], born;
} pool;

typedef struct pools {
    int n_swings, n_pools;
    touch swing[MANY];
    pool pool[40]; /* oldest first */
    bool waits;
} pools;

static bool is_member(const pool *p, int id)
{
    for (int k = 0; k < p->touches; k++)
        if (p->members[k] == id)
            return true;
    return false;
}

static void remove_pool(pools *s, int k, bool with_swings)
{
    int kept = 0;
    for (int j = 0; j < s->n_swings; j++)
        if (!with_swings || !is_member(&s->pool[k], s->swing[j].id))
            s->swing[kept++] = s->swing[j];
    s->n_swings = kept;
    s->n_pools--;
    memmove(s->pool + k, s->pool + k + 1, (size_t)(s->n_pools - k) * sizeof *s->pool);
}

static bool form_pool(const rig_node *n, pools *s, int side, int b, double tolerance)
{
    pool p = {0};
    double newest = s->swing[s->n_swings - 1].level, beside = 0;
    for (int k = 0; k < s->n_swings; k++)
        if (fabs(s->swing[k].level - newest) <= tolerance) {
            beside += s->swing[k].level - newest;
            p.members[p.touches++] = s->swing[k].id;
        }
    if (p.touches < (int)param(n, "min_touches"))
        return false;
    p.level = newest + beside / p.touches;
    int near = -1;
    for (int k = 0; k < s->n_pools; k++)
        if (fabs(s->pool[k].level - p.level) <= tolerance &&
            (near < 0 || fabs(s->pool[k].level - p.level) <= fabs(s->pool[near].level - p.level)))
            near = k;
    if (near >= 0) {
        p.born = s->pool[near].born;
        s->pool[near] = p;
        return false;
    }
    p.born = 2 * b + side;
    if (s->n_pools == (int)param(n, "max_active"))
        remove_pool(s, 0, false);
    s->pool[s->n_pools++] = p;
    return true;
}

/* Tests one side's pools; *least and *born are of the raid reported so far on this bar. */
static int raids(const rig_node *n, pools *s, int side, int b, double *row, double *least,
                 int *born)
{
    double reach = param(n, "sweep_atr") * n->atr[b], close = n->bars->close[b];
    int count = 0;
    for (int k = s->n_pools - 1; k >= 0; k--) {
        double level = s->pool[k].level;
        bool swept = side == 0 ? n->bars->high[b] > level + reach && close <= level
                               : n->bars->low[b] < level - reach && close >= level;
        bool run = side == 0 ? close > level + reach : close < level - reach;
        if (!swept && !run)
            continue;
        count++;
        set(n, row, swept ? "sweep_this_bar" : "run_this_bar", 1);
        if (fabs(level - close) < *least ||
            (fabs(level - close) == *least && s->pool[k].born > *born)) {
            *least = fabs(level - close);
            *born = s->pool[k].born;
            set(n, row, "sweep_direction", side == 0 ? 1 : -1);
            set(n, row, "swept_level", level);
        }
        remove_pool(s, k, true);
    }
    return count;
}

static int take_swing(const rig_node *n, pools *s, int side, int b)
{
    if (sw(n, side == 0 ? "high_accepted" : "low_accepted", b) == 1) {
        if (s->n_swings == (int)param(n, "max_swing_history"))
            memmove(s->swing, s->swing + 1, (size_t)--s->n_swings * sizeof *s->swing);
        s->swing[s->n_swings++] = (touch){sw(n, side == 0 ? "high_level" : "low_level", b), b};
        s->waits = true;
    }
    if (!s->waits || isnan(n->atr[b]))
        return 0;
    s->waits = false;
    return form_pool(n, s, side, b, param(n, "tolerance_atr") * n->atr[b]);
}

static void set_nearest_pool(const rig_node *n, const pools *s, int side, int i, double *row)
{
    double least = INFINITY, close = n->bars->close[i];
    for (int k = s->n_pools - 1; k >= 0; k--) {
        double distance = side == 0 ? s->pool[k].level - close : close - s->pool[k].level;
        if (!(distance > 0) || distance >= least)
            continue;
        least = distance;
        set(n, row, side == 0 ? "nearest_high_level" : "nearest_low_level", s->pool[k].level);
        set(n, row, side == 0 ? "nearest_high_touches" : "nearest_low_touches", s->pool[k].touches);
    }
}

static void twin_liquidity_zones(const rig_node *n, int i, double *row)
{
    static pools side[2];
    memset(side, 0, sizeof side);
    int version = 0;
    for (int b = 0; b <= i; b++) {
        double least = INFINITY;
        int born = 0;
        all_unknown(n, row);
        for (int k = 0; k < 2; k++)
            version += raids(n, &side[k], k, b, row, &least, &born);
        for (int k = 0; k < 2; k++) {
            int made = take_swing(n, &side[k], k, b);
            version += made;
            if (made)
                set(n, row, "new_zone_this_bar", 1);
        }
    }
    for (int k = 0; k < 2; k++)
        set_nearest_pool(n, &side[k], k, i, row);
    set(n, row, "version", version);
}

static const struct {
    const char *type;
    twin fn;
} twins[] = {
    {"swing", twin_swing},
    {"trend", twin_trend},
    {"zone", twin_zone},
    {"fibonacci", twin_fibonacci},
    {"derived_zone", twin_derived_zone},
    {"rolling_window", twin_rolling_window},
    {"market_structure", twin_market_structure},
    {"displacement", twin_displacement},
    {"fair_value_gap", twin_fair_value_gap},
    {"order_block", twin_order_block},
    {"breaker_block", twin_breaker_block},
    {"liquidity_zones", twin_liquidity_zones},
    {"premium_discount", twin_premium_discount},
};

static twin current;

static void from_unknown(const rig_node *n, int i, double *row)
{
    all_unknown(n, row);
    current(n, i, row);
}

twin twin_of(const char *type)
{
    for (size_t k = 0; k < PP_COUNT(twins); k++)
        if (strcmp(twins[k].type, type) == 0) {
            current = twins[k].fn;
            return from_unknown;
        }
    cr_assert_fail("no twin of %s", type);
    return NULL;
}
