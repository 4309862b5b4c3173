#include "artifact/lanes.h"

static void free_lanes(void *ptr)
{
    pp_lanes *l = ptr;
    for (int k = 0; k < PP_LANES; k++)
        pp_arena_free(&l->lane[k].arena);
    pp_arena_free(&l->owner.arena);
}

typedef struct pp_lane_job {
    pp_lanes *l;
    pp_lane *lane;
    pp_lane_fn fn;
    void *ctx;
    int k;
} pp_lane_job;

static void lane_step(void *ctx)
{
    pp_lane_job *j = ctx;
    j->lane->ok = j->fn(j->ctx, j->lane, j->k);
}

static void run_lane(pp_lane_job job, pp_lane *lane, int k)
{
    job.lane = lane;
    job.k = k;
    lane->no_memory = !pp_try(&lane->arena, lane_step, &job);
}

static void run_block(void *ctx, pp_worker *worker, size_t begin, size_t end)
{
    const pp_lane_job *job = ctx;
    (void)worker;
    for (size_t k = begin; k < end; k++)
        run_lane(*job, &job->l->lane[k], (int)k);
}

static void move_messages(pp_diags *to, pp_diags *from)
{
    for (size_t i = 0; i < from->list.n; i++)
        *pp_vec_push(to->arena, &to->list) = from->list.v[i];
    to->n_errors += from->n_errors;
    to->n_warnings += from->n_warnings;
    to->n_dropped += from->n_dropped;
    *from = (pp_diags){.arena = from->arena};
}

static bool join(pp_lanes *l, pp_diags *d)
{
    bool ok = true, memory = true;
    for (int k = 0; k < PP_LANES; k++) {
        move_messages(d, &l->lane[k].d);
        ok &= l->lane[k].ok;
        memory &= !l->lane[k].no_memory;
    }
    if (!memory)
        pp_arena_out_of_memory(d->arena);
    return ok;
}

bool pp_lanes_run(pp_lanes *l, pp_diags *d, pp_lane_fn fn, void *ctx)
{
    pp_lane_job job = {.l = l, .fn = fn, .ctx = ctx};
    for (int k = 0; k < PP_LANES; k++) {
        l->lane[k].ok = false;
        l->lane[k].d.context = d->context;
    }
    if (pp_pool_run(l->pool, PP_LANES, 1, run_block, &job, NULL) != PP_POOL_DONE)
        pp_arena_out_of_memory(d->arena);
    return join(l, d);
}

/* ---- the database ---- */

static bool start_db(void *ctx, pp_lane *owner, int k)
{
    (void)ctx, (void)k;
    if (!owner->db)
        owner->db = pp_db_start(&owner->arena, &owner->d);
    return owner->db != NULL;
}

static void start_beside(void *ctx, pp_arena *own)
{
    pp_lanes *l = ctx;
    (void)own;
    run_lane((pp_lane_job){.l = l, .fn = start_db}, &l->owner, 0);
}

void pp_lanes_begin(pp_lanes *l, pp_arena *arena)
{
    l->starting = pp_task_start(arena, start_beside, l);
}

static bool open_db(void *ctx, pp_lane *owner, int k)
{
    pp_lanes *l = ctx;
    return start_db(NULL, owner, k) && pp_db_allow(owner->db, &l->dir, 1, &owner->d);
}

static void open_beside(void *ctx, pp_arena *own)
{
    pp_lanes *l = ctx;
    (void)own;
    if (l->starting)
        pp_task_wait(l->starting);
    if (!l->starting || l->owner.ok)
        run_lane((pp_lane_job){.l = l, .fn = open_db, .ctx = l}, &l->owner, 0);
}

void pp_lanes_open(pp_lanes *l, pp_arena *arena, const char *dir)
{
    l->dir = dir;
    if (l->serial)
        open_beside(l, NULL);
    else
        l->opening = pp_task_start(arena, open_beside, l);
}

bool pp_lane_ready(pp_lanes *l, pp_lane *lane)
{
    if (lane->db)
        return true;
    if (l->opening)
        pp_task_wait(l->opening);
    if (lane == &l->lane[PP_LANE_TELLS])
        move_messages(&lane->d, &l->owner.d);
    if (l->owner.no_memory)
        pp_arena_out_of_memory(&lane->arena);
    if (!l->owner.ok)
        return false;
    lane->db = pp_db_connect(&lane->arena, l->owner.db, 1 + (int)(lane - l->lane), &lane->d);
    return lane->db != NULL;
}

/* Connections before the database. */
static void close_lanes(void *ctx, pp_arena *own)
{
    pp_lanes *l = ctx;
    (void)own;
    for (int k = 0; k < PP_LANES; k++)
        if (l->lane[k].db)
            pp_db_close(l->lane[k].db);
    if (l->owner.db)
        pp_db_close(l->owner.db);
}

void pp_lanes_close(pp_lanes *l, pp_arena *arena)
{
    if (!l->serial)
        pp_task_start(arena, close_lanes, l);
}

static void init_lane(pp_lane *lane, const pp_diags *d)
{
    pp_arena_init(&lane->arena, &d->arena->alloc);
    lane->d.arena = &lane->arena;
}

pp_lanes *pp_lanes_make(pp_diags *d, bool serial)
{
    pp_lanes *l = PP_NEW(d->arena, pp_lanes);
    l->serial = serial;
    for (int k = 0; k < PP_LANES; k++)
        init_lane(&l->lane[k], d);
    init_lane(&l->owner, d);
    pp_arena_defer(d->arena, free_lanes, l);
    l->pool = pp_pool_make(d->arena, serial ? 1 : PP_LANES);
    return l;
}
