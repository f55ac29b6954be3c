/* SPDX-License-Identifier: Apache-2.0 */
/* Mandatory tests on versions, the revision history and dates: 6.1.14 to 6.1.22, 6.1.30, 6.1.37,
 * 6.1.45, 6.1.51 to 6.1.53. */
#include "../support/csaf_rule.h"

#define ITEM(date, number) "{\"date\":\"" date "\",\"number\":\"" number "\"}"
#define HISTORY(status, version, ...)                                                              \
    "\"tracking\":{\"status\":\"" status "\",\"version\":\"" version                               \
    "\",\"revision_history\":[" __VA_ARGS__ "]}"
#define TRACKING "/document/tracking/"

/* 6.1.14: dates are compared with all their digits and their time zones */
static void sorted(void **state)
{
    (void)state;
    rule_fails("2.1", "6.1.14",
               HISTORY("final", "2",
                       ITEM("2024-01-01T00:00:00.0000000002Z",
                            "1") "," ITEM("2024-01-01T00:00:00.0000000001Z", "2")),
               "", 1, TRACKING "revision_history", "\"2\"");
    rule_passes("2.1", "6.1.14",
                HISTORY("final", "2",
                        ITEM("2024-01-01T00:00:00.0000000010Z",
                             "1") "," ITEM("2024-01-01T00:00:00.000000002Z", "2")),
                "");
    rule_passes(
        "2.0", "6.1.14",
        HISTORY("final", "2",
                ITEM("2024-01-01T23:00:00-02:00", "2") "," ITEM("2024-01-02T02:00:00+02:00", "1")),
        "");
    /* precedence of pre-releases: alpha < alpha.1 < alpha.beta < beta.2 < beta.11 < 1.0.0 */
    rule_passes(
        "2.1", "6.1.14",
        HISTORY(
            "draft", "1.0.0",
            ITEM("2024-01-01T00:00:00Z", "1.0.0-alpha") "," ITEM(
                "2024-01-02T00:00:00Z",
                "1.0.0-"
                "alpha.1") "," ITEM("2024-01-03T00:00:00Z",
                                    "1.0.0-alpha.beta") "," ITEM("2024-01-04T00:00:00Z",
                                                                 "1.0.0-beta.2") "," ITEM("2024-01-"
                                                                                          "05T00:"
                                                                                          "00:00Z",
                                                                                          "1.0.0-"
                                                                                          "beta.11") "," ITEM("20"
                                                                                                              "24"
                                                                                                              "-0"
                                                                                                              "1-"
                                                                                                              "06"
                                                                                                              "T0"
                                                                                                              "0:"
                                                                                                              "00"
                                                                                                              ":0"
                                                                                                              "0"
                                                                                                              "Z",
                                                                                                              "1."
                                                                                                              "0."
                                                                                                              "0")),
        "");
    rule_fails("2.1", "6.1.14",
               HISTORY("draft", "1.0.0",
                       ITEM("2024-01-01T00:00:00Z",
                            "1.0.0-beta.11") "," ITEM("2024-01-02T00:00:00Z", "1.0.0-beta.2")),
               "", 1, TRACKING "revision_history", "beta.2");
    /* numbers have any number of digits */
    rule_fails("2.1", "6.1.14",
               HISTORY("final", "1",
                       ITEM("2024-01-01T00:00:00Z", "100000000000000000000000") "," ITEM(
                           "2024-01-02T00:00:00Z", "99999999999999999999999")),
               "", 1, TRACKING "revision_history", "99999");
}

/* 6.1.16: build metadata never counts, the pre-release part not in drafts */
static void latest(void **state)
{
    (void)state;
    rule_passes("2.1", "6.1.16",
                HISTORY("final", "1.0.0+x", ITEM("2024-01-01T00:00:00Z", "1.0.0+y")), "");
    rule_passes("2.1", "6.1.16",
                HISTORY("draft", "1.0.0-rc", ITEM("2024-01-01T00:00:00Z", "1.0.0")), "");
    rule_fails("2.1", "6.1.16", HISTORY("final", "1.0.0-rc", ITEM("2024-01-01T00:00:00Z", "1.0.0")),
               "", 1, TRACKING "version", "1.0.0");
    rule_fails("2.1", "6.1.16",
               HISTORY("final", "1",
                       ITEM("2024-01-01T00:00:00Z", "2") "," ITEM("2024-01-01T00:00:00Z", "1")),
               "", 1, TRACKING "version", "\"2\"");
}

/* 6.1.17, 6.1.18, 6.1.20 */
static void drafts(void **state)
{
    (void)state;
    rule_fails("2.1", "6.1.17", HISTORY("interim", "0", ""), "", 1, TRACKING "status", "draft");
    rule_fails("2.1", "6.1.17", HISTORY("final", "2.0.0-1", ""), "", 1, TRACKING "status",
               "pre-release");
    rule_fails("2.1", "6.1.17", "\"tracking\":{\"version\":\"0.1.0\"}", "", 1, TRACKING "status",
               "before version 1");
    rule_passes("2.1", "6.1.17", HISTORY("draft", "0.9.0", ""), "");
    rule_passes("2.1", "6.1.17", HISTORY("final", "10", ""), "");
    rule_fails("2.1", "6.1.18", HISTORY("interim", "1", ITEM("2024-01-01T00:00:00Z", "0.0.1")), "",
               1, TRACKING "revision_history/0/number", "0.0.1");
    rule_passes("2.1", "6.1.18", HISTORY("draft", "1", ITEM("2024-01-01T00:00:00Z", "0")), "");
    rule_fails("2.0", "6.1.20", HISTORY("final", "1.0.0-rc+b", ""), "", 1, TRACKING "version",
               "\"rc\"");
    rule_passes("2.0", "6.1.20", HISTORY("final", "1.0.0+rc-1", ""), "");
}

/* 6.1.21: a gap of a million is one finding, not a million */
static void gaps(void **state)
{
    (void)state;
    rule_fails(
        "2.1", "6.1.21",
        HISTORY("final", "1000002",
                ITEM("2024-01-01T00:00:00Z", "1") "," ITEM("2024-01-02T00:00:00Z", "1000002")),
        "", 1, TRACKING "revision_history", "\"2\" to \"1000001\"");
    rule_fails(
        "2.1", "6.1.21",
        HISTORY("final", "5.0.0",
                ITEM("2024-01-01T00:00:00Z", "1.0.0") "," ITEM("2024-01-02T00:00:00Z", "5.0.0")),
        "", 3, TRACKING "revision_history", "\"3.0.0\" at all");
    rule_fails("2.1", "6.1.21",
               HISTORY("final", "1",
                       ITEM("2024-01-01T00:00:00Z", "99999999999999999999999") "," ITEM(
                           "2024-01-02T00:00:00Z", "100000000000000000000001")),
               "", 3, TRACKING "revision_history", "100000000000000000000000\" at all");
    rule_passes("2.1", "6.1.21",
                HISTORY("final", "2.0.0",
                        ITEM("2024-01-01T00:00:00Z", "0.1.0") "," ITEM(
                            "2024-01-01T00:00:00Z",
                            "0.7.0") "," ITEM("2024-01-02T00:00:00Z",
                                              "1.0.0") "," ITEM("2024-01-03T00:00:00Z", "2.3.4")),
                "");
    rule_fails("2.1", "6.1.21", HISTORY("final", "2", ITEM("2024-01-01T00:00:00Z", "2.1.0")), "", 2,
               TRACKING "revision_history", "begins with");
}

/* 6.1.22, 6.1.30 */
static void twice_and_mixed(void **state)
{
    (void)state;
    rule_fails("2.1", "6.1.22",
               HISTORY("final", "1",
                       ITEM("2024-01-01T00:00:00Z", "1") "," ITEM(
                           "2024-01-02T00:00:00Z", "2") "," ITEM("2024-01-03T00:00:00Z", "1")),
               "", 1, TRACKING "revision_history/2/number", "before");
    rule_fails("2.1", "6.1.30", HISTORY("final", "1.0.0", ITEM("2024-01-01T00:00:00Z", "1")), "", 1,
               TRACKING "version", "semantic");
    rule_fails("2.0", "6.1.30",
               HISTORY("final", "2",
                       ITEM("2024-01-01T00:00:00Z", "1.0.0") "," ITEM("2024-01-02T00:00:00Z", "2")),
               "", 1, TRACKING "revision_history", "integer");
}

/* 6.1.37 */
static void date_times(void **state)
{
    static const char *const bad[] = {
        "2024-01-24t10:00:00Z",      "2024-01-24T10:00:00z",      "2024-01-24T10:00:00",
        "2024-01-24 10:00:00Z",      "2024-01-24T10:00:00.Z",     "2024-01-24T10:00:00+0200",
        "2024-01-24T10:00:00+02",    "2024-01-24T24:00:00Z",      "2024-02-30T10:00:00Z",
        "2023-02-29T10:00:00Z",      "2016-12-31T23:59:60Z",      "2024-01-24T10:00Z",
        "2024-01-24T10:00:00+24:00", "2024-01-24T10:00:00+02:60", "24-01-24T10:00:00Z",
        "2024-01-24T10:00:00,5Z",    "2024-01-24T10:00:00Z ",     "",
        "2024-1-24T10:00:00Z",       "2024-01-24T10:00:00.5"};
    static const char *const good[] = {"2024-02-29T23:59:59Z", "2024-01-24T10:00:00.123456789012Z",
                                       "2024-01-24T10:00:00-00:00", "2024-01-24T10:00:00+23:59",
                                       "2000-02-29T00:00:00.0Z"};
    char rest[200];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(rest, sizeof rest, "\"vulnerabilities\":[{\"threats\":[{\"date\":\"%s\"}]}]",
                 bad[i]);
        rule_fails("2.1", "6.1.37", "", rest, 1, "/vulnerabilities/0/threats/0/date", "");
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(rest, sizeof rest, "\"vulnerabilities\":[{\"threats\":[{\"date\":\"%s\"}]}]",
                 good[i]);
        rule_passes("2.1", "6.1.37", "", rest);
    }
}

/* 6.1.45, 6.1.51, 6.1.52, 6.1.53 */
static void newer(void **state)
{
#define RELEASED                                                                                   \
    "\"distribution\":{\"tlp\":{\"label\":\"CLEAR\"}}," HISTORY(                                   \
        "final", "2", ITEM("2024-01-02T00:00:00Z", "2") "," ITEM("2024-01-01T00:00:00Z", "1"))
    (void)state;
    rule_passes("2.1", "6.1.45", RELEASED,
                "\"vulnerabilities\":[{\"disclosure_date\":\"2024-01-02T02:00:00+02:00\"}]");
    rule_fails("2.1", "6.1.45", RELEASED,
               "\"vulnerabilities\":[{\"disclosure_date\":\"2024-01-02T00:00:00.00000001Z\"}]", 1,
               "/vulnerabilities/0/disclosure_date", "newer");
    rule_passes("2.1", "6.1.45", HISTORY("final", "2", ITEM("2024-01-02T00:00:00Z", "2")),
                "\"vulnerabilities\":[{\"disclosure_date\":\"2025-01-02T02:00:00+02:00\"}]");
    rule_fails("2.1", "6.1.51", RELEASED,
               "\"vulnerabilities\":[{\"metrics\":[{\"content\":{\"epss\":{\"timestamp\":"
               "\"2024-01-01T23:59:59-01:00\"}}}]}]",
               1, "/vulnerabilities/0/metrics/0/content/epss/timestamp", "newer");
    rule_fails("2.1", "6.1.52", RELEASED,
               "\"vulnerabilities\":[{\"first_known_exploitation_dates\":[{\"date\":"
               "\"2025-01-01T00:00:00Z\",\"exploitation_date\":\"2025-01-01T00:00:00Z\"}]}]",
               2, "/vulnerabilities/0/first_known_exploitation_dates/0/exploitation_date", "newer");
    rule_fails("2.1", "6.1.53", "",
               "\"vulnerabilities\":[{\"first_known_exploitation_dates\":[{\"date\":"
               "\"2025-01-01T01:00:00+01:00\",\"exploitation_date\":\"2025-01-01T00:00:01Z\"}]}]",
               1, "/vulnerabilities/0/first_known_exploitation_dates/0/exploitation_date", "newer");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorted), cmocka_unit_test(latest),          cmocka_unit_test(drafts),
        cmocka_unit_test(gaps),   cmocka_unit_test(twice_and_mixed), cmocka_unit_test(date_times),
        cmocka_unit_test(newer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
