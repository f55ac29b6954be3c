/* SPDX-License-Identifier: Apache-2.0 */
#include "base/suggest.h"

#include <strings.h>

enum { WORD_MAX = 63 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t suggest_distance(struct slice a, struct slice b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0];
    size_t *above = rows[1];
    size_t *row = rows[2];

    if (a.len > WORD_MAX || b.len > WORD_MAX)
        return SIZE_MAX;
    for (size_t k = 0; k <= b.len; k++)
        above[k] = k;
    for (size_t i = 1; i <= a.len; i++) {
        row[0] = i;
        for (size_t k = 1; k <= b.len; k++) {
            size_t change = above[k - 1] + (a.data[i - 1] != b.data[k - 1]);
            row[k] = least(change, least(above[k], row[k - 1]) + 1);
            if (i > 1 && k > 1 && a.data[i - 1] == b.data[k - 2] && a.data[i - 2] == b.data[k - 1])
                row[k] = least(row[k], before[k - 2] + 1);
        }
        size_t *free_row = before;
        before = above;
        above = row;
        row = free_row;
    }
    return above[b.len];
}

void suggest_init(struct suggestion *s, struct slice typed)
{
    *s = (struct suggestion){.typed = typed, .distance = SIZE_MAX};
}

/* A word in other letters of ASCII: "dc9" for "DC9", however short it is. */
static bool is_same_word(struct slice a, struct slice b)
{
    return a.len && a.len == b.len &&
           strncasecmp((const char *)a.data, (const char *)b.data, a.len) == 0;
}

void suggest_offer(struct suggestion *s, struct slice w)
{
    size_t distance = suggest_distance(s->typed, w);
    size_t longer = s->typed.len > w.len ? s->typed.len : w.len;

    /* the beginning of a word is near too: "org" for "organisation" */
    if (distance != SIZE_MAX && s->typed.len >= 3 && w.len > s->typed.len &&
        memcmp(w.data, s->typed.data, s->typed.len) == 0)
        distance = 1;
    bool same = is_same_word(s->typed, w);
    if (same && distance > 1)
        distance = 1;
    if (distance < s->distance && (same || distance * 3 <= longer)) {
        s->found = w;
        s->distance = distance;
    }
}
