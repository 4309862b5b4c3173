/* A sweep of a Play on a synthetic market in a folder of its own. */
#ifndef PP_TEST_SWEEP_LAB_H
#define PP_TEST_SWEEP_LAB_H

#include "sweep/sweep.h"
#include "../runner/bench.h"

typedef struct lab {
    bench b;
    pp_sweep_request req;
    pp_sweep_outcome sweep;
} lab;

/* Two averages that cross, a stop in ATR, variables fast, slow, stop and risk. */
extern const char lab_play[];

/* vary: NULL-terminated. Files go to the lab's folder/NAME. */
void lab_make(lab *l, const char *market, const char *const *vary);
/* pp_sweep_run into l->sweep, files below NAME. */
bool lab_run(lab *l, const char *name);
void lab_free(lab *l);
/* The bytes of a file of the last sweep. */
const char *lab_file(lab *l, const char *dir, const char *name, size_t *n);
/* Fails unless both folders hold the same final files, byte for byte. */
void lab_same_files(lab *l, const char *a, const char *b);
bool lab_says(lab *l, const char *text);

#endif
