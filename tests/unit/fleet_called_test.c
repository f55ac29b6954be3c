/* SPDX-License-Identifier: Apache-2.0 */
/* One product, two ways to write its name: what counts as the same, and what of it does not. */
#include "fleet_fixture.h"

#define NAMED(model, firmware)                                                                     \
    "\"nameplate\":{\"vendor\":\"Nordlicht Antriebe\",\"model\":\"" model                          \
    "\",\"firmware\":\"" firmware "\"}"
#define SOFTWARE(vendor, name, version, more)                                                      \
    "\"components\":[{\"type\":\"application\",\"vendor\":\"" vendor "\",\"name\":\"" name         \
    "\",\"version\":\"" version "\"" more "}]"

struct pair {
    const char *product, *range; /* in the advisory */
    const char *inventory;
    enum fleet_status status;
    const char *rule;
};

static void judge(const struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buf tree;
        buf_init(&tree);
        buf_printf(&tree,
                   "\"branches\":[{" NL ",\"branches\":[{\"category\":\"product_name\",\"name\":"
                   "\"%s\",\"branches\":[{\"category\":\"product_version_range\",\"name\":\"%s\","
                   "\"product\":{\"name\":\"%s %s\",\"product_id\":\"P1\"}}]}]}]",
                   pairs[i].product, pairs[i].range, pairs[i].product, pairs[i].range);
        struct fleet_criteria *c = criteria_of(buf_text(&tree), AFFECTED("\"P1\""));
        struct expectation expected = {
            pairs[i].inventory, pairs[i].status, pairs[i].rule, NULL, 0, 0};
        if (pairs[i].status == FLEET_NOT_LISTED)
            expected.rule = NULL;
        expect(c, &expected, 1);
        fleet_criteria_free(c);
        buf_fini(&tree);
    }
}

static void spellings_of_names(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"DNP3 Outstation Libraries", "<= 3.25", NAMED("DNP3 Outstation Library", "3.25"),
         FLEET_AFFECTED, "name.plural"},
        {"AWK-3121", "<= 1.14", NAMED("AWK-3121-EU", "1.12"), FLEET_AFFECTED, "name.variant"},
        {"AWK-3121", "<= 1.14", NAMED("AWK-3131-EU", "1.12"), FLEET_NOT_LISTED, NULL},
        /* of two editions with one initial the name does not say which: nothing is excluded */
        {"View Console SE", "< 13", NAMED("View Console Site Edition", "12"), FLEET_AFFECTED,
         "name.acronym"},
        {"View Console SE", "< 13", NAMED("View Console Site Edition", "13"), FLEET_UNKNOWN, NULL},
        {"View Console SE", "< 13", NAMED("View Console Machine Edition", "12"), FLEET_NOT_LISTED,
         NULL},
        {"L210-F2G Lynx", "< 5", NAMED("Lynx L210-F2G", "4"), FLEET_AFFECTED, "identity.name"},
        {"L210-F2G Lynx", "< 5", NAMED("L210-F2G", "4"), FLEET_AFFECTED, "identity.less-specific"},
        {"Edge Panel (formerly Touch Console)", "< 2", NAMED("Touch Console", "1"), FLEET_AFFECTED,
         "name.acronym"},
        {"CPU 1511-1 PN (6ES7511-1AK01-0AB0)", "< 5",
         NAMED("CPU 1511-1 PN, 6ES7511-1AK01-0AB0", "4"), FLEET_AFFECTED, "identity.model"},
        {"CPU 1511-1 PN (6ES7511-1AK01-0AB0)", "< 5",
         NAMED("CPU 1511-1 PN (6ES7 511-1AK01-0AB0)", "5"), FLEET_NOT_AFFECTED, "identity.model"},
        {"CPU 1511-1 PN (6ES7511-1AK01-0AB0)", "< 5",
         NAMED("CPU 1511-1 PN, 6ES7511-1AK02-0AB0", "4"), FLEET_NOT_LISTED, NULL},
    };
    judge(pairs, ARRAY_LEN(pairs));
}

static void names_of_several(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"DC-200 switch family", "< 5", NAMED("DC208", "4"), FLEET_AFFECTED, "identity.family"},
        {"DC-200 switch family", "< 5", NAMED("DC208", "6"), FLEET_UNKNOWN, "identity.family"},
        {"DC-200 switch family", "< 5", NAMED("DC308", "4"), FLEET_NOT_LISTED, NULL},
        {"DC-200 switch family", "< 5", NAMED("DC204IRT", "4"), FLEET_NOT_LISTED, NULL},
        {"DC-200IRT switch family", "< 5", NAMED("DC204IRT", "4"), FLEET_AFFECTED,
         "identity.family"},
        {"All models of FX5U(C) CPU modules", "vers:all/*", NAMED("FX5UC-64MT/D", "1"),
         FLEET_AFFECTED, "identity.family"},
        {"750-880/xxx-xxx", "< 11", NAMED("750-880/025-000", "10"), FLEET_AFFECTED,
         "identity.pattern"},
        {"750-880/xxx-xxx", "< 11", NAMED("750-881/025-000", "10"), FLEET_NOT_LISTED, NULL},
        {"Sentinel Integra and Sentinel Vista", "< 5", NAMED("Sentinel Vista", "4"), FLEET_AFFECTED,
         "name.listed"},
        {"1794-AENT Flex I/O Series B", "<= 4.003", NAMED("1794-AENT/B", "4.003"), FLEET_AFFECTED,
         "identity.name"},
        {"1794-AENT Flex I/O Series B", "<= 4.003", NAMED("1794-AENT", "4.003"), FLEET_UNKNOWN,
         "identity.less-specific"},
        {"LOGIQ, not including LOGIQ 100 Pro", "vers:all/*", NAMED("LOGIQ E9", "1"), FLEET_AFFECTED,
         "identity.family"},
        {"LOGIQ, not including LOGIQ 100 Pro", "vers:all/*", NAMED("LOGIQ", "1"), FLEET_AFFECTED,
         "identity.name"},
        {"LOGIQ, not including LOGIQ 100 Pro", "vers:all/*", NAMED("LOGIQ 100 Pro", "1"),
         FLEET_NOT_LISTED, NULL},
        /* a part of a model is none */
        {"SIP 5 6MD89 (CP300)", "< 7.80", NAMED("SIP 5 7SD87 (CP300)", "7.5"), FLEET_NOT_LISTED,
         NULL},
    };
    judge(pairs, ARRAY_LEN(pairs));
}

static void software_as_scanners_name_it(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"easyDrive", "< 7.22", SOFTWARE("Nordlicht Antriebe", "easyDrive 7", "7.20", ""),
         FLEET_AFFECTED, "name.version-line"},
        {"easyDrive", "< 7.22", SOFTWARE("Nordlicht Antriebe", "easyDrive 7", "7.22", ""),
         FLEET_NOT_AFFECTED, NULL},
        {"easyDrive", "< 7.22", SOFTWARE("Nordlicht Antriebe", "easyDrive 6", "7.20", ""),
         FLEET_NOT_LISTED, NULL},
        {"Drive Manager", "<= 2017 Update 2",
         SOFTWARE("Nordlicht Antriebe", "Drive Manager 2017", "Update 2", ""), FLEET_AFFECTED,
         NULL},
        {"Drive Manager SDK", "< 5",
         SOFTWARE("", "Nordlicht Antriebe Drive Manager SDK", "4.0", ""), FLEET_AFFECTED,
         "name.vendor"},
        {"Drive Manager SDK", "< 5",
         SOFTWARE("", "Nordlicht Antriebe GmbH Drive Manager SDK", "5", ""), FLEET_NOT_AFFECTED,
         "name.vendor"},
        {"Drive Manager SDK", "< 5", SOFTWARE("", "Westlicht Drive Manager SDK", "4.0", ""),
         FLEET_NOT_LISTED, NULL},
        {"Drive Manager SDK", "< 5",
         SOFTWARE("", "dmsdk", "4.0",
                  ",\"cpe\":\"cpe:2.3:a:nordlicht_antriebe:drive_manager_sdk:4.0:*:*:*:*:*:*:*\""),
         FLEET_AFFECTED, "name.cpe"},
        {"Drive Manager SDK", "< 5",
         SOFTWARE("", "dmsdk", "4.0",
                  ",\"cpe\":\"cpe:2.3:a:westlicht:drive_manager_sdk:4.0:*:*:*:*:*:*:*\""),
         FLEET_NOT_LISTED, NULL},
    };
    judge(pairs, ARRAY_LEN(pairs));
}

/* A product in general, and a line of it with a range of its own. */
static void lines_listed_apart(void **state)
{
    (void)state;
    static const struct expectation cases[] = {
        {NAMED("Drive Manager 9", "9.18.3"), FLEET_AFFECTED, NULL, NULL, 0, 0},
        {NAMED("Drive Manager 9", "9.18.4"), FLEET_NOT_AFFECTED, NULL, NULL, 0, 0},
        {NAMED("Drive Manager 9", "9.20.1"), FLEET_AFFECTED, NULL, NULL, 0, 0},
        {NAMED("Drive Manager 9 (V9.18)", "9.18.4"), FLEET_NOT_AFFECTED, NULL, NULL, 0, 0},
        {NAMED("Drive Manager 9", "9.24"), FLEET_NOT_AFFECTED, NULL, NULL, 0, 0},
    };
    struct fleet_criteria *c =
        criteria_of(TREE(PRODUCT("Drive Manager 9", "< 9.24", "P1",
                                 "") "," PRODUCT("Drive Manager 9 (V9.18)", "< 9.18.4", "P2", "")),
                    AFFECTED("\"P1\",\"P2\""));
    expect(c, cases, ARRAY_LEN(cases));
    fleet_criteria_free(c);
}

static void near_misses_say_where(void **state)
{
    (void)state;
    struct fleet_criteria *c = criteria_of(
        TREE(ONE_VERSION("Station controller", "CX31 | CX451", "P1")), AFFECTED("\"P1\""));
    struct fleet_result *r = result_of(c, NAMED("CX451", "1"), NULL);
    assert_int_equal(r->status, FLEET_NOT_LISTED);
    assert_string_equal(r->nearest.step, "identity.elsewhere");
    fleet_result_free(r);
    fleet_criteria_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_names),           cmocka_unit_test(names_of_several),
        cmocka_unit_test(software_as_scanners_name_it), cmocka_unit_test(lines_listed_apart),
        cmocka_unit_test(near_misses_say_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
