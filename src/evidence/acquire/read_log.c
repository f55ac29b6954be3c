/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/acquire/read_log.h"
#include "base/file.h"
#include "base/memory.h"
#include "evidence/acquire/read_log_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PASSES = 21, WRITE_GOOD_US = 1000000 };

struct evidence_read_log {
    struct evidence_read_log_options options;
    int fd;
    uint64_t at;   /* in the file: behind the lines that are done with */
    uint64_t tail; /* bytes that stand there behind it: the line that still grows, or sums */
    struct buf text;
    struct read_log_calls open; /* the line that still grows; calls 0 and bytes 0: none */
    bool is_open, dirty;
    int64_t written, started, began; /* of the monotonic clock */
    unsigned pass;
    struct evidence_read_totals totals;                         /* of lines that are done with */
    struct read_log_calls sums[PASSES][EVIDENCE_CALL_OUTCOMES]; /* of this run */
    uint64_t cut;                                               /* bytes of a torn line */
    struct err failed;                                          /* the first */
};

static int64_t now(const struct evidence_read_log *log)
{
    return clock_monotonic(log->options.clock) - log->started;
}

/* Writes text at the end of what is done with, in the place of what stood there. */
static void put(struct evidence_read_log *log)
{
    struct err *e = &log->failed;
    size_t len = log->text.len;
    if (err_is_set(e) || buf_check(&log->text, e) != 0)
        return;
    for (size_t done = 0; done < len;) {
        ssize_t n = pwrite(log->fd, log->text.data + done, len - done, (off_t)(log->at + done));
        if (n < 0 && errno != EINTR) {
            (void)err_errno(e, errno, errno == ENOSPC ? "evidence.no-space" : "evidence.write",
                            EVIDENCE_READ_LOG " cannot be written");
            return;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    if (len < log->tail && ftruncate(log->fd, (off_t)(log->at + len)) != 0)
        (void)err_errno(e, errno, "evidence.write", EVIDENCE_READ_LOG " cannot be cut");
    log->tail = len;
    log->dirty = false;
}

/* What was put is done with. */
static void settle(struct evidence_read_log *log)
{
    log->at += log->tail;
    log->tail = 0;
}

static bool is_full(const struct evidence_read_log *log)
{
    return log->totals.lines >= log->options.lines_most;
}

static void put_sums(struct evidence_read_log *log)
{
    buf_reset(&log->text);
    for (unsigned p = 0; p < PASSES; p++)
        for (unsigned o = 0; o < EVIDENCE_CALL_OUTCOMES; o++)
            if (log->sums[p][o].summed)
                read_log_calls_write(&log->text, &log->sums[p][o]);
    put(log);
}

static void put_open(struct evidence_read_log *log)
{
    if (log->is_open) {
        buf_reset(&log->text);
        read_log_calls_write(&log->text, &log->open);
        put(log);
    } else if (is_full(log)) {
        put_sums(log);
    }
    log->dirty = false;
}

static void close_open(struct evidence_read_log *log)
{
    if (!log->is_open)
        return;
    struct read_log_line line = {.kind = READ_LOG_CALLS, .calls = log->open};
    if (log->dirty)
        put_open(log);
    log->is_open = false;
    read_log_total(&log->totals, &line);
    settle(log);
}

/* Whether a call goes on with the line; then the line has it. */
static bool extend(struct read_log_calls *r, const struct read_log_calls *c)
{
    bool is_short = c->outcome == EVIDENCE_CALL_SHORT;
    uint64_t end = r->from + r->bytes, got = r->calls ? r->got / r->calls : 0;
    enum read_log_order order = READ_LOG_ONE;
    if (r->pass != c->pass || r->outcome != c->outcome || r->why != c->why ||
        r->stalled != c->stalled)
        return false;
    if (c->calls == 0) { /* no call: the next bytes of the same kind */
        r->bytes += c->from == end ? c->bytes : 0;
        return c->from == end;
    }
    if (c->from == r->from && c->bytes == r->bytes && c->got == got &&
        (r->order == READ_LOG_ONE || r->order == READ_LOG_AGAIN))
        order = READ_LOG_AGAIN;
    else if (is_short && c->from == r->from + r->got && c->from + c->bytes == end && c->got == got)
        order = READ_LOG_UP;
    else if (!is_short && c->from == end && r->bytes == r->calls * r->each && c->each <= r->each)
        order = READ_LOG_UP;
    else if (!is_short && c->from + c->each == r->from && c->each == r->each)
        order = READ_LOG_DOWN;
    if (order == READ_LOG_ONE || (r->order != READ_LOG_ONE && r->order != order))
        return false;
    r->order = order;
    r->calls++;
    r->got += c->got;
    if (!is_short && order != READ_LOG_AGAIN)
        r->bytes += c->each;
    if (order == READ_LOG_DOWN)
        r->from = c->from;
    r->until = c->until;
    r->longest = c->longest > r->longest ? c->longest : r->longest;
    return true;
}

static void add_up(struct evidence_read_log *log, const struct read_log_calls *c)
{
    struct read_log_calls *sum = &log->sums[c->pass < PASSES ? c->pass : PASSES - 1][c->outcome];
    if (!sum->summed)
        *sum = (struct read_log_calls){.pass = c->pass < PASSES ? c->pass : PASSES - 1,
                                       .outcome = c->outcome,
                                       .from = c->from,
                                       .bytes = c->bytes,
                                       .since = c->since,
                                       .summed = true};
    uint64_t end = sum->from + sum->bytes, other = c->from + c->bytes;
    sum->from = c->from < sum->from ? c->from : sum->from;
    sum->bytes = (end > other ? end : other) - sum->from;
    sum->calls += c->calls;
    sum->asked += c->calls ? c->bytes : 0;
    sum->got += c->got;
    sum->stalled_calls += c->stalled;
    sum->until = c->until;
    sum->longest = c->longest > sum->longest ? c->longest : sum->longest;
}

/* One call, or bytes that were not read. */
static void tell(struct evidence_read_log *log, const struct read_log_calls *c)
{
    if (log->is_open && !extend(&log->open, c))
        close_open(log);
    else if (log->is_open)
        goto told;
    if (is_full(log)) {
        add_up(log, c);
    } else {
        log->open = *c;
        log->is_open = true;
    }
told:
    log->dirty = true;
    bool good = c->outcome == EVIDENCE_CALL_GOOD || c->outcome == EVIDENCE_CALL_HOLE;
    bool soon = !good && !c->stalled && log->is_open;
    if (soon || c->stalled || c->until - log->written >= WRITE_GOOD_US) {
        put_open(log);
        log->written = c->until;
    }
}

static void begins(void *context)
{
    struct evidence_read_log *log = context;
    log->began = now(log);
}

static void ends(void *context, const struct evidence_call *call)
{
    struct evidence_read_log *log = context;
    struct read_log_calls c = {.pass = log->pass,
                               .outcome = call->hole                ? EVIDENCE_CALL_HOLE
                                          : call->why               ? EVIDENCE_CALL_ERROR
                                          : call->got == 0          ? EVIDENCE_CALL_END
                                          : call->got < call->asked ? EVIDENCE_CALL_SHORT
                                                                    : EVIDENCE_CALL_GOOD,
                               .why = call->why,
                               .from = call->offset,
                               .bytes = call->asked,
                               .until = now(log)};
    if (!call->hole) {
        c.calls = 1;
        c.got = call->got;
        c.each = c.outcome == EVIDENCE_CALL_SHORT ? 0 : call->asked;
        c.since = log->began;
        c.longest = c.until - c.since;
        c.stalled = c.longest >= EVIDENCE_STALL_US;
    }
    tell(log, &c);
}

struct evidence_listener evidence_read_log_listener(struct evidence_read_log *log)
{
    return (struct evidence_listener){.begins = begins, .ends = ends, .context = log};
}

void evidence_read_log_pass(struct evidence_read_log *log, unsigned pass)
{
    log->pass = pass;
}

int evidence_read_log_check(const struct evidence_read_log *log, struct err *e)
{
    if (!err_is_set(&log->failed))
        return 0;
    *e = log->failed;
    return -1;
}

static int count(void *context, const struct read_log_line *line, struct err *e)
{
    struct evidence_read_log *log = context;
    if (line->kind == READ_LOG_HEAD &&
        (line->bytes != log->options.bytes || line->range_from != log->options.range_from))
        return err_set(e, ERR_CONFLICT, "evidence.other", NULL,
                       EVIDENCE_READ_LOG " is of another source");
    read_log_total(&log->totals, line);
    return 0;
}

/* What stands there is counted, and a torn line cut off. */
static int go_on(struct evidence_read_log *log, struct err *e)
{
    struct stat st;
    if (fstat(log->fd, &st) != 0)
        return err_errno(e, errno, "evidence.read", EVIDENCE_READ_LOG " cannot be read");
    struct err other = {0};
    if (read_log_each(log->fd, count, log, &log->at, &other) != 0 && other.kind != ERR_CONFLICT) {
        *e = other;
        return -1;
    }
    if (err_is_set(&other)) { /* of what was begun with it, no image was kept either */
        log->at = 0;
        log->totals = (struct evidence_read_totals){0};
    }
    log->cut = (uint64_t)st.st_size - log->at;
    if (log->cut && ftruncate(log->fd, (off_t)log->at) != 0)
        return err_errno(e, errno, "evidence.write", EVIDENCE_READ_LOG " cannot be cut");
    return 0;
}

static int begin(struct evidence_read_log *log, struct err *e)
{
    const struct evidence_read_log_options *o = &log->options;
    char path[4096];
    struct stat st;
    struct evidence_extent x;
    if ((size_t)snprintf(path, sizeof path, "%s/reads.jsonl", o->data) >= sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", o->data);
    log->fd = open(path,
                   O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
                       (o->begun ? 0 : O_EXCL),
                   0600);
    if (log->fd < 0)
        return err_errno(e, errno, "evidence.write", "%s cannot be written", path);
    if (fstat(log->fd, &st) != 0 || !S_ISREG(st.st_mode))
        return err_set(e, ERR_VERIFY, "evidence.kind", NULL, "%s is no ordinary file", path);
    if (go_on(log, e) != 0)
        return -1;
    if (log->at == 0)
        read_log_head_write(&log->text, o);
    read_log_run_write(&log->text, ++log->totals.runs, clock_now(o->clock), o->kept, log->cut);
    put(log);
    settle(log);
    for (uint64_t at = 0;
         o->open && evidence_map_next(o->open, at, EVIDENCE_NOT_TRIMMED, &x) && x.from < o->kept;
         at = x.from + x.bytes) {
        struct read_log_calls c = {
            .pass = 1, .outcome = EVIDENCE_CALL_FILLED, .from = x.from, .bytes = x.bytes};
        tell(log, &c);
    }
    close_open(log);
    log->pass = 1;
    return evidence_read_log_check(log, e);
}

struct evidence_read_log *evidence_read_log_new(const struct evidence_read_log_options *options,
                                                struct err *e)
{
    struct evidence_read_log *log = mem_new(1, sizeof *log);
    if (!log) {
        err_memory(e);
        return NULL;
    }
    log->options = *options;
    log->fd = -1;
    log->written = -WRITE_GOOD_US; /* the first call is written at once */
    if (!log->options.lines_most)
        log->options.lines_most = EVIDENCE_READ_LOG_LINES;
    log->started = clock_monotonic(options->clock);
    buf_init(&log->text);
    if (begin(log, e) == 0)
        return log;
    evidence_read_log_free(log);
    return NULL;
}

void evidence_read_log_free(struct evidence_read_log *log)
{
    if (!log)
        return;
    if (log->fd >= 0)
        close(log->fd);
    buf_fini(&log->text);
    mem_free(log);
}

int evidence_read_log_sync(struct evidence_read_log *log, struct err *e)
{
    if (log->dirty)
        put_open(log);
    if (evidence_read_log_check(log, e) != 0)
        return -1;
    return fsync(log->fd) == 0
               ? 0
               : err_errno(e, errno, "evidence.write", EVIDENCE_READ_LOG " cannot be written");
}

int evidence_read_log_close(struct evidence_read_log *log, struct evidence_read_totals *totals,
                            struct err *e)
{
    close_open(log);
    if (log->dirty)
        put_sums(log);
    for (unsigned p = 0; p < PASSES; p++)
        for (unsigned o = 0; o < EVIDENCE_CALL_OUTCOMES; o++) {
            struct read_log_line line = {.kind = READ_LOG_CALLS, .calls = log->sums[p][o]};
            if (line.calls.summed)
                read_log_total(&log->totals, &line);
        }
    settle(log);
    buf_reset(&log->text);
    read_log_end_write(&log->text, &log->totals);
    put(log);
    settle(log);
    *totals = log->totals;
    return evidence_read_log_sync(log, e);
}
