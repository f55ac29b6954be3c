/* SPDX-License-Identifier: Apache-2.0 */
/* Several threads sweep over the same advisories at once: each is told what one alone is told. */
#include "fleet/index.h"
#include "fleet_fixture.h"

#include <pthread.h>

enum { ADVISORIES = 48, CLASSES = 60, THREADS = 4 };

static const char *const names[] = {"Drive D-200",      "Drive D-2xx",      "Drive D-200 Firmware",
                                    "Inverter Node 41", "Inverter Node 42", "Grid Meter 20"};

struct world {
    struct fleet_index *index;
    struct fleet_advisories *advisories;
    struct fleet_sweep *sweep;
    size_t hits[ADVISORIES];
    uint64_t sums[ADVISORIES]; /* of class and status */
};

static uint64_t sum_of(const struct fleet_hits *h)
{
    uint64_t sum = h->count;
    for (size_t i = 0; i < h->count; i++)
        sum = sum * 31 + h->hits[i].id * 8 + h->answers[h->hits[i].answer].status;
    return sum;
}

static void add_advisory(struct world *w, uint32_t number)
{
    struct buf tree;
    struct err e = {0};
    struct arena a;
    const struct fleet_criteria *kept;
    struct fleet_hits *hits;
    buf_init(&tree);
    buf_puts(&tree, "\"branches\":[{" NL ",\"branches\":[");
    for (uint32_t p = 0; p < 2; p++)
        buf_printf(&tree,
                   "%s{\"category\":\"product_name\",\"name\":\"%s\",\"branches\":[{\"category\":"
                   "\"product_version_range\",\"name\":\"< V%u.0\",\"product\":{\"name\":\"p\","
                   "\"product_id\":\"P%u\"}}]}",
                   p ? "," : "", names[(number + p * 3) % ARRAY_LEN(names)], 1 + number % 7, p);
    buf_puts(&tree, "]}]");
    struct fleet_criteria *c = criteria_of(buf_text(&tree), AFFECTED("\"P0\",\"P1\""));
    assert_int_equal(fleet_advisories_add(w->advisories, number, c, &e), 0);
    arena_init(&a, 0);
    assert_int_equal(fleet_advisories_criteria(w->advisories, number, &a, &kept, &e), 0);
    assert_int_equal(fleet_index_match(w->index, &hits, kept, NULL, &e), 0);
    w->hits[number] = hits->count;
    w->sums[number] = sum_of(hits);
    fleet_hits_free(hits);
    arena_fini(&a);
    fleet_criteria_free(c);
    buf_fini(&tree);
}

/* NULL: all as expected. */
static void *sweep(void *argument)
{
    struct world *w = argument;
    void *wrong = NULL;
    struct arena a;
    arena_init(&a, 0);
    for (uint32_t i = 0; i < ADVISORIES; i++) {
        struct fleet_hits *hits;
        struct err e = {0};
        arena_reset(&a);
        if (fleet_sweep_match(w->sweep, i, &a, &hits, &e) != 0 || hits->count != w->hits[i] ||
            sum_of(hits) != w->sums[i])
            wrong = w;
        fleet_hits_free(hits);
    }
    arena_fini(&a);
    return wrong;
}

static void threads_are_told_the_same(void **unused)
{
    (void)unused;
    static struct world w;
    struct err e = {0};
    size_t hits = 0;
    w.index = fleet_index_new();
    w.advisories = fleet_advisories_new();
    assert_non_null(w.index);
    assert_non_null(w.advisories);
    for (uint32_t i = 0; i < CLASSES; i++) {
        char plate[256];
        snprintf(plate, sizeof plate,
                 "\"nameplate\":{\"vendor\":\"Nordlicht Antriebe\",\"model\":\"%s\",\"firmware\":"
                 "\"V%u.%u\"}",
                 names[i % ARRAY_LEN(names)], i % 8, i % 5);
        struct fleet_class *c = class_of(plate);
        assert_int_equal(fleet_index_add(w.index, i, c, &e), 0);
        fleet_class_free(c);
    }
    for (uint32_t i = 0; i < ADVISORIES; i++) {
        add_advisory(&w, i);
        hits += w.hits[i];
    }
    assert_true(hits > ADVISORIES);
    for (int round = 0; round < 20; round++) {
        pthread_t threads[THREADS];
        void *wrong;
        assert_int_equal(fleet_sweep_new(&w.sweep, w.index, w.advisories, NULL, &e), 0);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, sweep, &w), 0);
        for (int i = 0; i < THREADS; i++) {
            assert_int_equal(pthread_join(threads[i], &wrong), 0);
            assert_null(wrong);
        }
        fleet_sweep_free(w.sweep);
    }
    fleet_advisories_free(w.advisories);
    fleet_index_free(w.index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_are_told_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
