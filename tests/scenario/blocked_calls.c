/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library to preload: a write blocker before every block device of this process. BLOCKED_CALLS:
 * "refuse": what writes fails with an input/output error; "drop": it is said to be done, and is
 * not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* 0: not ours; 1: said to be done; -1: refused. */
static int answers(int fd)
{
    struct stat st;
    const char *how = getenv("BLOCKED_CALLS");
    if (!how || fstat(fd, &st) != 0 || !S_ISBLK(st.st_mode))
        return 0;
    if (strcmp(how, "drop") == 0)
        return 1;
    errno = EIO;
    return -1;
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) =
        (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    int answer = answers(fd);
    return answer == 0 ? real(fd, data, len, at) : answer < 0 ? -1 : (ssize_t)len;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
    return pwrite64(fd, data, len, at);
}

int ioctl(int fd, unsigned long request, ...)
{
    int (*real)(int, unsigned long, ...) =
        (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    int answer = request == BLKDISCARD || request == BLKZEROOUT || request == BLKSECDISCARD
                     ? answers(fd)
                     : 0;
    return answer == 0 ? real(fd, request, argument) : answer < 0 ? -1 : 0;
}
