/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs that run, by /proc/PID/exe, and what else of files they have mapped to be run, by
 * /proc/PID/map_files: what was deleted, and so is nowhere but there, is copied.
 */
#include "evidence/live/collector.h"
#include "base/file.h"
#include "base/map.h"
#include "base/memory.h"
#include "crypto/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { PART = 1 << 18, MAPS_MOST = 300 << 20, KEY = 32, HOLES_MOST = 1 << 20 };

struct hashing {
    struct live_room *room;
    struct live_output out;
    struct map seen; /* "DEVICE:INODE" */
    struct arena arena;
    uint8_t *part;
    uint64_t copies;
    uint64_t data;      /* bytes of the file under way that are in no hole */
    struct buf extents; /* of it, as JSON */
};

static const char too_large[] = "it has more bytes, or more holes, than are read of a file";

/* Where data begin at or behind `at`, and where they end; a file system without holes has all. */
static bool data_from(int fd, uint64_t at, uint64_t size, uint64_t *from, uint64_t *to)
{
    off_t data = lseek(fd, (off_t)at, SEEK_DATA);
    if (data < 0 && errno == ENXIO)
        return false;
    *from = data < 0 ? at : (uint64_t)data;
    off_t hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
    *to = hole <= data || (uint64_t)hole > size ? size : (uint64_t)hole;
    return *from < size;
}

/* Nothing of a hole is read, and nothing written: a file may have as many of them as it likes. */
static int skip(struct hashing *h, struct sha256_context *c, uint64_t bytes, struct err *e)
{
    memset(h->part, 0, PART);
    for (size_t n; bytes; bytes -= n) {
        n = bytes < PART ? (size_t)bytes : (size_t)PART;
        live_beat(h->room);
        if (sha256_update(c, slice_of(h->part, n)) != 0)
            return digest_failed(e);
    }
    return 0;
}

/* The bytes [*at, to). 0, errno of reading it, EFBIG, or -1 with e set. */
static int digest_part(struct hashing *h, int fd, struct sha256_context *c, uint64_t *at,
                       uint64_t to, struct live_output *copy, struct err *e)
{
    while (*at < to) {
        if (h->data >= h->room->options->file_most)
            return EFBIG;
        size_t want = to - *at < PART ? (size_t)(to - *at) : (size_t)PART;
        ssize_t n = pread(fd, h->part, want, (off_t)*at);
        live_beat(h->room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : ENODATA;
        atomic_fetch_add(&h->room->shared->bytes_read, (unsigned long long)n);
        if (sha256_update(c, slice_of(h->part, (size_t)n)) != 0)
            return digest_failed(e);
        if (copy && live_output_put(copy, h->part, (size_t)n, e) != 0)
            return -1;
        *at += (uint64_t)n;
        h->data += (uint64_t)n;
    }
    return 0;
}

static void extent(struct hashing *h, uint64_t from, uint64_t bytes)
{
    if (bytes)
        buf_printf(&h->extents, "%s[\"%" PRIu64 "\",\"%" PRIu64 "\"]",
                   h->extents.len > 1 ? "," : "", from, bytes);
}

/*
 * Its SHA-256, and a copy of its data, without holes, where copy is open; h->extents says where
 * they belong. 0, errno of reading it, EFBIG where it has more than a file may (holes cost who made
 * them nothing, and take as long to hash as data), or -1 with e set.
 */
static int digest(struct hashing *h, int fd, uint64_t size, struct live_output *copy,
                  uint8_t sha[SHA256_LEN], struct err *e)
{
    struct sha256_context c;
    uint64_t at = 0, from, to, holes = 0;
    int result = 0;
    h->data = 0;
    buf_reset(&h->extents);
    buf_putc(&h->extents, '[');
    if (sha256_init(&c) != 0)
        return digest_failed(e);
    while (result == 0 && data_from(fd, at, size, &from, &to)) {
        holes += from - at;
        if (holes <= HOLES_MOST)
            result = skip(h, &c, from - at, e);
        at = from;
        if (result == 0)
            result = digest_part(h, fd, &c, &at, to, copy, e);
        extent(h, from, at - from);
    }
    holes += result == 0 ? size - at : 0;
    if (result == 0 && holes <= HOLES_MOST)
        result = skip(h, &c, size - at, e);
    else if (result == 0)
        result = EFBIG;
    buf_putc(&h->extents, ']');
    if (result >= 0 && sha256_final(&c, sha) != 0)
        result = digest_failed(e);
    sha256_fini(&c);
    return result;
}

static bool is_new(struct hashing *h, const struct stat *st, struct err *e, int *result)
{
    char text[KEY];
    void *before;
    snprintf(text, sizeof text, "%" PRIx64 ":%" PRIx64, (uint64_t)st->st_dev, (uint64_t)st->st_ino);
    char *key = arena_strdup(&h->arena, text);
    if (!key || map_add(&h->seen, slice_str(key), key, &before) != 0) {
        *result = err_memory(e);
        return false;
    }
    return before == NULL;
}

/* A file behind a link of /proc: described once, copied when it was deleted. */
static int take(struct hashing *h, const char *pid, const char *link, const char *role,
                struct err *e)
{
    struct buf target;
    struct stat st;
    struct json_writer w;
    struct live_output copy;
    uint8_t sha[SHA256_LEN];
    char text[32], suffix[64];
    int result = 0;
    int fd = live_open(h->room, link);
    if (fd < 0) {
        if (errno != ENOENT && errno != ESRCH)
            live_refused(h->room, link, errno);
        return 0;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || !is_new(h, &st, e, &result)) {
        close(fd);
        return result;
    }
    bool deleted = st.st_nlink == 0;
    buf_init(&target);
    if (live_link(h->room, link, &target) != 0)
        buf_reset(&target);
    if (deleted) {
        snprintf(suffix, sizeof suffix, "-deleted-%s-%" PRIu64 ".bin", pid, h->copies++);
        result = live_output_open(&copy, h->room, suffix, e);
    }
    if (result == 0)
        result = digest(h, fd, (uint64_t)st.st_size, deleted ? &copy : NULL, sha, e);
    live_line_begin(&h->out, &w);
    json_member_string(&w, "role", role);
    json_member_string(&w, "pid", pid);
    live_member(&w, "path", buf_slice(&target));
    snprintf(text, sizeof text, "%u:%u", major(st.st_dev), minor(st.st_dev));
    json_member_string(&w, "device", text);
    snprintf(text, sizeof text, "%" PRIu64, (uint64_t)st.st_ino);
    json_member_string(&w, "inode", text);
    json_member_int(&w, "bytes", (int64_t)st.st_size);
    json_member_bool(&w, "deleted", deleted);
    if (result > 0) {
        json_member_string(&w, "error", result == EFBIG ? too_large : strerrordesc_np(result));
        live_refused(h->room, link, result);
    } else if (result == 0)
        json_member_hex(&w, "sha256", slice_of(sha, sizeof sha));
    if (deleted) {
        json_member_string(&w, "copy", copy.name);
        json_member_int(&w, "copy_bytes", (int64_t)h->data);
        if (h->data < (uint64_t)st.st_size) {
            json_write_name(&w, "copy_extents");
            json_write_raw(&w, buf_slice(&h->extents));
        }
    }
    if (deleted)
        live_warn(h->room, "process %s runs a file that was deleted: %.100s", pid,
                  buf_text(&target));
    int written = result < 0 ? -1 : live_line_end(&h->out, &w, e);
    if (deleted)
        written = live_output_close(&copy, written, e);
    buf_fini(&target);
    close(fd);
    return written;
}

/* What is mapped to be run, and deleted; the kernel tells only who may see it. */
static int take_mapped(struct hashing *h, const char *pid, struct err *e)
{
    struct buf maps;
    char path[128];
    int result = 0;
    buf_init(&maps);
    snprintf(path, sizeof path, "proc/%s/maps", pid);
    int error = live_read(h->room, path, MAPS_MOST, &maps);
    if (error && error != EFBIG)
        buf_reset(&maps);
    for (char *line = (char *)maps.data; line && *line && result == 0;) {
        char *end = strchr(line, '\n'), range[64], permissions[8];
        if (end)
            *end = 0;
        size_t len = strlen(line);
        if (sscanf(line, "%63s %7s", range, permissions) == 2 && strchr(permissions, 'x') &&
            len > 10 && strcmp(line + len - 10, " (deleted)") == 0) {
            snprintf(path, sizeof path, "proc/%s/map_files/%s", pid, range);
            result = take(h, pid, path, "mapped", e);
        }
        line = end ? end + 1 : NULL;
    }
    buf_fini(&maps);
    return result;
}

static int each(struct hashing *h, const struct live_names *names, struct err *e)
{
    int result = 0;
    for (size_t i = 0; i < names->count && result == 0; i++) {
        const char *pid = names->names[i];
        char path[64];
        if (!live_item(h->room, strtoull(pid, NULL, 10), "/proc/%s/exe", pid))
            continue;
        snprintf(path, sizeof path, "proc/%s/exe", pid);
        result = take(h, pid, path, "program", e);
        if (result == 0)
            result = take_mapped(h, pid, e);
        if (result == 0)
            result = live_output_flush(&h->out, e);
    }
    atomic_store(&h->room->shared->items, h->seen.count);
    return result;
}

int live_collect_executables(struct live_room *room, struct err *e)
{
    struct hashing h = {.room = room, .part = mem_new(PART, 1)};
    struct live_names names;
    if (!h.part)
        return err_memory(e);
    map_init(&h.seen);
    arena_init(&h.arena, 0);
    buf_init(&h.extents);
    int result = live_names_read(room, "proc", true, &names, NULL, e);
    if (result == 0) {
        result = live_output_open(&h.out, room, ".jsonl", e);
        if (result == 0)
            result = each(&h, &names, e);
        result = live_output_close(&h.out, result, e);
        live_names_fini(&names);
    }
    map_fini(&h.seen);
    arena_fini(&h.arena);
    buf_fini(&h.extents);
    mem_free(h.part);
    return result;
}
