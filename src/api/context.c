#include "api/handle.h"

#include <string.h>

const char *pp_version(void)
{
    return PP_VERSION;
}

int pp_abi_version(void)
{
    return PP_ABI_VERSION;
}

pp_context_t *pp_context_new(const pp_allocator_t *allocator)
{
    pp_arena first;
    pp_alloc given = {0};
    if (allocator)
        given = (pp_alloc){allocator->resize, allocator->user};
    pp_arena_init(&first, allocator ? &given : NULL);
    pp_context_t *ctx = first.alloc.resize(first.alloc.ctx, NULL, 0, sizeof *ctx);
    if (!ctx)
        return NULL;
    memset(ctx, 0, sizeof *ctx);
    pp_arena_init(&ctx->arena, &first.alloc);
    pp_arena_init(&ctx->scratch, &first.alloc);
    ctx->messages.arena = &ctx->arena;
    return ctx;
}

void pp_context_free(pp_context_t *ctx)
{
    if (!ctx)
        return;
    pp_alloc alloc = ctx->arena.alloc;
    pp_arena_free(&ctx->arena);
    pp_arena_free(&ctx->scratch);
    alloc.resize(alloc.ctx, ctx, sizeof *ctx, 0);
}

/* ---- messages ---- */

static void forget(pp_context_t *ctx)
{
    pp_arena_reset(&ctx->arena);
    pp_arena_reset(&ctx->scratch);
    ctx->messages = (pp_diags){.arena = &ctx->arena};
    ctx->text = NULL;
}

static const char *copied(pp_arena *a, const char *text)
{
    return text ? pp_strdup(a, text) : NULL;
}

typedef struct keeping {
    pp_context_t *ctx;
    const pp_diags *from;
} keeping;

static void keep(void *args)
{
    keeping *k = args;
    pp_diags *to = &k->ctx->messages;
    for (size_t i = 0; i < k->from->list.n; i++) {
        pp_diag e = k->from->list.v[i];
        e.pos.file = copied(to->arena, e.pos.file);
        e.message = copied(to->arena, e.message);
        e.context = copied(to->arena, e.context);
        e.found = copied(to->arena, e.found);
        e.allowed = copied(to->arena, e.allowed);
        e.nearest = copied(to->arena, e.nearest);
        e.hint = copied(to->arena, e.hint);
        e.source_line = copied(to->arena, e.source_line);
        *pp_vec_push(to->arena, &to->list) = e;
    }
    to->n_errors = k->from->n_errors;
    to->n_warnings = k->from->n_warnings;
    pp_buf text = {.arena = to->arena};
    pp_buf_puts(&text, "");
    for (size_t i = 0; i < to->list.n; i++)
        pp_diag_format(&to->list.v[i], false, &text);
    k->ctx->text = text.text;
}

size_t pp_message_count(const pp_context_t *ctx)
{
    return ctx ? ctx->messages.list.n : 0;
}

bool pp_message_at(const pp_context_t *ctx, size_t i, pp_message_t *out)
{
    if (!out || i >= pp_message_count(ctx))
        return false;
    const pp_diag *e = &ctx->messages.list.v[i];
    *out = (pp_message_t){.code = pp_code_name(e->code),
                          .severity = (pp_severity_t)e->severity,
                          .message = e->message,
                          .file = e->pos.file,
                          .line = e->pos.line,
                          .col = e->pos.col,
                          .found = e->found,
                          .allowed = e->allowed,
                          .nearest = e->nearest,
                          .hint = e->hint ? e->hint : pp_code_remedy(e->code)};
    return true;
}

const char *pp_messages_text(const pp_context_t *ctx)
{
    return ctx && ctx->text ? ctx->text : "";
}

/* ---- the frame of a call ---- */

bool pp_api_refuse(pp_diags *d, const char *what)
{
    pp_error(d, PP_E_USAGE, (pp_pos){0}, "%s", what)->hint = "see perpetua.h";
    return false;
}

bool pp_api_take(pp_diags *d, void *to, size_t own, const void *from, size_t least)
{
    size_t size;
    memcpy(&size, from, sizeof size);
    if (size < least)
        return pp_api_refuse(d, "`size` is not the sizeof of its struct");
    memset(to, 0, own);
    memcpy(to, from, size < own ? size : own);
    return true;
}

typedef struct frame {
    pp_api_work *work;
    void *args, *handle;
    pp_diags *d;
    bool ok;
} frame;

static void step_inside(void *args)
{
    frame *f = args;
    f->ok = f->work(f->args, f->handle, f->d);
}

static pp_status_t status_of(const pp_diags *d)
{
    if (!d->n_errors)
        return PP_STATUS_CANCELLED;
    switch (pp_code_exit(pp_diags_code(d))) {
    case 2:
        return PP_STATUS_PLAY;
    case 5:
        return pp_diags_code(d) == PP_E_MEMORY ? PP_STATUS_MEMORY : PP_STATUS_INTERNAL;
    default:
        return PP_STATUS_DATA;
    }
}

pp_status_t pp_api_make(pp_context_t *ctx, size_t size, pp_api_work *work, void *args, void **out)
{
    *out = NULL;
    if (!ctx)
        return PP_STATUS_PLAY;
    pp_alloc alloc = ctx->arena.alloc;
    pp_arena *handle = alloc.resize(alloc.ctx, NULL, 0, size);
    forget(ctx);
    if (!handle)
        return PP_STATUS_MEMORY;
    memset(handle, 0, size);
    pp_arena_init(handle, &alloc);
    pp_diags d = {.arena = handle};
    frame f = {work, args, handle, &d, false};
    pp_status_t status = PP_STATUS_MEMORY;
    if (pp_try(handle, step_inside, &f))
        status = f.ok && !d.n_errors ? PP_STATUS_OK : status_of(&d);
    keeping k = {ctx, &d};
    if (!pp_try(&ctx->arena, keep, &k)) {
        forget(ctx);
        status = PP_STATUS_MEMORY;
    }
    if (status == PP_STATUS_OK)
        *out = handle;
    else
        pp_api_drop(handle, size);
    return status;
}

static bool refuse_call(void *args, void *handle, pp_diags *d)
{
    (void)handle;
    return pp_api_refuse(d, args);
}

pp_status_t pp_api_missing(pp_context_t *ctx, void **out, const char *what)
{
    void *none;
    return pp_api_make(ctx, sizeof(pp_arena), refuse_call, (void *)(uintptr_t)what,
                       out ? out : &none);
}

void pp_api_drop(void *handle, size_t size)
{
    if (!handle)
        return;
    pp_arena *arena = handle;
    pp_alloc alloc = arena->alloc;
    pp_arena_free(arena);
    alloc.resize(alloc.ctx, handle, size, 0);
}
