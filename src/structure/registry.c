#include "structure/registry.h"

#include "structure/kernel.h"

static const pp_spec *const rows[] = {
    &pp_structure_swing,
    &pp_structure_trend,
};

const pp_registry pp_structures = {rows, PP_COUNT(rows)};
