/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library to preload: a disk that says it wrote, and wrote something else. In files whose path
 * holds LYING_DISK_NAME, one bit in the middle of each write of 4 KiB and more is changed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The bytes as they get to the disk, or NULL: as they are. */
static void *other_bytes(int fd, const void *data, size_t len)
{
    const char *name = getenv("LYING_DISK_NAME");
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = 0;
    if (len < 4096 || !name || !strstr(path, name))
        return NULL;
    unsigned char *other = aligned_alloc(4096, (len + 4095) / 4096 * 4096); /* for O_DIRECT */
    if (other) {
        memcpy(other, data, len);
        other[len / 2] ^= 1;
    }
    return other;
}

ssize_t write(int fd, const void *data, size_t len)
{
    ssize_t (*real)(int, const void *, size_t) =
        (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    void *other = other_bytes(fd, data, len);
    ssize_t written = real(fd, other ? other : data, len);
    free(other);
    return written;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    void *other = other_bytes(fd, data, len);
    ssize_t written = real(fd, other ? other : data, len, at);
    free(other);
    return written;
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    return pwrite(fd, data, len, at);
}
