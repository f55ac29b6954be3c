/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cursor.h"

struct slice cursor_take(struct cursor *c, size_t len)
{
    if (c->failed || len > c->len - c->at) {
        c->failed = true;
        return slice_of(NULL, 0);
    }
    if (len == 0) /* of a cursor over nothing, too, which has no data to point to */
        return slice_of(c->data ? c->data + c->at : NULL, 0);
    struct slice taken = slice_of(c->data + c->at, len);
    c->at += len;
    return taken;
}

static uint64_t take_integer(struct cursor *c, size_t bytes)
{
    struct slice s = cursor_take(c, bytes);
    uint64_t value = 0;

    for (size_t i = 0; i < s.len; i++)
        value = value << 8 | s.data[i];
    return value;
}

uint8_t cursor_u8(struct cursor *c)
{
    return (uint8_t)take_integer(c, 1);
}

uint16_t cursor_u16(struct cursor *c)
{
    return (uint16_t)take_integer(c, 2);
}

uint32_t cursor_u32(struct cursor *c)
{
    return (uint32_t)take_integer(c, 4);
}

uint64_t cursor_u64(struct cursor *c)
{
    return take_integer(c, 8);
}

struct slice cursor_take16(struct cursor *c)
{
    return cursor_take(c, cursor_u16(c));
}

struct slice cursor_take32(struct cursor *c)
{
    return cursor_take(c, cursor_u32(c));
}

void cursor_copy(struct cursor *c, void *out, size_t len)
{
    struct slice s = cursor_take(c, len);

    if (len == 0)
        return;
    if (s.len == len)
        memcpy(out, s.data, len);
    else
        memset(out, 0, len);
}

struct slice cursor_line(struct cursor *c)
{
    const uint8_t *from = c->failed || c->at == c->len ? NULL : c->data + c->at;
    const uint8_t *end = from ? memchr(from, '\n', c->len - c->at) : NULL;

    if (!end) {
        c->failed = true;
        return slice_of(NULL, 0);
    }
    c->at += (size_t)(end - from) + 1;
    return slice_of(from, (size_t)(end - from));
}

int cursor_peek(const struct cursor *c)
{
    return c->failed || c->at == c->len ? -1 : c->data[c->at];
}

bool cursor_skip(struct cursor *c, const char *text)
{
    size_t len = strlen(text);

    if (c->failed || len > c->len - c->at || (len && memcmp(c->data + c->at, text, len) != 0))
        return false;
    c->at += len;
    return true;
}

int cursor_finish(const struct cursor *c, const char *what, struct err *e)
{
    if (c->failed) {
        err_set(e, ERR_INPUT, "base.truncated", NULL, "%s is cut short", what);
        return err_where(e, "offset %zu", c->at);
    }
    if (c->at != c->len) {
        err_set(e, ERR_INPUT, "base.trailing", NULL, "%s has %zu bytes behind its end", what,
                c->len - c->at);
        return err_where(e, "offset %zu", c->at);
    }
    return 0;
}

void cursor_put_u16(struct buf *b, uint16_t value)
{
    const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    buf_put(b, bytes, sizeof(bytes));
}

void cursor_put_u32(struct buf *b, uint32_t value)
{
    cursor_put_u16(b, (uint16_t)(value >> 16));
    cursor_put_u16(b, (uint16_t)value);
}

void cursor_put_u64(struct buf *b, uint64_t value)
{
    cursor_put_u32(b, (uint32_t)(value >> 32));
    cursor_put_u32(b, (uint32_t)value);
}

void cursor_put_slice16(struct buf *b, struct slice s)
{
    if (s.len > UINT16_MAX) {
        b->failed = true;
        return;
    }
    cursor_put_u16(b, (uint16_t)s.len);
    buf_put_slice(b, s);
}

void cursor_put_slice32(struct buf *b, struct slice s)
{
    if (s.len > UINT32_MAX) {
        b->failed = true;
        return;
    }
    cursor_put_u32(b, (uint32_t)s.len);
    buf_put_slice(b, s);
}
