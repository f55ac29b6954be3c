/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a program, fails its k-th allocation, or its k-th call that changes a file, as the
 * page FAULT_PAGE says, a file that the test writes and reads while the program runs. Allocations
 * are all of the process, its libraries' too; calls that change a file count only for regular
 * files and folders, never for sockets, pipes and terminals.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MEMORY = 1, FILES = 2, CLOSES = 4 }; /* may stand together */
enum { ONCE, FROM_THERE_ON, KILLED };

static struct page {
    int64_t what;          /* which calls are counted; 0: none */
    int64_t at;            /* the one that fails, from 1; 0: none */
    int64_t how;           /* it alone, it and all behind it, or the process dies there; and the
                              errno of a file's failure times 256; 0: no room */
    int64_t pid;           /* of this process alone; 0: of every one that has the page */
    _Atomic(int64_t) seen; /* calls so far */
    _Atomic(int64_t) failed;
} * page;

/* A place for a debugger's breakpoint: this call is the one. */
__attribute__((noinline, used)) static void fault_here(void)
{
    atomic_fetch_add(&page->failed, 1);
}

static bool must_fail(int64_t what)
{
    if (!page || !(page->what & what) || (page->pid && page->pid != getpid()))
        return false;
    int64_t nth = atomic_fetch_add(&page->seen, 1) + 1;
    if (page->at == 0 || nth < page->at || (nth > page->at && (page->how & 255) != FROM_THERE_ON))
        return false;
    fault_here();
    return true;
}

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("FAULT_PAGE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    /* OpenSSL 3.0 crashes when memory is short in its own first start: that is not counted */
    void *(*fetch)(void *, const char *, const char *);
    *(void **)&fetch = dlsym(RTLD_DEFAULT, "EVP_MD_fetch");
    if (fetch)
        fetch(NULL, "SHA256", NULL);
    void *mapped = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped != MAP_FAILED)
        page = mapped;
    close(fd);
}

/* ---- memory: glibc's own names for what stands behind malloc ---- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static void *none(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size)
{
    return must_fail(MEMORY) ? none() : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return must_fail(MEMORY) ? none() : __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
    return must_fail(MEMORY) ? none() : __libc_realloc(block, size);
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    if (must_fail(MEMORY))
        return ENOMEM;
    *block = __libc_memalign(alignment, size);
    return *block ? 0 : ENOMEM;
}

/* ---- files ---- */

static bool is_file(int fd)
{
    struct stat s;
    int saved = errno;
    bool is = fstat(fd, &s) == 0 && (S_ISREG(s.st_mode) || S_ISDIR(s.st_mode));

    errno = saved;
    return is;
}

/* A process that is to die dies. */
static void set_why(void)
{
    if ((page->how & 255) == KILLED)
        kill(getpid(), SIGKILL);
    errno = page->how >> 8 ? (int)(page->how >> 8) : ENOSPC;
}

static bool is_full(void)
{
    if (!must_fail(FILES))
        return false;
    set_why();
    return true;
}

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

#define REAL(type, name) ((type)next(name))

/* What a full disk, or a process that dies, leaves of a write: its first half. */
static ssize_t half(int fd, const void *data, size_t len, off64_t at, bool here)
{
    if (!here)
        (void)!REAL(ssize_t(*)(int, const void *, size_t, off64_t), "pwrite64")(fd, data, len / 2,
                                                                                at);
    else
        (void)!REAL(ssize_t(*)(int, const void *, size_t), "write")(fd, data, len / 2);
    set_why();
    return -1;
}

ssize_t write(int fd, const void *data, size_t len)
{
    if (is_file(fd) && must_fail(FILES))
        return half(fd, data, len, 0, true);
    return REAL(ssize_t(*)(int, const void *, size_t), "write")(fd, data, len);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
    if (is_file(fd) && must_fail(FILES))
        return half(fd, data, len, at, false);
    return REAL(ssize_t(*)(int, const void *, size_t, off_t), "pwrite")(fd, data, len, at);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    if (is_file(fd) && must_fail(FILES))
        return half(fd, data, len, at, false);
    return REAL(ssize_t(*)(int, const void *, size_t, off64_t), "pwrite64")(fd, data, len, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (is_file(fd) && is_full())
        return -1;
    return REAL(ssize_t(*)(int, const struct iovec *, int), "writev")(fd, parts, count);
}

int fsync(int fd)
{
    return is_file(fd) && is_full() ? -1 : REAL(int (*)(int), "fsync")(fd);
}

int fdatasync(int fd)
{
    return is_file(fd) && is_full() ? -1 : REAL(int (*)(int), "fdatasync")(fd);
}

int ftruncate(int fd, off_t len)
{
    return is_file(fd) && is_full() ? -1 : REAL(int (*)(int, off_t), "ftruncate")(fd, len);
}

int ftruncate64(int fd, off64_t len)
{
    return is_file(fd) && is_full() ? -1 : REAL(int (*)(int, off64_t), "ftruncate64")(fd, len);
}

int rename(const char *from, const char *to)
{
    return is_full() ? -1 : REAL(int (*)(const char *, const char *), "rename")(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return is_full() ? -1
                     : REAL(int (*)(int, const char *, int, const char *),
                            "renameat")(from_folder, from, to_folder, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    return is_full() ? -1
                     : REAL(int (*)(int, const char *, int, const char *, unsigned),
                            "renameat2")(from_folder, from, to_folder, to, flags);
}

int link(const char *from, const char *to)
{
    return is_full() ? -1 : REAL(int (*)(const char *, const char *), "link")(from, to);
}

int mkdir(const char *path, mode_t mode)
{
    struct stat s;

    return lstat(path, &s) != 0 && is_full()
               ? -1
               : REAL(int (*)(const char *, mode_t), "mkdir")(path, mode);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
    return is_full() ? -1 : REAL(int (*)(int, const char *, mode_t), "mkdirat")(folder, path, mode);
}

int unlink(const char *path)
{
    return is_full() ? -1 : REAL(int (*)(const char *), "unlink")(path);
}

int unlinkat(int folder, const char *path, int flags)
{
    return is_full() ? -1 : REAL(int (*)(int, const char *, int), "unlinkat")(folder, path, flags);
}

int syncfs(int fd)
{
    return is_file(fd) && is_full() ? -1 : REAL(int (*)(int), "syncfs")(fd);
}

int sync_file_range(int fd, off64_t from, off64_t bytes, unsigned flags)
{
    return is_file(fd) && is_full() ? -1
                                    : REAL(int (*)(int, off64_t, off64_t, unsigned),
                                           "sync_file_range")(fd, from, bytes, flags);
}

ssize_t copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at, size_t len,
                        unsigned flags)
{
    return is_file(out) && is_full()
               ? -1
               : REAL(ssize_t(*)(int, off64_t *, int, off64_t *, size_t, unsigned),
                      "copy_file_range")(in, in_at, out, out_at, len, flags);
}

/* It is closed all the same, as close(2) says; only of a file that was open for writing. */
int close(int fd)
{
    int flags = page && (page->what & CLOSES) && is_file(fd) ? fcntl(fd, F_GETFL) : -1;
    bool fails = flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && must_fail(CLOSES);
    int result = REAL(int (*)(int), "close")(fd);

    if (!fails)
        return result;
    set_why();
    return -1;
}

static mode_t mode_of(int flags, va_list more)
{
    return flags & (O_CREAT | __O_TMPFILE) ? (mode_t)va_arg(more, int) : 0;
}

/* A new name takes room; opening what is there does not. */
static bool makes(int folder, const char *path, int flags)
{
    struct stat s;

    return (flags & O_CREAT) && fstatat(folder, path, &s, 0) != 0;
}

int open(const char *path, int flags, ...)
{
    va_list more;

    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    if (makes(AT_FDCWD, path, flags) && is_full())
        return -1;
    return REAL(int (*)(const char *, int, mode_t), "open")(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list more;

    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    if (makes(AT_FDCWD, path, flags) && is_full())
        return -1;
    return REAL(int (*)(const char *, int, mode_t), "open64")(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list more;

    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    if (makes(folder, path, flags) && is_full())
        return -1;
    return REAL(int (*)(int, const char *, int, mode_t), "openat")(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    va_list more;

    va_start(more, flags);
    mode_t mode = mode_of(flags, more);
    va_end(more);
    if (makes(folder, path, flags) && is_full())
        return -1;
    return REAL(int (*)(int, const char *, int, mode_t), "openat64")(folder, path, flags, mode);
}
