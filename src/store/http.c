#include "store/http.h"

#ifndef PP_HAVE_CURL

pp_http *pp_http_open(pp_arena *arena, const pp_http_opts *opts, pp_diags *d)
{
    (void)arena, (void)opts;
    pp_diag *e = pp_error(d, PP_E_NETWORK, (pp_pos){0}, "this build of perpetua has no libcurl");
    e->hint = "install libcurl4-openssl-dev and build again";
    return NULL;
}

bool pp_http_get(pp_http *h, pp_arena *arena, const char *url, pp_http_accept *accept, void *ctx,
                 pp_http_reply *out, pp_diags *d)
{
    (void)h, (void)arena, (void)url, (void)accept, (void)ctx, (void)out, (void)d;
    return false;
}

#else

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include <dlfcn.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BODY_MAX = 32 << 20, WAIT_MAX_MS = 30000, RETRY_AFTER_MAX_MS = 120000 };

#define CURL_FUNCTIONS(X)                                                                          \
    X(global_init)                                                                                 \
    X(easy_init)                                                                                   \
    X(easy_setopt)                                                                                 \
    X(easy_perform)                                                                                \
    X(easy_getinfo)                                                                                \
    X(easy_cleanup)                                                                                \
    X(easy_strerror)

struct pp_http {
#define X(name) __typeof__(&curl_##name) name;
    CURL_FUNCTIONS(X)
#undef X
    CURL *handle;
    pp_http_opts o;
    pp_rng rng;
    int64_t last_ms;
};

static int64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool stopped(const pp_http *h)
{
    return h->o.stop && *h->o.stop;
}

/* Sleeps in pieces, so that Ctrl-C is heard within a tenth of a second. */
static void wait_ms(const pp_http *h, int64_t ms)
{
    for (int64_t end = clock_ms() + ms, left = ms; left > 0 && !stopped(h); left = end - clock_ms())
        usleep((useconds_t)((left > 100 ? 100 : left) * 1000));
}

static void cleanup(void *ptr)
{
    pp_http *h = ptr;
    h->easy_cleanup(h->handle);
}

static bool load(pp_http *h, pp_diags *d)
{
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.so"};
    void *lib = NULL;
    const char *missing = NULL;
    for (size_t i = 0; i < PP_COUNT(names) && !lib; i++)
        lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
#define X(name)                                                                                    \
    {                                                                                              \
        void *sym = lib ? dlsym(lib, "curl_" #name) : NULL;                                        \
        memcpy(&h->name, &sym, sizeof sym);                                                        \
        if (!sym)                                                                                  \
            missing = "curl_" #name;                                                               \
    }
    CURL_FUNCTIONS(X)
#undef X
    if (!missing && h->global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK && (h->handle = h->easy_init()))
        return true;
    pp_diag *e = pp_error(d, PP_E_NETWORK, (pp_pos){0}, "libcurl is needed to download");
    e->found = lib ? missing : "no libcurl.so.4";
    e->hint = "install libcurl (libcurl4 on Debian)";
    return false;
}

pp_http *pp_http_open(pp_arena *arena, const pp_http_opts *opts, pp_diags *d)
{
    pp_http *h = PP_NEW(arena, pp_http);
    h->o = *opts;
    h->o.max_tries = opts->max_tries ? opts->max_tries : 6;
    h->o.first_wait_ms = opts->first_wait_ms ? opts->first_wait_ms : 500;
    /* Only waits depend on it. */
    h->rng = pp_rng_make((uint64_t)clock_ms() ^ (uint64_t)getpid() << 32, 0);
    if (!load(h, d))
        return NULL;
    pp_arena_defer(arena, cleanup, h);
    return h;
}

/* ---------------------------------------------------------------------------------- request */

typedef struct body {
    pp_buf text;
    bool too_large;
    pp_arena *arena;
} body;

typedef struct piece {
    body *b;
    const char *bytes;
    size_t n;
} piece;

static void put_piece(void *ctx)
{
    piece *p = ctx;
    pp_buf_put(&p->b->text, p->bytes, p->n);
}

/* Called from inside libcurl, so no longjmp may leave it. */
static size_t on_data(char *bytes, size_t size, size_t n, void *ctx)
{
    body *b = ctx;
    piece p = {b, bytes, size * n};
    if (b->text.len + p.n > BODY_MAX || !pp_try(b->arena, put_piece, &p)) {
        b->too_large = true;
        return 0;
    }
    return p.n;
}

static bool try_again(long status)
{
    return status == 408 || status == 418 || status == 425 || status == 429 || status >= 500;
}

/* One try. *why names what went wrong; *after_ms what Retry-After asks for. */
static bool request(pp_http *h, pp_arena *arena, const char *url, pp_http_reply *out,
                    const char **why, int64_t *after_ms)
{
    body b = {.text = {.arena = arena}, .arena = arena};
    curl_off_t after = 0;
    pp_buf_puts(&b.text, "");
    int64_t early = h->last_ms + h->o.pace_ms - clock_ms();
    if (h->last_ms && early > 0)
        wait_ms(h, early);
    h->last_ms = clock_ms();
    h->easy_setopt(h->handle, CURLOPT_URL, url);
    h->easy_setopt(h->handle, CURLOPT_WRITEFUNCTION, on_data);
    h->easy_setopt(h->handle, CURLOPT_WRITEDATA, &b);
    h->easy_setopt(h->handle, CURLOPT_NOSIGNAL, 1L);
    h->easy_setopt(h->handle, CURLOPT_FOLLOWLOCATION, 0L);
    h->easy_setopt(h->handle, CURLOPT_PROTOCOLS_STR, "http,https");
    h->easy_setopt(h->handle, CURLOPT_SSL_VERIFYPEER, 1L);
    h->easy_setopt(h->handle, CURLOPT_SSL_VERIFYHOST, 2L);
    h->easy_setopt(h->handle, CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    h->easy_setopt(h->handle, CURLOPT_TIMEOUT_MS, 60000L);
    h->easy_setopt(h->handle, CURLOPT_ACCEPT_ENCODING, "");
    h->easy_setopt(h->handle, CURLOPT_USERAGENT, "perpetua/" PP_VERSION);
    CURLcode rc = h->easy_perform(h->handle);
    h->easy_getinfo(h->handle, CURLINFO_RESPONSE_CODE, &out->status);
    h->easy_getinfo(h->handle, CURLINFO_RETRY_AFTER, &after);
    *after_ms = after > 0 ? (int64_t)after * 1000 : 0;
    out->body = b.text.text ? b.text.text : "";
    out->n = b.text.len;
    if (b.too_large)
        *why = "the reply is larger than 32 MB";
    else if (rc != CURLE_OK)
        *why = h->easy_strerror(rc);
    else if (out->status != 200)
        *why = pp_fmt(arena, "status %ld: %.*s", out->status, out->n > 200 ? 200 : (int)out->n,
                      out->body);
    return rc == CURLE_OK && out->status == 200;
}

static int64_t backoff(pp_http *h, int tries, int64_t after_ms)
{
    int64_t wait = h->o.first_wait_ms;
    for (int i = 1; i < tries && wait < WAIT_MAX_MS; i++)
        wait *= 2;
    wait = wait > WAIT_MAX_MS ? WAIT_MAX_MS : wait;
    wait += (int64_t)pp_rng_below(&h->rng, (uint64_t)wait / 2 + 1);
    after_ms = after_ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : after_ms;
    return after_ms > wait ? after_ms : wait;
}

bool pp_http_get(pp_http *h, pp_arena *arena, const char *url, pp_http_accept *accept, void *ctx,
                 pp_http_reply *out, pp_diags *d)
{
    const char *why = "stopped";
    int tries = 0;
    bool again = true;
    while (again && tries < h->o.max_tries && !stopped(h)) {
        int64_t after_ms = 0;
        *out = (pp_http_reply){0};
        bool ok = request(h, arena, url, out, &why, &after_ms);
        tries++;
        if (ok && (!accept || accept(ctx, arena, out, &why)))
            return true;
        again = ok || out->status == 0 || out->status == 200 || try_again(out->status);
        if (again && tries < h->o.max_tries)
            wait_ms(h, backoff(h, tries, after_ms));
    }
    pp_diag *e = pp_error(d, PP_E_NETWORK, (pp_pos){0}, "%s: no answer after %d %s",
                          pp_strdup(d->arena, url), tries, tries == 1 ? "try" : "tries");
    e->found = stopped(h) ? "interrupted" : pp_strdup(d->arena, why);
    e->hint = "what was downloaded is stored; run the command again to go on";
    return false;
}

#endif
