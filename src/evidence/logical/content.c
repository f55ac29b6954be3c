/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/logical/content.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { UNSIZED_MOST = 1 << 30 };

struct copying {
    const struct evidence_content_options *options;
    struct evidence_entry *entry;
    int reading, writing;
    struct sha256_context digest;
    uint8_t *part;
    uint64_t size;   /* when it was found */
    uint64_t stored; /* bytes */
    bool ended;      /* the file was shorter, or could not be read on */
};

void evidence_content_name(const char *below, uint64_t number, char name[64])
{
    snprintf(name, 64, "%s/%06" PRIu64 "/%03u", below, number / 1000, (unsigned)(number % 1000));
}

static int write_failed(const struct evidence_content *c, struct err *e)
{
    if (errno != ENOSPC && errno != EDQUOT)
        return err_errno(e, errno, "evidence.write", "%s cannot be written", c->file);
    err_set(e, ERR_UNAVAILABLE, "evidence.no-space", NULL,
            "there is no space left for %s; what is there is kept", c->file);
    return err_hint(e, "make room and run the same command again");
}

static int create(struct copying *c, struct err *e)
{
    struct evidence_content *content = &c->entry->content;
    char path[4096];
    evidence_content_name(c->options->below, c->entry->number, content->file);
    if ((size_t)snprintf(path, sizeof path, "%s/%s", c->options->folder, content->file) >=
        sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path of %s is too long",
                       content->file);
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    c->writing = open(path, flags, 0600);
    if (c->writing < 0 && errno == ENOENT) {
        char *slash = strrchr(path, '/');
        *slash = 0;
        if (file_make_folder(path, 0700, e) != 0)
            return -1;
        *slash = '/';
        c->writing = open(path, flags, 0600);
    }
    return c->writing >= 0 ? 0 : write_failed(content, e);
}

/* The extents; a file system without holes gives one. *holes: bytes in none of them. */
static int map_extents(struct copying *c, uint64_t *holes, bool *too_many, struct err *e)
{
    struct evidence_content *content = &c->entry->content;
    uint64_t at = 0;
    size_t room = 0;
    *holes = 0;
    *too_many = false;
    while (at < c->size) {
        off_t data = lseek(c->reading, (off_t)at, SEEK_DATA);
        if (data < 0 && errno != ENXIO)
            return 0; /* it has no such thing */
        uint64_t from = data < 0 || (uint64_t)data > c->size ? c->size : (uint64_t)data;
        *holes += from - at;
        if (from == c->size)
            break;
        off_t hole = lseek(c->reading, (off_t)from, SEEK_HOLE);
        uint64_t end = hole < 0 || (uint64_t)hole > c->size ? c->size : (uint64_t)hole;
        if (end <= from) /* it is changed this moment: what is left is read, holes or not */
            end = c->size;
        if (content->extent_count == EVIDENCE_EXTENTS_MOST)
            *too_many = true;
        if (content->extent_count == room && !*too_many) {
            room = room ? 2 * room : 16;
            struct evidence_stretch *extents = mem_resize(content->extents, room, sizeof *extents);
            if (!extents)
                return err_memory(e);
            content->extents = extents;
        }
        if (!*too_many)
            content->extents[content->extent_count++] = (struct evidence_stretch){from, end - from};
        at = end;
    }
    content->sparse = *holes > 0;
    if (!content->extents && content->sparse) { /* nothing but a hole: an empty list, not none */
        content->extents = mem_new(1, sizeof *content->extents);
        return content->extents ? 0 : err_memory(e);
    }
    return 0;
}

static int put(struct copying *c, const uint8_t *data, size_t len, uint64_t at, struct err *e)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pwrite(c->writing, data + done, len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return write_failed(&c->entry->content, e);
        done += (size_t)n;
    }
    if (c->options->tick)
        c->options->tick(c->options->context, buf_text(&c->entry->path), len);
    return sha256_update(&c->digest, slice_of(data, len)) == 0 ? 0 : digest_failed(e);
}

/* Bytes [from, end) of the file, to `at` of what is stored. */
static int copy(struct copying *c, uint64_t from, uint64_t end, uint64_t at, struct err *e)
{
    while (from < end && !c->ended) {
        size_t want = end - from < EVIDENCE_CONTENT_PART ? (size_t)(end - from)
                                                         : (size_t)EVIDENCE_CONTENT_PART;
        ssize_t n = pread(c->reading, c->part, want, (off_t)from);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            evidence_entry_not_taken(c->entry, "unreadable", errno,
                                     "the bytes from offset %" PRIu64 " on", from);
        c->ended = n <= 0;
        if (n <= 0)
            break;
        if (put(c, c->part, (size_t)n, at, e) != 0)
            return -1;
        from += (uint64_t)n;
        at += (uint64_t)n;
        c->stored = at;
    }
    return 0;
}

/* Zeros that are not written, as nothing is read for them. */
static int skip(struct copying *c, uint64_t bytes, struct err *e)
{
    static const uint8_t zeros[1 << 16];
    c->stored += bytes;
    while (bytes > 0) {
        size_t len = bytes < sizeof zeros ? (size_t)bytes : sizeof zeros;
        if (sha256_update(&c->digest, slice_of(zeros, len)) != 0)
            return digest_failed(e);
        bytes -= len;
        if (c->options->tick)
            c->options->tick(c->options->context, buf_text(&c->entry->path), 0);
    }
    return 0;
}

static int copy_extents(struct copying *c, struct err *e)
{
    const struct evidence_content *content = &c->entry->content;
    uint64_t at = 0;
    for (size_t i = 0; i < content->extent_count && !c->ended; i++) {
        const struct evidence_stretch *x = &content->extents[i];
        if (!content->extents_only && skip(c, x->from - at, e) != 0)
            return -1;
        at = x->from + x->bytes;
        if (copy(c, x->from, at, content->extents_only ? c->stored : x->from, e) != 0)
            return -1;
    }
    return content->extents_only || c->ended || at >= c->size ? 0 : skip(c, c->size - at, e);
}

static void hold_against(struct evidence_entry *entry, uint64_t got)
{
    struct statx now;
    const struct statx *then = &entry->st;
    if (statx(entry->fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &now) != 0) {
        entry->changed |= EVIDENCE_CHANGED_GONE;
        return;
    }
    if (now.stx_size != then->stx_size || (got != then->stx_size && then->stx_size > 0))
        entry->changed |= EVIDENCE_CHANGED_SIZE;
    if (now.stx_mtime.tv_sec != then->stx_mtime.tv_sec ||
        now.stx_mtime.tv_nsec != then->stx_mtime.tv_nsec)
        entry->changed |= EVIDENCE_CHANGED_MTIME;
    if (now.stx_ctime.tv_sec != then->stx_ctime.tv_sec ||
        now.stx_ctime.tv_nsec != then->stx_ctime.tv_nsec)
        entry->changed |= EVIDENCE_CHANGED_CTIME;
    if (now.stx_nlink == 0 && then->stx_nlink > 0)
        entry->changed |= EVIDENCE_CHANGED_GONE;
}

/* Holes that are hashed count against what all files may have of them. */
static bool is_too_much(const struct copying *c, uint64_t holes)
{
    atomic_ullong *left = c->options->holes_left;
    unsigned long long now = left ? atomic_load(left) : 0;
    if (!left || holes < EVIDENCE_HOLES_LEAST)
        return false;
    while (now >= holes)
        if (atomic_compare_exchange_weak(left, &now, now - holes))
            return false;
    return true;
}

/* 0: go on; 1: not taken, and the entry says why. */
static int plan(struct copying *c, struct err *e)
{
    struct evidence_content *content = &c->entry->content;
    uint64_t holes;
    bool too_many;
    if (map_extents(c, &holes, &too_many, e) != 0)
        return -1;
    content->extents_only = holes > 0 && (holes >= c->options->holes_most || is_too_much(c, holes));
    if (content->extents_only && too_many) {
        evidence_entry_not_taken(c->entry, "limit", 0,
                                 "it has more than %d extents and %" PRIu64 " bytes of holes",
                                 EVIDENCE_EXTENTS_MOST, holes);
        return 1;
    }
    if (c->options->bytes_most && c->size - holes > c->options->bytes_most) {
        evidence_entry_not_taken(c->entry, "limit", 0, "it has more than %" PRIu64 " bytes",
                                 c->options->bytes_most);
        return 1;
    }
    if (too_many || !content->sparse) { /* read as if it had no holes */
        mem_free(content->extents);
        content->extents = NULL;
        content->extent_count = 0;
    }
    return 0;
}

static int take(struct copying *c, struct err *e)
{
    struct evidence_content *content = &c->entry->content;
    int result = 0;
    if (c->size == 0) /* proc and its like say nothing of their files' size */
        result = copy(c, 0, UNSIZED_MOST, 0, e);
    else if (content->extents)
        result = copy_extents(c, e);
    else
        result = copy(c, 0, c->size, 0, e);
    if (result != 0)
        return -1;
    if (content->sparse && ftruncate(c->writing, (off_t)c->stored) != 0)
        return write_failed(content, e);
    if (sha256_final(&c->digest, content->sha256) != 0)
        return digest_failed(e);
    content->bytes = c->stored;
    c->entry->has_content = true;
    return 0;
}

int evidence_content_take(const struct evidence_content_options *options,
                          struct evidence_entry *entry, int reading, uint8_t *part, struct err *e)
{
    struct copying c = {.options = options,
                        .entry = entry,
                        .reading = reading,
                        .writing = -1,
                        .part = part,
                        .size = entry->st.stx_size};
    if (options->tick)
        options->tick(options->context, buf_text(&entry->path), 0);
    int result = plan(&c, e);
    if (result != 0)
        return result < 0 ? -1 : 0;
    if (sha256_init(&c.digest) != 0)
        return digest_failed(e);
    result = create(&c, e);
    if (result == 0)
        result = take(&c, e);
    if (c.writing >= 0 && close(c.writing) != 0 && result == 0)
        result = write_failed(&entry->content, e);
    sha256_fini(&c.digest);
    if (result == 0)
        hold_against(entry, entry->content.extents_only ? entry->st.stx_size : c.stored);
    return result;
}
