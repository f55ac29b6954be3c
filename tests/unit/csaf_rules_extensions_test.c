/* SPDX-License-Identifier: Apache-2.0 */
/* Extensions of CSAF 2.1, known and unknown: what is said of them, and in which words. */
#include "../support/csaf_rule.h"

#define LONG                                                                                       \
    "https://extensions.example/a/path/that/is/longer/than/what/messages/quote/x_1.0.0.json"

static const char schema[] =
    "{\"$schema\":\"https://docs.oasis-open.org/csaf/csaf/v2.1/schema/extension-metaschema.json\","
    "\"$id\":\"" LONG "\",\"title\":\"X\",\"description\":\"d\",\"type\":\"object\",\"required\":["
    "\"$schema\",\"category\",\"critical\",\"content\"],\"properties\":{\"$schema\":{\"type\":"
    "\"string\",\"const\":\"" LONG "\"},\"category\":{\"type\":\"string\"},\"critical\":{\"type\":"
    "\"boolean\"},\"content\":{\"type\":\"object\",\"minProperties\":1,\"properties\":{\"a\":{"
    "\"type\":\"integer\"}},\"unevaluatedProperties\":false}},\"additionalProperties\":false}";

#define DOCUMENT(content)                                                                          \
    "{\"document\":{\"csaf_version\":\"2.1\"},\"x_extensions\":[{\"$schema\":\"" LONG              \
    "\",\"category\":\"essential\",\"critical\":false,\"content\":{" content "}}]}"

/* What the test finds in text; with the extension's schema at hand, or without. */
static void run(const char *id, const char *text, bool known, struct csaf_result *r)
{
    struct csaf_extensions *x = csaf_extensions_new();
    const char *const tests[] = {id, NULL};
    struct err e = {0};

    assert_non_null(x);
    if (known && csaf_extensions_add(x, slice_str(schema), &e) != 0)
        fail_msg("%s (%s)", e.text, e.where);
    struct csaf_validator *v = csaf_validator_new(
        &(struct csaf_validator_options){.tests = tests, .extensions = x, .now = 1}, &e);
    assert_non_null(v);
    assert_int_equal(csaf_validate(v, slice_str(text), r, &e), 0);
    assert_int_equal(r->test_count, 1);
    csaf_validator_free(v);
    csaf_extensions_free(x);
}

/* 6.1.60.2, 6.1.60.3, 6.2.20: an extension that is not at hand is a warning with the whole value of
 * its "$schema" and its class, in every group of tests, and no failure */
static void unknown_ones_are_named(void **state)
{
    static const char *const ids[] = {"6.1.60.2", "6.1.60.3", "6.2.20"};

    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct csaf_result r;
        run(ids[i], DOCUMENT("\"b\":1"), false, &r);
        const struct csaf_findings *f = &r.tests[0].findings;
        assert_true(r.tests[0].passed);
        assert_int_equal(f->count, 1);
        assert_int_equal(f->at[0].severity, CSAF_WARNING);
        assert_string_equal(f->at[0].pointer, "/x_extensions/0");
        assert_non_null(strstr(f->at[0].text, "\"" LONG "\""));
        assert_non_null(strstr(f->at[0].text, "experimental"));
        csaf_result_free(&r);
    }
}

/* 6.2.20: what the declared schema does not name; what every extension may have is no matter of it
 */
static void additional_content(void **state)
{
    struct csaf_result r;

    (void)state;
    run("6.2.20", DOCUMENT("\"a\":1"), true, &r);
    assert_true(r.tests[0].passed);
    assert_int_equal(r.tests[0].findings.count, 0);
    csaf_result_free(&r);

    run("6.2.20", DOCUMENT("\"a\":1,\"b\":{\"c\":1}"), true, &r);
    assert_false(r.tests[0].passed);
    assert_int_equal(r.tests[0].findings.count, 1);
    assert_string_equal(r.tests[0].findings.at[0].pointer, "/x_extensions/0/content/b");
    assert_int_equal(r.tests[0].findings.at[0].severity, CSAF_WARNING);
    csaf_result_free(&r);

    run("6.2.20", DOCUMENT("\"a\":1},\"other\":{\"b\":1"), true, &r); /* once, not once a schema */
    assert_false(r.tests[0].passed);
    assert_int_equal(r.tests[0].findings.count, 1);
    assert_string_equal(r.tests[0].findings.at[0].pointer, "/x_extensions/0/other");
    csaf_result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_ones_are_named),
        cmocka_unit_test(additional_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
