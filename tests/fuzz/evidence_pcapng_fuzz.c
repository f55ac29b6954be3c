/* SPDX-License-Identifier: Apache-2.0 */
/* A file of a capture that was broken off, block by block. */
#include "evidence/capture/pcapng.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t at = 0;
    for (;;) {
        struct pcapng_block block;
        struct err e = {0};
        struct slice rest = slice_of(data + at, size - at);
        int one = pcapng_read(rest, &block, &e);
        demand((one < 0) == err_is_set(&e));
        if (one <= 0)
            break;
        demand(block.len >= 12 && block.len % 4 == 0 && block.len <= rest.len);
        /* what is whole stays whole when more follows, and is not whole when a byte is missing */
        demand(pcapng_read(slice_of(rest.data, block.len), &block, &e) == 1);
        demand(pcapng_read(slice_of(rest.data, block.len - 1), &block, &e) == 0);
        at += block.len;
    }
    return 0;
}
