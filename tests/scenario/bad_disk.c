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
#include <stdlib.h>
#include <string.h>
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

/* Whether it is bad now: some heal after having been asked for often enough. */
static bool is_bad(uint64_t sector)
{
    uint64_t heals = number("BAD_DISK_HEALS", LONG_MAX);
    bool in = false;
    for (const char *text = getenv("BAD_DISK_RANGES"); text && *text;) {
        char *end;
        uint64_t from = strtoull(text, &end, 0);
        uint64_t to = *end == '-' ? strtoull(end + 1, &end, 0) : from + SECTOR;
        in = in || (sector * SECTOR + SECTOR > from && sector * SECTOR < to);
        text = *end == ',' ? end + 1 : NULL;
    }
    if (!in)
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

static ssize_t read_file(const char *name, int fd, void *data, size_t len, off64_t at)
{
    ssize_t (*real)(int, void *, size_t, off64_t) =
        (ssize_t(*)(int, void *, size_t, off64_t))dlsym(RTLD_NEXT, name);
    if (fd < 0 || fd >= DESCRIPTORS || !bad_descriptor[fd])
        return real(fd, data, len, at);
    uint64_t end = number("BAD_DISK_END", UINT64_MAX), most = number("BAD_DISK_SHORT", UINT64_MAX);
    uint64_t wait = number("BAD_DISK_WAIT", 0);
    if (wait)
        usleep((useconds_t)wait);
    if ((uint64_t)at >= end)
        return 0;
    if (len > end - (uint64_t)at)
        len = end - (uint64_t)at;
    if (len > most)
        len = most;
    for (uint64_t sector = (uint64_t)at / SECTOR; sector * SECTOR < (uint64_t)at + len; sector++)
        if (is_bad(sector)) {
            if (sector * SECTOR <= (uint64_t)at) {
                errno = EIO;
                return -1;
            }
            len = sector * SECTOR - (uint64_t)at;
        }
    return real(fd, data, len, at);
}

ssize_t pread(int fd, void *data, size_t len, off_t at)
{
    return read_file("pread", fd, data, len, at);
}

ssize_t pread64(int fd, void *data, size_t len, off64_t at)
{
    return read_file("pread64", fd, data, len, at);
}
