/* SPDX-License-Identifier: Apache-2.0 */
/* Advisories and inventories in a few words, for the tests of matching. */
#ifndef FLEET_FIXTURE_H
#define FLEET_FIXTURE_H

#include "base/memory.h"
#include "fleet/match.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* An advisory with this product tree and these vulnerabilities. */
static struct fleet_criteria *criteria_of(const char *tree, const char *vulnerabilities)
{
    struct buf b;
    struct err e = {0};
    struct csaf_document *d;
    struct fleet_criteria *c;
    buf_init(&b);
    buf_printf(&b,
               "{\"document\":{\"category\":\"csaf_security_advisory\",\"csaf_version\":\"2.0\","
               "\"publisher\":{\"category\":\"vendor\",\"name\":\"N\",\"namespace\":"
               "\"https://n.example\"},\"title\":\"t\",\"tracking\":{\"current_release_date\":"
               "\"2026-01-01T00:00:00Z\",\"id\":\"N-1\",\"initial_release_date\":"
               "\"2026-01-01T00:00:00Z\",\"revision_history\":[{\"date\":\"2026-01-01T00:00:00Z\","
               "\"number\":\"1\",\"summary\":\"s\"}],\"status\":\"final\",\"version\":\"1\"}},"
               "\"product_tree\":{%s},\"vulnerabilities\":[%s]}",
               tree, vulnerabilities);
    if (csaf_load(&d, buf_slice(&b), &e) != 0) {
        char line[1024];
        err_line(&e, line, sizeof line);
        print_message("%s\n", line);
        fail();
    }
    assert_int_equal(fleet_criteria_build(&c, d, &e), 0);
    csaf_free(d);
    buf_fini(&b);
    return c;
}

static struct fleet_class *class_of(const char *members)
{
    struct buf b;
    struct err e = {0};
    struct fleet_inventory *i;
    struct fleet_class *c;
    buf_init(&b);
    buf_printf(&b, "{\"format\":\"tocsin-nameplate/v1\",%s}", members);
    if (fleet_inventory_read(&i, buf_slice(&b), NULL, &e) != 0) {
        char line[1024];
        err_line(&e, line, sizeof line);
        print_message("%s\n", line);
        fail();
    }
    assert_int_equal(fleet_class_build(&c, i, &e), 0);
    fleet_inventory_free(i);
    buf_fini(&b);
    return c;
}

static struct fleet_result *result_of(const struct fleet_criteria *criteria, const char *members,
                                      const struct fleet_options *options)
{
    struct err e = {0};
    struct fleet_result *r;
    struct fleet_class *c = class_of(members);
    assert_int_equal(fleet_match(&r, criteria, c, options, &e), 0);
    fleet_class_free(c);
    return r;
}

static bool has_reason(const struct fleet_statement *s, const char *rule)
{
    for (size_t i = 0; i < s->reason_count; i++)
        if (strcmp(s->reasons[i].rule, rule) == 0)
            return true;
    return false;
}

#define NL "\"category\":\"vendor\",\"name\":\"Nordlicht Antriebe GmbH\""
#define PRODUCT(name, range, id, helper)                                                           \
    "{\"category\":\"product_name\",\"name\":\"" name "\",\"branches\":[{\"category\":"            \
    "\"product_version_range\",\"name\":\"" range "\",\"product\":{\"name\":\"" name " " range     \
    "\",\"product_id\":\"" id "\"" helper "}}]}"
#define TREE(products) "\"branches\":[{" NL ",\"branches\":[" products "]}]"
#define ONE_VERSION(name, version, id)                                                             \
    "{\"category\":\"product_name\",\"name\":\"" name                                              \
    "\",\"branches\":[{\"category\":\"product_version\",\"name\":\"" version                       \
    "\",\"product\":{\"name\":\"" name " " version "\",\"product_id\":\"" id "\"}}]}"
#define AFFECTED(ids)                                                                              \
    "{\"cve\":\"CVE-2026-1000\",\"product_status\":{\"known_affected\":[" ids "]}}"
#define PLATE(vendor, model, more)                                                                 \
    "\"nameplate\":{\"vendor\":\"" vendor "\",\"model\":\"" model "\"" more "}"

struct expectation {
    const char *inventory;
    enum fleet_status status;
    const char *rule, *decide;
    int least, most; /* confidence */
};

static inline void expect(const struct fleet_criteria *criteria, const struct expectation *cases,
                          size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fleet_result *r = result_of(criteria, cases[i].inventory, NULL);
        bool right = r->status == cases[i].status;
        const struct fleet_statement *s = r->count ? &r->statements[0] : NULL;
        if (s && cases[i].rule)
            right = right && has_reason(s, cases[i].rule);
        if (s && cases[i].decide)
            right = right && s->decide.len &&
                    memmem(s->decide.data, s->decide.len, cases[i].decide,
                           strlen(cases[i].decide)) != NULL;
        if (s && cases[i].most)
            right = right && s->confidence >= cases[i].least && s->confidence <= cases[i].most;
        if (!right) {
            print_message("%s: %s", cases[i].inventory, fleet_status_name(r->status));
            if (s) {
                print_message(" %d%% decide \"%.*s\":", s->confidence, SLICE_ARG(s->decide));
                for (size_t k = 0; k < s->reason_count; k++)
                    print_message(" %s", s->reasons[k].rule);
            }
            print_message("\n");
        }
        assert_true(right);
        fleet_result_free(r);
    }
}

#endif
