/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/bundle/member.h"
#include "base/memory.h"

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <string.h>

enum {
    HEADER = 10,
    TRAILER = 8,
    STORED_BLOCK = 65535, /* most bytes of a stored block (RFC 1951 section 3.2.4) */
    STORED_HEADER = 5,
    SAMPLES = 4,
    ZERO_MOST = 65536, /* no member of zeros is longer */
    SAMPLE = 16384
};

/* No name, no time, system unknown: the same chunk is the same member, whenever and wherever. */
static const uint8_t header[HEADER] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};

struct evidence_packer {
    struct isal_zstream stream;
    uint8_t level[ISAL_DEF_LVL1_DEFAULT];
    uint8_t trial[SAMPLE];
    uint8_t zero[ZERO_MOST]; /* the member of so many zeros: most of most disks */
    size_t zero_len, zero_of;
};

struct evidence_unpacker {
    struct inflate_state state;
    uint8_t zero[ZERO_MOST]; /* a member that has been found to be so many zeros */
    size_t zero_len, zero_of;
    bool was_zero;
};

struct evidence_packer *evidence_packer_new(struct err *e)
{
    struct evidence_packer *p = mem_new(1, sizeof *p);
    if (!p)
        err_memory(e);
    return p;
}

void evidence_packer_free(struct evidence_packer *packer)
{
    mem_free(packer);
}

size_t evidence_member_stored_bytes(size_t chunk)
{
    size_t blocks = chunk ? (chunk + STORED_BLOCK - 1) / STORED_BLOCK : 1;
    return HEADER + blocks * STORED_HEADER + chunk + TRAILER;
}

static void put_little(uint8_t *out, uint32_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(number >> (8 * i));
}

static uint32_t get_little(const uint8_t *in)
{
    return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static uint32_t crc_of(const uint8_t *data, size_t len)
{
    return crc32_gzip_refl(0, data, len);
}

static size_t finish(uint8_t *out, size_t at, struct slice chunk)
{
    put_little(out + at, crc_of(chunk.data, chunk.len), 4);
    put_little(out + at + 4, (uint32_t)chunk.len, 4);
    return at + TRAILER;
}

size_t evidence_member_store(struct slice chunk, uint8_t *out)
{
    size_t at = HEADER, from = 0;
    memcpy(out, header, HEADER);
    do {
        size_t len = chunk.len - from < STORED_BLOCK ? chunk.len - from : STORED_BLOCK;
        out[at] = from + len == chunk.len;
        put_little(out + at + 1, (uint32_t)len, 2);
        put_little(out + at + 3, ~(uint32_t)len, 2);
        if (len)
            memcpy(out + at + STORED_HEADER, chunk.data + from, len);
        at += STORED_HEADER + len;
        from += len;
    } while (from < chunk.len);
    return finish(out, at, chunk);
}

/* Bytes of deflate, or 0: it needs more than room. */
static size_t deflate_into(struct evidence_packer *p, const uint8_t *data, size_t len, uint8_t *out,
                           size_t room)
{
    isal_deflate_stateless_init(&p->stream);
    p->stream.level = 1;
    p->stream.level_buf = p->level;
    p->stream.level_buf_size = sizeof p->level;
    p->stream.end_of_stream = 1;
    p->stream.next_in = (uint8_t *)(uintptr_t)data; /* ISA-L has no const; it does not write */
    p->stream.avail_in = (uint32_t)len;
    p->stream.next_out = out;
    p->stream.avail_out = (uint32_t)room;
    return isal_deflate_stateless(&p->stream) == COMP_OK ? p->stream.total_out : 0;
}

bool evidence_packer_is_dense(struct evidence_packer *packer, struct slice chunk)
{
    if (chunk.len < (size_t)SAMPLES * SAMPLE)
        return false;
    size_t step = (chunk.len - SAMPLE) / (SAMPLES - 1);
    for (size_t i = 0; i < SAMPLES; i++)
        if (deflate_into(packer, chunk.data + i * step, SAMPLE, packer->trial,
                         SAMPLE - SAMPLE / 32))
            return false;
    return true;
}

size_t evidence_member_pack(struct evidence_packer *packer, struct slice chunk, bool zero,
                            uint8_t *out, bool *stored)
{
    size_t room = evidence_member_stored_bytes(chunk.len) - HEADER - TRAILER;
    zero = zero && chunk.len > 0;
    if (zero && packer->zero_of == chunk.len) {
        *stored = false;
        memcpy(out, packer->zero, packer->zero_len);
        return packer->zero_len;
    }
    *stored = evidence_packer_is_dense(packer, chunk);
    if (*stored)
        return evidence_member_store(chunk, out);
    memcpy(out, header, HEADER);
    size_t len = deflate_into(packer, chunk.data, chunk.len, out + HEADER, room);
    *stored = len == 0 || len >= room;
    if (*stored)
        return evidence_member_store(chunk, out);
    len = finish(out, HEADER + len, chunk);
    if (zero && len <= sizeof packer->zero) {
        memcpy(packer->zero, out, len);
        packer->zero_len = len;
        packer->zero_of = chunk.len;
    }
    return len;
}

struct evidence_unpacker *evidence_unpacker_new(struct err *e)
{
    struct evidence_unpacker *u = mem_new(1, sizeof *u);
    if (!u)
        err_memory(e);
    return u;
}

void evidence_unpacker_free(struct evidence_unpacker *unpacker)
{
    mem_free(unpacker);
}

static int bad(struct err *e, const char *why)
{
    return err_set(e, ERR_VERIFY, "evidence.member", "RFC 1952 section 2.3", "%s", why);
}

bool evidence_unpacker_was_zero(const struct evidence_unpacker *unpacker)
{
    return unpacker->was_zero;
}

int evidence_member_unpack(struct evidence_unpacker *unpacker, struct slice member, uint8_t *out,
                           size_t len, struct err *e)
{
    struct inflate_state *s = &unpacker->state;
    if (len > 0 && unpacker->zero_of == len && unpacker->zero_len == member.len &&
        memcmp(unpacker->zero, member.data, member.len) == 0) {
        memset(out, 0, len);
        unpacker->was_zero = true;
        return 0;
    }
    unpacker->was_zero = false;
    if (member.len < HEADER + TRAILER || memcmp(member.data, header, HEADER) != 0)
        return bad(e, "the stored chunk does not begin like a gzip member of this format");
    isal_inflate_init(s);
    s->crc_flag = ISAL_DEFLATE;
    s->next_in = (uint8_t *)(uintptr_t)(member.data + HEADER);
    s->avail_in = (uint32_t)(member.len - HEADER);
    s->next_out = out;
    s->avail_out = (uint32_t)len;
    if (isal_inflate(s) != ISAL_DECOMP_OK || s->block_state != ISAL_BLOCK_FINISH)
        return bad(e, "the stored chunk cannot be unpacked");
    if (s->avail_out != 0)
        return bad(e, "the stored chunk is shorter than it should be");
    if (s->avail_in + (uint32_t)s->read_in_length / 8 != TRAILER)
        return bad(e, "there are bytes behind the end of the stored chunk");
    const uint8_t *trailer = member.data + member.len - TRAILER;
    if (get_little(trailer) != crc_of(out, len) || get_little(trailer + 4) != (uint32_t)len)
        return bad(e, "the checksum of the stored chunk does not fit");
    if (len > 0 && member.len <= sizeof unpacker->zero && evidence_is_zero(slice_of(out, len))) {
        memcpy(unpacker->zero, member.data, member.len);
        unpacker->zero_len = member.len;
        unpacker->zero_of = len;
    }
    return 0;
}
