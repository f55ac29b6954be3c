/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>

void buf_init(struct buf *b)
{
    *b = (struct buf){0};
}

void buf_init_secret(struct buf *b)
{
    *b = (struct buf){.secret = true};
}

void buf_fini(struct buf *b)
{
    if (b->secret) {
        buf_fini_secret(b);
        return;
    }
    mem_free(b->data);
    *b = (struct buf){.limit = b->limit};
}

void buf_fini_secret(struct buf *b)
{
    mem_free_secret(b->data, b->room);
    *b = (struct buf){.limit = b->limit, .secret = b->secret};
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = b->over = false;
    if (b->data)
        b->data[0] = 0;
}

static uint8_t *grow(struct buf *b, size_t room)
{
    if (!b->secret)
        return mem_resize(b->data, 1, room);
    uint8_t *grown = mem_new(1, room);
    if (grown && b->data) {
        memcpy(grown, b->data, b->len);
        mem_free_secret(b->data, b->room);
    }
    return grown;
}

uint8_t *buf_extend(struct buf *b, size_t len)
{
    if (b->failed)
        return NULL;
    if (len > SIZE_MAX / 4 - b->len || (b->limit && len > b->limit - b->len)) {
        b->failed = b->over = true;
        return NULL;
    }
    if (b->len + len + 1 > b->room) {
        size_t room = b->room ? b->room : 64;
        while (room < b->len + len + 1)
            room *= 2;
        uint8_t *grown = grow(b, room);
        if (!grown) {
            b->failed = true;
            return NULL;
        }
        b->data = grown;
        b->room = room;
    }
    uint8_t *at = b->data + b->len;
    b->len += len;
    b->data[b->len] = 0;
    return at;
}

void buf_put(struct buf *b, const void *data, size_t len)
{
    uint8_t *at = buf_extend(b, len);

    if (at && len)
        memcpy(at, data, len);
}

void buf_put_slice(struct buf *b, struct slice s)
{
    buf_put(b, s.data, s.len);
}

void buf_puts(struct buf *b, const char *text)
{
    buf_put(b, text, strlen(text));
}

void buf_putc(struct buf *b, int byte)
{
    uint8_t one = (uint8_t)byte;

    buf_put(b, &one, 1);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_list again;

    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0) {
        b->failed = true;
    } else {
        uint8_t *at = buf_extend(b, (size_t)len);
        if (at)
            vsnprintf((char *)at, (size_t)len + 1, format, again);
    }
    va_end(again);
}

const char *buf_text(const struct buf *b)
{
    return b->data && !b->failed ? (const char *)b->data : "";
}

int buf_check(const struct buf *b, struct err *e)
{
    if (!b->failed)
        return 0;
    if (b->over && b->limit)
        return err_set(e, ERR_LIMIT, "base.buffer-limit", NULL, "more than %zu bytes", b->limit);
    return err_memory(e);
}
