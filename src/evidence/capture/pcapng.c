/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/capture/pcapng.h"

#include <string.h>

enum {
    HEADER = 8,
    TRAILER = 4,
    ENHANCED = 20, /* fixed part of a packet's block, before its data */
    MAGIC = 0x1a2b3c4d,
    NANOSECONDS = 9,
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    HARDWARE = 2,
    SYSTEM = 3,
    APPLICATION = 4,
    INTERFACE_NAME = 2,
    INTERFACE_DESCRIPTION = 3,
    RESOLUTION = 9,
    FILTER = 11,
    INTERFACE_SYSTEM = 12,
    PACKET_FLAGS = 2,
    INBOUND = 1,
    OUTBOUND = 2,
    STATISTICS_BEGAN = 2,
    STATISTICS_ENDED = 3,
    STATISTICS_RECEIVED = 4,
    STATISTICS_INTERFACE_DROPPED = 5,
    STATISTICS_SYSTEM_DROPPED = 7,
    STATISTICS_DELIVERED = 8,
    TAG_BYTES = 4,
    TAG_AT = 12 /* behind both addresses */
};

static void put16(struct buf *b, uint16_t value)
{
    buf_put(b, (uint8_t[]){(uint8_t)value, (uint8_t)(value >> 8)}, 2);
}

static void put32(struct buf *b, uint32_t value)
{
    put16(b, (uint16_t)value);
    put16(b, (uint16_t)(value >> 16));
}

static void pad(struct buf *b, size_t len)
{
    static const uint8_t zeros[4];
    buf_put(b, zeros, (4 - len % 4) % 4);
}

static void put_option(struct buf *b, uint16_t code, const void *data, size_t len)
{
    put16(b, code);
    put16(b, (uint16_t)len);
    buf_put(b, data, len);
    pad(b, len);
}

static void put_text(struct buf *b, uint16_t code, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    if (len)
        put_option(b, code, text, len < 60000 ? len : 60000);
}

/* A block's beginning; pcapng_end writes its length at both ends. */
static size_t begin(struct buf *b, uint32_t type)
{
    size_t at = b->len;
    put32(b, type);
    put32(b, 0);
    return at;
}

static void end(struct buf *b, size_t at)
{
    uint32_t len = (uint32_t)(b->len - at + TRAILER);
    put32(b, len);
    if (!b->failed)
        memcpy(b->data + at + 4,
               (uint8_t[]){(uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16),
                           (uint8_t)(len >> 24)},
               4);
}

void pcapng_put_head(struct buf *out, const struct pcapng_head *head)
{
    size_t at = begin(out, PCAPNG_SECTION);
    put32(out, MAGIC);
    put16(out, 1);
    put16(out, 0);
    put32(out, 0xffffffff); /* the section's length is not said: it grows */
    put32(out, 0xffffffff);
    put_text(out, HARDWARE, head->hardware);
    put_text(out, SYSTEM, head->system);
    put_text(out, APPLICATION, head->application);
    put_text(out, OPTION_COMMENT, head->comment);
    put_option(out, OPTION_END, NULL, 0);
    end(out, at);
    at = begin(out, PCAPNG_INTERFACE);
    put16(out, head->link);
    put16(out, 0);
    put32(out, head->snaplen);
    put_text(out, INTERFACE_NAME, head->interface);
    put_text(out, INTERFACE_DESCRIPTION, head->description);
    put_option(out, RESOLUTION, (uint8_t[]){NANOSECONDS}, 1);
    if (head->filter && head->filter[0]) {
        uint8_t text[1024] = {0}; /* its first byte: an expression of libpcap */
        size_t len = strlen(head->filter);
        len = len < sizeof text - 1 ? len : sizeof text - 1;
        memcpy(text + 1, head->filter, len);
        put_option(out, FILTER, text, len + 1);
    }
    put_text(out, INTERFACE_SYSTEM, head->system);
    put_option(out, OPTION_END, NULL, 0);
    end(out, at);
}

void pcapng_put_packet(struct buf *out, const struct pcapng_packet *p)
{
    bool tag = p->has_tag && p->kept >= TAG_AT;
    uint32_t kept = p->kept + (tag ? TAG_BYTES : 0), len = p->len + (tag ? TAG_BYTES : 0);
    size_t at = begin(out, PCAPNG_PACKET);
    put32(out, 0);
    put32(out, (uint32_t)(p->at >> 32));
    put32(out, (uint32_t)p->at);
    put32(out, kept);
    put32(out, len);
    if (tag) {
        buf_put(out, p->data, TAG_AT);
        buf_put(out,
                (uint8_t[]){(uint8_t)(p->tag_type >> 8), (uint8_t)p->tag_type,
                            (uint8_t)(p->tag >> 8), (uint8_t)p->tag},
                TAG_BYTES);
        buf_put(out, p->data + TAG_AT, p->kept - TAG_AT);
    } else {
        buf_put(out, p->data, p->kept);
    }
    pad(out, kept);
    put_option(out, PACKET_FLAGS, (uint8_t[]){p->outbound ? OUTBOUND : INBOUND, 0, 0, 0}, 4);
    put_option(out, OPTION_END, NULL, 0);
    end(out, at);
}

static void put_time(struct buf *b, uint16_t code, uint64_t at)
{
    put16(b, code);
    put16(b, 8);
    put32(b, (uint32_t)(at >> 32)); /* the high half comes first, in either byte order */
    put32(b, (uint32_t)at);
}

static void put_count(struct buf *b, uint16_t code, uint64_t count)
{
    put16(b, code);
    put16(b, 8);
    put32(b, (uint32_t)count);
    put32(b, (uint32_t)(count >> 32));
}

void pcapng_put_statistics(struct buf *out, const struct pcapng_statistics *s)
{
    size_t at = begin(out, PCAPNG_STATISTICS);
    put32(out, 0);
    put32(out, (uint32_t)(s->at >> 32));
    put32(out, (uint32_t)s->at);
    put_time(out, STATISTICS_BEGAN, s->began);
    if (s->ended)
        put_time(out, STATISTICS_ENDED, s->ended);
    put_count(out, STATISTICS_RECEIVED, s->received);
    put_count(out, STATISTICS_INTERFACE_DROPPED, s->dropped_by_interface);
    put_count(out, STATISTICS_SYSTEM_DROPPED, s->dropped_by_kernel);
    put_count(out, STATISTICS_DELIVERED, s->delivered);
    put_text(out, OPTION_COMMENT, s->comment);
    put_option(out, OPTION_END, NULL, 0);
    end(out, at);
}

/* --- reading --- */

static uint32_t get32(struct slice s, size_t at)
{
    const uint8_t *p = s.data + at;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int bad(struct err *e, const char *what)
{
    return err_set(e, ERR_INPUT, "capture.pcapng", "draft-ietf-opsawg-pcapng section 3.1",
                   "the file %s", what);
}

static int read_options(struct slice options, struct pcapng_block *block, struct err *e)
{
    for (size_t at = 0; at < options.len;) {
        if (options.len - at < 4)
            return bad(e, "has an option that is cut off");
        uint32_t head = get32(options, at);
        uint16_t code = (uint16_t)head;
        size_t len = head >> 16, padded = (len + 3) / 4 * 4;
        if (padded > options.len - at - 4)
            return bad(e, "has an option that is longer than its block");
        if (code == OPTION_END)
            return 0;
        if (len == 8 &&
            (code == STATISTICS_INTERFACE_DROPPED || code == STATISTICS_SYSTEM_DROPPED)) {
            uint64_t count = get32(options, at + 4) | (uint64_t)get32(options, at + 8) << 32;
            if (code == STATISTICS_INTERFACE_DROPPED) {
                block->has_interface_dropped = true;
                block->interface_dropped = count;
            } else {
                block->has_kernel_dropped = true;
                block->kernel_dropped = count;
            }
        }
        at += 4 + padded;
    }
    return 0;
}

int pcapng_read(struct slice data, struct pcapng_block *block, struct err *e)
{
    *block = (struct pcapng_block){0};
    if (data.len < HEADER)
        return 0;
    block->type = get32(data, 0);
    block->len = get32(data, 4);
    if (block->type != PCAPNG_SECTION && block->type != PCAPNG_INTERFACE &&
        block->type != PCAPNG_STATISTICS && block->type != PCAPNG_PACKET)
        return bad(e, "has a block of a type that this program does not write");
    if (block->len < HEADER + TRAILER || block->len % 4 || block->len > PCAPNG_BLOCK_MOST)
        return bad(e, "has a block of an impossible length");
    if (block->type == PCAPNG_PACKET && block->len < HEADER + ENHANCED + TRAILER)
        return bad(e, "has a packet's block without a packet");
    if (data.len < block->len)
        return 0;
    if (get32(data, block->len - TRAILER) != block->len)
        return bad(e, "has a block whose two lengths differ");
    if (block->type == PCAPNG_SECTION &&
        (block->len < HEADER + 16 + TRAILER || get32(data, HEADER) != MAGIC))
        return bad(e, "is in another byte order, or is none");
    if (block->type == PCAPNG_PACKET || block->type == PCAPNG_STATISTICS) {
        if (block->len < HEADER + 12 + TRAILER)
            return bad(e, "has a block without a time");
        block->at = (uint64_t)get32(data, HEADER + 4) << 32 | get32(data, HEADER + 8);
    }
    if (block->type == PCAPNG_PACKET) {
        uint64_t kept = get32(data, HEADER + 12);
        if (kept > block->len - HEADER - ENHANCED - TRAILER)
            return bad(e, "has a packet that is longer than its block");
    }
    if (block->type == PCAPNG_STATISTICS &&
        read_options(slice_of(data.data + HEADER + 12, block->len - HEADER - 12 - TRAILER), block,
                     e) != 0)
        return -1;
    return 1;
}
