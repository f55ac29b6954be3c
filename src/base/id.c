/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include <stdio.h>

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

static void format(const char *prefix, const uint8_t bits[16], char id[ID_TEXT])
{
    uint8_t bytes[17] = {0}; /* one byte of zeros behind, for the last two bits of padding */
    size_t at = 0;

    memcpy(bytes, bits, 16);
    for (; at < 4 && prefix[at]; at++)
        id[at] = prefix[at];
    id[at++] = '_';
    for (size_t i = 0; i < 26; i++) {
        size_t bit = i * 5;
        unsigned pair = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
        id[at++] = alphabet[pair >> (11 - bit % 8) & 31];
    }
    id[at] = '\0';
}

int id_new(const struct random *r, const char *prefix, char id[ID_TEXT], struct err *e)
{
    uint8_t bits[16];

    if (random_fill(r, bits, sizeof(bits), e) != 0)
        return -1;
    format(prefix, bits, id);
    return 0;
}

void id_in_order(const char *prefix, int64_t now, const uint8_t random[ID_RANDOM], char id[ID_TEXT])
{
    uint64_t milliseconds = (uint64_t)(now / 1000);
    uint8_t bits[16];

    for (size_t i = 0; i < 6; i++)
        bits[i] = (uint8_t)(milliseconds >> (40 - 8 * i));
    memcpy(bits + 6, random, ID_RANDOM);
    format(prefix, bits, id);
}

bool id_is(struct slice text, const char *prefix)
{
    size_t len = strlen(prefix);

    if (text.len != len + 27 || memcmp(text.data, prefix, len) != 0 || text.data[len] != '_')
        return false;
    for (size_t i = len + 1; i < text.len; i++)
        if (!text.data[i] || !strchr(alphabet, text.data[i]))
            return false;
    return true;
}
