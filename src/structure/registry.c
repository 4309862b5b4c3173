#include "structure/registry.h"

#include "structure/kernel.h"

static const pp_spec *const rows[] = {
    &pp_structure_breaker_block,
    &pp_structure_derived_zone,
    &pp_structure_displacement,
    &pp_structure_fair_value_gap,
    &pp_structure_fibonacci,
    &pp_structure_liquidity_zones,
    &pp_structure_market_structure,
    &pp_structure_order_block,
    &pp_structure_premium_discount,
    &pp_structure_rolling_window,
    &pp_structure_swing,
    &pp_structure_trend,
    &pp_structure_zone,
};

const pp_registry pp_structures = {rows, PP_COUNT(rows)};
