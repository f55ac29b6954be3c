/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/memory.h"
#include "csaf/document.h"
#include "product/range.h"

#include <dirent.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct slice s(const char *text)
{
    return slice_str(text);
}

/* Each list rises; 2 beside a pair means that there is no order. */
static void orders_of_the_schemes(void **state)
{
    (void)state;
    static const struct {
        const char *scheme;
        const char *rising[12];
    } lists[] = {
        {"generic", {"1.0-alpha", "1.0-beta2", "1.0rc1", "1.0", "1.0.1", "1.1", "1.10", "2"}},
        {"generic", {"V1.4", "V1.4 SP1", "V1.4 SP1 HF5", "V1.4 SP1 Update 1", "V1.4 SP2", "V1.5"}},
        {"generic", {"4.3", "4.3a", "4.3b", "4.4"}},
        {"generic", {"2014", "2014 R2", "2014 R2 SP1", "2016"}},
        {"generic", {"MX-V4.0.1.15", "MX-V4.7.2.35", "MX-V4.7.2.35-r1", "MX-V5.0"}},
        {"generic", {"A8", "A10", "A12"}},
        {"generic", {"3.4.4 Build 16102415", "3.4.4 Build 16102416", "3.4.5 Build 1"}},
        {"semver", {"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0", "1.0.1", "v1.2.0"}},
        {"deb",
         {"1.0~rc1-1", "1.0-1", "1.0-1+deb12u1", "1.0-2", "1.0a-1", "1.0+b-1", "1.1-1", "1:0.1-1"}},
        {"rpm", {"1.0~rc1-1", "1.0-1", "1.0^git1-1", "1.0.1-1", "1.0a-1", "1.1-1", "1:0.1-1"}},
    };
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const struct product_scheme *scheme = product_scheme_find(s(lists[i].scheme));
        for (size_t a = 0; lists[i].rising[a]; a++)
            for (size_t b = 0; lists[i].rising[b]; b++) {
                if (i == 9 && (a == 4 || b == 4))
                    continue; /* letters behind 1.0 against 1.0.1: below */
                enum product_order order =
                    product_version_compare(scheme, s(lists[i].rising[a]), s(lists[i].rising[b]));
                if (order != (int)(a > b) - (int)(a < b))
                    print_message("%s: %s against %s is %d\n", lists[i].scheme, lists[i].rising[a],
                                  lists[i].rising[b], order);
                assert_int_equal(order, (int)(a > b) - (int)(a < b));
            }
    }
}

static void equal_spellings_are_equal(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"4.3", "V4.3"},         {"4.3", "v4.3.0"},
        {"02.00.18", "2.0.18"},  {"Version 2.1", "2.1"},
        {"FW11", "11"},          {"R15.01", "15.1"},
        {"2.0 SP2", "V2.0_SP2"}, {"15.1 Upd 4", "15.1 Update 4"},
        {"firmware_32", "32"},   {"1.03.07 (build 317)", "1.3.7 Build 317"},
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        enum product_order order =
            product_version_compare(&product_scheme_generic, s(pairs[i][0]), s(pairs[i][1]));
        if (order != PRODUCT_EQUAL)
            print_message("%s against %s is %d\n", pairs[i][0], pairs[i][1], order);
        assert_int_equal(order, PRODUCT_EQUAL);
    }
}

static void what_is_not_understood_has_no_order(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"1.2a", "1.2.3"},
        {"MX-V4.0", "4.0"},
        {"A12", "B13"},
        {"LF", "LC"},
        {"April/17/2023", "April/20/2022"},
        {"2.1.NA", "2.2"},
        {"", "1"},
        {"july 1 2017", "july 2 2016"},
        {"3.4 Build 1", "3.4"},
        {"1.42.06162022", "1.42.12312021"},
        {"2018 SP3 Version 3.4", "2018 SP3"},
        {"9.1.2, 10.0.3", "10.0.1"},
        {"5.2,v6.3", "6.1"},
        {"5.2.1", "5.2 SP3"},
        {"2.0.2", "V2.0_HF3"},
        {"15.04.2023", "01.05.2023"},
        {"3.4.410.1256", "2017"},
        {"1.07", "1.063"},
        {"01.12.04(12)", "11"},
        {"9.2 FP1", "9.2 SP1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        for (int turn = 0; turn < 2; turn++) {
            enum product_order order = product_version_compare(
                &product_scheme_generic, s(pairs[i][turn]), s(pairs[i][1 - turn]));
            if (order != PRODUCT_NO_ORDER)
                print_message("%s against %s is %d\n", pairs[i][0], pairs[i][1], order);
            assert_int_equal(order, PRODUCT_NO_ORDER);
        }
    /* an ecosystem whose order is not known: only equal texts */
    const struct product_scheme *conda = product_scheme_of_purl(s("pkg:conda/y@1"));
    assert_int_equal(product_version_compare(conda, s("1.0"), s("1.1")), PRODUCT_NO_ORDER);
    assert_int_equal(product_version_compare(conda, s("1.0"), s("1.0")), PRODUCT_EQUAL);
    assert_ptr_equal(product_scheme_of_purl(s("pkg:npm/x")), product_scheme_find(s("npm")));
}

/* Texts as the corpus writes them. */
static void ranges_as_advisories_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *range, *version;
        enum product_in in;
    } cases[] = {
        {"vers:all/*", "1", PRODUCT_IN},
        {"vers:all/*", "", PRODUCT_IN},
        {"All versions", "", PRODUCT_IN},
        {"*", "7", PRODUCT_IN},
        {"< V4.3", "4.2.9", PRODUCT_IN},
        {"< V4.3", "4.3", PRODUCT_OUT},
        {"< V4.3", "", PRODUCT_MAYBE},
        {"<V4.3", "V4.3 SP1", PRODUCT_OUT},
        {"vers:all/<V4.0.1", "V4.0.1", PRODUCT_OUT},
        {"vers:all/<V4.0.1", "V4.0.0", PRODUCT_IN},
        {"vers:semver/>=1.0.0|<2.0.0", "1.9.9", PRODUCT_IN},
        {"vers:semver/>=1.0.0|<2.0.0", "2.0.0", PRODUCT_OUT},
        {"vers:semver/1.0.0|>=1.2.0|<1.3.0|>2.0.0", "1.0.0", PRODUCT_IN},
        {"vers:semver/>=1.2.0|<1.3.0|>2.0.0", "1.5.0", PRODUCT_OUT},
        {"vers:semver/>=1.2.0|<1.3.0|>2.0.0", "2.1.0", PRODUCT_IN},
        {"vers:deb/<1.0-1%2Bdeb12u2", "1.0-1+deb12u1", PRODUCT_IN},
        {"vers:deb/<1.0-1%2Bdeb12u2", "1.0-1+deb12u2", PRODUCT_OUT},
        {"vers:maven/<1.0", "0.9", PRODUCT_IN},
        {"vers:maven/<1.0", "1.0-rc1", PRODUCT_IN},
        {"vers:conda/<1.0", "0.9", PRODUCT_MAYBE},
        {"vers:all/>=V1.80<V2.20", "2.19", PRODUCT_IN},
        {"vers:all/>=V1.80<V2.20", "2.20", PRODUCT_OUT},
        {"vers:all/<V222.0 Update 13", "222.0 Update 12", PRODUCT_IN},
        {"vers:semver/>=1.0.0|!=1.2.0|<2.0.0", "1.2.0", PRODUCT_OUT},
        {"vers:semver/>=1.0.0|!=1.2.0|<2.0.0", "1.2.1", PRODUCT_IN},
        {"vers:semver/!=1.2.0|<2.0.0", "1.2.0", PRODUCT_OUT},
        {"vers:semver/!=1.2.0|<2.0.0", "1.0.0", PRODUCT_IN},
        {"vers:semver/!=1.2.0", "1.2.0", PRODUCT_OUT},
        {"vers:semver/!=1.2.0", "3.0.0", PRODUCT_IN},
        {"vers:semver/<1.0.0|!=1.2.0|>2.0.0", "1.2.0", PRODUCT_OUT},
        {"vers:semver/<1.0.0|!=1.2.0|>2.0.0", "3.0.0", PRODUCT_IN},
        /* the pipe is decoded after the split */
        {"vers:lexicographic/a%7Cb", "a|b", PRODUCT_IN},
        {"vers:generic/<6|>=5", "4", PRODUCT_MAYBE},
        {"vers:generic/<4.3|>=2.0", "3", PRODUCT_MAYBE},
        {"vers:generic/1.0|>=2.0|<=2.0", "1.0", PRODUCT_MAYBE},
        /* a list is no version: what it means for 10.0.1 cannot be told */
        {"Versions prior to 9.1.2, 10.0.3", "10.0.1", PRODUCT_MAYBE},
        /* named itself; what lies between the two, or below, depends on what "prior" belongs to */
        {"1.0, 1.1, and prior", "1.1", PRODUCT_IN},
        {"1.0, 1.1, and prior", "1.0", PRODUCT_IN},
        {"1.0, 1.1, and prior", "1.2", PRODUCT_SILENT},
        {"<5.2, 6.3", "6.1", PRODUCT_MAYBE},
        {"All versions < V5.2.4", "5.2.3", PRODUCT_IN},
        {"All versions < V5.2.4", "5.2.4", PRODUCT_OUT},
        {"All BIOS versions < V22.01.08", "22.01.07", PRODUCT_IN},
        {"All versions <= V5.x", "5.9", PRODUCT_IN},
        {"All versions <= V5.x", "6.0", PRODUCT_OUT},
        {"All versions between V2.5 (including) and V2.7 (excluding)", "2.5", PRODUCT_IN},
        {"All versions between V2.5 (including) and V2.7 (excluding)", "2.7", PRODUCT_OUT},
        {"All versions only if web components are used", "1", PRODUCT_MAYBE},
        {"< V10.3 only if web components are used", "10.2", PRODUCT_MAYBE},
        {"< V10.3 only if web components are used", "10.3", PRODUCT_OUT},
        {"<= 7.20 (7.50 may also be affected if a driver was installed)", "7.20", PRODUCT_IN},
        {"<= 7.20 (7.50 may also be affected if a driver was installed)", "7.50", PRODUCT_MAYBE},
        /* the name of what has the version stands in front of it */
        {"< 4.12", "ALEOS 4.11.2", PRODUCT_IN},
        {"< 4.12", "ALEOS 4.12.0", PRODUCT_OUT},
        {"<= 2.3.0.r5417", "InRouter6XX-S-V2.3.0.r5417", PRODUCT_IN},
        {"<= 2.3.0.r5417", "InRouter6XX-S-V2.3.0.r5484", PRODUCT_MAYBE},
        {"< 1.5", "BIOS 1.6", PRODUCT_MAYBE},
        /* "SV": a version of software, no name of its own */
        {"< SV2.90", "2.80", PRODUCT_IN},
        {"< SV2.90", "SV2.90", PRODUCT_OUT},
        /* who writes 8.05 may count in hundredths: then 8.1 is later */
        {"<= 8.05", "8.1.2", PRODUCT_MAYBE},
        {"<= 8.05", "8.04", PRODUCT_IN},
        {"<= 8.05", "8.06", PRODUCT_OUT},
        {"<= 8.05", "8.9", PRODUCT_OUT},
        /* of one number: what goes on with it may be meant with the rest of it */
        {"<= 12", "12.0.1.4711", PRODUCT_MAYBE},
        {"<= 12", "12", PRODUCT_IN},
        {"<= 12", "12.0", PRODUCT_IN},
        {"<= 12", "13.0", PRODUCT_OUT},
        {"< 12", "12.0.1", PRODUCT_OUT},
        /* letters alone */
        {"<= BF", "BE", PRODUCT_IN},
        {"<= BF", "BG", PRODUCT_MAYBE},
        {"<= BF", "AF", PRODUCT_MAYBE},
        {"<= BF", "B", PRODUCT_MAYBE},
        /* its maker counts firmware by the number in parentheses */
        {"< FW11", "01.09.18(09)", PRODUCT_IN},
        {"< FW11", "01.12.04(12)", PRODUCT_OUT},
        {"< 9.90 SP3.5", "9.90 SP3.4", PRODUCT_IN},
        {"< 9.90 SP3.5", "9.90 SP3.5", PRODUCT_OUT},
        {"<= 3.8.0 Feature Pack 1", "3.8.0 FP1", PRODUCT_IN},
        {"<= 3.8.0 Feature Pack 1", "3.8.0_Feature_Pack_2", PRODUCT_OUT},
        {"All Versions >= V2.1 and < V2.1.3", "2.1.2", PRODUCT_IN},
        {"All Versions >= V2.1 and < V2.1.3", "2.1.3", PRODUCT_OUT},
        {"All Versions >= V2.1 and < V2.1.3", "2.0", PRODUCT_OUT},
        {"2.0.3 and prior", "2.0.3", PRODUCT_IN},
        {"2.0.3 and prior", "2.0.4", PRODUCT_OUT},
        {"Version 4.3 and earlier", "4.2", PRODUCT_IN},
        {"v1.2 and all prior versions", "1.1", PRODUCT_IN},
        {"versions prior to 1.3", "1.2.9", PRODUCT_IN},
        {"versions prior to 1.3", "1.3", PRODUCT_OUT},
        {"Version 5 and later", "6", PRODUCT_IN},
        {"Version 5 and later", "4", PRODUCT_OUT},
        {"Versions 2.00 to 6.11", "6.11", PRODUCT_IN},
        {"Versions 2.00 to 6.11", "6.12", PRODUCT_OUT},
        {">= 1.0 | < 2.0", "1.5", PRODUCT_IN},
        {">= 1.0 | < 2.0", "2.0", PRODUCT_OUT},
        {">= 1.0 | < 2.0", "0.9", PRODUCT_OUT},
        {">=12.0.1|<=12.0.14", "12.0.14", PRODUCT_IN},
        {"<= 1.12.0.27 | 1.12.13.2 | 1.12.14.5", "1.12.13.2", PRODUCT_IN},
        {"<= 1.12.0.27 | 1.12.13.2 | 1.12.14.5", "1.12.13.1", PRODUCT_SILENT},
        {">=R6.01.01 -| <=R8.03.01", "R7", PRODUCT_IN},
        {">= V2.5 < V2.6.1", "2.6.1", PRODUCT_OUT},
        {"> V5.x", "6", PRODUCT_IN},
        /* above all of 5, or above something of it */
        {"> V5.x", "5.9", PRODUCT_MAYBE},
        {"< V5.x", "5.9", PRODUCT_MAYBE},
        {"< V5.x", "4.9", PRODUCT_IN},
        {"< V5.x", "6", PRODUCT_OUT},
        {"> V5", "5", PRODUCT_OUT},
        {"vers:semver/>=7.0.0|>=9.0.0|<10.0.0", "8.0.0", PRODUCT_IN},
        {"vers:semver/>=7.0.0|>=9.0.0|<10.0.0", "6.0.0", PRODUCT_OUT},
        {">= V2.5 < V2.6.1", "2.6", PRODUCT_IN},
        {"V04.00.02 and all versions >= V04.00.15 < 04.00.18", "4.0.2", PRODUCT_IN},
        {"V04.00.02 and all versions >= V04.00.15 < 04.00.18", "4.0.16", PRODUCT_IN},
        {"V04.00.02 and all versions >= V04.00.15 < 04.00.18", "4.0.3", PRODUCT_SILENT},
        {"0 < 8.0.1", "8.0", PRODUCT_IN},
        {"<= 3.4.4 Build 16102416", "3.4.4 Build 16102417", PRODUCT_OUT},
        {"<=firmware_32", "31", PRODUCT_IN},
        {"<V16_Update_7", "V16 Update 6", PRODUCT_IN},
        {"<V16_Update_7", "V16 Update 7", PRODUCT_OUT},
        {"<=2020_R2_SP2", "2020 R2 SP2", PRODUCT_IN},
        {"<=2020_R2_SP2", "2020 R2 SP3", PRODUCT_OUT},
        {"NMC2 <= 6.9.6", "6.9.4", PRODUCT_IN},
        {"NMC2 <= 6.9.6", "7.0", PRODUCT_MAYBE},
        {"All versions < CPCI85 V05.11", "CPCI85 V05.11", PRODUCT_OUT},
        {"All versions < CPCI85 V05.11", "CPCI85 V05.10", PRODUCT_IN},
        {"All versions < CPCI85 V05.11", "V05.11", PRODUCT_MAYBE},
        {"<= 7.20 (7.50 and 7.60 may also be affected if WibuKey was installed manually)", "7.50",
         PRODUCT_MAYBE},
        {"<April/17/2023", "April/20/2022", PRODUCT_IN},
        {"<April/17/2023", "April/17/2023", PRODUCT_OUT},
        {"<April/17/2023", "2023-04-16", PRODUCT_IN},
        {"<April/17/2023", "4.2", PRODUCT_MAYBE},
        {"<April/17/2023", "04/05/2023", PRODUCT_MAYBE},
        {"<=LF", "LF", PRODUCT_IN},
        {"<=LF", "LE", PRODUCT_IN},
        {"No version", "1", PRODUCT_MAYBE},
        /* mended in each of the lines */
        {"<V33.017_V34.014_V35.013_V36.011", "V34.015", PRODUCT_OUT},
        {"<V33.017_V34.014_V35.013_V36.011", "V34.013", PRODUCT_IN},
        {"<V33.017_V34.014_V35.013_V36.011", "V32.016", PRODUCT_IN},
        {"<V33.017_V34.014_V35.013_V36.011", "V37.001", PRODUCT_OUT},
        {"<v36.011_v34.014_v33.017", "35.013", PRODUCT_MAYBE},
        {"<v36.011_v34.014_v33.017", "34.014", PRODUCT_OUT},
        {"<v36.011_v34.014_v33.017", "36.010", PRODUCT_IN},
        {"<V33.017_V34.014", "V33.020", PRODUCT_MAYBE},
        {"", "1", PRODUCT_MAYBE},
    };
    size_t wrong = 0;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a;
        arena_init(&a, 0);
        struct err e = {0};
        struct product_range r;
        const char *reason = NULL;
        assert_int_equal(product_range_parse(&a, s(cases[i].range), true, NULL, &r, &e), 0);
        enum product_in in = product_range_contains(&r, s(cases[i].version), &reason);
        assert_non_null(reason);
        if (in != cases[i].in) {
            print_message("\"%s\" with \"%s\": %d, not %d (%s; %s)\n", cases[i].range,
                          cases[i].version, in, cases[i].in, r.form ? r.form : "-", reason);
            wrong++;
        }
        arena_fini(&a);
    }
    assert_int_equal(wrong, 0);
}

/* "1.0 | 1.1 | ..." up to 256 KiB is read, each part of it; of a longer text nothing is believed.
 */
static void ranges_have_a_length(void **state)
{
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        struct product_range r;
        struct err e = {0};
        const char *reason;
        struct arena a;
        struct buf text;
        arena_init(&a, 0);
        buf_init(&text);
        for (unsigned i = 0; text.len + 10 <= (256 << 10); i++)
            buf_printf(&text, "%s%03u.%03u", i ? " | " : "", i / 1000, i % 1000);
        while (text.len < (256 << 10) + extra)
            buf_putc(&text, ' ');
        assert_int_equal(product_range_parse(&a, buf_slice(&text), false, NULL, &r, &e), 0);
        assert_int_equal(product_range_contains(&r, s("25.999"), &reason),
                         extra ? PRODUCT_MAYBE : PRODUCT_IN);
        assert_int_equal(product_range_contains(&r, s("0.17"), &reason),
                         extra ? PRODUCT_MAYBE : PRODUCT_IN);
        assert_int_equal(product_range_contains(&r, s("27.1"), &reason),
                         extra ? PRODUCT_MAYBE : PRODUCT_SILENT);
        assert_int_equal(r.grade, extra ? PRODUCT_OBSCURE : PRODUCT_EXACT);
        buf_fini(&text);
        arena_fini(&a);
    }
}

/* A list of single versions says nothing of others. */
static void lists_exclude_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *range, *version;
        enum product_in in;
    } cases[] = {
        {"4.8.2", "4.8.2", PRODUCT_IN},
        {"4.8.2", "V4.8.2", PRODUCT_IN},
        {"4.8.2", "4.8.3", PRODUCT_SILENT},
        {"1.8.29 | 1.8.44", "1.8.44", PRODUCT_IN},
        {"V15, V15.1 and V16", "15.1", PRODUCT_IN},
        {"V15, V15.1 and V16", "14", PRODUCT_SILENT},
        {"12.6.X", "12.6.4", PRODUCT_IN},
        {"12.6.X", "12.7", PRODUCT_SILENT},
        {"vers:all/*", "9", PRODUCT_IN},
        {"* (with option G28)", "9", PRODUCT_MAYBE},
        {"MX-V4.7.2.35-r1", "MX-V4.7.2.35-r1", PRODUCT_IN},
        {"1.03.07 (build 317)", "1.03.07 (build 317)", PRODUCT_IN},
        {"1.03.07 (build 317)", "1.03.07 (build 318)", PRODUCT_SILENT},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct arena a;
        arena_init(&a, 0);
        struct err e = {0};
        struct product_range r;
        const char *reason;
        assert_int_equal(product_range_parse(&a, s(cases[i].range), false, NULL, &r, &e), 0);
        enum product_in in = product_range_contains(&r, s(cases[i].version), &reason);
        if (in != cases[i].in)
            print_message("\"%s\" with \"%s\": %d (%s)\n", cases[i].range, cases[i].version, in,
                          reason);
        assert_int_equal(in, cases[i].in);
        arena_fini(&a);
    }
    struct arena a;
    struct err e = {0};
    struct product_range r;
    arena_init(&a, 0);
    assert_int_equal(product_range_parse(&a, s("1783-SAD4T0SBK9"), false, NULL, &r, &e), 0);
    assert_true(slice_is(r.model, "1783-SAD4T0SBK9"));
    assert_int_equal(product_range_parse(&a, s("V2.0"), false, NULL, &r, &e), 0);
    assert_int_equal(r.model.len, 0);
    arena_fini(&a);
}

static void normal_form_of_versions(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"  V2.9.2 ", "2.9.2"}, {"Version  3.1", "3.1"}, {"v. 4", "4"},
        {"MX-V5", "mx-v5"},     {"1.0\tSP1", "1.0 sp1"}, {"", ""},
        {"vanilla", "vanilla"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf b;
        buf_init(&b);
        product_version_normalise(s(cases[i][0]), &b);
        assert_string_equal(buf_text(&b), cases[i][1]);
        buf_fini(&b);
    }
}

static void memory_runs_out(void **state)
{
    (void)state;
    for (long k = 0;; k++) {
        struct arena a;
        struct err e = {0};
        struct product_range r;
        arena_init(&a, 0);
        mem_fail_after(k);
        int result = product_range_parse(&a, s("vers:deb/>=1%2B2|<3.x"), true, NULL, &r, &e);
        bool injected = mem_allocations() > k;
        mem_fail_after(-1);
        arena_fini(&a);
        if (result != 0)
            assert_int_equal(e.kind, ERR_MEMORY);
        if (!injected) {
            assert_int_equal(result, 0);
            return;
        }
        assert_int_equal(result, -1);
    }
}

/* Over every product of the corpus with a version: how far they are understood. */
static void corpus_is_mostly_understood(void **state)
{
    (void)state;
    static const char root[] = "../shared/data/cisa-csaf/csaf_files/OT/white";
    if (file_kind(root) != 2) {
        print_message("skipped: no ../shared/data\n");
        skip();
    }
    size_t grades[3] = {0}, total = 0;
    for (int year = 2017; year <= 2024; year++) {
        char folder[256];
        snprintf(folder, sizeof folder, "%s/%d", root, year);
        DIR *dir = opendir(folder);
        assert_non_null(dir);
        struct dirent *entry;
        while ((entry = readdir(dir))) {
            size_t len = strlen(entry->d_name);
            if (len < 5 || strcmp(entry->d_name + len - 5, ".json") != 0)
                continue;
            char path[600];
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            struct buf b;
            struct err e = {0};
            struct csaf_document *d;
            buf_init(&b);
            assert_int_equal(file_read(path, 64 << 20, &b, &e), 0);
            assert_int_equal(csaf_load(&d, buf_slice(&b), &e), 0);
            for (size_t i = 0; i < d->product_count; i++) {
                const struct csaf_branch *v = d->products[i].branch;
                if (!v || (v->category != CSAF_BRANCH_PRODUCT_VERSION_RANGE &&
                           v->category != CSAF_BRANCH_PRODUCT_VERSION))
                    continue;
                struct arena a;
                struct product_range r;
                arena_init(&a, 0);
                assert_int_equal(product_range_parse(
                                     &a, v->name, v->category == CSAF_BRANCH_PRODUCT_VERSION_RANGE,
                                     NULL, &r, &e),
                                 0);
                grades[r.grade]++;
                total++;
                if (r.grade == PRODUCT_OBSCURE && getenv("SHOW"))
                    print_message("not understood: %.*s\n", SLICE_ARG(v->name));
                arena_fini(&a);
            }
            csaf_free(d);
            buf_fini(&b);
        }
        closedir(dir);
    }
    print_message(
        "measured: versions of CISA's products: %zu: %zu exact (%.1f %%), %zu reduced, %zu "
        "not understood\n",
        total, grades[PRODUCT_EXACT], 100.0 * (double)grades[PRODUCT_EXACT] / (double)total,
        grades[PRODUCT_REDUCED], grades[PRODUCT_OBSCURE]);
    assert_true(grades[PRODUCT_EXACT] * 100 >= total * 93);
    assert_true(grades[PRODUCT_OBSCURE] * 100 <= total * 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_of_the_schemes),
        cmocka_unit_test(equal_spellings_are_equal),
        cmocka_unit_test(what_is_not_understood_has_no_order),
        cmocka_unit_test(ranges_as_advisories_write_them),
        cmocka_unit_test(ranges_have_a_length),
        cmocka_unit_test(lists_exclude_nothing),
        cmocka_unit_test(normal_form_of_versions),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(corpus_is_mostly_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
