/* cli.h - the frame of the program: one table row per command, one per option.
 *
 * A command is a pp_command in its own file (cmd_NAME.c), listed in commands.c. Help text, usage
 * errors, completions and man pages all come from these rows. A command allocates from c->arena,
 * reports problems into c->diags and returns an exit status (spec 09): 0 done, 1 stopped by a rule,
 * 2 usage or Play, 3 data, gate or artifact, 4 proof or verification failed, 5 internal,
 * 130 interrupted. If it returns 0 or 1 although errors were reported, the first error decides. */
#ifndef PP_CLI_H
#define PP_CLI_H

#include "base/diag.h"

#include <signal.h>

typedef struct pp_opt {
    const char *name;    /* without the dashes */
    char letter;         /* short form, 0: none */
    const char *arg;     /* name of the value ("DIR", "N"); NULL: a flag; "[NAME]": may be left out
                            and is "" then; "KEY=VALUE...": may be given several times */
    const char *help;    /* one line; more lines are indented */
    const char *choices; /* allowed values separated by |, or NULL */
} pp_opt;

typedef struct pp_cli pp_cli;

typedef struct pp_command {
    const char *name;    /* "run", "data import" */
    const char *summary; /* one line */
    const char *args;    /* "PLAY..." for the usage line; "" for none */
    const char *words;   /* allowed values of the last argument separated by |, or NULL */
    const char *(*name_at)(size_t i); /* what the only argument names, NULL after the last */
    int min_args, max_args;           /* max -1: any number */
    const char *formats;              /* of --format that it prints; NULL: "text|json" */
    const pp_opt *opts;
    size_t n_opts;
    const char *details;  /* paragraphs, may be NULL */
    const char *examples; /* lines to paste, each starting with "perpetua" */
    int (*run)(pp_cli *c);
} pp_command;

typedef struct pp_opt_value {
    const pp_opt *opt;
    const char *value; /* NULL for a flag */
} pp_opt_value;

enum { PP_CLI_MAX = 4096 }; /* words on a command line */

struct pp_cli {
    pp_arena *arena;
    pp_diags *diags;
    const pp_command *command;
    const char *group; /* "data", for its help; command is NULL then */
    const char **args;
    size_t n_args;
    PP_VEC(pp_opt_value) values;
    bool quiet, verbose, json, colour_out, colour_err,
        progress;        /* progress: stderr is a terminal */
    const char *program; /* argv[0] */
    int argc;
    char **argv;
    const volatile sig_atomic_t *interrupted; /* set by Ctrl-C */
    int status;
    bool several;       /* Plays or symbols: their JSON documents are one array */
    size_t n_documents; /* begun */
    bool goes_on;       /* the same command goes on where it was interrupted */
    bool out_lost;      /* stdout did not take everything; the error is in diags */
};

bool pp_cli_has(const pp_cli *c, const char *opt);          /* given at least once */
const char *pp_cli_value(const pp_cli *c, const char *opt); /* the value, NULL: not given */
size_t pp_cli_count(const pp_cli *c, const char *opt);      /* times given */
const char *pp_cli_nth(const pp_cli *c, const char *opt, size_t i);
/* Typed readings: false with an E_USAGE error when the value is not of the type; *out is left as
 * it was when the option was not given. */
bool pp_cli_int(pp_cli *c, const char *opt, int64_t min, int64_t max, int64_t *out);
bool pp_cli_time(pp_cli *c, const char *opt, int64_t *out_ms);

/* The only ways to write: stdout for results, stderr for messages (silent with -q). */
void pp_cli_out(pp_cli *c, const char *text, size_t n);
void pp_cli_outf(pp_cli *c, const char *fmt, ...) PP_PRINTF(2, 3);
/* Before each JSON document of a command that may print several. */
void pp_cli_document(pp_cli *c);
void pp_cli_say(pp_cli *c, const char *fmt, ...) PP_PRINTF(2, 3);
/* What was written to stdout reaches it, or is an error in diags. */
void pp_cli_flush(pp_cli *c);
/* The same, then prints the diagnostics not yet printed to stderr. */
void pp_cli_flush_diags(pp_cli *c);

/* Shows a file in the user's browser; a message says so when there is none. */
void pp_cli_open(pp_cli *c, const char *file);

/* The table of all commands, and help made from it. */
extern const pp_command *const pp_commands[];
extern const size_t pp_n_commands;
extern const pp_opt pp_global_opts[];
extern const size_t pp_n_global_opts;
const pp_command *pp_command_find(const char *name);
bool pp_command_group(const char *word); /* some command is "word ..." */
bool pp_cli_is_global(const pp_opt *opt);
/* An E_USAGE error that names the nearest command, or those of a group ("data"). */
void pp_cli_unknown_command(pp_cli *c, const char *typed);

/* Exit statuses and what they say (spec 09). */
typedef struct pp_exit_status {
    int status;
    const char *meaning;
} pp_exit_status;
extern const pp_exit_status pp_exit_statuses[];
extern const size_t pp_n_exit_statuses;

void pp_help_guide(pp_buf *out);                          /* `perpetua` alone */
void pp_help_all(pp_buf *out);                            /* `perpetua --help` */
void pp_help_group(const char *word, pp_buf *out);        /* `perpetua data --help` */
void pp_help_command(const pp_command *cmd, pp_buf *out); /* `perpetua CMD --help` */

#endif
