/* SPDX-License-Identifier: Apache-2.0 */
#include "evidence/live/untouched.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 400 };

/* One area, as far as it was read. */
struct area {
    unsigned long long from, to;
    bool rss, swap, flags; /* what was said of it */
    bool something;
};

static void end_area(struct live_untouched *out, struct area *a, uint64_t least)
{
    if (a->to > a->from && a->to - a->from >= least && a->rss && a->swap && a->flags &&
        !a->something && out->count < LIVE_UNTOUCHED_MOST) {
        out->areas[out->count].from = a->from;
        out->areas[out->count++].to = a->to;
    }
    *a = (struct area){0};
}

/* "Name:   number kB" */
static bool says(const char *line, const char *name, bool *something)
{
    size_t len = strlen(name);
    char *end;
    if (strncmp(line, name, len) != 0 || line[len] != ':')
        return false;
    unsigned long long number = strtoull(line + len + 1, &end, 10);
    if (end == line + len + 1 || number > 0)
        *something = true;
    return true;
}

/* Pages of devices are in none of the sums. */
static void flags_of(const char *line, struct area *a)
{
    static const char *const other[] = {" io", " pf", " mm", " ht"};
    a->flags = true;
    for (size_t i = 0; i < ARRAY_LEN(other); i++)
        if (strstr(line, other[i]))
            a->something = true;
}

void live_untouched_parse(struct live_untouched *out, struct slice smaps, uint64_t least)
{
    struct area a = {0};
    out->count = 0;
    while (smaps.len > 0) {
        const uint8_t *end = memchr(smaps.data, '\n', smaps.len);
        size_t len = end ? (size_t)(end - smaps.data) : smaps.len;
        char line[LINE];
        unsigned long long from, to;
        bool none = false;
        snprintf(line, sizeof line, "%.*s", (int)(len < LINE ? len : LINE - 1),
                 (const char *)smaps.data);
        if (sscanf(line, "%llx-%llx ", &from, &to) == 2) {
            end_area(out, &a, least);
            a.from = from;
            a.to = to;
        } else if (strncmp(line, "VmFlags:", 8) == 0)
            flags_of(line, &a);
        else if (says(line, "Rss", &a.something))
            a.rss = true;
        else if (says(line, "Swap", &a.something))
            a.swap = true;
        else if (says(line, "Shared_Hugetlb", &none) || says(line, "Private_Hugetlb", &none))
            a.something = a.something || none;
        len += end != NULL;
        smaps = slice_of(smaps.data + len, smaps.len - len);
    }
    end_area(out, &a, least);
}

bool live_untouched_has(const struct live_untouched *u, uint64_t from, uint64_t to)
{
    size_t low = 0, high = u->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (u->areas[middle].from < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low < u->count && u->areas[low].from == from && u->areas[low].to == to;
}
