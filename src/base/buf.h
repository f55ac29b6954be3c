/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer. Failure to grow is remembered: write on, and check buf_failed once at the
 * end. The contents are always followed by a NUL that is not counted.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"
#include "base/compiler.h"
#include "base/err.h"

struct buf {
    uint8_t *data;
    size_t len;
    size_t room;
    size_t limit; /* most bytes; 0: no limit */
    bool failed;
    bool over;   /* it failed by its limit */
    bool secret; /* growing leaves no copy behind in freed memory */
};

void buf_init(struct buf *b);
void buf_init_secret(struct buf *b); /* for keys and passphrases; end with buf_fini_secret */
void buf_fini(struct buf *b);        /* frees; the buf may be used again */
void buf_fini_secret(struct buf *b); /* overwrites first */
void buf_reset(struct buf *b);       /* empties, keeps the room, forgets a failure */

void buf_put(struct buf *b, const void *data, size_t len);
void buf_put_slice(struct buf *b, struct slice s);
void buf_puts(struct buf *b, const char *text);
void buf_putc(struct buf *b, int byte);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);

/* Room for len bytes behind the contents, which then count as written; NULL when it failed. */
uint8_t *buf_extend(struct buf *b, size_t len);

static inline struct slice buf_slice(const struct buf *b)
{
    return slice_of(b->data, b->len);
}

/*
 * The contents as a C string; "" when nothing was ever written, and when a write failed: half a
 * text is never taken for a whole one.
 */
const char *buf_text(const struct buf *b);

/* 0, or -1 with ERR_MEMORY or ERR_LIMIT set when a write failed. */
int buf_check(const struct buf *b, struct err *e) MUST_CHECK;

#endif
