/* The document as a whole: identity, symbols, timeframes (P4, P5), and pp_play_read(). */
#include "play/load.h"
#include "play/tables.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const names_ok =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

static bool is_folder_name(const char *s)
{
    size_t n = strlen(s);
    return n >= 1 && n <= 64 && strspn(s, names_ok) == n && strcmp(s, ".") != 0 &&
           strcmp(s, "..") != 0;
}

/* Without a name a Play is called after its file. */
static const char *name_from_file(pp_load *l)
{
    const char *base = strrchr(l->play->file, '/');
    base = base ? base + 1 : l->play->file;
    const char *dot = strrchr(base, '.');
    size_t n = dot && dot > base ? (size_t)(dot - base) : strlen(base);
    char *name = pp_strndup(l->d->arena, base, n < 64 ? n : 64);
    for (char *p = name; *p; p++)
        if (!strchr(names_ok, *p))
            *p = '_';
    return is_folder_name(name) ? name : "play";
}

static void read_name(pp_load *l, const pp_yaml *v)
{
    l->play->name = name_from_file(l);
    const char *text = v ? pp_read_text(l, v, "name") : NULL;
    if (!text)
        return;
    if (is_folder_name(text)) {
        l->play->name = text;
        return;
    }
    pp_diag *e = pp_error(l->d, PP_E_NAME, v->pos, "`name` is not usable as a folder name");
    e->found = pp_describe(l->d->arena, v);
    e->allowed = "1 to 64 of letters, digits and _ . -, but not . or ..";
    e->hint = "choose another name";
}

bool pp_is_symbol(const char *s)
{
    size_t n = strlen(s);
    return n > 4 && n <= 32 && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == n &&
           strcmp(s + n - 4, "USDT") == 0;
}

static const char *read_symbol(pp_load *l, const pp_yaml *v)
{
    const char *text = pp_read_text(l, v, "symbol");
    if (text && !pp_is_symbol(text)) {
        pp_diag *e = pp_error(l->d, PP_E_SYMBOL, v->pos, "`%.40s` is not a symbol", text);
        e->found = pp_describe(l->d->arena, v);
        e->allowed = PP_SYMBOL_ALLOWED;
    }
    return text ? text : "";
}

static void read_symbols(pp_load *l, const pp_yaml *one, const pp_yaml *many)
{
    if (one && many)
        pp_error(l->d, PP_E_DUPLICATE_KEY, many->pos, "`symbol` and `symbols` are both given")
            ->hint = "keep one of the two";
    const pp_yaml *v = one ? one : many;
    if (!v || (v->kind == PP_YAML_SEQ && v->n == 0)) {
        pp_error(l->d, PP_E_SYMBOL, v ? v->pos : (pp_pos){l->play->file, 1, 1},
                 "the Play names no symbol")
            ->hint = "add `symbol: BTCUSDT`";
        return;
    }
    size_t n = v->kind == PP_YAML_SEQ ? v->n : 1;
    const char **names = PP_ARRAY(l->d->arena, const char *, n);
    pp_index seen = {0};
    for (size_t i = 0; i < n; i++) {
        const pp_yaml *item = v->kind == PP_YAML_SEQ ? v->items[i] : v;
        names[i] = read_symbol(l, item);
        if (*names[i] && pp_index_add(l->d->arena, &seen, names[i], (int)i) >= 0)
            pp_error(l->d, PP_E_SYMBOL, item->pos, "`%s` stands twice", names[i])->hint =
                "remove one of the two";
    }
    l->play->symbols = names;
    l->play->n_symbols = n;
}

static const char *const role_names[] = {"low_tf", "med_tf|mtf", "high_tf|htf", "exec", NULL};

bool pp_read_tf(pp_load *l, const pp_yaml *v, const char *what, pp_tf *out)
{
    const char *text = pp_read_text(l, v, what);
    const pp_tf tfs[] = {l->play->low_tf, l->play->med_tf, l->play->high_tf, l->play->exec_tf};
    if (!text || pp_tf_parse(text, out))
        return text != NULL;
    int role = pp_key_token(role_names, text);
    if (role >= 0) {
        *out = tfs[role];
        return true;
    }
    pp_diag *e = pp_error(l->d, PP_E_TIMEFRAME, v->pos, "`%s` is not a timeframe", what);
    e->found = pp_describe(l->d->arena, v);
    e->allowed = PP_TF_NAMES ", low_tf med_tf high_tf exec";
    return false;
}

typedef struct timeframes {
    const pp_yaml *exec, *low, *med, *high;
} timeframes;

static const pp_key tf_rows[] = {
    {"exec", NULL, PP_K_NODE, PP_KEY_REQUIRED, offsetof(timeframes, exec),
     "low_tf, med_tf, high_tf", NULL, NULL, NULL, "the role that the Play trades on"},
    {"low_tf", NULL, PP_K_NODE, 0, offsetof(timeframes, low), PP_TF_NAMES, "exec", NULL, NULL,
     "the fast role"},
    {"med_tf", "mtf", PP_K_NODE, 0, offsetof(timeframes, med), PP_TF_NAMES, "exec", NULL, NULL,
     "the middle role"},
    {"high_tf", "htf", PP_K_NODE, 0, offsetof(timeframes, high), PP_TF_NAMES, "exec", NULL, NULL,
     "the slow role"},
};
const pp_keys pp_tf_keys = {"timeframes", tf_rows, PP_COUNT(tf_rows)};

static bool literal_tf(pp_load *l, const pp_yaml *v, const char *what, pp_tf *out)
{
    const char *text = v ? pp_read_text(l, v, what) : NULL;
    if (!text || pp_tf_parse(text, out))
        return text != NULL;
    pp_diag *e = pp_error(l->d, PP_E_TIMEFRAME, v->pos, "`%s` is not a timeframe", what);
    e->found = pp_describe(l->d->arena, v);
    e->allowed = PP_TF_NAMES;
    return false;
}

/* exec names a role; a literal timeframe is understood too, as the normal form of many Plays has
 * only one. */
static bool exec_role(pp_load *l, const timeframes *t)
{
    pp_play *p = l->play;
    const pp_yaml *const nodes[] = {t->low, t->med, t->high};
    if (!t->exec)
        return false;
    const char *text = pp_read_text(l, t->exec, "exec");
    int role = text ? pp_key_token(role_names, text) : -1;
    if (role >= 0 && role < 3) {
        if (nodes[role])
            return literal_tf(l, nodes[role], role_names[role], &p->exec_tf);
        pp_error(l->d, PP_E_TIMEFRAME, t->exec->pos, "`exec` names %s, which is not given", text)
            ->hint = "give that role a timeframe";
        return false;
    }
    if (!text || pp_tf_parse(text, &p->exec_tf))
        return text != NULL;
    pp_diag *e = pp_error(l->d, PP_E_TIMEFRAME, t->exec->pos, "`exec` names no role");
    e->found = pp_describe(l->d->arena, t->exec);
    e->allowed = "low_tf med_tf high_tf";
    return false;
}

/* Only roles that are given have an order; the others follow exec. */
static void check_order(pp_load *l, const pp_yaml *low, const pp_yaml *med, const pp_yaml *high,
                        pp_pos pos)
{
    const pp_play *p = l->play;
    const pp_yaml *const given[] = {low, med, high};
    const pp_tf tfs[] = {p->low_tf, p->med_tf, p->high_tf};
    for (int i = 0; i < 3; i++) {
        for (int k = i + 1; k < 3; k++) {
            if (!given[i] || !given[k] || tfs[i] <= tfs[k])
                continue;
            pp_diag *e = pp_error(l->d, PP_E_TIMEFRAME, pos, "the roles are not in order");
            e->found = pp_fmt(l->d->arena, "low_tf %s, med_tf %s, high_tf %s",
                              pp_tf_name(p->low_tf), pp_tf_name(p->med_tf), pp_tf_name(p->high_tf));
            e->allowed = "low_tf <= med_tf <= high_tf";
            return;
        }
    }
}

typedef struct document {
    const pp_yaml *version, *name, *description, *symbol, *symbols;
    const pp_yaml *timeframes, *tf, *mtf, *htf;
    const pp_yaml *funding;
    const pp_yaml *ignored; /* several rows: parts that are read elsewhere */
    pp_evaluate evaluate;
    int crossover;
    pp_intrabar intrabar;
} document;

const char *const pp_evaluate_tokens[] = {"auto", "exec", "tape", NULL};
static const char *const crossover_tokens[] = {"previous", "level", NULL};
const char *const pp_intrabar_tokens[] = {"adverse", "near_first", "favourable|favorable", NULL};

#define AT(field) offsetof(document, field)
#define PART(name, aliases, what, doc)                                                             \
    {                                                                                              \
        name, aliases, PP_K_NODE, 0, AT(ignored), what, NULL, NULL, NULL, doc                      \
    }

static const pp_key document_rows[] = {
    {"version", NULL, PP_K_NODE, 0, AT(version), "text", "3.0.0", NULL, NULL,
     "version of the Play language"},
    {"name", "id", PP_K_NODE, 0, AT(name), "1 to 64 of letters, digits and _ . -", "the file name",
     NULL, NULL, "names the folder of its runs"},
    {"description", NULL, PP_K_NODE, 0, AT(description), "text", NULL, NULL, NULL,
     "for the reader"},
    {"symbol", NULL, PP_K_NODE, 0, AT(symbol), PP_SYMBOL_ALLOWED, NULL, NULL, NULL,
     "the market; this or `symbols` is required"},
    {"symbols", "symbol_universe", PP_K_NODE, 0, AT(symbols), "a list of symbols", NULL, NULL, NULL,
     "several markets, one run each over the store; a `--csv` file or a synthetic market is one "
     "run"},
    {"timeframes", NULL, PP_K_NODE, 0, AT(timeframes), "a mapping of roles", NULL, NULL, NULL,
     "roles; this or `tf` is required"},
    {"tf", "execution_tf", PP_K_NODE, 0, AT(tf), PP_TF_NAMES, NULL, NULL, NULL,
     "short form: the exec timeframe"},
    {"mtf", NULL, PP_K_NODE, 0, AT(mtf), PP_TF_NAMES, "exec", NULL, NULL,
     "short form: the role med_tf"},
    {"htf", NULL, PP_K_NODE, 0, AT(htf), PP_TF_NAMES, "exec", NULL, NULL,
     "short form: the role high_tf"},
    PART("variables", NULL, "name: value", "what {{ name }} stands for (P3)"),
    PART("account", NULL, "a mapping", "the account"),
    PART("features", NULL, "id: feature", "indicators"),
    PART("structures", NULL, "role: list of structures", "market structures"),
    PART("setups", NULL, "id: condition", "conditions with a name"),
    PART("actions", NULL, "action: condition, or a list of blocks", "what to do when"),
    PART("position_policy", NULL, "a mapping", "which positions may exist"),
    PART("risk", "risk_model", "a mapping", "stops, targets and size"),
    PART("entry", NULL, "a mapping", "the order that enters"),
    {"funding", NULL, PP_K_NODE, 0, AT(funding), "data, none, or {rate, interval}", "data", NULL,
     NULL, "funding payments (T12)"},
    PART("data", NULL, "a mapping", "where data comes from"),
    PART("models", NULL, "a mapping", "spread, impact, participation, latency (X12)"),
    PART("risk_policy", NULL, "a mapping", "rules that veto entries (K13)"),
    PART("rationalize", NULL, "a mapping", "the layer on top of structures (S20)"),
    PART("validation", NULL, "a mapping", "the Play's own synthetic market (T21)"),
    {"intrabar", NULL, PP_K_ENUM, 0, AT(intrabar), NULL, "adverse", pp_intrabar_tokens, NULL,
     "order of a bar's extremes (X7)"},
    {"evaluate", NULL, PP_K_ENUM, 0, AT(evaluate), NULL, "auto", pp_evaluate_tokens, NULL,
     "grid of all rules (R2)"},
    {"crossover", NULL, PP_K_ENUM, 0, AT(crossover), NULL, "previous", crossover_tokens, NULL,
     "what a crossing compares (R10)"},
    PART("deploy", NULL, "anything", "ignored; for other programs"),
    PART("backtest", NULL, "a mapping", "old place of two account values"),
    PART("expected", NULL, "anything", "ignored; for tests"),
    PART("tags", NULL, "anything", "ignored"),
};
const pp_keys pp_document_keys = {"the Play", document_rows, PP_COUNT(document_rows)};

static void read_timeframes(pp_load *l, const document *doc)
{
    timeframes t = {0};
    pp_play *p = l->play;
    bool known;
    if (doc->timeframes && doc->tf)
        pp_error(l->d, PP_E_DUPLICATE_KEY, doc->tf->pos, "`tf` and `timeframes` are both given")
            ->hint = "keep one of the two";
    if (doc->timeframes) {
        pp_keys_read(l, &pp_tf_keys, doc->timeframes, &t);
        known = exec_role(l, &t);
    } else if (doc->tf) {
        t = (timeframes){NULL, doc->tf, doc->mtf, doc->htf};
        known = literal_tf(l, doc->tf, "tf", &p->exec_tf);
    } else {
        pp_error(l->d, PP_E_TIMEFRAME, (pp_pos){p->file, 1, 1}, "the Play names no timeframe")
            ->hint = "add `tf: 15m` or `timeframes:`";
        return;
    }
    p->low_tf = p->med_tf = p->high_tf = p->exec_tf;
    known &= t.low == doc->tf || !t.low || literal_tf(l, t.low, "low_tf", &p->low_tf);
    known &= !t.med || literal_tf(l, t.med, "med_tf", &p->med_tf);
    known &= !t.high || literal_tf(l, t.high, "high_tf", &p->high_tf);
    if (known)
        check_order(l, t.low, t.med, t.high, (doc->timeframes ? doc->timeframes : doc->tf)->pos);
}

/* The top level without the keys that are free there. */
static pp_yaml *without_free_keys(pp_load *l)
{
    const pp_yaml *root = l->root;
    pp_yaml *copy = PP_NEW(l->d->arena, pp_yaml);
    *copy = *root;
    copy->n = 0;
    copy->items = PP_ARRAY(l->d->arena, pp_yaml *, root->n);
    copy->keys = PP_ARRAY(l->d->arena, pp_yaml *, root->n);
    for (size_t i = 0; i < root->n; i++) {
        if (root->keys[i]->text[0] == '_')
            continue;
        copy->keys[copy->n] = root->keys[i];
        copy->items[copy->n++] = root->items[i];
    }
    return copy;
}

static void load_document(pp_load *l)
{
    document doc = {0};
    pp_play *p = l->play;
    pp_keys_read(l, &pp_document_keys, without_free_keys(l), &doc);
    p->version = doc.version ? pp_read_text(l, doc.version, "version") : "3.0.0";
    p->description = doc.description ? pp_read_text(l, doc.description, "description") : NULL;
    if (!p->version)
        p->version = "3.0.0";
    else if (strncmp(p->version, "3.", 2) != 0)
        pp_warn(l->d, PP_E_RANGE, doc.version->pos, "a Play of another version is read as 3.0.0")
            ->hint = "write `version: \"3.0.0\"`";
    read_name(l, doc.name);
    read_symbols(l, doc.symbol, doc.symbols);
    read_timeframes(l, &doc);
    p->evaluate = doc.evaluate;
    p->intrabar = doc.intrabar;
    p->crossover_level = doc.crossover == 1;
    pp_load_funding(l, doc.funding);
}

static void load_parts(pp_load *l)
{
    load_document(l);
    pp_load_account(l);
    pp_load_market(l);
    pp_load_features(l);
    pp_load_structures(l);
    pp_link_columns(l);
    pp_load_setups(l);
    pp_load_entry(l);
    size_t before = l->d->n_errors;
    pp_load_risk(l);
    pp_load_actions(l);
    l->risk_and_actions_read = l->d->n_errors == before;
    pp_load_rationalize(l);
    pp_check_policy(l);
}

/* The parts of a Play whose text is parsed. */
static pp_play *read_tree(pp_diags *d, pp_play *play, pp_yaml *tree, const pp_set *sets,
                          size_t n_sets, const pp_registries *reg)
{
    pp_load l = {.d = d, .play = play, .reg = reg, .root = tree};
    play->root = tree;
    if (tree->kind != PP_YAML_MAP) {
        pp_diag *e = pp_error(d, PP_E_SHAPE, tree->pos, "a Play is a mapping of keys to values");
        e->found = pp_describe(d->arena, tree);
        e->hint = "begin with lines such as `symbol: BTCUSDT` and `tf: 15m`";
    } else {
        pp_load_variables(&l, sets, n_sets);
        load_parts(&l);
    }
    pp_play_show_source(d, play);
    return tree->kind == PP_YAML_MAP ? play : NULL;
}

pp_play *pp_play_read(pp_diags *d, const char *file, const char *text, size_t size,
                      const pp_set *sets, size_t n_sets, const pp_registries *reg)
{
    pp_play *play = PP_NEW(d->arena, pp_play);
    size_t before = d->list.n;
    play->file = pp_strdup(d->arena, file);
    play->text = pp_strndup(d->arena, text, size <= PP_YAML_MAX_BYTES ? size : 0);
    play->size = strlen(play->text);
    pp_yaml *tree = pp_yaml_parse(d, play->file, text, size);
    play->tree = d->list.n == before ? tree : NULL;
    if (tree)
        return read_tree(d, play, tree, sets, n_sets, reg);
    pp_play_show_source(d, play);
    return NULL;
}

pp_play *pp_play_read_again(pp_diags *d, const pp_play *from, const pp_set *sets, size_t n_sets,
                            const pp_registries *reg)
{
    if (!from->tree)
        return pp_play_read(d, from->file, from->text, from->size, sets, n_sets, reg);
    pp_play *play = PP_NEW(d->arena, pp_play);
    *play =
        (pp_play){.file = from->file, .text = from->text, .size = from->size, .tree = from->tree};
    return read_tree(d, play, from->tree, sets, n_sets, reg);
}
