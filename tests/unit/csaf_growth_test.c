/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a document costs must grow as it does: ten times the entries may not take forty times the
 * processor's time (a hundred is what a loop in a loop takes). Each way to be large of
 * tests/support/csaf_growth.c, every test of both versions; TOCSIN_GROWTH_SHOW prints the figures.
 */
#include "../support/csaf_growth.h"
#include "../support/csaf_made_up.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

enum { FEW = 1500, MANY = 10 * FEW, WORST = 40 };

static double processor_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What is measured of a document. */
struct cost {
    struct csaf_validator *validator; /* NULL: it is loaded, as for matching */
    enum csaf_version version;
};

static double cost(const struct cost *c, const struct csaf_growth *g, size_t count)
{
    struct buf text;
    struct csaf_result r = {0};
    struct csaf_document *d = NULL;
    struct err e = {0};

    buf_init(&text);
    csaf_growth_write(g, c->version, count, &text);
    double from = processor_time();
    if (c->validator)
        assert_int_equal(csaf_validate(c->validator, buf_slice(&text), &r, &e), 0);
    else if (csaf_load(&d, buf_slice(&text), &e) != 0)
        assert_int_not_equal(e.kind, ERR_MEMORY); /* refused: that may not take long either */
    csaf_free(d);
    double took = processor_time() - from;
    if (c->validator && r.version != c->version)
        print_message("%s: %s\n", csaf_growth_name(g), r.unreadable.text);
    if (c->validator)
        assert_int_equal(r.version, c->version);
    csaf_result_free(&r);
    buf_fini(&text);
    return took;
}

/* Gives 1 when it costs too much. */
static size_t grows_as(const struct cost *c, const struct csaf_growth *g)
{
    cost(c, g, FEW); /* what is made once is made */
    double few = cost(c, g, FEW), many = cost(c, g, MANY);
    if (few < 0.001)
        few = 0.001; /* less cannot be told from nothing */
    if (getenv("TOCSIN_GROWTH_SHOW"))
        print_message("%s %-60s %8.2f ms %8.2f ms %5.1f\n", c->validator ? "validate" : "load    ",
                      csaf_growth_name(g), few * 1e3, many * 1e3, many / few);
    if (many / few < WORST)
        return 0;
    print_message("CSAF %s, %s, %s: %u take %.0f ms, %u %.0f ms\n", csaf_version_name(c->version),
                  csaf_growth_name(g), c->validator ? "validated" : "loaded", FEW, few * 1e3, MANY,
                  many * 1e3);
    return 1;
}

static void grows(enum csaf_version version)
{
    static const char *const presets[] = {"full", NULL};
    struct err e = {0};
    size_t bad = 0;
    struct csaf_validator *v = csaf_validator_new(
        &(struct csaf_validator_options){
            .presets = presets, .now = INT64_C(1780000000000000), MADE_UP_OUTSIDE},
        &e);

    assert_non_null(v);
    for (size_t i = 0; csaf_growth_at(i); i++) {
        const struct csaf_growth *g = csaf_growth_at(i);
        if (!csaf_growth_has(g, version))
            continue;
        bad += grows_as(&(struct cost){v, version}, g);
        bad += grows_as(&(struct cost){NULL, version}, g);
    }
    csaf_validator_free(v);
    assert_int_equal(bad, 0);
}

static void documents_of_2_0_cost_what_their_size_says(void **state)
{
    (void)state;
    grows(CSAF_2_0);
}

static void documents_of_2_1_cost_what_their_size_says(void **state)
{
    (void)state;
    grows(CSAF_2_1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_of_2_0_cost_what_their_size_says),
        cmocka_unit_test(documents_of_2_1_cost_what_their_size_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
