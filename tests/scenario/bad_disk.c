/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library to preload: one file behaves like a failing disk. What is read is judged as a disk
 * judges it, by whole sectors: a read that meets a bad one gives the bytes before it, or EIO.
 *
 * BAD_DISK_FILE    the file's path, as it is opened
 * BAD_DISK_RANGES  "from-end,from-end": bytes that cannot be read
 * BAD_DISK_HEALS   how many reads of a bad sector by itself fail before one works (default: all)
 * BAD_DISK_END     the file ends here for whoever reads, though its size says otherwise
 * BAD_DISK_SHORT   at most so many bytes a call
 * BAD_DISK_WAIT    microseconds that each call takes
 * BAD_DISK_STALLS  "from-end,from-end": a call that begins there takes BAD_DISK_STALL microseconds
 * BAD_DISK_EINTR   every so many calls one is interrupted by a signal, and gives nothing
 * BAD_DISK_LOG     every call is written there, before it returns: process, offset, bytes asked
 * for, bytes given or -1, errno, microseconds that it took
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DESCRIPTORS = 4096, SECTOR = 512, SEEN = 65536 };

static bool bad_descriptor[DESCRIPTORS];
static struct {
    uint64_t sector;
    long count;
} seen[SEEN];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int open_file(const char *name, int dirfd, const char *path, int flags, mode_t mode)
{
    int (*real)(int, const char *, int, ...) =
        (int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, name);
    const char *wanted = getenv("BAD_DISK_FILE");
    int fd = real(dirfd, path, flags, mode);
    if (fd >= 0 && fd < DESCRIPTORS)
        bad_descriptor[fd] = wanted && strcmp(path, wanted) == 0;
    return fd;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_file("openat", AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_file("openat64", AT_FDCWD, path, flags, mode);
}

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

/* Whether bytes from from to to touch one of the ranges that are told. */
static bool touches(const char *name, uint64_t from, uint64_t to)
{
    bool in = false;
    for (const char *text = getenv(name); text && *text;) {
        char *end;
        uint64_t first = strtoull(text, &end, 0);
        uint64_t behind = *end == '-' ? strtoull(end + 1, &end, 0) : first + SECTOR;
        in = in || (to > first && from < behind);
        text = *end == ',' ? end + 1 : NULL;
    }
    return in;
}

/* Whether it is bad now: some heal after having been asked for often enough. */
static bool is_bad(uint64_t sector)
{
    uint64_t heals = number("BAD_DISK_HEALS", LONG_MAX);
    if (!touches("BAD_DISK_RANGES", sector * SECTOR, sector * SECTOR + SECTOR))
        return false;
    pthread_mutex_lock(&lock);
    size_t i = sector % SEEN;
    while (seen[i].count && seen[i].sector != sector)
        i = (i + 1) % SEEN;
    seen[i].sector = sector;
    bool bad = (uint64_t)seen[i].count++ < heals;
    pthread_mutex_unlock(&lock);
    return bad;
}

typedef ssize_t reader(int, void *, size_t, off64_t);

static ssize_t fail(int why)
{
    errno = why;
    return -1;
}

static ssize_t judge(reader *real, int fd, void *data, size_t len, off64_t at)
{
    static uint64_t calls;
    uint64_t end = number("BAD_DISK_END", UINT64_MAX), most = number("BAD_DISK_SHORT", UINT64_MAX);
    uint64_t wait = number("BAD_DISK_WAIT", 0), every = number("BAD_DISK_EINTR", 0);
    if (touches("BAD_DISK_STALLS", (uint64_t)at, (uint64_t)at + 1))
        wait = number("BAD_DISK_STALL", 0);
    if (wait)
        usleep((useconds_t)wait);
    if (every && __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) % every == 0)
        return fail(EINTR);
    if ((uint64_t)at >= end)
        return 0;
    if (len > end - (uint64_t)at)
        len = end - (uint64_t)at;
    if (len > most)
        len = most;
    for (uint64_t sector = (uint64_t)at / SECTOR; sector * SECTOR < (uint64_t)at + len; sector++)
        if (is_bad(sector)) {
            if (sector * SECTOR <= (uint64_t)at)
                return fail(EIO);
            len = sector * SECTOR - (uint64_t)at;
        }
    return real(fd, data, len, at);
}

static uint64_t microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void note(off64_t at, size_t len, ssize_t got, int why, uint64_t took)
{
    static int file = -1;
    char line[160];
    const char *path = getenv("BAD_DISK_LOG");
    if (!path)
        return;
    if (file < 0)
        file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int n = snprintf(line, sizeof line, "%ld %lld %zu %zd %d %llu\n", (long)getpid(), (long long)at,
                     len, got, why, (unsigned long long)took);
    if (write(file, line, (size_t)n) != n)
        abort(); /* a truth with a hole would be none */
}

static ssize_t read_file(const char *name, int fd, void *data, size_t len, off64_t at)
{
    reader *real = (reader *)dlsym(RTLD_NEXT, name);
    if (fd < 0 || fd >= DESCRIPTORS || !bad_descriptor[fd])
        return real(fd, data, len, at);
    uint64_t began = microseconds();
    errno = 0;
    ssize_t got = judge(real, fd, data, len, at);
    int why = got < 0 ? errno : 0;
    note(at, len, got, why, microseconds() - began);
    errno = why;
    return got;
}

ssize_t pread(int fd, void *data, size_t len, off_t at)
{
    return read_file("pread", fd, data, len, at);
}

ssize_t pread64(int fd, void *data, size_t len, off64_t at)
{
    return read_file("pread64", fd, data, len, at);
}
