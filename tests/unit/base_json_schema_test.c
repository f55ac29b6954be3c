/* SPDX-License-Identifier: Apache-2.0 */
/* Keywords of draft 2020-12 that the schemas of CSAF do not use and others may. */
#include "base/json_schema_compile.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static int keep_first(void *context, const struct json_schema_fault *fault)
{
    char *text = context;

    if (!text[0])
        snprintf(text, 200, "%s: %s", fault->keyword, fault->text);
    return 0;
}

/* The first fault, or "". */
static void check(const char *schema, const char *document, char text[200])
{
    struct json_schema_checker *c;
    struct json_doc *schema_doc, *doc;
    struct json_schema_set set;
    struct err e = {0};
    struct arena a;
    bool valid;

    arena_init(&a, 0);
    text[0] = '\0';
    assert_int_equal(json_parse(&schema_doc, slice_str(schema), NULL, &e), 0);
    assert_int_equal(json_parse(&doc, slice_str(document), NULL, &e), 0);
    assert_int_equal(json_schema_compile(&a, schema_doc, NULL, &set, &e), 0);
    c = json_schema_checker_new(&set, &e);
    assert_non_null(c);
    if (json_schema_check(c, json_root(doc), NULL, false, keep_first, text, &valid, &e) != 0)
        snprintf(text, 200, "%s", e.code);
    else
        assert_int_equal(valid, text[0] == '\0');
    json_schema_checker_free(c);
    json_doc_free(doc);
    json_doc_free(schema_doc);
    arena_fini(&a);
}

static void names_of_members(void **state)
{
    static const char schema[] = "{\"propertyNames\":{\"pattern\":\"^[a-z]+$\",\"maxLength\":3}}";
    char text[200];

    (void)state;
    check(schema, "{\"a\":1,\"bcd\":{\"E\":2}}", text);
    assert_string_equal(text, "");
    check(schema, "{\"a\":1,\"B\":2}", text);
    assert_string_equal(text, "propertyNames: \"B\" is not how a member may be named here");
    check(schema, "{\"abcd\":1}", text);
    assert_string_equal(text, "propertyNames: \"abcd\" is not how a member may be named here");
    check("{\"properties\":{\"x\":{\"propertyNames\":false}}}", "{\"x\":{\"y\":1}}", text);
    assert_string_equal(text, "propertyNames: \"y\" is not how a member may be named here");
}

/* What asks and what compares in turns has one depth, not two. */
static void circles(void **state)
{
    static const char schema[] =
        "{\"$defs\":{\"a\":{\"anyOf\":[{\"patternProperties\":{\"^.\":{}}},{\"$ref\":\"#\"}]}},"
        "\"anyOf\":[{\"$ref\":\"#/$defs/a\"}],\"unevaluatedProperties\":false,"
        "\"not\":{\"$ref\":\"#\"}}";
    char text[200];

    (void)state;
    check(schema, "{\"x\":1}", text);
    assert_string_equal(text, "json.schema-depth");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_members),
        cmocka_unit_test(circles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
