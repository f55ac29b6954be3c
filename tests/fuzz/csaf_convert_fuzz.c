/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/convert.h"
#include "csaf/diff.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever the bytes: refused with a reason, or JSON that says that it is CSAF 2.1, with a place
 * and a rule for all that is told; and the comparison of both does not fail. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csaf_conversion *c;
    struct csaf_reading *a = NULL, *b = NULL;
    struct csaf_diff *d = NULL;
    struct json_doc *json;
    struct err e = {0};
    if (csaf_convert(&c, slice_of(data, size), NULL, &e) != 0) {
        if (!err_is_set(&e) || e.code[0] == 0)
            abort();
        return 0;
    }
    if (json_parse(&json, c->text, &json_limits_advisory, &e) == 0) {
        const struct json_value *version = json_resolve(json, slice_str("/document/csaf_version"));
        if (!slice_is(json_string(version), "2.1"))
            abort();
        json_doc_free(json);
    } else if (e.kind != ERR_MEMORY) {
        abort();
    }
    for (size_t i = 0; i < c->finding_count; i++)
        if (!c->findings[i].rule[0] || !c->findings[i].text[0] || !c->findings[i].line)
            abort();
    if (csaf_reading_open(&a, slice_of(data, size), &e) == 0 &&
        csaf_reading_open(&b, c->text, &e) == 0 && csaf_diff_make(&d, a, b, &e) == 0)
        for (size_t i = 0; i < d->count; i++)
            if (d->entries[i].before.len == 0 && d->entries[i].after.len == 0)
                abort();
    csaf_diff_free(d);
    csaf_reading_free(a);
    csaf_reading_free(b);
    csaf_conversion_free(c);
    return 0;
}
