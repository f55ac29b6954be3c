/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 300 leaves of real advisories, read by a person (product_range_sample.txt): no answer may be
 * wrong. "Inside" or "outside" where that is not true, or where nobody can say, is wrong; "maybe"
 * where a person knows is only careful, and counted.
 */
#include "base/file.h"
#include "product/range.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const char table[] = "tests/unit/product_range_sample.txt";

/* Answers that are more careful than a person's; of 1,900. More are a step back. */
enum { CAREFUL = 150 };

struct tally {
    size_t leaves, probes, careful, wrong;
    size_t grades[3]; /* as the program gives them */
};

static struct slice until(struct slice *rest, uint8_t mark)
{
    const uint8_t *end = rest->len ? memchr(rest->data, mark, rest->len) : NULL;
    size_t len = end ? (size_t)(end - rest->data) : rest->len;
    struct slice part = slice_of(rest->data, len);
    len += end != NULL;
    *rest = slice_of(rest->data + len, rest->len - len);
    return part;
}

static void probe(const struct product_range *range, uint8_t truth, struct slice version,
                  struct tally *t)
{
    const char *reason = NULL;
    enum product_in in = product_range_contains(range, version, &reason);
    bool definite = in == PRODUCT_IN || in == PRODUCT_OUT;
    bool right = (truth == '+' && in == PRODUCT_IN) || (truth == '-' && in == PRODUCT_OUT);
    assert_non_null(reason);
    t->probes++;
    /* "not spoken of" and "outside" differ where one is due, not the other way round */
    if (definite && !right && !(truth == '~' && in == PRODUCT_OUT)) {
        print_message("wrong: \"%.*s\" and \"%.*s\": %s (%s)\n", SLICE_ARG(range->text),
                      SLICE_ARG(version), in == PRODUCT_IN ? "inside" : "outside", reason);
        t->wrong++;
    }
    if (!definite && (truth == '+' || truth == '-')) {
        t->careful++;
        if (getenv("SHOW"))
            print_message("careful: \"%.*s\" and \"%.*s\": %c (%s)\n", SLICE_ARG(range->text),
                          SLICE_ARG(version), truth, reason);
    }
}

static void leaf(struct slice line, struct tally *t)
{
    struct slice most = until(&line, '\t'), category = until(&line, '\t');
    struct slice text = until(&line, '\t');
    struct arena a;
    struct err e = {0};
    struct product_range range;
    arena_init(&a, 0);
    assert_int_equal(most.len, 1);
    assert_int_equal(category.len, 1);
    assert_int_equal(product_range_parse(&a, text, category.data[0] == 'R', NULL, &range, &e), 0);
    enum product_grade allowed = most.data[0] == 'E'   ? PRODUCT_EXACT
                                 : most.data[0] == 'R' ? PRODUCT_REDUCED
                                                       : PRODUCT_OBSCURE;
    if (range.grade < allowed) {
        print_message("wrong: \"%.*s\" is said to be understood better than it can be\n",
                      SLICE_ARG(text));
        t->wrong++;
    }
    assert_int_equal(range.grade == PRODUCT_EXACT, range.why == NULL);
    t->leaves++;
    t->grades[range.grade]++;
    while (line.len) {
        struct slice one = until(&line, ';');
        while (one.len && one.data[0] == ' ')
            one = slice_of(one.data + 1, one.len - 1);
        assert_true(one.len > 1);
        probe(&range, one.data[0], slice_of(one.data + 1, one.len - 1), t);
    }
    arena_fini(&a);
}

static void no_leaf_is_read_wrongly(void **state)
{
    (void)state;
    struct buf text;
    struct err e = {0};
    struct tally t = {0};
    buf_init(&text);
    assert_int_equal(file_read(table, 1 << 20, &text, &e), 0);
    struct slice rest = buf_slice(&text);
    while (rest.len) {
        struct slice line = until(&rest, '\n');
        if (line.len && line.data[0] != '#')
            leaf(line, &t);
    }
    buf_fini(&text);
    print_message("measured: versions read by hand: %zu leaves: %zu exact, %zu reduced, %zu not "
                  "understood; %zu answers, %zu more "
                  "careful than a person's, %zu wrong\n",
                  t.leaves, t.grades[PRODUCT_EXACT], t.grades[PRODUCT_REDUCED],
                  t.grades[PRODUCT_OBSCURE], t.probes, t.careful, t.wrong);
    assert_int_equal(t.leaves, 300);
    assert_int_equal(t.wrong, 0);
    assert_true(t.careful <= CAREFUL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_leaf_is_read_wrongly)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
