/* SPDX-License-Identifier: Apache-2.0 */
/* A delivery from outside, and the list it may come in: parsed, written again, parsed again. */
#include "agent/delivery.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct delivery *d)
{
    struct delivery again;
    struct buf text;
    struct err e = {0};

    buf_init(&text);
    delivery_write(d, &text);
    /* what was taken can be stored and comes back the same */
    if (buf_check(&text, &e) != 0 || delivery_parse(&again, buf_slice(&text), &e) != 0 ||
        again.n != d->n || memcmp(again.digest, d->digest, 32) != 0 ||
        again.path_length != d->path_length ||
        !slice_equal(buf_slice(&again.publication), buf_slice(&d->publication)))
        abort();
    if (!delivery_status(&again)[0])
        abort();
    delivery_fini(&again);
    buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct delivery d;
    struct err e = {0};

    if (delivery_parse(&d, slice_of(data, size), &e) == 0) {
        check(&d);
        delivery_fini(&d);
    } else if (!err_is_set(&e)) {
        abort();
    }
    return 0;
}
