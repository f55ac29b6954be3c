/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/file.h"
#include "csaf/convert.h"
#include "csaf/diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define FULL "tests/fuzz/corpus/csaf_view/full_2_1.json"

struct sides {
    struct buf text[2];
    struct csaf_reading *r[2];
    struct csaf_diff *d;
};

static void compare(struct sides *s)
{
    struct err e = {0};
    for (int i = 0; i < 2; i++)
        if (csaf_reading_open(&s->r[i], buf_slice(&s->text[i]), &e) != 0)
            fail_msg("%s (%s)", e.text, e.where);
    if (csaf_diff_make(&s->d, s->r[0], s->r[1], &e) != 0)
        fail_msg("%s", e.text);
}

static void done(struct sides *s)
{
    csaf_diff_free(s->d);
    for (int i = 0; i < 2; i++) {
        csaf_reading_free(s->r[i]);
        buf_fini(&s->text[i]);
    }
}

static void read_file(struct buf *text)
{
    struct err e = {0};
    buf_init(text);
    assert_int_equal(file_read(FULL, 1 << 24, text, &e), 0);
}

/* The full document with the n-th occurrence (from 0; -1: all) of some text replaced. */
static void replaced(struct buf *out, const char *what, const char *with, int which)
{
    struct buf all;
    read_file(&all);
    buf_init(out);
    const char *at = buf_text(&all);
    int count = 0;
    for (const char *hit; (hit = strstr(at, what)); at = hit + strlen(what)) {
        buf_put(out, at, (size_t)(hit - at));
        buf_puts(out, which < 0 || which == count ? with : what);
        count++;
    }
    buf_puts(out, at);
    if (count == 0 || which >= count)
        fail_msg("\"%s\" is not in the document", what);
    buf_fini(&all);
}

static void the_same_is_no_difference(void **state)
{
    (void)state;
    struct sides s = {0};
    read_file(&s.text[0]);
    read_file(&s.text[1]);
    compare(&s);
    assert_int_equal(s.d->count, 0);
    done(&s);
}

/* products are compared by meaning: other ids, another order and other groups say the same */
static void ids_do_not_matter(void **state)
{
    (void)state;
    struct sides s = {0};
    read_file(&s.text[0]);
    replaced(&s.text[1], "\"P1\"", "\"CSAFPID-77\"", -1);
    compare(&s);
    assert_int_equal(s.d->count, 0);
    done(&s);
}

struct change {
    const char *what, *with;
    int which;
    const char *expected; /* what of the first entry */
    enum csaf_diff_kind kind;
    const char *vulnerability, *product, *before, *after; /* NULL: not looked at */
};

static const struct change changes[] = {
    {"Drive controller stops", "Drive controller halts", 0, "title", CSAF_DIFF_CHANGED, "", NULL,
     "Drive controller stops", "Drive controller halts"},
    {"\"version\": \"2\"", "\"version\": \"3\"", 0, "version", CSAF_DIFF_CHANGED, "", NULL, "2",
     "3"},
    {"\"CLEAR\"", "\"RED\"", 0, "tlp", CSAF_DIFF_CHANGED, "", NULL, "CLEAR", "RED"},
    {"\"Critical\"", "\"Low\"", 0, "severity", CSAF_DIFF_CHANGED, "", NULL, "Critical", "Low"},
    {"Two lines", "Three lines", 0, "note", CSAF_DIFF_CHANGED, "", NULL, NULL,
     "Summary: Three lines\nof a summary"},
    {"\"summary\": \"more\"", "\"summary\": \"most\"", 0, "revision", CSAF_DIFF_CHANGED, "", NULL,
     "2: more", "2: most"},
    {"https://example.org/more", "https://example.org/most", 0, "reference", CSAF_DIFF_REMOVED, "",
     NULL, "More: https://example.org/more", NULL},
    {"\"name\": \"4.3\"", "\"name\": \"4.4\"", 0, "product", CSAF_DIFF_REMOVED, "",
     "Nordlicht / Drives / DC-7 / 4.3", NULL, NULL},
    {"cpe:2.3:h:nordlicht", "cpe:2.3:a:nordlicht", 0, "product_identification", CSAF_DIFF_CHANGED,
     "", "Nordlicht / Drives / DC-7 / 4.2", NULL, NULL},
    {"known_not_affected", "under_investigation_", 0, "status", CSAF_DIFF_REMOVED, "CVE-2026-10001",
     "Cabinet 9", "known_not_affected", ""},
    {"\"under_investigation\"", "\"known_not_affected_\"", 0, "status", CSAF_DIFF_REMOVED,
     "CVE-2026-10001", "Cabinet 10", "under_investigation", ""},
    {"Update to 4.3", "Update to 4.4", 0, "remediation", CSAF_DIFF_CHANGED, "CVE-2026-10001", NULL,
     NULL, NULL},
    {"\"category\": \"workaround\"", "\"category\": \"mitigation\"", 0, "remediation",
     CSAF_DIFF_REMOVED, "CVE-2026-10001", NULL, "workaround: Cut the cable [for 1 product]", NULL},
    {"CVSS:3.1/AV:N", "CVSS:3.1/AV:L", 0, "score", CSAF_DIFF_CHANGED, "CVE-2026-10001", NULL,
     "CVSS 3.1 9.8 CRITICAL CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H [for 2 products]",
     "CVSS 3.1 8.4 HIGH CVSS:3.1/AV:L/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H [for 2 products]"},
    {"\"high\"", "\"low\"", 0, "score", CSAF_DIFF_CHANGED, "CVE-2026-10001", NULL, "severity high",
     "severity low"},
    {"seen once", "seen often", 0, "threat", CSAF_DIFF_CHANGED, "CVE-2026-10001", NULL, NULL, NULL},
    {"CVE-2026-10002", "CVE-2026-10003", 0, "vulnerability", CSAF_DIFF_REMOVED, "CVE-2026-10002",
     NULL, "CVE-2026-10002", ""},
    {"Ben Lind", "Ben Linde", 0, "acknowledgment", CSAF_DIFF_REMOVED, "", NULL, NULL, NULL},
};

static void each_change_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        const struct change *c = &changes[i];
        struct sides s = {0};
        read_file(&s.text[0]);
        replaced(&s.text[1], c->what, c->with, c->which);
        compare(&s);
        if (s.d->count == 0)
            fail_msg("%s: nothing was told", c->with);
        const struct csaf_diff_entry *n = &s.d->entries[0];
        if (strcmp(n->what, c->expected) != 0 || n->kind != c->kind ||
            !slice_is(n->vulnerability, c->vulnerability) ||
            (c->product && !slice_is(n->product, c->product)) ||
            (c->before && !slice_is(n->before, c->before)) ||
            (c->after && !slice_is(n->after, c->after)))
            fail_msg("%s: %s %s, vulnerability %.*s, product %.*s, before %.*s, after %.*s",
                     c->with, csaf_diff_kind_name(n->kind), n->what, SLICE_ARG(n->vulnerability),
                     SLICE_ARG(n->product), SLICE_ARG(n->before), SLICE_ARG(n->after));
        done(&s);
    }
}

/* a remedy for other products is another one, though its words are the same */
static void products_of_a_remedy_count(void **state)
{
    (void)state;
    struct sides s = {0};
    read_file(&s.text[0]);
    replaced(&s.text[1], "\"details\": \"Cut the cable\",\n     \"product_ids\": [\n      \"P1\"",
             "\"details\": \"Cut the cable\",\n     \"product_ids\": [\n      \"P4\"", 0);
    compare(&s);
    assert_int_equal(s.d->count, 1);
    assert_string_equal(s.d->entries[0].what, "remediation");
    assert_int_equal(s.d->entries[0].kind, CSAF_DIFF_CHANGED);
    assert_true(slice_is(s.d->entries[0].before, "workaround: Cut the cable [for 1 product]"));
    struct slice after = s.d->entries[0].after;
    if (!memmem(after.data, after.len, "[now also for ", 14) ||
        !memmem(after.data, after.len, "; no longer for ", 16))
        fail_msg("%.*s", SLICE_ARG(after));
    done(&s);
}

/* spaces between a sign and its version are no difference; another sign is one */
static void spaces_in_a_range_say_nothing(void **state)
{
    (void)state;
    struct sides s = {0};
    replaced(&s.text[0], "\"name\": \"4.3\"", "\"name\": \"< V4.3\"", 0);
    replaced(&s.text[1], "\"name\": \"4.3\"", "\"name\": \"<V4.3\"", 0);
    compare(&s);
    assert_int_equal(s.d->count, 0);
    done(&s);
    s = (struct sides){0};
    replaced(&s.text[0], "\"name\": \"4.3\"", "\"name\": \"< V4.3\"", 0);
    replaced(&s.text[1], "\"name\": \"4.3\"", "\"name\": \"<=V4.3\"", 0);
    compare(&s);
    assert_true(s.d->count > 0);
    done(&s);
}

/* what the converter changes is nothing for a reader, but for the product that it adds */
static void a_converted_document_says_the_same(void **state)
{
    (void)state;
    struct sides s = {0};
    struct csaf_conversion *c;
    struct err e = {0};
    buf_init(&s.text[0]);
    buf_init(&s.text[1]);
    assert_int_equal(
        file_read("tests/fuzz/corpus/csaf_view/full_2_0.json", 1 << 24, &s.text[0], &e), 0);
    assert_int_equal(csaf_convert(&c, buf_slice(&s.text[0]),
                                  &(struct csaf_convert_options){.no_fixed_products = true}, &e),
                     0);
    assert_int_equal(c->faults, 0);
    buf_put_slice(&s.text[1], c->text);
    compare(&s);
    for (size_t i = 0; i < s.d->count; i++)
        print_message("%s %s\n", csaf_diff_kind_name(s.d->entries[i].kind), s.d->entries[i].what);
    assert_int_equal(s.d->count, 0);
    csaf_conversion_free(c);
    done(&s);
}

static void put_big(struct buf *b, size_t count, const char *prefix, size_t missing)
{
    bool first = true;
    buf_init(b);
    buf_puts(b,
             "{\"document\":{\"csaf_version\":\"2.0\"},\"product_tree\":{\"full_product_names\":[");
    for (size_t i = 0; i < count; i++)
        if (i != missing) {
            buf_printf(b, "%s{\"name\":\"product %zu\",\"product_id\":\"%s%zu\"}", first ? "" : ",",
                       i, prefix, i);
            first = false;
        }
    buf_puts(b, "]},\"vulnerabilities\":[{\"cve\":\"CVE-2026-10001\",\"product_status\":{"
                "\"known_affected\":[");
    first = true;
    for (size_t i = 0; i < count; i++)
        if (i != missing) {
            buf_printf(b, "%s\"%s%zu\"", first ? "" : ",", prefix, i);
            first = false;
        }
    buf_puts(b, "]}}]}");
}

/* 10^5 products with other ids: only the one that went is told */
static void many_products(void **state)
{
    (void)state;
    struct sides s = {0};
    put_big(&s.text[0], 100000, "A", SIZE_MAX);
    put_big(&s.text[1], 100000, "B", 500);
    compare(&s);
    assert_int_equal(s.d->count, 2);
    assert_string_equal(s.d->entries[0].what, "product");
    assert_true(slice_is(s.d->entries[0].product, "product 500"));
    assert_string_equal(s.d->entries[1].what, "status");
    done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_same_is_no_difference),
                                       cmocka_unit_test(ids_do_not_matter),
                                       cmocka_unit_test(each_change_is_told),
                                       cmocka_unit_test(products_of_a_remedy_count),
                                       cmocka_unit_test(spaces_in_a_range_say_nothing),
                                       cmocka_unit_test(a_converted_document_says_the_same),
                                       cmocka_unit_test(many_products)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
