/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/facts/license.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the bytes: parts that lie in the text one behind the other, then an end or a reason. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csaf_license_walk walk = {.text = slice_of(data, size)};
    struct csaf_license_part part;
    struct err e = {0};
    size_t end = 0;
    int result;
    while ((result = csaf_license_next(&walk, &part, &e)) == 1) {
        bool deprecated;
        enum csaf_license_list list = csaf_license_find(&part, &deprecated);
        const char *spelling = csaf_license_spelling(&part);
        if (part.offset < end || part.id.len == 0 || part.offset + part.id.len > size ||
            part.id.data != data + part.offset)
            abort();
        if ((list == CSAF_LICENSE_SPDX) != (spelling != NULL) ||
            (spelling && strlen(spelling) != part.id.len))
            abort();
        if (deprecated && list != CSAF_LICENSE_SPDX && list != CSAF_LICENSE_SCANCODE)
            abort();
        end = part.offset + part.id.len;
    }
    if ((result == 0) == err_is_set(&e) || (result != 0 && e.where[0] == 0))
        abort();
    return 0;
}
