/* perpetua errors [CODE]: the codes of messages with meaning and remedy, and those that events,
 * orders and decisions of a run carry. */
#include "base/json.h"
#include "cli/cli.h"
#include "exchange/log.h"

#include <string.h>

enum { N_CODES = PP_CODE_COUNT - 1, N_ROWS = N_CODES + PP_OUTCOME_COUNT - 1 };

typedef struct row {
    const char *name, *what, *remedy; /* remedy: NULL for codes of a run */
    int exit;
} row;

static row row_of(int k)
{
    if (k >= N_CODES) {
        pp_outcome code = (pp_outcome)(k - N_CODES + 1);
        return (row){pp_outcome_name(code), pp_outcome_what(code), NULL, 0};
    }
    pp_code code = (pp_code)(k + 1);
    return (row){pp_code_name(code), pp_code_what(code), pp_code_remedy(code), pp_code_exit(code)};
}

static void put_json(pp_json *w, const row *r)
{
    pp_json_open(w, NULL, '{');
    pp_json_string(w, "code", r->name);
    pp_json_string(w, "of", r->remedy ? "message" : "run");
    pp_json_string(w, "what", r->what);
    if (r->remedy) {
        pp_json_int(w, "exit", r->exit);
        pp_json_string(w, "remedy", r->remedy);
    }
    pp_json_close(w);
}

static void put_text(pp_buf *out, const row *r)
{
    if (r->remedy)
        pp_buf_printf(out, "%-25s exit %d  %s\n%-33s %s\n", r->name, r->exit, r->what, "",
                      r->remedy);
    else
        pp_buf_printf(out, "%-25s in runs %s\n", r->name, r->what);
}

static int run_errors(pp_cli *c)
{
    const char *names[N_ROWS], *wanted = c->n_args ? c->args[0] : NULL;
    size_t shown = 0;
    pp_buf out = {.arena = c->arena};
    pp_json w;
    pp_json_init(&w, &out, 2);
    if (c->json)
        pp_json_open(&w, NULL, '[');
    for (int k = 0; k < N_ROWS; k++) {
        row r = row_of(k);
        names[k] = r.name;
        if (wanted && strcmp(wanted, r.name) != 0)
            continue;
        shown++;
        if (c->json)
            put_json(&w, &r);
        else
            put_text(&out, &r);
    }
    if (!shown) {
        pp_diag *d = pp_error(c->diags, PP_E_USAGE, (pp_pos){0}, "no code `%s`", wanted);
        d->nearest = pp_nearest(wanted, names, N_ROWS);
        d->hint = "`perpetua errors` lists them all";
        return 2;
    }
    if (c->json) {
        pp_json_close(&w);
        pp_buf_puts(&out, "\n");
    }
    pp_cli_out(c, out.text, out.len);
    return 0;
}

static const char *name_at(size_t i)
{
    return i < N_ROWS ? row_of((int)i).name : NULL;
}

const pp_command pp_cmd_errors = {
    .name = "errors",
    .summary = "the codes of messages with remedies, and those of orders and decisions in runs",
    .args = "[CODE]",
    .max_args = 1,
    .name_at = name_at,
    .examples =
        "  perpetua errors\n  perpetua errors E_UNKNOWN_KEY\n  perpetua errors NO_STOP_LEVEL\n",
    .run = run_errors,
};
