/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks keep their order whatever the threads do; the first failure ends all; a stop leaves no
 * gap. The line writes into a block before any prepared stage sees it. */
#include "evidence/acquire/pipeline.h"

#include <stdatomic.h>
#include <pthread.h> /* threads are started: the thread sanitizer's step takes this test */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

enum { BLOCK = 4096 };

struct world {
    uint64_t blocks, fed, lined, taken[2], prepared_seen;
    uint64_t fail_at; /* the stage fails there; UINT64_MAX: never */
    uint64_t line_fails_at, prepare_fails_at, feed_fails_at;
    uint64_t stop_behind;      /* watch stops it behind so many bytes */
    bool line_wrong, wrong[2]; /* each of its own thread */
    bool together;             /* prepared in neighbours */
    size_t places;
    atomic_size_t runs;
    atomic_bool run_wrong;
};

static int failed(struct err *e, const char *code)
{
    return err_set(e, ERR_SYSTEM, code, NULL, "it was told to fail");
}

static int next(void *context, struct evidence_block *b, size_t room, struct err *e)
{
    struct world *w = context;
    if (w->fed == w->feed_fails_at)
        return failed(e, "test.feed");
    if (w->fed == w->blocks)
        return 0;
    b->offset = w->fed * BLOCK;
    b->len = room;
    memset(b->data, (int)(w->fed & 0x7f), room);
    memset(b->hash, 0, sizeof b->hash);
    w->fed++;
    return 1;
}

static int prepare(void *context, void *worker, struct evidence_block *b, struct err *e)
{
    struct world *w = context;
    (void)worker;
    if (b->number == w->prepare_fails_at)
        return failed(e, "test.prepare");
    b->piece[0] = b->data[0];
    b->piece_len = 1;
    return 0;
}

/* Neighbours, in their order, and as many as there can be but at the end. */
static int prepare_all(void *context, void *worker, struct evidence_block *const *blocks,
                       size_t count, struct err *e)
{
    struct world *w = context;
    atomic_fetch_add(&w->runs, 1);
    size_t wanted = w->places / 6 < EVIDENCE_AT_ONCE ? w->places / 6 : EVIDENCE_AT_ONCE;
    if (count == 0 || count > wanted ||
        (count < wanted && blocks[count - 1]->number + 1 != w->blocks))
        atomic_store(&w->run_wrong, true);
    for (size_t i = 0; i < count; i++) {
        if (blocks[i]->number != blocks[0]->number + i)
            atomic_store(&w->run_wrong, true);
        if (prepare(context, worker, blocks[i], e) != 0)
            return -1;
    }
    return 0;
}

static int line(void *context, struct evidence_block *b, struct err *e)
{
    struct world *w = context;
    if (b->number == w->line_fails_at)
        return failed(e, "test.line");
    w->line_wrong = w->line_wrong || b->number != w->lined;
    w->lined++;
    b->hash[0] = (uint8_t)(b->number & 0x7f) | 0x80;
    return 0;
}

static int take_prepared(void *context, const struct evidence_block *b, struct err *e)
{
    struct world *w = context;
    if (b->number == w->fail_at)
        return failed(e, "test.stage");
    w->wrong[0] = w->wrong[0] || b->number != w->taken[0] || b->piece[0] != b->data[0] ||
                  b->hash[0] != ((b->number & 0x7f) | 0x80);
    w->taken[0]++;
    return 0;
}

static int take_beside(void *context, const struct evidence_block *b, struct err *e)
{
    struct world *w = context;
    (void)e;
    w->wrong[1] = w->wrong[1] || b->number != w->taken[1] || b->data[0] != (b->number & 0x7f);
    w->taken[1]++;
    return 0;
}

static bool watch(void *context, uint64_t bytes)
{
    const struct world *w = context;
    return bytes < w->stop_behind;
}

static int run(struct world *w, bool line_waits, struct err *e)
{
    struct evidence_stage stages[] = {{.take = take_prepared, .context = w, .prepared = true},
                                      {.take = take_beside, .context = w}};
    struct evidence_pipeline p = {.feed = {.next = next, .context = w},
                                  .workshop = {.prepare = prepare,
                                               .prepare_all = w->together ? prepare_all : NULL,
                                               .context = w,
                                               .piece_room = 16},
                                  .line = {.run = line, .context = w, .prepared = line_waits},
                                  .stages = stages,
                                  .stage_count = 2,
                                  .block_bytes = BLOCK,
                                  .workers = 3,
                                  .blocks = w->places,
                                  .watch = watch,
                                  .watch_context = w};
    return evidence_pipeline_run(&p, e);
}

static struct world fresh(uint64_t blocks)
{
    return (struct world){.blocks = blocks,
                          .places = 5,
                          .fail_at = UINT64_MAX,
                          .line_fails_at = UINT64_MAX,
                          .prepare_fails_at = UINT64_MAX,
                          .feed_fails_at = UINT64_MAX,
                          .stop_behind = UINT64_MAX};
}

static void in_order(void **state)
{
    (void)state;
    for (uint64_t blocks = 0; blocks < 400; blocks = blocks * 2 + 1)
        for (int waits = 0; waits < 2; waits++) {
            struct world w = fresh(blocks);
            struct err e = {0};
            assert_int_equal(run(&w, waits, &e), 0);
            assert_false(w.line_wrong || w.wrong[0] || w.wrong[1]);
            assert_int_equal(w.taken[0], blocks);
            assert_int_equal(w.taken[1], blocks);
            assert_int_equal(w.lined, blocks);
        }
}

/* So many places that 8, or 2, or 1 at once may be under way for each of three workers. */
static void in_neighbours(void **state)
{
    static const size_t places[] = {60, 12, 6};
    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (uint64_t blocks = 0; blocks < 400; blocks = blocks * 2 + 1)
            for (int waits = 0; waits < 2; waits++) {
                struct world w = fresh(blocks);
                struct err e = {0};
                w.places = places[i];
                w.together = true;
                assert_int_equal(run(&w, waits, &e), 0);
                assert_false(w.line_wrong || w.wrong[0] || w.wrong[1] || w.run_wrong);
                assert_int_equal(w.taken[0], blocks);
                assert_int_equal(w.taken[1], blocks);
                size_t most = places[i] / 6 < EVIDENCE_AT_ONCE ? places[i] / 6 : EVIDENCE_AT_ONCE;
                assert_int_equal(w.runs, (blocks + most - 1) / most);
            }
}

static void failures(void **state)
{
    static const char *const codes[] = {"test.stage", "test.line", "test.prepare", "test.feed"};
    (void)state;
    for (size_t which = 0; which < 8; which++)
        for (uint64_t at = 0; at < 40; at += 13) {
            struct world w = fresh(60);
            struct err e = {0};
            w.together = which >= 4;
            w.places = w.together ? 24 : 5;
            *(which % 4 == 0   ? &w.fail_at
              : which % 4 == 1 ? &w.line_fails_at
              : which % 4 == 2 ? &w.prepare_fails_at
                               : &w.feed_fails_at) = at;
            assert_int_equal(run(&w, which % 2, &e), -1);
            assert_string_equal(e.code, codes[which % 4]);
            assert_false(w.line_wrong || w.wrong[0] || w.wrong[1]);
            assert_true(w.taken[0] <= at);
        }
}

static void stopped(void **state)
{
    struct world w = fresh(UINT64_MAX);
    struct err e = {0};
    (void)state;
    w.stop_behind = 1;
    assert_int_equal(run(&w, true, &e), 1);
    assert_false(w.line_wrong || w.wrong[0] || w.wrong[1]);
    assert_true(w.taken[0] > 0 && w.taken[0] <= w.fed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(in_neighbours),
        cmocka_unit_test(failures),
        cmocka_unit_test(stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
