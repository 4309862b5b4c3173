/* profile.c - volume by price: volume_profile, anchored_volume_profile.
 *
 * Buckets are filled oldest bar first. While the window only grows and its range stays, the new bar
 * is added to the volumes of the bar before, which is the same sum in the same order; otherwise the
 * window is filled anew. */
#include "feature/anchors.h"

#include <string.h>

enum { PROFILE_BARS_MAX = 5000, BUCKETS_MAX = 1000, GROUP = 16, VECTOR = 4 };

typedef struct profile_state {
    bool anchored;
    pp_anchor anchor;
    size_t lookback, buckets; /* lookback: longest window */
    double area_pct;
    int64_t bars;       /* anchored: since the anchor; 0: none yet */
    size_t first, next; /* window that volume[] holds, [first, next) */
    double high, low;   /* its range */
    double width, per_width;
    size_t padded;  /* buckets, in whole groups */
    double place[]; /* volumes, then edges of the buckets, one more */
} profile_state;

static double *profile_volume(profile_state *s)
{
    return s->place;
}

static double *profile_edges(profile_state *s)
{
    return s->place + s->padded;
}

typedef struct profile {
    double poc, vah, val, poc_volume;
} profile;

/* About where a price falls; a price on an edge may fall to either side of it. */
static size_t bucket_of(const profile_state *s, double price)
{
    double j = (price - s->low) * s->per_width;
    return j < (double)s->buckets ? (size_t)j : s->buckets - 1;
}

/* v * overlap / (h - l) to each bucket of whole groups, as vectors; without an overlap 0. */
PP_INLINE void spread(double *restrict volume, const double *restrict edge, double h, double l,
                      double density)
{
    for (size_t j = 0; j < GROUP; j++) {
        double bottom = PP_UNLESS(l > edge[j], l, edge[j]);
        double top = PP_UNLESS(h < edge[j + 1], h, edge[j + 1]), overlap = top - bottom;
        volume[j] += density * PP_UNLESS(overlap <= 0, 0, overlap);
    }
}

/* Adds the bars [first, next), oldest first; all of a flat one goes to one bucket. */
PP_SIMD static void add_bars(profile_state *s, const pp_bars *b, size_t first, size_t next)
{
    double *volume = profile_volume(s), *edge = profile_edges(s);
    for (size_t i = first; i < next; i++) {
        const double h = b->high[i], l = b->low[i], v = b->volume[i];
        size_t from = bucket_of(s, l), to = bucket_of(s, h);
        if (h == l) {
            double j = floor((h - s->low) / s->width);
            volume[j < (double)s->buckets ? (size_t)j : s->buckets - 1] += v;
            continue;
        }
        const double density = v / (h - l);
        from = (from - (from > 0)) / VECTOR * VECTOR;
        for (to += to + 1 < s->buckets; from <= to; from += GROUP)
            spread(volume + from, edge + from, h, l, density);
    }
}

/* Highest and lowest of the bars [first, next). */
PP_SIMD static void find_range(profile_state *s, const pp_bars *b, size_t first, size_t next)
{
    double high[GROUP], low[GROUP];
    for (size_t j = 0; j < GROUP; j++) {
        high[j] = b->high[first];
        low[j] = b->low[first];
    }
    size_t i = first;
    for (; i + GROUP <= next; i += GROUP)
        for (size_t j = 0; j < GROUP; j++) {
            high[j] = b->high[i + j] > high[j] ? b->high[i + j] : high[j];
            low[j] = b->low[i + j] < low[j] ? b->low[i + j] : low[j];
        }
    for (; i < next; i++) {
        high[0] = b->high[i] > high[0] ? b->high[i] : high[0];
        low[0] = b->low[i] < low[0] ? b->low[i] : low[0];
    }
    s->high = high[0];
    s->low = low[0];
    for (size_t j = 1; j < GROUP; j++) {
        s->high = high[j] > s->high ? high[j] : s->high;
        s->low = low[j] < s->low ? low[j] : s->low;
    }
}

/* Empty buckets over the range; those that fill the last group have no width and stay empty. */
PP_SIMD static void lay_out(profile_state *s)
{
    double *restrict volume = profile_volume(s), *restrict edge = profile_edges(s);
    const double width = (s->high - s->low) / (double)s->buckets, low = s->low;
    for (size_t j = 0; j < s->padded; j++) {
        volume[j] = 0;
        edge[j] = low + (double)j * width;
    }
    for (size_t j = s->buckets; j <= s->padded; j++)
        edge[j] = s->high;
    s->width = width;
    s->per_width = 1 / width;
}

/* Brings the volumes to the window [first, next). */
static void fill(profile_state *s, const pp_bars *b, size_t first, size_t next)
{
    const size_t last = next - 1;
    bool grows = s->first == first && s->next == last && last > first && b->high[last] <= s->high &&
                 b->low[last] >= s->low;
    if (!grows) {
        find_range(s, b, first, next);
        lay_out(s);
    }
    if (s->high > s->low)
        add_bars(s, b, grows ? last : first, next);
    for (size_t i = grows ? last : first; i < next && s->high == s->low; i++)
        *profile_volume(s) += b->volume[i];
    s->first = first;
    s->next = next;
}

/* The fullest bucket and the sum of all. */
static size_t fullest(const profile_state *s, double *total)
{
    const double *volume = profile_volume((profile_state *)s);
    double sum[GROUP] = {0};
    for (size_t j = 0; j < s->padded; j += GROUP)
        for (size_t i = 0; i < GROUP; i++)
            sum[i] += volume[j + i];
    *total = 0;
    for (size_t i = 0; i < GROUP; i++)
        *total += sum[i];
    size_t poc = 0;
    for (size_t j = 1; j < s->buckets; j++)
        if (volume[j] > volume[poc] + 1e-9 * *total)
            poc = j;
    return poc;
}

static profile find_profile(const profile_state *s)
{
    const double *volume = profile_volume((profile_state *)s);
    double total;
    const size_t poc = fullest(s, &total), n = s->buckets;
    if (total <= 0)
        return (profile){NAN, NAN, NAN, NAN};
    if (s->high == s->low)
        return (profile){s->high, s->high, s->high, total};
    const double same = 1e-9 * total, wanted = s->area_pct * total - same;
    size_t low = poc, high = poc;
    double area = volume[poc];
    while (area < wanted && (low > 0 || high + 1 < n)) {
        double above = high + 1 < n ? volume[high + 1] : -INFINITY;
        double below = low > 0 ? volume[low - 1] : -INFINITY;
        bool up = above >= below - same;
        area += up ? above : below;
        high += up;
        low -= !up;
    }
    const double *edge = profile_edges((profile_state *)s); /* the last is HH itself */
    return (profile){s->low + ((double)poc + 0.5) * s->width, edge[high + 1], edge[low],
                     volume[poc]};
}

static void put_profile(const profile_state *s, double c, bool known, size_t i, double *const *out)
{
    profile v = known ? find_profile(s) : (profile){NAN, NAN, NAN, NAN};
    bool has = v.poc == v.poc;
    const double made[] = {v.poc,
                           v.vah,
                           v.val,
                           v.poc_volume,
                           has ? (double)(c > v.poc) : NAN,
                           has ? (double)(v.val <= c && c <= v.vah) : NAN,
                           s->bars ? (double)s->bars : NAN};
    for (int o = 0; o < (s->anchored ? 7 : 6); o++)
        if (out[o])
            out[o][i] = made[o];
}

static void profile_run(void *state, const pp_inputs *in, size_t from, size_t to,
                        double *const *out)
{
    profile_state *s = state;
    for (size_t i = from; i < to; i++) {
        size_t window = s->lookback;
        if (s->anchored) {
            s->bars += s->bars > 0;
            if (pp_anchor_at(s->anchor, &in->deps[0], i))
                s->bars = 1;
            window = (size_t)s->bars < window ? (size_t)s->bars : window;
        }
        bool known = window > 0 && i + 1 >= window;
        if (known)
            fill(s, in->bars, i + 1 - window, i + 1);
        put_profile(s, in->bars->close[i], known, i, out);
    }
}

static size_t padded(const pp_params *p)
{
    return (pp_len(p, 1) / GROUP + 2) * GROUP;
}

static size_t volume_profile_size(const pp_params *p)
{
    return sizeof(profile_state) + (2 * padded(p) + 1) * sizeof(double);
}

static void profile_init(void *state, const pp_params *p, bool anchored)
{
    memset(state, 0, volume_profile_size(p));
    profile_state *s = state;
    s->anchored = anchored;
    s->anchor = anchored ? (pp_anchor)p->v[0] : PP_ANCHOR_SWING_ANY;
    s->lookback = anchored ? PROFILE_BARS_MAX : pp_len(p, 0);
    s->buckets = pp_len(p, 1);
    s->padded = padded(p);
    s->area_pct = p->v[2];
}

static void volume_profile_init(void *state, const pp_params *p)
{
    profile_init(state, p, false);
}

static void anchored_volume_profile_init(void *state, const pp_params *p)
{
    profile_init(state, p, true);
}

#define volume_profile_run           profile_run
#define anchored_volume_profile_run  profile_run
#define anchored_volume_profile_size volume_profile_size

#define PROFILE_PARAMS                                                                             \
    {.name = "num_buckets",                                                                        \
     .doc = "price buckets over the range of the window",                                          \
     .type = PP_P_INT,                                                                             \
     .def = 50,                                                                                    \
     .min = 1,                                                                                     \
     .max = BUCKETS_MAX},                                                                          \
    {                                                                                              \
        .name = "value_area_pct", .doc = "share of the volume in the value area",                  \
        .type = PP_P_FLOAT, .def = 0.7, .min = 0, .max = 1, .min_open = true                       \
    }
#define PROFILE_OUTPUTS                                                                            \
    PP_OUT("poc", "centre of the fullest bucket, lowest on ties"),                                 \
        PP_OUT("vah", "upper edge of the value area"),                                             \
        PP_OUT("val", "lower edge of the value area"),                                             \
        PP_OUT("poc_volume", "volume of the fullest bucket"),                                      \
        PP_OUT_BOOL("above_poc", "close above poc"),                                               \
        PP_OUT_BOOL("in_value_area", "val <= close <= vah")
#define PROFILE_FORMULA                                                                            \
    "w = (HH - LL)/num_buckets, bucket j = [LL + j w, LL + (j+1) w), the last one closed; a bar "  \
    "adds v overlap/(h - l) to each, a flat one v to its bucket; the value area grows from poc "   \
    "to the larger neighbour, upper on ties, until >= value_area_pct; volumes within 1e-9 of the " \
    "total are equal; no volume: unknown; HH = LL: all three that price"

static const pp_param_spec profile_params[] = {{.name = "lookback",
                                                .doc = "bars in the window",
                                                .type = PP_P_INT,
                                                .def = 50,
                                                .min = 1,
                                                .max = PROFILE_BARS_MAX},
                                               PROFILE_PARAMS};
static const pp_output_spec profile_outputs[] = {PROFILE_OUTPUTS};
const pp_spec pp_indicator_volume_profile = {.name = "volume_profile",
                                             .family = "anchored",
                                             .doc = "volume by price over the last bars",
                                             .formula = PROFILE_FORMULA,
                                             .flags = PP_SKIPS_UNREAD | PP_WINDOWED,
                                             .inputs = "high low close volume",
                                             PP_ROW_PARAMS(profile_params),
                                             PP_ROW_OUTPUTS(profile_outputs),
                                             .lookback = pp_lookback_window,
                                             .warmup = pp_warmup_window,
                                             PP_ROW_KERNEL(volume_profile)};

static const pp_param_spec anchored_params[] = {PP_ANCHOR_PARAM, PROFILE_PARAMS};
static const pp_output_spec anchored_outputs[] = {
    PROFILE_OUTPUTS, PP_OUT_INT("bars_since_anchor", "1 on the bar that confirms it")};
const pp_spec pp_indicator_anchored_volume_profile = {
    .name = "anchored_volume_profile",
    .family = "anchored",
    .doc = "volume by price since the last anchor of a swing, at most 5000 bars back",
    .formula = "over the bars since the one that confirms the anchor: " PROFILE_FORMULA,
    .flags = PP_SKIPS_UNREAD | PP_WINDOWED | PP_USES_SWING,
    .inputs = "high low close volume",
    PP_ROW_PARAMS(anchored_params),
    PP_ROW_OUTPUTS(anchored_outputs),
    PP_ANCHOR_ROW,
    PP_ROW_KERNEL(anchored_volume_profile)};
