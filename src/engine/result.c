#include "engine/result.h"

const char *pp_run_status_name(pp_run_status status)
{
    return status == PP_RUN_DONE ? "done" : "stopped";
}
