/* read.h - a run read back from its files into the records it was written from. For artifact and
 * runner. */
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
    size_t late_line; /* the first line of events.jsonl whose time steps back; 0: none */
    pp_result result;
    pp_log log;
} pp_artifact;

/* manifest.json, once its seal is found whole. NULL with errors in d. */
json_t *pp_artifact_manifest(pp_diags *d, const pp_fs *fs, const char *dir);

/* Compares size and hash of every file with the manifest; errors for each that differs, is missing
 * or is not one of the names of a run. Adds to *checks. */
bool pp_artifact_check_files(pp_diags *d, const pp_fs *fs, const char *dir, const json_t *manifest,
                             int *checks);

/* Everything else, the tables through db. False with errors in d when a file cannot be understood.
 */
bool pp_artifact_read(pp_diags *d, const pp_fs *fs, pp_db *db, const char *dir, pp_artifact *out);

#endif
