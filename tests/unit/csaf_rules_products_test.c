/* SPDX-License-Identifier: Apache-2.0 */
/* Mandatory tests on products: circles, status, remediations, flags, metrics, VEX, and versions
 * that correspond (6.1.3, 6.1.6, 6.1.7, 6.1.33, 6.1.35, 6.1.36, 6.1.56, 6.1.27.8 to 6.1.27.13). */
#include "../support/csaf_rule.h"

#define LIST(...) "\"full_product_names\":[" __VA_ARGS__ "]"
#define NAMED(id) "{\"name\":\"n\",\"product_id\":\"" id "\"}"
#define TREE(...) "\"product_tree\":{" __VA_ARGS__ "}"
#define VULNERABILITY(...) "\"vulnerabilities\":[{" __VA_ARGS__ "}]"
#define ABC LIST(NAMED("A") "," NAMED("B") "," NAMED("C"))
#define GROUP(...)                                                                                 \
    "\"product_groups\":[{\"group_id\":\"G\",\"product_ids\":[" __VA_ARGS__ "]}"                   \
    ",{\"group_id\":\"H\",\"product_ids\":[\"B\",\"C\"]}]"
#define PATH(id, begin, ...)                                                                       \
    "{\"full_product_name\":" NAMED(id) ",\"beginning_product_reference\":\"" begin                \
                                        "\",\"subpaths\":[" __VA_ARGS__ "]}"
#define SUB(category, next)                                                                        \
    "{\"category\":\"" category "\",\"next_product_reference\":\"" next "\"}"

/* 6.1.3 */
static void circles(void **state)
{
    (void)state;
    rule_fails("2.1", "6.1.3", "",
               TREE("\"product_paths\":[" PATH("X", "A", SUB("installed_on", "Y")) "," PATH(
                   "Y", "Z") "," PATH("Z", "X") "]"),
               1, "/product_tree/product_paths/0/full_product_name/product_id", "\"Z\"");
    rule_fails("2.0", "6.1.3", "",
               TREE("\"relationships\":[{\"full_product_name\":" NAMED(
                   "X") ",\"product_reference\":\"X\",\"relates_to_product_reference\":\"X\"}]"),
               1, "/product_tree/relationships/0/full_product_name/product_id", "itself");
    /* a product that refers to a circle twice, and two circles through one product */
    rule_fails("2.1", "6.1.3", "",
               TREE("\"product_paths\":[" PATH("S", "X", SUB("installed_on", "X")) "," PATH(
                   "X", "Y", SUB("installed_on", "X")) "," PATH("Y", "Z") "," PATH("Z", "Y") "]"),
               2, "/product_tree/product_paths/1/full_product_name/product_id", "itself");
    /* many ways are no circle */
    rule_passes("2.1", "6.1.3", "",
                TREE(ABC ",\"product_paths\":[" PATH("X", "A", SUB("installed_on", "A")) "," PATH(
                    "Y", "X", SUB("installed_on", "X")) "," PATH("Z", "Y", SUB("a", "X")) "]"));
}

/* 6.1.6: first_fixed and fixed are one group, recommended contradicts none */
static void status(void **state)
{
    (void)state;
    rule_passes("2.1", "6.1.6", "",
                VULNERABILITY("\"product_status\":{\"first_fixed\":[\"A\"],\"fixed\":[\"A\"],"
                              "\"recommended\":[\"A\",\"B\"],\"known_affected\":[\"B\"]}"));
    rule_fails("2.1", "6.1.6", "",
               VULNERABILITY("\"product_status\":{\"unknown\":[\"A\"],\"last_affected\":[\"B\","
                             "\"A\"]}"),
               1, "/vulnerabilities/0/product_status/last_affected/1", "Unknown");
    /* each vulnerability for itself */
    rule_passes("2.0", "6.1.6", "",
                "\"vulnerabilities\":[{\"product_status\":{\"fixed\":[\"A\"]}},"
                "{\"product_status\":{\"known_affected\":[\"A\"]}}]");
}

/* 6.1.33 */
static void flags(void **state)
{
    (void)state;
    rule_fails("2.0", "6.1.33", "",
               TREE(ABC "," GROUP("\"A\",\"B\"")) "," VULNERABILITY(
                   "\"flags\":[{\"label\":\"component_not_present\",\"group_ids\":[\"G\"]},"
                   "{\"label\":\"component_not_present\",\"group_ids\":[\"H\"]}]"),
               1, "/vulnerabilities/0/flags/1/group_ids/0", "\"B\" (in group \"H\")");
    /* named twice in one flag, and flags of another kind */
    rule_passes("2.0", "6.1.33", "",
                TREE(ABC "," GROUP("\"A\",\"B\"")) "," VULNERABILITY(
                    "\"flags\":[{\"label\":\"component_not_present\",\"group_ids\":[\"G\"],"
                    "\"product_ids\":[\"A\"]},{\"label\":\"other\",\"product_ids\":[\"A\"]}]"));
}

/* 6.1.35, 6.1.36 */
static void remediations(void **state)
{
    (void)state;
    rule_fails("2.1", "6.1.35", "",
               TREE(ABC "," GROUP("\"A\",\"B\"")) "," VULNERABILITY(
                   "\"remediations\":[{\"category\":\"fix_planned\",\"product_ids\":[\"C\"]},"
                   "{\"category\":\"workaround\",\"group_ids\":[\"H\"]},"
                   "{\"category\":\"vendor_fix\",\"group_ids\":[\"G\",\"H\"]}]"),
               1, "/vulnerabilities/0/remediations/2/group_ids/1", "fix_planned");
    rule_passes("2.1", "6.1.35", "",
                TREE(ABC "," GROUP("\"A\"")) "," VULNERABILITY(
                    "\"remediations\":[{\"category\":\"no_fix_planned\",\"group_ids\":[\"H\"]},"
                    "{\"category\":\"mitigation\",\"group_ids\":[\"H\"]},"
                    "{\"category\":\"vendor_fix\",\"group_ids\":[\"G\"]}]"));
    rule_fails("2.1", "6.1.36", "",
               TREE(ABC "," GROUP("\"A\"")) "," VULNERABILITY(
                   "\"product_status\":{\"fixed\":[\"C\"],\"known_affected\":[\"A\"]},"
                   "\"remediations\":[{\"category\":\"none_available\",\"group_ids\":[\"G\"]},"
                   "{\"category\":\"none_available\",\"group_ids\":[\"H\"]}]"),
               1, "/vulnerabilities/0/remediations/1/group_ids/0", "\"C\"");
    rule_fails("2.1", "6.1.36", "",
               VULNERABILITY("\"product_status\":{\"known_affected\":[\"A\"]},"
                             "\"remediations\":[{\"category\":\"optional_patch\","
                             "\"product_ids\":[\"A\"]}]"),
               1, "/vulnerabilities/0/remediations/0/product_ids/0", "Affected");
    rule_passes("2.1", "6.1.36", "",
                VULNERABILITY("\"product_status\":{\"known_not_affected\":[\"A\"]},"
                              "\"remediations\":[{\"category\":\"fix_planned\","
                              "\"product_ids\":[\"A\"]}]"));
}

#define METRIC(content, product, source)                                                           \
    "{\"content\":{" content "},\"products\":[\"" product "\"]" source "}"
#define CVSS(version) "\"cvss_v3\":{\"version\":\"" version "\"}"

/* 6.1.7, 6.1.56: each source for itself; a source that is not given is the author */
static void metrics(void **state)
{
    (void)state;
    rule_passes("2.1", "6.1.7", "",
                VULNERABILITY("\"metrics\":[" METRIC(CVSS("3.1"), "A", "") "," METRIC(
                    CVSS("3.1"), "A", ",\"source\":\"x\"") "," METRIC(CVSS("3.0"), "A", "") "]"));
    rule_fails(
        "2.1", "6.1.7", "",
        VULNERABILITY("\"metrics\":[" METRIC(CVSS("9.9"), "A", ",\"source\":\"x\"") "," METRIC(
            CVSS("9.9"), "A", ",\"source\":\"x\"") "]"),
        1, "/vulnerabilities/0/metrics/1/products/0", "9.9");
    rule_fails("2.0", "6.1.7", "",
               VULNERABILITY("\"scores\":[{\"cvss_v2\":{},\"products\":[\"A\"]},{\"cvss_v2\":{},"
                             "\"products\":[\"B\",\"A\"]}]"),
               1, "/vulnerabilities/0/scores/1/products/1", "\"A\"");
    rule_fails("2.1", "6.1.56", "",
               VULNERABILITY("\"metrics\":[" METRIC(
                   "\"qualitative_severity_rating\":\"low\"," CVSS("3.1"), "A", "") "]"),
               1, "/vulnerabilities/0/metrics/0/products/0", "qualitative");
    rule_passes("2.1", "6.1.56", "",
                VULNERABILITY("\"metrics\":[" METRIC("\"qualitative_severity_rating\":\"low\"", "A",
                                                     "") "," METRIC(CVSS("3.1"), "B",
                                                                    "") "," METRIC(CVSS("3.1"), "A",
                                                                                   ",\"source\":"
                                                                                   "\"x\"") "]"));
}

/* 6.1.27.8 to 6.1.27.10 */
static void vex(void **state)
{
    static const char profile[] = "\"category\":\"csaf_vex\"";

    (void)state;
    rule_fails("2.1", "6.1.27.8", profile,
               TREE(ABC "," GROUP("\"A\"")) "," VULNERABILITY(
                   "\"ids\":[{\"group_ids\":[\"G\"]},{\"product_ids\":[\"B\"]}],"
                   "\"product_status\":{\"fixed\":[\"A\",\"B\"],\"recommended\":[\"C\"]}"),
               1, "/vulnerabilities/0/product_status/recommended/0", "\"C\"");
    rule_passes("2.1", "6.1.27.8", profile,
                VULNERABILITY("\"ids\":[{\"product_ids\":[\"B\"]},{\"text\":\"for all\"}],"
                              "\"product_status\":{\"fixed\":[\"A\"]}"));
    rule_passes("2.0", "6.1.27.8", profile,
                VULNERABILITY("\"ids\":[{\"product_ids\":[\"B\"]}],"
                              "\"product_status\":{\"fixed\":[\"A\"]}"));
    rule_fails(
        "2.1", "6.1.27.9", profile,
        VULNERABILITY("\"threats\":[{\"category\":\"exploit_status\",\"product_ids\":[\"A\"]}"
                      ",{\"category\":\"impact\",\"product_ids\":[\"B\"]}],"
                      "\"product_status\":{\"known_not_affected\":[\"B\",\"A\"]}"),
        1, "/vulnerabilities/0/product_status/known_not_affected/1", "impact");
    rule_fails("2.0", "6.1.27.10", profile,
               TREE(ABC "," GROUP("\"A\"")) "," VULNERABILITY(
                   "\"remediations\":[{\"category\":\"vendor_fix\",\"group_ids\":[\"G\"]}],"
                   "\"product_status\":{\"known_affected\":[\"A\",\"B\"]}"),
               1, "/vulnerabilities/0/product_status/known_affected/1", "action");
}

#define BRANCH(category, name, ...)                                                                \
    "{\"category\":\"" category "\",\"name\":\"" name "\"," __VA_ARGS__ "}"
#define PRODUCT(id) "\"product\":" NAMED(id)
#define TWO_PRODUCTS                                                                               \
    "\"branches\":[" BRANCH(                                                                       \
        "vendor", "V",                                                                             \
        "\"branches\":[" BRANCH(                                                                   \
            "product_name", "P",                                                                   \
            "\"branches\":[" BRANCH("product_version", "1", PRODUCT("P1")) "," BRANCH(             \
                "product_version_range", "vers:intdot/<1",                                         \
                PRODUCT("P0")) "]") "," BRANCH("product_name", "Q",                                \
                                               "\"branches\":[" BRANCH(                            \
                                                   "product_version", "1",                         \
                                                   PRODUCT(                                        \
                                                       "Q1")) "," BRANCH("product_version", "2",   \
                                                                         PRODUCT(                  \
                                                                             "Q2")) "]") "]") "]"
#define STATUS(fixed, affected)                                                                    \
    VULNERABILITY("\"product_status\":{\"fixed\":[\"" fixed "\"],\"known_affected\":[\"" affected  \
                  "\"]}")

/* 6.1.27.13 */
static void corresponding(void **state)
{
    static const char profile[] = "\"category\":\"csaf_security_advisory\"";
    static const char id[] = "6.1.27.13";

    (void)state;
    rule_passes("2.1", id, profile, TREE(TWO_PRODUCTS) "," STATUS("P1", "P0"));
    rule_fails("2.1", id, profile, TREE(TWO_PRODUCTS) "," STATUS("P1", "Q1"), 1,
               "/vulnerabilities/0/product_status/fixed/0", "\"P1\"");
    rule_passes("2.1", id, "\"category\":\"csaf_vex\"", TREE(TWO_PRODUCTS) "," STATUS("P1", "Q1"));
    /* installed on: exactly the same; a component may have changed with what it is part of */
    rule_fails("2.1", id, profile,
               TREE(TWO_PRODUCTS
                    ",\"product_paths\":[" PATH("N1", "P1", SUB("installed_on", "Q1")) "," PATH(
                        "N0", "P0", SUB("installed_on", "Q2")) "]") "," STATUS("N1", "N0"),
               1, "/vulnerabilities/0/product_status/fixed/0", "\"N1\"");
    rule_passes(
        "2.1", id, profile,
        TREE(TWO_PRODUCTS
             ",\"product_paths\":[" PATH("N1", "P1", SUB("default_component_of", "Q2")) "," PATH(
                 "N0", "P0", SUB("default_component_of", "Q1")) "]") "," STATUS("N1", "N0"));
    /* installed with: what the path leads to */
    rule_passes("2.1", id, profile,
                TREE(TWO_PRODUCTS ",\"product_paths\":[" PATH(
                    "N1", "P1", SUB("installed_with", "Q1")) "]") "," STATUS("N1", "P1"));
    rule_fails("2.1", id, profile,
               TREE(TWO_PRODUCTS ",\"product_paths\":[" PATH(
                   "N1", "P1", SUB("installed_on", "Q1")) "]") "," STATUS("N1", "P0"),
               1, "/vulnerabilities/0/product_status/fixed/0", "\"N1\"");
    rule_passes(
        "2.1", id, profile,
        TREE(TWO_PRODUCTS ",\"product_paths\":[" PATH(
            "N1", "P1",
            SUB("installed_with", "Q1") "," SUB("installed_on", "Q2")) "]") "," STATUS("N1", "P1"));
    /* in a circle nothing can be told */
    rule_passes("2.1", id, profile,
                TREE(TWO_PRODUCTS
                     ",\"product_paths\":[" PATH("N2", "N1", SUB("installed_on", "P1")) "," PATH(
                         "N1", "N2") "," PATH("N3", "N1") "]") "," STATUS("N1", "P0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(circles),       cmocka_unit_test(status),       cmocka_unit_test(flags),
        cmocka_unit_test(metrics),       cmocka_unit_test(remediations), cmocka_unit_test(vex),
        cmocka_unit_test(corresponding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
