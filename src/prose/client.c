/* SPDX-License-Identifier: Apache-2.0 */
#include "prose/client.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/program.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Bytes of remembered answers, with what it costs to find one; and processes that may end before
 * it is given up. */
enum { REMEMBERED_MOST = 16 << 20, FINDING = 100, DEATHS_MOST = 20 };

struct process {
    pid_t pid; /* 0: not running */
    int fd;
    bool busy;
};

struct prose {
    const char *program;
    int timeout_ms;
    unsigned process_count;
    struct process processes[PROSE_PROCESSES];
    unsigned deaths;
    char broken[PROSE_ANSWER_MOST + 1]; /* why nothing can be asked; "": something can */
    pthread_mutex_t lock;
    pthread_cond_t freed;
    struct map answers; /* operation, language, NUL, text → verdict, text, NUL */
    struct arena arena; /* of keys and answers */
    size_t remembered;
};

struct prose *prose_new(const struct prose_options *options, struct err *e)
{
    struct prose *p = mem_new(1, sizeof *p);
    const char *program = options->program ? options->program : getenv("TOCSIN_PROSE");

    if (!p) {
        err_memory(e);
        return NULL;
    }
    p->program = program && *program ? program : TOCSIN_PROSE;
    p->timeout_ms = options->timeout_ms ? (int)options->timeout_ms : 10000;
    p->process_count = options->processes ? options->processes : 1;
    if (p->process_count > PROSE_PROCESSES)
        p->process_count = PROSE_PROCESSES;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->freed, NULL);
    map_init(&p->answers);
    arena_init(&p->arena, 0);
    return p;
}

static void end_process(struct process *process)
{
    if (process->pid == 0)
        return;
    close(process->fd);
    kill(process->pid, SIGKILL); /* it keeps nothing */
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    process->pid = 0;
}

void prose_free(struct prose *p)
{
    if (!p)
        return;
    for (unsigned i = 0; i < p->process_count; i++)
        end_process(&p->processes[i]);
    map_fini(&p->answers);
    arena_fini(&p->arena);
    pthread_cond_destroy(&p->freed);
    pthread_mutex_destroy(&p->lock);
    mem_free(p);
}

/* 0, or errno. */
static int start_process(const struct prose *p, struct process *process)
{
    int problem = program_start(p->program, "tocsin-prose", &process->pid, &process->fd);
    if (problem)
        process->pid = 0;
    return problem;
}

/* Some bytes more; false: none within the time, or never again. */
static bool receive(int fd, int64_t deadline, char *out, size_t room, size_t *len)
{
    for (;;) {
        int64_t left = (deadline - clock_monotonic(&clock_system)) / 1000;
        if (left <= 0)
            return false;
        int ready = poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, (int)left + 1);
        if (ready < 0 && errno != EINTR)
            return false;
        if (ready <= 0)
            continue;
        ssize_t got = recv(fd, out + *len, room - *len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        *len += (size_t)got;
        return true;
    }
}

static bool is_verdict(char c)
{
    return c == PROSE_RIGHT || c == PROSE_WRONG || c == PROSE_UNDECIDED || c == PROSE_UNSUPPORTED ||
           c == PROSE_NO_CHECKER;
}

/* "x 8\nsecurity". */
static bool read_answer(int fd, int64_t deadline, struct prose_answer *answer)
{
    char text[PROSE_ANSWER_MOST + 16];
    size_t len = 0, size = 0;

    for (;;) {
        const char *end = memchr(text, '\n', len);
        if (end) {
            size_t head = (size_t)(end - text) + 1;
            if (head < 4 || head > 6 || !is_verdict(text[0]) || text[1] != ' ')
                return false;
            size = 0;
            for (size_t i = 2; i < head - 1; i++) {
                if (text[i] < '0' || text[i] > '9')
                    return false;
                size = size * 10 + (size_t)(text[i] - '0');
            }
            if (size > PROSE_ANSWER_MOST || len > head + size)
                return false;
            if (len == head + size) {
                answer->verdict = (enum prose_verdict)text[0];
                memcpy(answer->text, text + head, size);
                answer->text[size] = '\0';
                return true;
            }
        } else if (len > 6) {
            return false;
        }
        if (!receive(fd, deadline, text, sizeof text, &len))
            return false;
    }
}

static bool converse(const struct prose *p, struct process *process, enum prose_operation operation,
                     struct slice language, struct slice text, struct prose_answer *answer)
{
    char head[PROSE_LANGUAGE_MOST + 40];
    int64_t deadline = clock_monotonic(&clock_system) + (int64_t)p->timeout_ms * 1000;
    int len =
        snprintf(head, sizeof head, "%c %.*s %zu\n", (int)operation, SLICE_ARG(language), text.len);

    /* the socket's buffer takes a question whole: sending does not wait */
    return program_send(process->fd, slice_of(head, (size_t)len)) &&
           program_send(process->fd, text) && read_answer(process->fd, deadline, answer);
}

/* A free process, running or not; waits for one. The lock is held. */
static struct process *take_process(struct prose *p)
{
    for (;;) {
        struct process *idle = NULL;
        for (unsigned i = 0; i < p->process_count; i++)
            if (!p->processes[i].busy && (!idle || (p->processes[i].pid && !idle->pid)))
                idle = &p->processes[i];
        if (idle) {
            idle->busy = true;
            return idle;
        }
        pthread_cond_wait(&p->freed, &p->lock);
    }
}

static void say_broken(const struct prose *p, struct prose_answer *answer)
{
    answer->verdict = PROSE_NO_CHECKER;
    snprintf(answer->text, sizeof answer->text, "%s", p->broken);
}

/* The lock is held, and given up while the process thinks. */
static void ask_process(struct prose *p, enum prose_operation operation, struct slice language,
                        struct slice text, struct prose_answer *answer)
{
    struct process *process = take_process(p);

    if (p->broken[0]) {
        say_broken(p, answer);
    } else {
        pthread_mutex_unlock(&p->lock);
        int problem = process->pid ? 0 : start_process(p, process);
        bool answered = problem == 0 && converse(p, process, operation, language, text, answer);
        if (!answered)
            end_process(process);
        pthread_mutex_lock(&p->lock);
        if (problem) {
            snprintf(p->broken, sizeof p->broken, "tocsin-prose %s%s",
                     problem == ENOENT ? "is not installed" : "cannot be started: ",
                     problem == ENOENT ? "" : strerror(problem));
            say_broken(p, answer);
        } else if (!answered) {
            *answer = (struct prose_answer){.verdict = PROSE_UNDECIDED};
            if (++p->deaths >= DEATHS_MOST)
                snprintf(p->broken, sizeof p->broken, "tocsin-prose failed again and again");
        }
    }
    process->busy = false;
    pthread_cond_signal(&p->freed);
}

static void remember(struct prose *p, struct slice key, const struct prose_answer *answer)
{
    size_t len = strlen(answer->text);

    if (p->remembered > REMEMBERED_MOST)
        return;
    const char *kept = arena_copy(&p->arena, key.data, key.len);
    char *copy = arena_alloc(&p->arena, len + 2);
    /* without memory it is asked again, that is all */
    if (kept && copy) {
        copy[0] = (char)answer->verdict;
        memcpy(copy + 1, answer->text, len + 1);
        p->remembered += key.len + len + FINDING;
        if (map_set(&p->answers, slice_of(kept, key.len), copy) < 0)
            p->remembered = REMEMBERED_MOST + 1;
    }
}

/* A language that is not one word of a few characters is none that anybody knows. */
static bool may_be_asked(struct slice language, struct slice text)
{
    for (size_t i = 0; i < language.len; i++)
        if (language.data[i] <= ' ' || language.data[i] >= 0x7f)
            return false;
    return language.len > 0 && language.len <= PROSE_LANGUAGE_MOST && text.len <= PROSE_TEXT_MOST;
}

int prose_ask(struct prose *p, enum prose_operation operation, struct slice language,
              struct slice text, struct prose_answer *answer, struct err *e)
{
    struct buf key;

    *answer = (struct prose_answer){.verdict = PROSE_UNDECIDED};
    if (!may_be_asked(language, text)) {
        if (operation == PROSE_SPELLS || operation == PROSE_PARSES)
            answer->verdict = PROSE_UNSUPPORTED;
        return 0;
    }
    buf_init(&key);
    buf_putc(&key, (int)operation);
    buf_put_slice(&key, language);
    buf_putc(&key, 0);
    buf_put_slice(&key, text);
    if (buf_check(&key, e) < 0) {
        buf_fini(&key);
        return -1;
    }
    pthread_mutex_lock(&p->lock);
    const char *known = map_get(&p->answers, buf_slice(&key));
    if (known) {
        answer->verdict = (enum prose_verdict)known[0];
        snprintf(answer->text, sizeof answer->text, "%s", known + 1);
    } else {
        ask_process(p, operation, language, text, answer);
        if (answer->verdict != PROSE_NO_CHECKER)
            remember(p, buf_slice(&key), answer);
    }
    pthread_mutex_unlock(&p->lock);
    buf_fini(&key);
    return 0;
}
