/* SPDX-License-Identifier: Apache-2.0 */
/* What the process that reads an archive says of its entries, were it taken over by the archive:
 * each is refused, or becomes one line of JSON. Messages are parted by the byte count in front. */
#include "base/json.h"
#include "evidence/image/archive_read.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct evidence_listing listing;
    struct err e = {0};
    struct buf out;
    uint64_t lines = 0;
    buf_init(&out);
    evidence_listing_init(&listing, &out);
    while (size >= 2) {
        size_t len = (size_t)data[0] << 8 | data[1];
        data += 2;
        size -= 2;
        len = len < size ? len : size;
        err_clear(&e);
        size_t before = out.len;
        if (evidence_listing_add(&listing, slice_of(data, len), &e) == 0) {
            struct json_doc *doc = NULL;
            struct slice line = slice_of(out.data + before, out.len - before);
            if (json_parse(&doc, line, NULL, &e) != 0 && e.kind != ERR_MEMORY)
                abort();
            json_doc_free(doc);
            lines++;
        } else if (e.kind == ERR_MEMORY) {
            break;
        }
        data += len;
        size -= len;
    }
    if (lines != listing.entries || listing.refused > listing.entries)
        abort();
    evidence_listing_fini(&listing);
    buf_fini(&out);
    return 0;
}
