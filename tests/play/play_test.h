/* Loading a Play in a test. */
#ifndef PLAY_TEST_H
#define PLAY_TEST_H

#include "base/money.h"
#include "feature/registry.h"
#include "play/play.h"
#include "structure/registry.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct load_case {
    pp_arena arena;
    pp_diags d;
    pp_play *play;
    const char *file, *text;
    size_t size;
    const pp_set *sets;
    size_t n_sets;
} load_case;

static const pp_registries registries = {&pp_indicators, &pp_structures};

static inline void load_now(void *ctx)
{
    load_case *c = ctx;
    c->play = pp_play_read(&c->d, c->file, c->text, c->size, c->sets, c->n_sets, &registries);
}

/* In place: the arena must not move once used. */
static inline load_case *load_with(const char *file, const char *text, size_t size,
                                   const pp_set *sets, size_t n_sets)
{
    load_case *c = calloc(1, sizeof *c);
    *c = (load_case){.file = file, .text = text, .size = size, .sets = sets, .n_sets = n_sets};
    pp_arena_init(&c->arena, NULL);
    c->d.arena = &c->arena;
    cr_assert(pp_try(&c->arena, load_now, c));
    return c;
}
static inline load_case *load_text(const char *text)
{
    return load_with("play.yml", text, strlen(text), NULL, 0);
}

static inline load_case *load_file(const char *path)
{
    static char text[1 << 16];
    FILE *f = fopen(path, "rb");
    cr_assert(f, "%s", path);
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    return load_with(path, text, n, NULL, 0);
}

static inline void done(load_case *c)
{
    pp_arena_free(&c->arena);
    free(c);
}

static inline bool fine(const load_case *c)
{
    return c->play && c->d.n_errors == 0;
}

static inline void format_now(void *ctx)
{
    load_case *c = ctx;
    pp_buf b = {.arena = &c->arena};
    pp_buf_puts(&b, "\n");
    for (size_t i = 0; i < c->d.list.n; i++)
        pp_diag_format(&c->d.list.v[i], false, &b);
    c->text = b.text;
}

static inline const char *messages(load_case *c)
{
    return pp_try(&c->arena, format_now, c) ? c->text : "out of memory";
}

/* The first error of this code, NULL without. */
static inline const pp_diag *error_of(const load_case *c, pp_code code)
{
    for (size_t i = 0; i < c->d.list.n; i++)
        if (c->d.list.v[i].code == code && c->d.list.v[i].severity == PP_ERROR)
            return &c->d.list.v[i];
    return NULL;
}

#endif
