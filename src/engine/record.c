#include "engine/record.h"

#include "base/json.h"
#include "base/sha256.h"
#include "engine/doubts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *models_json(pp_arena *arena, const pp_play *play)
{
    static const char *const impacts[] = {"none", "linear", "sqrt"};
    const pp_models_decl *m = &play->models;
    pp_buf out = {arena, NULL, 0, 0};
    pp_json w;
    pp_json_init(&w, &out, 0);
    pp_json_open(&w, NULL, '{');
    pp_json_string(&w, "impact", impacts[m->impact]);
    pp_json_double(&w, "impact_coefficient", m->impact_coefficient);
    pp_json_e8(&w, "impact_max_bps", m->impact_max_bps_e8);
    pp_json_int(&w, "latency_ms", m->latency_ms);
    pp_json_double(&w, "participation", m->participation);
    pp_json_e8(&w, "spread_bps", m->spread_bps_e8);
    pp_json_close(&w);
    return out.text;
}

static void record_identity(pp_arena *arena, const pp_prepared *p, pp_result *r)
{
    const pp_play *play = p->strategy->play;
    const pp_exch_config *x = &p->exchange;
    r->play_id = play->name;
    r->symbol = p->tape->symbol;
    r->exchange = p->tape->exchange;
    r->play_json = pp_strategy_json(arena, p->strategy);
    pp_sha256_text(r->play_json, strlen(r->play_json), r->play_hash);
    memcpy(r->dataset_hash, pp_tape_hash_get(p->tape), sizeof r->dataset_hash);
    pp_buf text = {arena, NULL, 0, 0};
    pp_instrument_text(&x->ins, &text);
    pp_sha256_text(text.text, text.len, r->instrument_hash);
    r->instrument = x->ins;
    r->leverage_e8 = x->leverage_e8;
    r->tape_tf = p->tape->bars.tf;
    r->exec_tf = play->exec_tf;
    r->intrabar = x->intrabar;
    r->seed = p->options.seed;
    r->models_json = models_json(arena, play);
}

/* Price at every 00:00Z of the run: the close of the last bar closed by then. */
static void record_daily_prices(pp_arena *arena, const pp_prepared *p, pp_result *r)
{
    const pp_bars *b = &p->tape->bars;
    int64_t day = pp_floor_div(r->start_ms + PP_DAY_MS - 1, PP_DAY_MS) * PP_DAY_MS;
    if (day > r->ended_ms)
        return;
    double *prices = PP_ARRAY(arena, double, (size_t)((r->ended_ms - day) / PP_DAY_MS) + 1);
    size_t i = p->window.first_bar;
    for (; day <= r->ended_ms; day += PP_DAY_MS) {
        i = pp_bars_closed_by(b, i, b->n, day);
        prices[r->n_daily_prices++] = i > 0 ? b->close[i - 1] : b->open[0];
    }
    r->daily_prices = prices;
}

static void record_outcome(pp_arena *arena, const pp_prepared *p, pp_result *r)
{
    const pp_loop *l = p->loop;
    const pp_bars *b = &p->tape->bars;
    size_t first = p->window.first_bar, end = l->end_bar;
    r->status = l->stopped ? PP_RUN_STOPPED : PP_RUN_DONE;
    r->stop_reason = l->stops.reason;
    r->start_ms = p->window.start_ms;
    r->end_ms = p->window.end_ms;
    r->ended_ms = pp_bar_close_ms(b, end - 1);
    r->price_first = b->open[first];
    r->price_last = b->close[end - 1];
    r->tape_bars = (int64_t)(end - first);
    for (size_t i = first; p->tape->filled && i < end; i++)
        r->filled_bars += p->tape->filled[i];
    r->warmup_bars = p->window.warmup_bars;
    r->mark_is_last = !p->tape->mark_close;
    r->has_funding = p->strategy->play->funding == PP_FUNDING_CONSTANT || p->tape->has_funding;
    r->starved = l->stops.n_starved;
    record_daily_prices(arena, p, r);
    r->n_ambiguous = (size_t)r->log->sums.ambiguous_bars;
    int64_t *ms = PP_ARRAY(arena, int64_t, r->n_ambiguous + 1);
    for (size_t k = 0, n = 0; k < r->log->events.n; k++) {
        const pp_event *e = PP_SLAB_AT(&r->log->events, pp_event, k);
        if (e->kind == PP_EVENT_ambiguous_bar)
            ms[n++] = b->open_ms[e->bar];
    }
    r->ambiguous_ms = ms;
}

/* R26 for every case; setups are opened where they stand. */
static void record_coverage(pp_arena *arena, const pp_prepared *p, pp_result *r)
{
    PP_VEC(pp_rule_coverage) rows = {0};
    pp_signals_recount(p->signals, p->loop->end_bar - 1); /* no decisions at the last close */
    for (size_t c = 0; c < p->strategy->n_cases; c++) {
        const pp_case *cs = &p->strategy->cases[c];
        if (cs->when < 0)
            continue;
        bool entry = false;
        for (size_t k = 0; k < cs->n_emit; k++)
            entry |= cs->emit[k].decl->action <= PP_ENTRY_SHORT;
        pp_coverage *nodes;
        size_t n = pp_signals_coverage(p->signals, cs->when, arena, &nodes);
        for (size_t k = 0; k < n; k++) {
            pp_buf text = {arena, NULL, 0, 0};
            pp_expr_text(nodes[k].node, &text);
            *pp_vec_push(arena, &rows) =
                (pp_rule_coverage){.case_id = cs->id,
                                   .node = text.text,
                                   .grid = cs->grid == PP_GRID_EXEC ? "exec" : "tape",
                                   .depth = nodes[k].depth,
                                   .entry = entry,
                                   .n_true = (int64_t)nodes[k].n_true,
                                   .n_false = (int64_t)nodes[k].n_false,
                                   .n_unknown = (int64_t)nodes[k].n_unknown};
        }
    }
    r->coverage = rows.v;
    r->n_coverage = rows.n;
}

/* Every NaN has the same bytes, so that a digest says what is unknown and not how it came about. */
static void digest(const double *v, size_t n, char out[PP_SHA256_HEX])
{
    enum { BLOCK = 512 };
    uint64_t block[BLOCK];
    pp_sha256 h;
    pp_sha256_init(&h);
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t m = n - i < BLOCK ? n - i : BLOCK;
        for (size_t k = 0; k < m; k++) {
            memcpy(&block[k], &v[i + k], sizeof block[k]);
            if (isnan(v[i + k]))
                block[k] = UINT64_C(0x7ff8000000000000);
        }
        pp_sha256_update(&h, block, m * sizeof block[0]);
    }
    pp_sha256_hex(&h, out);
}

static void record_column(const pp_prepared *p, const pp_node *n, int k, pp_column_digest *out)
{
    size_t bars = p->columns->views[n->view].bars.n;
    const double *v = n->out[k];
    *out = (pp_column_digest){
        .id = n->id,
        .output = n->outputs[k].name,
        .kind = n - p->columns->nodes < p->columns->n_features ? "feature" : "structure",
        .tf = pp_tf_name(p->columns->views[n->view].tf),
        .key = n->key,
        .n = (int64_t)bars,
        .first_known = -1,
        .lookback = n->lookback[k],
        .warmup = n->warmup,
        .one_sided = (n->spec->flags & PP_ONE_SIDED) &&
                     (!strcmp(n->outputs[k].name, "long") || !strcmp(n->outputs[k].name, "short"))};
    size_t i = 0;
    while (i < bars && isnan(v[i]))
        i++;
    if (i < bars)
        out->first_known = (int64_t)i;
    for (; i < bars; i++)
        out->n_unknown += isnan(v[i]);
    digest(v, bars, out->sha256);
}

static void record_columns(pp_arena *arena, const pp_prepared *p, pp_result *r)
{
    PP_VEC(pp_column_digest) rows = {0};
    for (int n = 0; n < p->columns->n_nodes; n++) {
        const pp_node *node = &p->columns->nodes[n];
        for (int k = 0; k < node->n_outputs; k++)
            if (node->outputs[k].name[0] != '_' && node->out[k])
                record_column(p, node, k, pp_vec_push(arena, &rows));
    }
    r->columns = rows.v;
    r->n_columns = rows.n;
}

/* Case and metadata of every order that a decision made (R21), for those who list orders. */
static void record_tags(pp_arena *arena, const pp_prepared *p, pp_result *r)
{
    const pp_loop *l = p->loop;
    pp_tag *tags = PP_ARRAY(arena, pp_tag, l->tags.n + 1);
    for (size_t i = 0; i < l->tags.n; i++) {
        const pp_order_tag *t = PP_SLAB_AT(&l->tags, pp_order_tag, i);
        const pp_case *c = &p->strategy->cases[t->case_index];
        const pp_intent_decl *in = c->emit[t->intent_index].decl;
        tags[i] = (pp_tag){.case_id = c->id};
        if (!in->n_metadata)
            continue;
        pp_buf out = {arena, NULL, 0, 0};
        pp_json w;
        pp_json_init(&w, &out, 0);
        pp_json_open(&w, NULL, '{');
        for (size_t m = 0; m < in->n_metadata; m++)
            pp_json_double(&w, in->metadata[m].name,
                           *PP_SLAB_AT(&l->values, double, (size_t)t->first_value + m));
        pp_json_close(&w);
        tags[i].metadata = out.text;
    }
    r->tags = tags;
    r->n_tags = l->tags.n;
}

/* The ATR of a stop, target or trail of the Play or of one of its intents. */
static bool level_uses(const pp_level_decl *level, int feature)
{
    return level &&
           (level->type == PP_LEVEL_ATR_MULTIPLE || level->type == PP_LEVEL_TRAILING_ATR) &&
           level->atr_feature == feature;
}

static bool risk_uses(const pp_strategy *s, int feature)
{
    const pp_risk_decl *r = &s->play->risk;
    bool used = level_uses(&r->stop, feature) || level_uses(&r->target, feature) ||
                level_uses(&r->trailing, feature);
    for (size_t c = 0; c < s->n_cases; c++)
        for (size_t k = 0; k < s->cases[c].n_emit; k++)
            used |= level_uses(s->cases[c].emit[k].decl->stop, feature) ||
                    level_uses(s->cases[c].emit[k].decl->target, feature);
    return used;
}

/* Read by a rule, the rationaliser, the risk model, or another declaration (G2: declared but unused
 * is a warning). */
static bool is_used(const pp_prepared *p, int node)
{
    const pp_strategy *s = p->strategy;
    const pp_play *play = s->play;
    const pp_node *n = &p->columns->nodes[node];
    int n_features = (int)play->features.n;
    for (int k = 0; k < n->n_outputs; k++)
        if ((n->outputs[k].name[0] != '_' && pp_rules_uses(s->rules, s->node_column[node] + k)) ||
            pp_rational_reads(s, p->columns, n, k))
            return true;
    bool feature = node < n_features;
    int own = feature ? node : node - n_features;
    for (size_t i = 0; i < play->features.n; i++) {
        const pp_feature_decl *f = &play->features.v[i];
        if (feature ? f->source == PP_SRC_FEATURE && f->source_feature == own : f->swing == own)
            return true;
    }
    for (size_t i = 0; i < play->structures.n; i++) {
        const pp_structure_decl *d = &play->structures.v[i];
        if (feature && d->atr_feature == own)
            return true;
        for (int k = 0; !feature && k < PP_DEPS_MAX; k++)
            if (d->deps[k] == own)
                return true;
    }
    return feature && risk_uses(s, own);
}

static void record_declared(pp_arena *arena, const pp_prepared *p, pp_result *r)
{
    const pp_play *play = p->strategy->play;
    size_t n = play->features.n + play->structures.n;
    pp_declared *rows = PP_ARRAY(arena, pp_declared, n + 1);
    for (size_t i = 0; i < n; i++) {
        bool feature = i < play->features.n;
        const pp_feature_decl *f = feature ? &play->features.v[i] : NULL;
        const pp_structure_decl *d = feature ? NULL : &play->structures.v[i - play->features.n];
        const pp_output_spec *outputs = feature ? f->outputs : d->outputs;
        int n_outputs = feature ? f->n_outputs : d->n_outputs;
        const char **names = PP_ARRAY(arena, const char *, (size_t)n_outputs + 1);
        pp_declared *row = &rows[i];
        *row = (pp_declared){.id = feature ? f->id : d->key,
                             .kind = feature ? "feature" : "structure",
                             .tf = pp_tf_name(feature ? f->tf : d->tf),
                             .type = feature ? f->spec->name : d->spec->name,
                             .outputs = names,
                             .used = is_used(p, (int)i)};
        for (int k = 0; k < n_outputs; k++)
            if (outputs[k].name[0] != '_')
                names[row->n_outputs++] = outputs[k].name;
    }
    r->declared = rows;
    r->n_declared = n;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

typedef PP_VEC(const char *) texts;

static void record_doubts(pp_arena *arena, const pp_prepared *p, texts *w)
{
    const char *settlements, *operands = pp_doubt_operands(arena, p);
    size_t before = 0;
    for (size_t i = 0; p->tape->filled && i < p->window.first_bar; i++)
        before += p->tape->filled[i];
    pp_doubt_settlements(arena, p, &settlements);
    if (before)
        *pp_vec_push(arena, w) = pp_fmt(
            arena,
            "filled tape bars before the start: %zu; features and structures went through them",
            before);
    if (settlements)
        *pp_vec_push(arena, w) =
            pp_fmt(arena, "funding settlements of the window: %s", settlements);
    if (operands)
        *pp_vec_push(arena, w) = operands;
}

static void record_warnings(pp_arena *arena, const pp_prepared *p, pp_result *r)
{
    texts w = {0};
    const pp_play *play = p->strategy->play;
    if (play->funding == PP_FUNDING_DATA && !p->tape->has_funding)
        *pp_vec_push(arena, &w) =
            "the dataset has no funding and the Play says nothing: no funding "
            "was charged";
    if (r->mark_is_last)
        *pp_vec_push(arena, &w) = "the dataset has no mark price: the last price was used as mark";
    if (r->filled_bars)
        *pp_vec_push(arena, &w) = pp_fmt(arena, "%lld of %lld tape bars were filled",
                                         (long long)r->filled_bars, (long long)r->tape_bars);
    record_doubts(arena, p, &w);
    if (p->tape->bars.tf != PP_TF_1M)
        *pp_vec_push(arena, &w) =
            pp_fmt(arena, "tape: %s; paths inside a bar are coarse", pp_tf_name(p->tape->bars.tf));
    if (p->exchange.ins.as_of_ms == 0 && !p->options.instrument)
        *pp_vec_push(arena, &w) =
            pp_fmt(arena, "no instrument data for %s: generic steps and one tier", r->symbol);
    if (play->account.mmr_e8 >= 0 && (p->exchange.ins.as_of_ms != 0 || p->options.instrument))
        *pp_vec_push(arena, &w) = "account.maintenance_margin_rate is not used: the instrument has "
                                  "tiers";
    if (p->exchange.leverage_e8 < pp_engine_leverage_asked(play))
        *pp_vec_push(arena, &w) = pp_fmt(arena, "max_leverage %.10g: the contract allows %.10g",
                                         pp_double_of_e8(pp_engine_leverage_asked(play)),
                                         pp_double_of_e8(p->exchange.leverage_e8));
    size_t first = w.n;
    for (size_t k = 0; k < r->n_declared; k++)
        if (!r->declared[k].used)
            *pp_vec_push(arena, &w) = pp_fmt(arena, "%s `%s` is declared but not used",
                                             r->declared[k].kind, r->declared[k].id);
    if (w.n > first) /* the order of features in the Play is not part of its hash */
        qsort(&w.v[first], w.n - first, sizeof w.v[0], by_text);
    r->warnings = w.v;
    r->n_warnings = w.n;
}

static void record_transitions(pp_arena *arena, const pp_prepared *p, pp_result *r)
{
    if (!p->rational)
        return;
    const pp_bars *exec = &p->columns->views[p->columns->view_of[r->exec_tf]].bars;
    size_t end = pp_bars_closed_by(exec, 0, exec->n, r->ended_ms);
    r->transitions = pp_rational_transitions(arena, p->rational, end, &r->n_transitions);
}

void pp_record(pp_diags *d, const pp_prepared *p, pp_result *r)
{
    pp_arena *arena = d->arena;
    record_identity(arena, p, r);
    record_outcome(arena, p, r);
    if (p->options.keep & PP_KEEP_ORDERS)
        record_tags(arena, p, r);
    record_coverage(arena, p, r);
    record_declared(arena, p, r);
    if (!p->options.fast)
        record_columns(arena, p, r);
    record_warnings(arena, p, r);
    record_transitions(arena, p, r);
}
