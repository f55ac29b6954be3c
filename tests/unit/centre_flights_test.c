/* SPDX-License-Identifier: Apache-2.0 */
/* Deliveries under way: each is judged once, whatever comes late or never. */
#include "centre/teller_flights.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static struct flight *begin(struct flights *all, const char *id, const char *host, int64_t deadline)
{
    struct due due = {.attempts = 0};
    struct err e = {0};

    snprintf(due.id, sizeof(due.id), "%s", id);
    struct flight *f = flight_begin(all, &due, &e);
    assert_non_null(f);
    snprintf(f->host, sizeof(f->host), "%s", host);
    f->deadline = deadline;
    return f;
}

static void judged_once(void **state)
{
    const struct courier_result delivered = {.state = COURIER_DELIVERED, .code = 250};
    struct err e = {0};
    struct flights *all = flights_new(&e);

    (void)state;
    assert_non_null(all);
    struct flight *prompt = begin(all, "dlv_1", "mail", 1000);
    struct flight *late = begin(all, "dlv_2", "a.example:443", 1000);
    begin(all, "dlv_3", "a.example:443", 2000);
    assert_int_equal(flights_count(all), 3);
    assert_int_equal(flights_to(all, "a.example:443"), 2);
    assert_int_equal(flights_to(all, "b.example:443"), 0);
    assert_true(flights_have(all, "dlv_2"));
    assert_null(flights_next_judged(all, 999));

    flight_landed(prompt, &delivered);
    assert_ptr_equal(flights_next_judged(all, 999), prompt);
    /* what could not be stored comes again */
    assert_ptr_equal(flights_next_judged(all, 999), prompt);
    assert_int_equal(prompt->result.state, COURIER_DELIVERED);
    flight_end(prompt);
    assert_null(flights_next_judged(all, 999));

    /* no answer in time: nobody knows; and what is said later changes nothing */
    assert_ptr_equal(flights_next_judged(all, 1000), late);
    assert_int_equal(late->result.state, COURIER_UNKNOWN);
    flight_end(late);
    assert_false(flights_have(all, "dlv_2"));
    assert_int_equal(flights_count(all), 1);
    flight_landed(late, &delivered); /* frees it */
    flights_free(all);               /* and the third */
}

/* The answer comes between the deadline and the end: one result, the first. */
static void late_answer(void **state)
{
    const struct courier_result delivered = {.state = COURIER_DELIVERED, .code = 250};
    struct err e = {0};
    struct flights *all = flights_new(&e);

    (void)state;
    struct flight *f = begin(all, "dlv_1", "mail", 10);
    assert_ptr_equal(flights_next_judged(all, 10), f);
    flight_landed(f, &delivered);
    assert_int_equal(f->result.state, COURIER_UNKNOWN);
    assert_ptr_equal(flights_next_judged(all, 10), f);
    flight_end(f);
    assert_null(flights_next_judged(all, 10));
    assert_int_equal(flights_count(all), 0);
    flights_wait(all, 1); /* nothing is judged: the time passes */
    flights_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judged_once),
        cmocka_unit_test(late_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
