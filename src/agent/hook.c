/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/hook.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FACT_MAX = 1000 };

struct run {
    bool used;
    uint64_t n;
    pid_t pid; /* also its process group; 0: could not be started */
    int in;    /* write end of its standard input; -1: closed */
    int out;   /* read end of its output; -1: closed */
    struct buf input;
    size_t fed;
    char output[HOOK_OUTPUT_MAX];
    size_t output_length;
    int64_t deadline; /* monotonic, microseconds */
    bool killed;
    int start_errno;
};

struct hook_runner {
    char program[CONFIG_TEXT];
    int64_t timeout;
    const struct clock *clock;
    size_t at_once;
    int epoll;
    int children; /* signalfd of SIGCHLD */
    struct run runs[CONFIG_HOOKS_MAX];
};

struct hook_runner *hook_runner_new(const char *program, int64_t timeout_s, size_t at_once,
                                    const struct clock *clock, struct err *e)
{
    struct hook_runner *r = mem_new(1, sizeof(*r));
    struct epoll_event event = {.events = EPOLLIN};
    sigset_t child;

    if (!r) {
        err_memory(e);
        return NULL;
    }
    snprintf(r->program, sizeof(r->program), "%s", program);
    r->timeout = timeout_s * 1000000;
    r->clock = clock;
    r->at_once = at_once < 1 ? 1 : at_once > CONFIG_HOOKS_MAX ? (size_t)CONFIG_HOOKS_MAX : at_once;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    r->children = -1;
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (r->epoll >= 0 && sigprocmask(SIG_BLOCK, &child, NULL) == 0)
        r->children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (r->children < 0 || epoll_ctl(r->epoll, EPOLL_CTL_ADD, r->children, &event) != 0) {
        err_errno(e, errno, "agent.hooks", "cannot watch over hooks");
        hook_runner_free(r, 0);
        return NULL;
    }
    return r;
}

static void unwatch(struct hook_runner *r, int *fd)
{
    if (*fd < 0)
        return;
    /* the child may still hold its end: a closed descriptor alone does not leave the epoll set */
    epoll_ctl(r->epoll, EPOLL_CTL_DEL, *fd, NULL);
    close(*fd);
    *fd = -1;
}

static int watch(struct hook_runner *r, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events};

    return epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event);
}

bool hook_runner_full(const struct hook_runner *r)
{
    return hook_runner_running(r) >= r->at_once;
}

size_t hook_runner_running(const struct hook_runner *r)
{
    size_t running = 0;

    for (size_t i = 0; i < CONFIG_HOOKS_MAX; i++)
        running += r->runs[i].used;
    return running;
}

bool hook_runner_has(const struct hook_runner *r, uint64_t n)
{
    for (size_t i = 0; i < CONFIG_HOOKS_MAX; i++)
        if (r->runs[i].used && r->runs[i].n == n)
            return true;
    return false;
}

int hook_runner_fd(const struct hook_runner *r)
{
    return r->epoll;
}

/* ---- starting ---- */

static char *fact_text(const struct hook_fact *fact)
{
    size_t len = fact->value.len < FACT_MAX ? fact->value.len : FACT_MAX;
    size_t name = strlen(fact->name);
    char *text = mem_new(1, name + 1 + len + 1);

    if (!text)
        return NULL;
    memcpy(text, fact->name, name);
    text[name] = '=';
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = fact->value.data[i];
        text[name + 1 + i] = (char)(byte < ' ' || byte == 0x7f ? ' ' : byte);
    }
    return text;
}

/* The hook sees these and nothing else of the agent's environment. */
static int environment_new(const struct hook_fact *facts, size_t count, char **environment)
{
    static const char *const kept[] = {"PATH", "LANG", "LC_ALL", "TZ", "HOME"};
    size_t used = 0;

    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        const char *value = getenv(kept[i]);
        struct hook_fact fact = {kept[i], slice_str(value)};
        if (!value)
            continue;
        environment[used] = fact_text(&fact);
        if (!environment[used++])
            return -1;
    }
    for (size_t i = 0; i < count && used < HOOK_ENVIRONMENT_MAX; i++) {
        environment[used] = fact_text(&facts[i]);
        if (!environment[used++])
            return -1;
    }
    return 0;
}

static void environment_free(char **environment)
{
    for (size_t i = 0; i < HOOK_ENVIRONMENT_MAX; i++)
        mem_free(environment[i]);
}

/* After fork: only calls that are safe there. */
static void become_hook(const char *program, int in, int out, char **environment, pid_t parent)
{
    char *const arguments[] = {(char *)(uintptr_t)program, NULL};
    sigset_t none;

    setpgid(0, 0);
    /* A hook must not go on beside the one that the next agent starts for the same notice. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        _exit(126);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
        execve(program, arguments, environment);
    _exit(127);
}

/* 0, or an errno: pipes are CLOEXEC, and a third one tells whether the program could be started. */
static int spawn(struct hook_runner *r, struct run *run, char **environment)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    int why = 0;
    pid_t parent = getpid();

    if (access(r->program, X_OK) != 0)
        return errno;
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        why = errno;
        goto out;
    }
    run->pid = fork();
    if (run->pid < 0) {
        why = errno;
        run->pid = 0;
        goto out;
    }
    if (run->pid == 0)
        become_hook(r->program, in[0], out[1], environment, parent);
    setpgid(run->pid, run->pid);
    run->in = in[1];
    run->out = out[0];
    in[1] = out[0] = -1;
    fcntl(run->in, F_SETFL, O_NONBLOCK);
    fcntl(run->out, F_SETFL, O_NONBLOCK);
    if (watch(r, run->in, EPOLLOUT) != 0 || watch(r, run->out, EPOLLIN) != 0)
        run->deadline = 0; /* cannot be followed: killed at once, and reported as failed */
out:
    for (size_t i = 0; i < 2; i++) {
        if (in[i] >= 0)
            close(in[i]);
        if (out[i] >= 0)
            close(out[i]);
    }
    return why;
}

int hook_start(struct hook_runner *r, uint64_t n, struct slice input, const struct hook_fact *facts,
               size_t fact_count, struct err *e)
{
    char *environment[HOOK_ENVIRONMENT_MAX + 1] = {NULL};
    struct run *run = NULL;

    if (hook_runner_full(r))
        return err_set(e, ERR_CONFLICT, "agent.hooks", NULL, "%zu hooks are running already",
                       r->at_once);
    for (size_t i = 0; i < CONFIG_HOOKS_MAX && !run; i++)
        if (!r->runs[i].used)
            run = &r->runs[i];
    memset(run, 0, sizeof(*run));
    run->n = n;
    run->in = run->out = -1;
    run->deadline = clock_monotonic(r->clock) + r->timeout;
    buf_init(&run->input);
    buf_put_slice(&run->input, input);
    if (buf_check(&run->input, e) != 0 || environment_new(facts, fact_count, environment) != 0) {
        environment_free(environment);
        buf_fini(&run->input);
        return err_memory(e);
    }
    run->used = true;
    run->start_errno = spawn(r, run, environment);
    environment_free(environment);
    return 0;
}

/* ---- following ---- */

static void feed(struct hook_runner *r, struct run *run)
{
    while (run->in >= 0 && run->fed < run->input.len) {
        ssize_t done = write(run->in, run->input.data + run->fed, run->input.len - run->fed);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && errno == EAGAIN)
            return;
        if (done < 0)
            break; /* it does not want to read on: its right */
        run->fed += (size_t)done;
    }
    unwatch(r, &run->in);
}

static void collect(struct hook_runner *r, struct run *run)
{
    char more[4096];

    while (run->out >= 0) {
        ssize_t got = read(run->out, more, sizeof(more));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0)
            break;
        size_t room = sizeof(run->output) - run->output_length;
        size_t kept = (size_t)got < room ? (size_t)got : room;
        memcpy(run->output + run->output_length, more, kept);
        run->output_length += kept;
    }
    unwatch(r, &run->out);
}

static struct slice first_line(const struct run *run)
{
    struct slice line = slice_of(run->output, run->output_length);
    const uint8_t *end = line.len ? memchr(line.data, '\n', line.len) : NULL;

    if (end)
        line.len = (size_t)(end - line.data);
    while (line.len && (line.data[line.len - 1] == '\r' || line.data[line.len - 1] == ' '))
        line.len--;
    return line;
}

static void set_detail(struct hook_result *result, const char *before, struct slice line)
{
    int len = snprintf(result->detail, sizeof(result->detail), "%s%s%.*s", before,
                       before[0] && line.len ? ": " : "", (int)(line.len < 900 ? line.len : 900),
                       (const char *)line.data);

    result->detail_length = len < 0                                 ? 0
                            : (size_t)len >= sizeof(result->detail) ? sizeof(result->detail) - 1
                                                                    : (size_t)len;
}

static void judge_output(const struct run *run, struct hook_result *result)
{
    struct slice line = first_line(run), word = line;
    const uint8_t *space = line.len ? memchr(line.data, ' ', line.len) : NULL;

    if (space)
        word.len = (size_t)(space - line.data);
    result->outcome = OUTCOME_READ;
    if (report_outcome_parse(word, &result->outcome) && result->outcome <= OUTCOME_INSTALLED) {
        size_t skip = space ? word.len + 1 : word.len;
        line = slice_of(line.data + skip, line.len - skip);
    } else {
        result->outcome = OUTCOME_READ;
    }
    set_detail(result, "", line);
}

static void judge(const struct hook_runner *r, const struct run *run, int status,
                  struct hook_result *result)
{
    char before[160] = "";

    *result = (struct hook_result){.n = run->n, .outcome = OUTCOME_FAILED};
    if (run->start_errno) {
        snprintf(before, sizeof(before), "the hook cannot be started: %s",
                 strerror(run->start_errno));
    } else if (run->killed) {
        snprintf(before, sizeof(before), "the hook did not end within %lld seconds and was killed",
                 (long long)(r->timeout / 1000000));
    } else if (WIFSIGNALED(status)) {
        snprintf(before, sizeof(before), "the hook was ended by signal %d", WTERMSIG(status));
    } else if (WEXITSTATUS(status) == 0) {
        judge_output(run, result);
        return;
    } else if (WEXITSTATUS(status) == 1) {
        result->outcome = OUTCOME_REFUSED;
    } else if (WEXITSTATUS(status) == HOOK_RETRY_EXIT) {
        result->again = true;
        snprintf(before, sizeof(before), "the hook asks for another time");
    } else {
        snprintf(before, sizeof(before), "the hook ended with code %d", WEXITSTATUS(status));
    }
    set_detail(result, before, first_line(run));
}

static void finish(struct hook_runner *r, struct run *run, int status, struct hook_result *result)
{
    collect(r, run); /* what it wrote last; children that it left behind may still hold the pipe */
    unwatch(r, &run->in);
    unwatch(r, &run->out);
    judge(r, run, status, result);
    buf_fini(&run->input);
    run->used = false;
}

static bool step_run(struct hook_runner *r, struct run *run, int64_t now,
                     struct hook_result *result)
{
    int status = 0;

    if (run->pid == 0) {
        finish(r, run, 0, result);
        return true;
    }
    feed(r, run);
    collect(r, run);
    if (now >= run->deadline && !run->killed) {
        run->killed = true;
        kill(-run->pid, SIGKILL);
        kill(run->pid, SIGKILL);
    }
    if (waitpid(run->pid, &status, WNOHANG) != run->pid)
        return false;
    finish(r, run, status, result);
    return true;
}

int hook_step(struct hook_runner *r, struct hook_result *result)
{
    int64_t now = clock_monotonic(r->clock);
    struct signalfd_siginfo told;

    while (read(r->children, &told, sizeof(told)) > 0) {
        /* only the wake-up counts: signals of one kind are merged */
    }
    for (size_t i = 0; i < CONFIG_HOOKS_MAX; i++)
        if (r->runs[i].used && step_run(r, &r->runs[i], now, result))
            return 1;
    return 0;
}

int hook_runner_wait_ms(const struct hook_runner *r)
{
    int64_t now = clock_monotonic(r->clock);
    int64_t least = INT64_MAX;

    for (size_t i = 0; i < CONFIG_HOOKS_MAX; i++) {
        const struct run *run = &r->runs[i];
        if (!run->used)
            continue;
        if (run->pid == 0)
            return 0;
        if (run->killed) /* its end is a wake-up of its own */
            continue;
        if (run->deadline < least)
            least = run->deadline;
    }
    if (least == INT64_MAX)
        return hook_runner_running(r) ? 1000 : -1;
    if (least <= now)
        return 0;
    return least - now > 3600 * INT64_C(1000000) ? 3600 * 1000 : (int)((least - now) / 1000 + 1);
}

static void signal_all(struct hook_runner *r, int number)
{
    for (size_t i = 0; i < CONFIG_HOOKS_MAX; i++)
        if (r->runs[i].used && r->runs[i].pid > 0)
            kill(-r->runs[i].pid, number);
}

void hook_runner_free(struct hook_runner *r, unsigned grace_ms)
{
    if (!r)
        return;
    int64_t end = clock_monotonic(r->clock) + (int64_t)grace_ms * 1000;
    bool killed = false;

    signal_all(r, SIGTERM);
    while (hook_runner_running(r) > 0) {
        struct hook_result dropped;
        struct pollfd waiting = {.fd = r->epoll, .events = POLLIN};
        if (hook_step(r, &dropped) == 1)
            continue;
        if (!killed && clock_monotonic(r->clock) >= end) {
            signal_all(r, SIGKILL);
            killed = true;
        }
        poll(&waiting, 1, 20);
    }
    if (r->children >= 0)
        close(r->children);
    if (r->epoll >= 0)
        close(r->epoll);
    mem_free(r);
}
