/* Eight runs at a time over shared Plays and tapes give what one gives alone. A program of its own,
 * so that it can be built with the thread sanitizer. */
#include "perpetua/perpetua.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 8, RUNS = 6 };

static const char play_text[] =
    "version: \"3.0.0\"\nname: threads\nsymbol: BTCUSDT\ntf: 5m\n"
    "account: {starting_equity_usdt: 10000, max_leverage: 5}\n"
    "features:\n  f: {indicator: ema, params: {length: 5}}\n"
    "  s: {indicator: ema, params: {length: 13}}\n  a: {indicator: atr}\n"
    "structures: {exec: [{type: swing, key: sw, params: {left: 3, right: 3}}]}\n"
    "actions:\n  entry_long: [[f, cross_above, s]]\n  exit_long: [[f, cross_below, s]]\n"
    "risk:\n  stop_loss: {type: atr_multiple, value: 2, atr_feature_id: a}\n"
    "  take_profit: {type: rr_ratio, value: 2}\n";

typedef struct shared {
    const pp_play_t *play;
    const pp_tape_t *tape;
    char hash[65];
} shared;

/* The events hash of one run; false on any failure. */
static int run_once(pp_context_t *ctx, const shared *s, char hash[65])
{
    pp_result_t *r;
    if (pp_run(ctx, s->play, s->tape, NULL, &r))
        return 0;
    snprintf(hash, 65, "%s", pp_result_events_hash(ctx, r));
    pp_result_free(r);
    return 1;
}

static void *work(void *arg)
{
    const shared *s = arg;
    pp_context_t *ctx = pp_context_new(NULL);
    char hash[65];
    void *bad = NULL;
    for (int i = 0; i < RUNS && !bad; i++)
        if (!run_once(ctx, s, hash) || strcmp(hash, s->hash))
            bad = (void *)s;
    pp_context_free(ctx);
    return bad;
}

int main(void)
{
    pp_context_t *ctx = pp_context_new(NULL);
    pp_play_t *play;
    pp_tape_t *tape;
    shared s;
    pthread_t id[THREADS];
    int bad = 0;
    if (pp_play_parse(ctx, "threads.yml", play_text, sizeof play_text - 1, &play) ||
        pp_tape_synthetic(ctx, "regime_mix,bars=8000,seed=5", &tape)) {
        fputs(pp_messages_text(ctx), stderr);
        return 1;
    }
    s.play = play;
    s.tape = tape;
    if (!run_once(ctx, &s, s.hash))
        return 1;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&id[i], NULL, work, &s))
            return 1;
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(id[i], &result);
        bad += result != NULL;
    }
    pp_tape_free(tape);
    pp_play_free(play);
    pp_context_free(ctx);
    printf("%d runs in %d threads: %s\n", THREADS * RUNS, THREADS, bad ? "DIFFERENT" : "equal");
    return bad != 0;
}
