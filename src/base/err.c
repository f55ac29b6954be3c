/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * Messages quote what outsiders wrote, and end on terminals and in logs: controls (C0, DEL, C1) and
 * what is not UTF-8 (also a character cut in half by the end of the field) become '?'.
 */
static void make_printable(char *text)
{
    uint8_t *at = (uint8_t *)text;
    const uint8_t *end = at + strlen(text);
    uint8_t *to = at;

    while (at < end) {
        size_t len = utf8_length(at, end);
        bool control = *at < ' ' || *at == 0x7F || (*at == 0xC2 && at[1] < 0xA0);
        if (len == 0 || control) {
            *to++ = '?';
            at += len ? len : 1;
        } else {
            memmove(to, at, len);
            to += len;
            at += len;
        }
    }
    *to = '\0';
}

void err_clear(struct err *e)
{
    memset(e, 0, sizeof(*e));
}

int err_set(struct err *e, enum err_kind kind, const char *code, const char *clause,
            const char *format, ...)
{
    va_list args;

    if (err_is_set(e))
        return -1;
    err_clear(e);
    e->kind = kind;
    snprintf(e->code, sizeof(e->code), "%s", code);
    snprintf(e->clause, sizeof(e->clause), "%s", clause ? clause : "");
    va_start(args, format);
    vsnprintf(e->text, sizeof(e->text), format, args);
    va_end(args);
    make_printable(e->text);
    return -1;
}

int err_errno(struct err *e, int errno_value, const char *code, const char *format, ...)
{
    char what[320];
    char reason[128];
    va_list args;

    if (err_is_set(e))
        return -1;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    const char *said = strerror_r(errno_value, reason, sizeof(reason));
    return err_set(e, ERR_SYSTEM, code, NULL, "%s: %s", what, said);
}

int err_memory(struct err *e)
{
    return err_set(e, ERR_MEMORY, "base.memory", NULL, "out of memory");
}

int err_context(struct err *e, const char *format, ...)
{
    char before[sizeof(e->where)];
    char context[160]; /* leaves room for the place itself */
    va_list args;

    va_start(args, format);
    vsnprintf(context, sizeof(context), format, args);
    va_end(args);
    memcpy(before, e->where, sizeof(before));
    size_t len = strlen(context);
    memcpy(e->where, context, len + 1);
    if (before[0])
        snprintf(e->where + len, sizeof(e->where) - len, ": %.*s",
                 (int)(sizeof(e->where) - len - 3), before);
    make_printable(e->where);
    return -1;
}

int err_where(struct err *e, const char *format, ...)
{
    va_list args;

    if (e->where[0])
        return -1;
    va_start(args, format);
    vsnprintf(e->where, sizeof(e->where), format, args);
    va_end(args);
    make_printable(e->where);
    return -1;
}

int err_hint(struct err *e, const char *format, ...)
{
    va_list args;

    if (e->hint[0])
        return -1;
    va_start(args, format);
    vsnprintf(e->hint, sizeof(e->hint), format, args);
    va_end(args);
    make_printable(e->hint);
    return -1;
}

int err_line(const struct err *e, char *line, unsigned long size)
{
    if (e->where[0] && e->clause[0])
        return snprintf(line, size, "%s (%s; %s)", e->text, e->where, e->clause);
    if (e->where[0] || e->clause[0])
        return snprintf(line, size, "%s (%s)", e->text, e->where[0] ? e->where : e->clause);
    return snprintf(line, size, "%s", e->text);
}

int err_exit_code(enum err_kind kind)
{
    switch (kind) {
    case ERR_NONE: return 0;
    case ERR_USAGE: return 2;
    case ERR_INPUT:
    case ERR_LIMIT:
    case ERR_VERIFY: return 1;
    case ERR_DENIED:
    case ERR_NOT_FOUND:
    case ERR_CONFLICT:
    case ERR_UNAVAILABLE:
    case ERR_SYSTEM:
    case ERR_MEMORY:
    case ERR_INTERNAL: return 3;
    }
    return 3;
}

int err_http_status(enum err_kind kind)
{
    switch (kind) {
    case ERR_NONE: return 200;
    case ERR_USAGE: return 400;
    case ERR_INPUT:
    case ERR_VERIFY: return 422;
    case ERR_DENIED: return 403;
    case ERR_NOT_FOUND: return 404;
    case ERR_CONFLICT: return 409;
    case ERR_LIMIT: return 413;
    case ERR_UNAVAILABLE:
    case ERR_MEMORY: return 503;
    case ERR_SYSTEM:
    case ERR_INTERNAL: return 500;
    }
    return 500;
}
