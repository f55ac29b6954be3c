/* SPDX-License-Identifier: Apache-2.0 */
#include "journal/proof.h"

#include "base/cursor.h"

#include <stdio.h>

/* C2SP tlog-tiles, "Merkle Tree": N in groups of three digits, all but the last with an 'x'. */
static bool parse_index(struct cursor *c, uint64_t *n)
{
    uint64_t value = 0;

    for (unsigned groups = 0;; groups++) {
        bool more = cursor_skip(c, "x");
        struct slice digits = cursor_take(c, 3);
        if (c->failed || groups > 5) /* 6 groups: 10^18 */
            return false;
        for (size_t i = 0; i < 3; i++) {
            if (digits.data[i] < '0' || digits.data[i] > '9')
                return false;
            value = value * 10 + (uint64_t)(digits.data[i] - '0');
        }
        if (groups == 0 && more && value == 0)
            return false; /* "x000/…": a group too many */
        if (!more)
            break;
        if (!cursor_skip(c, "/"))
            return false;
    }
    *n = value;
    return true;
}

bool tile_path_parse(struct tile_path *path, struct slice text)
{
    struct cursor c;
    struct slice rest;
    uint64_t width;

    *path = (struct tile_path){.width = TILE_WIDTH};
    cursor_init(&c, text);
    if (!cursor_skip(&c, "tile/"))
        return false;
    if (cursor_skip(&c, "entries/")) {
        path->entries = true;
    } else {
        uint8_t digit = cursor_u8(&c);
        if (digit < '0' || digit > '9' || (path->level = digit - '0') >= TILE_LEVELS ||
            !cursor_skip(&c, "/"))
            return false;
    }
    if (!parse_index(&c, &path->n))
        return false;
    if (cursor_left(&c) == 0)
        return true;
    if (!cursor_skip(&c, ".p/"))
        return false;
    rest = cursor_take(&c, cursor_left(&c));
    if (!note_number_parse(rest, &width) || width < 1 || width >= TILE_WIDTH)
        return false;
    path->width = (unsigned)width;
    return true;
}

void tile_path_format(const struct tile_path *path, char text[TILE_PATH_TEXT])
{
    unsigned groups[7], count = 0;
    uint64_t n = path->n;
    int len;

    do {
        groups[count++] = (unsigned)(n % 1000);
        n /= 1000;
    } while (n > 0 && count < ARRAY_LEN(groups));
    len = path->entries ? snprintf(text, TILE_PATH_TEXT, "tile/entries/")
                        : snprintf(text, TILE_PATH_TEXT, "tile/%u/", path->level);
    while (count-- > 0)
        len += snprintf(text + len, TILE_PATH_TEXT - (size_t)len, count ? "x%03u/" : "%03u",
                        groups[count]);
    if (path->width != TILE_WIDTH)
        snprintf(text + len, TILE_PATH_TEXT - (size_t)len, ".p/%u", path->width);
}

bool tile_path_exists(const struct tile_path *path, uint64_t size)
{
    uint64_t at_level = size >> (8 * path->level);

    if (path->n > at_level / TILE_WIDTH)
        return false;
    uint64_t there = at_level - path->n * TILE_WIDTH;
    return path->width <= (there > TILE_WIDTH ? TILE_WIDTH : there);
}
