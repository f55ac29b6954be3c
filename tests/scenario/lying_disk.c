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

ssize_t write(int fd, const void *data, size_t len)
{
    ssize_t (*real)(int, const void *, size_t) =
        (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    const char *name = getenv("LYING_DISK_NAME");
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = 0;
    if (len < 4096 || !name || !strstr(path, name))
        return real(fd, data, len);
    unsigned char *other = malloc(len);
    if (!other)
        return real(fd, data, len);
    memcpy(other, data, len);
    other[len / 2] ^= 1;
    ssize_t written = real(fd, other, len);
    free(other);
    return written;
}
