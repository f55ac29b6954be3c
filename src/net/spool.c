/* SPDX-License-Identifier: Apache-2.0 */
/* Large bodies go to an unlinked temporary file, written by the file thread. */
#include "base/file.h"
#include "base/memory.h"
#include "net/server_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SPOOL_WAITING_MAX = 1024 * 1024 }; /* bytes that wait for the disk; then the peer waits */

struct spool {
    struct file_job job; /* first: a job is its spool */
    struct http_server *server;
    struct http_exchange *exchange; /* NULL: gone; freed when the job is back */
    int fd;
    uint64_t size;
    struct buf waiting; /* for the next job */
    struct buf writing; /* of the job on its way */
    int problem;        /* errno of the job */
    bool running;
    bool ended;
};

static int open_file(const char *folder)
{
    char path[4096];
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
        return fd;
    /* a file system without nameless files */
    snprintf(path, sizeof(path), "%s/tocsin-spool-XXXXXX", folder);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static void write_waiting(struct file_job *job)
{
    struct spool *s = (struct spool *)job;

    s->problem = 0;
    if (s->fd < 0)
        s->fd = open_file(s->server->spool_folder);
    if (s->fd < 0 || file_write_all(s->fd, s->writing.data, s->writing.len) != 0)
        s->problem = errno ? errno : EIO;
}

static void destroy(struct spool *s)
{
    atomic_fetch_sub(&s->server->spool_bytes, s->size);
    if (s->fd >= 0)
        close(s->fd);
    buf_fini(&s->waiting);
    buf_fini(&s->writing);
    server_handle_given_back(s->server);
    mem_free(s);
}

static void launch(struct spool *s)
{
    struct buf empty = s->writing;

    s->writing = s->waiting;
    s->waiting = empty;
    s->running = true;
    file_worker_add(&s->server->files, &s->job);
}

static void fail(struct spool *s)
{
    struct err e = {0};

    err_errno(&e, s->problem, "net.spool", "the request's content cannot be stored");
    e.kind = ERR_UNAVAILABLE;
    request_fail(s->exchange->connection, 503, &e);
}

static void on_written(struct file_job *job)
{
    struct spool *s = (struct spool *)job;
    struct http_exchange *x = s->exchange;

    s->running = false;
    buf_reset(&s->writing);
    if (!x) {
        destroy(s);
        return;
    }
    if (!x->connection)
        return; /* cut: the exchange goes when its owner, if any, answers */
    if (s->problem) {
        fail(s);
        return;
    }
    if (s->waiting.len) {
        launch(s);
        connection_resume(x->connection);
        return;
    }
    if (!s->ended) {
        connection_resume(x->connection);
        return;
    }
    if (s->fd >= 0 && lseek(s->fd, 0, SEEK_SET) != 0) {
        s->problem = errno;
        fail(s);
        return;
    }
    struct connection *c = x->connection;
    request_dispatch(c, x);
    connection_pump(c);
}

int spool_begin(struct http_exchange *x, struct err *e)
{
    struct spool *s = mem_new(1, sizeof(*s));

    if (!s)
        return err_memory(e);
    s->job.loop = &x->loop->loop;
    s->job.work = write_waiting;
    s->job.done = on_written;
    s->server = x->loop->server;
    s->exchange = x;
    s->fd = -1;
    server_handle_taken(s->server);
    x->spool = s;
    return 0;
}

int spool_put(struct http_exchange *x, struct slice run, struct err *e)
{
    struct spool *s = x->spool;
    size_t budget = s->server->limits.spool_budget;
    size_t before = atomic_fetch_add(&s->server->spool_bytes, run.len);

    s->size += run.len;
    if (budget && before + run.len > budget)
        return err_set(e, ERR_UNAVAILABLE, "net.spool-budget", NULL,
                       "the server stores too many large requests just now");
    buf_put_slice(&s->waiting, run);
    if (buf_check(&s->waiting, e) != 0)
        return -1;
    if (!s->running)
        launch(s);
    else if (s->waiting.len > SPOOL_WAITING_MAX)
        connection_pause(x->connection);
    return 0;
}

void spool_end(struct http_exchange *x)
{
    struct spool *s = x->spool;

    s->ended = true;
    if (!s->running)
        launch(s); /* the last look: rewinds, and makes the file of an empty body */
}

void spool_free(struct spool *s)
{
    s->exchange = NULL;
    if (!s->running)
        destroy(s);
}

int spool_file(const struct spool *s, uint64_t *size)
{
    *size = s->size;
    return s->fd;
}
