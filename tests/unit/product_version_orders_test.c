/* SPDX-License-Identifier: Apache-2.0 */
/* Rising lists of versions, scheme by scheme, from the examples of their documents and the field.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/json.h"
#include "product/version.h"

static struct slice s(const char *text)
{
    return slice_str(text);
}

static const struct {
    const char *scheme;
    const char *rising[16]; /* "=x" is equal to the one before */
} lists[] = {
    /* semver.org clause 11 */
    {"semver",
     {"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
      "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "=1.0.0+build.7", "2.0.0", "2.1.0", "2.1.1"}},
    /* Go modules: a pseudo-version is earlier than the tag that follows it */
    {"golang",
     {"v0.0.0-20170915032832-14c0d48ead0c", "v0.0.0-20191109021931-daa7c04131f5", "v1.2.2",
      "v1.2.3-0.20191109021931-daa7c04131f5", "v1.2.3-pre",
      "v1.2.3-pre.0.20191109021931-daa7c04131f5", "v1.2.3", "=1.2.3", "=v1.2.3+incompatible",
      "v1.2.4-0.20200101000000-000000000000", "v2.0.0+incompatible"}},
    {"cargo", {"0.1.0-alpha.9", "0.1.0-alpha.10", "0.1.0", "0.2.0", "1.0.0"}},
    {"dart", {"1.0.0-1", "1.0.0", "1.0.0+1", "1.0.0+build", "1.0.1"}},
    {"nuget",
     {"1.0.0-Alpha", "=1.0.0-alpha", "1.0.0-beta.2", "1.0.0-beta.10", "1.0", "=1.0.0.0",
      "1.0.0.1-a", "1.0.0.1", "1.0.1"}},
    {"deb",
     {"1.0~~", "1.0~~a", "1.0~", "1.0~rc1-1", "1.0", "=1.0-0", "1.0-1", "1.0-1+deb12u1", "1.0-1.1",
      "1.0-10", "1.0a-1", "1.0+b-1", "1.0.1-1", "1.1", "1:0.1-1"}},
    {"rpm",
     {"1.0~beta-1", "1.0~rc1-1", "1.0-1", "1.0-1.el9", "1.0-2", "1.0^git1-1", "1.0a-1", "=1.0.a-1",
      "1.0.1-1", "1.10-1", "=1_10-1", "1:0.1-1"}},
    {"alpm",
     {"1.0a-1", "1.0b-1", "1.0beta-1", "1.0p-1", "1.0pre-1", "1.0rc-1", "1.0-1", "1.0.a-1",
      "1.0.1-1", "1:0.1-1"}},
    {"apk",
     {"1.0_alpha", "1.0_alpha2", "1.0_beta", "1.0_pre", "1.0_rc1", "1.0", "1.0-r0", "1.0-r1",
      "1.0~ab12", "1.0_cvs", "1.0_git20210101", "1.0_p1", "1.0a", "1.0.01", "1.0.1", "1.1"}},
    {"gentoo",
     {"1.0_alpha", "1.0_alpha_p1", "1.0_alpha1", "1.0_beta", "1.0_pre1", "1.0_rc1", "1.0",
      "=1.0-r0", "1.0-r1", "1.0_p1", "1.0b", "1.0.0", "1.01", "1.1", "1.10"}},
    /* PEP 440, "summary of permitted suffixes and relative ordering" */
    {"pypi",
     {"1.dev0", "1.0.dev456", "=1.dev456", "1.0a1", "1.0a2.dev456", "1.0a12.dev456", "1.0a12",
      "1.0b1.dev456", "1.0rc1", "1.0", "=1.0.0", "1.0+abc.5", "1.0+5", "1.0.post456.dev34",
      "1.0.post456", "1.1.dev1"}},
    {"pypi", {"v1.0ALPHA", "=1.0a0", "1.0-r4", "=1.0.post4", "1!0.1"}},
    /* Maven POM reference */
    {"maven",
     {"1-alpha-1", "=1.0a1", "1-beta-1", "1-milestone-1", "1-rc-1", "=1.0-cr1", "1-SNAPSHOT", "1",
      "=1.0.0", "=1-ga", "=1.0.Final", "1-sp", "1-foo", "1-1", "1-2", "1.1"}},
    {"maven", {"4.1.0.Beta3", "4.1.0.CR1", "4.1.0.Final", "=4.1.0", "4.1.1.Alpha1", "4.1.1.Final"}},
    {"maven", {"5.0.0.M1", "5.0.0.RC1", "5.0.0.RELEASE", "5.0.1.RELEASE", "5.0.10.RELEASE"}},
    {"gem",
     {"1.0.a", "=1.a", "1.0.a.2", "1.0.b1", "1.0.pre", "1", "=1.0", "1.0.1.rc1", "1.0.1", "1.1",
      "1.10"}},
    {"composer",
     {"1.0-dev", "1.0.0-alpha1", "=1.0a1", "1.0.0-alpha2", "1.0.0-beta", "1.0.0-beta.2", "1.0-RC1",
      "v1.0", "=1.0.0.0", "=1.0-stable", "1.0-p1", "1.0.0.1", "1.1"}},
    {"conan",
     {"1.0-alpha.3", "1.0-alpha.22", "1.0", "=1", "1.0+b1", "1.0.1", "1.1", "1.1.a", "1.2",
      "1.10"}},
    {"openssl",
     {"0.9.8-beta1", "0.9.8", "0.9.8a", "0.9.8y", "0.9.8za", "0.9.8zh", "1.0.2-beta2", "1.0.2",
      "1.1.1-pre9", "1.1.1", "1.1.1w", "3.0.0-alpha17", "3.0.0", "3.0.13"}},
    {"intdot",
     {"0", "1", "=1.0", "=01.00.0", "=1.0-rc1", "1.2", "1.10", "1.10.0.1", "10.234.5.12"}},
    {"hackage", {"0.9", "1", "1.0", "1.0.0", "1.0.1", "1.10"}},
    {"cpan",
     {"0.9", "1.002", "=v1.2.0", "=1.2.0", "1.002003", "=v1.2.3", "1.01", "=1.010", "1.1", "=1.100",
      "2"}},
    {"datetime",
     {"1970-01-01T00:00:00Z", "2016-12-31T23:59:59.999Z", "2016-12-31T23:59:60Z",
      "2017-01-01T00:00:00Z", "2024-02-29T23:00:00-02:00", "=2024-03-01T01:00:00Z",
      "=2024-03-01t01:00:00.000z", "2024-03-01T01:00:00.01Z", "2024-03-01T01:00:00.1Z"}},
    {"lexicographic", {"1.10", "1.9", "A", "a", "aa", "b", "\xc3\xa4", "\xe2\x82\xac"}},
    {"firmware",
     {"V4.3-alpha", "4.3-beta2", "Ver 4.3 rc1", "V4.3", "=FW 4.3.0", "=v04.03", "4.3 SP1",
      "V4.3 SP1 Update 2", "V4.3 SP1 Update 2 HF1", "4.3 SP2", "4.4", "4.4a", "4.4b", "4.10"}},
    {"firmware",
     {"10.1", "10.1 UC1", "V10.1 UC02", "10.1 UC10", "10.1 SP1", "10.1 SP1 QU2", "10.2"}},
};

static void rising_lists(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const struct product_scheme *scheme = product_scheme_find(s(lists[i].scheme));
        assert_string_equal(scheme->name, lists[i].scheme);
        /* how many are greater than those before: equal ones have one number */
        size_t rank[16] = {0}, count = 0;
        for (; count < 16 && lists[i].rising[count]; count++)
            rank[count] = count ? rank[count - 1] + (lists[i].rising[count][0] != '=') : 0;
        for (size_t a = 0; a < count; a++)
            for (size_t b = 0; b < count; b++) {
                const char *x = lists[i].rising[a], *y = lists[i].rising[b];
                x += *x == '=';
                y += *y == '=';
                int expected = (int)(rank[a] > rank[b]) - (int)(rank[a] < rank[b]);
                enum product_order order = product_version_compare(scheme, s(x), s(y));
                if ((int)order != expected) {
                    print_message("%s: %s against %s is %d\n", scheme->name, x, y, order);
                    wrong++;
                }
            }
    }
    assert_int_equal(wrong, 0);
}

/* What is no version of a scheme has no order there. */
static void no_versions(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"semver", "1.2.3.4"},
        {"semver", "1.0.0-"},
        {"semver", "1.0.0-a_b"},
        {"npm", "latest"},
        {"deb", "a1.0"},
        {"deb", "1.0-"},
        {"deb", ":1.0"},
        {"rpm", "1.0 1"},
        {"alpm", "1.0."},
        {"apk", "1.0_foo"},
        {"apk", "1.0-r"},
        {"apk", "v1"},
        {"gentoo", "1.0-1"},
        {"gentoo", "cvs.1"},
        {"pypi", "1.0-x"},
        {"pypi", "french toast"},
        {"pypi", "1.0+"},
        {"maven", ""},
        {"maven", "1.0 beta"},
        {"gem", "junk"},
        {"gem", "1..2"},
        {"gem", "1a"},
        {"composer", "dev-main"},
        {"composer", "1.0.0.0.0"},
        {"openssl", "1.0.2 beta"},
        {"openssl", "FIPS"},
        {"intdot", "V1.0"},
        {"hackage", "1.0-a"},
        {"cpan", "1.0a"},
        {"datetime", "2023-02-29T00:00:00Z"},
        {"datetime", "2024-01-01"},
        {"datetime", "2024-01-01T00:00:00"},
        {"nuget", "1.2.3.4.5"},
        {"firmware", "LF"},
        {"firmware", "9.1.2, 10.0.3"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct product_scheme *scheme = product_scheme_find(s(cases[i][0]));
        if (scheme->valid(s(cases[i][1])))
            print_message("%s: case %zu is taken\n", scheme->name, i);
        assert_false(scheme->valid(s(cases[i][1])));
        assert_int_equal(product_version_compare(scheme, s(cases[i][1]), s("1.0.0")),
                         PRODUCT_NO_ORDER);
    }
}

static void schemes_have_names(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"ebuild", "gentoo"}, {"pub", "dart"},    {"", "firmware"},         {"generic", "firmware"},
        {"all", "firmware"},  {"tomee", "exact"}, {"firmware", "firmware"}, {"npm", "npm"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(product_scheme_find(s(cases[i][0]))->name, cases[i][1]);
    assert_string_equal(product_scheme_of_purl(s("pkg:pypi/x@1"))->name, "pypi");
    assert_string_equal(product_scheme_of_purl(s("pkg:bitbucket/x/y@1"))->name, "exact");
    assert_string_equal(product_scheme_of_purl(s(""))->name, "firmware");
    for (size_t i = 0; product_scheme_at(i); i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(product_scheme_at(i)->name, product_scheme_at(k)->name);
}

/* OpenSSL's releases in the order of univers' list. */
static void releases_of_openssl(void **state)
{
    (void)state;
    static const char path[] =
        "../shared/data/univers/tests/data/openssl/openssl_versort_expected.json";
    struct buf text;
    struct json_doc *doc;
    struct err e = {0};
    size_t count = 0;
    if (!file_kind(path)) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    buf_init(&text);
    assert_int_equal(file_read(path, 1 << 20, &text, &e), 0);
    assert_int_equal(json_parse(&doc, buf_slice(&text), NULL, &e), 0);
    const struct product_scheme *openssl = product_scheme_find(s("openssl"));
    struct slice before = slice_of(NULL, 0);
    json_each(item, json_root(doc))
    {
        struct slice version = json_get_string(item, "string");
        if (before.len)
            assert_int_equal(product_version_compare(openssl, before, version), PRODUCT_LESS);
        before = version;
        count++;
    }
    print_message("%zu releases of OpenSSL rise\n", count);
    assert_int_equal(count, 172);
    json_doc_free(doc);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rising_lists),
        cmocka_unit_test(no_versions),
        cmocka_unit_test(schemes_have_names),
        cmocka_unit_test(releases_of_openssl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
