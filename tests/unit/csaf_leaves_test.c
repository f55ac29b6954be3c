/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/leaves.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

struct seen {
    struct buf text;
    size_t left; /* leaves until the walk is ended */
};

static int note(void *context, const struct csaf_leaf *leaf, struct err *e)
{
    struct seen *s = context;
    (void)e;
    buf_printf(&s->text, "%.*s/%.*s%s;", SLICE_ARG(leaf->parent),
               SLICE_ARG(json_string(leaf->name)), leaf->is_range ? "~" : "");
    return s->left-- == 1 ? 7 : 0;
}

static int walk(const char *text, size_t stop, char *out, size_t room)
{
    struct json_doc *doc;
    struct err e = {0};
    struct seen s = {.left = stop};
    buf_init(&s.text);
    assert_int_equal(json_parse(&doc, slice_str(text), &json_limits_advisory, &e), 0);
    int result = csaf_leaves_each(json_root(doc), note, &s, &e);
    snprintf(out, room, "%s", buf_text(&s.text));
    buf_fini(&s.text);
    json_doc_free(doc);
    return result;
}

static void leaves_in_the_order_of_the_document(void **state)
{
    (void)state;
    static const char text[] =
        "{\"product_tree\":{\"branches\":[{\"category\":\"vendor\",\"name\":\"V\",\"branches\":["
        "{\"category\":\"product_name\",\"name\":\"P\",\"branches\":["
        "{\"category\":\"product_version\",\"name\":\"1\"},"
        "{\"category\":\"product_version_range\",\"name\":\"<2\","
        "\"branches\":[{\"category\":\"patch_level\",\"name\":\"x\"}]}]},"
        "{\"category\":\"product_version\",\"name\":5},"
        "{\"category\":\"product_version\",\"name\":\"3\"}]}]}}";
    char out[200];
    assert_int_equal(walk(text, 0, out, sizeof out), 0);
    assert_string_equal(out, "P/1;P/<2~;V/3;");
    assert_int_equal(walk(text, 2, out, sizeof out), 7);
    assert_string_equal(out, "P/1;P/<2~;");
}

static void other_shapes_have_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        "null",
        "{\"product_tree\":[]}",
        "{\"product_tree\":{\"branches\":{}}}",
        "{\"product_tree\":{\"branches\":[1,null,[],\"x\"]}}",
        "{\"product_tree\":{\"branches\":[{\"branches\":[{}]}]}}",
    };
    char out[8];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(walk(texts[i], 0, out, sizeof out), 0);
        assert_string_equal(out, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_in_the_order_of_the_document),
        cmocka_unit_test(other_shapes_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
