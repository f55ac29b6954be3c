/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of processes out of /proc/PID/mem: pages that are in memory or swapped out, by
 * /proc/PID/pagemap. Pages that were never touched are not read, as that would make them. A process
 * may set aside a hundred TiB of them: Linux 6.7 and later are asked for what is there, older ones
 * page by page, but for large areas of which smaps says that nothing is there.
 */
#include "evidence/live/collector.h"
#include "base/memory.h"
#include "evidence/live/untouched.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* 65,530 areas, which the kernel allows unless told otherwise, each of a file with a long path. */
enum { PAGE = 4096, PAGES = 8192, LARGE = 256 << 20, REGIONS = 512, MAPS_MOST = 300 << 20 };

/* ioctl(PAGEMAP_SCAN) of linux/fs.h, which the headers of older systems do not have. */
struct scan_region {
    uint64_t start, end, categories;
};
struct scan_argument {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
enum { SCAN_PRESENT = 1 << 3, SCAN_SWAPPED = 1 << 4 };
#define SCAN _IOWR('f', 16, struct scan_argument)

/* FAT holds no file of 4 GiB. */
static const uint64_t part_most = (4ull << 30) - PAGE;

static const uint64_t present = 1ull << 63, swapped = 1ull << 62;

struct dumping {
    struct live_room *room;
    struct live_output *map, out;
    const char *pid;
    unsigned part_number; /* of out, from 1: it is made when there is something to write */
    char first[128];      /* its first part's name */
    int memory, pages;
    uint8_t *part;
    uint64_t offset; /* in out */
    uint64_t bytes;  /* in all parts */
    /* the stretch under way */
    uint64_t from, to, at;
    uint64_t bad_from, bad_to; /* what could not be read, likewise */
    int bad_why;
    bool no_scan;                     /* the kernel knows no such question */
    struct live_untouched *untouched; /* NULL: not asked for yet */
    uint64_t swapped_pages, absent_pages, unreadable;
    int why;
};

static void hex_member(struct json_writer *w, const char *name, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "0x%" PRIx64, number);
    json_member_string(w, name, text);
}

/* What was read, or could not be, without a gap. */
static void end_stretch(struct dumping *d, struct json_writer *w)
{
    if (d->to > d->from) {
        json_write_object(w);
        hex_member(w, "from", d->from);
        json_member_int(w, "bytes", (int64_t)(d->to - d->from));
        json_member_int(w, "part", d->part_number);
        json_member_int(w, "offset", (int64_t)d->at);
        json_write_object_end(w);
    }
    if (d->bad_to > d->bad_from) {
        json_write_object(w);
        hex_member(w, "from", d->bad_from);
        json_member_int(w, "bytes", (int64_t)(d->bad_to - d->bad_from));
        json_member_string(w, "unreadable", strerrordesc_np(d->bad_why));
        json_write_object_end(w);
    }
    d->from = d->to = d->bad_from = d->bad_to = 0;
}

static void unreadable(struct dumping *d, struct json_writer *w, uint64_t from, int why)
{
    if (from != d->bad_to || why != d->bad_why) {
        end_stretch(d, w);
        d->bad_from = from;
        d->bad_why = why;
    }
    d->bad_to = from + PAGE;
    d->unreadable += PAGE;
}

static int next_part(struct dumping *d, struct json_writer *w, struct err *e)
{
    char suffix[48];
    if (d->part_number > 0) {
        end_stretch(d, w);
        if (live_output_close(&d->out, 0, e) != 0)
            return -1;
    }
    snprintf(suffix, sizeof suffix, "-%s-%05u.bin", d->pid, ++d->part_number);
    d->offset = 0;
    int result = live_output_open(&d->out, d->room, suffix, e);
    if (d->part_number == 1)
        snprintf(d->first, sizeof d->first, "%s", d->out.name);
    return result;
}

static int put(struct dumping *d, struct json_writer *w, uint64_t address, const uint8_t *data,
               struct err *e)
{
    uint64_t most = d->room->options->file_most;
    if (most == 0 || most > part_most)
        most = part_most;
    if ((d->part_number == 0 || d->offset + PAGE > most) && next_part(d, w, e) != 0)
        return -1;
    if (address != d->to) {
        end_stretch(d, w);
        d->from = d->to = address;
        d->at = d->offset;
    }
    if (live_output_put(&d->out, data, PAGE, e) != 0)
        return -1;
    d->to += PAGE;
    d->offset += PAGE;
    d->bytes += PAGE;
    return 0;
}

/* A page that is somewhere. */
static int page(struct dumping *d, struct json_writer *w, uint64_t address, bool is_swapped,
                struct err *e)
{
    ssize_t n = pread(d->memory, d->part, PAGE, (off_t)address);
    live_beat(d->room);
    d->swapped_pages += is_swapped;
    d->absent_pages--;
    if (n != PAGE) {
        unreadable(d, w, address, n < 0 ? errno : EIO);
        return 0;
    }
    atomic_fetch_add(&d->room->shared->bytes_read, PAGE);
    return put(d, w, address, d->part, e);
}

/* A large area of which nothing is there. */
static bool is_untouched(struct dumping *d, uint64_t from, uint64_t to)
{
    char path[64];
    if (to - from < LARGE)
        return false;
    if (!d->untouched) {
        struct buf smaps;
        buf_init(&smaps);
        snprintf(path, sizeof path, "proc/%s/smaps", d->pid);
        d->untouched = mem_new(1, sizeof *d->untouched);
        if (d->untouched && live_read(d->room, path, MAPS_MOST, &smaps) == 0)
            live_untouched_parse(d->untouched, buf_slice(&smaps), LARGE);
        buf_fini(&smaps);
    }
    return d->untouched && live_untouched_has(d->untouched, from, to);
}

/* By 32 MiB. */
static int ask_each(struct dumping *d, struct json_writer *w, uint64_t from, uint64_t to,
                    struct err *e)
{
    if (is_untouched(d, from, to))
        return 0;
    uint64_t states[PAGES];
    for (uint64_t at = from; at < to; at += (uint64_t)PAGES * PAGE) {
        size_t count = (to - at) / PAGE < PAGES ? (size_t)((to - at) / PAGE) : PAGES;
        ssize_t n =
            pread(d->pages, states, count * sizeof *states, (off_t)(at / PAGE * sizeof *states));
        live_beat(d->room);
        if (n != (ssize_t)(count * sizeof *states)) {
            d->why = n < 0 ? errno : EIO;
            return 0;
        }
        for (size_t i = 0; i < count; i++)
            if ((states[i] & (present | swapped)) &&
                page(d, w, at + i * PAGE, (states[i] & swapped) != 0, e) != 0)
                return -1;
    }
    return 0;
}

/* All at once. 1: the kernel knows no such question. */
static int ask_scan(struct dumping *d, struct json_writer *w, uint64_t from, uint64_t to,
                    struct err *e)
{
    struct scan_region regions[REGIONS];
    for (bool asked = false; from < to; asked = true) {
        struct scan_argument ask = {.size = sizeof ask,
                                    .start = from,
                                    .end = to,
                                    .vec = (uintptr_t)regions,
                                    .vec_len = REGIONS,
                                    .category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED,
                                    .return_mask = SCAN_PRESENT | SCAN_SWAPPED};
        int count = ioctl(d->pages, SCAN, &ask);
        live_beat(d->room);
        if (count < 0 && !asked && (errno == ENOTTY || errno == EINVAL || errno == ENOSYS))
            return 1;
        if (count < 0 || ask.walk_end <= from) {
            d->why = count < 0 ? errno : EIO;
            return 0;
        }
        for (int i = 0; i < count; i++)
            for (uint64_t at = regions[i].start; at < regions[i].end; at += PAGE)
                if (page(d, w, at, (regions[i].categories & SCAN_SWAPPED) != 0, e) != 0)
                    return -1;
        from = ask.walk_end;
    }
    return 0;
}

/* A line of maps: "FROM-TO PERMISSIONS …". */
static int area(struct dumping *d, struct json_writer *w, const char *line, struct err *e)
{
    unsigned long long from, to;
    int name = 0; /* where it begins: that of a file, which may be anything, begins with '/' */
    if (sscanf(line, "%llx-%llx %*s %*s %*s %*s%n", &from, &to, &name) != 2 || to > INT64_MAX ||
        from % PAGE || to % PAGE)
        return 0;
    line += name;
    line += strspn(line, " ");
    if (strcmp(line, "[vsyscall]") == 0 || strncmp(line, "[vvar", 5) == 0)
        return 0;
    d->absent_pages += (to - from) / PAGE;
    int result = d->no_scan ? 1 : ask_scan(d, w, from, to, e);
    if (result <= 0)
        return result;
    d->no_scan = true;
    return ask_each(d, w, from, to, e);
}

static int areas(struct dumping *d, struct json_writer *w, struct buf *maps, struct err *e)
{
    int result = 0;
    json_write_name(w, "pages");
    json_write_array(w);
    for (char *line = (char *)maps->data; line && *line && result == 0;) {
        char *end = strchr(line, '\n');
        if (end)
            *end = 0;
        result = area(d, w, line, e);
        line = end ? end + 1 : NULL;
    }
    end_stretch(d, w);
    json_write_array_end(w);
    return result;
}

static int dump(struct dumping *d, struct err *e)
{
    struct json_writer w;
    struct buf maps;
    char path[64];
    buf_init(&maps);
    snprintf(path, sizeof path, "proc/%s/maps", d->pid);
    int result = 0, error = live_read(d->room, path, MAPS_MOST, &maps);
    if (error == 0 && maps.len == 0) /* a thread of the kernel */
        goto out;
    live_line_begin(d->map, &w);
    json_member_string(&w, "pid", d->pid);
    snprintf(path, sizeof path, "proc/%s/mem", d->pid);
    d->memory = live_open(d->room, path);
    if (d->memory < 0)
        error = errno;
    snprintf(path, sizeof path, "proc/%s/pagemap", d->pid);
    d->pages = live_open(d->room, path);
    if (d->pages < 0)
        error = errno;
    if (d->memory >= 0 && d->pages >= 0 && (error == 0 || error == EFBIG))
        result = areas(d, &w, &maps, e);
    error = error ? error : d->why;
    if (error) {
        json_member_string(&w, "error", strerrordesc_np(error));
        if (error != ENOENT && error != ESRCH)
            live_refused(d->room, path, error);
    }
    if (d->part_number > 0)
        json_member_string(&w, "file", d->first);
    json_member_int(&w, "parts", d->part_number);
    json_member_int(&w, "bytes", (int64_t)d->bytes);
    json_member_int(&w, "swapped_pages", (int64_t)d->swapped_pages);
    json_member_int(&w, "pages_never_touched", (int64_t)d->absent_pages);
    json_member_int(&w, "unreadable_bytes", (int64_t)d->unreadable);
    if (result == 0)
        result = live_line_end(d->map, &w, e);
    if (result == 0)
        result = live_output_flush(d->map, e);
out:
    if (d->memory >= 0)
        close(d->memory);
    if (d->pages >= 0)
        close(d->pages);
    mem_free(d->untouched);
    buf_fini(&maps);
    return d->part_number > 0 ? live_output_close(&d->out, result, e) : result;
}

int live_collect_process_memory(struct live_room *room, struct err *e)
{
    struct live_names names;
    struct live_output map;
    char own[16], parent[16];
    uint8_t *part = mem_new(PAGE, 1);
    if (!part)
        return err_memory(e);
    if (live_names_read(room, "proc", true, &names, NULL, e) != 0) {
        mem_free(part);
        return -1;
    }
    snprintf(own, sizeof own, "%d", (int)getpid());
    snprintf(parent, sizeof parent, "%d", (int)getppid());
    int result = live_output_open(&map, room, ".jsonl", e);
    for (size_t i = 0; i < names.count && result == 0; i++) {
        const char *pid = names.names[i];
        if (strcmp(pid, own) == 0 || strcmp(pid, parent) == 0) /* it would grow as it is read */
            continue;
        if (!live_item(room, strtoull(pid, NULL, 10), "/proc/%s/mem", pid))
            continue;
        struct dumping d = {
            .room = room, .map = &map, .pid = pid, .part = part, .memory = -1, .pages = -1};
        result = dump(&d, e);
    }
    if (result == 0)
        atomic_store(&room->shared->items, names.count);
    live_names_fini(&names);
    mem_free(part);
    return live_output_close(&map, result, e);
}
