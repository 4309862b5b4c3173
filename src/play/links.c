/* What features and structures stand on: source, uses, atr_key; and the order of both together. */
#include "play/load.h"
#include "play/tables.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { REF_MAX = 120 };

/* "level[0.50]" to "level_0.5", "zone[0].state" to "zone0_state"; others as they are. */
static bool plain_field(const char *field, char out[REF_MAX])
{
    const char *open = strchr(field, '['), *close = open ? strchr(open, ']') : NULL;
    if (!open)
        return snprintf(out, REF_MAX, "%s", field) < REF_MAX;
    if (!close || (close[1] != '\0' && close[1] != '.'))
        return false;
    const char *from = open + 1, *to = close;
    if (close[1] == '.')
        return snprintf(out, REF_MAX, "%.*s%.*s_%s", (int)(open - field), field, (int)(to - from),
                        from, close + 2) < REF_MAX;
    const char *point = memchr(from, '.', (size_t)(to - from));
    while (to - from > 1 && from[0] == '0' && from[1] != '.')
        from++;
    while (point && to > point && (to[-1] == '0' || to == point + 1)) {
        to--;
        if (to == point)
            break;
    }
    return snprintf(out, REF_MAX, "%.*s_%s%.*s", (int)(open - field), field,
                    from == point ? "0" : "", (int)(to - from), from) < REF_MAX;
}

static pp_find find_field(const pp_output_spec *outputs, int n, const char *field,
                          pp_output_ref *out)
{
    char name[REF_MAX];
    if (n == 0 || (field && !plain_field(field, name)))
        return PP_NO_FIELD;
    int k = pp_output_index(outputs, n, field ? name : NULL);
    if (k < 0 || outputs[k].name[0] == '_')
        return PP_NO_FIELD;
    out->output = k;
    out->spec = &outputs[k];
    return PP_FOUND;
}

/* Splits "id.field" (field NULL: no dot); strips a leading prefix word if that is no id itself. */
static int split(const pp_play *play, const char *ref, const char **field)
{
    static const char *const prefixes[] = {"feature", "structure", "indicator"};
    char id[REF_MAX];
    size_t n = strcspn(ref, ".");
    if (n >= sizeof id)
        return -1;
    memcpy(id, ref, n);
    id[n] = '\0';
    *field = ref[n] ? ref + n + 1 : NULL;
    int found = pp_index_find(&play->ids, id);
    for (size_t i = 0; found < 0 && ref[n] && i < PP_COUNT(prefixes); i++)
        if (strcmp(id, prefixes[i]) == 0)
            return split(play, ref + n + 1, field);
    return found;
}

pp_find pp_play_find(const pp_play *play, const char *ref, pp_output_ref *out)
{
    const char *field;
    int id = split(play, ref, &field);
    if (id < 0 || id % 4 == PP_ID_SETUP)
        return PP_NO_ID;
    *out = (pp_output_ref){.column = {id % 4 == PP_ID_STRUCTURE, id / 4}};
    if (out->column.structure) {
        const pp_structure_decl *s = &play->structures.v[id / 4];
        out->tf = s->tf;
        return s->spec ? find_field(s->outputs, s->n_outputs, field, out) : PP_BROKEN;
    }
    const pp_feature_decl *f = &play->features.v[id / 4];
    out->tf = f->tf;
    return f->spec ? find_field(f->outputs, f->n_outputs, field, out) : PP_BROKEN;
}

const char *const pp_source_tokens[] = {"open", "high", "low",   "close", "volume",
                                        "hl2",  "hlc3", "ohlc4", NULL};
enum { N_SOURCES = PP_SRC_FEATURE };

/* An id that names nothing usable here. `but`: a feature not to propose, or -1. */
static void unknown_ref(pp_load *l, const pp_yaml *v, const char *ref, const char *what,
                        unsigned kinds, int but)
{
    static const char *const words[] = {
        [PP_NAMES_FEATURES] = "feature",
        [PP_NAMES_STRUCTURES] = "structure",
        [PP_NAMES_FEATURES | PP_NAMES_STRUCTURES] = "feature or structure",
        [PP_NAMES_FEATURES | PP_NAMES_PRICES] = "price column or feature"};
    size_t n_prices = kinds & PP_NAMES_PRICES ? N_SOURCES : 0,
           n_features = kinds & PP_NAMES_FEATURES ? l->play->features.n : 0,
           n_structures = kinds & PP_NAMES_STRUCTURES ? l->play->structures.n : 0,
           n = n_prices + n_features + n_structures;
    pp_diag *e = pp_error(l->d, PP_E_UNKNOWN_REF, v->pos, "`%s` names no %s: %.60s", what,
                          words[kinds], ref);
    e->found = pp_describe(l->d->arena, v);
    if (!pp_may_suggest(l->d, n))
        return;
    const char **names = PP_ARRAY(l->d->arena, const char *, n + 1), **next = names;
    for (size_t i = 0; i < n_prices; i++)
        *next++ = pp_source_tokens[i];
    for (size_t i = 0; i < n_features; i++)
        if ((int)i != but)
            *next++ = l->play->features.v[i].id;
    for (size_t i = 0; i < n_structures; i++)
        *next++ = l->play->structures.v[i].key;
    n = (size_t)(next - names);
    const char *dot = strchr(ref, '.');
    e->allowed = n ? pp_join(l->d->arena, names, n) : NULL;
    e->nearest =
        pp_suggest(l, dot ? pp_strndup(l->d->arena, ref, (size_t)(dot - ref)) : ref, names, n);
    if (!e->nearest && dot) /* price.close */
        e->nearest = pp_suggest(l, dot + 1, names, n);
}

static void unknown_field(pp_load *l, const pp_yaml *v, const char *ref, pp_column_decl of)
{
    const pp_feature_decl *f = of.structure ? NULL : &l->play->features.v[of.index];
    const pp_structure_decl *s = of.structure ? &l->play->structures.v[of.index] : NULL;
    const pp_output_spec *outputs = f ? f->outputs : s->outputs;
    const int n_outputs = f ? f->n_outputs : s->n_outputs;
    const char **names = PP_ARRAY(l->d->arena, const char *, (size_t)n_outputs + 1), *field;
    size_t n = 0;
    for (int k = 0; k < n_outputs; k++)
        if (outputs[k].name[0] != '_')
            names[n++] = outputs[k].name;
    split(l->play, ref, &field);
    pp_diag *e = pp_error(l->d, PP_E_UNKNOWN_REF, v->pos, "%s `%s` has no such output: %.60s",
                          f ? f->spec->name : s->spec->name, f ? f->id : s->key, ref);
    e->found = pp_describe(l->d->arena, v);
    e->allowed = pp_join(l->d->arena, names, n);
    e->nearest = pp_suggest(l, field ? field : "", names, n);
}

void pp_unknown_output(pp_load *l, const pp_yaml *v, const char *what, const char *ref,
                       const pp_column_decl *of, unsigned kinds)
{
    if (of)
        unknown_field(l, v, ref, *of);
    else
        unknown_ref(l, v, ref, what, kinds, -1);
}

/* `own`: the feature that asks, or -1. */
static bool read_output(pp_load *l, const pp_yaml *v, const char *what, unsigned kinds, int own,
                        int *feature, int *output)
{
    pp_output_ref ref;
    const char *text = pp_read_text(l, v, what);
    if (!text)
        return false;
    pp_find found = pp_play_find(l->play, text, &ref);
    if (found == PP_BROKEN)
        return false;
    bool known = found != PP_NO_ID && !ref.column.structure;
    if (!known || found == PP_NO_FIELD) {
        if (known)
            unknown_field(l, v, text, ref.column);
        else
            unknown_ref(l, v, text, what, kinds, own);
        return false;
    }
    *feature = ref.column.index;
    *output = ref.output;
    return true;
}

bool pp_read_atr(pp_load *l, const pp_yaml *v, const char *what, int *feature, int *output)
{
    if (!read_output(l, v, what, PP_NAMES_FEATURES, -1, feature, output))
        return false;
    const pp_feature_decl *f = &l->play->features.v[*feature];
    if (f->outputs[*output].type != PP_FLOAT) {
        pp_error(l->d, PP_E_TYPE, v->pos, "`%s` is not a FLOAT output", what)->found = v->text;
        return false;
    }
    if (strcmp(f->spec->name, "atr") != 0) {
        pp_diag *e = pp_warn(l->d, PP_E_TYPE, v->pos, "`%s` is taken as an ATR: `%s` is of %s",
                             what, f->id, f->spec->name);
        e->allowed = "a distance in units of price";
        e->hint = "declare `{indicator: atr}` and name it, unless the distance is meant";
    }
    return true;
}

static bool same_tf(pp_load *l, const pp_yaml *v, const char *what, pp_tf own, pp_tf other)
{
    if (own == other)
        return true;
    pp_diag *e = pp_error(l->d, PP_E_SOURCE_TF, v->pos, "`%s` is on another timeframe", what);
    e->found = pp_fmt(l->d->arena, "%s on %s", v->text, pp_tf_name(other));
    e->allowed = pp_fmt(l->d->arena, "one on %s", pp_tf_name(own));
    return false;
}

static void default_source(pp_feature_decl *f)
{
    f->source = PP_SRC_CLOSE;
    for (size_t k = 0; f->spec && f->spec->default_source && k < N_SOURCES; k++)
        if (strcmp(f->spec->default_source, pp_source_tokens[k]) == 0)
            f->source = (pp_source)k;
}

static void link_source(pp_load *l, pp_feature_decl *f, const pp_yaml *v)
{
    default_source(f);
    if (!v || !f->spec)
        return;
    if (!(f->spec->flags & PP_TAKES_SOURCE)) {
        pp_error(l->d, PP_E_UNKNOWN_KEY, v->pos, "%s takes no `source`", f->spec->name)->hint =
            "remove it: this indicator reads whole bars";
        return;
    }
    const char *text = pp_read_text(l, v, "source");
    for (size_t k = 0; text && k < N_SOURCES; k++) {
        if (strcmp(text, pp_source_tokens[k]) == 0) {
            f->source = (pp_source)k;
            return;
        }
    }
    int feature, output;
    if (!text || !read_output(l, v, "source", PP_NAMES_FEATURES | PP_NAMES_PRICES,
                              (int)(f - l->play->features.v), &feature, &output))
        return;
    const pp_feature_decl *from = &l->play->features.v[feature];
    pp_type type = from->outputs[output].type;
    if (type != PP_FLOAT && type != PP_INT) {
        pp_error(l->d, PP_E_TYPE, v->pos, "`source` is not a series of numbers")->found = v->text;
    } else if (same_tf(l, v, "source", f->tf, from->tf)) {
        f->source = PP_SRC_FEATURE;
        f->source_feature = feature;
        f->source_output = output;
    }
}

/* The structure that v names, on this timeframe; -1 after an error. */
static int named_structure(pp_load *l, const pp_yaml *v, pp_tf tf)
{
    const char *text = pp_read_text(l, v, "uses");
    int id = text ? pp_index_find(&l->play->ids, text) : -1;
    if (!text)
        return -1;
    if (id < 0 || id % 4 != PP_ID_STRUCTURE) {
        unknown_ref(l, v, text, "uses", PP_NAMES_STRUCTURES, -1);
        return -1;
    }
    return same_tf(l, v, "uses", tf, l->play->structures.v[id / 4].tf) ? id / 4 : -1;
}

static void link_swing(pp_load *l, pp_feature_decl *f, const pp_yaml *v)
{
    if (!f->spec)
        return;
    if (!(f->spec->flags & PP_USES_SWING)) {
        if (v)
            pp_error(l->d, PP_E_UNKNOWN_KEY, v->pos, "%s takes no `uses`", f->spec->name)->hint =
                "remove it";
        return;
    }
    if (!v) {
        pp_error(l->d, PP_E_UNKNOWN_REF, f->pos, "%s needs a swing", f->spec->name)->hint =
            "declare a swing on the same timeframe and name it: `uses: KEY`";
        return;
    }
    if (v->kind == PP_YAML_SEQ && v->n == 1)
        v = v->items[0];
    int s = named_structure(l, v, f->tf);
    const pp_spec *type = s >= 0 ? l->play->structures.v[s].spec : NULL;
    if (type && strcmp(type->name, "swing") != 0) {
        pp_error(l->d, PP_E_TYPE, v->pos, "`%s` is a %s, not a swing", v->text, type->name)
            ->allowed = "the key of a swing";
        return;
    }
    f->swing = s;
}

static const char *allowed_types(pp_load *l, const pp_spec *spec)
{
    pp_buf b = {.arena = l->d->arena};
    pp_buf_puts(&b, spec->n_deps ? "" : "nothing");
    for (int k = 0; k < spec->n_deps; k++)
        pp_buf_printf(&b, "%s%s", k ? " " : "", spec->deps[k].types);
    return b.text;
}

/* A key of `depends_on` is the type of the structure it names, or `source`. */
static void wrong_role(pp_load *l, const pp_spec *spec, const pp_yaml *v, const char *role,
                       const pp_spec *type)
{
    const char *types = allowed_types(l, spec);
    if (pp_has_word(types, role)) {
        pp_error(l->d, PP_E_TYPE, v->pos, "`%s` is a %s, not a %s", v->text, type->name, role)
            ->allowed = pp_fmt(l->d->arena, "the key of a %s", role);
        return;
    }
    pp_diag *e =
        pp_error(l->d, PP_E_UNKNOWN_KEY, v->pos, "%s stands on no `%.60s`", spec->name, role);
    e->found = pp_fmt(l->d->arena, "%.60s: %s, a %s", role, v->text, type->name);
    e->allowed = pp_fmt(l->d->arena, "source %s", types);
    if (pp_has_word(types, type->name))
        e->hint = pp_fmt(l->d->arena, "write `%s: %s`", type->name, v->text);
}

static bool link_one_dep(pp_load *l, int self, const pp_yaml *v, const char *role)
{
    pp_structure_decl *s = &l->play->structures.v[self];
    int other = named_structure(l, v, s->tf);
    if (other < 0)
        return false;
    if (other >= self) {
        pp_error(l->d, other == self ? PP_E_CYCLE : PP_E_UNKNOWN_REF, v->pos,
                 other == self ? "`%s` uses itself" : "`%s` stands later", v->text)
            ->hint = "a structure may use those that stand before it; move it up";
        return false;
    }
    const pp_spec *type = l->play->structures.v[other].spec;
    if (!type || !s->spec)
        return false;
    if (role && strcmp(role, "source") != 0 && strcmp(role, type->name) != 0) {
        wrong_role(l, s->spec, v, role, type);
        return false;
    }
    bool taken = false;
    for (int k = 0; k < s->spec->n_deps; k++) {
        if (!pp_has_word(s->spec->deps[k].types, type->name))
            continue;
        if (s->deps[k] < 0) {
            s->deps[k] = other;
            return true;
        }
        taken = true;
    }
    pp_diag *e = pp_error(l->d, PP_E_TYPE, v->pos,
                          taken ? "%s uses only one structure of this type: `%s` is a %s"
                                : "%s cannot use `%s`, a %s",
                          s->spec->name, v->text, type->name);
    e->allowed = allowed_types(l, s->spec);
    return false;
}

static void link_deps(pp_load *l, int self, const pp_yaml *uses)
{
    const pp_structure_decl *s = &l->play->structures.v[self];
    bool fine = true, given[PP_DEPS_MAX] = {0};
    if (uses && uses->kind == PP_YAML_SCALAR)
        fine = link_one_dep(l, self, uses, NULL);
    for (size_t i = 0; uses && uses->kind != PP_YAML_SCALAR && i < uses->n; i++)
        fine &= link_one_dep(l, self, uses->items[i], uses->keys ? uses->keys[i]->text : NULL);
    for (int k = 0; s->spec && k < s->spec->n_deps; k++) {
        given[k] = s->deps[k] >= 0;
        if (s->deps[k] < 0 && s->spec->deps[k].required && fine)
            pp_error(l->d, PP_E_UNKNOWN_REF, uses ? uses->pos : s->pos,
                     "%s needs a structure of type %s", s->spec->name, s->spec->deps[k].types)
                ->hint = "name it: `uses: KEY`";
    }
    const char *wrong =
        s->spec && s->spec->check_deps ? s->spec->check_deps(&s->params, given) : NULL;
    if (wrong && fine)
        pp_error(l->d, PP_E_UNKNOWN_REF, s->pos, "%s: %s", s->spec->name, wrong)->hint =
            "name the structure in `uses`";
}

static void link_atr(pp_load *l, pp_structure_decl *s, const pp_yaml *v)
{
    int feature, output;
    if (!v || !s->spec)
        return;
    if (!(s->spec->flags & PP_TAKES_ATR)) {
        pp_error(l->d, PP_E_UNKNOWN_KEY, v->pos, "%s takes no `atr_key`", s->spec->name)->hint =
            "remove it";
        return;
    }
    if (pp_read_atr(l, v, "atr_key", &feature, &output) &&
        same_tf(l, v, "atr_key", s->tf, l->play->features.v[feature].tf)) {
        s->atr_feature = feature;
        s->atr_output = output;
    }
}

typedef struct edges {
    int *from, *to;
    size_t n;
} edges;

static void add_edge(edges *e, int from, int to)
{
    if (to < 0)
        return;
    e->from[e->n] = from;
    e->to[e->n++] = to;
}

static const char *name_of(const pp_play *p, int node)
{
    int n = (int)p->features.n;
    return node < n ? p->features.v[node].id : p->structures.v[node - n].key;
}

static pp_pos pos_of(const pp_play *p, int node)
{
    int n = (int)p->features.n;
    return node < n ? p->features.v[node].pos : p->structures.v[node - n].pos;
}

static void report_circle(pp_load *l, const int *circle, size_t n)
{
    pp_buf b = {.arena = l->d->arena};
    for (size_t i = 0; i < n; i++)
        pp_buf_printf(&b, "%s -> ", name_of(l->play, circle[i]));
    pp_buf_puts(&b, name_of(l->play, circle[0]));
    pp_error(l->d, PP_E_CYCLE, pos_of(l->play, circle[0]), "%s stands on itself",
             name_of(l->play, circle[0]))
        ->found = b.text;
}

static void order_columns(pp_load *l)
{
    pp_play *p = l->play;
    size_t nf = p->features.n, n = nf + p->structures.n, room = (PP_DEPS_MAX + 2) * n;
    edges e = {PP_ARRAY(l->d->arena, int, room), PP_ARRAY(l->d->arena, int, room), 0};
    int *order = PP_ARRAY(l->d->arena, int, n), *circle = PP_ARRAY(l->d->arena, int, n);
    for (int i = 0; i < (int)nf; i++) {
        const pp_feature_decl *f = &p->features.v[i];
        add_edge(&e, i, f->source_feature);
        add_edge(&e, i, f->swing < 0 ? -1 : (int)nf + f->swing);
    }
    for (int i = 0; i < (int)p->structures.n; i++) {
        for (int k = 0; k < PP_DEPS_MAX; k++)
            add_edge(&e, (int)nf + i,
                     p->structures.v[i].deps[k] < 0 ? -1 : (int)nf + p->structures.v[i].deps[k]);
        add_edge(&e, (int)nf + i, p->structures.v[i].atr_feature);
    }
    size_t n_circle = pp_graph_order(l->d->arena, n, e.from, e.to, e.n, order, circle);
    if (n_circle) {
        report_circle(l, circle, n_circle);
        return;
    }
    pp_column_decl *columns = PP_ARRAY(l->d->arena, pp_column_decl, n);
    for (size_t i = 0; i < n; i++)
        columns[i] = order[i] < (int)nf ? (pp_column_decl){false, order[i]}
                                        : (pp_column_decl){true, order[i] - (int)nf};
    p->order = columns;
}

void pp_link_columns(pp_load *l)
{
    for (size_t i = 0; i < l->play->features.n; i++) {
        pp_feature_decl *f = &l->play->features.v[i];
        const char *outer = pp_enter(l, "features > %s", f->id);
        link_source(l, f, l->features.v[i].source);
        link_swing(l, f, l->features.v[i].uses);
        l->d->context = outer;
    }
    for (size_t i = 0; i < l->play->structures.n; i++) {
        pp_structure_decl *s = &l->play->structures.v[i];
        const char *outer = pp_enter(l, "structures > %s", s->key);
        link_deps(l, (int)i, l->structures.v[i].uses);
        link_atr(l, s, l->structures.v[i].atr_key);
        l->d->context = outer;
    }
    order_columns(l);
}
