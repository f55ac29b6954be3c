/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded reading of bytes from outside; all wire parsing goes through it. A read past the end
 * yields zero or an empty slice and is remembered: read a whole structure, then check once.
 * Integers are big-endian. The writing side is struct buf with the cursor_put functions.
 */
#ifndef BASE_CURSOR_H
#define BASE_CURSOR_H

#include "base/buf.h"

struct cursor {
    const uint8_t *data;
    size_t len;
    size_t at; /* offset of the next byte; of the failing read once failed */
    bool failed;
};

static inline void cursor_init(struct cursor *c, struct slice s)
{
    *c = (struct cursor){.data = s.data, .len = s.len};
}

static inline size_t cursor_left(const struct cursor *c)
{
    return c->failed ? 0 : c->len - c->at;
}

uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
struct slice cursor_take(struct cursor *c, size_t len);
/* A run with its length before it, in 2 or 4 bytes. */
struct slice cursor_take16(struct cursor *c);
struct slice cursor_take32(struct cursor *c);
/* Copies exactly len bytes into out (zeroes when there are fewer). */
void cursor_copy(struct cursor *c, void *out, size_t len);
/* Up to and without the next '\n', which is passed; fails when there is none. */
struct slice cursor_line(struct cursor *c);
/* The next byte without taking it; -1 at the end. */
int cursor_peek(const struct cursor *c);
/* Takes `text` if it comes next. */
bool cursor_skip(struct cursor *c, const char *text);

/* 0 when no read failed and everything was read; else -1, naming the offset and `what`. */
int cursor_finish(const struct cursor *c, const char *what, struct err *e) MUST_CHECK;

void cursor_put_u16(struct buf *b, uint16_t value);
void cursor_put_u32(struct buf *b, uint32_t value);
void cursor_put_u64(struct buf *b, uint64_t value);
void cursor_put_slice16(struct buf *b, struct slice s); /* fails the buf over 65,535 bytes */
void cursor_put_slice32(struct buf *b, struct slice s);

#endif
