/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AFF4 standard v1.0, a physical image: a ZIP archive with an image stream in bevies of 2,048
 * chunks of 32 KiB, deflated (zlib, RFC 1950) or plain, an index a bevy (offset u64, length u32),
 * and information.turtle, which says what all of it is.
 */
#include "base/clock.h"
#include "base/encoding.h"
#include "base/memory.h"
#include "evidence/image/export.h"
#include "evidence/image/part.h"
#include "evidence/image/zip_write.h"

#include <stdio.h>
#include <string.h>

enum { BEVY = 2048 /* chunks */, UUID_TEXT = 37 };

struct aff4 {
    struct evidence_exporting *x;
    struct evidence_zip zip;
    char volume[UUID_TEXT], stream[UUID_TEXT], map[UUID_TEXT], image[UUID_TEXT];
    struct buf index; /* of the bevy under way */
    uint32_t chunks;  /* of it */
    uint64_t at;      /* bytes of it */
    uint32_t bevies;
    bool in_bevy;
};

/* RFC 9562 section 5.4, random. */
static int make_uuid(char text[UUID_TEXT], struct err *e)
{
    uint8_t b[16];
    if (random_fill(&random_system, b, sizeof b, e) != 0)
        return -1;
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    snprintf(text, UUID_TEXT,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
    return 0;
}

/* Members are named by their address, whose "aff4://" is escaped as the standard has it. */
static void bevy_name(const struct aff4 *w, const char *ending, char name[128])
{
    snprintf(name, 128, "aff4%%3A%%2F%%2F%s/%08u%s", w->stream, w->bevies, ending);
}

static int begin(struct aff4 *w, struct err *e)
{
    char text[128];
    if (evidence_output_open(&w->x->outputs, w->x->options->target, e) != 0)
        return -1;
    evidence_zip_init(&w->zip, &w->x->outputs);
    snprintf(text, sizeof text, "aff4://%s", w->volume);
    if (evidence_zip_add(&w->zip, "container.description", slice_str(text), e) != 0)
        return -1;
    return evidence_zip_add(&w->zip, "version.txt",
                            slice_str("major=1\nminor=0\ntool=tocsin " TOCSIN_VERSION "\n"), e);
}

static int close_bevy(struct aff4 *w, struct err *e)
{
    char name[128];
    if (!w->in_bevy)
        return 0;
    bevy_name(w, ".index", name);
    if (evidence_zip_end(&w->zip, e) != 0 || buf_check(&w->index, e) != 0 ||
        evidence_zip_add(&w->zip, name, buf_slice(&w->index), e) != 0)
        return -1;
    buf_reset(&w->index);
    w->in_bevy = false;
    w->chunks = 0;
    w->at = 0;
    w->bevies++;
    return 0;
}

static void add_index(struct aff4 *w, uint32_t bytes)
{
    uint8_t entry[12];
    for (size_t i = 0; i < 8; i++)
        entry[i] = (uint8_t)(w->at >> (8 * i));
    for (size_t i = 0; i < 4; i++)
        entry[8 + i] = (uint8_t)(bytes >> (8 * i));
    buf_put(&w->index, entry, sizeof entry);
    w->at += bytes;
    w->chunks++;
}

/* The last chunk of a stream is a whole one too; what lies behind the image's end is zero. */
static int fill_up(struct aff4 *w, const struct evidence_block *b, uint32_t stored, struct err *e)
{
    uint8_t *part = mem_new(EVIDENCE_PART, 1);
    size_t rest = b->len % EVIDENCE_PART;
    (void)stored;
    if (!part)
        return err_memory(e);
    memcpy(part, b->data + b->len - rest, rest);
    int result = evidence_zip_put(&w->zip, slice_of(part, EVIDENCE_PART), e);
    add_index(w, EVIDENCE_PART);
    mem_free(part);
    return result;
}

static int take(void *writer, const struct evidence_block *b, struct err *e)
{
    struct aff4 *w = writer;
    const struct evidence_parts *parts = (const struct evidence_parts *)b->piece;
    const uint8_t *bytes = evidence_parts_bytes(parts);
    char name[128];
    for (uint32_t i = 0; i < parts->count;) {
        if (!w->in_bevy) {
            bevy_name(w, "", name);
            if (evidence_zip_begin(&w->zip, name, e) != 0)
                return -1;
            w->in_bevy = true;
        }
        size_t run = 0;
        bool cut = false;
        for (; i < parts->count && w->chunks < BEVY && !cut; i++) {
            uint32_t stored = parts->stored[i] & ~EVIDENCE_PART_PLAIN;
            cut = i + 1 == parts->count && b->len % EVIDENCE_PART != 0;
            if (!cut) {
                run += stored;
                add_index(w, stored);
            }
        }
        if (run && evidence_zip_put(&w->zip, slice_of(bytes, run), e) != 0)
            return -1;
        bytes += run;
        if ((cut && fill_up(w, b, 0, e) != 0) || (w->chunks == BEVY && close_bevy(w, e) != 0))
            return -1;
    }
    return 0;
}

static void hex(struct buf *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        buf_printf(out, "%02x", bytes[i]);
}

/* A literal: quotes, backslashes and control characters escaped (Turtle section 2.5.1). */
static void literal(struct buf *out, const char *name, const char *text)
{
    if (!text[0])
        return;
    buf_printf(out, " ;\n    aff4:%s \"", name);
    for (const char *c = text; *c; c++)
        if (*c == '"' || *c == '\\')
            buf_printf(out, "\\%c", *c);
        else if ((uint8_t)*c < 0x20)
            buf_printf(out, "\\u%04X", (unsigned)(uint8_t)*c);
        else
            buf_putc(out, *c);
    buf_puts(out, "\"");
}

static void describe(const struct aff4 *w, struct buf *out)
{
    const struct evidence_image_facts *f = &w->x->facts;
    const struct evidence_exported *done = w->x->exported;
    char at[TIME_TEXT];
    time_format(clock_now(&clock_system), at);
    buf_puts(out, "@prefix aff4: <http://aff4.org/Schema#> .\n"
                  "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n"
                  "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n\n");
    buf_printf(out,
               "<aff4://%s> a aff4:ZipVolume ;\n    aff4:contains <aff4://%s> ;\n"
               "    aff4:creationTime \"%s\"^^xsd:dateTime ;\n"
               "    aff4:interface aff4:Volume .\n\n",
               w->volume, w->image, at);
    buf_printf(out,
               "<aff4://%s> a aff4:DiskImage, aff4:Image, aff4:ContiguousImage ;\n"
               "    aff4:dataStream <aff4://%s> ;\n    aff4:size \"%llu\"^^xsd:long ;\n"
               "    aff4:blockSize \"%u\"^^xsd:int ;\n    aff4:stored <aff4://%s>",
               w->image, w->map, (unsigned long long)f->bytes, f->sector, w->volume);
    literal(out, "caseDescription", f->description);
    literal(out, "caseName", f->exhibit);
    literal(out, "examiner", f->examiner);
    literal(out, "diskDeviceModel", f->model);
    literal(out, "diskSerial", f->serial);
    buf_puts(out, " .\n\n");
    buf_printf(out,
               "<aff4://%s> a aff4:Map ;\n    aff4:dependentStream <aff4://%s> ;\n"
               "    aff4:mapGapDefaultStream aff4:Zero ;\n"
               "    aff4:size \"%llu\"^^xsd:long ;\n    aff4:stored <aff4://%s> ;\n"
               "    aff4:target <aff4://%s> ;\n    aff4:hash \"",
               w->map, w->stream, (unsigned long long)f->bytes, w->volume, w->stream);
    hex(out, done->md5, sizeof done->md5);
    buf_puts(out, "\"^^aff4:MD5, \"");
    hex(out, done->sha1, sizeof done->sha1);
    buf_puts(out, "\"^^aff4:SHA1, \"");
    hex(out, done->sha256, sizeof done->sha256);
    buf_puts(out, "\"^^aff4:SHA256 .\n\n");
    uint64_t whole = (f->bytes + EVIDENCE_PART - 1) / EVIDENCE_PART * EVIDENCE_PART;
    buf_printf(out,
               "<aff4://%s> a aff4:ImageStream ;\n    aff4:chunkSize \"%u\"^^xsd:int ;\n"
               "    aff4:chunksInSegment \"%u\"^^xsd:int ;\n"
               "    aff4:compressionMethod <https://www.ietf.org/rfc/rfc1950.txt> ;\n"
               "    aff4:size \"%llu\"^^xsd:long ;\n    aff4:stored <aff4://%s> ;\n"
               "    aff4:version \"1\"^^xsd:int .\n",
               w->stream, EVIDENCE_PART, BEVY, (unsigned long long)whole, w->volume);
}

static void little(struct buf *out, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_putc(out, (int)(number >> (8 * i) & 0xff));
}

/* The map says that the image is the stream, from beginning to end. */
static int put_map(struct aff4 *w, struct err *e)
{
    struct buf text;
    char name[128], stream[128];
    buf_init(&text);
    little(&text, 0, 8);
    little(&text, w->x->facts.bytes, 8);
    little(&text, 0, 8);
    little(&text, 0, 4);
    snprintf(name, sizeof name, "aff4%%3A%%2F%%2F%s/map", w->map);
    int result =
        buf_check(&text, e) == 0 ? evidence_zip_add(&w->zip, name, buf_slice(&text), e) : -1;
    snprintf(name, sizeof name, "aff4%%3A%%2F%%2F%s/idx", w->map);
    snprintf(stream, sizeof stream, "aff4://%s\n", w->stream);
    if (result == 0)
        result = evidence_zip_add(&w->zip, name, slice_str(stream), e);
    buf_reset(&text);
    describe(w, &text);
    if (result == 0)
        result = buf_check(&text, e) == 0
                     ? evidence_zip_add(&w->zip, "information.turtle", buf_slice(&text), e)
                     : -1;
    buf_fini(&text);
    return result;
}

static int finish(void *writer, struct err *e)
{
    struct aff4 *w = writer;
    char comment[64];
    snprintf(comment, sizeof comment, "aff4://%s", w->volume);
    if (close_bevy(w, e) != 0 || put_map(w, e) != 0 ||
        evidence_zip_close(&w->zip, slice_str(comment), e) != 0)
        return -1;
    return evidence_output_close(&w->x->outputs, e);
}

static void close_aff4(void *writer)
{
    struct aff4 *w = writer;
    evidence_zip_fini(&w->zip);
    buf_fini(&w->index);
    mem_free(w);
}

static void *open_aff4(struct evidence_exporting *x, struct err *e)
{
    struct aff4 *w = mem_new(1, sizeof *w);
    if (!w) {
        err_memory(e);
        return NULL;
    }
    w->x = x;
    buf_init(&w->index);
    if (x->options->segment_bytes != 0) {
        err_set(e, ERR_USAGE, "evidence.format", NULL, "AFF4 is written as one file");
    } else if (make_uuid(w->volume, e) == 0 && make_uuid(w->stream, e) == 0 &&
               make_uuid(w->map, e) == 0 && make_uuid(w->image, e) == 0 && begin(w, e) == 0) {
        return w;
    }
    close_aff4(w);
    return NULL;
}

const struct evidence_exporter evidence_aff4_exporter = {.name = "aff4",
                                                         .parts = true,
                                                         .digests = true,
                                                         .open = open_aff4,
                                                         .take = take,
                                                         .finish = finish,
                                                         .close = close_aff4};
