/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a text that is not JSON: the place, the clause, and what would be right. */
#include "base/json_internal.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

enum { QUOTED = 64, WHERE_POINTER = 180 };

static const char grammar[] = "RFC 8259 section 2";

/* A name, cut short; that it is fit for a terminal is the care of struct err. */
static void shorten(char out[QUOTED], struct slice name)
{
    size_t cut = utf8_cut(name, QUOTED - 5);

    snprintf(out, QUOTED, "%.*s%s", (int)cut, (const char *)name.data, cut < name.len ? "..." : "");
}

static void describe(char out[QUOTED], const struct json_reader *r, const uint8_t *at)
{
    const uint8_t *end = r->text.data + r->text.len;

    if (at >= end)
        snprintf(out, QUOTED, "the end of the text");
    else if (*at > ' ' && *at < 0x7F)
        snprintf(out, QUOTED, "'%c'", *at);
    else
        snprintf(out, QUOTED, "the byte 0x%02X", *at);
}

void json_pointer_name(struct buf *out, struct slice name)
{
    buf_putc(out, '/');
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '~')
            buf_puts(out, "~0");
        else if (name.data[i] == '/')
            buf_puts(out, "~1");
        else
            buf_putc(out, name.data[i]);
    }
}

int json_set_where(size_t line, size_t column, const struct buf *pointer, struct err *e)
{
    struct slice tail = buf_slice(pointer);
    bool cut = tail.len > WHERE_POINTER;

    if (pointer->failed || tail.len == 0)
        return err_where(e, "line %zu column %zu", line, column);
    if (cut) { /* the end of a pointer says more than its beginning */
        size_t from = tail.len - WHERE_POINTER;
        while (from < tail.len && (tail.data[from] & 0xC0) == 0x80)
            from++;
        tail = slice_of(tail.data + from, tail.len - from);
    }
    return err_where(e, "line %zu column %zu (%s%.*s)", line, column, cut ? "..." : "",
                     SLICE_ARG(tail));
}

/* The pointer of the open container, and of the value that comes next in it if that is wanted. */
static void put_pointer(const struct json_reader *r, enum json_here here, struct buf *out)
{
    uint32_t chain[JSON_DEPTH_MOST];
    size_t depth = 0;

    for (uint32_t slot = r->open; slot != JSON_NO_SLOT; slot = r->values[slot].span)
        chain[depth++] = slot;
    while (depth-- > 0) {
        const struct json_value *v = &r->values[chain[depth]];
        if (v->span == JSON_NO_SLOT)
            continue;
        if (v->size & JSON_MEMBER)
            json_pointer_name(out, json_value_bytes(v - 1));
        else
            buf_printf(out, "/%zu", json_value_size(&r->values[v->span]) - 1);
    }
    if (here == JSON_HERE_CONTAINER || r->open == JSON_NO_SLOT)
        return;
    if (json_value_type(&r->values[r->open]) == JSON_OBJECT)
        json_pointer_name(out, json_value_bytes(&r->values[r->used - 1]));
    else
        buf_printf(out, "/%zu", json_value_size(&r->values[r->open]));
}

static int put_where(struct json_reader *r, const uint8_t *at, enum json_here here)
{
    struct buf pointer;
    size_t line;
    size_t column;

    buf_init(&pointer);
    put_pointer(r, here, &pointer);
    json_place_of(r->text, (size_t)(at - r->text.data), &line, &column);
    json_set_where(line, column, &pointer, r->e);
    buf_fini(&pointer);
    return -1;
}

int json_fault(struct json_reader *r, const uint8_t *at, enum json_here here, enum err_kind kind,
               const char *code, const char *clause, const char *format, ...)
{
    char text[sizeof(r->e->text)];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    err_set(r->e, kind, code, clause, "%s", text);
    return put_where(r, at, here);
}

static bool begins(const struct json_reader *r, const uint8_t *at, const char *word)
{
    size_t left = (size_t)(r->text.data + r->text.len - at);
    size_t len = strlen(word);

    return left >= len && strncasecmp((const char *)at, word, len) == 0;
}

/* What is no JSON at all says by its first bytes what it is. */
static bool hint_file(struct json_reader *r)
{
    static const struct {
        const char *magic, *hint;
    } kinds[] = {
        {"<", "this looks like HTML or XML: was a web page saved in place of the document?"},
        {"\x1f\x8b", "this is compressed (gzip): unpack it first"},
        {"BZh", "this is compressed (bzip2): unpack it first"},
        {"\xfd"
         "7zXZ",
         "this is compressed (xz): unpack it first"},
        {"\x28\xb5\x2f\xfd", "this is compressed (zstd): unpack it first"},
        {"PK\x03\x04", "this is a ZIP archive: unpack it first"},
        {"%PDF", "this is a PDF document"}};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (begins(r, r->text.data, kinds[i].magic)) {
            err_hint(r->e, "%s", kinds[i].hint);
            return true;
        }
    uint8_t first = r->text.data[0];
    if (first < 0x20 || first == 0x7f || !utf8_length(r->text.data, r->text.data + r->text.len)) {
        err_hint(r->e, "this is no text");
        return true;
    }
    return false;
}

/* The mistakes that people make, and what to write in their place. */
static void hint_value(struct json_reader *r, const uint8_t *at)
{
    if (at == r->text.data && hint_file(r))
        return;
    if (begins(r, at, "'"))
        err_hint(r->e, "put strings in double quotes");
    else if (begins(r, at, "//") || begins(r, at, "/*") || begins(r, at, "#"))
        err_hint(r->e, "remove the comment: JSON has none");
    else if (begins(r, at, "nan") || begins(r, at, "inf"))
        err_hint(r->e, "JSON has no such number: write null or a string");
    else if (begins(r, at, "true") || begins(r, at, "false") || begins(r, at, "null"))
        err_hint(r->e, "write true, false and null in lower case");
    else if (begins(r, at, "none") || begins(r, at, "undefined"))
        err_hint(r->e, "write null");
    else if (begins(r, at, "+"))
        err_hint(r->e, "write a positive number without a sign");
    else if (begins(r, at, "."))
        err_hint(r->e, "write a zero before the decimal point");
    else if (begins(r, at, "]") || begins(r, at, "}"))
        err_hint(r->e, "remove the comma before it, or add the missing value");
}

/* The marks of UTF-16 and UTF-32, or the zeros that they put beside an ASCII character. */
static bool is_wide(struct slice text)
{
    return text.len >= 2 &&
           (memcmp(text.data, "\xFF\xFE", 2) == 0 || memcmp(text.data, "\xFE\xFF", 2) == 0 ||
            !text.data[0] || !text.data[1]);
}

static bool fault_wide(struct json_reader *r, const uint8_t *at, enum json_here here)
{
    if (at - r->text.data > 1 || !is_wide(r->text))
        return false;
    json_fault(r, r->text.data, here, ERR_INPUT, "json.utf8", "RFC 8259 section 8.1",
               "the text is not in UTF-8 but seems to be in UTF-16 or UTF-32");
    err_hint(r->e, "save the file as UTF-8");
    return true;
}

int json_fault_value(struct json_reader *r, const uint8_t *at)
{
    const uint8_t *end = r->text.data + r->text.len;
    char found[QUOTED];

    if (r->open == JSON_NO_SLOT && r->used == 0 && at == end)
        return json_fault(r, at, JSON_HERE_VALUE, ERR_INPUT, "json.syntax", grammar,
                          "the text is empty: a JSON text is one value");
    if (at == r->text.data && end - at >= 3 && memcmp(at, "\xEF\xBB\xBF", 3) == 0) {
        json_fault(r, at, JSON_HERE_VALUE, ERR_INPUT, "json.syntax", "RFC 8259 section 8.1",
                   "the text begins with a byte order mark");
        return err_hint(r->e, "save the file as UTF-8 without a byte order mark");
    }
    if (fault_wide(r, at, JSON_HERE_VALUE))
        return -1;
    describe(found, r, at);
    json_fault(r, at, JSON_HERE_VALUE, ERR_INPUT, "json.syntax", "RFC 8259 section 3",
               "expected a value, found %s", found);
    if (at < end)
        hint_value(r, at);
    return -1;
}

int json_fault_name(struct json_reader *r, const uint8_t *at, bool after_comma)
{
    char found[QUOTED];

    if (fault_wide(r, at, JSON_HERE_CONTAINER))
        return -1;
    describe(found, r, at);
    json_fault(r, at, JSON_HERE_CONTAINER, ERR_INPUT, "json.syntax", "RFC 8259 section 4",
               after_comma ? "expected a name in double quotes after ',', found %s"
                           : "expected a name in double quotes or '}', found %s",
               found);
    if (after_comma && at < r->text.data + r->text.len && *at == '}')
        err_hint(r->e, "remove the comma before '}'");
    else if (at < r->text.data + r->text.len)
        err_hint(r->e, "put the names of members in double quotes");
    return -1;
}

int json_fault_colon(struct json_reader *r, const uint8_t *at)
{
    char found[QUOTED];
    char name[QUOTED];

    describe(found, r, at);
    shorten(name, json_value_bytes(&r->values[r->used - 1]));
    return json_fault(r, at, JSON_HERE_VALUE, ERR_INPUT, "json.syntax", "RFC 8259 section 4",
                      "expected ':' after the name \"%s\", found %s", name, found);
}

int json_fault_after(struct json_reader *r, const uint8_t *at)
{
    const struct json_value *open = &r->values[r->open];
    char found[QUOTED];
    char name[QUOTED];
    size_t line;
    size_t column;

    describe(found, r, at);
    if (json_value_type(open) == JSON_OBJECT) {
        shorten(name, json_value_bytes(&r->values[open->end - 1]));
        json_fault(r, at, JSON_HERE_CONTAINER, ERR_INPUT, "json.syntax", "RFC 8259 section 4",
                   "expected ',' or '}' after the value of \"%s\", found %s", name, found);
    } else {
        json_fault(r, at, JSON_HERE_CONTAINER, ERR_INPUT, "json.syntax", "RFC 8259 section 5",
                   "expected ',' or ']' after element %zu, found %s", json_value_size(open) - 1,
                   found);
    }
    json_place_of(r->text, json_value_offset(open), &line, &column);
    return err_hint(r->e, "the %s was opened at line %zu column %zu",
                    json_value_type(open) == JSON_OBJECT ? "object" : "array", line, column);
}

int json_fault_behind(struct json_reader *r, const uint8_t *at)
{
    char found[QUOTED];

    describe(found, r, at);
    return json_fault(r, at, JSON_HERE_CONTAINER, ERR_INPUT, "json.syntax", grammar,
                      "expected the end of the text behind its one value, found %s", found);
}

int json_fault_string(struct json_reader *r, const uint8_t *at, const uint8_t *opening,
                      enum json_here here)
{
    const uint8_t *end = r->text.data + r->text.len;
    size_t line;
    size_t column;

    if (at == end) {
        json_place_of(r->text, (size_t)(opening - r->text.data), &line, &column);
        return json_fault(r, at, here, ERR_INPUT, "json.syntax", "RFC 8259 section 7",
                          "the text ends inside the string that began at line %zu column %zu", line,
                          column);
    }
    if (*at >= 0x80) {
        bool surrogate = *at == 0xED && end - at >= 2 && at[1] >= 0xA0 && at[1] <= 0xBF;
        return json_fault(r, at, here, ERR_INPUT, "json.utf8", "RFC 8259 section 8.1; RFC 3629",
                          "the byte 0x%02X is not well-formed UTF-8 here%s", *at,
                          surrogate ? ": surrogates have no place in UTF-8" : "");
    }
    json_fault(r, at, here, ERR_INPUT, "json.syntax", "RFC 8259 section 7",
               "the control character 0x%02X stands in a string without an escape", *at);
    if (*at == '\n' || *at == '\r')
        return err_hint(r->e, "write \\n, or close the string before the line ends");
    return err_hint(r->e, "write it as \\u%04x", *at);
}

int json_fault_escape(struct json_reader *r, const uint8_t *at, enum json_decode why,
                      enum json_here here)
{
    char found[QUOTED];

    describe(found, r, at + 1);
    if (why == JSON_LONE_SURROGATE)
        return json_fault(r, at, here, ERR_INPUT, "json.surrogate", "RFC 8259 section 8.2",
                          "the escape %.6s is half of a surrogate pair, without its other half",
                          (const char *)at);
    if (why == JSON_BAD_HEX)
        return json_fault(r, at, here, ERR_INPUT, "json.syntax", "RFC 8259 section 7",
                          "four hexadecimal digits must follow \\u");
    json_fault(r, at, here, ERR_INPUT, "json.syntax", "RFC 8259 section 7",
               "there is no escape with %s behind the backslash", found);
    return err_hint(r->e, "write a backslash itself as \\\\");
}

int json_fault_twice(struct json_reader *r, const struct json_value *name)
{
    char shown[QUOTED];
    struct buf pointer;
    size_t line;
    size_t column;

    shorten(shown, json_value_bytes(name));
    err_set(r->e, ERR_INPUT, "json.duplicate-name", "RFC 8259 section 4",
            "the name \"%s\" stands twice in one object", shown);
    buf_init(&pointer);
    put_pointer(r, JSON_HERE_CONTAINER, &pointer);
    json_pointer_name(&pointer, json_value_bytes(name));
    json_place_of(r->text, json_value_offset(name), &line, &column);
    json_set_where(line, column, &pointer, r->e);
    buf_fini(&pointer);
    return -1;
}
