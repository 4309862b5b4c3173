/* F7: log, exp, pow within 1 ulp, against MPFR where it is there, else against long double libm. */
#include "base/exmath.h"
#include "base/sha256.h"
#include "support/rand.h"

#include <criterion/criterion.h>
#include <float.h>
#ifdef HAVE_MPFR
#include <mpfr.h>
#endif

typedef struct worst {
    double normal, subnormal, x, y;
} worst;

static double ulp_of(double v)
{
    int e;
    frexp(v, &e);
    return fabs(v) < DBL_MIN ? 0x1p-1074 : ldexp(1, e - 53);
}

/* Errors of a result in units of its last place; the true value is truth. */
static void note(worst *w, double got, double truth, double error_ulp, double x, double y)
{
    if (isnan(truth) || isinf(truth)) {
        cr_assert((isnan(truth) && isnan(got)) || truth == got, "at %a %a: %a, not %a", x, y, got,
                  truth);
        return;
    }
    double *worst_of = fabs(truth) < DBL_MIN ? &w->subnormal : &w->normal;
    if (error_ulp > *worst_of) {
        *worst_of = error_ulp;
        w->x = x;
        w->y = y;
    }
}

enum { LOG, EXP, POW };

static double ours(int fn, double x, double y)
{
    return fn == LOG ? pp_log(x) : fn == EXP ? pp_exp(x) : pp_pow(x, y);
}

#ifdef HAVE_MPFR
static void check(worst *w, int fn, double x, double y)
{
    mpfr_t a, b, r;
    mpfr_inits2(160, a, b, r, (mpfr_ptr)0);
    mpfr_set_d(a, x, MPFR_RNDN);
    mpfr_set_d(b, y, MPFR_RNDN);
    if (fn == LOG)
        mpfr_log(r, a, MPFR_RNDN);
    else if (fn == EXP)
        mpfr_exp(r, a, MPFR_RNDN);
    else
        mpfr_pow(r, a, b, MPFR_RNDN);
    double truth = mpfr_get_d(r, MPFR_RNDN), got = ours(fn, x, y);
    if (isfinite(truth) && isfinite(got)) {
        mpfr_sub_d(r, r, got, MPFR_RNDN);
        mpfr_div_d(r, r, ulp_of(truth), MPFR_RNDN);
    }
    note(w, got, truth, fabs(mpfr_get_d(r, MPFR_RNDN)), x, y);
    mpfr_clears(a, b, r, (mpfr_ptr)0);
}
#else
static void check(worst *w, int fn, double x, double y)
{
    long double t = fn == LOG ? logl(x) : fn == EXP ? expl(x) : powl(x, y);
    double truth = (double)t, got = ours(fn, x, y);
    note(w, got, truth, (double)fabsl((t - got) / ulp_of(truth)), x, y);
}
#endif

static void judge(const worst *w, const char *name)
{
    cr_expect_lt(w->normal, 0.55, "%s: %.4f ulp at %a %a", name, w->normal, w->x, w->y);
    cr_expect_lt(w->subnormal, 1.0, "%s: %.4f ulp (subnormal) at %a %a", name, w->subnormal, w->x,
                 w->y);
}

static double near_one(pp_rng *r)
{
    return 1 + (pp_rng_uniform(r) - 0.5) * ldexp(1, -(int)pp_rng_below(r, 52));
}

enum { N = 150000 };

Test(exmath, F7_log_within_half_an_ulp)
{
    worst w = {0};
    pp_rng r = pp_rng_make(test_seed(), 5);
    for (int i = 0; i < N; i++)
        check(&w, LOG,
              i % 3 == 0   ? fabs(any_double(&r))
              : i % 3 == 1 ? near_one(&r)
                           : pp_rng_uniform(&r) * 3,
              0);
    /* Both sides of every table boundary and power of two. */
    for (int i = 0; i <= 256; i++)
        for (int side = -2; side <= 2; side++)
            check(&w, LOG, (0.6875 + i / 256.0) * (1 + side * 0x1p-52), 0);
    for (int e = -1074; e <= 1023; e++)
        check(&w, LOG, ldexp(1, e), 0);
    judge(&w, "log");
}

Test(exmath, F7_exp_within_half_an_ulp)
{
    worst w = {0};
    pp_rng r = pp_rng_make(test_seed(), 6);
    for (int i = 0; i < N; i++) {
        double u = pp_rng_uniform(&r) - 0.5;
        check(&w, EXP, i % 2 ? u * 1500 : ldexp(u, (int)pp_rng_below(&r, 60) - 50), 0);
    }
    for (int n = -140000; n <= 132000; n += 37) /* where the rounding of n changes */
        check(&w, EXP, (n + 0.5) / 128 * 0.69314718055994531, 0);
    for (double x = 709.7827; x < 709.783; x += 1e-7)
        check(&w, EXP, x, 0);
    for (double x = -745.14; x < -745.12; x += 1e-5)
        check(&w, EXP, x, 0);
    judge(&w, "exp");
}

Test(exmath, F7_pow_within_half_an_ulp)
{
    worst w = {0};
    pp_rng r = pp_rng_make(test_seed(), 7);
    for (int i = 0; i < N; i++) {
        double x = i % 2 ? fabs(any_double(&r)) : near_one(&r), y;
        if (x == 1 || x == 0)
            continue;
        y = i % 3 == 0   ? (double)pp_rng_below(&r, 41) - 20
            : i % 3 == 1 ? (pp_rng_uniform(&r) - 0.5) * 1492 / pp_log(x)
                         : (pp_rng_uniform(&r) - 0.5) * 4;
        check(&w, POW, x, y);
    }
    judge(&w, "pow");
}

Test(exmath, F7_exact_powers_are_exact)
{
    for (int b = 2; b <= 100; b++) {
        double want = 1;
        for (int e = 1; want * b < 0x1p53; e++) {
            want *= b;
            cr_expect_eq(pp_pow(b, e), want, "%d^%d", b, e);
            cr_expect_eq(pp_pow(-b, e), e % 2 ? -want : want, "(-%d)^%d", b, e);
        }
        cr_expect_eq(pp_pow((double)b * b, 0.5), b);
    }
    for (int e = -1074; e <= 1023; e++)
        cr_expect_eq(pp_pow(2, e), ldexp(1, e));
    cr_expect_eq(pp_exp(0), 1);
    cr_expect_eq(pp_log(1), 0);
    cr_expect_not(signbit(pp_log(1)));
}

static bool same(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b && signbit(a) == signbit(b);
}

Test(exmath, F7_special_cases_are_those_of_annex_F)
{
    static const double v[] = {0.0,
                               -0.0,
                               1,
                               -1,
                               2,
                               -2,
                               3,
                               -3,
                               0.5,
                               -0.5,
                               1.5,
                               -1.5,
                               1e300,
                               -1e300,
                               1e-300,
                               -1e-300,
                               0x1p53,
                               -0x1p53,
                               0x1p53 - 1,
                               1 - 0x1p53,
                               INFINITY,
                               -INFINITY,
                               NAN,
                               DBL_MAX,
                               -DBL_MAX,
                               5e-324,
                               -5e-324,
                               1e19,
                               -1e19,
                               DBL_MIN,
                               4503599627370495.5,
                               1 - 0x1p-53};
    for (size_t i = 0; i < PP_COUNT(v); i++) {
        if (!isfinite(v[i]) || v[i] <= 0)
            cr_expect(same(pp_log(v[i]), log(v[i])), "log %a", v[i]);
        if (!isfinite(v[i]) || v[i] == 0 || fabs(v[i]) > 800)
            cr_expect(same(pp_exp(v[i]), exp(v[i])), "exp %a", v[i]);
        for (size_t k = 0; k < PP_COUNT(v); k++) {
            double got = pp_pow(v[i], v[k]), want = pow(v[i], v[k]);
            bool near =
                isfinite(want) && fabs(got - want) <= ulp_of(want) && signbit(got) == signbit(want);
            cr_expect(same(got, want) || near, "pow %a %a: %a, not %a", v[i], v[k], got, want);
        }
    }
}

/* The same bytes from every compiler, optimisation level and CPU: one hash, kept here. */
Test(exmath, F7_results_are_the_same_bits_everywhere)
{
    pp_rng r = pp_rng_make(1, 8);
    pp_sha256 h;
    char hex[PP_SHA256_HEX];
    pp_sha256_init(&h);
    for (int i = 0; i < 100000; i++) {
        double m = 1 + pp_rng_uniform(&r); /* one draw a line: the order is part of the test */
        double x = ldexp(m, (int)pp_rng_below(&r, 40) - 20);
        double y = pp_rng_uniform(&r) * 8 - 4;
        double out[3] = {pp_log(x), pp_exp(x / 1e4), pp_pow(x, y)};
        pp_sha256_update(&h, out, sizeof out);
    }
    cr_expect_str_eq(pp_sha256_hex(&h, hex),
                     "f017ef585c14857886f9ae0910c1911e0d115988660aa0b10130c9dd4a8357ce");
}
