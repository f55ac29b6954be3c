/* SPDX-License-Identifier: Apache-2.0 */
/* vers: texts rule by rule: what is found, where; what a range contains, and with what it meets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/memory.h"
#include "product/vers.h"

#include <stdlib.h>

static struct slice s(const char *text)
{
    return slice_str(text);
}

static struct product_vers read_text(struct arena *a, const char *text)
{
    struct product_vers v;
    struct err e = {0};
    bool vls = strchr("<>=!0123456789", text[0]) != NULL;
    int result = vls ? product_vls_read(a, s(text), &v, &e) : product_vers_read(a, s(text), &v, &e);
    assert_int_equal(result, 0);
    return v;
}

enum { FINE = -1 };

/* Each text has one finding of this kind at this place; canonical and readable follow. */
static void every_fault_has_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int fault;
        size_t at, len;
    } cases[] = {
        {"pkg:npm/x", PRODUCT_VERS_SCHEME, 0, 0},
        {"vers", PRODUCT_VERS_SCHEME, 0, 4},
        {"vers:", PRODUCT_VERS_TYPE, 5, 0},
        {"vers:/1.0", PRODUCT_VERS_TYPE, 5, 0},
        {"vers:npm", PRODUCT_VERS_TYPE, 8, 0},
        {"vers:1npm/1.0", PRODUCT_VERS_TYPE, 5, 4},
        {"vers:n_m/1.0", PRODUCT_VERS_TYPE, 5, 3},
        {"VERS:npm/1.0.0", PRODUCT_VERS_UPPER_CASE, 0, 8},
        {"vers:Npm/1.0.0", PRODUCT_VERS_UPPER_CASE, 0, 8},
        {"vers:npm/", PRODUCT_VERS_EMPTY, 9, 0},
        {"vers:npm/>=1.0.0| <2.0.0", PRODUCT_VERS_CHARACTER, 17, 1},
        {"vers:npm/1.0.0\n", PRODUCT_VERS_CHARACTER, 14, 1},
        {"vers:lexicographic/\xc3\xa9", PRODUCT_VERS_CHARACTER, 19, 1},
        {"vers:lexicographic/%C3", PRODUCT_VERS_CHARACTER, 19, 3},
        {"vers:npm/|1.0.0", PRODUCT_VERS_PIPE, 9, 1},
        {"vers:npm/1.0.0|", PRODUCT_VERS_PIPE, 14, 1},
        {"vers:npm/1.0.0||2.0.0", PRODUCT_VERS_PIPE, 15, 1},
        {"vers:npm/1.0.0|*", PRODUCT_VERS_STAR, 15, 1},
        {"vers:npm/>*", PRODUCT_VERS_STAR, 10, 1},
        {"vers:npm/>", PRODUCT_VERS_NO_VERSION, 10, 0},
        {"vers:npm/>=|<=2.0.0", PRODUCT_VERS_NO_VERSION, 11, 0},
        {"vers:lexicographic/a<b", PRODUCT_VERS_RAW, 20, 1},
        {"vers:someother/<>3.2.0", PRODUCT_VERS_RAW, 16, 1},
        {"vers:lexicographic/1%2", PRODUCT_VERS_ENCODING, 20, 1},
        {"vers:lexicographic/1%2G", PRODUCT_VERS_ENCODING, 20, 1},
        {"vers:lexicographic/1%2525", FINE, 0, 0}, /* fine: decoded once */
        {"vers:lexicographic/1%7c2", PRODUCT_VERS_ENCODING_CASE, 20, 3},
        {"vers:lexicographic/1%412", PRODUCT_VERS_NEEDLESS, 20, 3},
        {"vers:deb/<1.0-1%2Bdeb12u2", PRODUCT_VERS_NEEDLESS, 15, 3},
        {"vers:npm/=1.0.0", PRODUCT_VERS_EQUAL_SIGN, 9, 1},
        {"vers:semver/>V3", FINE, 0, 0},
        {"vers:semver/>one", PRODUCT_VERS_VERSION, 12, 4},
        {"vers:datetime/2024-01-01t00:00:00Z", PRODUCT_VERS_FORM, 14, 20},
        {"vers:datetime/2024-13-01T00:00:00Z", PRODUCT_VERS_VERSION, 14, 20},
        {"vers:npm/>=2.0.0|<1.0.0", PRODUCT_VERS_ORDER, 17, 6},
        {"vers:npm/1.0.0|>=1.0.0", PRODUCT_VERS_DUPLICATE, 15, 7},
        {"vers:someother/1|3|2|3", PRODUCT_VERS_DUPLICATE, 21, 1},
        {"vers:pypi/1.0|1.0.0", PRODUCT_VERS_DUPLICATE, 14, 5},
        {"vers:npm/>1.0.0|>=2.0.0", PRODUCT_VERS_SEQUENCE, 16, 7},
        {"vers:npm/<1.0.0|<=2.0.0", PRODUCT_VERS_SEQUENCE, 16, 7},
        {"vers:npm/1.0.0|<2.0.0", PRODUCT_VERS_SEQUENCE, 15, 6},
        {"vers:npm/>1.0.0|2.0.0|<3.0.0", PRODUCT_VERS_REDUNDANT, 16, 5},
        {"vers:all/<V3", PRODUCT_VERS_SPECIAL, 9, 3},
        {"vers:none/1", PRODUCT_VERS_SPECIAL, 10, 1},
        {"vers:all/*", FINE, 0, 0},
        {"vers:none/*", FINE, 0, 0},
        {"vers:gem/>=2.2.0|!=2.2.1|<2.3.0", FINE, 0, 0},
        {"vers:tomee/>=8.0.0-M1|<=8.0.1", FINE, 0, 0},
        {"vers:intdot/<2.1.0|>4.2.0|!=5.1|!=6.3.0|!=9.17.4", FINE, 0, 0},
        {"vers:some/<4.2.0|>3.91.1|!=3.2.0|<1.2", FINE, 0, 0},
        /* vls */
        {"<=2", FINE, 0, 0},
        {"=4.2.0", FINE, 0, 0},
        {">10.9a|!=10.9c|!=10.9f|<=10.9k", FINE, 0, 0},
        {"<2024-4-pabc0019|>2024-10-pefd0010|<2024-12-pjkl2010", FINE, 0, 0},
        {"> abc", PRODUCT_VERS_CHARACTER, 1, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a;
        arena_init(&a, 0);
        struct product_vers v = read_text(&a, cases[i].text);
        bool fine = cases[i].fault == FINE;
        if (v.finding_count != !fine ||
            (!fine && ((int)v.findings[0].fault != cases[i].fault ||
                       v.findings[0].at != cases[i].at || v.findings[0].len != cases[i].len))) {
            print_message("%s: %zu findings\n", cases[i].text, v.finding_count);
            for (size_t k = 0; k < v.finding_count; k++)
                print_message("  %d at %zu, %zu bytes: %s\n", (int)v.findings[k].fault,
                              v.findings[k].at, v.findings[k].len, v.findings[k].text);
            fail();
        }
        assert_int_equal(v.canonical, fine || cases[i].fault == PRODUCT_VERS_VERSION);
        assert_int_equal(v.readable, fine || cases[i].fault > (int)PRODUCT_VERS_SPECIAL);
        /* the strict reader says the same, with the clause and the column */
        struct product_vers strict;
        struct err e = {0};
        if (!strchr("<>=!", cases[i].text[0])) {
            assert_int_equal(product_vers_parse(&a, s(cases[i].text), &strict, &e),
                             v.canonical ? 0 : -1);
            if (!v.canonical) {
                char where[40];
                snprintf(where, sizeof where, "column %zu", cases[i].at + 1);
                assert_string_equal(e.where, where);
                assert_string_equal(e.code, v.readable ? "vers.canonical" : "vers.syntax");
                assert_string_equal(e.clause,
                                    product_vers_clause((enum product_vers_fault)cases[i].fault));
            }
        }
        arena_fini(&a);
    }
}

/* What is wrong in several ways is told in several ways, but not without end. */
static void findings_have_a_limit(void **state)
{
    (void)state;
    struct buf text;
    struct arena a;
    arena_init(&a, 0);
    buf_init(&text);
    buf_puts(&text, "vers:intdot/1");
    for (int i = 0; i < 1000; i++)
        buf_puts(&text, "|=1");
    struct product_vers v = read_text(&a, buf_text(&text));
    assert_int_equal(v.finding_count, PRODUCT_VERS_FINDINGS);
    assert_int_equal(v.count, 1001);
    buf_fini(&text);
    arena_fini(&a);
}

static void types_are_registered_or_supported(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool registered, supported;
    } cases[] = {
        {"vers:npm/*", true, true},     {"vers:gentoo/*", false, true},
        {"vers:tomee/*", false, false}, {"vers:all/*", true, true},
        {"vers:NPM/*", true, true},     {"vers:someweirdunknownverstype/*", false, false},
        {"vers:cpan/*", true, true},    {"vers:datetime/*", true, true},
        {"vers:generic/*", true, true}, {"vers:hackage/*", true, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a;
        arena_init(&a, 0);
        struct product_vers v = read_text(&a, cases[i].text);
        assert_int_equal(v.registered, cases[i].registered);
        assert_int_equal(v.supported, cases[i].supported);
        assert_true(v.all);
        arena_fini(&a);
    }
}

static void what_ranges_contain(void **state)
{
    (void)state;
    static const struct {
        const char *range, *version;
        enum product_vers_in in;
    } cases[] = {
        {"vers:npm/*", "1", PRODUCT_VERS_IN},
        {"vers:none/*", "1", PRODUCT_VERS_OUT},
        {"vers:npm/1.2.3|>=2.0.0|<5.0.0", "1.2.3", PRODUCT_VERS_IN},
        {"vers:npm/1.2.3|>=2.0.0|<5.0.0", "1.2.4", PRODUCT_VERS_OUT},
        {"vers:npm/1.2.3|>=2.0.0|<5.0.0", "2.0.0", PRODUCT_VERS_IN},
        {"vers:npm/1.2.3|>=2.0.0|<5.0.0", "5.0.0", PRODUCT_VERS_OUT},
        {"vers:npm/1.2.3|>=2.0.0|<5.0.0", "5.0.0-rc.1", PRODUCT_VERS_IN},
        {"vers:npm/>1.0.0|<=2.0.0", "1.0.0", PRODUCT_VERS_OUT},
        {"vers:npm/>1.0.0|<=2.0.0", "2.0.0", PRODUCT_VERS_IN},
        {"vers:npm/<1.0.0|>=2.0.0", "0.1.0", PRODUCT_VERS_IN},
        {"vers:npm/<1.0.0|>=2.0.0", "1.5.0", PRODUCT_VERS_OUT},
        {"vers:npm/<1.0.0|>=2.0.0", "9.0.0", PRODUCT_VERS_IN},
        {"vers:gem/>=2.2.0|!=2.2.1|<2.3.0", "2.2.1", PRODUCT_VERS_OUT},
        {"vers:gem/>=2.2.0|!=2.2.1|<2.3.0", "2.2.1.0", PRODUCT_VERS_OUT},
        {"vers:gem/>=2.2.0|!=2.2.1|<2.3.0", "2.2.2", PRODUCT_VERS_IN},
        {"vers:gem/!=2.2.1", "2.2.2", PRODUCT_VERS_IN},
        {"vers:gem/!=2.2.1", "2.2.1", PRODUCT_VERS_OUT},
        {"vers:gem/2.0|!=2.2.1", "2.2.2", PRODUCT_VERS_OUT},
        {"vers:npm/>1.0.0|>2.0.0|<3.0.0", "2.5.0", PRODUCT_VERS_UNKNOWN},
        {"vers:npm/<2.0.0", "two", PRODUCT_VERS_UNKNOWN},
        {"vers:npm/<2.0.0", "", PRODUCT_VERS_UNKNOWN},
        {"vers:tomee/8.0.0|<9", "8.0.0", PRODUCT_VERS_UNKNOWN},
        {"vers:tomee/8.0.0|9.0.0", "8.0.0", PRODUCT_VERS_IN},
        {"vers:tomee/8.0.0|9.0.0", "8.0.1", PRODUCT_VERS_UNKNOWN},
        {"vers:tomee/>=8.0.0|<9", "8.5", PRODUCT_VERS_UNKNOWN},
        /* firmware: where there is no order, nothing follows, but what decides decides */
        {"vers:generic/<1.2a", "1.2.3", PRODUCT_VERS_UNKNOWN},
        {"vers:generic/<1.2a", "1.3", PRODUCT_VERS_OUT},
        {"vers:generic/>=1.0|!=1.2a|<2.0", "1.2.3", PRODUCT_VERS_UNKNOWN},
        {"vers:generic/<1.2a|>=2.0|<3.0", "2.5", PRODUCT_VERS_IN},
        {"<V3.0.29", "3.0.28", PRODUCT_VERS_IN},
        {"<V3.0.29", "V3.0.29", PRODUCT_VERS_OUT},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a;
        arena_init(&a, 0);
        struct product_vers v = read_text(&a, cases[i].range);
        enum product_vers_in in = product_vers_contains(&v, s(cases[i].version));
        if (in != cases[i].in)
            print_message("%s with %s: %d\n", cases[i].range, cases[i].version, in);
        assert_int_equal(in, cases[i].in);
        arena_fini(&a);
    }
}

static void ranges_that_meet(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        enum product_vers_in meet;
    } cases[] = {
        {"vers:intdot/>2.1.0|<4.2.0", "vers:intdot/>1.2.0|<2.4.0", PRODUCT_VERS_IN},
        {"vers:intdot/>2.1.0|<4.2.0", "vers:intdot/>1.2.0|<=2.1.0", PRODUCT_VERS_OUT},
        {"vers:intdot/>=2.1.0|<4.2.0", "vers:intdot/>1.2.0|<=2.1.0", PRODUCT_VERS_IN},
        {"vers:intdot/>=2.1.0|<4.2.0", "vers:intdot/>1.2.0|<2.1.0", PRODUCT_VERS_OUT},
        {"vers:intdot/>2.1.0|<4.2.0", "vers:intdot/2.4.0", PRODUCT_VERS_IN},
        {"vers:intdot/>2.1.0|!=2.4.0|<4.2.0", "vers:intdot/2.4.0", PRODUCT_VERS_OUT},
        {"vers:intdot/>2.1.0|!=2.4.0|<4.2.0", "vers:intdot/2.4.0|2.5", PRODUCT_VERS_IN},
        {"vers:intdot/>=1|<=2", "vers:intdot/>=2|!=2|<=3", PRODUCT_VERS_UNKNOWN}, /* 2 twice */
        {"vers:intdot/!=2|<=3", "vers:intdot/2", PRODUCT_VERS_OUT},
        {"vers:intdot/!=2", "vers:intdot/!=3", PRODUCT_VERS_IN},
        {"vers:intdot/1|3|5", "vers:intdot/2|4|6", PRODUCT_VERS_OUT},
        {"vers:intdot/1|3|5", "vers:intdot/2|4|5.0", PRODUCT_VERS_IN},
        {"vers:intdot/*", "vers:intdot/7", PRODUCT_VERS_IN},
        {"vers:none/*", "vers:none/*", PRODUCT_VERS_OUT},
        {"vers:intdot/<1|>2", "vers:intdot/>=1|<=2", PRODUCT_VERS_OUT},
        {"vers:intdot/<1|>2", "vers:intdot/>=1|<=2.1", PRODUCT_VERS_IN},
        {"vers:intdot/<1", "vers:npm/<1.0.0", PRODUCT_VERS_UNKNOWN},
        {"vers:tomee/<1", "vers:tomee/<2", PRODUCT_VERS_IN},
        {"vers:tomee/>1", "vers:tomee/<2", PRODUCT_VERS_UNKNOWN},
        {">2.1.0|<4.2.0", ">1.2.0|<2.4.0", PRODUCT_VERS_IN},
        {">2.1.0|<4.2.0", ">4.2.0", PRODUCT_VERS_OUT},
        {"<1.2a", ">1.2.3", PRODUCT_VERS_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (int turn = 0; turn < 2; turn++) {
            struct arena a;
            arena_init(&a, 0);
            struct product_vers one = read_text(&a, turn ? cases[i].other : cases[i].one);
            struct product_vers other = read_text(&a, turn ? cases[i].one : cases[i].other);
            enum product_vers_in meet = product_vers_overlap(&one, &other);
            if (meet != cases[i].meet)
                print_message("%s and %s: %d\n", cases[i].one, cases[i].other, meet);
            assert_int_equal(meet, cases[i].meet);
            arena_fini(&a);
        }
}

/* CSAF 2.1 tests 6.2.49 and 6.1.59 */
static void open_ends_and_single_versions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool open, single;
    } cases[] = {
        {"vers:intdot/>=4.2.0", true, false},
        {">=4.2.0", true, false},
        {"vers:semver/<2.1.0|>4.2.0", true, false},
        {"<1.2.0|>=4.2.0", true, false},
        {"vers:intdot/<2.1.0|>4.2.0|!=5.1|!=6.3.0|!=9.17.4", true, false},
        {"vers:intdot/<2.1.0|>4.2.0|!=5.1|!=6.3.0|!=9.17.4|<=10.3.1", false, false},
        {"vers:semver/<2.1.0|>4.2.0|<=5.4.18", false, false},
        {"<1.2.0|=4.2.0", false, false},
        {"vers:intdot/!=4.2.0", true, false},
        {"vers:intdot/*", true, false},
        {"vers:none/*", false, false},
        {"vers:intdot/4.2.0", false, true},
        {"4.2.0", false, true},
        {"vers:intdot/>=4.2.0|<=4.2", false, true},
        {"vers:intdot/<4.2.0", false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a;
        arena_init(&a, 0);
        struct product_vers v = read_text(&a, cases[i].text);
        if (product_vers_is_open_above(&v) != cases[i].open ||
            product_vers_is_single(&v) != cases[i].single)
            print_message("%s\n", cases[i].text);
        assert_int_equal(product_vers_is_open_above(&v), cases[i].open);
        assert_int_equal(product_vers_is_single(&v), cases[i].single);
        arena_fini(&a);
    }
}

static void canonical_text(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written, *simple;
    } cases[] = {
        {"VERS:NPM/=2.0.0|1.0.0|1.0.0", "vers:npm/1.0.0|2.0.0", "vers:npm/1.0.0|2.0.0"},
        {"vers:deb/1.0-1%2Bdeb12u2", "vers:deb/1.0-1+deb12u2", "vers:deb/1.0-1+deb12u2"},
        {"vers:lexicographic/a%7cb%20c", "vers:lexicographic/a%7Cb%20c",
         "vers:lexicographic/a%7Cb%20c"},
        {"vers:intdot/>1|>2|3|<4|<5|!=3.5", "vers:intdot/>1|>2|3|!=3.5|<4|<5",
         "vers:intdot/>1|!=3.5|<5"},
        {"vers:intdot/<1|<2|3", "vers:intdot/<1|<2|3", "vers:intdot/<2|3"},
        {"vers:intdot/1|2|<3|>4|5", "vers:intdot/1|2|<3|>4|5", "vers:intdot/<3|>4"},
        {"vers:all/*", "vers:all/*", "vers:all/*"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a;
        struct buf out;
        struct err e = {0};
        struct product_vers simple;
        arena_init(&a, 0);
        buf_init(&out);
        struct product_vers v = read_text(&a, cases[i].text);
        assert_int_equal(product_vers_write(&v, &out, &e), 0);
        assert_string_equal(buf_text(&out), cases[i].written);
        buf_reset(&out);
        assert_int_equal(product_vers_simplify(&a, &v, &simple, &e), 0);
        assert_int_equal(product_vers_write(&simple, &out, &e), 0);
        assert_string_equal(buf_text(&out), cases[i].simple);
        assert_true(simple.ordered);
        buf_fini(&out);
        arena_fini(&a);
    }
    /* versions without order among each other cannot be sorted */
    struct arena a;
    struct buf out;
    struct err e = {0};
    arena_init(&a, 0);
    buf_init(&out);
    struct product_vers v = read_text(&a, "vers:generic/1.2a|1.2.3");
    assert_int_equal(product_vers_write(&v, &out, &e), -1);
    assert_string_equal(e.code, "vers.order");
    buf_fini(&out);
    arena_fini(&a);
}

static void long_texts_and_short_memory(void **state)
{
    (void)state;
    struct buf text;
    struct arena a;
    struct err e = {0};
    struct product_vers v, simple;
    buf_init(&text);
    buf_puts(&text, "vers:intdot/0");
    for (int i = 1; i < 100000; i++)
        buf_printf(&text, "|%s%d", i % 2 ? ">" : "<=", i);
    arena_init(&a, 0);
    assert_int_equal(product_vers_read(&a, buf_slice(&text), &v, &e), 0);
    assert_true(v.canonical);
    assert_int_equal(v.count, 100000);
    assert_int_equal(product_vers_contains(&v, s("70000")), PRODUCT_VERS_IN);
    assert_int_equal(product_vers_contains(&v, s("70001")), PRODUCT_VERS_OUT);
    assert_int_equal(product_vers_overlap(&v, &v), PRODUCT_VERS_IN);
    arena_fini(&a);
    static const char tight[] = "vers:tomee/1|2%7C|3";
    for (long after = 0; after < 8; after++) {
        err_clear(&e);
        arena_init(&a, 0);
        mem_fail_after(after);
        int result = product_vers_read(&a, s(tight), &v, &e);
        if (result == 0)
            result = product_vers_simplify(&a, &v, &simple, &e);
        bool failed = mem_has_failed();
        mem_fail_after(-1);
        assert_int_equal(result, failed ? -1 : 0);
        assert_int_equal(e.kind, failed ? ERR_MEMORY : ERR_NONE);
        arena_fini(&a);
    }
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fault_has_its_place),
        cmocka_unit_test(findings_have_a_limit),
        cmocka_unit_test(types_are_registered_or_supported),
        cmocka_unit_test(what_ranges_contain),
        cmocka_unit_test(ranges_that_meet),
        cmocka_unit_test(open_ends_and_single_versions),
        cmocka_unit_test(canonical_text),
        cmocka_unit_test(long_texts_and_short_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
