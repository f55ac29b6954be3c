/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many advisories that say nearly the same of few products: what one class is told by all of them
 * at once is what it is told by each of them alone, and an advisory that comes or goes leaves no
 * trace of what it shared with others.
 */
#include "fleet/index.h"
#include "fleet_fixture.h"

enum { ADVISORIES = 600, CLASSES = 60, PRODUCTS = 4, ROUNDS = 3 };

static uint64_t state = 0x853c49e6748fea9bu;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

#define PICK(list) list[draw(ARRAY_LEN(list))]

static const char *const names[] = {"Drive D-200", "Drive D-2xx", "Inverter", "Panel Node 41xx-EU",
                                    "Panel Node 4100-EU", "Grid Meter xx20", "Drive D-200 Firmware",
                                    "Grid Meter 20", "Valve x2xx",
                                    /* of "Grid Precision Meter MX8820" both are the end, and only
                                     * the number alone is sure enough to exclude */
                                    "MX8820", "Precision Meter MX8820"};
static const char *const own[] = {
    "Drive D-200",   "Drive D-215",        "Inverter",
    "Drive",         "Panel Node 4177-EU", "Grid Meter 8820",
    "Grid Meter 20", "Valve x215",         "Grid Precision Meter MX8820"};
static const char *const ranges[] = {"< V2.0", "vers:all/*", "V1.5", "vers:all/*"};
static const char *const versions[] = {"V1.5", "V2.1", "V4.0", ""};
static const char *const statuses[] = {"known_affected", "fixed", "known_not_affected",
                                       "under_investigation"};

static struct fleet_criteria *random_criteria(void)
{
    struct buf tree, vulnerabilities;
    uint32_t products = 1 + draw(PRODUCTS), count = draw(3) ? 1 : 3;
    bool related = products > 1 && draw(6) == 0;
    const char *name = draw(3) ? names[0] : PICK(names);
    buf_init(&tree);
    buf_init(&vulnerabilities);
    buf_puts(&tree, "\"branches\":[{" NL ",\"branches\":[");
    for (uint32_t p = 0; p < products; p++) {
        /* mostly versions of one product */
        if (draw(4) == 0)
            name = PICK(names);
        buf_printf(
            &tree,
            "%s{\"category\":\"product_name\",\"name\":\"%s\",\"branches\":[{\"category\":"
            "\"%s\",\"name\":\"%s\",\"product\":{\"name\":\"p\",\"product_id\":\"P%u\"%s}}]}",
            p ? "," : "", name, draw(4) ? "product_version_range" : "product_version", PICK(ranges),
            p, draw(4) ? "" : ",\"product_identification_helper\":{\"serial_numbers\":[\"A*\"]}");
    }
    buf_puts(&tree, "]}]");
    if (related)
        buf_puts(&tree, ",\"relationships\":[{\"category\":\"installed_on\",\"full_product_name\":{"
                        "\"name\":\"r\",\"product_id\":\"R\"},\"product_reference\":\"P0\","
                        "\"relates_to_product_reference\":\"P1\"}]");
    for (uint32_t v = 0; v < count; v++) {
        uint32_t first = draw(products);
        buf_printf(&vulnerabilities,
                   "%s{\"cve\":\"CVE-2026-%u\",\"product_status\":{\"%s\":[\"%s\"", v ? "," : "",
                   1000 + v, PICK(statuses), related && draw(2) ? "R" : "P0");
        for (uint32_t p = 1; p <= first; p++)
            buf_printf(&vulnerabilities, ",\"P%u\"", p);
        buf_puts(&vulnerabilities, "]");
        if (first + 1 < products)
            buf_printf(&vulnerabilities, ",\"first_fixed\":[\"P%u\"]", first + 1);
        buf_puts(&vulnerabilities, "}}");
    }
    struct fleet_criteria *c = criteria_of(buf_text(&tree), buf_text(&vulnerabilities));
    buf_fini(&tree);
    buf_fini(&vulnerabilities);
    return c;
}

static struct fleet_class *random_class(void)
{
    struct buf b;
    buf_init(&b);
    buf_printf(&b,
               "\"nameplate\":{\"vendor\":\"Nordlicht Antriebe\",\"model\":\"%s\",\"firmware\":"
               "\"%s\"},\"components\":[",
               PICK(own), PICK(versions));
    for (uint32_t i = draw(3), first = i; i > 0; i--)
        buf_printf(&b,
                   "%s{\"name\":\"%s\",\"vendor\":\"Nordlicht Antriebe GmbH\",\"version\":\"%s\"}",
                   i == first ? "" : ",", PICK(own), PICK(versions));
    buf_puts(&b, "]");
    struct fleet_class *c = class_of(buf_text(&b));
    buf_fini(&b);
    return c;
}

struct seen {
    size_t statements, statuses[FLEET_NOT_AFFECTED + 1], patterns;
};

/* All at once, and each that is there alone. */
static void compare(const struct fleet_advisories *all, struct fleet_criteria *const *criteria,
                    const struct fleet_class *class, struct seen *seen)
{
    struct fleet_concern *concerns;
    struct err e = {0};
    size_t count, at = 0;
    assert_int_equal(fleet_advisories_match(all, class, NULL, &concerns, &count, &e), 0);
    for (size_t i = 0; i < ADVISORIES; i++) {
        struct fleet_result *alone;
        if (!criteria[i])
            continue;
        assert_int_equal(fleet_match(&alone, criteria[i], class, NULL, &e), 0);
        if (alone->status != FLEET_NOT_LISTED) {
            assert_true(at < count);
            assert_int_equal(concerns[at].id, i);
            assert_int_equal(concerns[at].status, alone->status);
            seen->statements++;
            seen->statuses[alone->status]++;
            seen->patterns += has_reason(&alone->statements[0], "identity.pattern");
            at++;
        }
        fleet_result_free(alone);
    }
    assert_int_equal(at, count);
    mem_free(concerns);
}

static void all_at_once_as_each_alone(void **unused)
{
    struct fleet_criteria *criteria[ADVISORIES] = {0};
    struct fleet_class *classes[CLASSES];
    struct fleet_advisories *all = fleet_advisories_new();
    struct seen seen = {0};
    struct err e = {0};
    (void)unused;
    assert_non_null(all);
    for (size_t i = 0; i < CLASSES; i++)
        classes[i] = random_class();
    for (int round = 0; round < ROUNDS; round++) {
        /* half of them go, and others come in their places */
        for (size_t i = 0; i < ADVISORIES; i++) {
            if (criteria[i] && draw(2)) {
                assert_true(fleet_advisories_remove(all, i));
                fleet_criteria_free(criteria[i]);
                criteria[i] = NULL;
            }
            if (!criteria[i] && draw(4)) {
                criteria[i] = random_criteria();
                assert_int_equal(fleet_advisories_add(all, i, criteria[i], &e), 0);
            }
        }
        for (size_t i = 0; i < CLASSES; i++)
            compare(all, criteria, classes[i], &seen);
    }
    print_message("%zu statements, %zu affected, %zu by a pattern\n", seen.statements,
                  seen.statuses[FLEET_AFFECTED], seen.patterns);
    assert_true(seen.statements > 5000);
    assert_true(seen.patterns > 100);
    for (size_t i = FLEET_AFFECTED; i <= FLEET_NOT_AFFECTED; i++)
        assert_true(seen.statuses[i] > 10);
    for (size_t i = 0; i < ADVISORIES; i++) {
        assert_int_equal(fleet_advisories_remove(all, i), criteria[i] != NULL);
        fleet_criteria_free(criteria[i]);
    }
    assert_int_equal(fleet_advisories_count(all), 0);
    for (size_t i = 0; i < CLASSES; i++)
        fleet_class_free(classes[i]);
    fleet_advisories_free(all);
}

/* With the k-th allocation failing when an advisory comes: an error, and what is said of the others
 * stays what it was. */
static void memory_runs_out_between_those_that_share(void **unused)
{
    struct fleet_criteria *criteria[ADVISORIES] = {0};
    struct fleet_class *class =
        class_of(PLATE("Nordlicht Antriebe", "Drive D-200", ",\"firmware\":\"V1.5\""));
    struct err e = {0};
    (void)unused;
    for (size_t i = 0; i < 6; i++)
        criteria[i] = random_criteria();
    for (long k = 0;; k++) {
        struct fleet_advisories *all = fleet_advisories_new();
        struct seen seen = {0};
        assert_non_null(all);
        for (size_t i = 0; i < 5; i++)
            assert_int_equal(fleet_advisories_add(all, i, criteria[i], &e), 0);
        struct fleet_criteria *last = criteria[5];
        criteria[5] = NULL;
        err_clear(&e);
        mem_fail_after(k);
        int result = fleet_advisories_add(all, 5, last, &e);
        bool injected = mem_allocations() > k;
        mem_fail_after(-1);
        if (result == 0)
            criteria[5] = last;
        else
            assert_int_equal(e.kind, ERR_MEMORY);
        compare(all, criteria, class, &seen);
        assert_int_equal(fleet_advisories_count(all), result == 0 ? 6 : 5);
        criteria[5] = last;
        fleet_advisories_free(all);
        if (!injected) {
            assert_int_equal(result, 0);
            break;
        }
    }
    for (size_t i = 0; i < 6; i++)
        fleet_criteria_free(criteria[i]);
    fleet_class_free(class);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_at_once_as_each_alone),
        cmocka_unit_test(memory_runs_out_between_those_that_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
