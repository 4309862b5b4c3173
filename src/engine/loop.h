/* loop.h - the bar loop: exchange, run stops and decisions over one window (spec 10, "The loop").
 *
 * Columns and signals are computed before; the loop visits only bars that can change money. It is
 * at an *event bar* when the exchange is not quiet there, or when some case of the Play may emit at
 * its close; the bars between are folded. With `plain` every bar is visited: the reference that a
 * property test holds equal event for event.
 *
 * At the close of tape bar i, in this order: bar i of the exchange (X6 a-d), run stops (K9-K12), on
 * an exec close the ATR of trailing stops, then the Play's decisions (R20-R23).
 *
 * Nothing here allocates after pp_loop_new(). */
#ifndef PP_LOOP_H
#define PP_LOOP_H

#include "engine/build.h"
#include "engine/columns.h"
#include "engine/marks.h"
#include "engine/rational.h"
#include "engine/stops.h"

#include <signal.h>

typedef enum pp_segment_kind {
    PP_SEGMENT_ACCOUNT,  /* came about at the open of its bar or before */
    PP_SEGMENT_AT_CLOSE, /* at the close, up to which the one before stood */
    PP_SEGMENT_INSIDE    /* no account: says of the next one that it came about inside the bar */
} pp_segment_kind;

/* The account from one bar's close on, until the next segment: equity at any close follows from it
 * and the mark (L3), so that equity points are made after the run. */
typedef struct pp_segment {
    union {
        int64_t wallet_e8;
        int64_t inside_e8; /* INSIDE: lowest equity of a position in the bar; INT64_MAX: none */
    };
    int64_t margin_e8; /* position margin, X included */
    int64_t qty_e8, cost_e8, liq_px_e8;
    int32_t bar; /* first tape bar at whose close this holds */
    int8_t side;
    uint8_t kind; /* pp_segment_kind */
} pp_segment;

/* Where an order came from; pp_order_req.tag is an index into pp_loop.tags. */
typedef struct pp_order_tag {
    int64_t time_ms;
    int32_t case_index, intent_index;
    int32_t trail_feature, trail_output; /* ATR of a trailing_atr stop (K7); -1 */
    int32_t first_value; /* in pp_loop.values: the metadata sampled at the decision (R21) */
} pp_order_tag;

/* Asks how many records there were when everything at the close of some bars was done. */
typedef struct pp_loop_marks {
    const size_t *bar; /* n of them, rising */
    int64_t *n_records;
    size_t n;
} pp_loop_marks;

typedef struct pp_loop_config {
    const pp_strategy *strategy;
    const pp_tape *tape;
    const pp_columns *columns;
    pp_signals *signals;
    const pp_exch_config *exchange;
    const pp_rational *rational; /* NULL: no vetoes */
    size_t start_instant; /* tape bar whose close is the first decision; SIZE_MAX: none before
                             first_bar (the window starts with the data) */
    bool plain;
    const pp_marks *exec_marks; /* of exec bars (marks.h); NULL: they are not worth making */
    size_t pause_end; /* one past the last tape bar to run, position and orders then being left as
                         they are (explain); 0: the window's, with everything closed */
    const pp_loop_marks *marks; /* NULL: none */
    const volatile sig_atomic_t
        *cancel; /* not NULL: looked at now and then; non-zero ends the run */
    void (*progress)(void *ctx, size_t done, size_t total); /* bars, now and then; NULL: none */
    void *progress_ctx;
} pp_loop_config;

/* What the intents of a case may do. */
typedef enum pp_does {
    PP_EXITS_LONG = 1,
    PP_EXITS_SHORT = 2,
    PP_ENTERS_LONG = 4,
    PP_ENTERS_SHORT = 8,
    PP_ENTERS = PP_ENTERS_LONG | PP_ENTERS_SHORT
} pp_does;

/* Where a case over columns is true and where it is known, or where an `else` is taken, by instants
 * of its grid. */
typedef struct pp_case_bits {
    const uint64_t *is_true, *is_known;
    unsigned does; /* pp_does */
    pp_grid grid;
} pp_case_bits;

/* What limits entries counts (R23, K13). */
typedef struct pp_loop_counters {
    int32_t entries_exec; /* entry orders accepted in the running exec bar (R23) */
    int64_t entries_bar;  /* that exec bar's index */
    int64_t day;          /* K13: the UTC day counted below */
    int32_t entries_today, losses_in_row;
    int64_t last_exit_ms, last_loss_ms; /* INT64_MIN: none */
} pp_loop_counters;

typedef struct pp_loop pp_loop;
struct pp_loop {
    pp_loop_config cfg;
    pp_log *log;
    pp_exch *ex;
    pp_stops stops;
    pp_slab segments, tags, values; /* pp_segment, pp_order_tag, double */
    const uint64_t *interest;       /* bit per tape bar: a column case may emit at its close */
    unsigned may_do[3];             /* by side + 1: pp_does that may have more than a refusal */
    const uint64_t *acts[3];        /* as interest, of the cases that do any of it */
    size_t next_act[3];             /* the first one that was not passed; 0: to be looked for */
    bool tells_acts_apart;          /* between them the loop skips; refusals are made up for */
    bool counts_refusals;           /* those are counted, not made one by one */
    bool counts_vetoes;             /* and those of entries on a day that has enough (K13) */
    bool lone_cases;                /* every block is one case */
    bool makes_up;                  /* for decisions where no live case was true */
    const pp_case_bits *bits;       /* of each case of the strategy; live ones and `else`: NULL */
    const pp_case_bits *trip_bits;  /* the same: those that enter, then the others (trips.c) */
    size_t n_trip_enters;
    unsigned uses_live[2]; /* per pp_grid: operands that cases read, a bit per pp_live */
    bool watch_equity;     /* run stops, or the drawdown so far, need the equity of every close */
    /* Per pp_grid: what its live cases saw last, and at the instant before. */
    double live[2][PP_LIVE_COUNT], live_before[2][PP_LIVE_COUNT];
    double *run[2];         /* scratch: what they see over a run of bars */
    size_t run_next;        /* how many the next one takes */
    const int32_t *exec_of; /* per tape bar: exec bars closed by then - 1 (T5) */
    bool exec_is_tape;      /* every tape bar closes an exec bar */
    /* decisions */
    const pp_intent **emitted; /* scratch: intents of one instant */
    const pp_case **emitted_case;
    pp_loop_counters count;
    size_t trips_from;  /* whole trades are tried from this bar on (trips.c); SIZE_MAX: never */
    size_t through_end; /* a decision may take the next bar with it if that lies before; 0: none */
    int32_t trail_order, trail_tag; /* the resting entry whose stop will trail by ATR; 0: none */
    bool alone, through; /* it is the only one of its instant; it did (pp_exch_market_bar) */
    size_t end_bar;      /* one past the last bar run */
    bool stopped, cancelled;
    bool beyond;            /* X1: amounts ended, at the bar that the exchange is at */
    int64_t safe_wallet_e8; /* a wallet that pays the smallest order at any price of the window */
};

/* NULL with errors in d. log must have been initialised with pp_loop_hooks() as its hooks. */
pp_loop *pp_loop_new(pp_diags *d, const pp_loop_config *cfg, pp_log *log);
/* The hooks a log needs for K13; l is the loop that pp_loop_new() will return (same storage). */
pp_log_hooks pp_loop_hooks(pp_loop **l);
void pp_loop_run(pp_loop *l);

/* ---- internal to the engine: loop.c, skip.c, decide.c, risk.c, trips.c ---- */

void pp_loop_decide(pp_loop *l, size_t instant);
/* The intents that the cases give at the close of a tape bar, into l->emitted; returns how many. */
size_t pp_loop_emit(pp_loop *l, size_t instant);
/* Counters of the exec bar and the UTC day, started anew where those changed. */
void pp_loop_roll_counters(pp_loop *l, size_t instant);
static inline bool pp_loop_is_entry(const pp_intent *in)
{
    return in->decl->action <= PP_ENTRY_SHORT;
}
static inline int pp_loop_entry_side(const pp_intent *in)
{
    return in->decl->action == PP_ENTRY_LONG ? 1 : -1;
}
static inline bool pp_loop_exits_side(const pp_intent *in, int side)
{
    pp_action a = in->decl->action;
    return a == PP_EXIT_ALL || a == (side > 0 ? PP_EXIT_LONG : PP_EXIT_SHORT);
}
static inline void pp_loop_push_segment(pp_loop *l, const pp_segment *s)
{
    pp_segment *slot = pp_slab_push(&l->segments);
    if (slot)
        *slot = *s;
    else
        l->log->full = true;
}

/* True if the Play is one whose trades may be made as a whole. */
bool pp_trips_possible(const pp_loop *l);
/* Before pp_trips_run(); takes its memory from the arena. */
void pp_trips_prepare(pp_arena *arena, pp_loop *l);
/* From a flat account without orders that stands before tape bar i: trades as long as each is made
 * as a whole. Returns the bar to go on with; where that is not i, the close before it has not
 * decided yet. */
size_t pp_trips_run(pp_loop *l, size_t i, size_t end);
/* The bars of the exec timeframe. */
static inline const pp_view *pp_loop_exec(const pp_loop *l)
{
    return &l->cfg.columns->views[l->cfg.columns->view_of[l->cfg.strategy->play->exec_tf]];
}
/* Exec bars closed by the close of a tape bar, less one (T5). */
static inline int32_t pp_loop_exec_of(const pp_loop *l, size_t instant)
{
    return l->exec_is_tape ? (int32_t)instant : l->exec_of[instant];
}
/* The bar stands for one that is missing. */
static inline bool pp_loop_is_filled(const pp_loop *l, size_t bar)
{
    return l->cfg.tape->filled && l->cfg.tape->filled[bar];
}
/* Cases read the position or the account. */
static inline bool pp_loop_uses_live(const pp_loop *l)
{
    return l->uses_live[0] || l->uses_live[1];
}
/* True if tape bar `instant` closes an exec bar. */
bool pp_loop_exec_close(const pp_loop *l, size_t instant);
/* Starts the counters of K13 anew when the UTC day changed. */
void pp_loop_roll_day(pp_loop *l, int64_t day);
/* The live operands (R4) in `uses`, a bit per pp_live, at the close of tape bar `instant`; the
 * others are left as they are. */
void pp_loop_live(const pp_loop *l, unsigned uses, size_t instant, double live[PP_LIVE_COUNT]);
/* A feature's value at an instant by T5; NaN unknown. */
double pp_loop_column(const pp_loop *l, int feature, int output, size_t instant);

typedef struct pp_entry_plan {
    pp_outcome code; /* NONE: req may be submitted */
    pp_order_req req;
    uint8_t caps;
} pp_entry_plan;
/* True if an order of the intent may attach a stop or a target. */
bool pp_risk_protects(const pp_loop *l, const pp_intent *intent);
/* The size of a market entry without a stop that a flat account expects at px; caps: those that
 * bit are added. */
int64_t pp_risk_plain_qty(const pp_loop *l, int side, int64_t px_e8, uint8_t *caps);
/* Order, protection and size of an entry intent decided at the close of tape bar `instant`; flip:
 * the opposite position is closed at the same opportunity. */
void pp_risk_plan(pp_loop *l, const pp_intent *intent, size_t instant, bool flip,
                  pp_entry_plan *plan);

#endif
