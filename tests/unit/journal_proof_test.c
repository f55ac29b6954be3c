/* SPDX-License-Identifier: Apache-2.0 */
/* Acts, their commitments, tlog-proofs, consistency proofs and paths of tiles. */
#include "base/encoding.h"
#include "base/memory.h"
#include "crypto/digest.h"
#include "journal/proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#define ID "act_00000000000000000000000001"
#define ORGANISATION "org_00000000000000000000000001"

static int64_t some_time(void *context)
{
    return *(const int64_t *)context;
}

static void ids_of_acts_grow_with_time(void **state)
{
    int64_t now = INT64_C(1795294799000000);
    const struct clock clock = {.now = some_time, .monotonic = some_time, .context = &now};
    char before[ID_TEXT], id[ID_TEXT];
    struct err e = {0};

    (void)state;
    assert_int_equal(act_id_new(&clock, &random_system, before, &e), 0);
    for (int i = 0; i < 100; i++) {
        now += 1000;
        assert_int_equal(act_id_new(&clock, &random_system, id, &e), 0);
        assert_true(id_is(slice_str(id), "act"));
        assert_true(strcmp(before, id) < 0);
        memcpy(before, id, sizeof id);
    }
    assert_int_equal(act_id_new(&clock, &random_system, id, &e), 0);
    assert_string_not_equal(before, id);
    assert_memory_equal(before, id, 4 + 9); /* 45 of the 48 bits of time */
}

static struct act good_act(void)
{
    return (struct act){.id = ID,
                        .at = INT64_C(1795294799000000),
                        .type = "advisory.imported",
                        .actor = "sys:test",
                        .organisation = ORGANISATION,
                        .data = slice_str("{\"a\":1}")};
}

static void acts_are_canonical(void **state)
{
    static const uint8_t command[32] = {1};
    struct act act = good_act();
    struct buf out;
    struct err e = {0};

    (void)state;
    buf_init(&out);
    assert_int_equal(act_build(&act, &out, &e), 0);
    assert_string_equal(
        buf_text(&out),
        "{\"actor\":\"sys:test\",\"at\":\"2026-11-21T20:59:59Z\",\"data\":{\"a\":1},\"format\":"
        "\"tocsin-act/v1\",\"id\":\"" ID "\",\"organisation\":\"" ORGANISATION
        "\",\"outcome\":\"done\",\"type\":\"advisory.imported\"}");
    assert_int_equal(act_check(buf_slice(&out), &e), 0);
    act.clock = act.at - 5000000;
    act.command = command;
    act.exercise = true;
    act.refused = true;
    act.data = slice_of(NULL, 0);
    buf_reset(&out);
    assert_int_equal(act_build(&act, &out, &e), 0);
    assert_int_equal(act_check(buf_slice(&out), &e), 0);
    assert_non_null(strstr(buf_text(&out), "\"outcome\":\"refused\""));
    assert_non_null(strstr(buf_text(&out), "\"exercise\":true"));
    assert_non_null(strstr(buf_text(&out), "\"clock\":\"2026-11-21T20:59:54Z\""));
    buf_fini(&out);
}

static void acts_that_are_none(void **state)
{
    struct act acts[7];
    struct buf out;
    char *big = mem_new(ACT_MAX, 1);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(acts); i++)
        acts[i] = good_act();
    acts[0].id = "act_1";
    acts[1].type = "imported";
    acts[2].type = "Advisory.imported";
    acts[3].actor = "a person's name";
    acts[4].organisation = "somebody";
    acts[5].data = slice_str("[1]");
    memset(big, ' ', ACT_MAX);
    big[0] = '{';
    big[ACT_MAX - 1] = '}';
    acts[6].data = slice_of(big, ACT_MAX);
    for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
        struct err e = {0};
        buf_init(&out);
        if (act_build(&acts[i], &out, &e) == 0)
            fail_msg("case %zu", i);
        assert_string_equal(e.code, i == 6 ? "act.size" : "act.invalid");
        buf_fini(&out);
    }
    mem_free(big);
}

static void texts_that_are_no_acts(void **state)
{
#define REST                                                                                       \
    "\"data\":{},\"format\":\"tocsin-act/v1\",\"id\":\"" ID                                        \
    "\",\"outcome\":\"done\",\"type\":\"a.b\"}"
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"actor\":\"sys:test\",\"at\":\"yesterday\"," REST,
        "{\"actor\":\"Jane Doe\",\"at\":\"2026-11-21T20:59:59Z\"," REST,
        "{\"actor\":\"sys:test\",\"at\":\"2026-11-21T20:59:59Z\",\"clock\":"
        "\"2026-11-21T21:59:59Z\"," REST,
        "{\"actor\":\"sys:test\",\"at\":\"2026-11-21T20:59:59Z\",\"command\":\"x\"," REST,
        "{\"actor\":\"sys:test\",\"at\":\"2026-11-21T20:59:59Z\",\"colour\":\"x\"," REST,
        "{\"at\":\"2026-11-21T20:59:59Z\"," REST,
        "{\"actor\":\"sys:test\",\"at\":\"2026-11-21T20:59:59Z\", " REST,
        "{\"actor\":\"sys:test\",\"at\":\"2026-11-21T20:59:59Z\",\"data\":[],\"format\":"
        "\"tocsin-act/v1\",\"id\":\"" ID "\",\"outcome\":\"done\",\"type\":\"a.b\"}",
        "{\"actor\":\"sys:test\",\"at\":\"2026-11-21T20:59:59Z\",\"data\":{},\"format\":"
        "\"tocsin-act/v1\",\"id\":\"" ID "\",\"outcome\":\"maybe\",\"type\":\"a.b\"}",
    };
    struct err e = {0};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err_clear(&e);
        if (act_check(slice_str(bad[i]), &e) == 0)
            fail_msg("case %zu", i);
    }
    err_clear(&e);
    assert_int_equal(
        act_check(slice_str("{\"actor\":\"sys:test\",\"at\":\"2026-11-21T20:59:59Z\"," REST), &e),
        0);
}

/* docs/formats.md section 2.1, by hand. */
static void the_commitment(void **state)
{
    uint8_t salt[32], commitment[32], leaf[32], expected[32];
    struct buf all;
    struct err e = {0};

    (void)state;
    memset(salt, 0x5A, sizeof salt);
    buf_init(&all);
    buf_puts(&all, "tocsin-act/v1");
    buf_put(&all, salt, 32);
    buf_puts(&all, "{}");
    assert_int_equal(sha256(buf_slice(&all), expected), 0);
    assert_int_equal(act_commit(salt, slice_str("{}"), commitment, leaf, &e), 0);
    assert_memory_equal(commitment, expected, 32);
    buf_reset(&all);
    buf_putc(&all, 0);
    buf_put(&all, commitment, 32);
    assert_int_equal(sha256(buf_slice(&all), expected), 0);
    assert_memory_equal(leaf, expected, 32);
    buf_fini(&all);
}

static void proofs_as_text(void **state)
{
    static const uint8_t hashes[2][32] = {{1}, {2}};
    static const char *const bad[] = {
        "",
        "c2sp.org/tlog-proof@v2\nindex 1\n\n",
        "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v1\nindex 01\n\n",
        "c2sp.org/tlog-proof@v1\nindex -1\n\n",
        "c2sp.org/tlog-proof@v1\nextra \nindex 1\n\n",
        "c2sp.org/tlog-proof@v1\nextra AA=A\nindex 1\n\n",
        "c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\n",
        "c2sp.org/tlog-proof@v1\nindex 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "c2sp.org/tlog-proof@v1\nindex 1\nextra AAAA\n\n",
    };
    const uint8_t salt[32] = {9};
    struct journal_proof proof;
    struct buf text;
    struct err e = {0};

    (void)state;
    buf_init(&text);
    journal_proof_put(&text, 73894, hashes, 2, salt, slice_str("{}"), slice_str("note\n"));
    assert_int_equal(journal_proof_parse(&proof, buf_slice(&text), &e), 0);
    assert_int_equal(proof.index, 73894);
    assert_int_equal(proof.count, 2);
    assert_memory_equal(proof.hashes[1], hashes[1], 32);
    assert_int_equal(proof.extra.len, 34);
    assert_true(slice_is(proof.note, "note\n"));
    journal_proof_fini(&proof);
    buf_fini(&text);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err_clear(&e);
        if (journal_proof_parse(&proof, slice_str(bad[i]), &e) == 0)
            fail_msg("case %zu", i);
        assert_string_equal(e.code, "proof.syntax");
    }
}

static void consistency_as_json(void **state)
{
    static const uint8_t hashes[2][32] = {{1}, {2}};
    static const char *const bad[] = {
        "{}",
        "{\"from\":1,\"hashes\":[],\"to\":0}",
        "{\"from\":-1,\"hashes\":[],\"to\":0}",
        "{\"from\":1,\"hashes\":[\"AA==\"],\"to\":2}",
        "{\"from\":1,\"hashes\":{},\"to\":2}",
        "{\"from\":1,\"hashes\":[],\"to\":2,\"x\":1}",
        "{\"from\":1.5,\"hashes\":[],\"to\":2}",
    };
    struct journal_consistency back;
    struct buf text;
    struct err e = {0};

    (void)state;
    buf_init(&text);
    journal_consistency_put(&text, 3, 7, hashes, 2);
    assert_int_equal(json_check_canonical(buf_slice(&text), &e), 0);
    assert_int_equal(journal_consistency_parse(&back, buf_slice(&text), &e), 0);
    assert_int_equal(back.from, 3);
    assert_int_equal(back.to, 7);
    assert_int_equal(back.count, 2);
    assert_memory_equal(back.hashes[1], hashes[1], 32);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        err_clear(&e);
        if (journal_consistency_parse(&back, slice_str(bad[i]), &e) == 0)
            fail_msg("case %zu", i);
    }
    /* 65 hashes are one too many */
    buf_reset(&text);
    buf_puts(&text, "{\"from\":1,\"hashes\":[");
    for (int i = 0; i < 65; i++)
        buf_printf(&text, "%s\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"", i ? "," : "");
    buf_puts(&text, "],\"to\":9}");
    err_clear(&e);
    assert_int_equal(journal_consistency_parse(&back, buf_slice(&text), &e), -1);
    assert_string_equal(e.code, "proof.hashes");
    buf_fini(&text);
}

static void paths_of_tiles(void **state)
{
    static const struct {
        const char *text;
        unsigned level;
        uint64_t n;
        unsigned width;
        bool entries;
    } good[] = {
        {"tile/0/000", 0, 0, 256, false},
        {"tile/7/001.p/5", 7, 1, 5, false},
        {"tile/0/x001/x234/067", 0, 1234067, 256, false},
        {"tile/entries/x001/000.p/255", 0, 1000, 255, true},
        {"tile/0/x999/x999/x999/x999/x999/999", 0, UINT64_C(999999999999999999), 256, false},
    };
    static const char *const bad[] = {
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/8/000",
        "tile/00/000",
        "tile/-1/000",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/0/001.p/",
        "tile/0/x001",
        "tile/0/x001/",
        "tile/0/001/x002",
        "tile/entries",
        "tile/entries/",
        "tile/",
        "",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/00a",
        "tile/0/001.P/5",
        "tile/0/x001/x001/x001/x001/x001/x001/001",
    };
    struct tile_path path;
    char text[TILE_PATH_TEXT];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(tile_path_parse(&path, slice_str(good[i].text)));
        assert_int_equal(path.level, good[i].level);
        assert_int_equal(path.n, good[i].n);
        assert_int_equal(path.width, good[i].width);
        assert_int_equal(path.entries, good[i].entries);
        tile_path_format(&path, text);
        assert_string_equal(text, good[i].text);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (tile_path_parse(&path, slice_str(bad[i])))
            fail_msg("%s", bad[i]);
    /* The example of C2SP tlog-tiles: a tree of 70,000 entries. */
    const struct {
        unsigned level;
        uint64_t n;
        unsigned width;
        bool there;
    } tiles[] = {{0, 272, 256, true}, {0, 273, 112, true}, {0, 273, 113, false}, {0, 273, 5, true},
                 {1, 0, 256, true},   {1, 1, 17, true},    {1, 1, 18, false},    {2, 0, 1, true},
                 {2, 0, 2, false},    {3, 0, 1, false}};
    for (size_t i = 0; i < ARRAY_LEN(tiles); i++) {
        path =
            (struct tile_path){.level = tiles[i].level, .n = tiles[i].n, .width = tiles[i].width};
        assert_int_equal(tile_path_exists(&path, 70000), tiles[i].there);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_acts_grow_with_time),
        cmocka_unit_test(acts_are_canonical),
        cmocka_unit_test(acts_that_are_none),
        cmocka_unit_test(texts_that_are_no_acts),
        cmocka_unit_test(the_commitment),
        cmocka_unit_test(proofs_as_text),
        cmocka_unit_test(consistency_as_json),
        cmocka_unit_test(paths_of_tiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
