/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/mount/zip_directory.h"
#include "base/memory.h"

#include <string.h>
#include <time.h>

enum {
    END = 22,
    END_MOST = END + 65535,
    LOCATOR = 20,
    END64 = 56,
    ENTRY = 46,
    WINDOW = 1 << 18, /* more than an entry has: 46 bytes and three times 65,535 */
    UNIX = 3
};

static const char clause[] = "APPNOTE.TXT section 4.3";

static int none(struct err *e, const char *why)
{
    return err_set(e, ERR_INPUT, "evidence.zip", clause, "the archive cannot be listed: %s", why);
}

struct end_record {
    uint64_t at; /* the record's place: the directory ends there */
    uint64_t bytes, offset;
};

/* From the back, the first record whose comment ends with the archive. */
static bool find_end(struct slice tail, size_t *at)
{
    for (size_t i = tail.len >= END ? tail.len - END + 1 : 0; i-- > 0;) {
        struct cursor c;
        cursor_init(&c, slice_of(tail.data + i, tail.len - i));
        if (!cursor_skip(&c, "PK\5\6"))
            continue;
        (void)cursor_take(&c, 16);
        if (zip_u16(&c) == cursor_left(&c)) {
            *at = i;
            return true;
        }
    }
    return false;
}

/* The larger record, where there is one. 1: it is there, 0: not, -1. */
static int read_end64(const struct zip_source *s, struct end_record *end, struct err *e)
{
    uint8_t data[END64];
    struct cursor c;
    if (end->at < LOCATOR)
        return 0;
    if (s->read(s->context, end->at - LOCATOR, data, LOCATOR, e) != 0)
        return -1;
    cursor_init(&c, slice_of(data, LOCATOR));
    if (!cursor_skip(&c, "PK\6\7"))
        return 0;
    (void)zip_u32(&c);
    uint64_t at = zip_u64(&c), most = end->at - LOCATOR;
    /* before what a program that unpacks has in front of it, its place is another */
    for (int guess = 0; guess < 2; guess++, at = most - END64) {
        if (most < END64 || at > most - END64)
            continue;
        if (s->read(s->context, at, data, sizeof data, e) != 0)
            return -1;
        cursor_init(&c, slice_of(data, sizeof data));
        if (!cursor_skip(&c, "PK\6\6"))
            continue;
        (void)cursor_take(&c, 36);
        end->at = at;
        end->bytes = zip_u64(&c);
        end->offset = zip_u64(&c);
        return 1;
    }
    return none(e, "the record of its larger directory is not where it should be");
}

static int read_end(const struct zip_source *s, struct end_record *end, struct err *e)
{
    size_t len = s->bytes < END_MOST ? (size_t)s->bytes : END_MOST, at;
    uint8_t *data = mem_new(len ? len : 1, 1);
    struct cursor c;
    int result = -1;
    if (!data)
        return err_memory(e);
    if (s->read(s->context, s->bytes - len, data, len, e) != 0)
        goto out;
    if (!find_end(slice_of(data, len), &at)) {
        none(e, "it has no end record");
        goto out;
    }
    cursor_init(&c, slice_of(data + at, len - at));
    (void)cursor_take(&c, 10);
    end->at = s->bytes - len + at;
    uint16_t entries = zip_u16(&c); /* how many there are, the directory itself shows */
    end->bytes = zip_u32(&c);
    end->offset = zip_u32(&c);
    bool is_small = entries != UINT16_MAX && end->bytes != UINT32_MAX && end->offset != UINT32_MAX;
    result = is_small || read_end64(s, end, e) >= 0 ? 0 : -1;
out:
    mem_free(data);
    return result;
}

int zip_directory_open(struct zip_directory *d, const struct zip_source *source, struct err *e)
{
    struct end_record end = {0};
    *d = (struct zip_directory){.source = source};
    if (read_end(source, &end, e) != 0)
        return -1;
    if (end.bytes > end.at || end.offset > end.at - end.bytes)
        return none(e, "its directory would begin before it");
    d->from = d->at = end.at - end.bytes;
    d->end = end.at;
    d->base = d->from - end.offset;
    d->window = mem_new(WINDOW, 1);
    return d->window ? 0 : err_memory(e);
}

void zip_directory_close(struct zip_directory *d)
{
    mem_free(d->window);
    d->window = NULL;
}

/* As much as there is of the next entry, up to a window. */
static int fill(struct zip_directory *d, struct err *e)
{
    uint64_t rest = d->end - d->at;
    size_t kept = d->in_window - d->used;
    memmove(d->window, d->window + d->used, kept);
    d->used = 0;
    d->in_window = kept;
    size_t len = rest < WINDOW - kept ? (size_t)rest : WINDOW - kept;
    if (len && d->source->read(d->source->context, d->at, d->window + kept, len, e) != 0)
        return -1;
    d->at += len;
    d->in_window += len;
    return 0;
}

/* MS-DOS date and time, which say nothing of the zone: as if it were UTC. */
static int64_t dos_time(uint16_t time, uint16_t date)
{
    struct tm tm = {.tm_sec = (time & 31) * 2,
                    .tm_min = time >> 5 & 63,
                    .tm_hour = time >> 11,
                    .tm_mday = date & 31,
                    .tm_mon = (date >> 5 & 15) - 1,
                    .tm_year = (date >> 9) + 80};
    return date ? (int64_t)timegm(&tm) : 0;
}

/* A size or place that did not fit into 32 bits stands in the extra field, in this order. */
static bool larger(struct cursor *c, uint64_t *value)
{
    if (*value != UINT32_MAX)
        return true;
    *value = zip_u64(c);
    return !c->failed;
}

static void read_extra(struct slice extra, struct zip_entry *entry)
{
    struct cursor all;
    bool has_larger = false;
    cursor_init(&all, extra);
    while (cursor_left(&all) >= 4) {
        uint16_t id = zip_u16(&all);
        struct slice value = cursor_take(&all, zip_u16(&all));
        struct cursor c;
        if (all.failed)
            break;
        cursor_init(&c, value);
        if (id == 1 && !has_larger) {
            has_larger = true;
            if (!larger(&c, &entry->bytes) || !larger(&c, &entry->packed) ||
                !larger(&c, &entry->header))
                entry->why = "its sizes are not said";
        } else if (id == 0x5455 && value.len >= 5 && (cursor_u8(&c) & 1)) {
            entry->modified = (int32_t)zip_u32(&c);
        }
    }
}

static void judge(const struct zip_directory *d, struct zip_entry *entry)
{
    if (entry->why)
        return;
    if (entry->header > d->from - d->base || entry->packed > d->from - d->base - entry->header)
        entry->why = "it would lie behind the end of the archive";
    else if (entry->flags & 1)
        entry->why = "it is encrypted";
    else if (entry->method != ZIP_STORED && entry->method != ZIP_DEFLATED)
        entry->why = "it is packed in a way that is not read here";
    else if (entry->method == ZIP_STORED && entry->packed != entry->bytes)
        entry->why = "it is stored as it is, and its two sizes differ";
    else if (entry->bytes / ZIP_DEFLATE_RATIO > entry->packed + 1)
        entry->why = "it would be more than can be packed into its bytes";
}

int zip_directory_next(struct zip_directory *d, struct zip_entry *entry, struct err *e)
{
    struct cursor c;
    *entry = (struct zip_entry){0};
    if (d->broken || (d->at == d->end && d->used == d->in_window))
        return 0;
    d->broken = true; /* unless this one is whole */
    if (d->in_window - d->used < WINDOW / 2 && fill(d, e) != 0)
        return -1;
    for (int again = 0;; again++) {
        cursor_init(&c, slice_of(d->window + d->used, d->in_window - d->used));
        bool is_entry = cursor_skip(&c, "PK\1\2");
        unsigned made_by = zip_u16(&c) >> 8; /* which says what the attributes are */
        *entry = (struct zip_entry){0};
        (void)zip_u16(&c);
        entry->flags = zip_u16(&c);
        entry->method = zip_u16(&c);
        uint16_t time = zip_u16(&c), date = zip_u16(&c);
        entry->modified = dos_time(time, date);
        entry->crc = zip_u32(&c);
        entry->packed = zip_u32(&c);
        entry->bytes = zip_u32(&c);
        size_t name = zip_u16(&c), extra = zip_u16(&c), comment = zip_u16(&c);
        (void)cursor_take(&c, 4);
        uint32_t attributes = zip_u32(&c);
        entry->header = zip_u32(&c);
        entry->name = cursor_take(&c, name);
        struct slice more = cursor_take(&c, extra);
        (void)cursor_take(&c, comment);
        if (is_entry && !c.failed) {
            entry->mode = made_by == UNIX ? (mode_t)(attributes >> 16) : 0;
            read_extra(more, entry);
            judge(d, entry);
            entry->header += d->base;
            d->used += c.at;
            d->broken = false;
            return 1;
        }
        if (!is_entry || again || d->at == d->end)
            return none(e, "its directory ends before it should, or holds something else");
        if (fill(d, e) != 0)
            return -1;
    }
}
