/* SPDX-License-Identifier: Apache-2.0 */
/* Answers from files: ranges (RFC 9110 section 14), and reading block by block off the loop. */
#include "base/memory.h"
#include "net/server_internal.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024 };

struct file_answer {
    struct file_job job; /* first: a job is its answer */
    struct http_server *server;
    struct http_exchange *exchange; /* NULL: gone; freed when the job is back */
    int fd;
    uint64_t at, left;
    ssize_t got;
    bool running;
    uint8_t block[BLOCK];
};

enum range_kind { RANGE_NONE, RANGE_ONE, RANGE_OUTSIDE };

/* Digits up to `stop`; -1: none or too many. */
static int read_number(struct slice text, size_t *at, uint64_t *number)
{
    size_t from = *at;

    *number = 0;
    while (*at < text.len && text.data[*at] >= '0' && text.data[*at] <= '9' && *at - from < 18)
        *number = *number * 10 + text.data[(*at)++] - '0';
    return *at > from ? 0 : -1;
}

/*
 * "bytes=a-b", "bytes=a-", "bytes=-n". What is malformed, has several ranges or another unit is
 * ignored, as section 14.2 allows: the whole is sent.
 */
static enum range_kind read_range(struct slice text, uint64_t size, uint64_t *from, uint64_t *len)
{
    size_t at = 6;
    uint64_t last;

    if (text.len < 8 || memcmp(text.data, "bytes=", 6) != 0)
        return RANGE_NONE;
    if (text.data[at] == '-') {
        at++;
        if (read_number(text, &at, len) != 0 || at != text.len)
            return RANGE_NONE;
        if (*len == 0 || size == 0)
            return RANGE_OUTSIDE;
        *len = *len < size ? *len : size;
        *from = size - *len;
        return RANGE_ONE;
    }
    if (read_number(text, &at, from) != 0 || at == text.len || text.data[at] != '-')
        return RANGE_NONE;
    at++;
    last = size ? size - 1 : 0;
    if (at < text.len) {
        uint64_t asked;
        if (read_number(text, &at, &asked) != 0 || at != text.len || asked < *from)
            return RANGE_NONE;
        last = asked < last ? asked : last;
    }
    if (*from >= size)
        return RANGE_OUTSIDE;
    *len = last - *from + 1;
    return RANGE_ONE;
}

/* If-Range (section 13.1.5): the range counts only when the strong tag is still the same. */
static bool range_counts(const struct http_exchange *x, const struct http_answer *a)
{
    struct slice condition = http_head_find(&x->head, "if-range");

    return !condition.data || (a->etag && slice_is(condition, a->etag));
}

static void finish(struct http_exchange *x)
{
    struct connection *c = x->connection;
    bool close_it = x->close || !x->body_done;
    bool linger = !x->body_done;

    c->exchange = NULL;
    exchange_free(x);
    connection_answered(c, close_it, linger);
}

static void read_block(struct file_job *job)
{
    struct file_answer *f = (struct file_answer *)job;
    size_t len = f->left < BLOCK ? (size_t)f->left : BLOCK;

    do
        f->got = pread(f->fd, f->block, len, (off_t)f->at);
    while (f->got < 0 && errno == EINTR);
}

static void destroy(struct file_answer *f)
{
    close(f->fd);
    server_handle_given_back(f->server);
    mem_free(f);
}

static void on_read(struct file_job *job)
{
    struct file_answer *f = (struct file_answer *)job;
    struct http_exchange *x = f->exchange;

    f->running = false;
    if (!x) {
        destroy(f);
        return;
    }
    struct connection *c = x->connection;
    if (f->got <= 0 || connection_send(c, slice_of(f->block, (size_t)f->got)) != 0) {
        connection_close(c); /* the file is shorter than was said: better cut than padded */
        return;
    }
    f->at += (uint64_t)f->got;
    f->left -= (uint64_t)f->got;
    connection_pump(c);
}

void file_answer_continue(struct http_exchange *x)
{
    struct file_answer *f = x->file;

    if (f->running)
        return;
    if (f->left == 0) {
        finish(x);
        return;
    }
    f->running = true;
    file_worker_add(&f->server->files, &f->job);
}

void file_answer_start(struct http_exchange *x)
{
    x->file->exchange = x;
    /* the pump that follows reads the first block when the head is written */
}

void file_answer_cut(struct http_exchange *x)
{
    struct file_answer *f = x->file;

    x->file = NULL;
    file_answer_free(f);
}

void file_answer_free(struct file_answer *f)
{
    f->exchange = NULL;
    if (!f->running)
        destroy(f);
}

static struct file_answer *file_answer_new(struct http_exchange *x, int take_fd, uint64_t from,
                                           uint64_t len)
{
    struct file_answer *f = mem_new(1, sizeof(*f));

    if (!f) {
        close(take_fd);
        return NULL;
    }
    f->job.loop = &x->loop->loop;
    f->job.work = read_block;
    f->job.done = on_read;
    f->server = x->loop->server;
    f->fd = take_fd;
    f->at = from;
    f->left = len;
    server_handle_taken(f->server);
    return f;
}

/* A small file, from a thread that may wait: into the answer at once. */
static int read_now(struct http_exchange *x, int fd, uint64_t from, size_t len)
{
    uint8_t *out = buf_extend(&x->answer, len);
    size_t at = 0;

    while (out && at < len) {
        ssize_t got = pread(fd, out + at, len - at, (off_t)(from + at));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        at += (size_t)got;
    }
    return 0;
}

static void reply_outside(struct http_exchange *x, uint64_t size)
{
    char text[48];
    struct http_header_line line = {"Content-Range", text};
    struct err e = {0};

    snprintf(text, sizeof(text), "bytes */%llu", (unsigned long long)size);
    err_set(&e, ERR_USAGE, "http.range", "RFC 9110 section 14.4",
            "the range lies outside of the %llu bytes that there are", (unsigned long long)size);
    http_problem_status(x, 416, &e, &line, 1);
}

enum { FILE_HEADERS = 16 };

static void reply_run(struct http_exchange *x, const struct http_answer *answer, int take_fd,
                      uint64_t from, uint64_t len)
{
    answer_head(x, answer, LENGTH_OF_BODY, len);
    if (x->match.head || len == 0) {
        close(take_fd);
    } else if (len <= BLOCK && !loop_is_here(&x->loop->loop)) {
        if (read_now(x, take_fd, from, (size_t)len) != 0)
            x->answer.failed = true;
        close(take_fd);
    } else {
        x->file = file_answer_new(x, take_fd, from, len);
        if (!x->file)
            x->answer.failed = true;
    }
    answer_post(x);
}

void http_reply_file(struct http_exchange *x, const struct http_answer *answer, int take_fd,
                     uint64_t size)
{
    struct http_header_line lines[FILE_HEADERS + 2];
    struct http_answer mine = *answer;
    struct slice range = http_head_find(&x->head, "range");
    struct slice known = http_head_find(&x->head, "if-none-match");
    char text[80];
    uint64_t from = 0;
    uint64_t len = size;
    size_t line_count = 0;

    if (mine.status == 200 && mine.etag && known.data && answer_etag_matches(known, mine.etag)) {
        close(take_fd);
        mine.body = (struct slice){0};
        http_reply(x, &mine);
        return;
    }
    for (; line_count < answer->header_count && line_count < FILE_HEADERS; line_count++)
        lines[line_count] = answer->headers[line_count];
    lines[line_count++] = (struct http_header_line){"Accept-Ranges", "bytes"};
    if (mine.status == 200 && range.data && range_counts(x, answer)) {
        enum range_kind kind = read_range(range, size, &from, &len);
        if (kind == RANGE_OUTSIDE) {
            close(take_fd);
            reply_outside(x, size);
            return;
        }
        if (kind == RANGE_ONE) {
            snprintf(text, sizeof(text), "bytes %llu-%llu/%llu", (unsigned long long)from,
                     (unsigned long long)(from + len - 1), (unsigned long long)size);
            lines[line_count++] = (struct http_header_line){"Content-Range", text};
            mine.status = 206;
        } else {
            from = 0;
            len = size;
        }
    }
    mine.headers = lines;
    mine.header_count = line_count;
    reply_run(x, &mine, take_fd, from, len);
}
