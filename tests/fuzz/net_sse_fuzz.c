/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of server-sent events: cut anywhere, it gives the same events. */
#include "net/sse_parse.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_events(struct slice in, size_t piece, struct buf *out)
{
    struct sse_reader r;
    struct err e = {0};

    sse_reader_init(&r);
    for (size_t at = 0; at < in.len;) {
        size_t len = piece < in.len - at ? piece : in.len - at;
        size_t used = 0;
        int complete = sse_reader_feed(&r, slice_of(in.data + at, len), &used, &e);
        if (complete < 0) {
            buf_puts(out, "limit");
            break;
        }
        if (used > len || (complete == 0 && used != len))
            abort();
        if (complete) {
            buf_put_slice(out, buf_slice(&r.id));
            buf_putc(out, 0);
            buf_put_slice(out, buf_slice(&r.event));
            buf_putc(out, 0);
            buf_put_slice(out, buf_slice(&r.data));
            buf_putc(out, 1);
        }
        at += used;
    }
    buf_printf(out, "%u", r.retry_ms);
    sse_reader_fini(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole, cut;

    if (size < 1)
        return 0;
    buf_init(&whole);
    buf_init(&cut);
    read_events(slice_of(data + 1, size - 1), SIZE_MAX, &whole);
    read_events(slice_of(data + 1, size - 1), (size_t)data[0] % 16 + 1, &cut);
    if (!slice_equal(buf_slice(&whole), buf_slice(&cut)))
        abort();
    buf_fini(&whole);
    buf_fini(&cut);
    return 0;
}
