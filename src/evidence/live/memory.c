/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's memory, written as LiME does: a header a range, so that others' programs read it.
 */
#include "evidence/live/collector.h"
#include "evidence/live/memory_image.h"
#include "evidence/live/memory_map.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PART = 1 << 20, PAGE = 4096 };
static const uint64_t segment_most = 4ull * 1024 * 1024 * 1024 - PART - MEMORY_HEADER;

struct imaging {
    struct live_room *room;
    int from;
    uint8_t *part;
    struct live_output out, holes; /* the segment under way; what could not be read */
    uint64_t in_segment, unreadable;
    unsigned segment;
};

static int next_segment(struct imaging *m, const char *kind, struct err *e)
{
    char suffix[48];
    if (m->segment > 0 && live_output_close(&m->out, 0, e) != 0)
        return -1;
    snprintf(suffix, sizeof suffix, "-%05u.%s", ++m->segment, kind);
    m->in_segment = 0;
    return live_output_open(&m->out, m->room, suffix, e);
}

static int put(struct imaging *m, const void *data, size_t len, struct err *e)
{
    if (m->in_segment > segment_most && next_segment(m, "lime", e) != 0)
        return -1;
    m->in_segment += len;
    return live_output_put(&m->out, data, len, e);
}

static int put_hole(struct imaging *m, uint64_t physical, uint64_t bytes, const char *why,
                    struct err *e)
{
    struct json_writer w;
    char text[24];
    m->unreadable += bytes;
    live_line_begin(&m->holes, &w);
    snprintf(text, sizeof text, "0x%" PRIx64, physical);
    json_member_string(&w, "physical", text);
    json_member_int(&w, "bytes", (int64_t)bytes);
    json_member_string(&w, "why", why);
    return live_line_end(&m->holes, &w, e);
}

/* Page by page where a whole part cannot be read; what cannot be read at all is zeros, and said. */
static int read_part(struct imaging *m, const struct memory_stretch *s, uint64_t at, size_t len,
                     struct err *e)
{
    ssize_t n = pread(m->from, m->part, len, (off_t)(s->offset + at));
    live_beat(m->room);
    if (n == (ssize_t)len)
        return 0;
    for (size_t page = n > 0 ? (size_t)n / PAGE * PAGE : 0; page < len; page += PAGE) {
        size_t want = len - page < PAGE ? len - page : PAGE;
        n = pread(m->from, m->part + page, want, (off_t)(s->offset + at + page));
        if (n == (ssize_t)want)
            continue;
        int why = n < 0 ? errno : EIO;
        memset(m->part + page, 0, want);
        if (put_hole(m, s->physical + at + page, want, strerrordesc_np(why), e) != 0)
            return -1;
        live_beat(m->room);
    }
    return 0;
}

static int image(struct imaging *m, const struct memory_map *map, struct err *e)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct memory_stretch *s = &map->all[i];
        uint8_t head[MEMORY_HEADER];
        snprintf(m->room->shared->at, sizeof m->room->shared->at, "physical 0x%" PRIx64,
                 s->physical);
        memory_header_write(s->physical, s->physical + s->bytes - 1, head);
        if (put(m, head, sizeof head, e) != 0)
            return -1;
        for (uint64_t at = 0; at < s->bytes; at += PART) {
            size_t len = s->bytes - at < PART ? (size_t)(s->bytes - at) : PART;
            if (read_part(m, s, at, len, e) != 0 || put(m, m->part, len, e) != 0)
                return -1;
            atomic_fetch_add(&m->room->shared->bytes_read, len);
        }
        atomic_fetch_add(&m->room->shared->items, 1);
    }
    return 0;
}

/* Is the first page of it readable at all? */
static bool answers(int fd, const struct memory_map *map, uint8_t *part)
{
    const struct memory_stretch *last = map->count ? &map->all[map->count - 1] : NULL;
    return last && pread(fd, part, PAGE, (off_t)last->offset) == PAGE;
}

/* The kernel shows whole pages; what the machine has beside them is not in the image, and said. */
static int put_missing(struct imaging *m, const struct memory_map *map,
                       const struct memory_map *ram, struct err *e)
{
    struct memory_map missing;
    memory_map_missing(map, ram, &missing);
    for (size_t i = 0; i < missing.count; i++)
        if (put_hole(m, missing.all[i].physical, missing.all[i].bytes,
                     "the kernel does not show it; it is not in the image", e) != 0)
            return -1;
    return 0;
}

/* Opens what memory can be read from, with its map. -1: *why says why there is none. */
static int find(struct live_room *room, struct memory_map *map, struct memory_map *all,
                uint8_t *part, char why[300], const char **source)
{
    struct memory_map kcore, ram;
    struct buf text;
    struct err none = {0};
    buf_init(&text);
    if (live_read(room, "proc/iomem", 16 << 20, &text) != 0)
        buf_reset(&text);
    memory_map_iomem(buf_slice(&text), &ram);
    *all = ram;
    buf_fini(&text);
    int fd = live_open(room, "proc/kcore");
    int len = snprintf(why, 300, "/proc/kcore: %s", fd < 0 ? strerrordesc_np(errno) : "");
    if (fd >= 0) {
        ssize_t n = pread(fd, part, MEMORY_KCORE_HEAD, 0);
        *source = "/proc/kcore";
        if (memory_map_kcore(slice_of(part, n > 0 ? (size_t)n : 0), &kcore, &none) == 0) {
            memory_map_join(&kcore, &ram, map);
            if (answers(fd, map, part))
                return fd;
            len = snprintf(why, 300, "/proc/kcore: the kernel gives no page of it (%s)",
                           strerrordesc_np(errno));
        } else {
            len = snprintf(why, 300, "%s", none.text);
        }
        close(fd);
    }
    fd = live_open(room, "dev/mem");
    *map = ram;
    *source = "/dev/mem";
    if (fd >= 0 && answers(fd, map, part))
        return fd;
    if (len > 0 && len < 300)
        snprintf(why + len, 300 - (size_t)len, "; /dev/mem: %s",
                 fd >= 0 && ram.count == 0 ? "where memory lies is not told"
                                           : strerrordesc_np(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static int read_image(void *context, uint64_t offset, uint8_t *data, size_t len, size_t *got,
                      struct err *e)
{
    const struct imaging *m = context;
    *got = 0;
    while (*got < len) {
        ssize_t n = pread(m->from, data + *got, len - *got, (off_t)(offset + *got));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(e, errno, "evidence.memory-image", "the image cannot be read");
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    live_beat(m->room);
    return 0;
}

/* An image that another program made: checked, and copied as it is. */
static int take_image(struct imaging *m, struct err *e)
{
    const char *path = m->room->options->memory_image;
    struct memory_checked checked;
    struct stat st;
    m->from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (m->from < 0 || fstat(m->from, &st) != 0 || !S_ISREG(st.st_mode))
        return err_errno(e, m->from < 0 ? errno : EINVAL, "evidence.memory-image",
                         "%s cannot be read", path);
    if (memory_image_check(read_image, m, (uint64_t)st.st_size, &checked, e) != 0)
        return err_context(e, "%s", path);
    const char *kind = checked.format == MEMORY_LIME ? "lime" : "avml";
    if (next_segment(m, kind, e) != 0)
        return -1;
    for (uint64_t at = 0;;) {
        size_t got;
        if (read_image(m, at, m->part, PART, &got, e) != 0)
            return -1;
        if (got == 0)
            break;
        if (m->in_segment > segment_most && next_segment(m, kind, e) != 0)
            return -1;
        m->in_segment += got;
        if (live_output_put(&m->out, m->part, got, e) != 0)
            return -1;
        at += got;
        atomic_fetch_add(&m->room->shared->bytes_read, got);
    }
    atomic_store(&m->room->shared->items, checked.ranges);
    return 0;
}

static int put_about(struct imaging *m, const char *source, const struct memory_map *map,
                     struct err *e)
{
    struct live_output out;
    struct json_writer w;
    int result = live_output_open(&out, m->room, ".json", e);
    if (result == 0) {
        live_line_begin(&out, &w);
        live_member(&w, "source", slice_str(source));
        json_member_string(&w, "format",
                           "LiME version 1, or AVML version 2 where so named; the "
                           "segments are one image when put one behind the other");
        json_write_name(&w, "ranges");
        json_write_array(&w);
        for (size_t i = 0; map && i < map->count; i++) {
            char text[24];
            json_write_object(&w);
            snprintf(text, sizeof text, "0x%" PRIx64, map->all[i].physical);
            json_member_string(&w, "physical", text);
            json_member_int(&w, "bytes", (int64_t)map->all[i].bytes);
            json_write_object_end(&w);
        }
        json_write_array_end(&w);
        json_member_int(&w, "unreadable_bytes", (int64_t)m->unreadable);
        json_member_bool(&w, "consistent", false);
        json_member_string(&w, "why_not_consistent",
                           "the machine went on while its memory was read");
        result = live_line_end(&out, &w, e);
    }
    return live_output_close(&out, result, e);
}

static int collect(struct imaging *m, struct memory_map *map, struct err *e)
{
    struct memory_map all;
    char why[300];
    const char *source = m->room->options->memory_image;
    int result = live_output_open(&m->holes, m->room, "-unreadable.jsonl", e);
    if (result == 0 && source) {
        result = take_image(m, e);
        map = NULL;
    } else if (result == 0) {
        m->from = find(m->room, map, &all, m->part, why, &source);
        if (m->from < 0) {
            live_nothing(m->room, "%s; an image of LiME or AVML can be given with --memory-image",
                         why);
            return live_output_close(&m->holes, 0, e);
        }
        result = next_segment(m, "lime", e);
        if (result == 0)
            result = image(m, map, e);
        if (result == 0)
            result = put_missing(m, map, &all, e);
    }
    result = live_output_close(&m->holes, result, e);
    if (m->segment > 0)
        result = live_output_close(&m->out, result, e);
    return result == 0 ? put_about(m, source, map, e) : -1;
}

int live_collect_memory(struct live_room *room, struct err *e)
{
    struct imaging m = {.room = room, .from = -1, .part = mem_new(PART, 1)};
    struct memory_map *map = mem_new(1, sizeof *map);
    m.out.fd = m.holes.fd = -1;
    int result = m.part && map ? collect(&m, map, e) : err_memory(e);
    if (m.from >= 0)
        close(m.from);
    mem_free(m.part);
    mem_free(map);
    return result;
}
