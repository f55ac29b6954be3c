/* SPDX-License-Identifier: Apache-2.0 */
#include "base/visible.h"
#include "base/utf8.h"

#include <stdio.h>

size_t visible_next(struct slice *rest, bool newline, char out[VISIBLE_MOST])
{
    const uint8_t *at = rest->data;
    size_t len = utf8_length(at, at + rest->len), shown;
    uint32_t point = len ? utf8_decode(at, len) : 0xfffd;
    uint8_t bytes[4];
    if (len == 0)
        len = 1;
    *rest = slice_of(at + len, rest->len - len);
    if (point == '\t' || point == '\r' || point == '\n') {
        out[0] = point == '\n' && newline ? '\n' : ' ';
        return 1;
    }
    if (point < 0x20 || point == 0x7f) { /* as pictures of themselves */
        shown = utf8_encode(point == 0x7f ? 0x2421 : 0x2400 + point, bytes);
        memcpy(out, bytes, shown);
        return shown;
    }
    if ((point >= 0x80 && point < 0xa0) || point == 0x61c || (point >= 0x200b && point <= 0x200f) ||
        (point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x206f) ||
        point == 0xfeff || (point >= 0xfff9 && point <= 0xfffb) ||
        (point >= 0xe0000 && point <= 0xe007f))
        return (size_t)snprintf(out, VISIBLE_MOST, "[U+%04X]", point);
    shown = utf8_encode(point, bytes);
    memcpy(out, bytes, shown);
    return shown;
}

void visible_put(struct buf *out, struct slice text, bool newline)
{
    char shown[VISIBLE_MOST];
    while (text.len)
        buf_put(out, shown, visible_next(&text, newline, shown));
}

void html_put(struct buf *out, struct slice text, bool newline)
{
    char shown[VISIBLE_MOST];
    while (text.len) {
        size_t len = visible_next(&text, newline, shown);
        switch (shown[0]) {
        case '&': buf_puts(out, "&amp;"); break;
        case '<': buf_puts(out, "&lt;"); break;
        case '>': buf_puts(out, "&gt;"); break;
        case '"': buf_puts(out, "&quot;"); break;
        case '\'': buf_puts(out, "&#39;"); break;
        default: buf_put(out, shown, len);
        }
    }
}
