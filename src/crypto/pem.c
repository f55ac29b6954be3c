/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pem.h"
#include "base/cursor.h"
#include "base/encoding.h"

#include <stdio.h>

enum { PEM_LABEL_MAX = 64 };

static struct slice without_blanks_at_end(struct slice line)
{
    while (line.len > 0 && (line.data[line.len - 1] == '\r' || line.data[line.len - 1] == ' ' ||
                            line.data[line.len - 1] == '\t'))
        line.len--;
    return line;
}

/* The next line, with or without '\n' at the end of the text. */
static bool next_line(struct cursor *c, struct slice *line)
{
    struct cursor at = *c;

    if (cursor_left(c) == 0)
        return false;
    *line = cursor_line(&at);
    if (at.failed)
        *line = cursor_take(c, cursor_left(c));
    else
        *c = at;
    *line = without_blanks_at_end(*line);
    return true;
}

int base64_parse_lines(struct slice text, struct buf *out)
{
    struct buf compact;
    int result = -1;

    buf_init(&compact);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
            buf_putc(&compact, c);
    }
    if (compact.failed)
        out->failed = true;
    else
        result = base64_parse(buf_slice(&compact), out);
    buf_fini_secret(&compact); /* it may have been a private key */
    return result;
}

int pem_next(struct slice *text, const char *label, struct buf *der, struct err *e)
{
    char begin[PEM_LABEL_MAX + 20];
    char end[PEM_LABEL_MAX + 20];
    struct slice line = {0};
    struct cursor c;
    size_t number = 0;

    snprintf(begin, sizeof(begin), "-----BEGIN %s-----", label);
    snprintf(end, sizeof(end), "-----END %s-----", label);
    cursor_init(&c, *text);
    while (next_line(&c, &line)) {
        number++;
        if (slice_is(line, begin))
            break;
        line = slice_of(NULL, 0);
    }
    if (!line.data || !slice_is(line, begin))
        return 0;
    size_t from = c.at;
    size_t begun = number;
    size_t to = from;
    bool ended = false;
    while (!ended && next_line(&c, &line)) {
        ended = slice_is(line, end);
        if (!ended)
            to = c.at;
    }
    buf_reset(der);
    if (!ended || base64_parse_lines(slice_of(text->data + from, to - from), der) != 0) {
        if (der->failed)
            return buf_check(der, e);
        err_set(e, ERR_INPUT, "pem.syntax", "RFC 7468 section 3",
                ended ? "the block %s is not base64" : "the block %s has no end", label);
        return err_where(e, "line %zu", begun);
    }
    *text = slice_of(text->data + c.at, text->len - c.at);
    return 1;
}

void pem_put(struct buf *b, const char *label, struct slice der)
{
    struct buf text;

    buf_init(&text);
    base64_put(&text, der);
    buf_printf(b, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; at < text.len; at += 64) {
        buf_put(b, text.data + at, text.len - at < 64 ? text.len - at : 64);
        buf_putc(b, '\n');
    }
    buf_printf(b, "-----END %s-----\n", label);
    if (text.failed)
        b->failed = true;
    buf_fini_secret(&text);
}
