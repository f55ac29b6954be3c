/* SPDX-License-Identifier: Apache-2.0 */
/* 27037 row 38: the read log; which calls are one line, how large it can get, going on with it. */
#include "base/memory.h"
#include "evidence/acquire/read_log_line.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { BYTES = 1 << 30, MIB = 1 << 20, SECTOR = 512 };

struct scene {
    char folder[64], path[96];
    int64_t time;
    struct evidence_read_log_options options;
    struct evidence_read_log *log;
    struct evidence_listener listener;
};

static int64_t now(void *context)
{
    return ((struct scene *)context)->time;
}

static struct clock clock_of(struct scene *s)
{
    return (struct clock){.now = now, .monotonic = now, .context = s};
}

static void begin(struct scene *s, const struct clock *clock, bool begun, size_t lines_most)
{
    struct err e = {0};
    s->options = (struct evidence_read_log_options){.data = s->folder,
                                                    .begun = begun,
                                                    .bytes = BYTES,
                                                    .sector = SECTOR,
                                                    .kept = s->options.kept,
                                                    .open = s->options.open,
                                                    .clock = clock,
                                                    .lines_most = lines_most};
    s->log = evidence_read_log_new(&s->options, &e);
    if (!s->log)
        fail_msg("%s", e.text);
    s->listener = evidence_read_log_listener(s->log);
}

static void make(struct scene *s)
{
    *s = (struct scene){.time = 1000000000000000};
    strcpy(s->folder, "/tmp/readsXXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->path, sizeof s->path, "%s/reads.jsonl", s->folder);
}

static void clear(struct scene *s)
{
    evidence_read_log_free(s->log);
    unlink(s->path);
    rmdir(s->folder);
}

static void call_for(struct scene *s, uint64_t at, size_t asked, size_t got, int why, int64_t took)
{
    s->listener.begins(s->listener.context);
    s->time += took;
    s->listener.ends(s->listener.context,
                     &(struct evidence_call){.offset = at, .asked = asked, .got = got, .why = why});
}

static void call(struct scene *s, uint64_t at, size_t asked, size_t got, int why)
{
    call_for(s, at, asked, got, why, 100);
}

struct found {
    struct read_log_calls calls[64];
    size_t count, runs, ends;
    uint64_t kept;
};

static int take(void *context, const struct read_log_line *line, struct err *e)
{
    struct found *f = context;
    (void)e;
    f->runs += line->kind == READ_LOG_RUN;
    f->ends += line->kind == READ_LOG_END;
    f->kept = line->kind == READ_LOG_RUN ? line->kept : f->kept;
    if (line->kind == READ_LOG_CALLS && f->count < 64)
        f->calls[f->count++] = line->calls;
    return 0;
}

static struct found lines_of(struct scene *s)
{
    struct found f = {0};
    struct err e = {0};
    int fd = open(s->path, O_RDONLY);
    assert_true(fd >= 0);
    if (read_log_each(fd, take, &f, NULL, &e) != 0)
        fail_msg("%s (%s)", e.text, e.where);
    close(fd);
    return f;
}

static void end(struct scene *s, struct evidence_read_totals *totals)
{
    struct err e = {0};
    assert_int_equal(evidence_read_log_close(s->log, totals, &e), 0);
}

static void is(const struct read_log_calls *c, enum evidence_call_outcome outcome, uint64_t from,
               uint64_t bytes, uint64_t calls, enum read_log_order order)
{
    assert_int_equal(c->outcome, outcome);
    assert_int_equal(c->from, from);
    assert_int_equal(c->bytes, bytes);
    assert_int_equal(c->calls, calls);
    assert_int_equal(c->order, order);
}

static void neighbours(void **state)
{
    struct scene s;
    struct evidence_read_totals t;
    make(&s);
    struct clock clock = clock_of(&s);
    (void)state;
    begin(&s, &clock, false, 0);
    for (unsigned i = 0; i < 5; i++)
        call(&s, (uint64_t)i * MIB, MIB, MIB, 0);
    call(&s, 5 * MIB, 100, 100, 0);       /* the last of a run may be shorter, */
    call(&s, 5 * MIB + 100, 100, 100, 0); /* and nothing comes behind it */
    for (unsigned i = 0; i < 3; i++)      /* to a common end, each the same */
        call(&s, 8 * MIB + i * 4096, MIB - i * 4096, 4096, 0);
    call(&s, 8 * MIB + 3 * 4096, MIB - 3 * 4096, 4095, 0); /* and this one is not */
    for (unsigned i = 0; i < 4; i++)
        call(&s, 20 * MIB - (i + 1) * SECTOR, SECTOR, SECTOR, 0);
    for (unsigned i = 0; i < 3; i++)
        call(&s, 30 * MIB, SECTOR, 0, EINTR);
    call(&s, 30 * MIB, SECTOR, 0, EIO);
    call(&s, 30 * MIB + SECTOR, SECTOR, 0, EIO);
    call_for(&s, 30 * MIB + 2 * SECTOR, SECTOR, 0, EIO, EVIDENCE_STALL_US);
    call_for(&s, 30 * MIB + 3 * SECTOR, SECTOR, 0, EIO, EVIDENCE_STALL_US - 1);
    evidence_read_log_pass(s.log, 2);
    call(&s, 30 * MIB + 4 * SECTOR, SECTOR, 0, EIO);
    call(&s, 40 * MIB, SECTOR, 0, 0);
    end(&s, &t);
    struct found f = lines_of(&s);
    assert_int_equal(f.count, 11);
    is(&f.calls[0], EVIDENCE_CALL_GOOD, 0, 5 * MIB + 100, 6, READ_LOG_UP);
    is(&f.calls[1], EVIDENCE_CALL_GOOD, 5 * MIB + 100, 100, 1, READ_LOG_ONE);
    is(&f.calls[2], EVIDENCE_CALL_SHORT, 8 * MIB, MIB, 3, READ_LOG_UP);
    assert_int_equal(f.calls[2].got, 3 * 4096);
    is(&f.calls[3], EVIDENCE_CALL_SHORT, 8 * MIB + 3 * 4096, MIB - 3 * 4096, 1, READ_LOG_ONE);
    is(&f.calls[4], EVIDENCE_CALL_GOOD, 20 * MIB - 4 * SECTOR, 4 * SECTOR, 4, READ_LOG_DOWN);
    is(&f.calls[5], EVIDENCE_CALL_ERROR, 30 * MIB, SECTOR, 3, READ_LOG_AGAIN);
    is(&f.calls[6], EVIDENCE_CALL_ERROR, 30 * MIB, 2 * SECTOR, 2, READ_LOG_UP);
    is(&f.calls[7], EVIDENCE_CALL_ERROR, 30 * MIB + 2 * SECTOR, SECTOR, 1, READ_LOG_ONE);
    assert_true(f.calls[7].stalled && !f.calls[6].stalled && !f.calls[8].stalled);
    assert_int_equal(f.calls[9].pass, 2);
    is(&f.calls[10], EVIDENCE_CALL_END, 40 * MIB, SECTOR, 1, READ_LOG_ONE);
    assert_int_equal(t.calls, 6 + 1 + 4 + 4 + 3 + 5 + 1);
    assert_int_equal(t.failed, 8);
    assert_int_equal(t.ended, 1);
    assert_int_equal(t.short_, 4);
    assert_int_equal(t.stalled, 1);
    assert_int_equal(t.lines, f.count);
    clear(&s);
}

/* A disk that fails every other sector, over and over: the log stays small, and counts all. */
static void bounded(void **state)
{
    enum { LINES = 1000, CALLS = 300000 };
    struct scene s;
    struct evidence_read_totals t;
    struct stat st;
    struct err e = {0};
    make(&s);
    struct clock clock = clock_of(&s);
    (void)state;
    begin(&s, &clock, false, LINES);
    for (unsigned i = 0; i < CALLS; i++) {
        evidence_read_log_pass(s.log, 1 + i / 10000);
        call_for(&s, (uint64_t)i * SECTOR, SECTOR, i % 2 ? SECTOR : 0, i % 2 ? 0 : EIO,
                 i == CALLS - 7 ? EVIDENCE_STALL_US : 100);
    }
    end(&s, &t);
    assert_true(t.summed);
    assert_int_equal(t.calls, CALLS);
    assert_int_equal(t.failed, CALLS / 2);
    assert_int_equal(t.good, CALLS / 2);
    assert_int_equal(t.stalled, 1);
    assert_true(t.lines > LINES && t.lines <= LINES + 126);
    assert_int_equal(stat(s.path, &st), 0);
    assert_true(st.st_size < (LINES + 130) * 300);
    /* gone on with when it is full, it adds up anew */
    evidence_read_log_free(s.log);
    begin(&s, &clock, true, LINES);
    call(&s, 0, SECTOR, 0, EIO);
    end(&s, &t);
    assert_int_equal(t.calls, CALLS + 1);
    assert_int_equal(t.runs, 2);
    int fd = open(s.path, O_RDONLY);
    struct evidence_held_log held;
    assert_int_equal(
        evidence_read_log_hold(fd, slice_str("0x0 + 1\n0x0 0x40000000 +\n"), &held, &e), 0);
    assert_int_equal(held.totals.calls, CALLS + 1);
    close(fd);
    clear(&s);
}

/* What a killed process leaves: all calls that were not good, good ones but of the last second. */
static void killed(void **state)
{
    struct scene s;
    make(&s);
    struct clock clock = clock_of(&s);
    (void)state;
    begin(&s, &clock, false, 0);
    for (unsigned i = 0; i < 30; i++)
        call_for(&s, (uint64_t)i * MIB, MIB, MIB, 0, 100000);
    struct found f = lines_of(&s);
    assert_int_equal(f.count, 1);
    assert_true(f.calls[0].calls >= 20);
    call(&s, 30 * MIB, MIB, 0, EIO);
    f = lines_of(&s);
    assert_int_equal(f.count, 2);
    assert_int_equal(f.calls[0].calls, 30);
    for (unsigned i = 0; i < 5; i++)
        call(&s, (31 + (uint64_t)i) * MIB, MIB, 0, EIO);
    f = lines_of(&s);
    is(&f.calls[1], EVIDENCE_CALL_ERROR, 30 * MIB, 6 * MIB, 6, READ_LOG_UP);
    evidence_read_log_free(s.log); /* as a kill leaves it: neither synced nor closed */
    s.log = NULL;
    /* a torn line is cut off, and the rest is gone on with */
    FILE *file = fopen(s.path, "a");
    assert_non_null(file);
    fputs("{\"pass\":1,\"outcome\":\"go", file);
    fclose(file);
    struct evidence_map map;
    struct err e = {0};
    assert_int_equal(evidence_map_init(&map, BYTES, &e), 0);
    assert_int_equal(evidence_map_set(&map, 30 * MIB, 6 * MIB, EVIDENCE_NOT_TRIMMED, &e), 0);
    s.options.kept = 33 * MIB;
    s.options.open = &map;
    begin(&s, &clock, true, 0);
    struct evidence_read_totals t;
    call(&s, 33 * MIB, BYTES - 33 * MIB, BYTES - 33 * MIB, 0);
    end(&s, &t);
    f = lines_of(&s);
    assert_int_equal(f.runs, 2);
    assert_int_equal(f.kept, 33 * MIB);
    is(&f.calls[2], EVIDENCE_CALL_FILLED, 30 * MIB, 6 * MIB, 0, READ_LOG_ONE);
    assert_int_equal(t.calls, 37);
    assert_int_equal(t.runs, 2);
    /* of these lines, the last ones count: 30 to 33 MiB were not read in the end */
    struct evidence_held_log held;
    int fd = open(s.path, O_RDONLY);
    assert_int_equal(evidence_read_log_hold(fd,
                                            slice_str("0x0 + 1\n0x0 0x1e00000 +\n"
                                                      "0x1e00000 0x300000 -\n"
                                                      "0x2100000 0x3df00000 +\n"),
                                            &held, &e),
                     0);
    assert_int_equal(held.unreadable, 3 * MIB);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(
        evidence_read_log_hold(fd, slice_str("0x0 + 1\n0x0 0x40000000 +\n"), &held, &e), -1);
    assert_int_equal(e.kind, ERR_VERIFY);
    close(fd);
    evidence_map_fini(&map);
    clear(&s);
}

/* Who prepared the folder cannot lead the log elsewhere. */
static void link_in_its_place(void **state)
{
    struct scene s;
    struct err e = {0};
    make(&s);
    struct clock clock = clock_of(&s);
    (void)state;
    assert_int_equal(symlink("/dev/full", s.path), 0);
    s.options = (struct evidence_read_log_options){
        .data = s.folder, .begun = true, .bytes = BYTES, .sector = SECTOR, .clock = &clock};
    assert_null(evidence_read_log_new(&s.options, &e)); /* no link is followed */
    clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(neighbours), cmocka_unit_test(bounded),
                                       cmocka_unit_test(killed),
                                       cmocka_unit_test(link_in_its_place)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
