/* Gate 2: the declared list comes from the Play, the computed one from the columns; neither knows
 * the other, so that a column lost between them is noticed (G2). */
#include "artifact/artifact.h"

#include <string.h>

static const pp_pos nowhere = {0};

static const pp_column_digest *column_of(const pp_result *r, const pp_declared *d,
                                         const char *output)
{
    for (size_t i = 0; i < r->n_columns; i++) {
        const pp_column_digest *c = &r->columns[i];
        if (strcmp(c->id, d->id) == 0 && strcmp(c->output, output) == 0 &&
            strcmp(c->kind, d->kind) == 0)
            return c;
    }
    return NULL;
}

/* A quotient over another column may have no denominator there, whatever the bars are like. */
static bool stands_on_bars(const pp_column_digest *c)
{
    const char *source = strchr(c->key, '<');
    return !source || (source[1] >= '0' && source[1] <= '9');
}

static bool is_clean(const pp_column_digest *c, unsigned clean_tfs)
{
    pp_tf tf;
    return pp_tf_parse(c->tf, &tf) && (clean_tfs >> tf & 1) && stands_on_bars(c) && !c->one_sided;
}

static void check_column(pp_diags *d, const pp_column_digest *c, bool clean)
{
    bool enough = c->n > c->lookback && c->lookback >= 0;
    bool early = c->first_known >= 0 && c->first_known < c->lookback;
    if (early || (enough && clean && c->first_known != c->lookback))
        pp_error(d, PP_E_GATE, nowhere,
                 "%s.%s starts at bar %lld of %lld; its first value is due at bar %lld", c->id,
                 c->output, (long long)c->first_known, (long long)c->n, (long long)c->lookback);
    else if (enough && c->first_known < 0)
        pp_error(d, PP_E_GATE, nowhere, "%s.%s is unknown on all %lld bars", c->id, c->output,
                 (long long)c->n);
    /* A column without a law of its first value (events, structures) may be unknown in between. */
    if (enough && clean && c->n_unknown > 0)
        pp_error(d, PP_E_GATE, nowhere,
                 "%s.%s is unknown on %lld bars after its first value, on data without gaps", c->id,
                 c->output, (long long)c->n_unknown);
}

static void check_declared(pp_diags *d, const pp_result *r, const pp_declared *x,
                           unsigned clean_tfs)
{
    for (size_t k = 0; k < x->n_outputs; k++) {
        const pp_column_digest *c = column_of(r, x, x->outputs[k]);
        if (!c)
            pp_error(d, PP_E_GATE, nowhere, "%s %s.%s is declared but was not computed", x->kind,
                     x->id, x->outputs[k]);
        else if (strcmp(c->tf, x->tf) != 0)
            pp_error(d, PP_E_GATE, nowhere, "%s.%s was computed on %s, declared on %s", x->id,
                     x->outputs[k], c->tf, x->tf);
        else
            check_column(d, c, is_clean(c, clean_tfs));
    }
}

static bool is_declared(const pp_result *r, const pp_column_digest *c)
{
    for (size_t i = 0; i < r->n_declared; i++)
        if (strcmp(r->declared[i].id, c->id) == 0 && strcmp(r->declared[i].kind, c->kind) == 0)
            return true;
    return false;
}

bool pp_gate_columns(pp_diags *d, const pp_result *r, unsigned clean_tfs)
{
    size_t before = d->n_errors;
    const char *outer = d->context;
    d->context = "gate 2, columns";
    for (size_t i = 0; i < r->n_declared; i++)
        check_declared(d, r, &r->declared[i], clean_tfs);
    for (size_t i = 0; i < r->n_columns; i++)
        if (!is_declared(r, &r->columns[i]))
            pp_error(d, PP_E_GATE, nowhere, "%s %s was computed but is not declared",
                     r->columns[i].kind, r->columns[i].id);
    d->context = outer;
    return d->n_errors == before;
}
