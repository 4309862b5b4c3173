/* From a job to what it names: Play, tape, instrument; and from a manifest back to its job. */
#include "runner/runner.h"

#include "artifact/read.h"
#include "base/json.h"
#include "market/synthetic.h"
#include "store/instruments.h"
#include "store/tape_csv.h"
#include "store/tape_open.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

pp_strategy *pp_runner_load(pp_diags *d, const pp_runner_job *job, pp_tf tape_tf)
{
    size_t before = d->n_errors;
    const pp_play *play =
        pp_play_read(d, job->play_file, job->play_text, job->play_size, job->sets, job->n_sets,
                     job->registries ? job->registries : &pp_all_registries);
    pp_strategy *s = pp_strategy_of(d, play, tape_tf);
    pp_strategy_check_depth(d, s);
    if (s)
        pp_play_show_source(d, s->play);
    return d->n_errors > before ? NULL : s;
}

/* T22: a synthetic market without a name is that of the Play, whose bars are exec bars. NULL with
 * an error if the Play names none. */
static const char *synthetic_text(pp_diags *d, const pp_runner_job *job, const pp_play *play)
{
    if (*job->source.synthetic)
        return job->source.synthetic;
    if (play->validation_pattern)
        return pp_fmt(d->arena, "%s,bars=%lld,seed=%lld", play->validation_pattern,
                      play->validation_bars * (long long)(pp_tf_ms(play->exec_tf) / PP_MINUTE_MS),
                      (long long)play->validation_seed);
    pp_error(d, PP_E_USAGE, (pp_pos){0}, "the Play has no `validation:` block")->hint =
        "name a pattern: --synthetic trend_up_clean, or add validation: {pattern: trend_up_clean}";
    return NULL;
}

static bool open_tape(pp_diags *d, const pp_runner_job *job, const pp_play *play, pp_tape *tape,
                      int64_t *seed)
{
    const pp_source_request *src = &job->source;
    const char *symbol = job->symbol ? job->symbol : play->symbols[0];
    const pp_window_request *window = &job->options.window;
    pp_tape_opts opts = {.fill_gaps = play->gaps_fill,
                         .to_ms = window->has_to ? window->to_ms : 0,
                         .now_ms = src->now_ms,
                         .stop = job->options.cancel};
    if (job->tape) {
        *tape = *job->tape;
        return true;
    }
    if (src->store)
        return pp_store_tape(d->arena, &(pp_store){.dir = src->store, .stop = opts.stop},
                             play->exchange, symbol, PP_TAPE_FINEST, &opts, tape, d);
    if (src->csv)
        return pp_tape_from_csv(d->arena, symbol, src->csv, src->funding_csv, &opts, tape, d);
    pp_synthetic s;
    const char *text = synthetic_text(d, job, play);
    if (!text || !pp_synthetic_parse(d->arena, text, &s, d))
        return false;
    s.stop = opts.stop;
    if (!pp_synthetic_make(d->arena, &s, tape))
        return false;
    pp_tape_hash(tape);
    *seed = (int64_t)s.seed;
    return true;
}

/* X2: the file named, else the store's, else NULL without an error. The entry that holds at the
 * first bar is taken for the whole run. */
static bool find_instrument(pp_diags *d, const pp_runner_job *job, const pp_tape *tape,
                            const pp_instrument **out)
{
    const char *file = job->instrument_file, *text = job->instrument_text;
    size_t n = text ? strlen(text) : 0;
    *out = NULL;
    if (!file && job->source.store) {
        file = pp_store_instruments_path(d->arena, &(pp_store){.dir = job->source.store},
                                         tape->exchange, tape->symbol);
        file = access(file, F_OK) == 0 ? file : NULL;
    }
    if (!file)
        return true;
    if (!text)
        text = pp_file_read(d, NULL, file, 16 << 20, &n);
    if (text)
        *out = pp_instrument_read(d, file, text, n, tape->symbol, tape->bars.open_ms[0]);
    return *out != NULL;
}

/* Paths as they are wherever the run is repeated from. */
static void put_path(pp_json *w, const char *key, const char *path)
{
    char full[PATH_MAX];
    if (path)
        pp_json_string(w, key, realpath(path, full) ? full : path);
}

static const char *source_json(pp_diags *d, const pp_runner_job *job, const pp_runner_input *in)
{
    pp_buf out = {.arena = d->arena}, instrument = out;
    pp_json w;
    pp_json_init(&w, &out, 0);
    pp_json_open(&w, NULL, '{');
    put_path(&w, "store", job->source.store);
    put_path(&w, "csv", job->source.csv);
    put_path(&w, "funding_csv", job->source.funding_csv);
    if (job->source.synthetic)
        pp_json_string(&w, "synthetic", synthetic_text(d, job, in->strategy->play));
    if (in->options.instrument) {
        put_path(&w, "instrument_file", job->instrument_file);
        pp_instrument_text(in->options.instrument, &instrument);
        pp_json_raw(&w, "instrument", instrument.text);
    }
    pp_json_int(&w, "variables", in->n_variables);
    pp_json_close(&w);
    return out.text;
}

bool pp_runner_open(pp_diags *d, const pp_runner_job *job, pp_runner_input *out)
{
    *out = (pp_runner_input){.options = job->options};
    pp_tape *tape = PP_NEW(d->arena, pp_tape);
    out->options.fast = job->fast;
    size_t before = d->list.n;
    out->strategy = pp_runner_load(d, job, PP_TF_1M);
    size_t after = d->list.n;
    if (!out->strategy || !open_tape(d, job, out->strategy->play, tape, &out->options.seed))
        return false;
    out->tape = tape;
    pp_tf tf = tape->bars.tf;
    if (tf != PP_TF_1M) {
        pp_diags_drop(d, before, after);
        out->strategy = pp_runner_load(d, job, tf);
    }
    if (!out->strategy)
        return false;
    if (!find_instrument(d, job, tape, &out->options.instrument))
        return false;
    out->n_variables =
        job->n_variables < 0 ? (int)out->strategy->play->variables.n : job->n_variables;
    out->source_json = source_json(d, job, out);
    return true;
}

static const char *text_at(const json_t *o, const char *key)
{
    return json_string_value(json_object_get(o, key));
}

static int intrabar_of(const char *name)
{
    for (int k = PP_PATH_FAVOURABLE; name && k >= 0; k--)
        if (!strcmp(name, pp_intrabar_name((pp_intrabar)k)))
            return k;
    return -1;
}

/* JSON for a reader of YAML, which takes some characters for breaks and others not at all: these
 * are escaped. Outside of strings there are none. */
static const char *json_for_yaml(pp_arena *arena, const char *json)
{
    pp_buf out = {.arena = arena};
    for (const unsigned char *s = (const unsigned char *)json; *s;) {
        size_t n = s[0] < 0x80 ? 1 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
        unsigned c = n == 1 ? s[0] : n == 2 ? s[0] & 0x1FU : s[0] & 0xFU;
        for (size_t i = 1; i < n; i++)
            c = c << 6 | (s[i] & 0x3FU);
        bool odd = (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || c == 0xFEFF ||
                   c == 0xFFFE || c == 0xFFFF;
        if (odd)
            pp_buf_printf(&out, "\\u%04x", c);
        else
            pp_buf_put(&out, (const char *)s, n);
        s += n;
    }
    return out.text;
}

/* The normal form leaves out what does not decide: version and name come back before it. */
static void play_of(pp_arena *arena, const json_t *manifest, const char *dir, pp_runner_job *out)
{
    const char *play =
        json_for_yaml(arena, pp_json_canonical(arena, json_object_get(manifest, "play"), NULL));
    out->play_file = pp_fmt(arena, "%s/manifest.json", dir);
    out->play_text = pp_fmt(arena, "{\"version\":\"3.0.0\",\"name\":\"%s\",%s",
                            text_at(manifest, "play_id"), play + 1);
    out->play_size = strlen(out->play_text);
}

bool pp_runner_job_of(pp_diags *d, const char *dir, pp_runner_job *out)
{
    json_t *m = pp_artifact_manifest(d, NULL, dir);
    *out = (pp_runner_job){.fast = true};
    if (!m)
        return false;
    const json_t *window = json_object_get(m, "window"), *source = json_object_get(m, "source");
    json_t *instrument = json_object_get(source, "instrument");
    const char *intrabar = text_at(json_object_get(m, "inputs"), "intrabar");
    play_of(d->arena, m, dir, out);
    out->n_variables = (int)json_integer_value(json_object_get(source, "variables"));
    out->symbol = text_at(m, "symbol");
    out->command = text_at(m, "command");
    out->source = (pp_source_request){.store = text_at(source, "store"),
                                      .csv = text_at(source, "csv"),
                                      .funding_csv = text_at(source, "funding_csv"),
                                      .synthetic = text_at(source, "synthetic")};
    if (instrument) { /* with where its values come from */
        json_object_update_missing(instrument,
                                   json_object_get(json_object_get(m, "inputs"), "instrument"));
        out->instrument_file = text_at(source, "instrument_file");
        out->instrument_text = pp_json_canonical(d->arena, instrument, NULL);
    }
    out->options = (pp_run_options){
        .window = {.has_from = true,
                   .has_to = true,
                   .from_ms = json_integer_value(json_object_get(window, "start_ms")),
                   .to_ms = json_integer_value(json_object_get(window, "end_ms")),
                   .no_gate = true}, /* the window is what it was */
        .intrabar = intrabar_of(intrabar),
        .keep = PP_KEEP_ALL};
    if (out->source.store || out->source.csv || out->source.synthetic)
        return true;
    pp_error(d, PP_E_ARTIFACT, (pp_pos){.file = out->play_file},
             "the manifest does not say where the data came from")
        ->hint = "the run was made through the library: repeat it there";
    return false;
}
