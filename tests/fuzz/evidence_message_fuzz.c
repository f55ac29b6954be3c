/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of a process that was taken over by what it reads: none is believed beyond its length.
 */
#include "evidence/image/confined.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t first, second;
    const char *name;
    struct slice text;
    if (!evidence_message_fact(slice_of(data, size), &first, &second, &name, &text))
        return 0;
    size_t len = strlen(name);
    if ((const uint8_t *)name < data || 16 + len + 1 + text.len != size ||
        (text.len && text.data + text.len != data + size))
        abort();
    return 0;
}
