/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/sandbox.h"

#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>

/* What glibc (with its resolver and threads), OpenSSL and libcurl need once everything is open. */
static const char *const system_calls[] = {
    /* memory and threads */
    "mmap",
    "munmap",
    "mprotect",
    "mremap",
    "madvise",
    "brk",
    "clone",
    "clone3",
    "futex",
    "set_robust_list",
    "rseq",
    "exit",
    "exit_group",
    "gettid",
    "sched_yield",
    "sched_getaffinity",
    "membarrier",
    "restart_syscall",
    "set_tid_address",
    /* files, to read */
    "openat",
    "open",
    "read",
    "readv",
    "pread64",
    "close",
    "fstat",
    "newfstatat",
    "stat",
    "lstat",
    "statx",
    "lseek",
    "getdents64",
    "readlink",
    "readlinkat",
    "access",
    "faccessat",
    "faccessat2",
    "fcntl",
    "getcwd",
    "fstatfs",
    /* the socket is removed at the end */
    "unlink",
    "unlinkat",
    /* sockets; socket itself by its families */
    "write",
    "writev",
    "socketpair",
    "pipe2",
    "eventfd2",
    "accept4",
    "connect",
    "bind",
    "sendto",
    "recvfrom",
    "sendmsg",
    "recvmsg",
    "sendmmsg",
    "recvmmsg",
    "shutdown",
    "getsockname",
    "getpeername",
    "getsockopt",
    "setsockopt",
    "ioctl",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    /* signals, time, randomness, who we are */
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "tgkill",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "getrandom",
    "getpid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "uname",
    "sysinfo",
    "prctl",
    "getrlimit",
    "prlimit64",
    NULL,
};

static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, -1};

int sandbox_courier(const char *home, char *report, size_t size, struct err *e)
{
    char run[PATH_MAX];
    const char *const readable[] = {
        "/etc", "/usr", "/lib", "/lib64", "/run/systemd/resolve", "/dev/urandom", NULL};
    const char *const removable[] = {run, NULL};
    const struct sandbox sandbox = {
        .readable = readable,
        .removable = removable,
        .system_calls = system_calls,
        .socket_families = families,
    };

    snprintf(run, sizeof(run), "%s/run", home);
    return sandbox_enter(&sandbox, report, size, e);
}
