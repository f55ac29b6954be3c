/* SPDX-License-Identifier: Apache-2.0 */
#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

extern char **environ;

int program_start(const char *path, const char *name, pid_t *pid, int *fd)
{
    char *const argv[] = {(char *)(uintptr_t)name, NULL};
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
            problem = posix_spawn(pid, path, &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    close(fds[1]);
    if (problem)
        close(fds[0]);
    else
        *fd = fds[0];
    return problem;
}

bool program_send(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes = slice_of(bytes.data + sent, bytes.len - (size_t)sent);
    }
    return true;
}
