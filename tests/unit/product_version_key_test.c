/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sort keys and comparisons are two ways to one order: for versions of every scheme, from real
 * lists and made at random, the bytes of the keys say what the comparison says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/memory.h"
#include "product/version.h"

#include <stdlib.h>

static uint64_t state = 20240229;

static unsigned roll(unsigned below)
{
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(state >> 33) % below;
}

/* Pieces from which versions of all schemes are made. */
static const char *const pieces[] = {
    "0",     "1",        "2",       "9",        "10",       "01",
    "00",    "007",      "100",     "2021",     "20210813", "15.04.2023",
    ".",     ".",        ".",       ".",        ".",        "-",
    "-",     "+",        "~",       "^",        "_",        ":",
    " ",     "a",        "b",       "z",        "A",        "rc",
    "rc1",   "alpha",    "beta",    "pre",      "dev",      "post",
    "final", "ga",       "sp",      "SNAPSHOT", "_p",       "_rc",
    "-r1",   "1!",       "v",       "V",        "MX-V",     "SP1",
    "HF2",   "Update 3", "Build 4", "R2",       "x",        "*",
    "T",     "Z",        "~abc",    "-beta",    "+b1",      "999999999999999999999",
};

static size_t make(char *text, size_t room)
{
    size_t len = 0;
    for (unsigned n = 1 + roll(7); n > 0; n--) {
        const char *piece = pieces[roll(ARRAY_LEN(pieces))];
        if (len + strlen(piece) + 1 > room)
            break;
        memcpy(text + len, piece, strlen(piece) + 1);
        len += strlen(piece);
    }
    return len;
}

static const char *const times[] = {
    "2024-01-01T00:00:00Z", "2024-01-01T00:00:00.5Z",    "2024-02-29T12:00:00+02:00",
    "2016-12-31T23:59:60Z", "2023-12-31T19:00:00-05:00", "0000-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "2024-01-01t00:00:00z",
};

struct sample {
    char text[64];
    struct slice version;
    struct product_version_key key;
    struct buf bytes;
};

enum { SAMPLES = 160 };

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void fill(const struct product_scheme *scheme, struct sample *samples)
{
    for (size_t i = 0; i < SAMPLES;) {
        struct sample *s = &samples[i];
        struct err e = {0};
        size_t len;
        if (strcmp(scheme->name, "datetime") == 0) {
            len = (size_t)snprintf(s->text, sizeof s->text, "%s", times[roll(ARRAY_LEN(times))]);
        } else if (i > 0 && roll(3) == 0) {
            /* a version like one before it */
            const struct sample *other = &samples[roll((unsigned)i)];
            const char *more = other->version.len < 40 ? pieces[roll(ARRAY_LEN(pieces))] : "";
            len = other->version.len;
            memmove(s->text, other->text, len);
            memcpy(s->text + len, more, strlen(more) + 1);
            len += strlen(more);
        } else {
            len = make(s->text, sizeof s->text);
        }
        s->version = slice_of(s->text, len);
        if (!scheme->valid(s->version)) {
            /* and has no key */
            struct buf none;
            struct product_version_key key;
            buf_init(&none);
            assert_int_equal(product_version_key(scheme, s->version, &none, &key, &e), -1);
            assert_string_equal(e.code, "version.syntax");
            assert_int_equal(none.len, 0);
            buf_fini(&none);
            continue;
        }
        buf_reset(&s->bytes);
        assert_int_equal(product_version_key(scheme, s->version, &s->bytes, &s->key, &e), 0);
        assert_true(s->key.family <= s->bytes.len);
        i++;
    }
}

static void check_pair(const struct product_scheme *scheme, const struct sample *a,
                       const struct sample *b)
{
    enum product_order order = product_version_compare(scheme, a->version, b->version);
    enum product_order back = product_version_compare(scheme, b->version, a->version);
    int bytes = sign(slice_compare(buf_slice(&a->bytes), buf_slice(&b->bytes)));
    bool family =
        a->key.family == b->key.family && memcmp(a->bytes.data, b->bytes.data, a->key.family) == 0;
    bool good = order == PRODUCT_NO_ORDER ? back == PRODUCT_NO_ORDER : (int)back == -(int)order;
    if (!family)
        good = good && order == PRODUCT_NO_ORDER;
    else if (!a->key.doubtful && !b->key.doubtful)
        good = good && (int)order == bytes;
    else if (strcmp(scheme->name, "conan") != 0)
        good = good && (order == PRODUCT_NO_ORDER || order == PRODUCT_EQUAL || (int)order == bytes);
    if (!good)
        print_message("%s: \"%s\" and \"%s\": order %d, back %d, bytes %d, doubtful %d %d\n",
                      scheme->name, a->text, b->text, order, back, bytes, a->key.doubtful,
                      b->key.doubtful);
    assert_true(good);
}

static void keys_and_comparisons_agree(void **unused)
{
    (void)unused;
    static struct sample samples[SAMPLES];
    const struct product_scheme *scheme;
    size_t schemes = 0, pairs = 0;
    for (size_t i = 0; i < SAMPLES; i++)
        buf_init(&samples[i].bytes);
    for (; (scheme = product_scheme_at(schemes)); schemes++)
        for (int round = 0; round < 8; round++) {
            fill(scheme, samples);
            for (size_t i = 0; i < SAMPLES; i++)
                for (size_t k = i; k < SAMPLES; k++, pairs++)
                    check_pair(scheme, &samples[i], &samples[k]);
        }
    for (size_t i = 0; i < SAMPLES; i++)
        buf_fini(&samples[i].bytes);
    print_message("%zu schemes, %zu pairs\n", schemes, pairs);
    assert_true(schemes >= 27);
}

/* Keys of schemes whose order is their key are total; of the others, this is a property. */
static void orders_are_transitive(void **unused)
{
    (void)unused;
    static struct sample samples[SAMPLES];
    const struct product_scheme *scheme;
    for (size_t i = 0; i < SAMPLES; i++)
        buf_init(&samples[i].bytes);
    for (size_t n = 0; (scheme = product_scheme_at(n)); n++) {
        fill(scheme, samples);
        for (int t = 0; t < 20000; t++) {
            const struct sample *s[3];
            bool sure = true;
            for (size_t i = 0; i < 3; i++) {
                s[i] = &samples[roll(SAMPLES)];
                sure = sure && !s[i]->key.doubtful;
            }
            enum product_order ab = product_version_compare(scheme, s[0]->version, s[1]->version);
            enum product_order bc = product_version_compare(scheme, s[1]->version, s[2]->version);
            enum product_order ac = product_version_compare(scheme, s[0]->version, s[2]->version);
            if (!sure || ab == PRODUCT_NO_ORDER || bc == PRODUCT_NO_ORDER)
                continue;
            if (ab <= 0 && bc <= 0)
                assert_true(ac == (ab < 0 || bc < 0 ? PRODUCT_LESS : PRODUCT_EQUAL));
        }
    }
    for (size_t i = 0; i < SAMPLES; i++)
        buf_fini(&samples[i].bytes);
}

static void long_versions_are_none(void **unused)
{
    (void)unused;
    static char text[PRODUCT_VERSION_LONGEST + 2];
    const struct product_scheme *scheme;
    memset(text, '1', sizeof text - 1);
    for (size_t n = 0; (scheme = product_scheme_at(n)); n++) {
        struct slice longest = slice_of(text, PRODUCT_VERSION_LONGEST);
        struct slice longer = slice_of(text, PRODUCT_VERSION_LONGEST + 1);
        bool exact = scheme == &product_scheme_exact;
        bool firmware = scheme == &product_scheme_firmware; /* its own limit is lower */
        if (!firmware && strcmp(scheme->name, "datetime") != 0)
            assert_true(scheme->valid(longest));
        assert_int_equal(scheme->valid(longer), exact);
        /* a number of that length is greater than one digit less of nines */
        if (!exact && scheme->valid(longest) && strcmp(scheme->name, "lexicographic") != 0 &&
            strcmp(scheme->name, "composer") != 0)
            assert_int_equal(product_version_compare(
                                 scheme, slice_of(text, PRODUCT_VERSION_LONGEST - 1), longest),
                             PRODUCT_LESS);
    }
}

/* Memory that runs out is an error, and nothing is appended. */
static void memory_runs_out(void **unused)
{
    (void)unused;
    struct product_version_key key;
    struct err e = {0};
    struct buf b;
    buf_init(&b);
    mem_fail_after(0);
    assert_int_equal(product_version_key(product_scheme_find(slice_str("deb")), slice_str("1.0-1"),
                                         &b, &key, &e),
                     -1);
    mem_fail_after(-1);
    assert_int_equal(e.kind, ERR_MEMORY);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_comparisons_agree),
        cmocka_unit_test(orders_are_transitive),
        cmocka_unit_test(long_versions_are_none),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
