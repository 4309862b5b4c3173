#include "engine/equity.h"

#include "base/money.h"

double pp_drawdown_pct(int64_t peak_e8, int64_t equity_e8)
{
    if (peak_e8 <= 0)
        return 0;
    return 100 * pp_quotient(peak_e8 - equity_e8, peak_e8);
}

int64_t pp_drawdown_floor(int64_t peak_e8, double pct)
{
    return (int64_t)(pct / 100 * (double)peak_e8 * (1 - 1e-12)) - 1;
}
