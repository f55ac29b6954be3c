/* SPDX-License-Identifier: Apache-2.0 */
/* For unit tests of one test of section 6: small documents, and what the test finds in them. */
#ifndef SUPPORT_CSAF_RULE_H
#define SUPPORT_CSAF_RULE_H

#include "base/buf.h"
#include "csaf/validate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* A document of only what is given: members of /document, and of the root behind it. */
static inline void rule_document(struct buf *text, const char *version, const char *document,
                                 const char *rest)
{
    buf_init(text);
    buf_printf(text, "{\"document\":{\"csaf_version\":\"%s\"%s%s}%s%s}", version,
               *document ? "," : "", document, *rest ? "," : "", rest);
    assert_false(text->failed);
}

static inline void rule_run(const char *version, const char *id, const char *document,
                            const char *rest, struct csaf_result *result)
{
    struct err e = {0};
    struct buf text;
    const char *const tests[] = {id, NULL};
    struct csaf_validator *v = csaf_validator_new(
        &(struct csaf_validator_options){.tests = tests, .now = INT64_C(1795219200000000)}, &e);

    assert_non_null(v);
    rule_document(&text, version, document, rest);
    assert_int_equal(csaf_validate(v, buf_slice(&text), result, &e), 0);
    assert_string_equal(result->unreadable.text, "");
    assert_int_equal(result->test_count, 1);
    assert_null(result->tests[0].not_run);
    buf_fini(&text);
    csaf_validator_free(v);
}

/* The test fails with `count` findings, of which one is at the pointer, with `words` in its text or
 * hint. */
static inline void rule_fails(const char *version, const char *id, const char *document,
                              const char *rest, size_t count, const char *pointer,
                              const char *words)
{
    struct csaf_result r;
    bool found = false;

    rule_run(version, id, document, rest, &r);
    const struct csaf_findings *f = &r.tests[0].findings;
    for (size_t i = 0; i < f->kept; i++)
        found |= strcmp(f->at[i].pointer, pointer) == 0 &&
                 (strstr(f->at[i].text, words) || (f->at[i].hint && strstr(f->at[i].hint, words)));
    if (r.tests[0].passed || f->count != count || !found) {
        print_message("%s: %s %s with %zu findings\n", id, rest,
                      r.tests[0].passed ? "passes" : "fails", f->count);
        for (size_t i = 0; i < f->kept; i++)
            print_message("    %s: %s (%s)\n", f->at[i].pointer, f->at[i].text,
                          f->at[i].hint ? f->at[i].hint : "");
        fail();
    }
    csaf_result_free(&r);
}

static inline void rule_passes(const char *version, const char *id, const char *document,
                               const char *rest)
{
    struct csaf_result r;

    rule_run(version, id, document, rest, &r);
    const struct csaf_findings *f = &r.tests[0].findings;
    if (!r.tests[0].passed) {
        print_message("%s: %s %s\n", id, document, rest);
        for (size_t i = 0; i < f->kept; i++)
            print_message("    %s: %s\n", f->at[i].pointer, f->at[i].text);
        fail();
    }
    csaf_result_free(&r);
}

#endif
