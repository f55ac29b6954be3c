/* SPDX-License-Identifier: Apache-2.0 */
/* What tests and schema find, with its place, in the result's arena. */
#include "csaf/validate/findings.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

void csaf_no_memory(struct csaf_validation *v)
{
    err_memory(v->e);
}

static char *format_text(struct csaf_validation *v, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

static char *format_text(struct csaf_validation *v, const char *format, va_list arguments)
{
    char text[2048];
    int len = vsnprintf(text, sizeof text, format, arguments);
    if (len >= (int)sizeof text) /* never half a character */
        text[utf8_cut(slice_of(text, sizeof text - 1), sizeof text - 1)] = '\0';
    char *copy = arena_strdup(v->kept_arena, text);
    if (!copy)
        csaf_no_memory(v);
    return copy;
}

static struct csaf_finding *next(struct csaf_validation *v, enum csaf_severity severity, bool fails)
{
    v->count++;
    v->failures += fails;
    if (v->kept == CSAF_FINDINGS_KEPT || err_is_set(v->e))
        return NULL;
    if (v->kept == v->room) {
        size_t room = v->room ? v->room * 2 : 8;
        struct csaf_finding *more = arena_new(v->kept_arena, room, sizeof *more);
        if (!more) {
            csaf_no_memory(v);
            return NULL;
        }
        if (v->kept)
            memcpy(more, v->findings, v->kept * sizeof *more);
        v->findings = more;
        v->room = room;
    }
    struct csaf_finding *f = &v->findings[v->kept++];
    *f = (struct csaf_finding){.severity = severity, .pointer = "", .text = ""};
    return f;
}

/* Fills in where: at, and behind it the members or indices of under. */
static void place(struct csaf_validation *v, struct csaf_finding *f, const struct json_value *at,
                  const char *slash, struct slice under, bool escape)
{
    struct buf pointer;

    buf_init(&pointer);
    json_pointer(v->doc, at, &pointer);
    buf_puts(&pointer, slash);
    for (size_t i = 0; i < under.len; i++) {
        if (escape && under.data[i] == '~')
            buf_puts(&pointer, "~0");
        else if (escape && under.data[i] == '/')
            buf_puts(&pointer, "~1");
        else
            buf_putc(&pointer, under.data[i]);
    }
    char *copy = pointer.failed
                     ? NULL
                     : arena_copy(v->kept_arena, pointer.data ? pointer.data : (const uint8_t *)"",
                                  pointer.len);
    buf_fini(&pointer);
    if (!copy) {
        csaf_no_memory(v);
        return;
    }
    f->pointer = copy;
    json_place(v->doc, at, &f->line, &f->column);
}

static void find(struct csaf_validation *v, enum csaf_severity severity, bool fails,
                 const struct json_value *at, const char *under, const char *format,
                 va_list arguments) __attribute__((format(printf, 6, 0)));

static void find(struct csaf_validation *v, enum csaf_severity severity, bool fails,
                 const struct json_value *at, const char *under, const char *format,
                 va_list arguments)
{
    struct csaf_finding *f = next(v, severity, fails);

    v->last = f;
    if (!f)
        return;
    place(v, f, at, under ? "/" : "", slice_str(under), false);
    char *text = format_text(v, format, arguments);
    if (text)
        f->text = text;
}

void csaf_find(struct csaf_validation *v, const struct json_value *at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    find(v, v->severity, true, at, NULL, format, arguments);
    va_end(arguments);
}

void csaf_find_under(struct csaf_validation *v, const struct json_value *at, const char *under,
                     const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    find(v, v->severity, true, at, under, format, arguments);
    va_end(arguments);
}

void csaf_find_warning(struct csaf_validation *v, const struct json_value *at, const char *format,
                       ...)
{
    va_list arguments;
    va_start(arguments, format);
    find(v, CSAF_WARNING, false, at, NULL, format, arguments);
    va_end(arguments);
}

void csaf_suggest(struct csaf_validation *v, const char *format, ...)
{
    va_list arguments;
    if (!v->last)
        return;
    va_start(arguments, format);
    v->last->hint = format_text(v, format, arguments);
    va_end(arguments);
}

void csaf_not_run(struct csaf_validation *v, const char *reason)
{
    v->not_run = reason;
}

int csaf_find_fault(void *context, const struct json_schema_fault *fault)
{
    struct csaf_validation *v = context;
    struct csaf_finding *f = next(v, CSAF_ERROR, v->severity == CSAF_ERROR);

    v->last = f;
    if (f) {
        /* what is not allowed has a value of its own; what is missing has none */
        bool missing = strcmp(fault->keyword, "required") == 0;
        place(v, f, fault->at, missing ? "/" : "", missing ? fault->member : slice_of(NULL, 0),
              missing);
        f->keyword = arena_strdup(v->kept_arena, fault->keyword);
        char *text = arena_strdup(v->kept_arena, fault->text);
        if (!f->keyword || !text)
            csaf_no_memory(v);
        else
            f->text = text;
    }
    return err_is_set(v->e) ? -1 : 0;
}

static const char *quote(struct csaf_validation *v, struct slice text, size_t most)
{
    bool cut = text.len > most;
    size_t len = utf8_cut(text, most);
    char *out = arena_alloc(v->arena, len + 8);

    if (!out) {
        csaf_no_memory(v);
        return "\"\"";
    }
    out[0] = '"';
    for (size_t i = 0; i < len; i++)
        out[i + 1] = (char)(text.data[i] < ' ' || text.data[i] == 0x7f ? '?' : text.data[i]);
    memcpy(out + 1 + len, cut ? "…\"" : "\"", cut ? 5 : 2);
    return out;
}

const char *csaf_quote(struct csaf_validation *v, struct slice text)
{
    return quote(v, text, 60);
}

const char *csaf_quote_whole(struct csaf_validation *v, struct slice text)
{
    return quote(v, text, text.len);
}

void csaf_find_begin(struct csaf_validation *v, enum csaf_severity severity)
{
    v->findings = NULL;
    v->last = NULL;
    v->kept = v->room = v->count = v->failures = 0;
    v->not_run = NULL;
    v->severity = severity;
}

int csaf_pattern_matches(struct csaf_validation *v, const char *pattern, struct slice text,
                         bool *matches)
{
    struct err e = {0};

    if (json_pattern_matches(pattern, text, matches, &e) == 0)
        return 0;
    if (e.kind == ERR_MEMORY)
        csaf_no_memory(v);
    else if (e.kind == ERR_LIMIT) { /* no id is as long as that */
        *matches = false;
        return 0;
    }
    return -1;
}
