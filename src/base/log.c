/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"

#include <stdio.h>
#include <unistd.h>

static const char *process_name = "tocsin";
static enum log_level least_level = LOG_LEVEL_INFO;

void log_setup(const char *process, enum log_level least)
{
    process_name = process;
    least_level = least;
}

static bool plain(const char *text)
{
    if (!*text)
        return false;
    for (const uint8_t *c = (const uint8_t *)text; *c; c++)
        if (*c <= ' ' || *c >= 0x7F || *c == '"' || *c == '=' || *c == '\\')
            return false;
    return true;
}

/* As a JSON string, with all controls escaped; what is not UTF-8 becomes U+FFFD. */
static void put_text(struct buf *b, const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    const uint8_t *end = at + strlen(text);

    if (plain(text)) {
        buf_puts(b, text);
        return;
    }
    buf_putc(b, '"');
    while (at < end) {
        size_t len = utf8_length(at, end);
        uint32_t point = len ? utf8_decode(at, len) : 0xFFFD;
        if (point == '"' || point == '\\')
            buf_printf(b, "\\%c", (int)point);
        else if (point < ' ' || (point >= 0x7F && point < 0xA0) || len == 0)
            buf_printf(b, "\\u%04x", (unsigned)point);
        else
            buf_put(b, at, len);
        at += len ? len : 1;
    }
    buf_putc(b, '"');
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields,
                size_t count)
{
    static const char *const names[] = {"debug", "info", "warning", "error"};
    char now[TIME_TEXT];
    struct buf line;

    if (level < least_level)
        return;
    buf_init(&line);
    time_format(clock_now(&clock_system), now);
    buf_printf(&line, "%s %s %s %s", now, names[level], process_name, event);
    for (size_t i = 0; i < count; i++) {
        buf_printf(&line, " %s=", fields[i].name);
        if (fields[i].text)
            put_text(&line, fields[i].text);
        else
            buf_printf(&line, "%lld", fields[i].number);
    }
    buf_putc(&line, '\n');
    if (!line.failed && file_write_all(STDERR_FILENO, line.data, line.len) != 0) {
        /* nowhere left to say so */
    }
    buf_fini(&line);
}

void log_err(enum log_level level, const char *event, const struct err *e)
{
    log_line(level, event, LOG_S("code", e->code), LOG_S("text", e->text), LOG_S("where", e->where),
             LOG_S("clause", e->clause));
}
