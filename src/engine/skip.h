/* skip.h - what the bar loop passes over, internal to it: bars at which neither the exchange nor a
 * run stop nor a decision does anything, or a decision is refused.
 *
 * In this order: pp_loop_next_deciding() says where columns may decide next, pp_loop_skip() goes as
 * far towards it as nothing else happens, pp_loop_make_up_for() books what was refused between. */
#ifndef PP_SKIP_H
#define PP_SKIP_H

#include "engine/loop.h"

/* The next bar from i on whose decisions over columns may have more than a refusal, as the account
 * stands; `end` if none. */
size_t pp_loop_next_deciding(pp_loop *l, size_t i, size_t end);
/* The first bar from i on that must be visited, `to` at most; the ones before it are folded. A
 * filled bar stands at the close before it, so it adds nothing to the extremes. */
size_t pp_loop_skip(pp_loop *l, size_t i, size_t to);
/* The decisions over columns at the closes [from, to), all of which are refused. */
void pp_loop_make_up_for(pp_loop *l, size_t from, size_t to);

/* ---- interest.c ---- */

/* What the cases may do and where: l->bits, interest, acts, and whether refusals are counted. */
void pp_loop_tell_interest(pp_arena *arena, pp_loop *l);

/* ---- touch.c ---- */

/* First bar in [from, to) whose prices leave the quiet band; lo, hi receive the extremes of the
 * bars before it. */
size_t pp_loop_first_touch(const pp_loop *l, const pp_quiet *quiet, size_t from, size_t to,
                           double *lo, double *hi);

/* ---- live.c ---- */

/* Bars for which live cases are tried at once: many, where nothing happens. */
enum { PP_LIVE_RUN_FIRST = 16, PP_LIVE_RUN = 256 };

/* The first bar in [from, to), PP_LIVE_RUN of them at most, at whose close a live case is true that
 * may act. */
size_t pp_loop_live_until(pp_loop *l, size_t from, size_t to);
/* The closes [from, to), no further than that said, are passed. */
void pp_loop_live_pass(pp_loop *l, size_t from, size_t to);
/* What live cases saw at the last two of n instants: operands `each` places apart, 1 where all saw
 * the same. */
void pp_loop_remember(pp_loop *l, pp_grid g, size_t n, const double *live, size_t each);
/* What a case says at the instants in [from, to) at which it is true, all of it refused. */
void pp_loop_count_refusals(pp_loop *l, size_t c, const uint64_t *is_true, size_t from, size_t to);

/* ---- loop.c ---- */

/* K7: a trailing_atr stop takes the ATR of the last closed exec bar. */
void pp_loop_follow_atr(pp_loop *l, size_t i);

#endif
