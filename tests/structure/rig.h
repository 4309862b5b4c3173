/* rig.h - structures as a small graph for tests: built from JSON, run over bars, whole or in cuts.
 */
#ifndef TEST_STRUCTURE_RIG_H
#define TEST_STRUCTURE_RIG_H

#include <jansson.h>

#include "structure/registry.h"

typedef struct rig_node rig_node;
struct rig_node {
    const pp_spec *spec;
    pp_params params;
    const pp_output_spec *outputs;
    int n_outputs, n_public;
    const pp_bars *bars;
    const double *atr;
    rig_node *deps[PP_DEPS_MAX];
    double **col; /* n_outputs columns of bars->n */
    bool done;
};

typedef struct rig {
    pp_arena *arena;
    const pp_bars *bars;
    PP_VEC(rig_node *) nodes; /* dependencies before dependents */
} rig;

const pp_spec *rig_spec(const char *type);

/* Values of the row's params from a JSON object, defaults filled in; other keys are ignored. */
pp_params rig_params(const pp_spec *spec, const json_t *given);

/* A structure and, from its "uses": {type: params}, what it stands on; a type that is there already
 * is used again. "atr_key": {"indicator": "atr", "params": {"length": n}}. */
rig_node *rig_add(rig *r, const char *type, const json_t *params);
/* The same from text, in which ' may stand for ". */
rig_node *rig_add_text(rig *r, const char *type, const char *json);

/* Runs the node, after what it stands on, over all bars. */
void rig_run(rig_node *n);
/* What run() reads, with col as the columns of the dependencies. */
pp_inputs rig_inputs(const rig_node *n);

int rig_column(const rig_node *n, const char *name); /* index, or a failed assertion */
static inline double rig_at(const rig_node *n, const char *name, size_t i)
{
    return n->col[rig_column(n, name)][i];
}

/* open_ms,open,high,low,close,volume with a header; false if the file is absent. */
bool rig_read_bars(pp_arena *a, const char *path, pp_tf tf, pp_bars *out);
char *rig_read_file(pp_arena *a, const char *path); /* NULL: absent */

/* Bars of a seeded random walk in ticks of 0.01 with the moods that break detectors: flat bars,
 * ties, gaps, spikes, zero volume. n bars of tf 15m. */
void rig_random_bars(pp_arena *a, uint64_t seed, size_t n, pp_bars *out);
uint64_t rig_random(uint64_t *seed); /* splitmix64 */

/* RMA(TR, length) by the formula. */
double *rig_atr(pp_arena *a, const pp_bars *b, int length);

#endif
