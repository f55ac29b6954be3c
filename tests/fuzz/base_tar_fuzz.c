/* SPDX-License-Identifier: Apache-2.0 */
/* Archives: what is read, written again, is the same bytes. */
#include "base/tar.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice archive = slice_of(data, size);
    struct tar_reader reader;
    struct tar_writer writer;
    struct tar_entry entry;
    struct err e = {0};
    struct buf again;
    int rc;

    buf_init(&again);
    tar_read_init(&reader, tar_fetch_slice, &archive);
    tar_write_init(&writer, tar_sink_buf, &again);
    while ((rc = tar_read_next(&reader, &entry, &e)) == 1) {
        if (entry.offset > size || entry.size > size - entry.offset)
            abort();
        if (tar_write_file(&writer, entry.name, slice_of(data + entry.offset, (size_t)entry.size),
                           &e) != 0 &&
            e.kind != ERR_MEMORY)
            abort();
    }
    if (rc == 0) {
        if (tar_write_finish(&writer, &e) == 0 && !slice_equal(buf_slice(&again), archive))
            abort();
    }
    buf_fini(&again);
    return 0;
}
