/* read.h - a run read back from its files into the records it was written from. For artifact,
 * runner and sweep. */
#ifndef PP_ARTIFACT_READ_H
#define PP_ARTIFACT_READ_H

#include "artifact/documents.h"

#include <jansson.h>

/* A run read back: no tape, so prices are NaN and there are no daily prices. */
typedef struct pp_artifact {
    const char *dir;
    json_t *manifest, *result_json, *signature;
    pp_table tables[PP_SCHEMA_COUNT];
    char table_hash[PP_SCHEMA_COUNT][PP_SHA256_HEX];
    const char *events;
    size_t events_len;
    char events_hash[PP_SHA256_HEX]; /* the end of their chain */
    size_t n_events;
    bool chained;     /* the last line is ended */
    size_t late_line; /* the first line of events.jsonl whose time steps back; 0: none */
    pp_result result;
    pp_log log;
} pp_artifact;

/* manifest.json, once its seal is found whole. NULL with errors in d. */
json_t *pp_artifact_manifest(pp_diags *d, const pp_fs *fs, const char *dir);

/* Whether the engine of this program is of the semantics that made the run; else E_VERIFY in d. */
bool pp_artifact_same_engine(pp_diags *d, const char *dir, const json_t *manifest);

/* Whether the file of a run is there, and is a regular one; else E_ARTIFACT in d. */
bool pp_artifact_has(pp_diags *d, const char *dir, const char *name);
/* The same, and a warning in d unless it is the file that the manifest lists. */
bool pp_artifact_look(pp_diags *d, const char *dir, const char *name);

/* The whole run; `written` is for gate 3, else NULL. Size and hash of every file are compared with
 * the manifest first: errors for each that differs, is missing or is not one of the names of a run,
 * and *checks counts them. False with errors in d then, and when a file cannot be understood; false
 * when cancelled. What is read lives in the lanes. */
bool pp_artifact_read(pp_diags *d, const pp_fs *fs, pp_lanes *lanes, const char *dir,
                      const pp_written *written, const volatile sig_atomic_t *cancel,
                      pp_artifact *out, int *checks);

#endif
