/* Invariants, under the lock:
 *   S1  an entry is `making` while one user computes it; that user pins it.
 *   S2  pins counts the users that hold the entry; an entry without pins is on nobody's list.
 *   S3  bytes is the sum over the entries that are ready.
 * The store has an arena of its own: running out of memory in it must not leave another thread's
 * pp_try(). What cannot be stored is computed for its row alone. */
#include "sweep/share.h"

#include "base/xxh3.h"

#include <pthread.h>
#include <string.h>

enum { BUCKETS = 1024 };

typedef struct entry entry;
struct entry {
    entry *next; /* of its bucket */
    pp_arena memory;
    pp_xxh128 key;
    double **out;
    uint64_t bytes, used;
    int pins, maker; /* maker: the user that computes it; -1: ready */
};

struct pp_share_user {
    pp_share *share;
    int index;
    pp_column_cache cache;
    PP_VEC(entry *) held;
};

struct pp_share {
    pthread_mutex_t lock;
    pthread_cond_t ready;
    pp_arena arena; /* entries, lists: taken under the lock */
    entry *buckets[BUCKETS], *unused;
    uint64_t max_bytes, clock;
    pp_share_counts counts;
    pp_share_user *users;
    int n_users;
    pp_arena view_memory;
    pp_view views[PP_TF_COUNT];
    bool has_view[PP_TF_COUNT];
};

static entry **bucket_of(pp_share *s, pp_xxh128 key)
{
    return &s->buckets[key.low % BUCKETS];
}

static entry *look_up(pp_share *s, pp_xxh128 key)
{
    for (entry *e = *bucket_of(s, key); e; e = e->next)
        if (pp_xxh3_equal(e->key, key))
            return e;
    return NULL;
}

static void drop(pp_share *s, entry *e)
{
    entry **at = bucket_of(s, e->key);
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    s->counts.bytes -= e->bytes;
    pp_arena_free(&e->memory);
    e->next = s->unused;
    s->unused = e;
}

/* Makes room for what came in last. Linear: a store holds some hundred columns. */
static void trim(pp_share *s)
{
    while (s->counts.bytes > s->max_bytes) {
        entry *oldest = NULL;
        for (size_t b = 0; b < BUCKETS; b++)
            for (entry *e = s->buckets[b]; e; e = e->next)
                if (e->pins == 0 && (!oldest || e->used < oldest->used))
                    oldest = e;
        if (!oldest)
            return;
        drop(s, oldest);
        s->counts.dropped++;
    }
}

static bool holds(const pp_share_user *u, const entry *e)
{
    for (size_t i = 0; i < u->held.n; i++)
        if (u->held.v[i] == e)
            return true;
    return false;
}

typedef struct claim {
    pp_share_user *u;
    pp_xxh128 key;
    entry *e;
} claim;

/* Everything of a take() but the columns that needs memory. */
static void pin(void *ctx)
{
    claim *c = ctx;
    pp_share *s = c->u->share;
    entry **held = c->e && holds(c->u, c->e) ? NULL : pp_vec_push(&s->arena, &c->u->held);
    if (held)
        c->u->held.n--; /* until all of it is there */
    if (!c->e) {
        entry *e = s->unused ? s->unused : PP_NEW(&s->arena, entry);
        s->unused = e->next;
        *e = (entry){.key = c->key, .maker = c->u->index, .next = *bucket_of(s, c->key)};
        pp_arena_init(&e->memory, &s->arena.alloc);
        c->e = *bucket_of(s, c->key) = e;
    }
    c->e->used = ++s->clock;
    if (held) {
        *held = c->e;
        c->u->held.n++;
        c->e->pins++;
    }
}

static pp_xxh128 key_of(const char *text, int n_outputs, size_t n)
{
    return pp_xxh3(text, strlen(text), n ^ (uint64_t)n_outputs << 56);
}

typedef struct storage {
    entry *e;
    int n_outputs;
    size_t n;
} storage;

static void reserve(void *ctx)
{
    storage *r = ctx;
    double **out = PP_ARRAY(&r->e->memory, double *, (size_t)r->n_outputs);
    for (int k = 0; k < r->n_outputs; k++)
        out[k] = PP_ARRAY(&r->e->memory, double, r->n);
    r->e->out = out;
}

static double **take(void *ctx, const char *key, int n_outputs, size_t n, bool *ready)
{
    pp_share_user *u = ctx;
    pp_share *s = u->share;
    claim c = {u, key_of(key, n_outputs, n), NULL};
    double **out = NULL;
    pthread_mutex_lock(&s->lock);
    c.e = look_up(s, c.key);
    while (c.e && c.e->maker >= 0 && c.e->maker != u->index) {
        pthread_cond_wait(&s->ready, &s->lock);
        c.e = look_up(s, c.key); /* given up meanwhile, or dropped */
    }
    if (pp_try(&s->arena, pin, &c)) {
        *ready = c.e->maker < 0;
        s->counts.found += *ready;
        /* Without memory it stays in the making, for nobody, until the row ends. */
        if (c.e->out || pp_try(&c.e->memory, reserve, &(storage){c.e, n_outputs, n}))
            out = c.e->out;
    }
    pthread_mutex_unlock(&s->lock);
    return out;
}

static void publish(void *ctx, const char *key, int n_outputs, size_t n)
{
    pp_share_user *u = ctx;
    pp_share *s = u->share;
    pthread_mutex_lock(&s->lock);
    entry *e = look_up(s, key_of(key, n_outputs, n));
    PP_ASSERT(e && e->maker == u->index, "S1", e ? e->maker : -2, u->index);
    e->maker = -1;
    e->bytes = e->memory.total_size;
    s->counts.bytes += e->bytes;
    s->counts.computed++;
    trim(s);
    pthread_cond_broadcast(&s->ready);
    pthread_mutex_unlock(&s->lock);
}

typedef struct view_order {
    pp_share *s;
    const pp_bars *tape;
    pp_tf tf;
} view_order;

static void make_view(void *ctx)
{
    view_order *o = ctx;
    pp_view_make(&o->s->view_memory, o->tape, o->tf, &o->s->views[o->tf]);
    o->s->has_view[o->tf] = true;
}

/* Made under the lock: a timeframe is aggregated once, and all rows want the same ones first. */
static const pp_view *view(void *ctx, const pp_bars *tape, pp_tf tf)
{
    pp_share *s = ((pp_share_user *)ctx)->share;
    pthread_mutex_lock(&s->lock);
    bool there = s->has_view[tf] || pp_try(&s->view_memory, make_view, &(view_order){s, tape, tf});
    pthread_mutex_unlock(&s->lock);
    return there ? &s->views[tf] : NULL;
}

void pp_share_release(pp_share *s, int user)
{
    pp_share_user *u = &s->users[user];
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; i < u->held.n; i++) {
        entry *e = u->held.v[i];
        e->pins--;
        if (e->maker == user) {
            PP_ASSERT(e->pins == 0, "S1", e->pins, user);
            drop(s, e);
        }
    }
    u->held.n = 0;
    trim(s);
    pthread_cond_broadcast(&s->ready);
    pthread_mutex_unlock(&s->lock);
}

const pp_column_cache *pp_share_cache(pp_share *s, int user)
{
    return &s->users[user].cache;
}

pp_share_counts pp_share_count(pp_share *s)
{
    pthread_mutex_lock(&s->lock);
    pp_share_counts c = s->counts;
    pthread_mutex_unlock(&s->lock);
    return c;
}

static void end_share(void *ptr)
{
    pp_share *s = ptr;
    for (size_t b = 0; b < BUCKETS; b++)
        for (entry *e = s->buckets[b]; e; e = e->next)
            pp_arena_free(&e->memory);
    pp_arena_free(&s->arena);
    pp_arena_free(&s->view_memory);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->ready);
}

pp_share *pp_share_make(pp_arena *arena, uint64_t max_bytes, int n_users)
{
    pp_share *s = PP_NEW(arena, pp_share);
    pp_arena_init(&s->arena, &arena->alloc);
    pp_arena_init(&s->view_memory, &arena->alloc);
    s->max_bytes = max_bytes;
    s->n_users = n_users;
    s->users = pp_alloc_zero(arena, (size_t)n_users * sizeof *s->users);
    for (int k = 0; k < n_users; k++) {
        s->users[k] = (pp_share_user){.share = s, .index = k};
        s->users[k].cache = (pp_column_cache){take, publish, view, &s->users[k]};
    }
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->ready, NULL);
    pp_arena_defer(arena, end_share, s);
    return s;
}
