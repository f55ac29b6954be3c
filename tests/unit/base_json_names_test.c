/* SPDX-License-Identifier: Apache-2.0 */
/* Members by name in objects of every size: found when they are there, and only then; none twice.
 */
#include "base/json_internal.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

static uint32_t draw(uint32_t *random, uint32_t below)
{
    *random = *random * 1664525U + 1013904223U;
    return (uint32_t)((uint64_t)*random * below >> 32);
}

/* Few letters, so that many names have the sum, or the bit, of another. */
static void draw_name(uint32_t *random, char name[8])
{
    size_t len = 1 + draw(random, 6);
    for (size_t i = 0; i < len; i++)
        name[i] = (char)('a' + draw(random, 3));
    name[len] = 0;
}

static void names_are_found_and_never_twice(void **state)
{
    uint32_t random = 7;
    size_t twice = 0, once = 0, absent = 0;

    (void)state;
    for (size_t round = 0; round < 20000; round++) {
        char names[40][8], text[1200] = "{";
        size_t count = draw(&random, 40), len = 1;
        bool repeated = false;
        for (size_t i = 0; i < count; i++) {
            draw_name(&random, names[i]);
            for (size_t k = 0; k < i; k++)
                repeated |= strcmp(names[i], names[k]) == 0;
            len += (size_t)snprintf(text + len, sizeof text - len, "%s\"%s\": [%zu]", i ? ", " : "",
                                    names[i], i);
        }
        text[len++] = '}';
        struct json_doc *doc;
        struct err e = {0};
        int result = json_parse(&doc, slice_of(text, len), NULL, &e);
        if (repeated) {
            assert_int_equal(result, -1);
            assert_string_equal(e.code, "json.duplicate-name");
            twice++;
            continue;
        }
        assert_int_equal(result, 0);
        for (size_t i = 0; i < count; i++) {
            int64_t number;
            const struct json_value *v = json_get_slice(json_root(doc), slice_str(names[i]));
            assert_true(json_int64(json_at(v, 0), &number) && number == (int64_t)i);
        }
        for (size_t i = 0; i < 20; i++) {
            char name[8];
            bool there = false;
            draw_name(&random, name);
            for (size_t k = 0; k < count; k++)
                there |= strcmp(name, names[k]) == 0;
            assert_int_equal(json_get_slice(json_root(doc), slice_str(name)) != NULL, there);
            absent += !there;
        }
        once++;
        json_doc_free(doc);
    }
    assert_true(twice > 1000 && once > 1000 && absent > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_are_found_and_never_twice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
