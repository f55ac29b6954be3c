/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/convert.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "csaf/convert/convert_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { VALUE_MOST = 200, TEXT_MOST = 600, MEMBERS_MOST = 64 };

const char *csaf_convert_kind_name(enum csaf_convert_kind kind)
{
    static const char *const names[] = {"warning", "loss", "fault"};
    return names[kind];
}

bool convert_failed(const struct converter *c)
{
    return err_is_set(c->e);
}

struct slice convert_slice(struct converter *c, struct buf *b)
{
    void *copy = b->failed ? NULL : arena_copy(&c->arena, b->data, b->len);
    struct slice text = slice_of(copy ? copy : "", copy ? b->len : 0);
    if (!copy)
        err_memory(c->e);
    buf_fini(b);
    return text;
}

/* --- what is told --- */

void convert_pointer_token(struct buf *out, struct slice name)
{
    buf_putc(out, '/');
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '~' || name.data[i] == '/')
            buf_puts(out, name.data[i] == '~' ? "~0" : "~1");
        else
            buf_putc(out, name.data[i]);
    }
}

/* Climbs to the root: as many steps as the document is deep. */
void convert_pointer(const struct node *n, struct buf *out)
{
    const struct node *path[JSON_POINTER_DEPTH];
    size_t depth = 0;
    for (;;) {
        while (!n->home && n->source)
            n = n->source;
        if (!n->home || depth == JSON_POINTER_DEPTH)
            break;
        path[depth++] = n;
        n = n->home;
    }
    while (depth-- > 0) {
        if (path[depth]->name)
            convert_pointer_token(out, node_name(path[depth]));
        else
            buf_printf(out, "/%u", path[depth]->index);
    }
}

static int lines_find(struct converter *c)
{
    size_t count = 1;
    for (size_t i = 0; i < c->input.len; i++)
        count += c->input.data[i] == '\n';
    c->lines = arena_new(&c->arena, count, sizeof *c->lines);
    if (!c->lines)
        return err_memory(c->e);
    for (size_t i = 0, at = 1; i < c->input.len; i++)
        if (c->input.data[i] == '\n')
            c->lines[at++] = i + 1;
    c->line_count = count;
    return 0;
}

static void place_of(const struct converter *c, size_t offset, size_t *line, size_t *column)
{
    size_t low = 0, high = c->line_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (c->lines[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    *line = low + 1;
    *column = offset - c->lines[low] + 1;
}

/* One line: what would steer a terminal is '?', as in struct err. */
static const char *clean(struct converter *c, const char *text)
{
    struct buf b;
    buf_init(&b);
    for (const uint8_t *at = (const uint8_t *)text, *end = at + strlen(text); at < end;) {
        size_t len = utf8_length(at, end);
        uint32_t point = len ? utf8_decode(at, len) : 0;
        if (len == 0 || point < 0x20 || (point >= 0x7f && point < 0xa0))
            buf_putc(&b, '?');
        else
            buf_put(&b, at, len);
        at += len ? len : 1;
    }
    const char *copy = b.failed ? NULL : arena_strdup(&c->arena, buf_text(&b));
    buf_fini(&b);
    if (!copy)
        err_memory(c->e);
    return copy;
}

static void tell(struct converter *c, enum csaf_convert_kind kind, const char *rule,
                 const struct node *n, struct slice value, const char *format, va_list list)
    __attribute__((format(printf, 6, 0)));

static void tell(struct converter *c, enum csaf_convert_kind kind, const char *rule,
                 const struct node *n, struct slice value, const char *format, va_list list)
{
    if (convert_failed(c))
        return;
    if (!n)
        n = c->root; /* about what is not there */
    if (c->finding_count == c->finding_room) {
        size_t room = c->finding_room ? 2 * c->finding_room : 64;
        void *grown = mem_resize(c->findings, room, sizeof *c->findings);
        if (!grown) {
            err_memory(c->e);
            return;
        }
        c->findings = grown;
        c->finding_room = room;
    }
    char text[TEXT_MOST];
    vsnprintf(text, sizeof text, format, list);
    struct csaf_convert_finding f = {.kind = kind, .rule = rule, .text = clean(c, text)};
    struct buf pointer;
    buf_init(&pointer);
    convert_pointer(n, &pointer);
    f.pointer = pointer.failed ? NULL : arena_strdup(&c->arena, buf_text(&pointer));
    buf_fini(&pointer);
    if (value.data) {
        size_t len = utf8_cut(value, VALUE_MOST);
        f.value = slice_of(arena_copy(&c->arena, value.data, len), len);
    }
    if (!f.text || !f.pointer || (value.data && !f.value.data)) {
        err_memory(c->e);
        return;
    }
    place_of(c, n->offset, &f.line, &f.column);
    c->findings[c->finding_count++] = f;
    size_t *counts[] = {&c->result.warnings, &c->result.losses, &c->result.faults};
    ++*counts[kind];
}

void convert_tell(struct converter *c, enum csaf_convert_kind kind, const char *rule,
                  const struct node *n, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    tell(c, kind, rule, n,
         node_is(n, JSON_STRING) || node_is(n, JSON_NUMBER) ? n->text : slice_of(NULL, 0), format,
         list);
    va_end(list);
}

void convert_tell_value(struct converter *c, enum csaf_convert_kind kind, const char *rule,
                        const struct node *n, struct slice value, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    tell(c, kind, rule, n, value, format, list);
    va_end(list);
}

/* --- writing --- */

static int by_name(const void *a, const void *b)
{
    const struct node *const *left = a, *const *right = b;
    return slice_compare(node_name(*left), node_name(*right));
}

/* As deep as the tree. Members by name: test 6.2.13 (sorting). */
static void write_node(struct json_writer *w, const struct node *n)
{
    const struct node *members[MEMBERS_MOST];
    size_t count = 0;
    switch ((enum json_type)n->type) {
    case JSON_STRING: json_write_slice(w, n->text.data ? n->text : slice_str("")); break;
    case JSON_NUMBER: json_write_raw(w, n->text); break;
    case JSON_ARRAY:
        json_write_array(w);
        node_each(child, n) write_node(w, child);
        json_write_array_end(w);
        break;
    case JSON_OBJECT:
        node_each(child, n) if (count < MEMBERS_MOST) members[count++] = child;
        qsort(members, count, sizeof(struct node *), by_name);
        json_write_object(w);
        for (size_t i = 0; i < count; i++) {
            json_write_name_slice(w, node_name(members[i]));
            write_node(w, members[i]);
        }
        json_write_object_end(w);
        break;
    default: json_write_null(w); break;
    }
}

/* --- all of it --- */

static int check_version(const struct json_doc *json, struct err *e)
{
    static const char clause[] = "CSAF 2.0 section 3.2.1.4";
    const struct json_value *document = json_get(json_root(json), "document");
    const struct json_value *version = json_get(document, "csaf_version");
    if (!json_is(document, JSON_OBJECT) || !version)
        return err_set(e, ERR_INPUT, "csaf.not-csaf", clause,
                       "this is JSON, but no CSAF document: it has no /document/csaf_version");
    if (!slice_is(json_string(version), "2.0")) {
        struct slice has = json_string(version);
        err_set(e, ERR_INPUT, "csaf.version", clause,
                "only CSAF 2.0 can be converted; this document says \"%.*s\"",
                (int)(has.len < 20 ? has.len : 20), has.data ? (const char *)has.data : "");
        return json_err_where(json, version, e);
    }
    return 0;
}

static void run(struct converter *c)
{
    void (*const parts[])(struct converter * c) = {convert_document, convert_branches,
                                                   convert_products, convert_vulnerabilities,
                                                   convert_notes,    convert_profile};
    for (size_t i = 0; i < ARRAY_LEN(parts) && !convert_failed(c); i++)
        parts[i](c);
}

static void write_result(struct converter *c)
{
    struct json_writer w;
    json_write_init(&w, &c->out, 2);
    write_node(&w, c->root);
    buf_putc(&c->out, '\n');
    if (buf_check(&c->out, c->e) != 0)
        return;
    convert_judge(c);
    c->result.text = buf_slice(&c->out);
    c->result.findings = c->findings;
    c->result.finding_count = c->finding_count;
}

static void free_all(struct converter *c)
{
    map_fini(&c->products);
    map_fini(&c->groups);
    json_doc_free(c->json);
    mem_free(c->findings);
    mem_free(c->list);
    buf_fini(&c->out);
    arena_fini(&c->arena);
    mem_free(c);
}

int csaf_convert(struct csaf_conversion **out, struct slice text,
                 const struct csaf_convert_options *options, struct err *e)
{
    struct json_limits limits = json_limits_advisory;
    limits.values = CSAF_CONVERT_VALUES;
    struct converter *c = mem_new(1, sizeof *c);
    if (!c)
        return err_memory(e);
    arena_init(&c->arena, 0);
    buf_init(&c->out);
    map_init(&c->products);
    map_init(&c->groups);
    c->options = options ? *options : (struct csaf_convert_options){.now = INT64_MAX};
    c->input = text;
    c->e = e;
    if (json_parse(&c->json, text, &limits, e) == 0 && check_version(c->json, e) == 0 &&
        lines_find(c) == 0 && convert_read(c) == 0) {
        run(c);
        if (!convert_failed(c))
            write_result(c);
    }
    if (convert_failed(c)) {
        free_all(c);
        return -1;
    }
    *out = &c->result; /* the first member of the converter, which owns it */
    return 0;
}

void csaf_conversion_free(struct csaf_conversion *c)
{
    if (c)
        free_all((struct converter *)(void *)c);
}
