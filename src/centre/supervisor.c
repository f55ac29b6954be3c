/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/supervisor.h"
#include "base/clock.h"
#include "base/compiler.h"
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum {
    RESTART_FIRST_US = 200000,
    RESTART_LAST_US = 10000000,
    STEADY_US = 30000000, /* ran that long: the next failure is a first one again */
    STOP_US = 30000000,
};

struct child {
    const char *name;
    pid_t pid; /* 0: does not run */
    int64_t started_at;
    int64_t restart_at; /* 0: not planned */
    int64_t pause;
    unsigned restarts;
};

struct supervisor {
    const char *program;
    const char *home;
    struct child children[3]; /* in the order in which they are started */
    int ready[2];
    bool told_ready;
};

static int64_t now(void)
{
    return clock_monotonic(&clock_system);
}

static int start(struct supervisor *s, struct child *child)
{
    char ready[16];
    pid_t parent = getpid();

    snprintf(ready, sizeof(ready), "%d", s->ready[1]);
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        setpgid(0, 0); /* a signal from a terminal is the supervisor's to pass on, in order */
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* nobody outlives the supervisor */
        if (getppid() != parent)
            _exit(3);
        bool is_centre = strcmp(child->name, "centre") == 0;
        if (!is_centre)
            close(s->ready[1]);
        execl(s->program, "tocsin", child->name, "--home", s->home, is_centre ? "--ready-fd" : NULL,
              ready, NULL);
        _exit(127);
    }
    if (pid < 0) {
        log_error("supervisor.fork", LOG_S("process", child->name), LOG_S("text", strerror(errno)));
        return -1;
    }
    child->pid = pid;
    child->started_at = now();
    child->restart_at = 0;
    log_info("process.started", LOG_S("process", child->name), LOG_I("pid", pid));
    return 0;
}

static void ended(struct child *child, int status)
{
    bool steady = now() - child->started_at > STEADY_US;

    log_warning("process.ended", LOG_S("process", child->name), LOG_I("pid", child->pid),
                LOG_I("exit", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
                LOG_I("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
    child->pid = 0;
    child->pause = steady || child->pause == 0 ? RESTART_FIRST_US : child->pause * 2;
    if (child->pause > RESTART_LAST_US)
        child->pause = RESTART_LAST_US;
    child->restart_at = now() + child->pause;
    child->restarts++;
}

static void reap(struct supervisor *s)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < ARRAY_LEN(s->children); i++)
            if (s->children[i].pid == pid)
                ended(&s->children[i], status);
}

static void start_due(struct supervisor *s)
{
    for (size_t i = 0; i < ARRAY_LEN(s->children); i++) {
        struct child *child = &s->children[i];
        if (child->pid == 0 && child->restart_at <= now() && start(s, child) != 0)
            child->restart_at = now() + RESTART_LAST_US;
    }
}

static int wait_ms(const struct supervisor *s)
{
    int64_t next = now() + 1000000;

    for (size_t i = 0; i < ARRAY_LEN(s->children); i++)
        if (s->children[i].pid == 0 && s->children[i].restart_at < next)
            next = s->children[i].restart_at;
    int64_t left = (next - now()) / 1000 + 1;
    return left < 0 ? 0 : (int)left;
}

/* The centre is stopped first: what it has acknowledged, it still wants signed and sent. */
static void stop_all(struct supervisor *s)
{
    for (size_t i = ARRAY_LEN(s->children); i-- > 0;) {
        struct child *child = &s->children[i];
        int64_t until = now() + STOP_US;
        if (child->pid <= 0)
            continue;
        kill(child->pid, SIGTERM);
        while (now() < until && waitpid(child->pid, NULL, WNOHANG) == 0)
            usleep(10000);
        if (now() >= until) {
            log_error("process.killed", LOG_S("process", child->name), LOG_I("pid", child->pid));
            kill(child->pid, SIGKILL);
            waitpid(child->pid, NULL, 0);
        }
        child->pid = 0;
    }
}

static void take_ready(struct supervisor *s)
{
    char byte;

    if (read(s->ready[0], &byte, 1) != 1 || s->told_ready)
        return;
    s->told_ready = true;
    sd_notify(0, "READY=1\nSTATUS=all doors are open");
    log_info("supervisor.ready", LOG_S("home", s->home));
}

int supervisor_main(const char *program, const char *home)
{
    struct supervisor s = {
        .program = program,
        .home = home,
        .children = {{.name = "signer"}, {.name = "courier"}, {.name = "centre"}}};
    struct signalfd_siginfo info;
    sigset_t signals;

    log_setup("supervisor", LOG_LEVEL_INFO);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0 || pipe(s.ready) != 0) {
        log_error("supervisor.start", LOG_S("text", strerror(errno)));
        return 3;
    }
    for (bool stopping = false; !stopping;) {
        struct pollfd polled[] = {{.fd = fd, .events = POLLIN},
                                  {.fd = s.ready[0], .events = POLLIN}};
        start_due(&s);
        if (poll(polled, ARRAY_LEN(polled), wait_ms(&s)) < 0 && errno != EINTR)
            break;
        if (polled[1].revents & POLLIN)
            take_ready(&s);
        while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
            stopping = stopping || info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT;
        reap(&s);
    }
    sd_notify(0, "STOPPING=1");
    log_info("supervisor.stopping", LOG_S("home", home));
    stop_all(&s);
    close(fd);
    close(s.ready[0]);
    close(s.ready[1]);
    return 0;
}
