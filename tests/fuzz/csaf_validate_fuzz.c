/* SPDX-License-Identifier: Apache-2.0 */
#include "../support/csaf_made_up.h"
#include "base/clock.h"
#include "csaf/validate.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct csaf_validator *make(void)
{
    static const char *const presets[] = {"full", NULL};
    struct err e = {0};
    struct csaf_validator *v = csaf_validator_new(
        &(struct csaf_validator_options){
            .presets = presets, .now = 1780000000000000, MADE_UP_OUTSIDE},
        &e);

    if (!v)
        abort();
    return v;
}

/* Where a finding points to there is a value, or an object or array that lacks one. */
static void check_pointer(const struct json_doc *doc, const char *text)
{
    struct slice pointer = slice_str(text);

    for (unsigned missing = 0; doc && !json_resolve(doc, pointer); missing++) {
        if (pointer.len == 0 || missing == 3)
            abort();
        while (pointer.len > 0 && pointer.data[--pointer.len] != '/')
            continue;
    }
}

static void check_findings(const struct csaf_findings *f, const struct json_doc *read)
{
    if (f->kept > f->count || (f->count > f->kept && f->kept != CSAF_FINDINGS_KEPT))
        abort();
    for (size_t i = 0; i < f->kept; i++) {
        const struct csaf_finding *x = &f->at[i];
        if ((x->pointer[0] && x->pointer[0] != '/') || !x->text[0] || !x->line || !x->column)
            abort();
        check_pointer(read, x->pointer);
    }
}

/*
 * Whatever the bytes: an answer that does not contradict itself, whose JSON is JSON, and that the
 * same bytes get again.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct csaf_validator *v;
    struct csaf_result r;
    struct json_doc *doc, *read = NULL;
    struct buf texts[2];
    struct err e = {0};

    if (!v)
        v = make();
    if (json_parse(&read, slice_of(data, size), &csaf_validate_limits, &e) < 0) {
        read = NULL;
        err_clear(&e);
    }
    for (size_t round = 0; round < 2; round++) {
        struct json_writer w;
        bool valid;
        if (csaf_validate(v, slice_of(data, size), &r, &e) < 0)
            abort();
        valid = r.schema_valid;
        if ((r.version != 0) == err_is_set(&r.unreadable) || (!r.version && r.valid))
            abort();
        check_findings(&r.schema, read);
        if (r.schema_valid != (r.schema.count == 0) && r.version)
            abort();
        for (size_t i = 0; i < r.test_count; i++) {
            const struct csaf_test_result *t = &r.tests[i];
            check_findings(&t->findings, read);
            if (t->passed && t->not_run)
                abort();
            if (t->test->group == CSAF_TEST_MANDATORY && !t->passed && !t->not_run)
                valid = false;
        }
        if (r.valid != valid)
            abort();
        buf_init(&texts[round]);
        json_write_init(&w, &texts[round], 0);
        csaf_result_json(&r, "a file", "full", &w);
        if (texts[round].failed)
            abort();
        csaf_result_free(&r);
    }
    if (!slice_equal(buf_slice(&texts[0]), buf_slice(&texts[1])) ||
        json_parse(&doc, buf_slice(&texts[0]), &json_limits_advisory, &e) < 0)
        abort();
    json_doc_free(doc);
    json_doc_free(read);
    buf_fini(&texts[0]);
    buf_fini(&texts[1]);
    return 0;
}
