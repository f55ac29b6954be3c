/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/facts/cvss.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the bytes: refused with a place, or scores within bounds and a print that reads alike.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csaf_cvss c, again;
    struct csaf_cvss_scores scores;
    struct err e = {0};
    csaf_cvss_score_is(slice_of(data, size), 98);
    if (csaf_cvss_parse(&c, slice_of(data, size), &e) != 0) {
        if (!err_is_set(&e) || e.where[0] == 0)
            abort();
        return 0;
    }
    if (csaf_cvss_score(&c, &scores) != 0)
        abort();
    if (scores.base < 0 || scores.base > 100 || scores.temporal < 0 || scores.temporal > 100 ||
        scores.environmental < 0 || scores.environmental > 100)
        abort();
    struct buf b;
    buf_init(&b);
    csaf_cvss_print(&c, &b);
    if (buf_check(&b, &e) == 0 &&
        (csaf_cvss_parse(&again, buf_slice(&b), &e) != 0 ||
         memcmp(c.value, again.value, sizeof c.value) != 0 ||
         (c.in_order && !slice_equal(buf_slice(&b), slice_of(data, size)))))
        abort();
    buf_fini(&b);
    return 0;
}
