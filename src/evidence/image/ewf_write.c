/* SPDX-License-Identifier: Apache-2.0 */
/*
 * E01 as EnCase 6 writes it, by the public description of the Expert Witness format that comes with
 * libewf: sections one behind the other, each with a descriptor that names the next; 32 KiB chunks,
 * deflated or plain with their Adler-32; two tables of where the chunks lie.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "evidence/image/ewf_text.h"
#include "evidence/image/export.h"
#include "evidence/image/part.h"

#include <isa-l/igzip_lib.h>
#include <stdio.h>
#include <string.h>

enum {
    FILE_HEADER = 13,
    DESCRIPTOR = 76,
    VOLUME = 1052,
    TABLE_HEADER = 24,
    TABLE_MOST = 16375, /* entries; every program reads so many */
    ERROR_HEADER = 520,
    ERRORS_MOST = 1 << 20,
    DIGEST = 80,
    HASH = 36,
    SECTOR = 512,
    PLACE = 0x7fffffff, /* most that an entry of a table holds */
};
#define FILE_BYTES 0x7fe00000u /* just below 2 GiB: older programs read no larger ones */
#define DEFLATED 0x80000000u

struct ewf {
    struct evidence_exporting *x;
    char stem[4096]; /* the target without its ending */
    uint8_t volume[VOLUME];
    uint64_t file_bytes; /* of a file at most */
    uint64_t sectors_at; /* the descriptor of the sectors section under way; 0: there is none */
    uint32_t table[TABLE_MOST];
    uint32_t count;
    struct buf text; /* headers, tables, errors */
    uint32_t errors; /* ranges that error2 lists */
    uint32_t sector;
};

static void put_little(uint8_t *out, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(number >> (8 * i));
}

static void put_sum(uint8_t *out, size_t len)
{
    put_little(out + len, evidence_adler32(slice_of(out, len)), 4);
}

static uint64_t here(const struct ewf *w)
{
    return evidence_output_last(&w->x->outputs)->bytes;
}

static void describe(const char *type, uint64_t next, uint64_t bytes, uint8_t out[DESCRIPTOR])
{
    memset(out, 0, DESCRIPTOR);
    memcpy(out, type, strlen(type));
    put_little(out + 16, next, 8);
    put_little(out + 24, bytes, 8);
    put_sum(out, DESCRIPTOR - 4);
}

static int put(struct ewf *w, const void *data, size_t len, struct err *e)
{
    return evidence_output_put(&w->x->outputs, slice_of(data, len), e);
}

static int section(struct ewf *w, const char *type, const void *data, size_t len, struct err *e)
{
    uint8_t head[DESCRIPTOR];
    describe(type, here(w) + DESCRIPTOR + len, DESCRIPTOR + len, head);
    return put(w, head, sizeof head, e) == 0 ? put(w, data, len, e) : -1;
}

/* "next" and "done" point to themselves. */
static int last_section(struct ewf *w, const char *type, struct err *e)
{
    uint8_t head[DESCRIPTOR];
    describe(type, here(w), DESCRIPTOR, head);
    return put(w, head, sizeof head, e);
}

static int text_section(struct ewf *w, const char *type, struct err *e)
{
    struct isal_zstream *s = mem_new(1, sizeof *s);
    size_t room = w->text.len + w->text.len / 1000 + 256;
    uint8_t *out = mem_new(room, 1);
    int result = -1;
    if (!s || !out) {
        err_memory(e);
    } else if (buf_check(&w->text, e) == 0) {
        isal_deflate_stateless_init(s);
        s->end_of_stream = 1;
        s->gzip_flag = IGZIP_ZLIB;
        s->next_in = w->text.data;
        s->avail_in = (uint32_t)w->text.len;
        s->next_out = out;
        s->avail_out = (uint32_t)room;
        result = isal_deflate_stateless(s) == COMP_OK
                     ? section(w, type, out, s->total_out, e)
                     : err_set(e, ERR_INTERNAL, "evidence.deflate", NULL,
                               "the header of the E01 file could not be deflated");
    }
    mem_free(s);
    mem_free(out);
    buf_reset(&w->text);
    return result;
}

static int headers(struct ewf *w, struct err *e)
{
    int64_t now = clock_now(&clock_system);
    for (int i = 0; i < 2; i++) { /* EnCase writes it twice, and so others expect it */
        evidence_ewf_header2(&w->x->facts, now, &w->text);
        if (text_section(w, "header2", e) != 0)
            return -1;
    }
    evidence_ewf_header(&w->x->facts, now, &w->text);
    if (text_section(w, "header", e) != 0)
        return -1;
    return section(w, "volume", w->volume, sizeof w->volume, e);
}

static int make_volume(struct ewf *w, struct err *e)
{
    const struct evidence_image_facts *f = &w->x->facts;
    uint64_t chunks = (f->bytes + EVIDENCE_PART - 1) / EVIDENCE_PART;
    bool whole = f->bytes % f->sector == 0 && EVIDENCE_PART % f->sector == 0;
    uint32_t sector = w->sector = whole ? f->sector : SECTOR;
    uint8_t *v = w->volume;
    v[0] = 1; /* a fixed disk */
    put_little(v + 4, chunks, 4);
    put_little(v + 8, EVIDENCE_PART / sector, 4);
    put_little(v + 12, sector, 4);
    put_little(v + 16, f->bytes / sector, 8);
    v[36] = f->device ? 3 : 1; /* an image; of a physical device */
    v[52] = 1;                 /* "fast" */
    put_little(v + 56, 1, 4);  /* after a read error, single sectors were lost */
    if (random_fill(&random_system, v + 64, 16, e) != 0)
        return -1;
    put_sum(v, VOLUME - 4);
    return 0;
}

static int open_file(struct ewf *w, struct err *e)
{
    static const uint8_t magic[8] = {'E', 'V', 'F', 0x09, 0x0d, 0x0a, 0xff, 0x00};
    uint8_t head[FILE_HEADER] = {0};
    char path[4096], ending[4];
    size_t number = w->x->outputs.count + 1;
    if (!evidence_ewf_ending(number, ending)) {
        err_set(e, ERR_LIMIT, "evidence.format", NULL, "E01 has no names for more than %zu files",
                number - 1);
        return err_hint(e, "choose a larger --segment-size");
    }
    if ((size_t)snprintf(path, sizeof path, "%s.%s", w->stem, ending) >= sizeof path)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", w->stem);
    memcpy(head, magic, sizeof magic);
    head[8] = 1;
    put_little(head + 9, number, 2);
    if (evidence_output_open(&w->x->outputs, path, e) != 0 || put(w, head, sizeof head, e) != 0)
        return -1;
    return number == 1 ? headers(w, e) : section(w, "data", w->volume, sizeof w->volume, e);
}

static size_t table_bytes(uint32_t count)
{
    return TABLE_HEADER + 4 * (size_t)count + 4;
}

/* Sectors, and behind them where they lie, twice. */
static int close_sectors(struct ewf *w, struct err *e)
{
    uint8_t head[DESCRIPTOR];
    if (w->count == 0)
        return 0;
    uint64_t end = here(w);
    describe("sectors", end, end - w->sectors_at, head);
    if (evidence_output_put_at(&w->x->outputs, slice_of(head, sizeof head), w->sectors_at, e) != 0)
        return -1;
    uint8_t *t = buf_extend(&w->text, table_bytes(w->count));
    if (!t)
        return err_memory(e);
    memset(t, 0, TABLE_HEADER);
    put_little(t, w->count, 4);
    put_little(t + 8, w->sectors_at, 8);
    put_sum(t, TABLE_HEADER - 4);
    for (uint32_t i = 0; i < w->count; i++)
        put_little(t + TABLE_HEADER + 4 * i, w->table[i], 4);
    put_little(t + TABLE_HEADER + 4 * w->count,
               evidence_adler32(slice_of(t + TABLE_HEADER, 4 * (size_t)w->count)), 4);
    int result =
        section(w, "table", t, w->text.len, e) == 0 ? section(w, "table2", t, w->text.len, e) : -1;
    buf_reset(&w->text);
    w->count = 0;
    w->sectors_at = 0;
    return result;
}

static int open_sectors(struct ewf *w, struct err *e)
{
    static const uint8_t later[DESCRIPTOR]; /* its length is not known yet */
    w->sectors_at = here(w);
    return put(w, later, sizeof later, e);
}

/* What must still fit behind the chunks, were this the last file. */
static uint64_t tail_bytes(const struct ewf *w, uint32_t count)
{
    uint64_t errors = w->errors ? DESCRIPTOR + ERROR_HEADER + 8 * (uint64_t)w->errors + 4 : 0;
    return 2 * (DESCRIPTOR + table_bytes(count)) + errors + DESCRIPTOR + VOLUME + DESCRIPTOR +
           DIGEST + DESCRIPTOR + HASH + DESCRIPTOR;
}

static bool fits(const struct ewf *w, const struct evidence_parts *parts)
{
    /* twice the tables: the block may end one section and begin the next */
    return here(w) + 2 * DESCRIPTOR + parts->bytes + tail_bytes(w, w->count) +
               tail_bytes(w, parts->count) <=
           w->file_bytes;
}

static int take(void *writer, const struct evidence_block *b, struct err *e)
{
    struct ewf *w = writer;
    const struct evidence_parts *parts = (const struct evidence_parts *)b->piece;
    const uint8_t *bytes = evidence_parts_bytes(parts);
    if (w->x->outputs.count == 0 && open_file(w, e) != 0)
        return -1;
    if (!fits(w, parts)) {
        if (close_sectors(w, e) != 0 || last_section(w, "next", e) != 0 ||
            evidence_output_close(&w->x->outputs, e) != 0 || open_file(w, e) != 0)
            return -1;
        if (!fits(w, parts)) {
            err_set(e, ERR_USAGE, "evidence.format", NULL,
                    "files of %llu bytes are too small for a chunk and the list of unreadable "
                    "sectors",
                    (unsigned long long)w->file_bytes);
            return err_hint(e, "choose a larger --segment-size");
        }
    }
    if (w->count + parts->count > TABLE_MOST ||
        here(w) + parts->bytes - w->sectors_at > (uint64_t)PLACE)
        if (close_sectors(w, e) != 0)
            return -1;
    if (w->count == 0 && open_sectors(w, e) != 0)
        return -1;
    uint64_t at = here(w) - w->sectors_at;
    for (uint32_t i = 0; i < parts->count; i++) {
        bool plain = parts->stored[i] & EVIDENCE_PART_PLAIN;
        w->table[w->count++] = (uint32_t)at | (plain ? 0 : DEFLATED);
        at += parts->stored[i] & ~EVIDENCE_PART_PLAIN;
    }
    return put(w, bytes, parts->bytes, e);
}

/* Ranges that could not be read, in sectors; what lies beyond 2^32 sectors stands in NAME.json. */
static int put_errors(struct ewf *w, struct err *e)
{
    struct evidence_extent extent;
    uint32_t count = 0;
    uint8_t head[ERROR_HEADER] = {0}, entry[8], sum[4];
    for (size_t i = 0; i < sizeof head; i++)
        buf_putc(&w->text, 0);
    for (uint64_t at = 0;
         count < w->errors && evidence_map_next(&w->x->facts.map, at, EVIDENCE_UNREADABLE, &extent);
         at = extent.from + extent.bytes) {
        uint64_t first = extent.from / w->sector;
        uint64_t end = (extent.from + extent.bytes + w->sector - 1) / w->sector;
        if (end > UINT32_MAX)
            break;
        put_little(entry, first, 4);
        put_little(entry + 4, end - first, 4);
        buf_put(&w->text, entry, sizeof entry);
        count++;
    }
    if (buf_check(&w->text, e) != 0)
        return -1;
    put_little(head, count, 4);
    put_sum(head, sizeof head - 4);
    memcpy(w->text.data, head, sizeof head);
    put_little(sum, evidence_adler32(slice_of(w->text.data + sizeof head, 8 * (size_t)count)), 4);
    buf_put(&w->text, sum, sizeof sum);
    int result =
        buf_check(&w->text, e) == 0 ? section(w, "error2", w->text.data, w->text.len, e) : -1;
    buf_reset(&w->text);
    return result;
}

static int finish(void *writer, struct err *e)
{
    struct ewf *w = writer;
    const struct evidence_exported *done = w->x->exported;
    uint8_t digest[DIGEST] = {0}, hash[HASH] = {0};
    if (close_sectors(w, e) != 0)
        return -1;
    if (w->x->outputs.count == 1 && section(w, "data", w->volume, sizeof w->volume, e) != 0)
        return -1;
    if (w->errors && put_errors(w, e) != 0)
        return -1;
    memcpy(digest, done->md5, sizeof done->md5);
    memcpy(digest + 16, done->sha1, sizeof done->sha1);
    put_sum(digest, DIGEST - 4);
    memcpy(hash, done->md5, sizeof done->md5);
    put_sum(hash, HASH - 4);
    if (section(w, "digest", digest, sizeof digest, e) != 0 ||
        section(w, "hash", hash, sizeof hash, e) != 0 || last_section(w, "done", e) != 0)
        return -1;
    return evidence_output_close(&w->x->outputs, e);
}

static int check(struct ewf *w, struct err *e)
{
    const struct evidence_image_facts *f = &w->x->facts;
    const char *target = w->x->options->target;
    size_t len = strlen(target);
    if (len > 4 && strcasecmp(target + len - 4, ".E01") == 0)
        len -= 4;
    if (len >= sizeof w->stem - 8)
        return err_set(e, ERR_LIMIT, "evidence.path", NULL, "the path %s is too long", target);
    memcpy(w->stem, target, len);
    w->file_bytes = w->x->options->segment_bytes ? w->x->options->segment_bytes : FILE_BYTES;
    if (f->bytes == 0 || f->bytes % SECTOR != 0 || f->bytes / EVIDENCE_PART >= UINT32_MAX) {
        err_set(e, ERR_CONFLICT, "evidence.format", NULL,
                "E01 holds whole sectors of 512 bytes, one at least, in at most 2^32 chunks of 32 "
                "KiB; the image has %llu bytes",
                (unsigned long long)f->bytes);
        return err_hint(e, "export it as raw or aff4");
    }
    w->errors =
        w->x->unreadable_ranges > ERRORS_MOST ? ERRORS_MOST : (uint32_t)w->x->unreadable_ranges;
    return make_volume(w, e);
}

static void close_ewf(void *writer)
{
    struct ewf *w = writer;
    buf_fini(&w->text);
    mem_free(w);
}

static void *open_ewf(struct evidence_exporting *x, struct err *e)
{
    struct ewf *w = mem_new(1, sizeof *w);
    if (!w) {
        err_memory(e);
        return NULL;
    }
    w->x = x;
    buf_init(&w->text);
    if (check(w, e) == 0)
        return w;
    close_ewf(w);
    return NULL;
}

const struct evidence_exporter evidence_ewf_exporter = {.name = "e01",
                                                        .parts = true,
                                                        .adler = true,
                                                        .digests = true,
                                                        .open = open_ewf,
                                                        .take = take,
                                                        .finish = finish,
                                                        .close = close_ewf};
