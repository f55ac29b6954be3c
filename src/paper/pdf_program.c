/* SPDX-License-Identifier: Apache-2.0 */
/* paper_pdf: asks tocsin-paper. */
#include "paper/paper.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIECE = 64 << 10, PDF_MOST = 256 << 20 };

extern char **environ;

/* 0, or errno. */
static int start(const char *program, pid_t *pid, int *fd)
{
    char *const argv[] = {(char *)(uintptr_t) "tocsin-paper", NULL};
    posix_spawn_file_actions_t actions;
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return errno;
    int problem = posix_spawn_file_actions_init(&actions);
    if (problem == 0) {
        problem = posix_spawn_file_actions_adddup2(&actions, fds[1], 0);
        if (problem == 0)
            problem = posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
        if (problem == 0)
            problem = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
        if (problem == 0)
            problem = posix_spawn(pid, program, &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(fds[1]);
    *fd = fds[0];
    if (problem)
        close(fds[0]);
    return problem;
}

/* It reads all before it writes. */
static int talk(int fd, struct slice question, struct buf *out)
{
    while (question.len > 0) {
        ssize_t sent = send(fd, question.data, question.len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return -1;
        question = slice_of(question.data + sent, question.len - (size_t)sent);
    }
    shutdown(fd, SHUT_WR);
    for (;;) {
        uint8_t piece[PIECE];
        ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -1 : 0;
        if (out->len > PDF_MOST)
            return -1;
        buf_put(out, piece, (size_t)got);
    }
}

int paper_pdf(const struct paper *p, struct buf *out, struct err *e)
{
    const char *program = getenv("TOCSIN_PAPER");
    struct buf question;
    size_t before = out->len;
    pid_t pid;
    int fd = -1, status = -1;
    buf_init(&question);
    paper_json(p, &question);
    if (buf_check(&question, e) != 0) {
        buf_fini(&question);
        return -1;
    }
    program = program && *program ? program : TOCSIN_PAPER;
    int problem = start(program, &pid, &fd);
    if (problem) {
        buf_fini(&question);
        err_errno(e, problem, "paper.program", "%s, which writes PDF, cannot be started", program);
        e->kind = ERR_UNAVAILABLE;
        return err_hint(e, "install tocsin-paper, or print the HTML file");
    }
    int result = talk(fd, buf_slice(&question), out);
    close(fd);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    buf_fini(&question);
    if (result != 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0 || out->len - before < 8 ||
        memcmp(out->data + before, "%PDF-", 5) != 0)
        return err_set(e, ERR_UNAVAILABLE, "paper.failed", NULL, "%s could not write the PDF",
                       program);
    return buf_check(out, e);
}
