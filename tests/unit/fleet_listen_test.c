/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranks and components that are alike are short cuts: what they give is, byte for byte, what all
 * pairs of target and component give when each is compared.
 */
#include "base/memory.h"
#include "fleet/match_combine.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { ROUNDS = 60, TARGETS = 40, COMPONENTS = 120 };

static uint64_t state = 0x853c49e6748fea9bu;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static void put_version(struct buf *b)
{
    static const char *const odd[] = {"1.2a",    "V3 SP1",    "3.0 build 7", "2021-08-13",
                                      "MX-V4.0", "4.0.1-rc1", "unknown",     "1.x"};
    if (draw(5) == 0)
        buf_puts(b, odd[draw(sizeof odd / sizeof *odd)]);
    else if (draw(2))
        buf_printf(b, "%u.%u", draw(4), draw(6));
    else
        buf_printf(b, "V%u.%u.%u", draw(4), draw(6), draw(3));
}

static void put_range(struct buf *b)
{
    static const char *const operators[] = {"< ", "<= ", ">= ", "> "};
    if (draw(20) == 0) {
        buf_puts(b, draw(2) ? "all versions" : "see the manual");
        return;
    }
    if (draw(4) == 0) {
        buf_puts(b, ">= ");
        put_version(b);
        buf_puts(b, " | < ");
        put_version(b);
        return;
    }
    buf_puts(b, operators[draw(4)]);
    put_version(b);
}

/* Targets of at most three products, in many versions. */
static struct fleet_criteria *random_criteria(uint32_t products, bool debian)
{
    static const char *const statuses[] = {"known_affected", "fixed", "known_not_affected",
                                           "under_investigation"};
    struct csaf_document *d;
    struct fleet_criteria *c;
    struct err e = {0};
    struct buf b;
    buf_init(&b);
    buf_puts(&b,
             "{\"document\":{\"category\":\"csaf_security_advisory\",\"csaf_version\":\"2.0\","
             "\"publisher\":{\"category\":\"vendor\",\"name\":\"N\",\"namespace\":"
             "\"https://n.example\"},\"title\":\"t\",\"tracking\":{\"current_release_date\":"
             "\"2026-01-01T00:00:00Z\",\"id\":\"N-1\",\"initial_release_date\":"
             "\"2026-01-01T00:00:00Z\",\"revision_history\":[{\"date\":\"2026-01-01T00:00:00Z\","
             "\"number\":\"1\",\"summary\":\"s\"}],\"status\":\"final\",\"version\":\"1\"}},"
             "\"product_tree\":{\"branches\":[");
    for (uint32_t t = 0; t < TARGETS; t++) {
        bool range = draw(4) > 0;
        buf_printf(
            &b,
            "%s{\"category\":\"vendor\",\"name\":\"Weser\",\"branches\":[{\"category\":"
            "\"product_name\",\"name\":\"Widget Tool %u\",\"branches\":[{\"category\":\"%s\","
            "\"name\":\"",
            t ? "," : "", draw(products), range ? "product_version_range" : "product_version");
        if (range)
            put_range(&b);
        else
            put_version(&b);
        buf_printf(&b, "\",\"product\":{\"name\":\"p\",\"product_id\":\"P%u\"", t);
        if (debian)
            buf_printf(&b, ",\"product_identification_helper\":{\"purl\":\"pkg:deb/debian/w%u\"}",
                       draw(products));
        buf_puts(&b, "}}]}]}");
    }
    buf_puts(&b, "]},\"vulnerabilities\":[");
    for (uint32_t v = 0; v < 4; v++) {
        buf_printf(&b, "%s{\"cve\":\"CVE-2026-%u\",\"product_status\":{\"%s\":[", v ? "," : "",
                   1000 + v, statuses[v]);
        for (uint32_t t = v; t < TARGETS; t += 1 + v)
            buf_printf(&b, "%s\"P%u\"", t > v ? "," : "", t);
        buf_puts(&b, "]}}");
    }
    buf_puts(&b, "]}");
    if (csaf_load(&d, buf_slice(&b), &e) != 0)
        fail_msg("%s %s: %s", e.text, e.where, buf_text(&b));
    assert_int_equal(fleet_criteria_build(&c, d, &e), 0);
    csaf_free(d);
    buf_fini(&b);
    return c;
}

static struct fleet_class *random_class(uint32_t products, bool debian)
{
    struct fleet_inventory *i;
    struct fleet_class *c;
    struct err e = {0};
    struct buf b;
    buf_init(&b);
    buf_puts(&b, "{\"format\":\"tocsin-nameplate/v1\",\"components\":[");
    for (uint32_t k = 0; k < COMPONENTS; k++) {
        uint32_t product = draw(products + 1);
        buf_printf(&b, "%s{\"vendor\":\"%s\",\"name\":\"Widget Tool %u%s\",\"version\":\"",
                   k ? "," : "", draw(8) ? "Weser" : "Weserr", product, draw(8) ? "" : " x");
        put_version(&b);
        buf_puts(&b, "\"");
        if (debian)
            buf_printf(&b, ",\"purl\":\"pkg:deb/debian/w%u@%u.%u-%u\"", product, draw(4), draw(6),
                       draw(3));
        buf_puts(&b, "}");
    }
    buf_puts(&b, "]}");
    assert_int_equal(fleet_inventory_read(&i, buf_slice(&b), NULL, &e), 0);
    assert_int_equal(fleet_class_build(&c, i, &e), 0);
    fleet_inventory_free(i);
    buf_fini(&b);
    return c;
}

static void text_of(const struct fleet_result *r, struct buf *out)
{
    struct json_writer w;
    buf_reset(out);
    json_write_init(&w, out, 0);
    fleet_result_write(&w, r);
    assert_false(out->failed);
}

/* Each target with each component. */
static struct fleet_result *by_pairs(const struct fleet_criteria *criteria,
                                     const struct fleet_class *class, struct arena *a)
{
    struct fleet_touches touches = {0};
    struct fleet_result *r;
    struct err e = {0};
    bool software = false;
    for (uint32_t i = 0; i < class->count; i++) {
        struct fleet_subject *subject = arena_new(a, 1, sizeof *subject);
        assert_int_equal(fleet_subject_prepare(a, &class->identities[i], subject, &e), 0);
        software = software || class->identities[i].kind == FLEET_SOFTWARE;
        for (uint32_t t = 0; t < criteria->target_count; t++) {
            struct fleet_touch touch;
            if (criteria->targets[t].criterion_count &&
                fleet_touch_make(criteria, t, subject, i, &fleet_options_default, &touch, NULL))
                assert_int_equal(fleet_touches_add(&touches, &touch, &e), 0);
        }
    }
    assert_int_equal(fleet_combine(&r, criteria, touches.at, touches.count, software, &e), 0);
    mem_free(touches.at);
    return r;
}

static void short_cuts_change_nothing(void **unused)
{
    struct buf x, y;
    size_t said = 0;
    (void)unused;
    buf_init(&x);
    buf_init(&y);
    for (int round = 0; round < ROUNDS; round++) {
        uint32_t products = 1 + draw(3);
        bool debian = draw(3) == 0;
        struct fleet_criteria *criteria = random_criteria(products, debian);
        struct fleet_class *class = random_class(products, debian);
        struct fleet_result *r, *wanted;
        struct err e = {0};
        struct arena a;
        arena_init(&a, 0);
        wanted = by_pairs(criteria, class, &a);
        assert_int_equal(fleet_match(&r, criteria, class, NULL, &e), 0);
        text_of(wanted, &x);
        text_of(r, &y);
        assert_string_equal(buf_text(&x), buf_text(&y));
        said += r->count;
        fleet_result_free(r);
        fleet_result_free(wanted);
        fleet_class_free(class);
        fleet_criteria_free(criteria);
        arena_fini(&a);
    }
    assert_true(said > 2 * ROUNDS);
    buf_fini(&x);
    buf_fini(&y);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(short_cuts_change_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
