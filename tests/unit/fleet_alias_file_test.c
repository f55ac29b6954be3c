/* SPDX-License-Identifier: Apache-2.0 */
/* Aliases in a bundle: what was written is read, and what is not as described is refused. */
#include "fleet/alias_file.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

static const char *code_of(const char *text, struct err *e)
{
    struct fleet_aliases *aliases = NULL;

    *e = (struct err){0};
    assert_int_equal(fleet_alias_file_read(slice_str(text), &aliases, e), -1);
    assert_null(aliases);
    return e->code;
}

static void there_and_back(void **state)
{
    struct fleet_aliases *aliases = NULL;
    struct json_writer w;
    struct err e = {0};
    struct slice reason;
    struct buf text;

    (void)state;
    buf_init(&text);
    json_write_init(&w, &text, 0);
    fleet_alias_file_begin(&w);
    fleet_alias_file_put(&w, FLEET_NAME_VENDOR, slice_str("Hirschmann"), slice_str("Belden"),
                         slice_str("bought in 2007"));
    fleet_alias_file_put(&w, FLEET_NAME_PRODUCT, slice_str("S7 1500"), slice_str("SIMATIC S7-1500"),
                         slice_str("short form"));
    /* one name already, by the rules here: nothing is lost by passing over it */
    fleet_alias_file_put(&w, FLEET_NAME_VENDOR, slice_str("Belden"), slice_str("Belden Inc."),
                         slice_str("x"));
    fleet_alias_file_end(&w);
    assert_int_equal(buf_check(&text, &e), 0);
    assert_int_equal(fleet_alias_file_read(buf_slice(&text), &aliases, &e), 0);
    assert_true(fleet_aliases_same(aliases, FLEET_NAME_VENDOR, slice_str("belden"),
                                   slice_str("hirschmann"), &reason));
    assert_true(slice_is(reason, "bought in 2007"));
    assert_false(fleet_aliases_same(aliases, FLEET_NAME_PRODUCT, slice_str("belden"),
                                    slice_str("hirschmann"), NULL));
    fleet_aliases_free(aliases);
    buf_fini(&text);
}

static void not_as_described(void **state)
{
    struct err e;

    (void)state;
    assert_string_equal(code_of("{\"format\":\"tocsin-aliases/v2\",\"aliases\":[]}", &e),
                        "fleet.alias-file");
    assert_string_equal(code_of("{\"format\":\"tocsin-aliases/v1\"}", &e), "fleet.alias-file");
    assert_string_equal(code_of("{\"format\":\"tocsin-aliases/v1\",\"aliases\":[{\"kind\":\"x\","
                                "\"from\":\"a\",\"to\":\"b\",\"reason\":\"\"}]}",
                                &e),
                        "fleet.alias-file");
    assert_string_equal(code_of("{\"format\":\"tocsin-aliases/v1\",\"aliases\":[{\"kind\":"
                                "\"vendor\",\"from\":\"a\"}]}",
                                &e),
                        "fleet.alias-file");
    assert_string_equal(code_of("{\"format\":\"tocsin-aliases/v1\",\"aliases\":[1]}", &e),
                        "fleet.alias-file");
    assert_int_equal((code_of("{", &e), e.kind), ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(not_as_described),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
