#include "artifact/lanes.h"

static void free_lanes(void *ptr)
{
    pp_lanes *l = ptr;
    for (int k = 0; k < PP_LANES; k++) /* the database last */
        pp_arena_free(&l->lane[k].arena);
}

typedef struct pp_lane_job {
    pp_lanes *l;
    pp_lane_fn fn;
    void *ctx;
    int k;
} pp_lane_job;

static void lane_step(void *ctx)
{
    pp_lane_job *j = ctx;
    pp_lane *lane = &j->l->lane[j->k];
    lane->ok = j->fn(j->ctx, lane, j->k);
}

static void run_lane(pp_lane_job job, int k)
{
    job.k = k;
    job.l->lane[k].no_memory = !pp_try(&job.l->lane[k].arena, lane_step, &job);
}

static void run_block(void *ctx, pp_worker *worker, size_t begin, size_t end)
{
    (void)worker;
    for (size_t k = begin; k < end; k++)
        run_lane(*(const pp_lane_job *)ctx, (int)k);
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
    pp_lane_job job = {l, fn, ctx, 0};
    for (int k = 0; k < PP_LANES; k++) {
        l->lane[k].ok = false;
        l->lane[k].d.context = d->context;
    }
    if (pp_pool_run(l->pool, PP_LANES, 1, run_block, &job, NULL) != PP_POOL_DONE)
        pp_arena_out_of_memory(d->arena);
    return join(l, d);
}

static bool start_db(void *ctx, pp_lane *lane, int k)
{
    (void)ctx, (void)k;
    if (!lane->db)
        lane->db = pp_db_start(&lane->arena, &lane->d);
    return lane->db != NULL;
}

static void start_beside(void *ctx, pp_arena *own)
{
    (void)own;
    run_lane((pp_lane_job){ctx, start_db, NULL, 0}, PP_LANE_DB);
}

void pp_lanes_begin(pp_lanes *l, pp_arena *arena)
{
    for (int k = 0; k < PP_LANES; k++)
        l->lane[k].ok = true;
    l->starting = pp_task_start(arena, start_beside, l);
}

bool pp_lanes_begun(pp_lanes *l, pp_diags *d)
{
    pp_task_wait(l->starting);
    return join(l, d);
}

/* The lane with the database comes first. */
static bool allow_lane(void *ctx, pp_lane *lane, int k)
{
    const char *const *dir = ctx;
    pp_lane *owner = lane - k + PP_LANE_DB;
    if (lane == owner)
        return start_db(NULL, lane, k) && pp_db_allow(lane->db, dir, 1, &lane->d);
    lane->db = owner->ok ? pp_db_connect(&lane->arena, owner->db, &lane->d) : NULL;
    return lane->db != NULL;
}

bool pp_lanes_allow(pp_lanes *l, pp_diags *d, const char *dir)
{
    pp_lane_job job = {l, allow_lane, &dir, 0};
    run_lane(job, PP_LANE_DB);
    for (int k = 0; k < PP_LANES; k++)
        if (k != PP_LANE_DB)
            run_lane(job, k);
    return join(l, d);
}

/* Connections before the database. */
static void close_lanes(void *ctx, pp_arena *own)
{
    pp_lanes *l = ctx;
    (void)own;
    for (int k = 0; k < PP_LANES; k++)
        if (k != PP_LANE_DB && l->lane[k].db)
            pp_db_close(l->lane[k].db);
    if (l->lane[PP_LANE_DB].db)
        pp_db_close(l->lane[PP_LANE_DB].db);
}

void pp_lanes_close(pp_lanes *l, pp_arena *arena)
{
    if (!l->serial)
        pp_task_start(arena, close_lanes, l);
}

pp_lanes *pp_lanes_make(pp_diags *d, bool serial)
{
    pp_lanes *l = PP_NEW(d->arena, pp_lanes);
    l->serial = serial;
    for (int k = 0; k < PP_LANES; k++) {
        pp_arena_init(&l->lane[k].arena, &d->arena->alloc);
        l->lane[k].d.arena = &l->lane[k].arena;
    }
    pp_arena_defer(d->arena, free_lanes, l);
    l->pool = pp_pool_make(d->arena, serial ? 1 : PP_LANES);
    return l;
}
