/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes to hexadecimal and base64 and back; and as such texts: what is accepted must be just
 * what we would have written.
 */
#include "base/encoding.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void forth_and_back(struct slice bytes)
{
    struct buf text;
    struct buf back;

    buf_init(&text);
    buf_init(&back);
    base64_put(&text, bytes);
    must(text.len % 4 == 0 && base64_parse(buf_slice(&text), &back) == 0);
    must(slice_equal(buf_slice(&back), bytes));
    buf_reset(&text);
    buf_reset(&back);
    base64url_put(&text, bytes);
    must(base64url_parse(buf_slice(&text), &back) == 0);
    must(slice_equal(buf_slice(&back), bytes));
    buf_reset(&text);
    buf_reset(&back);
    hex_put(&text, bytes);
    uint8_t *out = buf_extend(&back, bytes.len);
    must(out && hex_parse(buf_slice(&text), out, bytes.len) == 0);
    must(slice_equal(buf_slice(&back), bytes));
    must(hex_parse(buf_slice(&text), out, bytes.len + 1) != 0);
    buf_fini(&back);
    buf_fini(&text);
}

static void back_and_forth(struct slice text)
{
    struct buf bytes;
    struct buf again;

    buf_init(&bytes);
    buf_init(&again);
    if (base64_parse(text, &bytes) == 0) {
        base64_put(&again, buf_slice(&bytes));
        must(slice_equal(buf_slice(&again), text));
    }
    buf_reset(&bytes);
    buf_reset(&again);
    if (base64url_parse(text, &bytes) == 0) {
        base64url_put(&again, buf_slice(&bytes));
        must(slice_equal(buf_slice(&again), text));
    }
    buf_fini(&again);
    buf_fini(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    forth_and_back(slice_of(data, size));
    back_and_forth(slice_of(data, size));
    return 0;
}
