/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/image/part.h"
#include "base/memory.h"
#include "evidence/bundle/member.h"

#include <isa-l/igzip_lib.h>
#include <string.h>

enum { ADLER = 4, ZERO_MOST = 256 };

struct evidence_parter {
    struct isal_zstream stream;
    struct evidence_packer *packer; /* tells what is not worth deflating */
    uint8_t level[ISAL_DEF_LVL1_DEFAULT];
    uint8_t zero[ZERO_MOST]; /* a whole part of zeros, deflated: most of most disks */
    uint32_t zero_len;
};

uint32_t evidence_adler32(struct slice bytes)
{
    return isal_adler32(1, bytes.data, bytes.len);
}

/* Bytes of zlib, or 0: it needs more than room. */
static uint32_t deflate_into(struct evidence_parter *p, const uint8_t *data, size_t len,
                             uint8_t *out, size_t room)
{
    isal_deflate_stateless_init(&p->stream);
    p->stream.level = 1;
    p->stream.level_buf = p->level;
    p->stream.level_buf_size = sizeof p->level;
    p->stream.end_of_stream = 1;
    p->stream.gzip_flag = IGZIP_ZLIB;
    p->stream.next_in = (uint8_t *)(uintptr_t)data; /* ISA-L has no const; it does not write */
    p->stream.avail_in = (uint32_t)len;
    p->stream.next_out = out;
    p->stream.avail_out = (uint32_t)room;
    return isal_deflate_stateless(&p->stream) == COMP_OK ? p->stream.total_out : 0;
}

struct evidence_parter *evidence_parter_new(struct err *e)
{
    struct evidence_parter *p = mem_new(1, sizeof *p);
    uint8_t *zeros = mem_new(EVIDENCE_PART, 1);
    if (p && zeros) {
        p->packer = evidence_packer_new(e);
        p->zero_len = deflate_into(p, zeros, EVIDENCE_PART, p->zero, sizeof p->zero);
    }
    mem_free(zeros);
    if (p && p->packer)
        return p;
    mem_free(p);
    err_memory(e);
    return NULL;
}

void evidence_parter_free(struct evidence_parter *parter)
{
    if (!parter)
        return;
    evidence_packer_free(parter->packer);
    mem_free(parter);
}

size_t evidence_parts_room(size_t block)
{
    size_t count = (block + EVIDENCE_PART - 1) / EVIDENCE_PART;
    return sizeof(struct evidence_parts) + block + count * ADLER;
}

static uint32_t put_plain(struct slice part, bool adler, uint8_t *out)
{
    memcpy(out, part.data, part.len);
    if (!adler)
        return (uint32_t)part.len;
    uint32_t sum = evidence_adler32(part);
    for (size_t i = 0; i < ADLER; i++)
        out[part.len + i] = (uint8_t)(sum >> (8 * i));
    return (uint32_t)part.len + ADLER;
}

void evidence_parts_make(struct evidence_parter *parter, struct slice block, bool adler,
                         uint8_t *piece)
{
    struct evidence_parts *parts = (struct evidence_parts *)piece;
    uint8_t *out = piece + sizeof *parts;
    bool dense = evidence_packer_is_dense(parter->packer, block);
    *parts = (struct evidence_parts){0};
    for (size_t at = 0; at < block.len; at += EVIDENCE_PART) {
        size_t len = block.len - at < EVIDENCE_PART ? block.len - at : EVIDENCE_PART;
        struct slice part = slice_of(block.data + at, len);
        uint32_t stored = 0;
        if (len == EVIDENCE_PART && parter->zero_len && evidence_is_zero(part)) {
            stored = parter->zero_len;
            memcpy(out, parter->zero, stored);
        } else if (!dense) {
            stored = deflate_into(parter, part.data, len, out, len - 1);
        }
        if (stored == 0)
            stored = put_plain(part, adler, out) | EVIDENCE_PART_PLAIN;
        parts->stored[parts->count++] = stored;
        parts->bytes += stored & ~EVIDENCE_PART_PLAIN;
        out += stored & ~EVIDENCE_PART_PLAIN;
    }
}
