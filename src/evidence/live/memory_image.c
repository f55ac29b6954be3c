/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/live/memory_image.h"

#include <inttypes.h>
#include <string.h>

enum { LIME = 0x4c694d45, AVML = 0x4c4d5641 };

static void put(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++, value >>= 8)
        at[i] = (uint8_t)value;
}

static uint64_t get(const uint8_t *at, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = bytes; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

void memory_header_write(uint64_t first, uint64_t last, uint8_t out[MEMORY_HEADER])
{
    memset(out, 0, MEMORY_HEADER);
    put(out, LIME, 4);
    put(out + 4, 1, 4);
    put(out + 8, first, 8);
    put(out + 16, last, 8);
}

struct checking {
    int (*read)(void *context, uint64_t offset, uint8_t *data, size_t len, size_t *got,
                struct err *e);
    void *context;
    uint64_t size, at;
};

static int bad(const struct checking *c, const char *why, struct err *e)
{
    err_set(e, ERR_INPUT, "evidence.memory-image", NULL, "%s", why);
    return err_where(e, "offset %" PRIu64, c->at);
}

static int exactly(struct checking *c, uint8_t *data, size_t len, const char *what, struct err *e)
{
    size_t got = 0;
    if (c->read(c->context, c->at, data, len, &got, e) != 0)
        return -1;
    return got == len ? 0 : bad(c, what, e);
}

/* Bytes of a Snappy block before compression: a little-endian base-128 number. */
static bool unpacked_length(const uint8_t *at, size_t len, uint64_t *bytes)
{
    *bytes = 0;
    for (size_t i = 0; i < len && i < 5; i++) {
        *bytes |= (uint64_t)(at[i] & 0x7f) << (7 * i);
        if (!(at[i] & 0x80))
            return true;
    }
    return false;
}

/* The frames of one range (Snappy framing format), then 8 bytes: how many bytes they were. */
static int frames(struct checking *c, uint64_t wanted, struct err *e)
{
    uint64_t begin = c->at, unpacked = 0;
    uint8_t head[10];
    bool first = true;
    while (unpacked < wanted) {
        uint8_t type;
        if (exactly(c, head, 4, "the frames of the range end before it", e) != 0)
            return -1;
        type = head[0];
        uint64_t len = get(head + 1, 3), bytes;
        if (len > c->size - c->at - 4)
            return bad(c, "a frame is longer than the file", e);
        if (first && (type != 0xff || len != 6))
            return bad(c, "the range does not begin with the mark of Snappy's frames", e);
        if (type == 0xff) {
            if (len != 6 || exactly(c, head, 10, "the mark is cut short", e) != 0 ||
                memcmp(head + 4, "sNaPpY", 6) != 0)
                return bad(c, "the mark of Snappy's frames is another", e);
        } else if (type == 0x00) {
            c->at += 8;
            size_t part = len < 4 ? 0 : len - 4 < 5 ? (size_t)(len - 4) : 5;
            if (exactly(c, head, part, "a frame is cut short", e) != 0)
                return -1;
            c->at -= 8;
            if (!unpacked_length(head, part, &bytes) || bytes > 65536)
                return bad(c, "a frame does not say how much it holds, or more than 64 KiB", e);
            unpacked += bytes;
        } else if (type == 0x01) {
            if (len < 4)
                return bad(c, "a frame is shorter than its checksum", e);
            unpacked += len - 4;
        } else if (type < 0x80) {
            return bad(c, "a frame of a kind that may not be passed over", e);
        }
        first = false;
        c->at += 4 + len;
    }
    if (unpacked != wanted)
        return bad(c, "the frames hold more than the range", e);
    uint64_t packed = c->at - begin;
    if (exactly(c, head, 8, "the length behind the frames is missing", e) != 0)
        return -1;
    if (get(head, 8) != packed)
        return bad(c, "the length behind the frames is not theirs", e);
    c->at += 8;
    return 0;
}

int memory_image_check(int (*read)(void *context, uint64_t offset, uint8_t *data, size_t len,
                                   size_t *got, struct err *e),
                       void *context, uint64_t size, struct memory_checked *checked, struct err *e)
{
    struct checking c = {.read = read, .context = context, .size = size};
    uint64_t before = 0;
    *checked = (struct memory_checked){0};
    while (c.at < size) {
        uint8_t head[MEMORY_HEADER];
        if (exactly(&c, head, sizeof head, "a header is cut short", e) != 0)
            return -1;
        uint64_t magic = get(head, 4), version = get(head + 4, 4), first = get(head + 8, 8),
                 last = get(head + 16, 8);
        enum memory_format format = magic == LIME && version == 1   ? MEMORY_LIME
                                    : magic == AVML && version == 2 ? MEMORY_AVML
                                                                    : 0;
        if (!format || (checked->format && format != checked->format))
            return bad(&c,
                       checked->format ? "there is no header of the next range"
                                       : "it is neither an image of LiME nor of AVML",
                       e);
        if (last < first || last == UINT64_MAX || (checked->ranges > 0 && first < before))
            return bad(&c, "the range ends before it begins, or lies before the one in front", e);
        checked->format = format;
        checked->ranges++;
        checked->bytes += last - first + 1;
        before = last + 1;
        c.at += sizeof head;
        if (format == MEMORY_AVML) {
            if (frames(&c, last - first + 1, e) != 0)
                return -1;
        } else if (last - first + 1 > size - c.at) {
            return bad(&c, "the file ends in the range", e);
        } else {
            c.at += last - first + 1;
        }
    }
    return checked->ranges > 0 ? 0 : bad(&c, "it is empty", e);
}
