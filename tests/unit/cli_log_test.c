/* SPDX-License-Identifier: Apache-2.0 */
/* tocsin log verify: a tree from its tiles, good ones and each kind of bad one. */
#include "base/memory.h"
#include "cli/log_tree.h"
#include "journal/proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* A log whose n-th commitment is 32 times the byte n, plus n. */
struct log {
    uint64_t size;
    uint8_t (*leaves)[MERKLE_HASH];
    struct merkle_table *table;
    struct merkle_source source;
    const char *spoil; /* the resource of which the byte at `at` is changed */
    size_t at;
    const char *cut; /* the resource that is a byte short */
    size_t fetched;
};

static void commitment(uint64_t n, uint8_t out[32])
{
    memset(out, (int)(n & 255), 32);
    memcpy(out, &n, sizeof(n));
}

static void log_make(struct log *log, uint64_t size)
{
    struct err e = {0};

    *log = (struct log){.size = size};
    log->leaves = malloc((size_t)(size + 1) * MERKLE_HASH);
    assert_non_null(log->leaves);
    for (uint64_t i = 0; i < size; i++) {
        uint8_t data[32];
        commitment(i, data);
        assert_int_equal(merkle_leaf(slice_of(data, 32), log->leaves[i]), 0);
    }
    log->table = merkle_table_new((const uint8_t(*)[MERKLE_HASH])log->leaves, (size_t)size, &e);
    assert_non_null(log->table);
    log->source = merkle_table_source(log->table);
}

static void log_free(struct log *log)
{
    merkle_table_free(log->table);
    free(log->leaves);
}

static int fetch(void *context, const char *text, struct buf *out, struct err *e)
{
    struct log *log = context;
    struct tile_path path;
    size_t from = out->len;

    log->fetched++;
    assert_true(tile_path_parse(&path, slice_str(text)));
    if (!tile_path_exists(&path, log->size))
        return err_set(e, ERR_NOT_FOUND, "test.none", NULL, "no %s", text);
    for (unsigned i = 0; i < path.width; i++) {
        uint64_t index = path.n * TILE_WIDTH + i;
        uint8_t hash[32];
        if (path.entries) {
            const uint8_t length[2] = {0, 32};
            commitment(index, hash);
            buf_put(out, length, 2);
        } else if (log->source.node(log->source.context, path.level * 8, index, hash, e) != 0) {
            return -1;
        }
        buf_put(out, hash, 32);
    }
    if (log->spoil && strcmp(log->spoil, text) == 0)
        out->data[from + log->at] ^= 1;
    if (log->cut && strcmp(log->cut, text) == 0)
        out->len--;
    return buf_check(out, e);
}

static int compute(struct log *log, uint64_t kept, uint8_t root[32], uint8_t kept_root[32],
                   struct err *e)
{
    const struct log_tree tree = {
        .fetch = fetch, .context = log, .size = log->size, .kept_size = kept};

    return log_tree_root(&tree, root, kept_root, e);
}

/* The root is that of RFC 9162, for sizes at and around the widths of tiles. */
static void test_roots(void **state)
{
    static const uint64_t sizes[] = {0, 1, 2, 255, 256, 257, 511, 512, 513, 65535, 65536, 65793};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        uint64_t kept = sizes[i] * 2 / 3;
        uint8_t root[32], kept_root[32], expected[32], expected_kept[32];
        struct err e = {0};
        struct log log;
        log_make(&log, sizes[i]);
        assert_int_equal(merkle_source_root(&log.source, sizes[i], expected, &e), 0);
        assert_int_equal(merkle_source_root(&log.source, kept, expected_kept, &e), 0);
        if (compute(&log, kept, root, kept_root, &e) != 0)
            fail_msg("%llu: %s (%s)", (unsigned long long)sizes[i], e.text, e.where);
        assert_memory_equal(root, expected, 32);
        assert_memory_equal(kept_root, expected_kept, 32);
        log_free(&log);
    }
}

/* C2SP tlog-tiles: what does not follow from the entries is named. */
static void test_spoilt(void **state)
{
    static const struct {
        const char *resource;
        size_t at;
        const char *code, *where;
    } cases[] = {
        {"tile/0/000", 0, "log.tile", "tile/0/000"},
        {"tile/0/001", 255 * 32 + 31, "log.tile", "tile/0/001"},
        {"tile/0/002.p/88", 87 * 32, "log.tile", "tile/0/002.p/88"},
        {"tile/1/000.p/2", 40, "log.tile", "tile/1/000.p/2"},
        {"tile/entries/000", 0, "log.entry", "tile/entries/000"},
        {"tile/entries/001", 35, "log.entry", "tile/entries/001"},
        {"tile/entries/002.p/88", 10, "log.tile", "tile/0/002.p/88"}, /* another commitment */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t root[32], kept_root[32];
        struct err e = {0};
        struct log log;
        log_make(&log, 600);
        log.spoil = cases[i].resource;
        log.at = cases[i].at;
        assert_int_equal(compute(&log, 0, root, kept_root, &e), -1);
        assert_string_equal(e.code, cases[i].code);
        assert_string_equal(e.where, cases[i].where);
        assert_int_equal(err_exit_code(e.kind), 1);
        log_free(&log);
    }
}

static void test_short(void **state)
{
    static const char *const cases[] = {"tile/0/000", "tile/entries/002.p/88", "tile/1/000.p/2"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t root[32], kept_root[32];
        struct err e = {0};
        struct log log;
        log_make(&log, 600);
        log.cut = cases[i];
        assert_int_equal(compute(&log, 0, root, kept_root, &e), -1);
        assert_string_equal(e.where, cases[i]);
        log_free(&log);
    }
}

static void test_out_of_memory(void **state)
{
    struct log log;

    (void)state;
    log_make(&log, 1000);
    for (long k = 0;; k++) {
        uint8_t root[32], kept_root[32];
        struct err e = {0};
        mem_fail_after(k);
        int result = compute(&log, 0, root, kept_root, &e);
        mem_fail_after(-1);
        if (result == 0) {
            assert_true(k >= 3);
            break;
        }
        assert_int_equal(e.kind, ERR_MEMORY);
    }
    log_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_spoilt),
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
