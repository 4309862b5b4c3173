/* Costs of what the other layers are built on. */
#include "bench.h"

#include "base/arena.h"
#include "base/exmath.h"
#include "base/money.h"
#include "base/rng.h"
#include "base/sha256.h"
#include "base/slab.h"
#include "base/text.h"
#include "base/xxh3.h"

enum { N = 1 << 16, BYTES = 1 << 20 };

typedef struct data {
    double price[N], noise[N];
    uint8_t bytes[BYTES];
    pp_arena arena;
    pp_slab log;
} data;

static void run_log(void *ctx)
{
    data *d = ctx;
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += pp_log(d->price[i]);
    bench_keep(sum);
}

static void run_exp(void *ctx)
{
    data *d = ctx;
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += pp_exp(d->noise[i]);
    bench_keep(sum);
}

static void run_pow(void *ctx)
{
    data *d = ctx;
    double sum = 0;
    for (int i = 0; i < N; i++)
        sum += pp_pow(d->price[i], d->noise[i]);
    bench_keep(sum);
}

static void run_text(void *ctx, const double *x)
{
    (void)ctx;
    char out[PP_DOUBLE_TEXT];
    size_t sum = 0;
    for (int i = 0; i < N; i++)
        sum += strlen(pp_double_text(x[i], out));
    bench_keep((double)sum);
}

static void run_text_price(void *ctx)
{
    run_text(ctx, ((data *)ctx)->price);
}

static void run_text_noise(void *ctx)
{
    run_text(ctx, ((data *)ctx)->noise);
}

static void run_e8(void *ctx)
{
    data *d = ctx;
    int64_t sum = 0, v = 0;
    for (int i = 0; i < N; i++)
        if (pp_e8_of_double(d->price[i], &v))
            sum ^= pp_mul_e8(v, 12345678);
    bench_keep((double)sum);
}

static void run_sha256(void *ctx)
{
    char hex[PP_SHA256_HEX];
    bench_keep(pp_sha256_text(((data *)ctx)->bytes, BYTES, hex)[0]);
}

static void run_xxh3(void *ctx)
{
    bench_keep((double)pp_xxh3(((data *)ctx)->bytes, BYTES, 0).low);
}

static void run_slab(void *ctx)
{
    data *d = ctx;
    d->log.n = 0;
    for (int i = 0; i < N; i++)
        *(double *)pp_slab_push(&d->log) = d->price[i];
}

int main(int argc, char **argv)
{
    static data d;
    pp_rng r = pp_rng_make(1, 0);
    for (int i = 0; i < N; i++) {
        d.price[i] = (double)(1 + pp_rng_below(&r, 10000000)) / 100;
        d.noise[i] = pp_rng_normal(&r);
    }
    pp_arena_init(&d.arena, NULL);
    pp_slab_init(&d.log, &d.arena, 128, N);
    bench b = bench_begin("base", argc, argv);
    bench_run(&b, "pp_log", run_log, &d, N, "call");
    bench_run(&b, "pp_exp", run_exp, &d, N, "call");
    bench_run(&b, "pp_pow", run_pow, &d, N, "call");
    bench_run(&b, "pp_double_text, prices", run_text_price, &d, N, "call");
    bench_run(&b, "pp_double_text, 16 and 17 digits", run_text_noise, &d, N, "call");
    bench_run(&b, "pp_e8_of_double and pp_mul_e8", run_e8, &d, N, "call");
    bench_run(&b, "SHA-256, 1 MiB", run_sha256, &d, BYTES, "byte");
    bench_run(&b, "XXH3-128, 1 MiB", run_xxh3, &d, BYTES, "byte");
    bench_run(&b, "pp_slab_push, 128 bytes", run_slab, &d, N, "item");
    pp_arena_free(&d.arena);
    return bench_end(&b);
}
