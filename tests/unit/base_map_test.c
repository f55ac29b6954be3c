/* SPDX-License-Identifier: Apache-2.0 */
/* The hash map, beside a table that is too simple to be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/map.h"
#include "base/memory.h"

enum { KEYS = 600, STEPS = 200000 };

static uint64_t state_of_draw = 0x853C49E6748FEA9BU;

static unsigned draw(unsigned below)
{
    state_of_draw ^= state_of_draw << 13;
    state_of_draw ^= state_of_draw >> 7;
    state_of_draw ^= state_of_draw << 17;
    return (unsigned)(state_of_draw >> 11) % below;
}

static struct slice key_of(char *text, size_t room, unsigned key)
{
    /* of every length around the hash's words, and some with a NUL at the end */
    int len = snprintf(text, room, "%.*s%u", (int)(key % 20), "long keys have a tail", key);
    return slice_of(text, (size_t)len + (key % 5 == 0));
}

static void does_as_the_simple_table_does(void **state)
{
    static char texts[KEYS][32];
    static int values[KEYS];
    static int *model[KEYS];
    struct map m;
    size_t count = 0;

    (void)state;
    map_init(&m);
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned k = draw(KEYS);
        struct slice key = key_of(texts[k], sizeof(texts[k]), k);
        /* more is set in the first half, more removed in the second */
        if (draw(10) < (step < STEPS / 2 ? 6U : 3U)) {
            int *value = &values[draw(KEYS)];
            assert_int_equal(map_set(&m, key, value), 0);
            count += !model[k];
            model[k] = value;
        } else {
            assert_ptr_equal(map_remove(&m, key), model[k]);
            count -= model[k] != NULL;
            model[k] = NULL;
        }
        assert_int_equal(m.count, count);
        unsigned other = draw(KEYS);
        key = key_of(texts[other], sizeof(texts[other]), other);
        assert_ptr_equal(map_get(&m, key), model[other]);
        if (step % 1000 == 0) {
            size_t at = 0;
            size_t seen = 0;
            for (const struct map_slot *slot = map_next(&m, &at); slot; slot = map_next(&m, &at)) {
                assert_ptr_equal(map_get(&m, slot->key), slot->value);
                seen++;
            }
            assert_int_equal(seen, count);
        }
    }
    map_fini(&m);
}

static void an_empty_map_has_nothing(void **state)
{
    struct map m;
    size_t at = 0;
    int value;

    (void)state;
    map_init(&m);
    assert_null(map_get(&m, slice_str("a")));
    assert_null(map_remove(&m, slice_str("a")));
    assert_null(map_next(&m, &at));
    assert_int_equal(map_set(&m, slice_of(NULL, 0), &value), 0);
    assert_ptr_equal(map_get(&m, slice_str("")), &value);
    map_fini(&m);
    assert_null(map_get(&m, slice_str("")));
    map_fini(&m);
}

/* Without memory for growing, what is there stays, and later there is room again. */
static void a_failed_growth_loses_nothing(void **state)
{
    static char texts[100][8];
    struct map m;
    int value;

    (void)state;
    map_init(&m);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(texts[i], sizeof(texts[i]), "%u", i);
        mem_fail_after(0);
        int result = map_set(&m, slice_str(texts[i]), &value);
        mem_fail_after(-1);
        assert_int_equal(m.count, i + (result == 0));
        if (result != 0)
            assert_int_equal(map_set(&m, slice_str(texts[i]), &value), 0);
        for (unsigned j = 0; j <= i; j++)
            assert_ptr_equal(map_get(&m, slice_str(texts[j])), &value);
    }
    map_fini(&m);
}

/* Another seed, another order: collisions cannot be prepared. */
static void the_hash_depends_on_the_seed(void **state)
{
    static const uint64_t seeds[3][2] = {{0, 0}, {1, 0}, {0, 1}};
    struct slice key = slice_str("the same key");

    (void)state;
    assert_true(map_hash(seeds[0], key) != map_hash(seeds[1], key));
    assert_true(map_hash(seeds[0], key) != map_hash(seeds[2], key));
    assert_true(map_hash(seeds[1], key) != map_hash(seeds[2], key));
    assert_true(map_hash(seeds[0], slice_of("a\0", 2)) != map_hash(seeds[0], slice_of("a", 1)));
    assert_true(map_hash(seeds[0], slice_of("12345678", 8)) !=
                map_hash(seeds[0], slice_of("12345678\0", 9)));
    struct map a;
    struct map b;
    map_init(&a);
    map_init(&b);
    assert_memory_not_equal(a.seed, b.seed, sizeof(a.seed));
    map_fini(&a);
    map_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(does_as_the_simple_table_does),
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(a_failed_growth_loses_nothing),
        cmocka_unit_test(the_hash_depends_on_the_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
