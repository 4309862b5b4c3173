#include "base/ksum.h"

#include "base/simd.h"

static void add_few(pp_ksums *s, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++, s->n++)
        PP_KSUM_STEP(double, s->sum[s->n % PP_KSUM_LANES], s->comp[s->n % PP_KSUM_LANES], x[i]);
}

enum { HALF = PP_KSUM_LANES / 2 };

/* n: a multiple of PP_KSUM_LANES; from lane 0 on. */
PP_SIMD static void add_rows(pp_ksums *s, const double *x, size_t n)
{
    pp_f64x4_any *sum = (pp_f64x4_any *)s->sum, *comp = (pp_f64x4_any *)s->comp;
    pp_f64x4 a = sum[0], b = sum[1], c = comp[0], d = comp[1];
    for (size_t i = 0; i < n; i += PP_KSUM_LANES) {
        PP_KSUM_STEP(pp_f64x4, a, c, *(const pp_f64x4_any *)(x + i));
        PP_KSUM_STEP(pp_f64x4, b, d, *(const pp_f64x4_any *)(x + i + HALF));
    }
    sum[0] = a;
    sum[1] = b;
    comp[0] = c;
    comp[1] = d;
    s->n += n;
}

void pp_ksums_add(pp_ksums *s, const double *x, size_t n)
{
    size_t before = -s->n % PP_KSUM_LANES, few = before < n ? before : n;
    size_t rows = (n - few) / PP_KSUM_LANES * PP_KSUM_LANES;
    add_few(s, x, few);
    add_rows(s, x + few, rows);
    add_few(s, x + few + rows, n - few - rows);
}

double pp_ksums_total(const pp_ksums *s)
{
    pp_ksum sum = {0};
    for (int k = 0; k < PP_KSUM_LANES; k++)
        pp_ksum_add(&sum, s->sum[k]);
    for (int k = 0; k < PP_KSUM_LANES; k++)
        pp_ksum_add(&sum, s->comp[k]);
    return pp_ksum_total(&sum);
}
