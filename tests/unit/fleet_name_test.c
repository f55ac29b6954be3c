/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"
#include "fleet/name.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct slice s(const char *text)
{
    return slice_str(text);
}

struct fixture {
    struct arena arena;
    struct err e;
};

static struct fleet_name normal(struct fixture *f, enum fleet_name_kind kind, const char *text)
{
    struct fleet_name name;
    assert_int_equal(fleet_name_normalise(&f->arena, kind, s(text), &name, &f->e), 0);
    return name;
}

static bool has_form(const struct fleet_name *name, const char *form, unsigned rules)
{
    for (size_t i = 0; i < name->count; i++)
        if (slice_is(name->forms[i].text, form))
            return (name->forms[i].rules & rules) == rules;
    return false;
}

/* the issue's own examples, and what the corpus adds */
static void vendors_as_advisories_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text, *form;
        unsigned rules;
    } cases[] = {
        {"Schneider Electric ", "schneider electric", FLEET_RULE_SPACE | FLEET_RULE_CASE},
        {" Schneider Electric", "schneider electric", FLEET_RULE_SPACE},
        {"Schneider\xc2\xa0 Electric", "schneider electric", FLEET_RULE_SPACE},
        {"\xef\xbc\xb3\xef\xbd\x83hneider Electric", "schneider electric", FLEET_RULE_WIDTH},
        {"Schneider Electric\xc2\xae", "schneider electric", FLEET_RULE_TRADEMARK},
        {"Johnson Controls Inc.", "johnson controls", FLEET_RULE_LEGAL_FORM},
        {"Johnson Controls, Inc.", "johnson controls", FLEET_RULE_LEGAL_FORM},
        {"Johnson Controls Inc", "johnson controls", FLEET_RULE_LEGAL_FORM},
        {"JOHNSON CONTROLS", "johnson controls", FLEET_RULE_CASE},
        {"3S-Smart Software Solutions GmbH", "3s smart software solutions",
         FLEET_RULE_LEGAL_FORM | FLEET_RULE_PUNCTUATION},
        {"WIBU-SYSTEMS AG", "wibu systems", FLEET_RULE_LEGAL_FORM},
        {"Positron S.R.L", "positron", FLEET_RULE_LEGAL_FORM},
        {"Acme S.p.A.", "acme", FLEET_RULE_LEGAL_FORM},
        {"Acme GmbH & Co. KG", "acme", FLEET_RULE_LEGAL_FORM},
        {"Acme S.A. de C.V.", "acme", FLEET_RULE_LEGAL_FORM},
        {"Dahua Technology Co, Ltd", "dahua technology", FLEET_RULE_LEGAL_FORM},
        {"LCDS - Le\xc3\x83\xc2\xa3o Consultoria e Desenvolvimento de Sistemas LTDA ME",
         "lcds leao consultoria e desenvolvimento de sistemas",
         FLEET_RULE_MOJIBAKE | FLEET_RULE_LEGAL_FORM},
        {"LCDS - Le\xc3\xa3o Consultoria e Desenvolvimento de Sistemas Ltda ME",
         "lcds leao consultoria e desenvolvimento de sistemas", FLEET_RULE_ACCENT},
        {"Geutebr\xc3\x83\xc2\xbc"
         "ck",
         "geutebr\xc3\xbc"
         "ck",
         FLEET_RULE_MOJIBAKE},
        {"Geutebr\xc3\x83\xc2\xbc"
         "ck",
         "geutebruck", FLEET_RULE_UMLAUT},
        {"Geutebr\xc3\xbc"
         "ck",
         "geutebrueck", FLEET_RULE_UMLAUT},
        {"Dr\xc3\xa4ger", "draeger", FLEET_RULE_UMLAUT},
        {"Dra\xcc\x88ger", "dr\xc3\xa4ger", FLEET_RULE_WIDTH},
        {"General Electric (GE)", "general electric", FLEET_RULE_NOTE},
        {"General Electric (GE)", "ge", FLEET_RULE_ACRONYM},
        {"General Electric (GE) and Emerson", "emerson", FLEET_RULE_PART},
        {"Exacq Technologies, Johnson Controls Inc.", "johnson controls", FLEET_RULE_PART},
        {"Sensormatic Electronics, LLC, Johnson Controls Inc.", "sensormatic electronics",
         FLEET_RULE_PART},
        {"ABB, Phoenix Contact, Schneider Electric, Siemens, and WAGO", "wago", FLEET_RULE_PART},
        {"Baker Hughes - Bently Nevada", "bently nevada", FLEET_RULE_PART},
        {"Kieback&Peter", "kieback and peter", FLEET_RULE_PUNCTUATION},
        {"PEPPERL+FUCHS", "pepperl and fuchs", FLEET_RULE_PUNCTUATION},
        {"Becton, Dickinson and Company (BD)", "becton dickinson", FLEET_RULE_LEGAL_FORM},
        {"Becton, Dickinson and Company (BD)", "bd", FLEET_RULE_ACRONYM},
    };
    struct fixture f = {0};
    arena_init(&f.arena, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fleet_name name = normal(&f, FLEET_NAME_VENDOR, cases[i].text);
        if (!has_form(&name, cases[i].form, cases[i].rules)) {
            print_message("\"%s\" has not \"%s\" with rules %x:\n", cases[i].text, cases[i].form,
                          cases[i].rules);
            for (size_t k = 0; k < name.count; k++)
                print_message("  \"%.*s\" %x\n", SLICE_ARG(name.forms[k].text),
                              name.forms[k].rules);
            fail();
        }
    }
    /* never nothing: a name of legal forms alone stays */
    struct fleet_name name = normal(&f, FLEET_NAME_VENDOR, "AG");
    assert_true(has_form(&name, "ag", 0));
    name = normal(&f, FLEET_NAME_VENDOR, "  ");
    assert_int_equal(name.count, 0);
    name = normal(&f, FLEET_NAME_VENDOR, "");
    assert_int_equal(name.count, 0);
    arena_fini(&f.arena);
}

static void products_as_advisories_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text, *form, *order;
        bool family;
    } cases[] = {
        {"SIMATIC S7-1500 CPU 1511T-1 PN (6ES7511-1TK01-0AB0)", "simatic s7 1500 cpu 1511t 1 pn",
         "6es75111tk010ab0", false},
        {"SCALANCE M876-4 (NAM) (6GK5876-4AA00-2DA2)", "scalance m876 4 nam", "6gk58764aa002da2",
         false},
        {"SIMATIC HMI Comfort Panels 4\" - 22\" (incl. SIPLUS variants)",
         "simatic hmi comfort panels 4 22", NULL, false},
        {"SIMATIC S7-1500 CPU family (incl. related ET200 CPUs)", "simatic s7 1500 cpu family",
         NULL, true},
        {"All models of FX5UJ CPU modules", "all models of fx5uj cpu modules", NULL, true},
        {"MELSEC iQ-F series FX5UJ-24MR/ES-A", "melsec iq f series fx5uj 24mr es a", NULL, false},
        {"DH-HCVR4XXX, and", "dh hcvr4xxx", NULL, false},
        {"WinCC 7.5", "wincc 7.5", NULL, false},
        {"libstdc++", "libstdc++", NULL, false},
        {"Foo\xe2\x84\xa2 Bar(R)", "foo bar", NULL, false},
        {"Network Card (AP9922)", "network card", "ap9922", false},
        {"Network Card (NMC2)", "network card nmc2", NULL, false},
        {"TIM 1531 IRC (6GK7543-1MX00-0XE0, 6AG1543-1MX00-7XE0)", "tim 1531 irc",
         "6ag15431mx007xe0", false},
    };
    struct fixture f = {0};
    arena_init(&f.arena, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fleet_name name = normal(&f, FLEET_NAME_PRODUCT, cases[i].text);
        if (!slice_is(name.forms[0].text, cases[i].form))
            print_message("\"%s\" is \"%.*s\"\n", cases[i].text, SLICE_ARG(name.forms[0].text));
        assert_true(slice_is(name.forms[0].text, cases[i].form));
        assert_int_equal(name.family, cases[i].family);
        bool found = cases[i].order == NULL;
        for (size_t k = 0; k < name.order_count; k++)
            found = found || slice_is(name.orders[k], cases[i].order);
        assert_true(found);
        assert_true(cases[i].order || name.order_count == 0);
        /* a normal form is its own normal form */
        char again[256];
        snprintf(again, sizeof again, "%.*s", SLICE_ARG(name.forms[0].text));
        struct fleet_name twice = normal(&f, FLEET_NAME_PRODUCT, again);
        assert_true(slice_equal(twice.forms[0].text, name.forms[0].text));
        assert_int_equal(twice.family, name.family);
    }
    arena_fini(&f.arena);
}

static void variants_know_the_vendor(void **state)
{
    (void)state;
    struct fixture f = {0};
    arena_init(&f.arena, 0);
    struct fleet_name vendor = normal(&f, FLEET_NAME_VENDOR, "Dataprobe, Inc.");
    struct fleet_form forms[FLEET_VARIANTS];
    int count = fleet_name_variants(&f.arena, s("dataprobe iboot pdu fw"), 0, &vendor, forms, &f.e);
    bool found = false;
    for (int i = 0; i < count; i++)
        if (slice_is(forms[i].text, "iboot pdu"))
            found = (forms[i].rules & (FLEET_RULE_VENDOR | FLEET_RULE_GENERIC)) ==
                    (FLEET_RULE_VENDOR | FLEET_RULE_GENERIC);
    assert_true(found);
    /* nothing but generic words: they stay */
    count = fleet_name_variants(&f.arena, s("firmware"), 0, &vendor, forms, &f.e);
    assert_int_equal(count, 1);
    count = fleet_name_variants(&f.arena,
                                s("pr\xc3\xbc"
                                  "fger\xc3\xa4t"),
                                0, NULL, forms, &f.e);
    assert_int_equal(count, 3);
    assert_true(slice_is(forms[1].text, "prufgerat"));
    assert_true(slice_is(forms[2].text, "pruefgeraet"));
    arena_fini(&f.arena);
}

/* a misspelling is never equal, and numbers are never misspelt */
static void misspellings_are_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int distance;
    } cases[] = {
        {"philips", "phillips", 1},
        {"schneider electric", "schnieder electric", 1},
        {"mitsubishi electric", "mitsibushi electric", 2},
        {"johnson controls", "johnson control", 1},
        {"siemens", "siemens", 0},
        {"siemens", "simens", 1},
        {"rockwell automation", "rockwel automaton", -1}, /* two words differ */
        {"cpu 1511 1 pn", "cpu 1512 1 pn", -1},           /* a sibling, no typing error */
        {"cpu 1511f 1 pn", "cpu 1511 1 pn", -1},
        {"abb", "aeb", -1}, /* too short */
        {"moxa", "mora", -1},
        {"omron", "omrom", 1},
        {"wago", "wago kontakttechnik", -1},
        {"electric schneider", "schneider electric", -1},
        {"", "x", -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(fleet_name_misspelt(s(cases[i].a), s(cases[i].b)), cases[i].distance);
        assert_int_equal(fleet_name_misspelt(s(cases[i].b), s(cases[i].a)), cases[i].distance);
    }
    assert_true(fleet_name_prefix(s("schneider"), s("schneider electric")));
    assert_false(fleet_name_prefix(s("schneid"), s("schneider electric")));
    assert_false(fleet_name_prefix(s("schneider"), s("schneider")));
}

/* V46: what operators teach */
static void aliases_join_names(void **state)
{
    (void)state;
    struct err e = {0};
    struct fleet_aliases *t = fleet_aliases_new();
    assert_non_null(t);
    assert_int_equal(fleet_aliases_add(t, FLEET_NAME_VENDOR, s("Bently Nevada"), s("Baker Hughes"),
                                       s("bought in 2017"), &e),
                     0);
    assert_int_equal(fleet_aliases_add(t, FLEET_NAME_VENDOR, s("GE Digital Bently"),
                                       s("BENTLY NEVADA, LLC"), s("old nameplates"), &e),
                     0);
    struct slice reason;
    assert_true(
        fleet_aliases_same(t, FLEET_NAME_VENDOR, s("bently nevada"), s("baker hughes"), &reason));
    assert_true(slice_is(reason, "bought in 2017"));
    assert_true(
        fleet_aliases_same(t, FLEET_NAME_VENDOR, s("ge digital bently"), s("baker hughes"), NULL));
    assert_false(
        fleet_aliases_same(t, FLEET_NAME_PRODUCT, s("bently nevada"), s("baker hughes"), NULL));
    assert_false(fleet_aliases_same(t, FLEET_NAME_VENDOR, s("baker hughes"), s("abb"), NULL));
    struct slice all[8];
    assert_int_equal(fleet_aliases_of(t, FLEET_NAME_VENDOR, s("baker hughes"), all, 8), 2);
    assert_int_equal(fleet_aliases_of(t, FLEET_NAME_VENDOR, s("baker hughes"), all, 1), 1);
    assert_int_equal(fleet_aliases_of(t, FLEET_NAME_VENDOR, s("abb"), all, 8), 0);
    assert_int_equal(fleet_aliases_add(t, FLEET_NAME_VENDOR, s("ABB Ltd"), s("abb"), s("?"), &e),
                     -1);
    assert_string_equal(e.code, "fleet.alias");
    err_clear(&e);
    assert_int_equal(fleet_aliases_add(t, FLEET_NAME_VENDOR, s(""), s("abb"), s("?"), &e), -1);
    fleet_aliases_free(t);
}

static void hostile_bytes_end(void **state)
{
    (void)state;
    struct fixture f = {0};
    arena_init(&f.arena, 0);
    static const char *const texts[] = {
        "\xff\xfe\x80", "((((((", ")(",   "\x01\x02", "( )", "a,,,,,,;;;|||| - and and ",
        "\xc3",         "(6ES7",  "....", "+++",      "&&&", "''''"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        for (int kind = 0; kind < 2; kind++)
            normal(&f, (enum fleet_name_kind)kind, texts[i]);
    char *big = malloc(100001);
    memset(big, ',', 100000);
    big[100000] = 0;
    normal(&f, FLEET_NAME_VENDOR, big);
    memset(big, '(', 100000);
    normal(&f, FLEET_NAME_PRODUCT, big);
    free(big);
    arena_fini(&f.arena);
}

static void memory_runs_out(void **state)
{
    (void)state;
    for (long k = 0;; k++) {
        struct arena a;
        struct err e = {0};
        struct fleet_name name;
        struct fleet_form forms[FLEET_VARIANTS];
        arena_init(&a, 0);
        mem_fail_after(k);
        int result = fleet_name_normalise(&a, FLEET_NAME_VENDOR,
                                          s("Pr\xc3\xbc"
                                            "f (PG) GmbH, Siemens AG"),
                                          &name, &e);
        if (result == 0)
            result = fleet_name_normalise(&a, FLEET_NAME_PRODUCT, s("X (6ES7511-1TK01-0AB0)"),
                                          &name, &e);
        if (result == 0)
            result = fleet_name_variants(&a, s("the x series"), 0, &name, forms, &e) < 0 ? -1 : 0;
        struct fleet_aliases *t = result == 0 ? fleet_aliases_new() : NULL;
        if (result == 0 && !t)
            result = err_memory(&e);
        if (result == 0)
            result = fleet_aliases_add(t, FLEET_NAME_VENDOR, s("a"), s("b"), s("c"), &e);
        fleet_aliases_free(t);
        bool injected = mem_allocations() > k;
        mem_fail_after(-1);
        arena_fini(&a);
        if (!injected) {
            assert_int_equal(result, 0);
            return;
        }
        assert_int_equal(result, -1);
        assert_int_equal(e.kind, ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vendors_as_advisories_write_them),
        cmocka_unit_test(products_as_advisories_write_them),
        cmocka_unit_test(variants_know_the_vendor),
        cmocka_unit_test(misspellings_are_bounded),
        cmocka_unit_test(aliases_join_names),
        cmocka_unit_test(hostile_bytes_end),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
