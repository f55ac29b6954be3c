/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/source.h"
#include "evidence/source/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096 };

static uint64_t size_of(int fd, bool device)
{
    struct stat st;
    uint64_t bytes = 0;
    if (device)
        return ioctl(fd, BLKGETSIZE64, &bytes) == 0 ? bytes : 0;
    return fstat(fd, &st) == 0 && st.st_size > 0 ? (uint64_t)st.st_size : 0;
}

static void sectors(struct evidence_source *s)
{
    int logical = 512;
    unsigned physical = 512;
    if (s->kind == EVIDENCE_SOURCE_DEVICE) {
        if (ioctl(s->cached_fd, BLKSSZGET, &logical) != 0 || logical < 512)
            logical = 512;
        if (ioctl(s->cached_fd, BLKPBSZGET, &physical) != 0 || physical < (unsigned)logical)
            physical = (unsigned)logical;
    }
    s->sector = (uint32_t)logical;
    s->physical = physical;
}

static int take_range(struct evidence_source *s, const struct evidence_range *range, struct err *e)
{
    s->from = range ? range->from : 0;
    if (s->from > s->all_bytes || (range && range->bytes > s->all_bytes - s->from))
        return err_set(e, ERR_USAGE, "evidence.range", NULL,
                       "the range goes beyond the end of %s, which has %llu bytes", s->path,
                       (unsigned long long)s->all_bytes);
    s->bytes = range && range->bytes ? range->bytes : s->all_bytes - s->from;
    return 0;
}

int evidence_source_open(struct evidence_source *s, const char *path,
                         const struct evidence_range *range, struct err *e)
{
    struct stat st;
    memset(s, 0, sizeof *s);
    s->path = path;
    s->fd = -1;
    s->cached_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (s->cached_fd < 0)
        return err_errno(e, errno, "evidence.source", "%s cannot be opened for reading", path);
    if (fstat(s->cached_fd, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))) {
        err_set(e, ERR_INPUT, "evidence.source", NULL, "%s is neither a file nor a block device",
                path);
        if (S_ISDIR(st.st_mode))
            err_hint(e, "folders are acquired as files: tocsin evidence logical");
        evidence_source_close(s);
        return -1;
    }
    s->kind = S_ISBLK(st.st_mode) ? EVIDENCE_SOURCE_DEVICE : EVIDENCE_SOURCE_FILE;
    s->all_bytes = size_of(s->cached_fd, s->kind == EVIDENCE_SOURCE_DEVICE);
    sectors(s);
    if (take_range(s, range, e) != 0) {
        evidence_source_close(s);
        return -1;
    }
    /* Around a bad sector each sector counts, and the host's cache reads whole pages. */
    s->direct = s->kind == EVIDENCE_SOURCE_DEVICE ? s->sector : PAGE;
    if (s->from % s->direct == 0)
        s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_DIRECT);
    posix_fadvise(s->cached_fd, (off_t)s->from, (off_t)s->bytes, POSIX_FADV_SEQUENTIAL);
    evidence_identity_read(&s->identity, s->cached_fd, &st, s->all_bytes);
    return 0;
}

void evidence_source_close(struct evidence_source *s)
{
    if (s->fd >= 0)
        close(s->fd);
    if (s->cached_fd >= 0)
        close(s->cached_fd);
    s->fd = s->cached_fd = -1;
}

static void begins(const struct evidence_listener *l)
{
    if (l && l->ends)
        l->begins(l->context);
}

static void ends(const struct evidence_listener *l, const struct evidence_call *call)
{
    if (l && l->ends)
        l->ends(l->context, call);
}

/* Over EINTR and short reads. Gives the good bytes. l is NULL where nobody is to hear it. */
static size_t read_all(const struct evidence_source *s, const struct evidence_listener *l, int fd,
                       uint64_t offset, uint8_t *data, size_t len, int *why)
{
    size_t done = 0;
    *why = 0;
    while (done < len) {
        begins(l);
        ssize_t n = pread(fd, data + done, len - done, (off_t)(s->from + offset + done));
        int failed = n < 0 ? errno : 0;
        ends(l, &(struct evidence_call){.offset = offset + done,
                                        .asked = len - done,
                                        .got = n > 0 ? (size_t)n : 0,
                                        .why = failed});
        if (n > 0)
            done += (size_t)n;
        else if (n == 0)
            break;
        else if (failed != EINTR) {
            *why = failed;
            break;
        }
    }
    return done;
}

static size_t read_real(const struct evidence_source *s, const struct evidence_listener *l,
                        uint64_t offset, void *data, size_t len, int *why)
{
    uint64_t at = s->from + offset;
    *why = 0;
    if (offset >= s->bytes)
        return 0;
    if (len > s->bytes - offset)
        len = (size_t)(s->bytes - offset);
    if (s->fd >= 0 && at % s->direct == 0 && len % s->direct == 0) {
        size_t done = read_all(s, l, s->fd, offset, data, len, why);
        if (done == len || *why != EINVAL)
            return done;
        /* a file system that says O_DIRECT and does not mean it */
    }
    size_t done = read_all(s, l, s->cached_fd, offset, data, len, why);
    posix_fadvise(s->cached_fd, (off_t)at, (off_t)done, POSIX_FADV_DONTNEED);
    return done;
}

size_t evidence_source_read(const struct evidence_source *s, uint64_t offset, void *data,
                            size_t len, int *why)
{
    const struct evidence_stand_in *in = s->stand_in;
    if (!in)
        return read_real(s, &s->listener, offset, data, len, why);
    /* what a disk would have said to two calls, it says to one */
    begins(&s->listener);
    size_t got = in->read(in->context, s, offset, data, len, why);
    if (got > 0 || len == 0)
        ends(&s->listener, &(struct evidence_call){.offset = offset, .asked = len, .got = got});
    if (got == len)
        return got;
    if (got > 0)
        begins(&s->listener);
    ends(&s->listener,
         &(struct evidence_call){.offset = offset + got, .asked = len - got, .why = *why});
    return got;
}

size_t evidence_source_read_real(const struct evidence_source *s, uint64_t offset, void *data,
                                 size_t len, int *why)
{
    return read_real(s, NULL, offset, data, len, why);
}

void evidence_source_skip(const struct evidence_source *s, uint64_t offset, size_t len)
{
    ends(&s->listener, &(struct evidence_call){.offset = offset, .asked = len, .hole = true});
}

uint64_t evidence_source_hole_end(const struct evidence_source *s, uint64_t offset)
{
    if (s->kind != EVIDENCE_SOURCE_FILE || s->stand_in || offset >= s->bytes)
        return offset;
    off_t at = (off_t)(s->from + offset);
    off_t data = lseek(s->cached_fd, at, SEEK_DATA);
    if (data < 0)
        return errno == ENXIO ? s->bytes : offset;
    uint64_t end = (uint64_t)data - s->from;
    return end < s->bytes ? end : s->bytes;
}

uint64_t evidence_source_size_now(const struct evidence_source *s)
{
    if (s->stand_in)
        return s->stand_in->size_now(s->stand_in->context);
    return size_of(s->cached_fd, s->kind == EVIDENCE_SOURCE_DEVICE);
}
