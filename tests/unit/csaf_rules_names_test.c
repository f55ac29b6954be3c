/* SPDX-License-Identifier: Apache-2.0 */
/* Mandatory tests on names: identifiers, helpers, branches, ranges, languages, sharing groups,
 * CVSS, notes and categories. */
#include "../support/csaf_rule.h"

#define VULNERABILITY(...) "\"vulnerabilities\":[{" __VA_ARGS__ "}]"
#define BRANCH(category, name, ...)                                                                \
    "{\"category\":\"" category "\",\"name\":\"" name "\"," __VA_ARGS__ "}"
#define BRANCHES(...) "\"product_tree\":{\"branches\":[" __VA_ARGS__ "]}"
#define PRODUCT "\"product\":{\"product_id\":\"A\"}"
#define HELPER(...)                                                                                \
    "\"product_tree\":{\"full_product_names\":[{\"product_identification_helper\":{" __VA_ARGS__   \
    "}}]}"
#define AT_HELPER "/product_tree/full_product_names/0/product_identification_helper/"

/* 6.1.11: 2.1 by the version that is given, 2.0 by any */
static void weaknesses(void **state)
{
    (void)state;
    rule_fails("2.1", "6.1.11", "",
               VULNERABILITY("\"cwes\":[{\"id\":\"CWE-1000\",\"name\":\"Research Concepts\","
                             "\"version\":\"4.13\"}]"),
               1, "/vulnerabilities/0/cwes/0/id", "CWE-1000");
    rule_fails("2.1", "6.1.11", "",
               VULNERABILITY("\"cwes\":[{\"id\":\"CWE-79\",\"name\":\"x\",\"version\":\"1.99\"}]"),
               1, "/vulnerabilities/0/cwes/0/version", "1.99");
    rule_fails("2.0", "6.1.11", "", VULNERABILITY("\"cwe\":{\"id\":\"CWE-79\"}"), 1,
               "/vulnerabilities/0/cwe/name", "Cross-site");
    rule_passes(
        "2.0", "6.1.11", "",
        VULNERABILITY("\"cwe\":{\"id\":\"CWE-20\",\"name\":\"Improper Input Validation\"}"));
}

/* 6.1.23, 6.1.24 */
static void vulnerabilities(void **state)
{
    (void)state;
    rule_fails("2.1", "6.1.23", "",
               "\"vulnerabilities\":[{\"cve\":\"CVE-2024-1\"},{\"cve\":\"CVE-2024-2\"},"
               "{\"cve\":\"CVE-2024-1\"}]",
               1, "/vulnerabilities/2/cve", "CVE-2024-1");
    rule_fails("2.1", "6.1.24", "",
               VULNERABILITY("\"involvements\":[{\"party\":\"vendor\",\"date\":"
                             "\"2024-01-01T01:00:00+01:00\"},{\"party\":\"vendor\",\"date\":"
                             "\"2024-01-01T00:00:00.0Z\"}]"),
               1, "/vulnerabilities/0/involvements/1", "same time");
    rule_fails("2.0", "6.1.24", "",
               VULNERABILITY("\"involvements\":[{\"party\":\"vendor\"},{\"party\":\"vendor\"}]"), 1,
               "/vulnerabilities/0/involvements/1", "without a date");
    rule_passes("2.0", "6.1.24", "",
                VULNERABILITY("\"involvements\":[{\"party\":\"vendor\"},{\"party\":\"other\"},"
                              "{\"party\":\"vendor\",\"date\":\"2024-01-01T00:00:00Z\"}]"));
}

/* 6.1.13, 6.1.42, 6.1.25, 6.1.43, 6.1.44, 6.1.61 */
static void helpers(void **state)
{
    (void)state;
    rule_fails("2.1", "6.1.13", "", HELPER("\"purls\":[\"pkg:npm/a@1\",\"pkg://npm/a@1\"]"), 1,
               AT_HELPER "purls/1", "slashes");
    rule_fails("2.0", "6.1.13", "", HELPER("\"purl\":\"pkg:npm/@1\""), 1, AT_HELPER "purl", "name");
    rule_fails("2.1", "6.1.42", "",
               HELPER("\"purls\":[\"pkg:npm/a@1?x=1\",\"pkg:npm/a@1?y=2\",\"pkg:npm/a@2\","
                      "\"pkg:npm/a@1#sub\"]"),
               2, AT_HELPER "purls/3", "subpath");
    rule_passes("2.1", "6.1.42", "", HELPER("\"purls\":[\"no purl\",\"pkg:npm/a@1\"]"));
    rule_fails("2.0", "6.1.25", "",
               HELPER("\"hashes\":[{\"file_hashes\":[{\"algorithm\":\"a\"},{\"algorithm\":\"b\"},"
                      "{\"algorithm\":\"a\"}]},{\"file_hashes\":[{\"algorithm\":\"a\"}]}]"),
               1, AT_HELPER "hashes/0/file_hashes/2/algorithm", "\"a\"");
    rule_fails("2.1", "6.1.43", "", HELPER("\"model_numbers\":[\"*\\\\\\\\*\"]"), 1,
               AT_HELPER "model_numbers/0", "2 stars");
    rule_passes("2.1", "6.1.43", "", HELPER("\"model_numbers\":[\"*\\\\*\",\"\\\\\"]"));
    rule_fails("2.1", "6.1.44", "", HELPER("\"serial_numbers\":[\"a\",\"**\"]"), 1,
               AT_HELPER "serial_numbers/1", "2 stars");
    rule_fails("2.1", "6.1.61", "", HELPER("\"skus\":[\"*a*b*\"]"), 1, AT_HELPER "skus/0",
               "3 stars");
}

/* 6.1.31: words are words */
static void single_versions(void **state)
{
    static const char *const ranges[] = {"4.2 AND LATER", "before\\t2", "x\\u00a0prior y",
                                         "1>2",           "Versions",   "=>2"};
    static const char *const single[] = {"after-eight", "overall", "1.0-all", "", "allversions 1"};
    char rest[200];

    (void)state;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        snprintf(rest, sizeof rest, BRANCHES(BRANCH("product_version", "%s", PRODUCT)), ranges[i]);
        rule_fails("2.1", "6.1.31", "", rest, 1, "/product_tree/branches/0/name", "contains");
    }
    for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
        snprintf(rest, sizeof rest, BRANCHES(BRANCH("product_version", "%s", PRODUCT)), single[i]);
        rule_passes("2.0", "6.1.31", "", rest);
    }
}

/* 6.1.50, 6.1.59 */
static void ranges(void **state)
{
    static const char *const bad[] = {"vers:npm/>=2.0.0|<1.0.0",
                                      "vers:npm/*",
                                      "*",
                                      "vers:all/1",
                                      "VERS:npm/<1.0.0",
                                      "vers:npm/<1.0.0|<1.0.0",
                                      "< 2",
                                      "<2|",
                                      "<2||>3",
                                      "1.0 - 2.0",
                                      "vers:npm",
                                      "vers:npm/<>1",
                                      "npm/<1.0"};
    static const char *const good[] = {"vers:all/*", "vers:npm/<1.0.0", "<2|>1", ">=1|!=2",
                                       "vers:unknown/<b|>a"};
    static const char *const one[] = {"vers:npm/1.0.0", "vers:npm/>=1.0.0|<=1.0.0", "4.2.0",
                                      "=4.2.0"};
    char rest[200];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(rest, sizeof rest, BRANCHES(BRANCH("product_version_range", "%s", PRODUCT)),
                 bad[i]);
        rule_fails("2.1", "6.1.50", "", rest, 1, "/product_tree/branches/0/name", "");
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(rest, sizeof rest, BRANCHES(BRANCH("product_version_range", "%s", PRODUCT)),
                 good[i]);
        rule_passes("2.1", "6.1.50", "", rest);
        rule_passes("2.1", "6.1.59", "", rest);
    }
    for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
        snprintf(rest, sizeof rest, BRANCHES(BRANCH("product_version_range", "%s", PRODUCT)),
                 one[i]);
        rule_fails("2.1", "6.1.59", "", rest, 1, "/product_tree/branches/0/name", "single");
    }
    /* a type whose order is not known: a warning that names it, and no failure */
    struct csaf_result r;
    rule_run("2.1", "6.1.50", "",
             BRANCHES(BRANCH("product_version_range", "vers:someweirdtype/<b", PRODUCT)), &r);
    assert_true(r.tests[0].passed);
    assert_int_equal(r.tests[0].findings.count, 1);
    assert_int_equal(r.tests[0].findings.at[0].severity, CSAF_WARNING);
    assert_non_null(strstr(r.tests[0].findings.at[0].text, "someweirdtype"));
    csaf_result_free(&r);
}

/* 6.1.57, 6.1.58: said once, however many products follow */
static void paths(void **state)
{
    (void)state;
    rule_fails(
        "2.1", "6.1.57", "",
        BRANCHES(BRANCH("vendor", "a",
                        "\"branches\":[" BRANCH(
                            "product_family", "b",
                            "\"branches\":[" BRANCH(
                                "vendor", "c",
                                "\"branches\":[" BRANCH("product_name", "d", PRODUCT) "," BRANCH(
                                    "product_name", "e", PRODUCT) "]") "]") "]")),
        1, "/product_tree/branches/0/branches/0/branches/0/category", "\"c\"");
    /* nothing leads to a product here */
    rule_passes(
        "2.1", "6.1.57", "",
        BRANCHES(BRANCH("vendor", "a", "\"branches\":[" BRANCH("vendor", "c", "\"x\":1") "]")));
    rule_fails("2.1", "6.1.58", "",
               BRANCHES(BRANCH("product_version_range", "<2",
                               "\"branches\":[" BRANCH("product_version", "1", PRODUCT) "]")),
               1, "/product_tree/branches/0/branches/0/category", "<2");
}

/* 6.1.15, 6.1.28, 6.1.12 */
static void languages(void **state)
{
    (void)state;
    rule_fails("2.1", "6.1.15", "\"publisher\":{\"category\":\"translator\"}", "", 1,
               "/document/source_lang", "not there");
    rule_fails("2.1", "6.1.15", "\"publisher\":{\"category\":\"translator\"},\"source_lang\":\"\"",
               "", 1, "/document/source_lang", "empty");
    rule_fails("2.1", "6.1.28", "\"lang\":\"en-US\",\"source_lang\":\"EN-us\"", "", 1,
               "/document/source_lang", "en-US");
    rule_passes("2.1", "6.1.28", "\"lang\":\"en-US\",\"source_lang\":\"en-GB\"", "");
    rule_fails("2.0", "6.1.12", "\"lang\":\"en\",\"source_lang\":\"xx\"", "", 1,
               "/document/source_lang", "xx");
}

#define SHARING(id, rest, label)                                                                   \
    "\"distribution\":{\"sharing_group\":{\"id\":\"" id "\"" rest "},\"tlp\":{\"label\":\"" label  \
    "\"}},\"tracking\":{\"status\":\"final\"}"
#define MAX "ffffffff-ffff-ffff-ffff-ffffffffffff"

/* 6.1.38 to 6.1.41 */
static void sharing(void **state)
{
    (void)state;
    rule_fails("2.1", "6.1.38", SHARING(MAX, "", "GREEN"), "", 1,
               "/document/distribution/tlp/label", "GREEN");
    rule_fails("2.1", "6.1.39",
               "\"distribution\":{\"sharing_group\":{},\"tlp\":{\"label\":\"CLEAR\"}}", "", 1,
               "/document/distribution/sharing_group/id", "no id");
    rule_fails("2.1", "6.1.40", SHARING(MAX, ",\"name\":\"No sharing allowed\"", "CLEAR"), "", 1,
               "/document/distribution/sharing_group/name", "Nil");
    rule_fails("2.1", "6.1.41", SHARING(MAX, ",\"name\":\"public\"", "CLEAR"), "", 1,
               "/document/distribution/sharing_group/name", "Public");
}

#define CVSS3(...)                                                                                 \
    VULNERABILITY("\"scores\":[{\"cvss_v3\":{\"version\":\"3.1\",\"vectorString\":"                \
                  "\"CVSS:3.1/AV:L/AC:L/PR:H/UI:R/S:U/C:H/I:H/A:H/E:P\"," __VA_ARGS__ "}}]")

/* 6.1.8 to 6.1.10 */
static void scores(void **state)
{
    (void)state;
    rule_fails("2.0", "6.1.8", "", CVSS3("\"baseScore\":6.5"), 1,
               "/vulnerabilities/0/scores/0/cvss_v3/baseSeverity", "missing");
    rule_fails("2.0", "6.1.8", "", VULNERABILITY("\"scores\":[{\"cvss_v2\":7}]"), 1,
               "/vulnerabilities/0/scores/0/cvss_v2", "");
    rule_passes("2.0", "6.1.8", "", CVSS3("\"baseScore\":6.5,\"baseSeverity\":\"MEDIUM\""));
    rule_fails("2.0", "6.1.9", "",
               CVSS3("\"baseScore\":6.50,\"baseSeverity\":\"HIGH\",\"temporalScore\":6.3,"
                     "\"temporalSeverity\":\"MEDIUM\",\"environmentalScore\":6.3"),
               3, "/vulnerabilities/0/scores/0/cvss_v3/temporalScore", "6.2");
    rule_fails("2.0", "6.1.10", "",
               CVSS3("\"exploitCodeMaturity\":\"HIGH\",\"remediationLevel\":\"UNAVAILABLE\","
                     "\"attackVector\":\"LOCAL\""),
               1, "/vulnerabilities/0/scores/0/cvss_v3/exploitCodeMaturity", "PROOF_OF_CONCEPT");
}

#define NOTE(category, title) "{\"category\":\"" category "\",\"title\":\"" title "\"}"

/* 6.1.26, 6.1.27.17, 6.1.27.19, 6.1.55 */
static void titles(void **state)
{
    (void)state;
    rule_fails("2.0", "6.1.26", "\"category\":\"csaf_withdrawn\"", "", 1, "/document/category",
               "csaf_");
    rule_passes("2.1", "6.1.26", "\"category\":\"csaf_withdrawn\"", "");
    rule_fails("2.1", "6.1.27.17",
               "\"category\":\"csaf_withdrawn\",\"lang\":\"EN\",\"notes\":[" NOTE(
                   "description", "Reasoning for Withdrawal") "," NOTE("general", "Reasoning for "
                                                                                  "Withdrawal") "]",
               "", 1, "/document/notes/1/title", "second");
    rule_passes("2.1", "6.1.27.17", "\"category\":\"csaf_withdrawn\",\"lang\":\"fr\"", "");
    rule_fails("2.1", "6.1.27.17", "\"category\":\"csaf_withdrawn\"", "", 1, "/document/notes",
               "Reasoning for Withdrawal");
    rule_fails("2.1", "6.1.27.19", "\"category\":\"csaf_superseded\",\"references\":[]", "", 1,
               "/document/references", "Superseding Document");
    rule_fails(
        "2.1", "6.1.55",
        "\"license_expression\":\"MIT OR LicenseRef-x\",\"notes\":[" NOTE("general", "License") "]",
        "", 1, "/document/notes/0/category", "legal_disclaimer");
    rule_passes("2.1", "6.1.55", "\"license_expression\":\"MIT\"", "");
}

/* 6.1.15, 6.2.12, 6.2.43: what is not there and what is empty are told apart */
static void missing_and_empty(void **state)
{
    (void)state;
    rule_fails("2.1", "6.1.15", "\"publisher\":{\"category\":\"translator\"},\"source_lang\":\"\"",
               "", 1, "/document/source_lang", "empty");
    rule_fails("2.1", "6.2.12", "", "", 1, "/document/lang", "does not say");
    rule_fails("2.1", "6.2.12", "\"lang\":\"\"", "", 1, "/document/lang", "empty");
    rule_fails("2.1", "6.2.43", "", "", 1, "/document/license_expression", "does not say");
    rule_fails("2.1", "6.2.43", "\"license_expression\":\"\"", "", 1,
               "/document/license_expression", "empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weaknesses),
        cmocka_unit_test(vulnerabilities),
        cmocka_unit_test(helpers),
        cmocka_unit_test(single_versions),
        cmocka_unit_test(ranges),
        cmocka_unit_test(paths),
        cmocka_unit_test(languages),
        cmocka_unit_test(sharing),
        cmocka_unit_test(scores),
        cmocka_unit_test(titles),
        cmocka_unit_test(missing_and_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
