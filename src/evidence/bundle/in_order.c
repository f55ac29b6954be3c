/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/in_order.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAGE = 4096,
    LARGE = 2 << 20,
    WINDOW = 8 << 20,
    SAMPLES = 128,
    STAGE = 4 << 20,
    WRITE_BACK = 32 << 20
};

/* Whether most of a file is in the cache, by some of its pages; none of them is touched. */
static bool is_cached(int fd, uint64_t bytes)
{
    size_t pages = (size_t)(bytes / PAGE), found = 0;
    uint8_t *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return true;
    for (size_t i = 0; i < SAMPLES; i++) {
        unsigned char there = 0;
        if (mincore(map + pages / SAMPLES * i * PAGE, PAGE, &there) == 0)
            found += there & 1;
    }
    munmap(map, bytes);
    return found > SAMPLES / 2;
}

static bool set_direct(int fd, bool direct)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

void evidence_in_order_reader_init(struct evidence_in_order_reader *r, int fd)
{
    struct stat st;
    *r = (struct evidence_in_order_reader){.fd = fd};
    r->direct = fstat(fd, &st) == 0 && st.st_size >= LARGE &&
                !is_cached(fd, (uint64_t)st.st_size) && set_direct(fd, true);
}

void evidence_in_order_reader_fini(struct evidence_in_order_reader *r)
{
    mem_free(r->window);
    *r = (struct evidence_in_order_reader){.fd = -1};
}

/* Until len or the file's end; -1 with errno. */
static ssize_t read_most(int fd, uint8_t *out, size_t len, uint64_t at)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, out + done, len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

int evidence_read_exactly(int fd, uint8_t *out, size_t len, uint64_t at)
{
    ssize_t n = read_most(fd, out, len, at);
    if (n >= 0)
        errno = 0;
    return n == (ssize_t)len ? 0 : -1;
}

/* The window that holds the byte at `at`. 1; 0: the file ends before; -1 with errno. */
static int look(struct evidence_in_order_reader *r, uint64_t at)
{
    if (at >= r->from && at - r->from < r->len)
        return 1;
    if (!r->window && !(r->window = mem_new_pages(WINDOW))) {
        errno = ENOMEM;
        return -1;
    }
    r->from = at / PAGE * PAGE;
    r->len = 0;
    ssize_t n = read_most(r->fd, r->window, WINDOW, r->from);
    if (n < 0)
        return -1;
    r->len = (size_t)n;
    return at - r->from < r->len;
}

/* Many pieces of one request: for each by itself the thread would wait for a processor anew. */
static int read_window(struct evidence_in_order_reader *r, uint8_t *out, size_t len, uint64_t at)
{
    while (len > 0) {
        int there = look(r, at);
        if (there <= 0) {
            errno = there < 0 ? errno : 0;
            return -1;
        }
        size_t from = (size_t)(at - r->from);
        size_t part = r->len - from < len ? r->len - from : len;
        memcpy(out, r->window + from, part);
        out += part;
        at += part;
        len -= part;
    }
    return 0;
}

/* A file system that says O_DIRECT and does not mean it, or wants more than whole pages. */
static bool read_otherwise(struct evidence_in_order_reader *r)
{
    if (!r->direct || (errno != EINVAL && errno != ENOMEM) || !set_direct(r->fd, false))
        return false;
    r->direct = false;
    return true;
}

int evidence_in_order_read(struct evidence_in_order_reader *r, uint8_t *out, size_t len,
                           uint64_t at)
{
    int result =
        r->direct ? read_window(r, out, len, at) : evidence_read_exactly(r->fd, out, len, at);
    return result != 0 && read_otherwise(r) ? evidence_read_exactly(r->fd, out, len, at) : result;
}

ssize_t evidence_in_order_read_most(struct evidence_in_order_reader *r, uint8_t *out, size_t room,
                                    uint64_t at)
{
    ssize_t n = read_most(r->fd, out, room, at);
    return n < 0 && read_otherwise(r) ? read_most(r->fd, out, room, at) : n;
}

int evidence_write_exactly(int fd, struct slice bytes, uint64_t at)
{
    while (bytes.len > 0) {
        ssize_t n = pwrite(fd, bytes.data, bytes.len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        bytes = slice_of(bytes.data + n, bytes.len - (size_t)n);
        at += (uint64_t)n;
    }
    return 0;
}

void evidence_in_order_writer_init(struct evidence_in_order_writer *w, int fd, uint64_t at)
{
    *w = (struct evidence_in_order_writer){.fd = fd, .at = at, .handed = at, .direct = true};
}

void evidence_in_order_writer_fini(struct evidence_in_order_writer *w)
{
    mem_free(w->stage);
    *w = (struct evidence_in_order_writer){.fd = -1};
}

/* The disk begins to write what it has got, and the host's cache forgets what is written. */
static void hand_over(struct evidence_in_order_writer *w)
{
    if (w->at - w->handed < WRITE_BACK)
        return;
    (void)sync_file_range(w->fd, (off_t)w->handed, (off_t)(w->at - w->handed),
                          SYNC_FILE_RANGE_WRITE);
    if (w->handed >= WRITE_BACK)
        posix_fadvise(w->fd, 0, (off_t)(w->handed - WRITE_BACK), POSIX_FADV_DONTNEED);
    w->handed = w->at;
}

static int put_cached(struct evidence_in_order_writer *w, struct slice bytes)
{
    if (evidence_write_exactly(w->fd, bytes, w->at) != 0)
        return -1;
    w->at += bytes.len;
    hand_over(w);
    return 0;
}

/* Without O_DIRECT from now on. */
static int give_up_direct(struct evidence_in_order_writer *w)
{
    size_t staged = w->staged;
    if (!set_direct(w->fd, false))
        return -1;
    w->direct = false;
    w->staged = 0;
    w->handed = w->at;
    return put_cached(w, slice_of(w->stage, staged));
}

int evidence_in_order_flush(struct evidence_in_order_writer *w)
{
    size_t whole = w->staged / PAGE * PAGE;
    if (evidence_write_exactly(w->fd, slice_of(w->stage, whole), w->at) != 0)
        /* a file system that says O_DIRECT and does not mean it, or wants more than whole pages */
        return errno == EINVAL ? give_up_direct(w) : -1;
    w->at += whole;
    w->staged -= whole;
    memmove(w->stage, w->stage + whole, w->staged);
    return 0;
}

/* The stage begins at a whole page: what is in the file before w->at is read back. */
static int begin_stage(struct evidence_in_order_writer *w)
{
    size_t before = (size_t)(w->at % PAGE);
    if (!w->stage && !(w->stage = mem_new_pages(STAGE))) {
        errno = ENOMEM;
        return -1;
    }
    if (!set_direct(w->fd, true))
        return give_up_direct(w);
    if (before == 0)
        return 0;
    ssize_t n = read_most(w->fd, w->stage, PAGE, w->at - before);
    if (n < 0 && errno == EINVAL)
        return give_up_direct(w);
    if (n < 0)
        return -1;
    if ((size_t)n < before) /* a hole that nothing stands behind yet */
        memset(w->stage + n, 0, before - (size_t)n);
    w->staged = before;
    w->at -= before;
    return 0;
}

int evidence_in_order_put(struct evidence_in_order_writer *w, struct slice bytes)
{
    while (w->direct && bytes.len > 0) {
        if (w->staged == 0 && begin_stage(w) != 0)
            return -1;
        if (!w->direct)
            break;
        size_t part = STAGE - w->staged < bytes.len ? STAGE - w->staged : bytes.len;
        memcpy(w->stage + w->staged, bytes.data, part);
        w->staged += part;
        bytes = slice_of(bytes.data + part, bytes.len - part);
        if (w->staged == STAGE && evidence_in_order_flush(w) != 0)
            return -1;
    }
    return bytes.len > 0 ? put_cached(w, bytes) : 0;
}

int evidence_in_order_settle(struct evidence_in_order_writer *w)
{
    if (w->staged > 0 && evidence_in_order_flush(w) != 0)
        return -1;
    if (!w->direct)
        return 0;
    /* the rest is no whole page; and others' writes are not either */
    if (!set_direct(w->fd, false) ||
        evidence_write_exactly(w->fd, slice_of(w->stage, w->staged), w->at) != 0)
        return -1;
    w->at += w->staged;
    w->staged = 0;
    return 0;
}

int evidence_in_order_skip(struct evidence_in_order_writer *w, uint64_t at)
{
    if (evidence_in_order_settle(w) != 0)
        return -1;
    w->at = w->handed = at;
    return 0;
}
