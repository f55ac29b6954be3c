/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/blocker/disk.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096, ROOM = BLOCKER_AREA + BLOCKER_SLOT };

static uint64_t area_bytes(const struct blocker_disk *d)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < BLOCKER_AREAS; i++)
        bytes += d->mark.areas[i].bytes;
    return bytes;
}

/* Memory that O_DIRECT takes, from our own allocator: the block begins before it. */
static uint8_t *aligned_new(size_t bytes)
{
    uint8_t *block = mem_new(1, bytes + PAGE + sizeof(void *));
    if (!block)
        return NULL;
    uintptr_t at = ((uintptr_t)block + sizeof(void *) + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    uint8_t *page = block + (at - (uintptr_t)block);
    memcpy(page - sizeof block, &block, sizeof block);
    return page;
}

static void aligned_free(uint8_t *page)
{
    void *block;
    if (!page)
        return;
    memcpy(&block, page - sizeof block, sizeof block);
    mem_free(block);
}

int blocker_disk_open(struct blocker_disk *d, const char *path, struct err *e)
{
    struct stat st;
    int sector = 512;
    *d = (struct blocker_disk){.path = path, .writing = -1, .flag = -1};
    d->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_DIRECT);
    if (d->fd < 0)
        return err_errno(e, errno, "blocker.device", "%s cannot be opened for reading", path);
    if (fstat(d->fd, &st) != 0 || !S_ISBLK(st.st_mode)) {
        err_set(e, ERR_DENIED, "blocker.device", NULL, "%s is no block device", path);
    } else if (ioctl(d->fd, BLKGETSIZE64, &d->bytes) != 0 || d->bytes < BLOCKER_LEAST) {
        err_set(e, ERR_DENIED, "blocker.device", NULL,
                "%s is smaller than the %d MiB that a test disk has at least", path,
                BLOCKER_LEAST >> 20);
    } else {
        if (ioctl(d->fd, BLKSSZGET, &sector) != 0 || sector < 512 || sector > PAGE)
            err_set(e, ERR_DENIED, "blocker.device", NULL, "%s has sectors of %d bytes", path,
                    sector);
        d->sector = (uint32_t)sector;
        if (ioctl(d->fd, BLKROGET, &d->flag) != 0)
            d->flag = -1;
        d->page = aligned_new(ROOM);
        if (!d->page)
            err_memory(e);
    }
    if (!err_is_set(e))
        return 0;
    blocker_disk_close(d);
    return -1;
}

void blocker_disk_close(struct blocker_disk *d)
{
    int flag = d->flag;
    if (d->flag_off && d->fd >= 0)
        (void)ioctl(d->fd, BLKROSET, &flag);
    if (d->identified)
        evidence_source_close(&d->source);
    if (d->writing >= 0)
        close(d->writing);
    if (d->fd >= 0)
        close(d->fd);
    aligned_free(d->page);
    mem_free(d->wanted);
    *d = (struct blocker_disk){.fd = -1, .writing = -1};
}

int blocker_disk_read(const struct blocker_disk *d, uint64_t at, void *data, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(d->fd, (uint8_t *)data + done, len - done, (off_t)(at + done));
        if (n == 0 || (n < 0 && errno != EINTR))
            return n == 0 ? ENXIO : errno;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

int blocker_disk_write(const struct blocker_disk *d, uint64_t at, const void *data, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n =
            pwrite(d->writing, (const uint8_t *)data + done, len - done, (off_t)(at + done));
        if (n == 0 || (n < 0 && errno != EINTR))
            return n == 0 ? ENOSPC : errno;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

void blocker_disk_flush(const struct blocker_disk *d)
{
    if (d->writing >= 0)
        (void)fsync(d->writing);
}

int blocker_disk_pattern(struct blocker_disk *d, struct err *e)
{
    mem_free(d->wanted);
    d->wanted = mem_new(1, area_bytes(d));
    if (!d->wanted)
        return err_memory(e);
    uint8_t *to = d->wanted;
    for (size_t i = 0; i < BLOCKER_AREAS; to += d->mark.areas[i++].bytes)
        if (blocker_pattern(d->mark.seed, d->mark.areas[i].from, to, d->mark.areas[i].bytes, e) !=
            0)
            return -1;
    return 0;
}

int blocker_disk_marked(struct blocker_disk *d, struct err *e)
{
    int why = blocker_disk_read(d, 0, d->page, BLOCKER_MARK_BYTES);
    if (why)
        return err_errno(e, why, "blocker.mark", "the beginning of %s cannot be read", d->path);
    if (blocker_mark_read(slice_of(d->page, BLOCKER_MARK_BYTES), &d->mark, e) != 0)
        return err_context(e, "%s", d->path);
    return 0;
}

/* The path may lead elsewhere by now; a disk's number is not given to another one while we have it
 * open. */
static int is_the_same(const struct blocker_disk *d, int fd, struct err *e)
{
    struct stat first, now;
    if (fstat(d->fd, &first) == 0 && fstat(fd, &now) == 0 && first.st_rdev == now.st_rdev)
        return 0;
    return err_set(e, ERR_DENIED, "blocker.device", NULL,
                   "%s is another device now; nothing is written to it", d->path);
}

int blocker_disk_identify(struct blocker_disk *d, struct err *e)
{
    if (evidence_source_open(&d->source, d->path, NULL, e) != 0)
        return -1;
    d->identified = true;
    return is_the_same(d, d->source.cached_fd, e);
}

bool blocker_disk_is_another(const struct blocker_disk *d)
{
    const struct evidence_identity *i = &d->source.identity;
    return d->identified && i->identified && d->mark.identified &&
           (strcmp(i->serial, d->mark.serial) != 0 || strcmp(i->model, d->mark.model) != 0);
}

int blocker_disk_unlock(struct blocker_disk *d, struct err *e)
{
    int off = 0, now = 0;
    if (d->flag == 1 && ioctl(d->fd, BLKROSET, &off) == 0) {
        d->flag_off = true;
        if (ioctl(d->fd, BLKROGET, &now) == 0 && now) /* the device's own word, not the flag */
            d->flag_off = false;
    }
    d->writing = open(d->path, O_RDWR | O_EXCL | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_DIRECT);
    if (d->writing >= 0)
        return is_the_same(d, d->writing, e);
    d->writing_why = errno;
    if (d->writing_why != EBUSY)
        return 0;
    return err_set(e, ERR_DENIED, "blocker.device", NULL,
                   "%s is in use: mounted, or held by an array, a mapping or swap", d->path);
}

const uint8_t *blocker_disk_wanted(const struct blocker_disk *d, size_t area)
{
    const uint8_t *at = d->wanted;
    for (size_t i = 0; i < area; i++)
        at += d->mark.areas[i].bytes;
    return at;
}

int blocker_disk_fill(struct blocker_disk *d, struct err *e)
{
    int why = 0;
    for (size_t i = 0; why == 0 && i < BLOCKER_AREAS; i++) {
        const struct blocker_area *a = &d->mark.areas[i];
        memcpy(d->page, blocker_disk_wanted(d, i), a->bytes);
        why = blocker_disk_write(d, a->from, d->page, a->bytes);
    }
    if (blocker_mark_write(&d->mark, d->page, e) != 0)
        return -1;
    if (why == 0)
        why = blocker_disk_write(d, 0, d->page, BLOCKER_MARK_BYTES);
    if (why == 0 && fsync(d->writing) != 0)
        why = errno;
    return why == 0 ? 0 : err_errno(e, why, "blocker.control", "%s cannot be written to", d->path);
}

/* The slots in which they differ. */
static uint64_t differing(const uint8_t *got, const uint8_t *wanted, size_t len)
{
    uint64_t slots = 0;
    for (size_t at = 0, n; at < len; at += n) {
        n = len - at < BLOCKER_SLOT ? len - at : BLOCKER_SLOT;
        size_t slot = at / BLOCKER_SLOT < 63 ? at / BLOCKER_SLOT : 63;
        if (memcmp(got + at, wanted + at, n) != 0)
            slots |= UINT64_C(1) << slot;
    }
    return slots;
}

int blocker_disk_look(const struct blocker_disk *d, bool hash, struct blocker_seen *seen,
                      struct err *e)
{
    struct sha256_context digest;
    *seen = (struct blocker_seen){.same = true};
    if (sha256_init(&digest) != 0)
        return digest_failed(e);
    int result = 0;
    for (size_t i = 0; result == 0 && i < BLOCKER_AREAS; i++) {
        const struct blocker_area *a = &d->mark.areas[i];
        seen->why_at = a->from;
        seen->why = a->from + a->bytes <= d->bytes
                        ? blocker_disk_read(d, a->from, d->page, a->bytes)
                        : ENXIO;
        if (seen->why)
            break;
        seen->slots[i] = differing(d->page, blocker_disk_wanted(d, i), a->bytes);
        seen->same = seen->same && !seen->slots[i];
        if (hash)
            result = sha256_update(&digest, slice_of(d->page, a->bytes));
    }
    if (result == 0 && hash)
        result = sha256_final(&digest, seen->sha256);
    sha256_fini(&digest);
    seen->same = seen->same && !seen->why;
    return result == 0 ? 0 : digest_failed(e);
}
