/* documents.h - the JSON documents of a run: result, signature, manifest. Inside artifact only. */
#ifndef PP_DOCUMENTS_H
#define PP_DOCUMENTS_H

#include "artifact/artifact.h"
#include "artifact/lanes.h"
#include "base/sha256.h"

enum { PP_RUN_FILES_MAX = 12 };

/* A file of the run as the manifest lists it. */
typedef struct pp_run_file {
    const char *name;
    int64_t rows; /* of a table or of events; -1: not a list */
    size_t bytes;
    char sha256[PP_SHA256_HEX];
} pp_run_file;

/* The names of all files but the manifest, in manifest order. The first n_fixed are those whose
 * bytes the run hash fixes (A3); parquet tables come first, in the order of pp_schema_id. */
typedef struct pp_run_file_name {
    const char *name;
    bool fixed, optional;
} pp_run_file_name;
extern const pp_run_file_name pp_run_file_names[];
extern const size_t pp_n_run_files;

/* Content hash of a table, whatever file holds it: per column its name, type and values. */
char *pp_table_hash(const pp_table *t, char out[PP_SHA256_HEX]);
/* True if all that pp_table_hash() takes in is the same. */
bool pp_table_equal(const pp_table *a, const pp_table *b);

typedef struct pp_signature {
    char tables[PP_SCHEMA_COUNT][PP_SHA256_HEX];
    char events[PP_SHA256_HEX];
    size_t n_events;
} pp_signature;

/* What was written, by place in pp_run_file_names, for gate 3: what it reads back and finds equal
 * to this, byte for byte or cell for cell, has the hash that was computed then. */
typedef struct pp_written {
    pp_run_file files[PP_RUN_FILES_MAX]; /* without a name: not written */
    pp_part texts[PP_RUN_FILES_MAX];     /* NULL: DuckDB wrote the file */
    pp_table tables[PP_SCHEMA_COUNT];
    pp_signature signature;
} pp_written;

void pp_result_document(const pp_result *r, const pp_metrics *m, const pp_findings *f, pp_buf *out);
void pp_signature_document(const pp_result *r, const pp_signature *s, pp_buf *out);
void pp_manifest_document(const pp_artifact_job *job, const pp_run_file *files, size_t n,
                          pp_buf *out);

/* The manifest ends in the hash of everything before that entry. */
bool pp_manifest_is_whole(const char *text, size_t len);

/* Gate 3 on the files in dir, before they become a run. */
bool pp_artifact_gate(pp_diags *d, const pp_artifact_job *job, pp_lanes *lanes, const char *dir,
                      const pp_written *written);

const char *pp_intrabar_name(pp_intrabar intrabar); /* "adverse" */

#endif
