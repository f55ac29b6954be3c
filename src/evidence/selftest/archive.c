/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/selftest/archive.h"
#include "base/cursor.h"
#include "base/memory.h"

#include <isa-l.h>

enum {
    END_BYTES = 22,
    COMMENT_MOST = 65535,
    ENTRY_BYTES = 46,
    LOCAL_BYTES = 30,
    STORED = 0,
    DEFLATED = 8,
    PIECE = 256 << 10
};
static const char clause[] = "APPNOTE 6.3 section 4.3";

static uint32_t little(struct cursor *c, size_t bytes)
{
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint32_t)cursor_u8(c) << 8 * i;
    return value;
}

static int bad(struct err *e, size_t at, const char *what)
{
    err_set(e, ERR_INPUT, "evidence.zip", clause, "the archive %s", what);
    return err_where(e, "offset %zu", at);
}

int selftest_archive_open(struct selftest_archive *archive, struct slice all, struct err *e)
{
    size_t least = all.len > END_BYTES + COMMENT_MOST ? all.len - END_BYTES - COMMENT_MOST : 0;
    for (size_t at = all.len; at-- > least;) {
        struct cursor c;
        if (all.len - at < END_BYTES || memcmp(all.data + at, "PK\5\6", 4) != 0)
            continue;
        cursor_init(&c, slice_of(all.data + at, all.len - at));
        (void)little(&c, 4);
        uint32_t disks = little(&c, 4), here = little(&c, 2), count = little(&c, 2);
        (void)little(&c, 4);
        uint32_t offset = little(&c, 4);
        if (little(&c, 2) != cursor_left(&c) || disks != 0 || here != count)
            continue; /* these four bytes stand somewhere in the comment */
        if (offset > at)
            return bad(e, at, "has its directory behind its end");
        *archive = (struct selftest_archive){.all = all, .directory = offset, .left = count};
        return 0;
    }
    return bad(e, all.len, "has no end of its directory");
}

/* The bytes behind the header that stands before the member itself. */
static int find_packed(const struct selftest_archive *archive, uint32_t offset, uint32_t packed,
                       struct selftest_member *member, struct err *e)
{
    struct cursor c;
    cursor_init(&c, archive->all);
    (void)cursor_take(&c, offset);
    uint32_t mark = little(&c, 4);
    (void)cursor_take(&c, LOCAL_BYTES - 8);
    uint32_t name = little(&c, 2), extra = little(&c, 2);
    (void)cursor_take(&c, (size_t)name + extra);
    member->packed = cursor_take(&c, packed);
    return c.failed || mark != 0x04034b50 ? bad(e, offset, "has no member here") : 0;
}

int selftest_archive_next(struct selftest_archive *archive, struct selftest_member *member,
                          struct err *e)
{
    struct cursor c;
    if (archive->left == 0)
        return 0;
    cursor_init(&c, archive->all);
    (void)cursor_take(&c, archive->directory);
    uint32_t mark = little(&c, 4);
    (void)little(&c, 4);
    uint32_t flags = little(&c, 2);
    member->method = (uint16_t)little(&c, 2);
    (void)little(&c, 4);
    member->crc = little(&c, 4);
    uint32_t packed = little(&c, 4);
    member->bytes = little(&c, 4);
    uint32_t name = little(&c, 2), extra = little(&c, 2), comment = little(&c, 2);
    (void)cursor_take(&c, 8);
    uint32_t offset = little(&c, 4);
    member->name = cursor_take(&c, name);
    (void)cursor_take(&c, (size_t)extra + comment);
    if (c.failed || mark != 0x02014b50)
        return bad(e, archive->directory, "has no entry of its directory here");
    if (flags & 1)
        return bad(e, archive->directory, "is encrypted");
    if (find_packed(archive, offset, packed, member, e) != 0)
        return -1;
    archive->directory = c.at;
    archive->left--;
    return 1;
}

struct unpacking {
    const struct selftest_member *member;
    uint64_t bytes;
    uint32_t crc;
    int (*put)(void *context, struct slice piece, struct err *e);
    void *context;
};

static int give(struct unpacking *u, struct slice piece, struct err *e)
{
    u->bytes += piece.len;
    if (u->bytes > u->member->bytes)
        return bad(e, 0, "has a member that is longer than it says");
    if (piece.len)
        u->crc = crc32_gzip_refl(u->crc, piece.data, piece.len);
    return u->put(u->context, piece, e);
}

static int inflate_all(struct unpacking *u, struct err *e)
{
    struct inflate_state *state = mem_new(1, sizeof *state);
    uint8_t *out = mem_new(1, PIECE);
    int result = state && out ? 0 : err_memory(e);
    if (result == 0) {
        isal_inflate_init(state);
        state->next_in = (uint8_t *)(uintptr_t)u->member->packed.data; /* it is only read */
        state->avail_in = (uint32_t)u->member->packed.len;
        state->crc_flag = ISAL_DEFLATE;
    }
    while (result == 0) {
        state->next_out = out;
        state->avail_out = PIECE;
        if (isal_inflate(state) != ISAL_DECOMP_OK)
            result = bad(e, 0, "has a member that cannot be inflated");
        else
            result = give(u, slice_of(out, PIECE - state->avail_out), e);
        if (state->block_state == ISAL_BLOCK_FINISH || state->avail_out == PIECE)
            break;
    }
    mem_free(state);
    mem_free(out);
    return result;
}

int selftest_member_unpack(const struct selftest_member *member,
                           int (*put)(void *context, struct slice piece, struct err *e),
                           void *context, struct err *e)
{
    struct unpacking u = {.member = member, .put = put, .context = context};
    int result;
    if (member->method == DEFLATED)
        result = inflate_all(&u, e);
    else if (member->method == STORED)
        result = give(&u, member->packed, e);
    else
        return bad(e, 0, "has a member of a method that is neither stored nor deflated");
    if (result == 0 && (u.bytes != member->bytes || u.crc != member->crc))
        result = bad(e, 0, "has a member whose length or CRC does not fit");
    return result;
}
