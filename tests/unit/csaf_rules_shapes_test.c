/* SPDX-License-Identifier: Apache-2.0 */
/* Mandatory tests on documents of any shape: every value replaced by one of each type, or left out;
 * and with each allocation failing once: no wrong verdict. */
#include "../support/csaf_rule.h"

#include "base/json.h"
#include "base/memory.h"

#define COMMON                                                                                     \
    "\"category\":\"csaf_security_advisory\",\"lang\":\"en\",\"source_lang\":\"de\","              \
    "\"license_expression\":\"MIT OR LicenseRef-x\",\"publisher\":{\"category\":\"translator\"},"  \
    "\"distribution\":{\"sharing_group\":{\"id\":\"ffffffff-ffff-ffff-ffff-ffffffffffff\","        \
    "\"name\":\"No sharing allowed\"},\"tlp\":{\"label\":\"RED\"}},"                               \
    "\"notes\":[{\"category\":\"general\",\"title\":\"License\",\"product_ids\":[\"A\"],"          \
    "\"group_ids\":[\"G\"]}],\"references\":[{\"category\":\"self\",\"summary\":\"Superseding "    \
    "Document\",\"url\":\"https://x.example\"}],\"tracking\":{\"status\":\"final\",\"version\":"   \
    "\"1.0.0-rc+b\",\"generator\":{\"date\":\"x\"},\"revision_history\":[{\"date\":"               \
    "\"2024-01-01T00:00:00.1234567Z\",\"number\":\"3\"},{\"date\":\"2024-01-02T00:00:00Z\","       \
    "\"number\":\"1.0.0-alpha\"}]}"
#define HELPER                                                                                     \
    "\"product_identification_helper\":{\"purl\":\"pkg:npm/a\",\"purls\":[\"pkg:npm/a\","          \
    "\"pkg:npm/b\"],\"skus\":[\"**\"],\"model_numbers\":[\"**\"],\"serial_numbers\":[\"**\"],"     \
    "\"hashes\":[{\"filename\":\"f\",\"file_hashes\":[{\"algorithm\":\"a\",\"value\":\"b\"},"      \
    "{\"algorithm\":\"a\",\"value\":\"b\"}]}]}"
#define TREE                                                                                       \
    "\"product_tree\":{\"branches\":[{\"category\":\"vendor\",\"name\":\"v\",\"branches\":["       \
    "{\"category\":\"vendor\",\"name\":\"w\",\"branches\":[{\"category\":\"product_version\","     \
    "\"name\":\"all\",\"product\":{\"name\":\"n\",\"product_id\":\"A\"," HELPER "}},"              \
    "{\"category\":\"product_version_range\",\"name\":\"vers:npm/1.0.0\",\"product\":{\"name\":"   \
    "\"n\",\"product_id\":\"B\"}}]}]}],\"full_product_names\":[{\"name\":\"n\",\"product_id\":"    \
    "\"C\"}],\"product_groups\":[{\"group_id\":\"G\",\"product_ids\":[\"A\",\"C\"]},"              \
    "{\"group_id\":\"G\",\"product_ids\":[\"A\"]}],\"relationships\":[{\"category\":\"x\","        \
    "\"full_product_name\":{\"name\":\"n\",\"product_id\":\"X\"},\"product_reference\":\"X\","     \
    "\"relates_to_product_reference\":\"A\"}],\"product_paths\":[{\"full_product_name\":"          \
    "{\"name\":\"n\",\"product_id\":\"Y\"},\"beginning_product_reference\":\"A\",\"subpaths\":["   \
    "{\"category\":\"installed_with\",\"next_product_reference\":\"B\"},{\"category\":"            \
    "\"installed_on\",\"next_product_reference\":\"C\"}]}]}"
#define CVSS                                                                                       \
    "\"cvss_v3\":{\"version\":\"3.1\",\"vectorString\":"                                           \
    "\"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H\",\"baseScore\":9,\"baseSeverity\":\"LOW\","   \
    "\"scope\":\"UNCHANGED\"}"
#define VULNERABILITIES                                                                            \
    "\"vulnerabilities\":[{\"cve\":\"CVE-2024-1\"},{\"cve\":\"CVE-2024-1\",\"cwe\":{\"id\":"       \
    "\"CWE-79\",\"name\":\"x\"},\"cwes\":[{\"id\":\"CWE-79\",\"name\":\"x\",\"version\":\"4.13\"}" \
    "],\"ids\":[{\"system_name\":\"s\",\"text\":\"t\",\"product_ids\":[\"A\"],\"group_ids\":["     \
    "\"G\"]}],\"involvements\":[{\"party\":\"vendor\",\"date\":\"2024-01-01T00:00:00Z\"},"         \
    "{\"party\":\"vendor\",\"date\":\"2024-01-01T00:00:00Z\"}],\"product_status\":{\"fixed\":["    \
    "\"Y\",\"A\"],\"known_affected\":[\"A\"],\"known_not_affected\":[\"B\",\"Z\"]},"               \
    "\"flags\":[{\"label\":\"component_not_present\",\"group_ids\":[\"G\"]},{\"label\":"           \
    "\"component_not_present\",\"product_ids\":[\"A\"]},{\"label\":\"x\"}],\"threats\":["          \
    "{\"category\":\"impact\",\"date\":\"x\",\"product_ids\":[\"B\"]}],\"remediations\":["         \
    "{\"category\":\"vendor_fix\",\"group_ids\":[\"G\"]},{\"category\":\"none_available\","        \
    "\"product_ids\":[\"A\"]},{\"category\":\"workaround\"}],"                                     \
    "\"first_known_exploitation_dates\":[{\"date\":\"2024-01-01T00:00:00Z\","                      \
    "\"exploitation_date\":\"2025-01-01T00:00:00Z\"}],\"disclosure_date\":"                        \
    "\"2025-01-01T00:00:00Z\",\"scores\":[{\"products\":[\"A\"]," CVSS "},{\"products\":[\"A\"],"  \
    "" CVSS "}],\"metrics\":[{\"products\":[\"A\"],\"source\":\"s\",\"content\":{" CVSS            \
    ",\"qualitative_severity_rating\":\"low\",\"epss\":{\"timestamp\":"                            \
    "\"2025-01-01T00:00:00Z\"}}}]}]"

static struct csaf_validator *all_mandatory(void)
{
    struct err e = {0};
    const char *const presets[] = {"mandatory", NULL};
    struct csaf_validator *v =
        csaf_validator_new(&(struct csaf_validator_options){.presets = presets}, &e);

    assert_non_null(v);
    return v;
}

/* The document with the number-th value replaced; text NULL: left out. */
struct replacement {
    struct json_writer w;
    size_t number, at;
    const char *text;
};

static void write_replaced(struct replacement *r, const struct json_value *value, bool member)
{
    if (r->at++ == r->number) {
        if (!r->text)
            return;
        if (member)
            json_write_name_slice(&r->w, json_name(value));
        json_write_raw(&r->w, slice_str(r->text));
        return;
    }
    if (member)
        json_write_name_slice(&r->w, json_name(value));
    if (json_is(value, JSON_OBJECT)) {
        json_write_object(&r->w);
        json_each(item, value) write_replaced(r, item, true);
        json_write_object_end(&r->w);
    } else if (json_is(value, JSON_ARRAY)) {
        json_write_array(&r->w);
        json_each(item, value) write_replaced(r, item, false);
        json_write_array_end(&r->w);
    } else {
        json_write_value(&r->w, value);
    }
}

static void all_shapes(const char *version)
{
    static const char *const texts[] = {NULL,     "null",   "true",        "7",
                                        "-1e400", "\"\"",   "\"\\u0000\"", "\"\xf0\x9f\x92\xa5\"",
                                        "[]",     "[null]", "{}",          "{\"a\":[{}]}",
                                        "[[[]]]"};
    struct csaf_validator *v = all_mandatory();
    struct json_doc *doc;
    struct buf text, changed;
    struct err e = {0};
    size_t values, readable = 0;

    rule_document(&text, version, COMMON, TREE "," VULNERABILITIES);
    assert_int_equal(json_parse(&doc, buf_slice(&text), NULL, &e), 0);
    buf_init(&changed);
    struct replacement count = {.number = SIZE_MAX};
    json_write_init(&count.w, &changed, 0);
    write_replaced(&count, json_root(doc), false);
    values = count.at;
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        for (size_t number = 0; number < values; number++) {
            struct replacement r = {.number = number, .text = texts[t]};
            struct csaf_result result;
            buf_reset(&changed);
            json_write_init(&r.w, &changed, 0);
            write_replaced(&r, json_root(doc), false);
            assert_false(changed.failed);
            assert_int_equal(csaf_validate(v, buf_slice(&changed), &result, &e), 0);
            readable += result.version != 0;
            assert_false(result.valid); /* so many rules are broken that one change mends nothing */
            csaf_result_free(&result);
        }
    }
    assert_true(values > 200);
    assert_true(readable > values * 11);
    buf_fini(&changed);
    buf_fini(&text);
    json_doc_free(doc);
    csaf_validator_free(v);
}

static void shapes_2_0(void **state)
{
    (void)state;
    all_shapes("2.0");
}

static void shapes_2_1(void **state)
{
    (void)state;
    all_shapes("2.1");
}

static size_t findings_of(const struct csaf_result *r)
{
    size_t count = r->schema.count;

    for (size_t i = 0; i < r->test_count; i++)
        count += r->tests[i].findings.count;
    return count;
}

/* Whatever allocation fails: the same findings, or none and an error. */
static void no_memory(void **state)
{
    struct csaf_validator *v = all_mandatory();
    struct csaf_result result;
    struct buf text;
    struct err e = {0};
    size_t expected;

    (void)state;
    rule_document(&text, "2.1", COMMON, TREE "," VULNERABILITIES);
    assert_int_equal(csaf_validate(v, buf_slice(&text), &result, &e), 0);
    expected = findings_of(&result);
    assert_true(expected > 50);
    csaf_result_free(&result);
    for (long after = 0;; after++) {
        mem_fail_after(after);
        int rc = csaf_validate(v, buf_slice(&text), &result, &e);
        bool failed = mem_has_failed();
        mem_fail_after(-1);
        if (rc == 0) {
            assert_int_equal(findings_of(&result), expected);
            csaf_result_free(&result);
        } else {
            assert_int_equal(e.kind, ERR_MEMORY);
            err_clear(&e);
        }
        if (!failed) {
            assert_true(after > 100);
            break;
        }
    }
    buf_fini(&text);
    csaf_validator_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_2_0),
        cmocka_unit_test(shapes_2_1),
        cmocka_unit_test(no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
