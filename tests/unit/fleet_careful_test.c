/* SPDX-License-Identifier: Apache-2.0 */
/* What must never be said: "not affected", "fixed" or nothing at all where a device is affected. */
#include "fleet_fixture.h"

#define HELPER(what) ",\"product_identification_helper\":{" what "}"
#define NEGATIVE(affected, status, ids)                                                            \
    "{\"cve\":\"CVE-2026-1000\",\"product_status\":{\"known_affected\":[" affected "],\"" status   \
    "\":[" ids "]}}"

/* V52: a model number with wildcards, or the beginning of one, does not contradict a name */
static void patterns_do_not_contradict_names(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        enum fleet_status status;
    } models[] = {
        {"NL7200-1*", FLEET_AFFECTED},   {"NL7200-1??0-2B*", FLEET_AFFECTED},
        {"NL*", FLEET_AFFECTED},         {"NL7200-1", FLEET_AFFECTED},
        {"NL7200-2*", FLEET_NOT_LISTED}, {"NL7200-1AB0-2BA4", FLEET_NOT_LISTED},
    };
    for (size_t i = 0; i < ARRAY_LEN(models); i++) {
        struct buf tree;
        buf_init(&tree);
        buf_printf(&tree,
                   "\"branches\":[{" NL ",\"branches\":[{\"category\":\"product_name\",\"name\":"
                   "\"DC-7 Drive\",\"product\":{\"name\":\"DC-7 Drive\",\"product_id\":\"P1\","
                   "\"product_identification_helper\":{\"model_numbers\":[\"%s\"]}}}]}]",
                   models[i].model);
        struct fleet_criteria *c = criteria_of(buf_text(&tree), AFFECTED("\"P1\""));
        struct fleet_result *r = result_of(
            c, PLATE("Nordlicht Antriebe", "DC-7 Drive", ",\"order\":\"NL7200-1AB0-2BA3\""), NULL);
        if (r->status != models[i].status)
            print_message("%s: %s\n", models[i].model, fleet_status_name(r->status));
        assert_int_equal(r->status, models[i].status);
        fleet_result_free(r);
        fleet_criteria_free(c);
        buf_fini(&tree);
    }
}

/* a range that excludes a version does not speak for single versions that are listed beside it */
static void single_versions_beside_ranges(void **state)
{
    (void)state;
    struct fleet_criteria *c =
        criteria_of(TREE(PRODUCT("DC-7", "< 4.0", "OLD", "") "," ONE_VERSION("DC-7", "5.0", "ONE")),
                    AFFECTED("\"OLD\",\"ONE\""));
    static const struct expectation cases[] = {
        {PLATE("Nordlicht Antriebe", "DC-7", ",\"firmware\":\"3.9\""), FLEET_AFFECTED, NULL, NULL,
         0, 0},
        {PLATE("Nordlicht Antriebe", "DC-7", ",\"firmware\":\"5.0\""), FLEET_AFFECTED, NULL, NULL,
         0, 0},
        {PLATE("Nordlicht Antriebe", "DC-7", ",\"firmware\":\"4.9\""), FLEET_UNKNOWN, NULL,
         "the vendor's word", 0, 0},
    };
    expect(c, cases, ARRAY_LEN(cases));
    fleet_criteria_free(c);
}

/* what is said of some serial numbers never speaks for the others of the class */
static void serials_of_some_say_nothing_of_others(void **state)
{
    (void)state;
    static const char *const vulnerabilities[] = {
        NEGATIVE("\"ALL\"", "known_not_affected", "\"SOME\""),
        NEGATIVE("\"ALL\"", "fixed", "\"SOME\""),
    };
    for (size_t i = 0; i < ARRAY_LEN(vulnerabilities); i++) {
        struct fleet_criteria *c = criteria_of(
            TREE(PRODUCT(
                "DC-7", "vers:all/*", "ALL",
                "") ",{\"category\":\"product_name\",\"name\":"
                    "\"DC-7\",\"branches\":[{\"category\":\"product_version\",\"name\":\"4.3\","
                    "\"product\":{\"name\":\"DC-7 4.3\",\"product_id\":\"SOME\"" HELPER(
                        "\"serial_numbers\":[\"X*\"]") "}}]}"),
            vulnerabilities[i]);
        struct fleet_result *r =
            result_of(c, PLATE("Nordlicht Antriebe", "DC-7", ",\"firmware\":\"4.3\""), NULL);
        assert_int_equal(r->count, 1);
        assert_int_equal(fleet_statement_for(&r->statements[0], slice_str("Y1")), FLEET_AFFECTED);
        assert_int_equal(fleet_statement_for(&r->statements[0], slice_str("")), FLEET_AFFECTED);
        fleet_result_free(r);
        fleet_criteria_free(c);
    }
    /* one claim is limited to serial numbers, another one may hold for all */
    struct fleet_criteria *c = criteria_of(
        TREE(PRODUCT("DC-7", "< 5.0", "SOME", HELPER("\"serial_numbers\":[\"X*\"]")) "," PRODUCT(
            "DC-7", "< some day", "ALL", "")),
        AFFECTED("\"SOME\",\"ALL\""));
    struct fleet_result *r =
        result_of(c, PLATE("Nordlicht Antriebe", "DC-7", ",\"firmware\":\"4.3\""), NULL);
    assert_int_equal(r->count, 1);
    assert_int_equal(fleet_statement_for(&r->statements[0], slice_str("Y1")), FLEET_AFFECTED);
    fleet_result_free(r);
    fleet_criteria_free(c);
    /* two components, each for serial numbers of its own */
    c = criteria_of(
        TREE(PRODUCT("DC-7", "< 5.0", "A", HELPER("\"serial_numbers\":[\"X*\"]")) "," PRODUCT(
            "Runtime", "< 5.0", "B", HELPER("\"serial_numbers\":[\"Y*\"]"))),
        AFFECTED("\"A\",\"B\""));
    r = result_of(
        c,
        PLATE("Nordlicht Antriebe", "DC-7",
              ",\"firmware\":\"4.3\"") ",\"components\":[{"
                                       "\"vendor\":\"Nordlicht "
                                       "Antriebe\",\"name\":\"Runtime\",\"version\":\"4.0\"}]",
        NULL);
    assert_int_equal(r->count, 1);
    assert_int_equal(fleet_statement_for(&r->statements[0], slice_str("X1")), FLEET_AFFECTED);
    assert_int_equal(fleet_statement_for(&r->statements[0], slice_str("Y1")), FLEET_AFFECTED);
    fleet_result_free(r);
    fleet_criteria_free(c);
}

/* a CPE's update, edition and platform: what is fixed or spared elsewhere is not so here */
static void cpe_has_more_than_a_version(void **state)
{
    (void)state;
    static const struct {
        const char *status, *advisory, *inventory;
        enum fleet_status expected;
    } cases[] = {
        {"fixed", "a:nl:app:5.2:update3:*:*:*:*:*:*", "a:nl:app:5.2:update1:*:*:*:*:*:*",
         FLEET_UNKNOWN},
        {"fixed", "a:nl:app:5.2:update3:*:*:*:*:*:*", "a:nl:app:5.2:*:*:*:*:*:*:*", FLEET_UNKNOWN},
        {"fixed", "a:nl:app:5.2:update3:*:*:*:*:*:*", "a:nl:app:5.2:Update3:*:*:*:*:*:*",
         FLEET_FIXED},
        {"known_not_affected", "a:nl:app:*:*:*:*:*:android:*:*", "a:nl:app:5:*:*:*:*:ios:*:*",
         FLEET_UNKNOWN},
        {"known_not_affected", "a:nl:app:*:*:*:*:*:ios:*:*", "a:nl:app:5:*:*:*:*:ios:*:*",
         FLEET_NOT_AFFECTED},
        {"known_affected", "a:nl:app:*:-:*:*:*:*:*:*", "a:nl:app:5:sp1:*:*:*:ios:*:*",
         FLEET_AFFECTED},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf tree, vulnerability, inventory;
        buf_init(&tree);
        buf_init(&vulnerability);
        buf_init(&inventory);
        buf_printf(&tree,
                   "\"full_product_names\":[{\"name\":\"The App\",\"product_id\":\"P1\","
                   "\"product_identification_helper\":{\"cpe\":\"cpe:2.3:%s\"}}]",
                   cases[i].advisory);
        buf_printf(&vulnerability,
                   "{\"cve\":\"CVE-2026-1000\",\"product_status\":{\"%s\":[\"P1\"]}}",
                   cases[i].status);
        buf_printf(&inventory,
                   PLATE("Q", "R", "") ",\"components\":[{\"name\":\"z\",\"cpe\":\"cpe:2.3:%s\"}]",
                   cases[i].inventory);
        struct fleet_criteria *c = criteria_of(buf_text(&tree), buf_text(&vulnerability));
        struct fleet_result *r = result_of(c, buf_text(&inventory), NULL);
        if (r->status != cases[i].expected)
            print_message("%s %s with %s: %s\n", cases[i].status, cases[i].advisory,
                          cases[i].inventory, fleet_status_name(r->status));
        assert_int_equal(r->status, cases[i].expected);
        fleet_result_free(r);
        fleet_criteria_free(c);
        buf_fini(&tree);
        buf_fini(&vulnerability);
        buf_fini(&inventory);
    }
}

#define NAMED(vendor, name, range)                                                                 \
    "\"branches\":[{\"category\":\"vendor\",\"name\":\"" vendor                                    \
    "\",\"branches\":[" PRODUCT(name, range, "P1", "") "]}]"
#define ALONE(name) "\"full_product_names\":[{\"name\":\"" name "\",\"product_id\":\"P1\"}]"

/* V51: as devices call themselves, which is seldom as advisories call them */
static void devices_by_names_of_their_own(void **state)
{
    (void)state;
    static const struct {
        const char *tree, *inventory;
        enum fleet_status status;
    } cases[] = {
        /* what kind of thing it is, is no part of its name: a number tells it */
        {NAMED("Nordlicht", "750-81 Controller", "< 5"),
         PLATE("Nordlicht", "750-81", ",\"firmware\":\"4\""), FLEET_AFFECTED},
        {NAMED("Nordlicht", "750-81 Controller", "< 5"),
         PLATE("Nordlicht", "750-81", ",\"firmware\":\"5\""), FLEET_NOT_AFFECTED},
        {NAMED("Nordlicht", "DC-7 switch family", "< 5"),
         PLATE("Nordlicht", "DC-71", ",\"family\":\"DC-7\",\"firmware\":\"4\""), FLEET_AFFECTED},
        {NAMED("Nordlicht", "DC-7 CPU family", "< 5"),
         PLATE("Nordlicht", "DC-7 Software Controller", ",\"firmware\":\"4\""), FLEET_NOT_LISTED},
        {NAMED("Nordlicht", "Runtime Server", "< 5"),
         PLATE("Nordlicht", "Runtime", ",\"firmware\":\"4\""), FLEET_NOT_LISTED},
        /* the version line stands in the name */
        {NAMED("Nordlicht", "DC RS416 V5.X", "vers:all/*"),
         PLATE("Nordlicht", "DC RS416", ",\"firmware\":\"V5.9.0\""), FLEET_AFFECTED},
        {NAMED("Nordlicht", "DC RS416 V5.X", "vers:all/*"),
         PLATE("Nordlicht", "DC RS416", ",\"firmware\":\"V4.3\""), FLEET_NOT_LISTED},
        {NAMED("Nordlicht", "DC RS416 family version 4", "< 4.2.3"),
         PLATE("Nordlicht", "DC RS416", ",\"firmware\":\"V4.2.1\""), FLEET_AFFECTED},
        /* the maker was bought, and its name is a brand now */
        {NAMED("Great Holding", "Nordlicht DC-7", "< 5"),
         PLATE("Nordlicht", "DC-7", ",\"firmware\":\"4\""), FLEET_AFFECTED},
        {NAMED("Great Holding", "Nordlicht DC-7", "< 5"),
         PLATE("Nordlicht", "DC-7", ",\"firmware\":\"5\""), FLEET_NOT_AFFECTED},
        {NAMED("Great Holding", "DC-7", "< 5"), PLATE("Nordlicht", "DC-7", ",\"firmware\":\"4\""),
         FLEET_NOT_LISTED},
        /* vendor, product and version in one text: at least a question */
        {ALONE("DC-7 Drive 5.1"), PLATE("Nordlicht", "DC-7 Drive", ",\"firmware\":\"5.1\""),
         FLEET_UNKNOWN},
        {ALONE("Nordlicht DC-7 Drive: All versions before V5.2"),
         PLATE("Nordlicht", "DC-7 Drive", ",\"firmware\":\"5.1\""), FLEET_UNKNOWN},
        {ALONE("DC-7 Drive 4P Plus 5.1"), PLATE("Nordlicht", "DC-7 Drive", ",\"firmware\":\"5.1\""),
         FLEET_NOT_LISTED},
        /* three words of a longer name */
        {NAMED("Nordlicht", "Quantum HD Unity Engine Room panels (Q5)", "< 5"),
         PLATE("Nordlicht", "Quantum HD Unity", ",\"firmware\":\"4\""), FLEET_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fleet_criteria *c = criteria_of(cases[i].tree, AFFECTED("\"P1\""));
        struct fleet_result *r = result_of(c, cases[i].inventory, NULL);
        if (r->status != cases[i].status)
            print_message("%s with %s: %s\n", cases[i].tree, cases[i].inventory,
                          fleet_status_name(r->status));
        assert_int_equal(r->status, cases[i].status);
        fleet_result_free(r);
        fleet_criteria_free(c);
    }
}

/* Each combination refers to the two before it: the ways to its operands grow exponentially, the
 * work does not. This ends at once, or never. */
static void combinations_of_combinations(void **state)
{
    (void)state;
    enum { DEPTH = 500 };
    struct buf tree, ids;
    buf_init(&tree);
    buf_init(&ids);
    buf_puts(&tree, "\"branches\":[{" NL ",\"branches\":[{\"category\":\"product_name\",\"name\":"
                    "\"DC-7\",\"product\":{\"name\":\"DC-7\",\"product_id\":\"R0\"}},"
                    "{\"category\":\"product_name\",\"name\":\"Runtime\",\"product\":{\"name\":"
                    "\"Runtime\",\"product_id\":\"R1\"}}]}],\"relationships\":[");
    buf_puts(&ids, "{\"cve\":\"CVE-2026-1000\",\"product_status\":{\"known_affected\":[");
    for (int i = 2; i < DEPTH; i++) {
        buf_printf(&tree,
                   "%s{\"category\":\"installed_on\",\"product_reference\":\"R%d\","
                   "\"relates_to_product_reference\":\"R%d\",\"full_product_name\":{\"name\":\"r\","
                   "\"product_id\":\"R%d\"}}",
                   i > 2 ? "," : "", i - 1, i - 2, i);
        buf_printf(&ids, "%s\"R%d\"", i > 2 ? "," : "", i);
    }
    buf_puts(&tree, "]");
    buf_puts(&ids, "]}}");
    struct fleet_criteria *c = criteria_of(buf_text(&tree), buf_text(&ids));
    struct fleet_result *r = result_of(c, PLATE("Nordlicht Antriebe", "DC-7", ""), NULL);
    assert_int_equal(r->status, FLEET_UNKNOWN);
    fleet_result_free(r);
    fleet_criteria_free(c);
    buf_fini(&tree);
    buf_fini(&ids);
}

static size_t count_of(const struct json_value *statements, const char *member)
{
    size_t count = 0;
    json_each(statement, statements)
    {
        assert_non_null(json_get(statement, member));
        count += json_count(json_get(statement, member));
    }
    return count;
}

/* a statement that grows too large for a notice says less, and never nothing */
static void statements_have_a_size(void **state)
{
    (void)state;
    enum { VULNERABILITIES = 300 };
    struct buf vulnerabilities;
    buf_init(&vulnerabilities);
    for (int i = 0; i < VULNERABILITIES; i++)
        buf_printf(&vulnerabilities,
                   "%s{\"cve\":\"CVE-2026-%d\",\"product_status\":{\"known_affected\":[\"P1\"]},"
                   "\"remediations\":[{\"category\":\"vendor_fix\",\"details\":\"update\","
                   "\"product_ids\":[\"P1\"]}]}",
                   i ? "," : "", 1000 + i);
    struct fleet_criteria *c =
        criteria_of(TREE(PRODUCT("DC-7", "< 5", "P1", "")), buf_text(&vulnerabilities));
    struct fleet_result *r =
        result_of(c, PLATE("Nordlicht Antriebe", "DC-7", ",\"firmware\":\"4\""), NULL);
    static const struct {
        size_t limit, statements, reasons, remediations;
    } cases[] = {
        {1 << 20, 300, 1200, 300}, {100000, 300, 0, 300}, {45000, 300, 0, 0}, {1000, 1, 0, 0}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf text;
        struct json_doc *doc;
        struct err e = {0};
        buf_init(&text);
        fleet_result_write_within(&text, r, cases[i].limit);
        assert_true(text.len <= cases[i].limit);
        assert_int_equal(json_parse(&doc, buf_slice(&text), NULL, &e), 0);
        const struct json_value *all = json_root(doc);
        assert_int_equal(json_count(all), cases[i].statements);
        assert_int_equal(count_of(all, "reasons"), cases[i].reasons);
        assert_int_equal(count_of(all, "remediations"), cases[i].remediations);
        json_each(statement, all)
        {
            assert_true(slice_is(json_get_string(statement, "status"), "affected"));
        }
        json_doc_free(doc);
        buf_fini(&text);
    }
    fleet_result_free(r);
    fleet_criteria_free(c);
    buf_fini(&vulnerabilities);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_do_not_contradict_names),
        cmocka_unit_test(single_versions_beside_ranges),
        cmocka_unit_test(serials_of_some_say_nothing_of_others),
        cmocka_unit_test(cpe_has_more_than_a_version),
        cmocka_unit_test(devices_by_names_of_their_own),
        cmocka_unit_test(combinations_of_combinations),
        cmocka_unit_test(statements_have_a_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
