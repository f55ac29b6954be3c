/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_internal.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/utf8.h"

#include <math.h>

static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */

static void put_escape(struct buf *out, uint8_t c)
{
    static const char digits[] = "0123456789abcdef";
    static const char letters[] = "btn?fr"; /* 0x08 to 0x0D; 0x0B has none */
    char text[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};

    if (c == '"' || c == '\\') {
        text[1] = (char)c;
        buf_put(out, text, 2);
    } else if (c >= '\b' && c <= '\r' && c != '\v') {
        text[1] = letters[c - '\b'];
        buf_put(out, text, 2);
    } else {
        buf_put(out, text, sizeof(text));
    }
}

void json_put_string(struct buf *out, struct slice text)
{
    const uint8_t *at = text.data;
    const uint8_t *end = text.data + text.len;
    const uint8_t *plain = at; /* not yet written from here */

    buf_putc(out, '"');
    while (at < end) {
        size_t len = *at < 0x80 ? 1 : utf8_length(at, end);
        if (len == 0) {
            buf_put(out, plain, (size_t)(at - plain));
            buf_puts(out, replacement);
            plain = ++at;
        } else if (*at < ' ' || *at == '"' || *at == '\\') {
            buf_put(out, plain, (size_t)(at - plain));
            put_escape(out, *at);
            plain = ++at;
        } else {
            at += len;
        }
    }
    buf_put(out, plain, (size_t)(at - plain));
    buf_putc(out, '"');
}

void json_write_init(struct json_writer *w, struct buf *out, unsigned indent)
{
    *w = (struct json_writer){.out = out, .indent = indent, .first = true};
}

static void new_line(struct json_writer *w)
{
    static const char spaces[] = "                                ";
    size_t left = (size_t)w->indent * w->depth;

    if (w->indent == 0)
        return;
    buf_putc(w->out, '\n');
    for (; left > sizeof(spaces) - 1; left -= sizeof(spaces) - 1)
        buf_put(w->out, spaces, sizeof(spaces) - 1);
    buf_put(w->out, spaces, left);
}

/* What stands before a value or name: nothing behind a name, else a comma and a new line. */
static void begin(struct json_writer *w)
{
    if (w->named) {
        w->named = false;
        return;
    }
    if (w->depth > 0) {
        if (!w->first)
            buf_putc(w->out, ',');
        new_line(w);
    }
    w->first = false;
}

static void open_container(struct json_writer *w, char bracket)
{
    begin(w);
    buf_putc(w->out, bracket);
    w->depth++;
    w->first = true;
}

static void close_container(struct json_writer *w, char bracket)
{
    if (w->depth > 0)
        w->depth--;
    if (!w->first)
        new_line(w);
    buf_putc(w->out, bracket);
    w->first = false;
    w->named = false;
}

void json_write_object(struct json_writer *w)
{
    open_container(w, '{');
}

void json_write_object_end(struct json_writer *w)
{
    close_container(w, '}');
}

void json_write_array(struct json_writer *w)
{
    open_container(w, '[');
}

void json_write_array_end(struct json_writer *w)
{
    close_container(w, ']');
}

void json_write_name(struct json_writer *w, const char *name)
{
    json_write_name_slice(w, slice_str(name));
}

void json_write_name_slice(struct json_writer *w, struct slice name)
{
    begin(w);
    json_put_string(w->out, name);
    buf_puts(w->out, w->indent ? ": " : ":");
    w->named = true;
}

void json_write_string(struct json_writer *w, const char *text)
{
    json_write_slice(w, slice_str(text));
}

void json_write_slice(struct json_writer *w, struct slice text)
{
    if (!text.data) {
        json_write_null(w);
        return;
    }
    begin(w);
    json_put_string(w->out, text);
}

void json_write_int(struct json_writer *w, int64_t number)
{
    begin(w);
    buf_printf(w->out, "%lld", (long long)number);
}

void json_write_double(struct json_writer *w, double number)
{
    char text[JSON_NUMBER_TEXT];

    if (!isfinite(number)) {
        json_write_null(w);
        return;
    }
    begin(w);
    buf_put(w->out, text, json_number_format(number, text));
}

void json_write_bool(struct json_writer *w, bool value)
{
    begin(w);
    buf_puts(w->out, value ? "true" : "false");
}

void json_write_null(struct json_writer *w)
{
    begin(w);
    buf_puts(w->out, "null");
}

void json_write_raw(struct json_writer *w, struct slice json)
{
    begin(w);
    buf_put_slice(w->out, json);
}

/* Depth of recursion is the document's, at most JSON_DEPTH_MOST. */
void json_write_value(struct json_writer *w, const struct json_value *v)
{
    switch (json_type(v)) {
    case JSON_NULL: json_write_null(w); break;
    case JSON_FALSE: json_write_bool(w, false); break;
    case JSON_TRUE: json_write_bool(w, true); break;
    case JSON_NUMBER: json_write_raw(w, json_value_bytes(v)); break;
    case JSON_STRING: json_write_slice(w, json_value_bytes(v)); break;
    case JSON_ARRAY:
        json_write_array(w);
        json_each(item, v) json_write_value(w, item);
        json_write_array_end(w);
        break;
    case JSON_OBJECT:
        json_write_object(w);
        json_each(item, v)
        {
            json_write_name_slice(w, json_name(item));
            json_write_value(w, item);
        }
        json_write_object_end(w);
        break;
    }
}

void json_member_string(struct json_writer *w, const char *name, const char *text)
{
    json_write_name(w, name);
    json_write_string(w, text);
}

void json_member_slice(struct json_writer *w, const char *name, struct slice text)
{
    json_write_name(w, name);
    json_write_slice(w, text);
}

void json_member_int(struct json_writer *w, const char *name, int64_t number)
{
    json_write_name(w, name);
    json_write_int(w, number);
}

void json_member_bool(struct json_writer *w, const char *name, bool value)
{
    json_write_name(w, name);
    json_write_bool(w, value);
}

void json_member_time(struct json_writer *w, const char *name, int64_t time)
{
    char text[TIME_TEXT];

    time_format(time, text);
    json_member_string(w, name, text);
}

void json_member_hex(struct json_writer *w, const char *name, struct slice bytes)
{
    json_write_name(w, name);
    begin(w);
    buf_putc(w->out, '"');
    hex_put(w->out, bytes);
    buf_putc(w->out, '"');
}

void json_member_base64(struct json_writer *w, const char *name, struct slice bytes)
{
    json_write_name(w, name);
    begin(w);
    buf_putc(w->out, '"');
    base64_put(w->out, bytes);
    buf_putc(w->out, '"');
}
