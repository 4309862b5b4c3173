/* Invariants, under the lock:
 *   S1  an entry is in the making while one user computes it; that user pins it.
 *   S2  pins counts the users that hold the entry; an entry without pins is on nobody's list.
 *   S3  bytes is the sum over the entries that are ready.
 *   S4  every entry is in one bucket and in the list of use, the one used last first.
 * The store has an arena of its own: running out of memory in it must not leave another thread's
 * pp_try(). What cannot be stored is computed for its row alone. */
#include "sweep/share.h"

#include "engine/marks.h"

#include <pthread.h>
#include <string.h>

enum { BUCKETS = 4096, ALIGN = 64, ASKED = 16384, TRIAL = 128, SPARES = 4, SPARE_MIN = 1 << 20 };

typedef struct entry entry;
struct entry {
    entry *next;          /* of its bucket; of the unused ones */
    entry *newer, *older; /* in the list of use */
    pp_xxh128 key;
    char *block; /* of bytes; what is kept stands in it, aligned */
    uint64_t bytes;
    double **columns;
    uint64_t *bits[2];
    bool reused;     /* its bits were found again */
    int pins, maker; /* maker: the user that computes it; -1: ready */
};

/* Large blocks that were given back, for the next ones as large: the pages of new ones cost more
 * than computing what they hold. */
typedef struct spare {
    char *block;
    uint64_t bytes;
} spare;

struct pp_share_user {
    pp_share *share;
    int index;
    pp_column_cache cache;
    pp_bits_cache bits;
    PP_VEC(entry *) held;
};

struct pp_share {
    pthread_mutex_t lock;
    pthread_cond_t ready;
    pp_arena arena; /* entries, lists: taken under the lock */
    entry *buckets[BUCKETS], *unused;
    entry use;            /* head of the list of use: use.older is the newest */
    spare spares[SPARES]; /* a ring */
    size_t next_spare;
    uint64_t max_bytes;
    bool lone_axis, row_ended;
    pp_share_counts counts;
    pp_share_user *users;
    int n_users;
    pp_arena view_memory;
    pp_view views[PP_TF_COUNT];
    bool has_view[PP_TF_COUNT], has_marks[PP_TF_COUNT];
    const pp_marks *marks[PP_TF_COUNT];
    uint64_t reused;       /* entries whose bits were */
    uint64_t asked[ASKED]; /* keys of bits that were asked for, by their remainder */
};

/* ---- entries ---- */

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

static void leave_list(entry *e)
{
    e->newer->older = e->older;
    e->older->newer = e->newer;
}

static void to_front(pp_share *s, entry *e)
{
    e->newer = &s->use;
    e->older = s->use.older;
    e->older->newer = e;
    s->use.older = e;
}

/* The block of an entry; of large ones the oldest of those kept. */
static void give_back(pp_share *s, entry *e)
{
    spare goes = {e->block, e->bytes};
    e->block = NULL;
    if (goes.block && goes.bytes >= SPARE_MIN) {
        spare *place = &s->spares[s->next_spare++ % SPARES], older = *place;
        *place = goes;
        goes = older;
    }
    if (goes.block)
        s->arena.alloc.resize(s->arena.alloc.ctx, goes.block, goes.bytes, 0);
}

static char *new_block(pp_share *s, uint64_t bytes)
{
    for (size_t k = 0; k < SPARES; k++) {
        spare *x = &s->spares[k];
        char *block = x->block;
        if (block && x->bytes == bytes) {
            x->block = NULL;
            return block;
        }
    }
    return s->arena.alloc.resize(s->arena.alloc.ctx, NULL, 0, bytes);
}

static void drop(pp_share *s, entry *e)
{
    entry **at = bucket_of(s, e->key);
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    leave_list(e);
    if (e->maker < 0)
        s->counts.bytes -= e->bytes;
    give_back(s, e);
    e->next = s->unused;
    s->unused = e;
}

/* Makes room for what came in last. Pinned entries are few, and new. */
static void trim(pp_share *s)
{
    for (entry *e = s->use.newer, *newer; e != &s->use && s->counts.bytes > s->max_bytes;
         e = newer) {
        newer = e->newer;
        if (e->pins)
            continue;
        drop(s, e);
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

/* Everything of a take but the block that needs memory. */
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
        c->e = *bucket_of(s, c->key) = e;
    } else {
        leave_list(c->e);
    }
    to_front(s, c->e);
    if (held) {
        *held = c->e;
        c->u->held.n++;
        c->e->pins++;
    }
}

/* An aligned block for n * size bytes, and `head` before it; NULL: no memory. Without a block an
 * entry stays in the making, for nobody, until the row ends. */
static char *reserve(pp_share *s, entry *e, size_t head, size_t n, size_t size)
{
    if (size && n > (SIZE_MAX / 2 - head) / size)
        return NULL;
    e->bytes = head + n * size + ALIGN;
    e->block = new_block(s, e->bytes);
    if (!e->block)
        return NULL;
    uintptr_t at = ((uintptr_t)e->block + head + ALIGN - 1) & ~(uintptr_t)(ALIGN - 1);
    return (char *)at;
}

static void finish(pp_share *s, const pp_share_user *u, pp_xxh128 key)
{
    entry *e = look_up(s, key);
    PP_ASSERT(e && e->maker == u->index, "S1", e ? e->maker : -2, u->index);
    e->maker = -1;
    s->counts.bytes += e->bytes;
    trim(s);
    pthread_cond_broadcast(&s->ready);
}

/* ---- columns ---- */

static pp_xxh128 key_of(const char *text, int n_outputs, size_t n)
{
    return pp_xxh3(text, strlen(text), n ^ (uint64_t)n_outputs << 56);
}

static void reserve_columns(pp_share *s, entry *e, int n_outputs, size_t n)
{
    size_t stride = (n * sizeof(double) + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    char *at = reserve(s, e, (size_t)n_outputs * sizeof(double *), (size_t)n_outputs, stride);
    if (!at)
        return;
    e->columns = (double **)(void *)e->block;
    for (int k = 0; k < n_outputs; k++)
        e->columns[k] = (double *)(void *)(at + (size_t)k * stride);
}

/* Notes that it was. */
static bool asked_before(pp_share *s, pp_xxh128 key)
{
    uint64_t *place = &s->asked[key.high % ASKED];
    bool before = *place == key.low;
    *place = key.low;
    return before;
}

/* Along one axis what the first row did not need is another row's alone. */
static bool is_of_one_row(pp_share *s, pp_xxh128 key)
{
    return s->lone_axis && s->row_ended && !asked_before(s, key);
}

static double **take_columns(void *ctx, const char *key, int n_outputs, size_t n, bool *ready)
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
    if (!c.e && is_of_one_row(s, c.key)) {
        s->counts.computed++;
    } else if (pp_try(&s->arena, pin, &c)) {
        *ready = c.e->maker < 0;
        s->counts.found += *ready;
        if (!c.e->columns)
            reserve_columns(s, c.e, n_outputs, n);
        out = c.e->columns;
    }
    pthread_mutex_unlock(&s->lock);
    return out;
}

static void publish_columns(void *ctx, const char *key, int n_outputs, size_t n)
{
    pp_share_user *u = ctx;
    pthread_mutex_lock(&u->share->lock);
    u->share->counts.computed++;
    finish(u->share, u, key_of(key, n_outputs, n));
    pthread_mutex_unlock(&u->share->lock);
}

/* ---- bits ---- */

/* In a sweep over their own parameters most conditions belong to one row. Where few of those kept
 * so far were found again, new ones are kept from the second request on. */
static bool worth_keeping(pp_share *s, pp_xxh128 key)
{
    bool before = asked_before(s, key);
    return before || s->counts.bits_computed < TRIAL || s->reused * 4 >= s->counts.bits_computed;
}

/* Never waits: bits are published when a whole program has run, so two threads could wait for each
 * other. What another thread computes just now is computed here too. */
static bool take_bits(void *ctx, pp_xxh128 key, size_t words, uint64_t *bits[2], bool *ready)
{
    pp_share_user *u = ctx;
    pp_share *s = u->share;
    claim c = {u, key, NULL};
    bool taken = false;
    pthread_mutex_lock(&s->lock);
    c.e = look_up(s, key);
    bool wanted = c.e ? c.e->maker < 0 : worth_keeping(s, key);
    if (wanted && pp_try(&s->arena, pin, &c)) {
        *ready = c.e->maker < 0;
        s->counts.bits_found += *ready;
        s->reused += *ready && !c.e->reused;
        c.e->reused |= *ready;
        char *at = *ready ? NULL : reserve(s, c.e, 0, 2 * words, sizeof(uint64_t));
        if (at)
            c.e->bits[0] = (uint64_t *)(void *)at;
        c.e->bits[1] = c.e->bits[0] ? c.e->bits[0] + words : NULL;
        memcpy(bits, c.e->bits, sizeof c.e->bits);
        taken = c.e->bits[0] != NULL;
    }
    pthread_mutex_unlock(&s->lock);
    return taken;
}

static void publish_bits(void *ctx, pp_xxh128 key)
{
    pp_share_user *u = ctx;
    pthread_mutex_lock(&u->share->lock);
    u->share->counts.bits_computed++;
    finish(u->share, u, key);
    pthread_mutex_unlock(&u->share->lock);
}

/* ---- views ---- */

typedef struct view_order {
    pp_share *s;
    const pp_bars *tape;
    pp_tf tf;
} view_order;

static void make_view(void *ctx)
{
    view_order *o = ctx;
    pp_views_make(&o->s->view_memory, o->tape, &o->tf, 1, &o->s->views[o->tf]);
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

typedef struct marks_order {
    pp_share *s;
    const pp_tape *tape;
    pp_tf tf;
} marks_order;

static void make_marks(void *ctx)
{
    marks_order *o = ctx;
    o->s->marks[o->tf] = pp_marks_make(&o->s->view_memory, o->tape, &o->s->views[o->tf]);
    o->s->has_marks[o->tf] = true;
}

/* They share columns with the view, which must be the one that is kept here. */
static const pp_marks *marks(void *ctx, const pp_tape *tape, const pp_view *view)
{
    pp_share *s = ((pp_share_user *)ctx)->share;
    pp_tf tf = view->tf;
    pthread_mutex_lock(&s->lock);
    bool there = s->has_marks[tf] || (s->has_view[tf] && pp_try(&s->view_memory, make_marks,
                                                                &(marks_order){s, tape, tf}));
    pthread_mutex_unlock(&s->lock);
    return there ? s->marks[tf] : NULL;
}

/* ---- users ---- */

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
    s->row_ended |= u->held.n > 0; /* what every row needs is there */
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
    for (entry *e = s->use.older; e != &s->use; e = e->older)
        give_back(s, e);
    for (size_t k = 0; k < SPARES; k++)
        if (s->spares[k].block)
            s->arena.alloc.resize(s->arena.alloc.ctx, s->spares[k].block, s->spares[k].bytes, 0);
    pp_arena_free(&s->arena);
    pp_arena_free(&s->view_memory);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->ready);
}

pp_share *pp_share_make(pp_arena *arena, uint64_t max_bytes, int n_users, bool lone_axis)
{
    pp_share *s = PP_NEW(arena, pp_share);
    pp_arena_init(&s->arena, &arena->alloc);
    pp_arena_init(&s->view_memory, &arena->alloc);
    s->use.newer = s->use.older = &s->use;
    s->max_bytes = max_bytes;
    s->lone_axis = lone_axis;
    s->n_users = n_users;
    s->users = pp_alloc_zero(arena, (size_t)n_users * sizeof *s->users);
    for (int k = 0; k < n_users; k++) {
        pp_share_user *u = &s->users[k];
        *u = (pp_share_user){.share = s, .index = k};
        u->bits = (pp_bits_cache){take_bits, publish_bits, u};
        u->cache = (pp_column_cache){take_columns, publish_columns, view, marks, &u->bits, u};
    }
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->ready, NULL);
    pp_arena_defer(arena, end_share, s);
    return s;
}
