/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/blocker/mark.h"
#include "base/cursor.h"

#include <string.h>

static const char magic[] = "TOCSIN WRITE BLOCKER TEST DISK\r\n";

static const int64_t latest = INT64_C(253402300799) * 1000000; /* of the year 9999 */

enum { MAGIC = sizeof magic - 1, VERSION = 1, FIELDS = BLOCKER_MARK_BYTES - SHA256_LEN };

_Static_assert(MAGIC == 32, "the mark begins with 32 bytes");

static void put_u32(uint8_t **at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        *(*at)++ = (uint8_t)(value >> (24 - 8 * i));
}

static void put_u64(uint8_t **at, uint64_t value)
{
    put_u32(at, (uint32_t)(value >> 32));
    put_u32(at, (uint32_t)value);
}

static void put(uint8_t **at, const void *data, size_t len)
{
    memcpy(*at, data, len);
    *at += len;
}

int blocker_mark_write(const struct blocker_mark *mark, uint8_t block[BLOCKER_MARK_BYTES],
                       struct err *e)
{
    uint8_t *at = block;
    memset(block, 0, BLOCKER_MARK_BYTES);
    put(&at, magic, MAGIC);
    put_u32(&at, VERSION);
    put_u32(&at, mark->sector);
    put_u64(&at, mark->bytes);
    put(&at, mark->id, sizeof mark->id);
    put(&at, mark->seed, sizeof mark->seed);
    put_u64(&at, (uint64_t)mark->prepared);
    for (size_t i = 0; i < BLOCKER_AREAS; i++) {
        put_u64(&at, mark->areas[i].from);
        put_u64(&at, mark->areas[i].bytes);
    }
    put(&at, mark->sha256, sizeof mark->sha256);
    put(&at, mark->without, sizeof mark->without);
    put_u32(&at, mark->identified);
    put(&at, mark->model, sizeof mark->model);
    put(&at, mark->serial, sizeof mark->serial);
    put(&at, mark->attached_by, sizeof mark->attached_by);
    return sha256(slice_of(block, FIELDS), block + FIELDS) == 0 ? 0 : digest_failed(e);
}

/* Printable, and NUL to its end. */
static bool is_text(const char *text, size_t room)
{
    size_t len = strnlen(text, room);
    for (size_t i = 0; i < room; i++)
        if (i < len ? text[i] < ' ' || text[i] > '~' : text[i] != 0)
            return false;
    return len < room;
}

/* What a mark says may be written to follows from the disk's size alone. */
static bool fits(const struct blocker_mark *mark)
{
    struct blocker_area areas[BLOCKER_AREAS];
    bool sector = mark->sector >= 512 && mark->sector <= BLOCKER_MARK_BYTES &&
                  (mark->sector & (mark->sector - 1)) == 0;
    if (!sector || mark->bytes < BLOCKER_LEAST || mark->bytes > INT64_MAX ||
        mark->bytes % mark->sector != 0 || mark->prepared < 0 || mark->prepared > latest)
        return false;
    blocker_areas_place(mark->bytes, areas);
    for (size_t i = 0; i < BLOCKER_AREAS; i++)
        if (areas[i].from != mark->areas[i].from || areas[i].bytes != mark->areas[i].bytes)
            return false;
    return is_text(mark->model, sizeof mark->model) && is_text(mark->serial, sizeof mark->serial) &&
           is_text(mark->attached_by, sizeof mark->attached_by);
}

static int no_mark(struct err *e, const char *why)
{
    err_set(e, ERR_DENIED, "blocker.mark", "ISO/IEC 27037 section 7.1.3", "%s", why);
    return err_hint(e, "a disk that may be ruined is made a test disk without the blocker: tocsin "
                       "evidence blocker prepare DEVICE");
}

int blocker_mark_read(struct slice block, struct blocker_mark *mark, struct err *e)
{
    struct cursor c;
    uint8_t hash[SHA256_LEN];
    *mark = (struct blocker_mark){0};
    if (block.len < BLOCKER_MARK_BYTES || memcmp(block.data, magic, MAGIC) != 0)
        return no_mark(e, "this is no test disk: it does not begin with the mark of one, and "
                          "nothing is written to it");
    cursor_init(&c, slice_of(block.data, FIELDS));
    (void)cursor_take(&c, MAGIC);
    if (cursor_u32(&c) != VERSION)
        return no_mark(e, "the mark of this test disk is of another version of this program");
    mark->sector = cursor_u32(&c);
    mark->bytes = cursor_u64(&c);
    cursor_copy(&c, mark->id, sizeof mark->id);
    cursor_copy(&c, mark->seed, sizeof mark->seed);
    mark->prepared = (int64_t)cursor_u64(&c);
    for (size_t i = 0; i < BLOCKER_AREAS; i++) {
        mark->areas[i].from = cursor_u64(&c);
        mark->areas[i].bytes = cursor_u64(&c);
    }
    cursor_copy(&c, mark->sha256, sizeof mark->sha256);
    cursor_copy(&c, mark->without, sizeof mark->without);
    mark->identified = cursor_u32(&c) == 1;
    cursor_copy(&c, mark->model, sizeof mark->model);
    cursor_copy(&c, mark->serial, sizeof mark->serial);
    cursor_copy(&c, mark->attached_by, sizeof mark->attached_by);
    if (sha256(slice_of(block.data, FIELDS), hash) != 0)
        return digest_failed(e);
    if (memcmp(hash, block.data + FIELDS, sizeof hash) != 0 || !fits(mark))
        return no_mark(e, "the mark of this test disk is damaged, and nothing is written to it");
    return 0;
}

void blocker_areas_place(uint64_t bytes, struct blocker_area areas[BLOCKER_AREAS])
{
    uint64_t middle = bytes / 2 / BLOCKER_SLOT * BLOCKER_SLOT - BLOCKER_AREA / 2;
    uint64_t last = (bytes - BLOCKER_AREA) / BLOCKER_SLOT * BLOCKER_SLOT;
    areas[0] = (struct blocker_area){BLOCKER_FIRST_AT, BLOCKER_AREA};
    areas[1] = (struct blocker_area){middle, BLOCKER_AREA};
    areas[2] = (struct blocker_area){last, bytes - last}; /* with the last sector */
}

int blocker_pattern(const uint8_t seed[32], uint64_t at, uint8_t *out, size_t len, struct err *e)
{
    uint8_t input[40];
    memcpy(input, seed, 32);
    for (size_t done = 0, n; done < len; done += n) {
        uint8_t *number = input + 32;
        n = len - done < BLOCKER_PATTERN_BLOCK ? len - done : BLOCKER_PATTERN_BLOCK;
        put_u64(&number, (at + done) / BLOCKER_PATTERN_BLOCK);
        if (sha512(slice_of(input, sizeof input), out + done) != 0)
            return digest_failed(e);
        for (size_t i = SHA512_LEN; i < n; i += SHA512_LEN)
            memcpy(out + done + i, out + done, SHA512_LEN);
    }
    return 0;
}
