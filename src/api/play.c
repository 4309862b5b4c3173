#include "api/handle.h"

#include "base/file.h"
#include "base/sha256.h"

#include <string.h>

enum { PLAY_MAX = 8 << 20 }; /* bytes (P1) */

typedef struct request {
    const char *name, *text;
    size_t size;
    const pp_set *sets;
    size_t n_sets;
    const char *path; /* read from there instead of text */
} request;

void pp_api_warn_of_market(pp_diags *d, const pp_play *play, const pp_tape_t *tape)
{
    const char *of = tape->tape.symbol, *exchange = tape->tape.exchange;
    for (size_t i = 0; i < play->n_symbols; i++)
        if (!strcmp(play->symbols[i], of))
            return;
    if (!exchange || strcmp(exchange, "synthetic") != 0)
        pp_warn(d, PP_E_SYMBOL, (pp_pos){.file = play->file},
                "the tape is of %s, which the Play does not name", of)
            ->hint = "give that market's tape, or change the Play's `symbol`";
}

pp_strategy *pp_api_strategy(const pp_play_t *play, const pp_tape_t *tape, pp_diags *d)
{
    pp_strategy *s = pp_strategy_load(d, play->name, play->text, play->size, play->sets,
                                      play->n_sets, tape ? tape->tape.bars.tf : PP_TF_1M);
    if (s)
        pp_play_show_source(d, s->play);
    if (s && tape)
        pp_api_warn_of_market(d, s->play, tape);
    return d->n_errors ? NULL : s;
}

static bool load(void *args, void *handle, pp_diags *d)
{
    const request *r = args;
    pp_play_t *p = handle;
    pp_set *sets = PP_ARRAY(d->arena, pp_set, r->n_sets + 1);
    for (size_t i = 0; i < r->n_sets; i++)
        sets[i] = (pp_set){pp_strdup(d->arena, r->sets[i].name),
                           pp_strdup(d->arena, r->sets[i].value), false};
    p->name = pp_strdup(d->arena, r->path ? r->path : r->name);
    p->sets = sets;
    p->n_sets = r->n_sets;
    p->size = r->size;
    p->text = r->path ? pp_file_read(d, NULL, r->path, PLAY_MAX, &p->size)
                      : pp_strndup(d->arena, r->text, r->size);
    pp_strategy *s = p->text ? pp_api_strategy(p, NULL, d) : NULL;
    if (!s)
        return false;
    const char *json = pp_strategy_json(d->arena, s);
    pp_sha256_text(json, strlen(json), p->hash);
    p->normal = pp_normal_yaml(d->arena, s->play, pp_strategy_normal(d->arena, s));
    return true;
}

pp_status_t pp_play_load(pp_context_t *ctx, const char *path, pp_play_t **out)
{
    if (!path || !out)
        return pp_api_missing(ctx, (void **)out, "path and out are needed");
    request r = {.path = path};
    return pp_api_make(ctx, sizeof **out, load, &r, (void **)out);
}

pp_status_t pp_play_parse(pp_context_t *ctx, const char *name, const char *text, size_t n,
                          pp_play_t **out)
{
    if (!name || !text || !out)
        return pp_api_missing(ctx, (void **)out, "name, text and out are needed");
    request r = {.name = name, .text = text, .size = n};
    return pp_api_make(ctx, sizeof **out, load, &r, (void **)out);
}

pp_status_t pp_play_set(pp_context_t *ctx, pp_play_t *play, const char *key, const char *value)
{
    if (!play || !key || !value)
        return pp_api_missing(ctx, NULL, "play, key and value are needed");
    enum { SETS_MAX = 1024 };
    pp_set sets[SETS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < play->n_sets && n < SETS_MAX - 1; i++)
        if (strcmp(play->sets[i].name, key) != 0)
            sets[n++] = play->sets[i];
    sets[n++] = (pp_set){key, value, false};
    request r = {play->name, play->text, play->size, sets, n, NULL};
    void *fresh;
    pp_status_t status = pp_api_make(ctx, sizeof *play, load, &r, &fresh);
    if (status != PP_STATUS_OK)
        return status;
    /* The handle keeps its address; what it held before goes with the other one. */
    pp_play_t old = *play;
    *play = *(pp_play_t *)fresh;
    *(pp_play_t *)fresh = old;
    pp_api_drop(fresh, sizeof *play);
    return PP_STATUS_OK;
}

const char *pp_play_hash_hex(const pp_play_t *play)
{
    return play ? play->hash : "";
}

const char *pp_play_normal_yaml(const pp_play_t *play)
{
    return play ? play->normal : "";
}

void pp_play_free(pp_play_t *play)
{
    pp_api_drop(play, sizeof *play);
}
