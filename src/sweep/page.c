#include "sweep/sweep.h"

void pp_sweep_page(const pp_sweep *s, pp_buf *out)
{
    (void)s;
    pp_buf_puts(out, "<!doctype html>\n");
}
