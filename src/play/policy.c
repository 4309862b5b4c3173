/* P11: which positions may exist, and the checks over actions, risk and size together. */
#include "play/load.h"
#include "play/tables.h"

#include <stddef.h>

typedef struct policy {
    int mode, exit_mode;
    bool allow_flip;
    int max_entries, max_positions;
} policy;

#define AT(field) offsetof(policy, field)
const char *const pp_side_mode_tokens[] = {"long_only", "short_only", "long_short", NULL};
const char *const pp_exit_mode_tokens[] = {"first_hit", "sl_tp_only", "signal", "auto", NULL};

static const pp_key policy_rows[] = {
    {"mode", NULL, PP_K_ENUM, 0, AT(mode), NULL, "long_only", pp_side_mode_tokens, NULL,
     "sides that may be entered"},
    {"exit_mode", NULL, PP_K_ENUM, 0, AT(exit_mode), NULL, "auto", pp_exit_mode_tokens, NULL,
     "what closes; auto: first_hit with exit actions, else sl_tp_only"},
    {"allow_flip", NULL, PP_K_BOOL, 0, AT(allow_flip), NULL, "false", NULL, NULL,
     "an entry of the other side closes and opens"},
    {"max_entries_per_exec_bar", NULL, PP_K_INT, 0, AT(max_entries), "[1, 1000000]", "1", NULL,
     NULL, "entry orders per exec bar (R23)"},
    {"max_positions_per_symbol", NULL, PP_K_INT, 0, AT(max_positions), "[1, 1]", "1", NULL, NULL,
     "only 1"},
};
const pp_keys pp_position_keys = {"position_policy", policy_rows, PP_COUNT(policy_rows)};

/* What all intents together can do. */
typedef struct survey {
    bool enters[2], exits[2]; /* long, short */
    const pp_intent_decl *first_entry, *first_exit;
    bool entry_without_stop, entry_without_end; /* neither own nor the Play's */
    const pp_intent_decl *without_stop, *without_end;
    bool stops, targets; /* of any entry */
} survey;

static bool has_level(const pp_level_decl *own, const pp_level_decl *play)
{
    return own ? own->type != PP_LEVEL_NONE : play->type != PP_LEVEL_NONE;
}

static void survey_entry(pp_load *l, const pp_intent_decl *i, survey *s)
{
    const pp_risk_decl *r = &l->play->risk;
    const pp_level_decl *target = i->target ? i->target : &r->target;
    int side = i->action == PP_ENTRY_SHORT;
    bool stop = has_level(i->stop, &r->stop);
    s->enters[side] = true;
    s->stops |= stop || r->trailing.type != PP_LEVEL_NONE;
    s->targets |= target->type != PP_LEVEL_NONE;
    s->first_entry = s->first_entry ? s->first_entry : i;
    if (!stop && !s->without_stop)
        s->without_stop = i;
    if (!stop && target->type == PP_LEVEL_NONE && r->trailing.type == PP_LEVEL_NONE &&
        !s->without_end)
        s->without_end = i;
    if (!stop && target->type == PP_LEVEL_RR_RATIO)
        pp_error(l->d, PP_E_NO_STOP, target->pos, "an rr_ratio target needs a stop loss");
    pp_side_mode mode = l->play->mode;
    if (mode == (side ? PP_LONG_ONLY : PP_SHORT_ONLY)) {
        pp_diag *e = pp_error(l->d, PP_E_DIRECTION, i->pos, "%s under mode %s",
                              side ? "entry_short" : "entry_long", pp_side_mode_tokens[mode]);
        e->hint = "set `position_policy: {mode: long_short}`, or remove the action";
    }
}

static void survey_list(pp_load *l, const pp_intent_decl *list, size_t n, survey *s)
{
    for (size_t k = 0; k < n; k++) {
        const pp_intent_decl *i = &list[k];
        if (i->action <= PP_ENTRY_SHORT)
            survey_entry(l, i, s);
        else if (i->action <= PP_EXIT_ALL && !s->first_exit)
            s->first_exit = i;
        s->exits[0] |= i->action == PP_EXIT_LONG || i->action == PP_EXIT_ALL;
        s->exits[1] |= i->action == PP_EXIT_SHORT || i->action == PP_EXIT_ALL;
    }
}

static survey survey_all(pp_load *l)
{
    survey s = {0};
    for (size_t b = 0; b < l->play->n_blocks; b++) {
        const pp_block_decl *block = &l->play->blocks[b];
        const char *outer = pp_enter(l, "actions > %s", block->id);
        for (size_t c = 0; c < block->n_cases; c++)
            survey_list(l, block->cases[c].emit, block->cases[c].n_emit, &s);
        survey_list(l, block->otherwise, block->n_otherwise, &s);
        l->d->context = outer;
    }
    if (l->play->allow_flip) { /* an entry of the other side closes, too */
        s.exits[0] |= s.enters[1];
        s.exits[1] |= s.enters[0];
    }
    return s;
}

/* Every position must have a way to end. */
static void check_exits(pp_load *l, const survey *s)
{
    static const char *const sides[] = {"long", "short"};
    pp_exit_mode mode = l->play->exit_mode;
    if (mode == PP_EXIT_SL_TP_ONLY && s->without_end)
        pp_error(l->d, PP_E_NO_EXIT, s->without_end->pos,
                 "exit_mode sl_tp_only without a stop or target")
            ->hint = "add risk.stop_loss, risk.take_profit or exit actions";
    for (int side = 0; side < 2; side++) {
        if (!s->enters[side] || s->exits[side] || mode == PP_EXIT_SL_TP_ONLY)
            continue;
        if (mode == PP_EXIT_FIRST_HIT && !s->without_end)
            continue;
        pp_error(l->d, PP_E_NO_EXIT, s->first_entry->pos, "a %s position could never be closed",
                 sides[side])
            ->hint = pp_fmt(l->d->arena, "add an exit_%s action%s", sides[side],
                            mode == PP_EXIT_SIGNAL ? "" : ", a stop or a target");
    }
}

static void warn_of_order_types(pp_load *l, const survey *s)
{
    const pp_risk_decl *r = &l->play->risk;
    const struct {
        const char *key, *of;
        bool idle;
    } rows[] = {{"sl_order_type", "stop", r->stop_order == PP_LIMIT && !s->stops},
                {"tp_order_type", "target", r->target_order == PP_LIMIT && !s->targets}};
    for (size_t k = 0; k < PP_COUNT(rows); k++)
        if (rows[k].idle && s->first_entry)
            pp_warn(l->d, PP_E_SHAPE, pp_yaml_get(pp_risk_map(l), rows[k].key)->pos,
                    "`%s` has no effect: no entry has a %s", rows[k].key, rows[k].of)
                ->hint = pp_fmt(l->d->arena, "add a %s, or remove it", rows[k].of);
}

void pp_check_policy(pp_load *l)
{
    pp_play *p = l->play;
    policy n = {0};
    const char *outer = pp_enter(l, "position_policy");
    size_t before = l->d->n_errors;
    pp_keys_read(l, &pp_position_keys, pp_yaml_get(l->root, "position_policy"), &n);
    l->d->context = outer;
    p->mode = (pp_side_mode)n.mode;
    p->allow_flip = n.allow_flip;
    p->max_entries_per_exec_bar = n.max_entries;
    if (l->d->n_errors > before || !l->risk_and_actions_read)
        return; /* what was not read may be the stop, the exit or the mode that is missed below */
    survey s = survey_all(l);
    p->exit_mode = (pp_exit_mode)n.exit_mode;
    if (n.exit_mode == 3)
        p->exit_mode = s.exits[0] || s.exits[1] ? PP_EXIT_FIRST_HIT : PP_EXIT_SL_TP_ONLY;
    check_exits(l, &s);
    if (p->exit_mode == PP_EXIT_SL_TP_ONLY && s.first_exit)
        pp_warn(l->d, PP_E_NO_EXIT, s.first_exit->pos, "exit actions do nothing under sl_tp_only")
            ->hint = "set exit_mode: first_hit, or remove them";
    if (p->risk.sizing == PP_SIZE_RISK_BASED && s.without_stop)
        pp_error(l->d, PP_E_NO_STOP, s.without_stop->pos, "risk_based sizing needs a stop loss");
    warn_of_order_types(l, &s);
    const pp_yaml *actions = pp_yaml_get(l->root, "actions");
    if (actions && actions->kind != PP_YAML_SCALAR && !s.first_entry)
        pp_warn(l->d, PP_E_SHAPE, (pp_pos){p->file, 0, 0}, "no action enters a position")->hint =
            "add entry_long or entry_short";
}
