/* SPDX-License-Identifier: Apache-2.0 */
/* The timer wheel against a plain list: never early, at most one tick late. */
#include "net/timer_wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TICK = 100, ENTRIES = 300 };

static struct timer_wheel wheel;
static struct timer_entry entries[ENTRIES];
static int64_t now;
static unsigned fired;

static void fire(struct timer_entry *entry, void *context)
{
    (void)context;
    assert_true(entry->deadline <= now);
    entry->deadline = -1; /* seen */
    fired++;
}

static void like_a_list(void **state)
{
    (void)state;
    int64_t wanted[ENTRIES] = {0};

    srand(7);
    now = 1000000;
    timer_wheel_init(&wheel, TICK, now);
    for (int step = 0; step < 20000; step++) {
        int which = rand() % ENTRIES;
        int64_t deadline = rand() % 4 == 0 ? 0 : now + rand() % (rand() % 10 == 0 ? 500000 : 3000);
        timer_wheel_set(&wheel, &entries[which], deadline);
        wanted[which] = deadline;
        now += rand() % 60;
        timer_wheel_run(&wheel, now, fire, NULL);
        for (int i = 0; i < ENTRIES; i++) {
            bool has_fired = entries[i].deadline == -1;
            if (wanted[i] && wanted[i] <= now - 2 * TICK)
                assert_true(has_fired);
            if (has_fired) {
                assert_true(wanted[i] && wanted[i] <= now);
                wanted[i] = 0;
                entries[i].deadline = 0;
            }
        }
    }
    assert_true(fired > 1000);
    /* after a sleep of many turns all is due at once */
    for (int i = 0; i < ENTRIES; i++)
        timer_wheel_set(&wheel, &entries[i], now + i * 1000 + 1);
    fired = 0;
    now += 100 * TICK * TIMER_SLOTS;
    timer_wheel_run(&wheel, now, fire, NULL);
    assert_int_equal(fired, ENTRIES);
}

/* An entry that is fired may take away, or set, any other. */
static void remove_other(struct timer_entry *entry, void *context)
{
    struct timer_entry *pair = context;

    timer_wheel_set(&wheel, entry == &pair[0] ? &pair[1] : &pair[0], 0);
    timer_wheel_set(&wheel, entry, now + TICK);
    fired++;
}

static void changes_while_firing(void **state)
{
    (void)state;
    struct timer_entry pair[2] = {0};

    now = 5000;
    fired = 0;
    timer_wheel_init(&wheel, TICK, now);
    timer_wheel_set(&wheel, &pair[0], now + 10);
    timer_wheel_set(&wheel, &pair[1], now + 10);
    now += 3 * TICK;
    timer_wheel_run(&wheel, now, remove_other, pair);
    assert_int_equal(fired, 1);
    now += 3 * TICK;
    timer_wheel_run(&wheel, now, remove_other, pair);
    assert_int_equal(fired, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(like_a_list),
                                       cmocka_unit_test(changes_while_firing)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
