/* SPDX-License-Identifier: Apache-2.0 */
/* Map files: what is read covers the image without gaps, and written and read again is the same. */
#include "evidence/acquire/map.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BYTES = 1 << 20 };

static void check(const struct evidence_map *m)
{
    uint64_t at = 0;
    for (size_t i = 0; i < m->count; i++) {
        if (m->extents[i].from != at || m->extents[i].bytes == 0)
            abort();
        if (i > 0 && m->extents[i].state == m->extents[i - 1].state)
            abort();
        at += m->extents[i].bytes;
    }
    if (at != BYTES)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evidence_map map, again;
    struct buf text, second;
    struct err e = {0};
    if (evidence_map_read(&map, slice_of(data, size), BYTES, &e) != 0)
        return 0;
    check(&map);
    buf_init(&text);
    buf_init(&second);
    evidence_map_write(&map, &text);
    if (buf_check(&text, &e) == 0) {
        if (evidence_map_read(&again, buf_slice(&text), BYTES, &e) == 0) {
            evidence_map_write(&again, &second);
            if (!second.failed && !slice_equal(buf_slice(&text), buf_slice(&second)))
                abort();
            evidence_map_fini(&again);
        } else if (e.kind != ERR_MEMORY) {
            abort();
        }
    }
    buf_fini(&text);
    buf_fini(&second);
    evidence_map_fini(&map);
    return 0;
}
