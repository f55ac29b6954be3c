/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/live/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEADLINE = 20, LOOK_MILLISECONDS = 100, END_MILLISECONDS = 2000, NO_SPACE = 3, FAILED = 4 };

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* In the child. */
static void work(const struct live_collector *c, struct live_room *room)
{
    struct err e = {0};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN); /* the parent stops it */
    signal(SIGTERM, SIG_DFL);
    int result = c->run(room, &e);
    room->shared->finished = true;
    if (result != 0) {
        room->shared->failed = true;
        err_line(&e, room->shared->why, sizeof room->shared->why);
    }
    _exit(result == 0 ? 0 : strcmp(e.code, "evidence.no-space") == 0 ? NO_SPACE : FAILED);
}

enum watched { ENDED, HUNG, STOPPED, LOST };

/* Until the child has ended, shows no sign of life any more, or is to be stopped. */
static enum watched watch(const struct evidence_live_options *o, const struct live_collector *c,
                          struct live_shared *shared, pid_t child, int pipe_end, int *status)
{
    unsigned long long beats = atomic_load(&shared->beats);
    int64_t since = now(),
            most = 1000 * (int64_t)(o->deadline_seconds ? o->deadline_seconds : DEADLINE);
    enum watched how = ENDED;
    for (;;) {
        struct pollfd wait = {.fd = pipe_end, .events = POLLIN};
        int got = poll(&wait, 1, LOOK_MILLISECONDS);
        if (got > 0) /* the child's end is closed: it ends */
            break;
        char at[sizeof shared->at];
        memcpy(at, shared->at, sizeof at - 1);
        at[sizeof at - 1] = 0;
        if (o->watch && !o->watch(o->watch_context, c->name, at)) {
            how = STOPPED;
            break;
        }
        if (atomic_load(&shared->beats) != beats) {
            beats = atomic_load(&shared->beats);
            since = now();
        } else if (now() - since > most) {
            how = HUNG;
            break;
        }
    }
    if (how != ENDED)
        kill(child, SIGKILL);
    for (int64_t from = now(); now() - from < END_MILLISECONDS;) {
        if (waitpid(child, status, how == ENDED ? 0 : WNOHANG) == child)
            return how;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return LOST; /* it sits in the kernel, and nothing ends it */
}

static int start(const struct live_collector *c, struct live_room *room, pid_t *child, int *end,
                 struct err *e)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_errno(e, errno, "evidence.process", "no pipe could be made");
    fflush(NULL);
    *child = fork();
    if (*child < 0) {
        close(ends[0]);
        close(ends[1]);
        return err_errno(e, errno, "evidence.process", "no process could be started");
    }
    if (*child == 0) {
        close(ends[0]);
        work(c, room);
    }
    close(ends[1]);
    *end = ends[0];
    return 0;
}

static void take_warnings(const struct live_shared *shared, struct evidence_live_done *done)
{
    for (unsigned i = 0; i < shared->warning_count && i < EVIDENCE_LIVE_WARNINGS; i++)
        if (done->warning_count < EVIDENCE_LIVE_WARNINGS)
            memcpy(done->warnings[done->warning_count++], shared->warnings[i],
                   sizeof shared->warnings[i]);
}

static void give_up(struct live_outcome *out, const struct live_shared *shared, bool lost)
{
    if (out->given_up_count == LIVE_GIVEN_UP_MOST)
        return;
    struct live_given_up *g = &out->given_up[out->given_up_count++];
    g->item = atomic_load(&shared->item);
    memcpy(g->at, shared->at, sizeof g->at);
    g->at[sizeof g->at - 1] = 0;
    g->ends = lost;
}

static void judge(struct live_outcome *out, const struct live_shared *shared, int status)
{
    if (shared->failed || !shared->finished) {
        out->state = EVIDENCE_LIVE_FAILED;
        if (shared->why[0])
            memcpy(out->why, shared->why, sizeof out->why);
        else if (WIFSIGNALED(status))
            snprintf(out->why, sizeof out->why, "it was ended by signal %d", WTERMSIG(status));
    } else if (shared->nothing) {
        out->state = EVIDENCE_LIVE_REFUSED;
        memcpy(out->why, shared->why, sizeof out->why);
    } else if (out->given_up_count > 0) {
        out->state = EVIDENCE_LIVE_PARTLY;
        snprintf(out->why, sizeof out->why, "%zu given up, the first: %s", out->given_up_count,
                 out->given_up[0].at);
    } else if (out->refused > 0) {
        out->state = EVIDENCE_LIVE_PARTLY;
        snprintf(out->why, sizeof out->why, "%llu could not be read; the first: %s",
                 (unsigned long long)out->refused, shared->refused_first);
    }
}

/* Runs it, and again behind what hung, as long as that makes sense. */
static int run(const struct evidence_live_options *o, struct live_room *room,
               struct live_outcome *out, struct err *e)
{
    struct live_shared *shared = room->shared;
    for (;;) {
        pid_t child = -1;
        int end = -1, status = 0;
        shared->finished = shared->failed = false;
        if (start(out->collector, room, &child, &end, e) != 0)
            return -1;
        enum watched how = watch(o, out->collector, shared, child, end, &status);
        close(end);
        if (how == STOPPED) {
            out->stopped = true;
            return 0;
        }
        if (how == ENDED) {
            if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SPACE)
                return err_set(e, ERR_UNAVAILABLE, "evidence.no-space", NULL,
                               "there is no space left in %s", o->folder);
            out->refused = atomic_load(&shared->refused);
            judge(out, shared, status);
            return 0;
        }
        give_up(out, shared, how == LOST);
        if (out->collector->by_items && out->given_up_count < LIVE_GIVEN_UP_MOST) {
            room->from = atomic_load(&shared->item) + 1;
            continue;
        }
        out->state = EVIDENCE_LIVE_GIVEN_UP;
        snprintf(out->why, sizeof out->why, "no sign of life at %s", shared->at);
        return 0;
    }
}

int live_run(const struct evidence_live_options *o, const struct live_collector *c, size_t number,
             struct live_outcome *out, struct evidence_live_done *done, struct err *e)
{
    struct live_shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *out = (struct live_outcome){.collector = c};
    snprintf(out->base, sizeof out->base, "data/live/%02zu-%s", number, c->name);
    if (shared == MAP_FAILED)
        return err_memory(e);
    struct live_room room = {
        .options = o, .root = o->root ? o->root : "", .base = out->base, .shared = shared};
    evidence_moment_now(&out->started);
    int result = run(o, &room, out, e);
    evidence_moment_now(&out->ended);
    out->items = atomic_load(&shared->items);
    out->refused = atomic_load(&shared->refused);
    out->touched = atomic_load(&shared->touched);
    out->files_read = atomic_load(&shared->files_read);
    out->bytes_read = atomic_load(&shared->bytes_read);
    out->bytes_written = atomic_load(&shared->bytes_written);
    out->sockets = atomic_load(&shared->sockets);
    take_warnings(shared, done);
    if (out->given_up_count == 0 || !out->given_up[out->given_up_count - 1].ends)
        munmap(shared, sizeof *shared); /* else one that could not be ended may still write to it */
    return result;
}
