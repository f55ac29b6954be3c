/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include <stdio.h>

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

int id_new(const struct random *r, const char *prefix, char id[ID_TEXT], struct err *e)
{
    uint8_t bytes[17] = {0}; /* one byte of zeros behind, for the last two bits of padding */
    char text[27];

    if (random_fill(r, bytes, 16, e) != 0)
        return -1;
    for (size_t i = 0; i < 26; i++) {
        size_t bit = i * 5;
        unsigned pair = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
        text[i] = alphabet[pair >> (11 - bit % 8) & 31];
    }
    text[26] = '\0';
    snprintf(id, ID_TEXT, "%.4s_%s", prefix, text);
    return 0;
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
