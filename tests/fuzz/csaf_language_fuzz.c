/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/facts/language.h"
#include "csaf/facts/registry.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the bytes: a valid tag without a reason, or one with it and the place. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csaf_language l;
    char reason[80];
    struct slice tag = slice_of(data, size);
    bool valid = csaf_language_check(tag, &l);
    csaf_language_reason(&l, reason, sizeof reason);
    if (valid != (l.flaw == CSAF_LANGUAGE_VALID) || valid != (reason[0] == 0) || l.offset > size ||
        l.subtag.len > size - l.offset)
        abort();
    if (valid && !l.grandfathered && l.primary.len == 0 && l.private_use.len == 0)
        abort();
    if (valid && l.preferred && l.deprecated.len == 0)
        abort();
    csaf_term_translated(CSAF_TERM_LICENSE, tag);
    return 0;
}
