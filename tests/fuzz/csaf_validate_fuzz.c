/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "csaf/validate.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Where a finding points to there is a value, or an object that lacks one. */
static void check_pointer(const struct json_doc *doc, const struct csaf_finding *f)
{
    struct slice pointer = slice_str(f->pointer);

    if (f->line == 0 || f->column == 0 || !*f->text)
        abort();
    while (!json_resolve(doc, pointer)) {
        if (pointer.len == 0)
            abort();
        while (pointer.len > 0 && pointer.data[--pointer.len] != '/')
            continue;
    }
}

/* All tests on any text: a verdict that its findings bear out, or no memory. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const presets[] = {"external-request-free", NULL};
    struct csaf_validator_options options = {.presets = presets, .now = INT64_C(1795219200000000)};
    struct csaf_result r;
    struct json_doc *doc = NULL;
    struct err e = {0};
    struct csaf_validator *v = csaf_validator_new(&options, &e);

    if (!v)
        return 0;
    if (csaf_validate(v, slice_of(data, size), &r, &e) < 0) {
        if (e.kind != ERR_MEMORY)
            abort();
        csaf_validator_free(v);
        return 0;
    }
    if ((r.version == 0) != err_is_set(&r.unreadable))
        abort();
    bool valid = r.version && r.schema_valid;
    if (r.version && json_parse(&doc, slice_of(data, size), &csaf_validate_limits, &e) == 0) {
        for (size_t i = 0; i < r.test_count; i++) {
            const struct csaf_test_result *t = &r.tests[i];
            if (t->test->group == CSAF_TEST_MANDATORY && !t->not_run && !t->passed)
                valid = false;
            for (size_t k = 0; k < t->findings.kept; k++)
                check_pointer(doc, &t->findings.at[k]);
        }
        if (r.valid != valid)
            abort();
        json_doc_free(doc);
    }
    csaf_result_free(&r);
    csaf_validator_free(v);
    return 0;
}
