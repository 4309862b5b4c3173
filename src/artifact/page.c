/* docs/artifacts.md from the schemas. */
#include "artifact/artifact.h"

static const char head[] =
    "# Artifacts\n\n"
    "A run lives in `OUT/<play id>/<symbol>/<first 12 digits of the run hash>/`. It is written to "
    "a "
    "temporary\n"
    "sibling (`.tmp.<pid>.<n>`), synced, verified and renamed; a kill at any moment leaves the old "
    "run, nothing,\n"
    "or the whole new run. Any number of processes may write the same run: the first that is done "
    "gives it its name,\n"
    "the others find it. What a killed process left is removed by the next run beside it, an hour "
    "later or more; a run\n"
    "that stepped aside (`.aside.<pid>`) for one that never came gets its name back. Files that "
    "the "
    "verification refused are\n"
    "kept with the suffix `.failed`. A link in the place of the folder is followed; a file there "
    "is an "
    "error.\n\n"
    "A finished run is found again and not recomputed, unless its manifest or one of the files "
    "listed there is missing or\n"
    "has another size: then it is written again, and a warning says so. `--force` recomputes it in "
    "any case and refuses to\n"
    "replace it by other bytes, unless the finished run is not what its own manifest lists.\n\n"
    "| file | holds |\n|---|---|\n"
    "| `manifest.json` | schema and tool version, run hash, window, hashes of the inputs, the "
    "normalised Play, the command, the source of the data (`source`, what `verify --rerun` needs), "
    "size, rows and SHA-256 of every other file; its last entry, "
    "`manifest_sha256`, is the SHA-256 of all bytes before that entry |\n"
    "| `result.json` | status, stop reason, window, data facts, all metrics, findings, warnings, "
    "rule coverage, ambiguous bars, returns by period; with a rationaliser its last 1,000 "
    "`transitions` up to the end of the run: time of the exec close, key of the structure, field, "
    "old and new value, null if unknown |\n"
    "| `trades.parquet` `orders.parquet` `fills.parquet` `equity.parquet` `ledger.parquet` | the "
    "tables below |\n"
    "| `events.jsonl` | every record of orders, fills, trades, ledger and events in the order in "
    "which they happened |\n"
    "| `signature.json` | hash chain of the events, content hashes of the tables, digests of every "
    "feature and structure column, declared and computed lists in the "
    "order of ids, build |\n"
    "| `preflight.json` | the report of gate 1 |\n"
    "| `report.html` | the report, where one was made |\n\n"
    "Two machines with the same inputs agree on every byte of the five tables, `events.jsonl` and "
    "`result.json`.\n"
    "The run hash is the SHA-256 of the canonical JSON `{dataset_hash, engine, instrument_hash, "
    "intrabar, models,\n"
    "play_hash, schema, seed, window}`; nothing else changes a result. An `intrabar` that the Play "
    "names is in its hash\n"
    "too: the same order given with `--intrabar` makes the same trades under another run hash.\n\n"
    "`instrument_hash` is the SHA-256 of `instrument` in `result.json` as it stands there, from "
    "its first bracket to its\n"
    "last: one line without spaces with the keys `symbol`, `tick`, `qty_step`, `min_qty`, "
    "`max_qty`, `min_notional`,\n"
    "`max_leverage`, `funding_interval_ms`, `tiers` in this order, each tier `[limit, "
    "maintenance rate, deduction, max\n"
    "leverage]`, amounts as decimal text without trailing zeros, the interval as a whole number. "
    "No minimum is `\"0\"`, no\n"
    "largest quantity and no limit `\"10000000000\"`. `play_hash` is the SHA-256 of the "
    "canonical JSON of `play` in the\n"
    "manifest.\n\n"
    "## events.jsonl\n\n"
    "One line per record: `{\"seq\":7,\"list\":\"fill\",\"record\":{...}}` with list one of order, "
    "fill, trade, ledger,\n"
    "event. h0 is 32 zero bytes, h(n) = SHA-256(h(n-1), line n without its newline); the last one, "
    "in hex, is\n"
    "`events_hash` in `signature.json`. Times never step back, except those of funding, which "
    "carries its\n"
    "settlement time. A trade's line stands at its exit.\n\n"
    "## Content hashes\n\n"
    "`trades_hash` and its siblings do not depend on how Parquet packs the values: SHA-256 over "
    "the "
    "number of rows\n"
    "(8 bytes, little-endian), then per column its name, a zero byte, one byte for its type (0 "
    "BIGINT, 1 DOUBLE,\n"
    "2 DECIMAL, 3 VARCHAR, 4 BOOLEAN) and per row one byte, 1 known or 0 NULL, followed by the "
    "value if known:\n"
    "8 bytes little-endian for numbers (decimals as whole 1e-8 units), the text and a zero byte, "
    "or "
    "one byte.\n\n"
    "## Verification\n\n"
    "`perpetua verify RUN` re-reads every file: sizes and hashes against the manifest, play hash "
    "and run hash, schema\n"
    "and types, the keys of manifest, result and signature, row counts, order and times of the "
    "rows, the event chain and its\n"
    "count, every line of an order, fill, trade or posting against its row, rows of the ledger "
    "that sum to 0, the running\n"
    "wallet, trades whose net sums to the change of the wallet, the last equity and wallet "
    "against the result, rows of equity\n"
    "one exec close after the other, their peak and maximum drawdowns against low, high and the "
    "row before, percentages\n"
    "against what they are of, status, stop reason, starved and ambiguous bars against the "
    "events, and every metric and\n"
    "period return recomputed from the tables to the last digit. What manifest, result and "
    "signature say of the run must\n"
    "agree: schema, engine, run hash, names, window, intrabar order, models, instrument and its "
    "source, tool version;\n"
    "models, leverage and exec timeframe with the Play too, the instrument with its hash. A run "
    "of other engine semantics is\n"
    "named as such and not looked at further.\n\n"
    "Benchmark, alpha and beta need the tape. What no other file knows is held by its hash only, "
    "and by `--rerun`: the\n"
    "lines of the list `event` beyond those named, rule coverage, findings, warnings, "
    "transitions and the facts of the data\n"
    "(`data` but its `exec`: number of bars, `mark_source`, `funding`) in `result.json`, the "
    "lists and digests of\n"
    "`signature.json`, `preflight.json`, `report.html`, and these columns:\n\n"
    "| table | held by hash and `--rerun` only |\n"
    "|---|---|\n"
    "| trades | `margin`, `stop_px`, `target_px`, `entry_bar`, `exit_bar`, `entry_order`, "
    "`exit_order`, `exit_maker`, `filled_bar`, `tag`, `exit_tag`, `entry_case`, `exit_case`, "
    "`metadata`, `exit_metadata` |\n"
    "| orders | `trigger_by`, `tif`, `expire_ms`, `reason`, `bar` |\n"
    "| fills | `ref_px`, `opens`, `bar`; single values of `slippage` and `impact`, whose sums "
    "are metrics |\n"
    "| equity | `mark`; what leaves the metrics as they are of `position`, `regained`, "
    "`leverage`, `liq_distance_pct`, `margin_ratio`, `low` and `high` short of a new extreme, "
    "`intrabar_max_drawdown_pct` as long as it never falls, `margin` against `unrealised` |\n"
    "| ledger | `trade_id`, `order_id`, `bar` |\n\n"
    "`command` and `source` of the manifest and commit, compiler and flags of the signature say "
    "how the run was made; nothing\n"
    "else knows them.\n\n"
    "With `--rerun` the run is made once more from its manifest: the files that the run hash "
    "fixes must come out with the\n"
    "same bytes, `signature.json` with all but its `build`. Where the same build made both, so "
    "must `report.html`, and\n"
    "`preflight.json` but for the words of `fix` and the source that its row `data` names, in "
    "which paths stand as they were\n"
    "typed; a warning says where these two could not be compared. Where the run cannot be made, "
    "as without its data, the\n"
    "files are verified all the same and the exit status is 3.\n";

static const char *type_name(const pp_field *f)
{
    switch (f->kind) {
    case PP_FIELD_I64:
    case PP_FIELD_I32:
        return "BIGINT";
    case PP_FIELD_E8:
        return "DECIMAL(18,8)";
    case PP_FIELD_F64:
    case PP_FIELD_DERIVED:
        return "DOUBLE";
    case PP_FIELD_BOOL:
        return "BOOLEAN";
    case PP_FIELD_SIDE:
    case PP_FIELD_ENUM:
    case PP_FIELD_CASE:
    case PP_FIELD_DATA:
        break;
    }
    return "VARCHAR";
}

/* Where a cell may be NULL. */
static bool may_be_null(const pp_field *f)
{
    return f->zero_is_null || f->kind == PP_FIELD_F64 || f->kind == PP_FIELD_DERIVED ||
           f->kind == PP_FIELD_CASE || f->kind == PP_FIELD_DATA ||
           (f->kind == PP_FIELD_ENUM && !f->name_of(0));
}

void pp_artifact_page(pp_buf *out)
{
    pp_buf_puts(out, head);
    for (int id = 0; id < PP_SCHEMA_COUNT; id++) {
        const pp_schema *s = &pp_schemas[id];
        pp_buf_printf(
            out, "\n## %s.parquet\n\n%s\n\n| column | type | null | meaning |\n|---|---|---|---|\n",
            s->name, s->doc);
        for (size_t k = 0; k < s->n_fields; k++)
            pp_buf_printf(out, "| `%s` | %s | %s | %s |\n", s->fields[k].name,
                          type_name(&s->fields[k]), may_be_null(&s->fields[k]) ? "yes" : "",
                          s->fields[k].doc);
    }
}
