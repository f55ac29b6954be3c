/* SPDX-License-Identifier: Apache-2.0 */
/* Mandatory tests cost what a document's size says: ten times as many entries take about ten times
 * as long, also where each of many items names one group of all products. */
#include "../support/csaf_rule.h"

#include <time.h>

enum { SMALL = 2000, TIMES = 10 };

typedef void builder(struct buf *text, int n);

static void products(struct buf *text, int n)
{
    buf_puts(text, "\"product_tree\":{\"full_product_names\":[");
    for (int i = 0; i < n; i++)
        buf_printf(text, "%s{\"name\":\"n\",\"product_id\":\"P%d\"}", i ? "," : "", i);
    buf_puts(text, "],\"product_groups\":[");
    for (int g = 0; g < 2; g++) {
        buf_printf(text, "%s{\"group_id\":\"G%d\",\"product_ids\":[", g ? "," : "", g);
        for (int i = 0; i < n; i++)
            buf_printf(text, "%s\"P%d\"", i ? "," : "", i);
        buf_puts(text, "]}");
    }
    buf_puts(text, "]}");
}

static const char *category(int i)
{
    static const char *const names[] = {"vendor_fix", "no_fix_planned", "fix_planned",
                                        "workaround"};
    return names[i % 4];
}

/* One vulnerability; every remediation and flag names both groups of all products. */
static void one_vulnerability(struct buf *text, int n)
{
    buf_puts(text, "{\"document\":{\"csaf_version\":\"2.1\",\"category\":\"csaf_vex\"},");
    products(text, n);
    buf_puts(text, ",\"vulnerabilities\":[{\"product_status\":{\"known_not_affected\":[");
    for (int i = 0; i < n; i++)
        buf_printf(text, "%s\"P%d\"", i ? "," : "", i);
    buf_puts(text, "]},\"remediations\":[");
    for (int i = 0; i < n; i++)
        buf_printf(text,
                   "%s{\"category\":\"%s\",\"group_ids\":[\"G0\",\"G1\"],\"product_ids\":"
                   "[\"P%d\"]}",
                   i ? "," : "", category(i), i);
    buf_puts(text, "],\"flags\":[");
    for (int i = 0; i < n; i++)
        buf_printf(text, "%s{\"label\":\"component_not_present\",\"group_ids\":[\"G0\"]}",
                   i ? "," : "");
    buf_puts(text, "]}]}");
}

/* Every vulnerability says contradicting things of both groups. */
static void many_vulnerabilities(struct buf *text, int n)
{
    buf_puts(text, "{\"document\":{\"csaf_version\":\"2.1\",\"category\":\"csaf_vex\"},");
    products(text, n);
    buf_puts(text, ",\"vulnerabilities\":[");
    for (int i = 0; i < n; i++)
        buf_printf(text,
                   "%s{\"ids\":[{\"group_ids\":[\"G0\"]}],\"product_status\":{\"fixed\":[\"P%d\"]},"
                   "\"remediations\":[{\"category\":\"vendor_fix\",\"group_ids\":[\"G0\"]},"
                   "{\"category\":\"no_fix_planned\",\"group_ids\":[\"G1\"]}],\"flags\":["
                   "{\"label\":\"component_not_present\",\"group_ids\":[\"G0\"]},"
                   "{\"label\":\"component_not_present\",\"group_ids\":[\"G1\"]}]}",
                   i ? "," : "", i);
    buf_puts(text, "]}");
}

/* Revision numbers a million apart. */
static void revisions(struct buf *text, int n)
{
    buf_puts(text, "{\"document\":{\"csaf_version\":\"2.1\",\"tracking\":{\"status\":\"final\","
                   "\"version\":\"1\",\"revision_history\":[");
    for (int i = 0; i < n; i++)
        buf_printf(text, "%s{\"date\":\"2024-01-01T00:00:00.%07dZ\",\"number\":\"%lld\"}",
                   i ? "," : "", (i * 7919) % n, (long long)i * 1000003);
    buf_puts(text, "]}}}");
}

/* Each path begins with the one before; each is fixed by none. */
static void chain(struct buf *text, int n)
{
    buf_puts(text,
             "{\"document\":{\"csaf_version\":\"2.1\",\"category\":\"csaf_security_advisory\"}"
             ",\"product_tree\":{\"branches\":[{\"category\":\"product_name\",\"name\":\"a\","
             "\"product\":{\"product_id\":\"A\"}},{\"category\":\"product_name\",\"name\":"
             "\"b\",\"product\":{\"product_id\":\"B\"}}],\"product_paths\":[");
    for (int i = 0; i < n; i++) {
        char before[16] = "A";
        if (i > 0)
            snprintf(before, sizeof before, "X%d", i - 1);
        buf_printf(text,
                   "%s{\"full_product_name\":{\"product_id\":\"X%d\"},"
                   "\"beginning_product_reference\":\"%s\",\"subpaths\":[{\"category\":"
                   "\"installed_with\",\"next_product_reference\":\"A\"}]}",
                   i ? "," : "", i, before);
    }
    buf_puts(text, "]},\"vulnerabilities\":[");
    for (int i = 0; i < n; i++)
        buf_printf(text,
                   "%s{\"product_status\":{\"known_affected\":[\"B\"],\"fixed\":[\"X%d\",\"A\"]}}",
                   i ? "," : "", i);
    buf_puts(text, "]}");
}

/* Least seconds of some runs. */
static double seconds(struct csaf_validator *v, builder *build, int n)
{
    struct err e = {0};
    struct buf text;
    double least = 1e9;

    buf_init(&text);
    build(&text, n);
    assert_false(text.failed);
    for (int i = 0; i < 3; i++) {
        struct csaf_result r;
        clock_t start = clock();
        assert_int_equal(csaf_validate(v, buf_slice(&text), &r, &e), 0);
        double took = (double)(clock() - start) / CLOCKS_PER_SEC;
        assert_int_not_equal(r.version, 0);
        csaf_result_free(&r);
        least = took < least ? took : least;
    }
    buf_fini(&text);
    return least;
}

static void linear(void **state)
{
    static builder *const builders[] = {one_vulnerability, many_vulnerabilities, revisions, chain};
    const char *const presets[] = {"mandatory", NULL};
    struct err e = {0};
    struct csaf_validator *v =
        csaf_validator_new(&(struct csaf_validator_options){.presets = presets}, &e);

    (void)state;
    assert_non_null(v);
    for (size_t i = 0; i < sizeof builders / sizeof *builders; i++) {
        double small = seconds(v, builders[i], SMALL);
        double large = seconds(v, builders[i], SMALL * TIMES);
        print_message("%d entries: %.0f ms, %d entries: %.0f ms\n", SMALL, small * 1000,
                      SMALL * TIMES, large * 1000);
        /* squared it would be a hundred times */
        assert_true(large < small * TIMES * 4 + 0.05);
    }
    csaf_validator_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(linear)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
