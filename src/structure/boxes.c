#include "structure/boxes.h"

pp_box_fate pp_box_test_block(pp_box *b, int side, const pp_bars *bars, size_t i)
{
    if (pp_box_is_crossed(b, side, bars->close[i]))
        return PP_BOX_INVALIDATED;
    bool met = bars->high[i] >= b->lower && bars->low[i] <= b->upper;
    return met ? PP_BOX_MITIGATED : PP_BOX_LIVES;
}

void pp_boxes_begin_bar(double *now)
{
    now[OUT_new_this_bar] = now[OUT_any_mitigated_this_bar] = now[OUT_any_invalidated_this_bar] = 0;
    now[OUT_new_direction] = now[OUT_new_upper] = now[OUT_new_lower] = NAN;
}

static void widen_edge(pp_boxes *s, int side, const pp_box *b, bool first)
{
    double edge = side == 0 ? b->upper : b->lower;
    if (first || (side == 0 ? edge > s->edge[side] : edge < s->edge[side]))
        s->edge[side] = edge;
}

void pp_boxes_test(pp_boxes *s, double *now, const pp_bars *bars, size_t i,
                   pp_box_fate (*test)(const void *ctx, pp_box *b, int side, const pp_bars *bars,
                                       size_t i),
                   void (*gone)(void *ctx, const pp_box *b, double direction), void *ctx)
{
    for (int side = 0; side < 2; side++) {
        int kept = 0;
        if (side == 0 ? bars->low[i] > s->edge[side] : bars->high[i] < s->edge[side])
            continue;
        for (int k = 0; k < s->n[side]; k++) {
            pp_box *b = &s->box[side][k];
            pp_box_fate fate = test(ctx, b, side, bars, i);
            if (fate == PP_BOX_LIVES) {
                widen_edge(s, side, b, kept == 0);
                s->box[side][kept++] = *b;
                continue;
            }
            bool invalidated = fate == PP_BOX_INVALIDATED;
            now[invalidated ? OUT_any_invalidated_this_bar : OUT_any_mitigated_this_bar] = 1;
            if (invalidated && gone)
                gone(ctx, b, side == 0 ? 1 : -1);
        }
        s->n[side] = kept;
    }
}

void pp_boxes_add(pp_boxes *s, double *now, int version, double direction, double upper,
                  double lower)
{
    int side = pp_box_side(direction);
    pp_box *slots = s->box[side];
    if (s->n[side] == s->max) {
        s->n[side]--;
        memmove(slots, slots + 1, (size_t)s->n[side] * sizeof *slots);
    }
    now[version]++;
    slots[s->n[side]] = (pp_box){upper, lower, now[version], 0};
    widen_edge(s, side, &slots[s->n[side]], s->n[side] == 0);
    s->n[side]++;
    now[OUT_new_this_bar] = 1;
    now[OUT_new_direction] = direction;
    now[OUT_new_upper] = upper;
    now[OUT_new_lower] = lower;
}

/* Ties go to the newest. */
static const pp_box *nearest_box(const pp_boxes *s, int side, double close)
{
    const pp_box *nearest = NULL;
    double least = INFINITY;
    for (int k = s->n[side] - 1; k >= 0; k--) {
        const pp_box *b = &s->box[side][k];
        double distance = fabs((b->upper + b->lower) / 2 - close);
        nearest = distance < least ? b : nearest; /* no branch: it is anyone's guess */
        least = distance < least ? distance : least;
    }
    return nearest;
}

void pp_boxes_report(const pp_boxes *s, double *now, double close, const pp_box *nearest[2])
{
    for (int side = 0; side < 2; side++) {
        const pp_box *b = nearest_box(s, side, close);
        now[OUT_nearest_bull_upper + 2 * side] = b ? b->upper : NAN;
        now[OUT_nearest_bull_lower + 2 * side] = b ? b->lower : NAN;
        now[OUT_active_bull_count + side] = s->n[side];
        nearest[side] = b;
    }
}
