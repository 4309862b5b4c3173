/* handle.h - what the files of the interface share: handles and the frame of a call.
 *
 * Every handle begins with a pp_arena that holds all it needs. A call makes the handle, does its
 * work inside pp_try() of that arena, copies the messages into the context, and drops the handle
 * again when the work failed, so that a failure leaves nothing behind. */
#ifndef PP_API_HANDLE_H
#define PP_API_HANDLE_H

#include "engine/build.h"
#include "engine/run.h"

#include "perpetua/perpetua.h"

struct pp_context_t {
    pp_arena arena; /* of the messages; emptied by each call */
    pp_diags messages;
    const char *text; /* all messages as text; NULL: not made yet */
    pp_arena scratch; /* of texts handed out until the next call */
};

struct pp_play_t {
    pp_arena arena;
    const char *name, *text;
    size_t size;
    const pp_set *sets;
    size_t n_sets;
    char hash[65];
    const char *normal; /* YAML */
};

struct pp_tape_t {
    pp_arena arena;
    pp_tape tape;
    int64_t seed; /* of a synthetic market */
};

/* Work of a call; d allocates from the arena of the handle. False with errors in d, or without one
 * when cancelled. */
typedef bool pp_api_work(void *args, void *handle, pp_diags *d);

/* Makes a handle of `size` bytes and does the work on it; *out is NULL when that failed. */
pp_status_t pp_api_make(pp_context_t *ctx, size_t size, pp_api_work *work, void *args, void **out);
/* Ends a handle of `size` bytes; NULL is allowed. */
void pp_api_drop(void *handle, size_t size);

/* The Play of a handle for a tape, NULL: one of 1m bars. NULL with errors in d. */
pp_strategy *pp_api_strategy(const pp_play_t *play, const pp_tape_t *tape, pp_diags *d);
/* A warning where the tape is of a market that the Play does not name; synthetic ones stand for
 * any.
 */
void pp_api_warn_of_market(pp_diags *d, const pp_play *play, const pp_tape_t *tape);

/* An error about an argument of the caller. False. */
bool pp_api_refuse(pp_diags *d, const char *what);
/* What a function returns that was given NULL for something it needs. */
pp_status_t pp_api_missing(pp_context_t *ctx, void **out, const char *what);

/* Copies a struct of the caller, which begins with its size, into `to` of `own` bytes. That of an
 * older header is smaller, and the rest becomes 0; that of a newer one is cut off. False with an
 * error below `least`, what the first header had up to its last member: PP_API_LEAST. A new member
 * must not lie in what was padding. */
bool pp_api_take(pp_diags *d, void *to, size_t own, const void *from, size_t least);
#define PP_API_LEAST(T, last) (offsetof(T, last) + sizeof(((T *)0)->last))

#endif
