/* http.h - GET requests with pace, retries and patience; libcurl, opened at first use.
 *
 * TLS is verified; only http and https are spoken; redirects are not followed. A request is tried
 * again after network errors, 408, 418, 425, 429, 5xx and bodies cut off, with a wait of 0.5 s
 * doubled each time up to 30 s, plus up to half of it at random; Retry-After is obeyed up to 120 s.
 * Other statuses are errors at once. */
#ifndef PP_HTTP_H
#define PP_HTTP_H

#include "base/diag.h"
#include "base/rng.h"

typedef struct pp_http_opts {
    int max_tries;            /* per request; 0: 6 */
    int64_t pace_ms;          /* least time between two requests */
    int64_t first_wait_ms;    /* first backoff; 0: 500 */
    const volatile int *stop; /* becomes non-zero: give up between requests; may be NULL */
} pp_http_opts;

typedef struct pp_http pp_http;

typedef struct pp_http_reply {
    long status;
    const char *body;
    size_t n;
} pp_http_reply;

/* Opens libcurl; closes with the arena. NULL with E_NETWORK if libcurl is missing. */
pp_http *pp_http_open(pp_arena *arena, const pp_http_opts *opts, pp_diags *d);

/* Looks at a reply of status 200 and says whether it is whole. False: tried again, like a network
 * error; *why (in the arena of the reply) goes into the message when tries end. */
typedef bool pp_http_accept(void *ctx, pp_arena *arena, const pp_http_reply *reply,
                            const char **why);

/* One GET. The body lies in `arena`. False with E_NETWORK that names the URL, the last reason and
 * the number of tries. */
bool pp_http_get(pp_http *h, pp_arena *arena, const char *url, pp_http_accept *accept, void *ctx,
                 pp_http_reply *out, pp_diags *d);

#endif
