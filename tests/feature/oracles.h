/* oracles.h - the same indicators in TA-Lib and Tulip Indicators, for agreement and speed. Present
 * where their sources are installed (npm ci); never part of the product. */
#ifndef ORACLES_H
#define ORACLES_H

#include "harness.h"

typedef enum { EQUAL, CONVERGES, DIFFERS } agreement;

enum { ORACLE_OUT_MAX = 5, ORACLE_OPT_MAX = 5 };

typedef struct oracle oracle;
struct oracle {
    const char *indicator, *library, *function;
    /* Fills out[k] from its first value on, which belongs to bar *first. */
    bool (*run)(const oracle *o, const pp_bars *b, const double *x, size_t *first, double **out);
    double options[ORACLE_OPT_MAX]; /* of the library */
    int ours[ORACLE_OUT_MAX];       /* our output for each of the library's; -1: none */
    int n_out;
    double scale; /* ours = scale * theirs; 0: 1 */
    agreement kind;
    const char *why;               /* of CONVERGES and DIFFERS */
    double params[ORACLE_OPT_MAX]; /* ours, in the order of the row; 0: the default */
};

extern const oracle oracles[];
extern const size_t n_oracles;

#endif
