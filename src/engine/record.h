/* record.h - what a finished run says about itself beside its logs: identity, market facts, rule
 * coverage, columns, warnings. Fills the rest of a pp_result. */
#ifndef PP_RECORD_H
#define PP_RECORD_H

#include "engine/run.h"

void pp_record(pp_diags *d, const pp_prepared *p, pp_result *r);

#endif
