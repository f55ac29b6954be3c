/* SPDX-License-Identifier: Apache-2.0 */
/* Words in the place of operators, English and German, and what is not guessed. */
#include "product/range.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

/* Expected answers for 0.9, 1.0, 1.5, 2.0 and 2.1: '+' inside, '-' outside, 'm' maybe, '~' silent.
 */
static const char *const probes[] = {"0.9", "1.0", "1.5", "2.0", "2.1"};

struct phrase {
    const char *text, *answers;
    enum product_grade grade;
};

static void check(const struct phrase *cases, size_t count)
{
    static const char letters[] = {
        [PRODUCT_OUT] = '-', [PRODUCT_IN] = '+', [PRODUCT_MAYBE] = 'm', [PRODUCT_SILENT] = '~'};
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct arena a;
        struct err e = {0};
        struct product_range r;
        char got[6] = "";
        arena_init(&a, 0);
        assert_int_equal(product_range_parse(&a, slice_str(cases[i].text), true, NULL, &r, &e), 0);
        for (size_t k = 0; k < ARRAY_LEN(probes); k++) {
            const char *reason = NULL;
            got[k] = letters[product_range_contains(&r, slice_str(probes[k]), &reason)];
            assert_non_null(reason);
        }
        if (strcmp(got, cases[i].answers) != 0 || r.grade != cases[i].grade) {
            print_message("\"%s\": %s, not %s; grade %d, not %d (%s)\n", cases[i].text, got,
                          cases[i].answers, r.grade, cases[i].grade, r.why ? r.why : "");
            wrong++;
        }
        assert_int_equal(r.grade == PRODUCT_EXACT, r.why == NULL);
        assert_int_equal(r.grade == PRODUCT_OBSCURE, r.kind == PRODUCT_RANGE_OPAQUE);
        arena_fini(&a);
    }
    assert_int_equal(wrong, 0);
}

static void english_words_are_operators(void **state)
{
    (void)state;
    static const struct phrase cases[] = {
        {"prior to 2.0", "+++--", PRODUCT_EXACT},
        {"versions prior to V2.0", "+++--", PRODUCT_EXACT},
        {"before version 2.0", "+++--", PRODUCT_EXACT},
        {"All versions earlier than 2.0", "+++--", PRODUCT_EXACT},
        {"older than V2.0", "+++--", PRODUCT_EXACT},
        {"less than or equal to 2.0", "++++-", PRODUCT_EXACT},
        {"prior to and including 2.0", "++++-", PRODUCT_EXACT},
        {"2.0 and prior", "++++-", PRODUCT_EXACT},
        {"2.0 and earlier versions", "++++-", PRODUCT_EXACT},
        {"2.0 and all prior versions", "++++-", PRODUCT_EXACT},
        {"2.0 or below", "++++-", PRODUCT_EXACT},
        {"Version 2.0 and before", "++++-", PRODUCT_EXACT},
        {"up to and including 2.0", "++++-", PRODUCT_EXACT},
        {"through 2.0", "++++-", PRODUCT_EXACT},
        {"up to 2.0", "+++m-", PRODUCT_REDUCED},
        {"until 2.0", "+++m-", PRODUCT_REDUCED},
        {"1.0 and later", "-++++", PRODUCT_EXACT},
        {"1.0 or newer", "-++++", PRODUCT_EXACT},
        {"1.0 onwards", "-++++", PRODUCT_EXACT},
        {"later than 1.0", "--+++", PRODUCT_EXACT},
        {"starting with 1.0", "-++++", PRODUCT_EXACT},
        {"1.0 through 2.0", "-+++-", PRODUCT_EXACT},
        {"1.0 to 2.0", "-+++-", PRODUCT_EXACT},
        {"1.0 - 2.0", "-+++-", PRODUCT_EXACT},
        {"1.0 \xe2\x80\x93 2.0", "-+++-", PRODUCT_EXACT},
        {"from 1.0 up to and including 2.0", "-+++-", PRODUCT_EXACT},
        {"from 1.0 before 2.0", "-++--", PRODUCT_EXACT},
        {"after 1.0 and before 2.0", "--+--", PRODUCT_EXACT},
        {"between 1.0 and 2.0", "-m+m-", PRODUCT_REDUCED},
        {"between 1.0 (including) and 2.0 (excluding)", "-++--", PRODUCT_EXACT},
        {"1.0 (excluding) and 2.0 (including)", "--++-", PRODUCT_EXACT},
        {"1.0 (inclusive) to 2.0 (exclusive)", "-++--", PRODUCT_EXACT},
        {"1.0 (incl.) to 2.0 (excl.)", "-++--", PRODUCT_EXACT},
        {"\xe2\x89\xa5 1.0 \xe2\x89\xa4 2.0", "-+++-", PRODUCT_EXACT},
        {"&gt;= 1.0 &lt; 2.0", "-++--", PRODUCT_EXACT},
        {"!= 1.5", "++-++", PRODUCT_EXACT},
        {"1.0.0 up to, but not including, 2.0.0", "-++--", PRODUCT_EXACT},
        {"through and including 2.0", "++++-", PRODUCT_EXACT},
        {"2.0 (and earlier)", "++++-", PRODUCT_EXACT},
        {"1.0 (or newer versions)", "-++++", PRODUCT_EXACT},
        {"1.x before 1.5.1", "-++--", PRODUCT_EXACT},
        {"2.x < 2.0.7", "---+-", PRODUCT_EXACT},
        {"0.9 through 1.1 and 2.0 through 2.3", "++-++", PRODUCT_EXACT},
        {"0.9.x before 0.9.5 and 2.1.x before 2.1.3", "+---+", PRODUCT_EXACT},
        {"0.5 to 0.7, 1.5 and later", "--+++", PRODUCT_EXACT},
        {">= 0.5, < 1.0 || >= 2.0, < 2.1", "+--+-", PRODUCT_EXACT},
        {">= 1.0 | != 1.5 | <= 2.0", "-+-+-", PRODUCT_EXACT},
    };
    check(cases, ARRAY_LEN(cases));
}

static void german_words_are_operators(void **state)
{
    (void)state;
    static const struct phrase cases[] = {
        {"Alle Versionen vor V2.0", "+++--", PRODUCT_EXACT},
        {"vor Version 2.0", "+++--", PRODUCT_EXACT},
        {"kleiner als 2.0", "+++--", PRODUCT_EXACT},
        {"\xc3\xa4lter als 2.0", "+++--", PRODUCT_EXACT},
        {"bis einschlie\xc3\x9flich V2.0", "++++-", PRODUCT_EXACT},
        {"bis ausschlie\xc3\x9flich V2.0", "+++--", PRODUCT_EXACT},
        {"bis V2.0 (einschlie\xc3\x9flich)", "++++-", PRODUCT_EXACT},
        {"bis V2.0", "+++m-", PRODUCT_REDUCED},
        {"V2.0 und \xc3\xa4lter", "++++-", PRODUCT_EXACT},
        {"V2.0 und fr\xc3\xbchere Versionen", "++++-", PRODUCT_EXACT},
        {"V1.0 und neuer", "-++++", PRODUCT_EXACT},
        {"ab V1.0", "-++++", PRODUCT_EXACT},
        {"ab V1.0 bis V2.0 (ausschlie\xc3\x9flich)", "-++--", PRODUCT_EXACT},
        {"von 1.0 bis einschlie\xc3\x9flich 2.0", "-+++-", PRODUCT_EXACT},
        {"zwischen V1.0 (einschlie\xc3\x9flich) und V2.0 (ausschlie\xc3\x9flich)", "-++--",
         PRODUCT_EXACT},
        {"gr\xc3\xb6\xc3\x9f"
         "er als 1.0",
         "--+++", PRODUCT_EXACT},
        {"V1.0 und V1.5", "~++~~", PRODUCT_EXACT},
        {"V1.0 oder V1.5", "~++~~", PRODUCT_EXACT},
        {"Alle Versionen", "+++++", PRODUCT_EXACT},
        {"< V2.0 nur wenn Webdienste aktiv sind", "mmmmm", PRODUCT_REDUCED},
    };
    check(cases, ARRAY_LEN(cases));
}

/* What may mean two things says "maybe" where the two differ, and only there. */
static void doubt_stays_where_it_is(void **state)
{
    (void)state;
    static const struct phrase cases[] = {
        {"All\xc2\xa0versions <\xe2\x80\xaf"
         "2.0",
         "+++--", PRODUCT_EXACT},
        {"\xe2\x80\x9c"
         "1.0\xe2\x80\x9d to \xe2\x80\x9c"
         "2.0\xe2\x80\x9d",
         "-+++-", PRODUCT_EXACT},
        {"1.0 \xe2\x80\x91 2.0", "-+++-", PRODUCT_EXACT},
        {"< 1.0, 2.0", "+mmm-", PRODUCT_REDUCED},
        {"< 1.0 | < 2.0", "+mm--", PRODUCT_REDUCED},
        {"<= 1.0.5 | <= 2.0.5", "++m+-", PRODUCT_REDUCED},
        {"< V1.0_V2.0", "+mmm-", PRODUCT_REDUCED},
        {"1.0 | < 2.0", "m++~~", PRODUCT_REDUCED},
        {"< 2.0 | 1.0", "+++mm", PRODUCT_REDUCED},
        {"< 1.0 | 2.0", "+~~m~", PRODUCT_REDUCED},
        {">= 1.0 | 1.5", "~++mm", PRODUCT_REDUCED},
        {">= 1.0 | >= 2.0", "-mmmm", PRODUCT_REDUCED},
        {"<= 1.0 | >= 2.0", "mmmmm", PRODUCT_REDUCED},
        {"< 2.x", "+++mm", PRODUCT_REDUCED},
        {"< 2.0, >= 1.0", "m++mm", PRODUCT_REDUCED},
        {"< 2.0 (including)", "+++m-", PRODUCT_REDUCED},
        {"All but 2.0", "mmmmm", PRODUCT_REDUCED},
        {"2.0 and possibly earlier", "~~~m~", PRODUCT_REDUCED},
        {"< 1.x", "+mm--", PRODUCT_REDUCED},
        {"<= 1.x", "+++--", PRODUCT_EXACT},
        {"1.x", "~++~~", PRODUCT_EXACT},
        {"1.0 *", "m+mmm", PRODUCT_REDUCED},
        {"* | 1.0", "m+mmm", PRODUCT_REDUCED},
        {"All versions | 1.0", "m+mmm", PRODUCT_REDUCED},
        {"1.0.0-1.0.9", "~+~~~", PRODUCT_REDUCED},
        {"< CPU 2.0", "+++mm", PRODUCT_REDUCED},
        {"BIOS < V2.0", "+++--", PRODUCT_EXACT},
        {"< 2.0 (formerly Something)", "+++--", PRODUCT_REDUCED},
        {"< 2.0 (aka 11.0)", "+++mm", PRODUCT_REDUCED},
        {"< 12.4 (firmware 1.5)", "++mmm", PRODUCT_REDUCED},
        {"1.5 (aka 2.0)", "~~+~~", PRODUCT_REDUCED},
        {"1.5 (12)", "~~+~~", PRODUCT_REDUCED},
        {"< 2.0 (Windows only)", "mmmmm", PRODUCT_REDUCED},
        {"< 2.0 with Extension 7", "mmmmm", PRODUCT_REDUCED},
        {"<=v2.0_including_hotfixes", "++++m", PRODUCT_REDUCED},
        {"<= SP1", "mmmmm", PRODUCT_REDUCED},
        {"<= LF", "mmmmm", PRODUCT_REDUCED},
        {"<= d78dda6", "mmmmm", PRODUCT_REDUCED},
        {"All versions with option G28", "mmmmm", PRODUCT_REDUCED},
    };
    check(cases, ARRAY_LEN(cases));
}

/* Nothing is concluded, and the problem is named. */
static void what_is_not_understood_says_so(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "No version",
        "none",
        "<=the_first_5_digits_of_serial_number_22081",
        "distributed  < april 1, 2018",
        "<=Production_date_July_2020",
        "< august 28",
        "UDP",
        "CODESYS Control for Linux",
        "<= A 1.0 | <= B 2.0",
        "<= ",
        "1.5 and <",
        ">= <= 2.0",
        "< < 2.0",
        ">= 2.0 < 1.0",
        "> 1.0 < 1.0",
        "4.5 | SP6 (including) and V4.5 SP6 Hotfix 8 (excluding)",
        "<= 4.1 | < january 20 2017.",
        "with Web Office Portal",
        "<with_Other_Product_2.0",
        "to 2.0",
        "[1.0,2.0)",
        "^1.0",
        "~1.0",
        "< 1,5",
        "1.0 <= version < 2.0",
        "and earlier",
        "vers:generic",
        "vers:generic/<",
        "vers:generic/>=2.0|<1.0",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const struct phrase one = {texts[i], "mmmmm", PRODUCT_OBSCURE};
        check(&one, 1);
    }
}

/* Beside a purl the versions are those of its ecosystem, whatever they look like. */
static void ecosystems_keep_their_versions(void **state)
{
    (void)state;
    static const struct {
        const char *scheme, *text, *inside, *outside;
    } cases[] = {
        {"rpm", "< 0:1.2.3-4.el8_5", "0:1.2.3-4.el8_4", "0:1.2.3-4.el8_6"},
        {"deb", "< 1:2.3~rc1-1+deb12u2", "1:2.3~rc1-1+deb12u1", "1:2.3-1"},
        {"semver", ">= 1.0.0-alpha, < 1.0.0", "1.0.0-rc.1", "1.0.0"},
        {"deb", "prior to 2.4.57-1", "2.4.56-1", "2.4.57-1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a;
        struct err e = {0};
        struct product_range r;
        const char *reason;
        arena_init(&a, 0);
        const struct product_scheme *scheme = product_scheme_find(slice_str(cases[i].scheme));
        assert_int_equal(product_range_parse(&a, slice_str(cases[i].text), true, scheme, &r, &e),
                         0);
        assert_int_equal(r.grade, PRODUCT_EXACT);
        assert_int_equal(product_range_contains(&r, slice_str(cases[i].inside), &reason),
                         PRODUCT_IN);
        assert_int_equal(product_range_contains(&r, slice_str(cases[i].outside), &reason),
                         PRODUCT_OUT);
        arena_fini(&a);
    }
}

/* CSAF 3.1.2.3.2: constraints alone, without spaces, in the order of their versions. */
static void constraints_alone(void **state)
{
    (void)state;
    static const struct phrase cases[] = {
        {"<=1.5", "+++--", PRODUCT_EXACT},         {">=1.0|<2.0", "-++--", PRODUCT_EXACT},
        {"<1.0|>=2.0", "+--++", PRODUCT_EXACT},    {"<1.0|>=1.5|<2.0", "+-+--", PRODUCT_EXACT},
        {"1.0|>=2.0", "~+~++", PRODUCT_EXACT},     {"!=1.5", "++-++", PRODUCT_EXACT},
        {"<=2.0|>=1.0", "m+++m", PRODUCT_REDUCED}, {"*", "+++++", PRODUCT_EXACT},
    };
    check(cases, ARRAY_LEN(cases));
}

/* `vers:` has rules of its own: versions in order, no doubt. */
static void vers_has_no_doubt(void **state)
{
    (void)state;
    static const struct phrase cases[] = {
        {"vers:generic/!=1.5", "++-++", PRODUCT_EXACT},
        {"vers:generic/>=1.0|!=1.5|<2.0", "-+---", PRODUCT_EXACT},
        {"vers:generic/<1.0|>=2.0", "+--++", PRODUCT_EXACT},
        {"vers:generic/1.0|>=2.0", "-+-++", PRODUCT_EXACT},
        {"vers:generic/1.0|<=2.0", "++++-", PRODUCT_EXACT},
        {"vers:all/*", "+++++", PRODUCT_EXACT},
        {"vers:all/<V2.0", "+++--", PRODUCT_EXACT},
        {"vers:all/>=V1.0<V2.0 SP1", "-+++-", PRODUCT_EXACT},
        {"vers:all/*_installed_on_CP300_devices", "mmmmm", PRODUCT_REDUCED},
    };
    check(cases, ARRAY_LEN(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(english_words_are_operators),
        cmocka_unit_test(german_words_are_operators),
        cmocka_unit_test(doubt_stays_where_it_is),
        cmocka_unit_test(what_is_not_understood_says_so),
        cmocka_unit_test(ecosystems_keep_their_versions),
        cmocka_unit_test(constraints_alone),
        cmocka_unit_test(vers_has_no_doubt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
