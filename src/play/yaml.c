/* Builds the tree from libyaml's events. libyaml's own document loader is not used: it is quadratic
 * in nesting and anchors, keeps duplicate keys, and has no limits. */
#include "play/yaml.h"

#include "play/index.h"

#include <string.h>
#include <yaml.h>

typedef struct level {
    pp_yaml *node;
    int anchor;    /* of node; -1: none */
    bool skip;     /* mapping: key is there already; its value is dropped */
    pp_yaml *key;  /* mapping: key that waits for its value */
    pp_index seen; /* mapping: key to its number */
    PP_VEC(pp_yaml *) items, keys;
    size_t total; /* nodes below, aliases expanded */
} level;

typedef struct anchor {
    pp_yaml *node;
    size_t total;
    bool open; /* still being read */
} anchor;

typedef struct reader {
    pp_diags *d;
    const char *file, *text;
    size_t size;
    yaml_parser_t parser;
    yaml_event_t event;
    level stack[PP_YAML_MAX_DEPTH];
    int depth;
    pp_yaml *root;
    pp_index anchor_names;
    PP_VEC(anchor) anchors;
    size_t expanded; /* nodes that came through aliases */
    bool failed;
} reader;

/* Both calls leave an empty object behind, so a second one does nothing. */
static void release(void *ptr)
{
    reader *r = ptr;
    yaml_event_delete(&r->event);
    yaml_parser_delete(&r->parser);
}

static pp_pos pos_of(const reader *r, yaml_mark_t mark)
{
    return (pp_pos){r->file, (int)mark.line + 1, (int)mark.column + 1};
}

static pp_diag *fail(reader *r, pp_code code, pp_pos pos, const char *message)
{
    r->failed = true;
    return pp_error(r->d, code, pos, "%s", message);
}

/* Line and column of a byte; columns count code points. */
static pp_pos pos_of_offset(const reader *r, size_t offset)
{
    pp_pos p = {r->file, 1, 1};
    for (size_t i = 0; i < offset && i < r->size; i++) {
        if (r->text[i] == '\n') {
            p.line++;
            p.col = 1;
        } else if (((unsigned char)r->text[i] & 0xC0) != 0x80) {
            p.col++;
        }
    }
    return p;
}

static size_t offset_of_pos(const reader *r, yaml_mark_t mark)
{
    size_t i = 0;
    for (size_t line = 0; line < mark.line && i < r->size; i++)
        line += r->text[i] == '\n';
    for (size_t col = 0; i < r->size && r->text[i] != '\n'; i++) {
        if (((unsigned char)r->text[i] & 0xC0) == 0x80)
            continue;
        if (col++ == mark.column)
            break;
    }
    return i;
}

/* The operator that starts at or just before a mark, as in `[close, > , 5]` or `- >= 5`; NULL if
 * what stands there is none. */
static const char *operator_at(const reader *r, yaml_mark_t mark)
{
    static const char *const ops[] = {">=", "<=", "==", "!=", ">", "<", "-", "*", "%"};
    size_t at = offset_of_pos(r, mark);
    for (size_t back = 0; back <= 1 && back <= at; back++) {
        for (size_t k = 0; k < PP_COUNT(ops); k++) {
            size_t n = strlen(ops[k]);
            if (at - back + n <= r->size && memcmp(r->text + at - back, ops[k], n) == 0)
                return ops[k];
        }
    }
    return NULL;
}

static void hint_quotes(const reader *r, pp_diag *e, const char *op)
{
    e->found = op;
    e->hint = pp_fmt(r->d->arena, "write the operator in quotes: \"%s\"", op);
}

static void parser_failed(reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR) {
        fail(r, PP_E_MEMORY, (pp_pos){r->file, 0, 0}, "no memory to read the file");
        return;
    }
    if (p->error == YAML_READER_ERROR) { /* has an offset only */
        pp_diag *e = fail(r, PP_E_YAML, pos_of_offset(r, p->problem_offset), p->problem);
        if (p->problem_value >= 0)
            e->found = pp_fmt(r->d->arena, "byte or character 0x%02X", (unsigned)p->problem_value);
        e->hint = "save the file as UTF-8 text";
        return;
    }
    const char *message =
        p->context ? pp_fmt(r->d->arena, "%s: %s", p->context, p->problem) : p->problem;
    pp_diag *e = fail(r, PP_E_YAML, pos_of(r, p->problem_mark), message);
    size_t at = offset_of_pos(r, p->problem_mark);
    if (at < r->size && r->text[at] == '\t') {
        e->found = "a tab";
        e->hint = "YAML is indented by spaces: write spaces in place of the tab";
        return;
    }
    const char *op = operator_at(r, p->problem_mark);
    if (!op && p->context && strstr(p->context, "scalar"))
        op = operator_at(r, p->context_mark);
    if (op)
        hint_quotes(r, e, op);
}

static pp_yaml *new_node(reader *r, pp_yaml_kind kind)
{
    pp_yaml *n = PP_NEW(r->d->arena, pp_yaml);
    n->kind = kind;
    n->pos = pos_of(r, r->event.start_mark);
    return n;
}

static void add_key(reader *r, level *top, pp_yaml *node)
{
    top->key = node;
    if (node->kind != PP_YAML_SCALAR) {
        pp_diag *e = fail(r, PP_E_YAML, node->pos, "a key must be plain text");
        e->found = node->kind == PP_YAML_MAP ? "a mapping" : "a list";
        e->hint = "if this is a placeholder, write it in quotes: \"{{ name }}\"";
        return;
    }
    if (strlen(node->text) > PP_YAML_MAX_KEY) {
        pp_diag *e = fail(r, PP_E_YAML, node->pos, "a key is longer than 128 bytes");
        e->found = pp_fmt(r->d->arena, "%zu bytes", strlen(node->text));
        e->hint = "give it a short name";
        return;
    }
    int first = pp_index_add(r->d->arena, &top->seen, node->text, (int)top->keys.n);
    top->skip = first >= 0;
    if (top->skip)
        pp_error(r->d, PP_E_DUPLICATE_KEY, node->pos, "`%s` stands in line %d and again in line %d",
                 node->text, top->keys.v[first]->pos.line, node->pos.line);
}

/* Puts a finished node where it belongs. */
static void place(reader *r, pp_yaml *node, size_t total)
{
    if (r->depth == 0) {
        r->root = node;
        return;
    }
    level *top = &r->stack[r->depth - 1];
    top->total += total;
    if (top->node->kind == PP_YAML_SEQ) {
        *pp_vec_push(r->d->arena, &top->items) = node;
    } else if (!top->key) {
        add_key(r, top, node);
    } else {
        if (!top->skip) {
            *pp_vec_push(r->d->arena, &top->keys) = top->key;
            *pp_vec_push(r->d->arena, &top->items) = node;
        }
        top->key = NULL;
    }
}

static int open_anchor(reader *r, const yaml_char_t *name, pp_yaml *node)
{
    if (!name)
        return -1;
    int id = (int)r->anchors.n;
    *pp_vec_push(r->d->arena, &r->anchors) = (anchor){.node = node, .total = 1, .open = true};
    pp_index_put(r->d->arena, &r->anchor_names, pp_strdup(r->d->arena, (const char *)name), id);
    return id;
}

static void refuse_tag(reader *r, const yaml_char_t *tag)
{
    if (!tag)
        return;
    pp_diag *e = fail(r, PP_E_YAML, pos_of(r, r->event.start_mark), "tags are not allowed");
    e->found = pp_strdup(r->d->arena, (const char *)tag);
    if (strcmp((const char *)tag, "!=") == 0)
        hint_quotes(r, e, "!=");
    else
        e->hint = "remove the tag; text that starts with ! needs quotes";
}

static void scalar(reader *r)
{
    yaml_scalar_style_t style = r->event.data.scalar.style;
    pp_yaml *n = new_node(r, PP_YAML_SCALAR);
    const char *text = (const char *)r->event.data.scalar.value;
    n->text = pp_strndup(r->d->arena, text, r->event.data.scalar.length);
    n->quoted = style != YAML_PLAIN_SCALAR_STYLE;
    if (strlen(n->text) != r->event.data.scalar.length)
        fail(r, PP_E_YAML, n->pos, "text holds a NUL character");
    /* `- >` begins folded text; in a Play's lists that is a lost operator. */
    if (style == YAML_FOLDED_SCALAR_STYLE && r->depth > 0 &&
        r->stack[r->depth - 1].node->kind == PP_YAML_SEQ)
        hint_quotes(r, fail(r, PP_E_YAML, n->pos, "an unquoted > begins folded text here"), ">");
    refuse_tag(r, r->event.data.scalar.tag);
    int id = open_anchor(r, r->event.data.scalar.anchor, n);
    if (id >= 0)
        r->anchors.v[id].open = false;
    place(r, n, 1);
}

static void alias(reader *r)
{
    const char *name = (const char *)r->event.data.alias.anchor;
    pp_pos pos = pos_of(r, r->event.start_mark);
    int id = pp_index_find(&r->anchor_names, name);
    if (id < 0 || r->anchors.v[id].open) {
        pp_diag *e = fail(r, PP_E_YAML, pos,
                          id < 0 ? "an alias without its anchor" : "an alias inside its anchor");
        e->found = pp_fmt(r->d->arena, "*%s", name);
        if (id < 0)
            e->hint = "define it before with &, or write the operator \"*\" in quotes";
        return;
    }
    const anchor *a = &r->anchors.v[id];
    r->expanded += a->total;
    if (r->expanded > PP_YAML_MAX_NODES)
        fail(r, PP_E_YAML, pos, "aliases expand to more than 100000 nodes");
    else
        place(r, a->node, a->total);
}

static void begin(reader *r, pp_yaml_kind kind, const yaml_char_t *anchor_name,
                  const yaml_char_t *tag)
{
    pp_yaml *n = new_node(r, kind);
    refuse_tag(r, tag);
    if (r->depth == PP_YAML_MAX_DEPTH) {
        fail(r, PP_E_YAML, n->pos, "nesting is deeper than 64");
        return;
    }
    r->stack[r->depth++] = (level){.node = n, .anchor = open_anchor(r, anchor_name, n), .total = 1};
}

static void end(reader *r)
{
    level top = r->stack[--r->depth];
    top.node->n = top.items.n;
    top.node->items = top.items.v;
    top.node->keys = top.keys.v;
    if (top.anchor >= 0) {
        r->anchors.v[top.anchor].total = top.total;
        r->anchors.v[top.anchor].open = false;
    }
    place(r, top.node, top.total);
}

static void refuse_second_document(reader *r)
{
    if (r->root)
        fail(r, PP_E_YAML, pos_of(r, r->event.start_mark), "a second document in the file")->hint =
            "a Play is one document: remove it, and the --- or ... before it";
}

static void take_event(reader *r)
{
    const yaml_event_t *e = &r->event;
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        refuse_second_document(r);
        break;
    case YAML_SCALAR_EVENT:
        scalar(r);
        break;
    case YAML_ALIAS_EVENT:
        alias(r);
        break;
    case YAML_SEQUENCE_START_EVENT:
        begin(r, PP_YAML_SEQ, e->data.sequence_start.anchor, e->data.sequence_start.tag);
        break;
    case YAML_MAPPING_START_EVENT:
        begin(r, PP_YAML_MAP, e->data.mapping_start.anchor, e->data.mapping_start.tag);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        end(r);
        break;
    default:
        break;
    }
}

static void read_events(reader *r)
{
    bool more = true;
    while (more && !r->failed) {
        if (!yaml_parser_parse(&r->parser, &r->event)) {
            parser_failed(r);
            return;
        }
        more = r->event.type != YAML_STREAM_END_EVENT;
        take_event(r);
        yaml_event_delete(&r->event);
    }
    if (!r->root && !r->failed)
        fail(r, PP_E_YAML, (pp_pos){r->file, 1, 1}, "the file holds nothing");
}

size_t pp_yaml_mark(const char *text, size_t size)
{
    return size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

pp_yaml *pp_yaml_parse(pp_diags *d, const char *name, const char *text, size_t size)
{
    reader *r = PP_NEW(d->arena, reader);
    *r = (reader){.d = d, .file = pp_strdup(d->arena, name), .text = text, .size = size};
    if (size > PP_YAML_MAX_BYTES) {
        fail(r, PP_E_YAML, (pp_pos){r->file, 0, 0}, "the file is larger than 8 MiB");
        return NULL;
    }
    size_t mark = pp_yaml_mark(text, size);
    r->text = text += mark;
    r->size = size -= mark;
    const char *nul = size ? memchr(text, 0, size) : NULL;
    if (nul) {
        fail(r, PP_E_YAML, pos_of_offset(r, (size_t)(nul - text)), "a NUL byte in the file")->hint =
            "save the file as UTF-8 text";
        return NULL;
    }
    if (!yaml_parser_initialize(&r->parser)) {
        fail(r, PP_E_MEMORY, (pp_pos){r->file, 0, 0}, "no memory to read the file");
        return NULL;
    }
    pp_arena_defer(d->arena, release, r);
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)text, size);
    read_events(r);
    release(r);
    return r->failed ? NULL : r->root;
}
