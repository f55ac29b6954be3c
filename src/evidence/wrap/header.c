/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/wrap/header.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Places of the fields in a header. */
enum {
    NAME = 0,
    NAME_LEN = 100,
    MODE = 100,
    UID = 108,
    GID = 116,
    SIZE = 124,
    SIZE_LEN = 12,
    MTIME = 136,
    SUM = 148,
    TYPE = 156,
    MAGIC = 257,
    PREFIX = 345,
    PREFIX_LEN = 155,
    PARTS = 16
};

static const uint64_t octal_most = 077777777777; /* 8 GiB less a byte */

static unsigned sum_of(const uint8_t block[WRAP_BLOCK])
{
    unsigned sum = 0;
    for (size_t i = 0; i < WRAP_BLOCK; i++)
        sum += i >= SUM && i < SUM + 8 ? ' ' : block[i];
    return sum;
}

static void put_octal(uint8_t *at, size_t len, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%0*" PRIo64, (int)len - 1, number);
    memcpy(at, text, len);
}

static bool is_good_name(const char *name)
{
    size_t parts = 1, from = 0;
    for (size_t i = 0;; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c == '/' || c == 0) {
            size_t len = i - from;
            if (len == 0 || (len <= 2 && strncmp(name + from, "..", len) == 0) || parts > PARTS)
                return false;
            from = i + 1;
            parts++;
        } else if (c < ' ' || c == 0x7f) {
            return false;
        }
        if (c == 0)
            return true;
    }
}

int wrap_header_write(const struct wrap_member *member, uint8_t block[WRAP_BLOCK], struct err *e)
{
    const char *name = member->name;
    size_t len = strlen(name), prefix = 0;
    while (len - prefix > NAME_LEN) { /* at the next '/' */
        const char *slash = strchr(name + prefix + (prefix ? 1 : 0), '/');
        if (!slash)
            break;
        prefix = (size_t)(slash - name);
        if (len - prefix - 1 <= NAME_LEN)
            break;
    }
    size_t rest = prefix ? len - prefix - 1 : len;
    if (rest > NAME_LEN || prefix > PREFIX_LEN || !is_good_name(name))
        return err_set(e, ERR_LIMIT, "evidence.wrap", "docs/formats-evidence.md section 14",
                       "the name %s does not fit into the archive", name);
    memset(block, 0, WRAP_BLOCK);
    memcpy(block + NAME, name + len - rest, rest);
    memcpy(block + PREFIX, name, prefix);
    put_octal(block + MODE, 8, member->mode & 0777u);
    put_octal(block + UID, 8, 0);
    put_octal(block + GID, 8, 0);
    if (member->bytes <= octal_most) {
        put_octal(block + SIZE, SIZE_LEN, member->bytes);
    } else {
        block[SIZE] = 0x80;
        for (size_t i = 0; i < 8; i++)
            block[SIZE + SIZE_LEN - 1 - i] = (uint8_t)(member->bytes >> 8 * i);
    }
    put_octal(block + MTIME, 12, member->mtime <= octal_most ? member->mtime : 0);
    block[TYPE] = '0';
    memcpy(block + MAGIC,
           "ustar\0"
           "00",
           8);
    put_octal(block + SUM, 7, sum_of(block));
    block[SUM + 7] = ' ';
    return 0;
}

static bool get_octal(const uint8_t *at, size_t len, uint64_t *number)
{
    size_t digits = 0;
    *number = 0;
    for (; digits < len && at[digits] >= '0' && at[digits] <= '7'; digits++)
        *number = *number << 3 | (uint64_t)(at[digits] - '0');
    return digits > 0 && digits < len && (at[digits] == 0 || at[digits] == ' ');
}

static bool get_size(const uint8_t *at, uint64_t *bytes)
{
    if (at[0] != 0x80)
        return get_octal(at, SIZE_LEN, bytes);
    *bytes = 0;
    for (size_t i = 1; i < SIZE_LEN; i++) {
        if (i < 4 && at[i])
            return false;
        *bytes = *bytes << 8 | at[i];
    }
    return *bytes <= INT64_MAX;
}

int wrap_header_read(const uint8_t block[WRAP_BLOCK], struct wrap_member *member, struct err *e)
{
    static const uint8_t zeros[WRAP_BLOCK];
    uint64_t sum, mode;
    if (memcmp(block, zeros, WRAP_BLOCK) == 0)
        return 0;
    const char *name = (const char *)block + NAME, *prefix = (const char *)block + PREFIX;
    int name_len = (int)strnlen(name, NAME_LEN), prefix_len = (int)strnlen(prefix, PREFIX_LEN);
    bool well = memcmp(block + MAGIC, "ustar", 6) == 0 && get_octal(block + SUM, 8, &sum) &&
                sum == sum_of(block) && block[TYPE] == '0' && get_octal(block + MODE, 8, &mode) &&
                get_octal(block + MTIME, 12, &member->mtime) &&
                get_size(block + SIZE, &member->bytes);
    snprintf(member->name, sizeof member->name, "%.*s%s%.*s", prefix_len, prefix,
             prefix_len ? "/" : "", name_len, name);
    if (!well || !is_good_name(member->name))
        return err_set(e, ERR_VERIFY, "evidence.wrap", "docs/formats-evidence.md section 14",
                       "what is in it is no archive of a bundle");
    member->mode = (unsigned)mode & 0777u;
    return 1;
}
