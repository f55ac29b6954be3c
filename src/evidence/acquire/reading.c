/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/acquire/reading.h"
#include "base/memory.h"
#include "evidence/bundle/member.h"

#include <string.h>

int evidence_reading_init(struct evidence_reading *r, const struct evidence_source *source,
                          size_t chunk_bytes, uint64_t from, const struct evidence_map *before,
                          struct err *e)
{
    *r = (struct evidence_reading){
        .source = source, .chunk_bytes = chunk_bytes, .next = from, .retries = 1};
    if (evidence_map_init(&r->map, source->bytes, e) != 0)
        return -1;
    if (evidence_map_set(&r->map, 0, from, EVIDENCE_RESCUED, e) != 0)
        goto fail;
    for (size_t i = 0; before && i < before->count; i++) {
        const struct evidence_extent *x = &before->extents[i];
        uint64_t bytes = x->from < from && from - x->from < x->bytes ? from - x->from : x->bytes;
        if (x->from < from && evidence_map_set(&r->map, x->from, bytes, x->state, e) != 0)
            goto fail;
    }
    return 0;
fail:
    evidence_map_fini(&r->map);
    return -1;
}

void evidence_reading_fini(struct evidence_reading *r)
{
    evidence_map_fini(&r->map);
}

void evidence_reading_fill(enum evidence_fill fill, uint64_t offset, uint8_t *data, size_t len)
{
    static const char pattern[] = "UNREADABLESECTOR";
    if (fill == EVIDENCE_FILL_ZERO) {
        memset(data, 0, len);
        return;
    }
    for (size_t i = 0; i < len; i++)
        data[i] = (uint8_t)pattern[(offset + i) % (sizeof pattern - 1)];
}

/* Good bytes before what stopped it, in whole sectors. */
static size_t read_some(struct evidence_reading *r, uint64_t offset, uint8_t *data, size_t len)
{
    int why;
    size_t got = evidence_source_read(r->source, offset, data, len, &why);
    if (got == len)
        return got;
    if (r->read_errors++ == 0) {
        r->first_errno = why;
        r->first_offset = offset + got;
    }
    r->shrank = r->shrank || why == 0;
    return got / r->source->sector * r->source->sector;
}

static int next(void *context, struct evidence_block *block, size_t room, struct err *e)
{
    struct evidence_reading *r = context;
    uint64_t rest = r->source->bytes - r->next;
    size_t len = rest < r->chunk_bytes ? (size_t)rest : r->chunk_bytes;
    (void)room;
    if (len == 0)
        return 0;
    block->offset = r->next;
    block->len = len;
    block->number = r->next / r->chunk_bytes;
    r->next += len;
    block->zero = evidence_source_hole_end(r->source, block->offset) >= block->offset + len;
    if (block->zero) {
        memset(block->data, 0, len);
        evidence_source_skip(r->source, block->offset, len);
        return evidence_map_set(&r->map, block->offset, len, EVIDENCE_RESCUED, e) == 0 ? 1 : -1;
    }
    size_t got = read_some(r, block->offset, block->data, len);
    if (evidence_map_set(&r->map, block->offset, got, EVIDENCE_RESCUED, e) != 0 ||
        evidence_map_set(&r->map, block->offset + got, len - got, EVIDENCE_NOT_TRIMMED, e) != 0)
        return -1;
    if (got < len) {
        block->bad = true;
        evidence_reading_fill(r->fill, block->offset + got, block->data + got, len - got);
    }
    block->zero = evidence_is_zero(slice_of(block->data, len));
    return 1;
}

struct evidence_feed evidence_reading_feed(struct evidence_reading *r)
{
    return (struct evidence_feed){.next = next, .context = r};
}

bool evidence_reading_is_open(const struct evidence_reading *r)
{
    return evidence_map_sum(&r->map, EVIDENCE_NOT_TRIMMED) > 0;
}

/* One sector (the last of a file may be short), by itself. */
static int one(struct evidence_reading *r, uint64_t at, uint8_t *data, size_t len, uint8_t *bounce,
               bool *good, struct err *e)
{
    *good = read_some(r, at, bounce, len) >= len / r->source->sector * r->source->sector && len > 0;
    if (len % r->source->sector) {
        int why;
        *good = evidence_source_read(r->source, at, bounce, len, &why) == len;
    }
    if (*good)
        memcpy(data, bounce, len);
    return evidence_map_set(&r->map, at, len, *good ? EVIDENCE_RESCUED : EVIDENCE_UNREADABLE, e);
}

static size_t sector_len(const struct evidence_reading *r, uint64_t at, uint64_t end)
{
    uint64_t rest = end - at;
    return rest < r->source->sector ? (size_t)rest : r->source->sector;
}

/* From both ends of an extent, to the first sector that is bad. */
static int64_t trim(struct evidence_reading *r, struct evidence_extent x, uint8_t *data,
                    uint64_t offset, uint8_t *bounce, struct err *e)
{
    uint64_t at = x.from, end = x.from + x.bytes;
    int64_t won = 0;
    bool good = true;
    while (at < end && good) {
        size_t len = sector_len(r, at, end);
        if (one(r, at, data + (at - offset), len, bounce, &good, e) != 0)
            return -1;
        won += good;
        at += len;
    }
    good = true;
    while (at < end && good) {
        uint64_t sector = r->source->sector;
        uint64_t last = (end - 1) / sector * sector;
        size_t len = (size_t)(end - last);
        if (one(r, last, data + (last - offset), len, bounce, &good, e) != 0)
            return -1;
        won += good;
        end = last;
    }
    return won;
}

static int64_t each(struct evidence_reading *r, struct evidence_extent x, uint8_t *data,
                    uint64_t offset, uint8_t *bounce, struct err *e)
{
    int64_t won = 0;
    for (uint64_t at = x.from, end = x.from + x.bytes; at < end;) {
        size_t len = sector_len(r, at, end);
        bool good;
        if (one(r, at, data + (at - offset), len, bounce, &good, e) != 0)
            return -1;
        won += good;
        at += len;
    }
    return won;
}

int64_t evidence_reading_again(struct evidence_reading *r, uint64_t offset, uint8_t *data,
                               size_t len, unsigned pass, struct err *e)
{
    enum evidence_state wanted = pass < 3 ? EVIDENCE_NOT_TRIMMED : EVIDENCE_UNREADABLE;
    _Alignas(4096) uint8_t bounce[4096];
    struct evidence_extent x;
    int64_t won = 0;
    if (r->source->sector > sizeof bounce)
        return err_set(e, ERR_LIMIT, "evidence.sector", NULL,
                       "sectors of %u bytes are larger than this program reads", r->source->sector);
    for (uint64_t at = offset;
         evidence_map_next(&r->map, at, wanted, &x) && x.from < offset + len;) {
        if (x.bytes > offset + len - x.from)
            x.bytes = offset + len - x.from;
        at = x.from + x.bytes;
        int64_t more =
            pass == 1 ? trim(r, x, data, offset, bounce, e) : each(r, x, data, offset, bounce, e);
        if (more < 0)
            return -1;
        won += more;
    }
    return won;
}
