/* SPDX-License-Identifier: Apache-2.0 */
/* Statements: the rules one by one on advisories of our own, with their reasons. */
#include "fleet_fixture.h"

/* V52: names as they come, each with its confidence and its rule */
static void names_lead_to_products(void **state)
{
    (void)state;
    struct fleet_criteria *c =
        criteria_of(TREE(PRODUCT("DC-7 Drive Controller", "< 4.3", "P1", "")), AFFECTED("\"P1\""));
    static const struct expectation cases[] = {
        {PLATE("Nordlicht Antriebe", "DC-7 Drive Controller", ",\"firmware\":\"V4.2\""),
         FLEET_AFFECTED, "identity.name", NULL, 90, 100},
        {PLATE(" NORDLICHT  ANTRIEBE GmbH", "DC 7 drive controller", ",\"firmware\":\"4.2\""),
         FLEET_AFFECTED, "name.legal-form", NULL, 90, 100},
        {PLATE("Nordlicht Antriebe", "DC-7 Drive Controller", ",\"firmware\":\"4.3\""),
         FLEET_NOT_AFFECTED, "version.outside", NULL, 90, 100},
        {PLATE("Nordlicht Antriebe", "DC-7 Drive Controller", ""), FLEET_UNKNOWN,
         "version.undecided", "nameplate.firmware", 90, 100},
        {PLATE("Nordlicht Antriebe", "DC-8 Drive Controller", ",\"firmware\":\"4.2\""),
         FLEET_NOT_LISTED, NULL, NULL, 0, 0},
        {PLATE("Nordlciht Antriebe", "DC-7 Drive Controller", ",\"firmware\":\"4.2\""),
         FLEET_AFFECTED, "vendor.misspelt", NULL, 85, 88},
        /* one typing error in the vendor of a product that has its name alone may exclude */
        {PLATE("Nordlciht Antriebe", "DC-7 Drive Controller", ",\"firmware\":\"4.3\""),
         FLEET_NOT_AFFECTED, "vendor.misspelt", NULL, 85, 88},
        /* two may not */
        {PLATE("Nordlcith Antriebe", "DC-7 Drive Controller", ",\"firmware\":\"4.3\""),
         FLEET_UNKNOWN, "combine.not-sure", "alias vendor", 60, 84},
        {PLATE("Nordlicht Antriebe", "DC-7 Drive Controler", ",\"firmware\":\"4.2\""),
         FLEET_AFFECTED, "identity.misspelt-product", NULL, 60, 84},
        {PLATE("Nordlicht Antriebe", "DC-7 Drive Controler", ",\"firmware\":\"4.3\""),
         FLEET_UNKNOWN, "combine.not-sure", "alias product", 60, 84},
        {PLATE("Nordlicht", "DC-7 Drive Controller", ",\"firmware\":\"4.2\""), FLEET_AFFECTED,
         "vendor.prefix", NULL, 85, 90},
        {PLATE("", "DC-7 Drive Controller", ",\"firmware\":\"4.2\""), FLEET_AFFECTED,
         "vendor.missing", NULL, 60, 84},
        {PLATE("", "DC-7 Drive Controller", ",\"firmware\":\"4.3\""), FLEET_UNKNOWN,
         "combine.not-sure", "nameplate.vendor", 60, 84},
        {PLATE("Suedlicht Motoren", "DC-7 Drive Controller", ",\"firmware\":\"4.2\""),
         FLEET_NOT_LISTED, NULL, NULL, 0, 0},
        {PLATE("Nordlicht Antriebe", "Nordlicht Antriebe DC-7 Drive Controller firmware",
               ",\"firmware\":\"4.2\""),
         FLEET_AFFECTED, "name.vendor", NULL, 85, 100},
        {PLATE("Nordlicht Antriebe", "DC-7 Drive Controller", ",\"firmware\":\"LF\""),
         FLEET_UNKNOWN, "version.undecided", "a reader of", 0, 0},
    };
    expect(c, cases, ARRAY_LEN(cases));
    fleet_criteria_free(c);
}

/* V46: what an operator teaches */
static void aliases_make_a_doubt_sure(void **state)
{
    (void)state;
    struct err e = {0};
    struct fleet_criteria *c =
        criteria_of(TREE(PRODUCT("DC-7", "< 4.3", "P1", "")), AFFECTED("\"P1\""));
    struct fleet_aliases *t = fleet_aliases_new();
    assert_int_equal(fleet_aliases_add(t, FLEET_NAME_VENDOR, slice_str("Aurora Drives"),
                                       slice_str("Nordlicht Antriebe"), slice_str("renamed"), &e),
                     0);
    assert_int_equal(fleet_aliases_add(t, FLEET_NAME_PRODUCT, slice_str("Seven"), slice_str("DC-7"),
                                       slice_str("label on the door"), &e),
                     0);
    struct fleet_options options = {.aliases = t, .min_confidence = 50};
    static const char plate[] = PLATE("Aurora Drives Inc.", "Seven", ",\"firmware\":\"4.3\"");
    struct fleet_result *r = result_of(c, plate, NULL);
    assert_int_equal(r->status, FLEET_NOT_LISTED);
    fleet_result_free(r);
    r = result_of(c, plate, &options);
    assert_int_equal(r->status, FLEET_NOT_AFFECTED);
    assert_true(has_reason(&r->statements[0], "name.alias"));
    fleet_result_free(r);
    fleet_aliases_free(t);
    fleet_criteria_free(c);
}

#define HELPER ",\"product_identification_helper\":"
#define BY_PURL                                                                                    \
    PRODUCT("libalpha", "vers:deb/<1.2-1+deb12u3", "P1",                                           \
            HELPER "{\"purl\":\"pkg:deb/debian/libalpha\"}")
#define BY_CPE                                                                                     \
    PRODUCT("web", "vers:semver/<2.0.0", "P2",                                                     \
            HELPER "{\"cpe\":\"cpe:2.3:a:acme:web:*:*:*:*:*:*:*:*\"}")
#define BY_MODEL                                                                                   \
    PRODUCT("DC-9", "< 5", "P3", HELPER "{\"model_numbers\":[\"NL-DC9-1??\",\"NL-DC9-200\"]}")
#define DIGEST "{\"algorithm\":\"sha256\",\"value\":\"00112233445566778899AABBCCDDEEFF\"}"
#define BY_HASH                                                                                    \
    PRODUCT("image", "1.0", "P4",                                                                  \
            HELPER "{\"hashes\":[{\"filename\":\"f\",\"file_hashes\":[" DIGEST "]}]}")

static void identifiers_lead_to_products(void **state)
{
    (void)state;
    struct fleet_criteria *c = criteria_of(TREE(BY_PURL "," BY_CPE "," BY_MODEL "," BY_HASH),
                                           AFFECTED("\"P1\",\"P2\",\"P3\",\"P4\""));
#define PART(more) "\"components\":[{\"name\":\"x\"," more "}]"
    static const struct expectation cases[] = {
        {PART("\"purl\":\"pkg:deb/debian/libalpha@1.2-1%2Bdeb12u2?arch=amd64\""), FLEET_AFFECTED,
         "identity.purl", NULL, 98, 98},
        {PART("\"purl\":\"pkg:deb/debian/libalpha@1.2-1%2Bdeb12u3?arch=amd64\""),
         FLEET_NOT_AFFECTED, "version.outside", NULL, 98, 98},
        {PART("\"purl\":\"pkg:deb/debian/libalpha\""), FLEET_UNKNOWN, "version.undecided",
         "version of pkg:deb/debian/libalpha", 0, 0},
        /* another distribution's package of that name is another package */
        {PART("\"purl\":\"pkg:rpm/fedora/libalpha@1.0\""), FLEET_NOT_LISTED, NULL, NULL, 0, 0},
        {PART("\"cpe\":\"cpe:/a:acme:web:1.9.0\""), FLEET_AFFECTED, "identity.cpe", NULL, 95, 95},
        {PART("\"cpe\":\"cpe:2.3:a:acme:web:2.0.0:*:*:*:*:*:*:*\""), FLEET_NOT_AFFECTED,
         "identity.cpe", NULL, 95, 95},
        {PLATE("Nordlicht Antriebe", "unnamed", ",\"order\":\"NL-DC9-200\",\"firmware\":\"4\""),
         FLEET_AFFECTED, "identity.model", NULL, 97, 97},
        {PLATE("Nordlicht Antriebe", "unnamed", ",\"order\":\"nl dc9 150\",\"firmware\":\"4\""),
         FLEET_AFFECTED, "identity.model-pattern", NULL, 90, 95},
        /* the same name with the order number of a sibling */
        {PLATE("Nordlicht Antriebe", "DC-9", ",\"order\":\"NL-DC9-300\",\"firmware\":\"4\""),
         FLEET_NOT_LISTED, NULL, NULL, 0, 0},
        {PART("\"hashes\":[\"sha-256:00112233445566778899aabbccddeeff\"]"), FLEET_AFFECTED,
         "identity.hash", NULL, 100, 100},
    };
    expect(c, cases, ARRAY_LEN(cases));
    fleet_criteria_free(c);
}

/* relationships: both operands must hold */
static void relationships_need_both(void **state)
{
    (void)state;
    struct fleet_criteria *c = criteria_of(
        TREE(PRODUCT(
            "Runtime", "< 3.0", "A",
            "") ",{\"category\":\"product_name\",\"name\":"
                "\"Panel 10\",\"product\":{\"name\":\"Panel "
                "10\",\"product_id\":\"B\"}}," PRODUCT(
                    "Panel firmware", "< 2.0", "F",
                    "")) ",\"relationships\":[{\"category\":\"installed_on\",\"product_reference\":"
                         "\"A\","
                         "\"relates_to_product_reference\":\"B\",\"full_product_name\":{\"name\":"
                         "\"Runtime on "
                         "Panel 10\",\"product_id\":\"AB\"}},{\"category\":\"installed_on\","
                         "\"product_reference\":\"F\",\"relates_to_product_reference\":\"B\","
                         "\"full_product_name\":{\"name\":\"firmware on Panel "
                         "10\",\"product_id\":\"FB\"}}]",
        AFFECTED("\"AB\""));
#define PANEL PLATE("Nordlicht Antriebe", "Panel 10", "")
#define RUNTIME(version)                                                                           \
    "\"components\":[{\"vendor\":\"Nordlicht "                                                     \
    "Antriebe\",\"name\":\"Runtime\",\"version\":\"" version "\"}]"
    static const struct expectation cases[] = {
        {PANEL "," RUNTIME("2.9"), FLEET_AFFECTED, "relationship", NULL, 85, 100},
        {PANEL "," RUNTIME("3.0"), FLEET_NOT_AFFECTED, "relationship", NULL, 85, 100},
        {PANEL ",\"components\":[{\"name\":\"other\"}]", FLEET_NOT_LISTED, NULL, NULL, 0, 0},
        /* an inventory without any software does not say that there is none */
        {PANEL, FLEET_UNKNOWN, "relationship.missing", "Runtime", 0, 0},
        {PLATE("Nordlicht Antriebe", "Panel 12", "") "," RUNTIME("2.9"), FLEET_UNKNOWN,
         "relationship.missing", "Panel 10", 0, 0},
    };
    expect(c, cases, ARRAY_LEN(cases));
    fleet_criteria_free(c);
    /* firmware of a device that is there: the nameplate has its version */
    c = criteria_of(
        TREE("{\"category\":\"product_name\",\"name\":\"Panel 10\",\"product\":{\"name\":\"Panel "
             "10\",\"product_id\":\"B\"}}," PRODUCT(
                 "Panel firmware", "< 2.0", "F",
                 "")) ",\"relationships\":[{\"category\":\"installed_on\",\"product_reference\":"
                      "\"F\","
                      "\"relates_to_product_reference\":\"B\",\"full_product_name\":{\"name\":"
                      "\"firmware on "
                      "Panel 10\",\"product_id\":\"FB\"}}]",
        AFFECTED("\"FB\""));
    static const struct expectation firmware[] = {
        {PLATE("Nordlicht Antriebe", "Panel 10", ",\"firmware\":\"1.9\""), FLEET_AFFECTED,
         "identity.device-firmware", NULL, 80, 90},
        {PLATE("Nordlicht Antriebe", "Panel 10", ",\"firmware\":\"2.0\""), FLEET_NOT_AFFECTED,
         "identity.device-firmware", NULL, 80, 90},
        {PANEL, FLEET_UNKNOWN, "version.undecided", "nameplate.firmware", 0, 0},
    };
    expect(c, firmware, ARRAY_LEN(firmware));
    fleet_criteria_free(c);
}

/* "X < 2 installed on Y", and a nameplate that has Y and a version of what runs on it */
static void what_runs_on_a_device(void **state)
{
    (void)state;
#define ON_PANEL(firmware, range)                                                                  \
    TREE("{\"category\":\"product_name\",\"name\":\"Panel 10\",\"product\":{\"name\":\"Panel "     \
         "10\",\"product_id\":\"B\"}}," PRODUCT(firmware, range, "F", ""))                         \
    ",\"relationships\":[{\"category\":\"installed_on\",\"product_reference\":\"F\","              \
    "\"relates_to_product_reference\":\"B\",\"full_product_name\":{\"name\":\"F on B\","           \
    "\"product_id\":\"FB\"}}]"
    static const struct {
        const char *tree, *version;
        enum fleet_status status;
    } cases[] = {
        {ON_PANEL("Panel firmware", "< 2.0"), "1.9", FLEET_AFFECTED},
        {ON_PANEL("Panel firmware", "< 2.0"), "2.0", FLEET_NOT_AFFECTED},
        {ON_PANEL("Firmware", "< 2.0"), "2.0", FLEET_NOT_AFFECTED},
        {ON_PANEL("PanelOS", "< 2.0"), "1.9", FLEET_AFFECTED},
        /* whose version the nameplate has is not sure */
        {ON_PANEL("PanelOS", "< 2.0"), "2.0", FLEET_UNKNOWN},
        {ON_PANEL("Bootloader firmware", "< 2.0"), "3.1", FLEET_UNKNOWN},
        {ON_PANEL("Bootloader firmware", "< 2.0"), "1.1", FLEET_AFFECTED},
        {ON_PANEL("Recipe manager", "< 2.0"), "1.1", FLEET_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fleet_criteria *c = criteria_of(cases[i].tree, AFFECTED("\"FB\""));
        char inventory[256];
        snprintf(inventory, sizeof inventory,
                 PLATE("Nordlicht Antriebe", "Panel 10", ",\"firmware\":\"%s\""), cases[i].version);
        struct fleet_result *r = result_of(c, inventory, NULL);
        if (r->status != cases[i].status)
            print_message("%s with %s: %s\n", cases[i].tree, cases[i].version,
                          fleet_status_name(r->status));
        assert_int_equal(r->status, cases[i].status);
        fleet_result_free(r);
        fleet_criteria_free(c);
    }
}

/* A chain: a library in a firmware on a device, the outer relationship naming the inner one. */
static void relationships_nest(void **state)
{
    (void)state;
    struct fleet_criteria *c = criteria_of(
        TREE("{\"category\":\"product_name\",\"name\":\"Panel 10\",\"product\":{\"name\":\"Panel "
             "10\",\"product_id\":\"B\"}}," PRODUCT(
                 "Panel firmware", "< 2.0", "F",
                 "") "," ONE_VERSION("tinytls", "1.4",
                                     "L")) ",\"relationships\":[{\"category\":\"installed_on\","
                                           "\"product_reference\":\"LF\","
                                           "\"relates_to_product_reference\":\"B\",\"full_product_"
                                           "name\":{\"name\":\"all\","
                                           "\"product_id\":\"LFB\"}},{\"category\":\"default_"
                                           "component_of\",\"product_reference\":"
                                           "\"L\",\"relates_to_product_reference\":\"F\",\"full_"
                                           "product_name\":{\"name\":\"inner\","
                                           "\"product_id\":\"LF\"}}]",
        AFFECTED("\"LFB\""));
    static const struct expectation cases[] = {
        {PLATE("Nordlicht Antriebe", "Panel 10",
               ",\"firmware\":\"1.9\"") ",\"components\":[{\"vendor\":\"Nordlicht "
                                        "Antriebe\",\"name\":\"tinytls\",\"version\":"
                                        "\"1.4\"},{\"vendor\":\"Nordlicht "
                                        "Antriebe\",\"name\":\"Panel firmware\",\"version\":"
                                        "\"1.9\"}]",
         FLEET_AFFECTED, "relationship", NULL, 85, 100},
        {PLATE("Nordlicht Antriebe", "Panel 10",
               ",\"firmware\":\"2.0\"") ",\"components\":[{\"vendor\":\"Nordlicht "
                                        "Antriebe\",\"name\":\"tinytls\",\"version\":"
                                        "\"1.4\"},{\"vendor\":\"Nordlicht "
                                        "Antriebe\",\"name\":\"Panel firmware\",\"version\":"
                                        "\"2.0\"}]",
         FLEET_NOT_AFFECTED, "relationship", NULL, 85, 100},
        /* what the firmware is made of is not listed */
        {PLATE("Nordlicht Antriebe", "Panel 10", ",\"firmware\":\"1.9\""), FLEET_UNKNOWN, NULL,
         NULL, 0, 0},
        {PLATE("Nordlicht Antriebe", "Panel 12", ",\"firmware\":\"1.9\""), FLEET_NOT_LISTED, NULL,
         NULL, 0, 0},
    };
    expect(c, cases, ARRAY_LEN(cases));
    fleet_criteria_free(c);
}

/* V39: flags; several claims on one component are weighed with care */
static void claims_are_weighed(void **state)
{
    (void)state;
    struct fleet_criteria *c = criteria_of(
        TREE(PRODUCT("DC-7", "vers:all/*", "ALL", "") "," PRODUCT(
            "DC-7", "< 2.0", "OLD",
            "") "," ONE_VERSION("DC-7", "4.3",
                                "FIX") "," PRODUCT("DC series", "vers:all/*", "FAMILY",
                                                   "") "," PRODUCT("DC-8", "vers:all/*", "NO", "")),
        "{\"cve\":\"CVE-2026-1001\",\"product_status\":{\"known_affected\":[\"ALL\"],\"fixed\":"
        "[\"FIX\"]}},"
        "{\"cve\":\"CVE-2026-1002\",\"product_status\":{\"known_affected\":[\"OLD\"],"
        "\"under_investigation\":[\"ALL\"]}},"
        "{\"cve\":\"CVE-2026-1003\",\"product_status\":{\"known_affected\":[\"FAMILY\"],"
        "\"known_not_affected\":[\"NO\"]},\"flags\":[{\"label\":\"vulnerable_code_not_present\","
        "\"product_ids\":[\"NO\"]}]},"
        "{\"cve\":\"CVE-2026-1004\",\"product_status\":{\"known_affected\":[\"OLD\"]},"
        "\"remediations\":[{\"category\":\"vendor_fix\",\"details\":\"update\","
        "\"product_ids\":[\"OLD\"]},{\"category\":\"mitigation\",\"details\":\"lock the door\"},"
        "{\"category\":\"workaround\",\"details\":\"not for us\",\"product_ids\":[\"NO\"]}]}");
    struct fleet_result *r =
        result_of(c, PLATE("Nordlicht Antriebe", "DC-7", ",\"firmware\":\"4.3\""), NULL);
    assert_int_equal(r->count, 3); /* "DC" alone is too little to tell a series by */
    assert_int_equal(r->statements[0].status, FLEET_FIXED); /* one version beats all versions */
    assert_true(has_reason(&r->statements[0], "combine.more-specific"));
    assert_int_equal(r->statements[1].status, FLEET_UNDER_INVESTIGATION);
    assert_int_equal(r->statements[2].status, FLEET_NOT_AFFECTED);
    assert_int_equal(r->status, FLEET_UNDER_INVESTIGATION);
    fleet_result_free(r);
    r = result_of(c, PLATE("Nordlicht Antriebe", "DC-7", ",\"firmware\":\"1.0\""), NULL);
    assert_int_equal(r->statements[0].status, FLEET_AFFECTED);
    assert_int_equal(r->statements[1].status, FLEET_AFFECTED); /* affected before investigated */
    assert_int_equal(r->statements[2].status, FLEET_AFFECTED);
    assert_int_equal(r->statements[2].remedy_count, 2);
    assert_true(slice_is(r->statements[2].products[0], "OLD"));
    fleet_result_free(r);
    /* the family is affected, this model of it is said not to be */
    r = result_of(c,
                  "\"nameplate\":{\"vendor\":\"Nordlicht Antriebe\",\"model\":\"DC-8\","
                  "\"family\":\"DC series\"}",
                  NULL);
    bool found = false;
    for (size_t i = 0; i < r->count; i++)
        if (slice_is(r->statements[i].vulnerability, "CVE-2026-1003")) {
            assert_int_equal(r->statements[i].status, FLEET_NOT_AFFECTED);
            assert_true(slice_is(r->statements[i].flag, "vulnerable_code_not_present"));
            found = true;
        }
    assert_true(found);
    fleet_result_free(r);
    fleet_criteria_free(c);
}

/* serial numbers filter last, per asset; SKUs with the class */
static void serials_and_skus_filter(void **state)
{
    (void)state;
    struct fleet_criteria *c = criteria_of(
        TREE(PRODUCT("DC-7", "vers:all/*", "P1",
                     ",\"product_identification_helper\":{\"serial_numbers\":[\"A1*\",\"B??7\"]}")),
        AFFECTED("\"P1\""));
    struct fleet_result *r = result_of(c, PLATE("Nordlicht Antriebe", "DC-7", ""), NULL);
    assert_int_equal(r->count, 1);
    const struct fleet_statement *s = &r->statements[0];
    assert_int_equal(s->status, FLEET_AFFECTED);
    assert_int_equal(s->serial_count, 2);
    assert_true(has_reason(s, "serial.filter"));
    assert_int_equal(fleet_statement_for(s, slice_str("A199")), FLEET_AFFECTED);
    assert_int_equal(fleet_statement_for(s, slice_str("b127")), FLEET_AFFECTED);
    assert_int_equal(fleet_statement_for(s, slice_str("B17")), FLEET_NOT_LISTED);
    assert_int_equal(fleet_statement_for(s, slice_str("C1")), FLEET_NOT_LISTED);
    assert_int_equal(fleet_statement_for(s, slice_str("")), FLEET_UNKNOWN);
    fleet_result_free(r);
    fleet_criteria_free(c);
    c = criteria_of(TREE(PRODUCT("DC-7", "vers:all/*", "P1",
                                 ",\"product_identification_helper\":{\"skus\":[\"77-1*\"]}")),
                    AFFECTED("\"P1\""));
    static const struct expectation cases[] = {
        {PLATE("Nordlicht Antriebe", "DC-7", ",\"sku\":\"77-123\""), FLEET_AFFECTED, NULL, NULL, 0,
         0},
        {PLATE("Nordlicht Antriebe", "DC-7", ",\"sku\":\"77-223\""), FLEET_NOT_LISTED, NULL, NULL,
         0, 0},
        {PLATE("Nordlicht Antriebe", "DC-7", ""), FLEET_UNKNOWN, NULL, "nameplate.sku", 0, 0},
    };
    expect(c, cases, ARRAY_LEN(cases));
    fleet_criteria_free(c);
    static const struct {
        const char *pattern, *text;
        bool fits;
    } patterns[] = {
        {"*", "", true},       {"?", "", false},     {"a*b*c", "aXbYc", true}, {"a*b", "ab", true},
        {"a*b", "abc", false}, {"\\*", "*", true},   {"\\*", "x", false},      {"a?c", "abc", true},
        {"a?c", "ac", false},  {"", "", true},       {"", "x", false},         {"**a", "bba", true},
        {"ABC", "abc", true},  {"a\\", "a\\", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
        assert_int_equal(
            fleet_pattern_fits(slice_str(patterns[i].pattern), slice_str(patterns[i].text)),
            patterns[i].fits);
}

/* `why`: the nearest that did not count; V52: widening shows it */
static void near_misses_are_named(void **state)
{
    (void)state;
    struct fleet_criteria *c =
        criteria_of(TREE(PRODUCT("DC-7 Controller", "< 4.3", "P1", "")), AFFECTED("\"P1\""));
    struct fleet_result *r = result_of(
        c, PLATE("Nordlicht Antriebe", "DC-7 Controller Plus", ",\"firmware\":\"4\""), NULL);
    assert_int_equal(r->status, FLEET_NOT_LISTED);
    assert_non_null(r->nearest.target);
    assert_true(slice_is(r->nearest.target->id, "P1"));
    fleet_result_free(r);
    struct fleet_options wide = {.min_confidence = 30};
    r = result_of(c, PLATE("Nordlicht Antriebe", "DC-7 Controller Plus", ",\"firmware\":\"4\""),
                  &wide);
    assert_int_equal(r->status, FLEET_UNKNOWN); /* shown, but never as affected */
    fleet_result_free(r);
    struct fleet_options narrow = {.min_confidence = 90};
    r = result_of(c, PLATE("Nordlciht Antriebe", "DC-7 Controller", ",\"firmware\":\"4\""),
                  &narrow);
    assert_int_equal(r->status, FLEET_NOT_LISTED);
    assert_non_null(r->nearest.target);
    fleet_result_free(r);
    r = result_of(c, PLATE("Nordlicht Antriebe", "DC-8 Controller", ",\"firmware\":\"4\""), NULL);
    assert_int_equal(r->status, FLEET_NOT_LISTED);
    assert_non_null(r->nearest.target); /* the sibling */
    fleet_result_free(r);
    fleet_criteria_free(c);
}

/* `why` for what does not match: the step that failed, and the two values that did not agree */
static void failed_step_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *tree, *inventory, *step, *advisory, *here;
    } cases[] = {
        {TREE(PRODUCT("DC-7 Drive", "< 4.3", "P1", "")),
         PLATE("Suedwind", "DC-7 Drive", ",\"firmware\":\"4\""), "identity.vendor",
         "nordlicht antriebe", "suedwind"},
        {TREE(PRODUCT("DC-7 Drive", "< 4.3", "P1", "")),
         PLATE("Nordlicht Antriebe", "Pump 9", ",\"firmware\":\"4\""), "identity.product",
         "dc 7 drive", "pump 9"},
        {TREE(PRODUCT("DC-7 Drive", "< 4.3", "P1", "")),
         PLATE("Nordlicht Antriebe", "DC-7 Drive Plus", ",\"firmware\":\"4\""),
         "identity.confidence", "dc 7 drive", "dc 7 drive plus"},
        {TREE(PRODUCT("DC-7 Drive (6NL7511-1TK01-0AB0)", "< 4.3", "P1", "")),
         PLATE("Nordlicht Antriebe", "DC-7 Drive",
               ",\"firmware\":\"4\",\"order\":\"6NL7511-1TK02-0AB0\""),
         "identity.order-number", "6nl75111tk010ab0", "6nl75111tk020ab0"},
        {TREE(PRODUCT("Drive Tool V5", "< 5.3", "P1", "")),
         PLATE("Nordlicht Antriebe", "Drive Tool", ",\"firmware\":\"V6.1\""), "version.line", "5",
         "6.1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fleet_criteria *c = criteria_of(cases[i].tree, AFFECTED("\"P1\""));
        struct fleet_result *r = result_of(c, cases[i].inventory, NULL);
        const struct fleet_nearest *n = &r->nearest;
        if (r->count || !n->step || strcmp(n->step, cases[i].step) != 0 ||
            !slice_is(n->advisory, cases[i].advisory) || !slice_is(n->inventory, cases[i].here))
            print_message("%s: %s \"%.*s\" \"%.*s\"\n", cases[i].inventory, n->step ? n->step : "-",
                          SLICE_ARG(n->advisory), SLICE_ARG(n->inventory));
        assert_int_equal(r->count, 0);
        assert_non_null(n->step);
        assert_string_equal(n->step, cases[i].step);
        assert_true(slice_is(n->advisory, cases[i].advisory));
        assert_true(slice_is(n->inventory, cases[i].here));
        fleet_result_free(r);
        fleet_criteria_free(c);
    }
}

/* docs/formats.md 3.1: the object as it goes into a notice is canonical JSON */
static void statements_are_canonical_json(void **state)
{
    (void)state;
    struct fleet_criteria *c =
        criteria_of(TREE(PRODUCT("DC-7", "< 4.3", "P1", "")), AFFECTED("\"P1\""));
    struct fleet_result *r =
        result_of(c, PLATE("Nordlicht", "DC-7", ",\"firmware\":\"4.3\""), NULL);
    struct buf b;
    struct json_writer w;
    struct err e = {0};
    buf_init(&b);
    json_write_init(&w, &b, 0);
    fleet_result_write(&w, r);
    assert_int_equal(json_check_canonical(buf_slice(&b), &e), 0);
    assert_non_null(strstr(buf_text(&b), "\"pointer\":\"/product_tree/branches/0/branches/0/"));
    assert_non_null(strstr(buf_text(&b), "\"clause\":\"CSAF 2.0 section 3.2.3.9.4\""));
    buf_fini(&b);
    fleet_result_free(r);
    fleet_criteria_free(c);
}

static void memory_runs_out(void **state)
{
    (void)state;
    struct err e = {0};
    struct fleet_criteria *c = criteria_of(
        TREE(PRODUCT("DC-7 / DC-8 V4", "< 4.3", "P1",
                     ",\"product_identification_helper\":{\"serial_numbers\":[\"1*\"]}")),
        AFFECTED("\"P1\""));
    struct fleet_class *class = class_of(PLATE("Nordlicht", "DC-7", ",\"firmware\":\"4\""));
    for (long k = 0;; k++) {
        struct fleet_result *r = NULL;
        err_clear(&e);
        mem_fail_after(k);
        int result = fleet_match(&r, c, class, NULL, &e);
        bool injected = mem_allocations() > k;
        mem_fail_after(-1);
        if (result == 0)
            fleet_result_free(r);
        else
            assert_int_equal(e.kind, ERR_MEMORY);
        if (!injected) {
            assert_int_equal(result, 0);
            break;
        }
        assert_int_equal(result, -1);
    }
    fleet_class_free(class);
    fleet_criteria_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_lead_to_products),
        cmocka_unit_test(aliases_make_a_doubt_sure),
        cmocka_unit_test(identifiers_lead_to_products),
        cmocka_unit_test(relationships_need_both),
        cmocka_unit_test(what_runs_on_a_device),
        cmocka_unit_test(relationships_nest),
        cmocka_unit_test(claims_are_weighed),
        cmocka_unit_test(serials_and_skus_filter),
        cmocka_unit_test(near_misses_are_named),
        cmocka_unit_test(failed_step_is_named),
        cmocka_unit_test(statements_are_canonical_json),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
