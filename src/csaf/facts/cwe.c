/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/facts/cwe.h"
#include "csaf/facts/tables.h"

#include "base/clock.h"

#define LONGEST_NAME 250
#define MOST_EDITS 40

int csaf_cwe_version_find(struct slice name)
{
    for (size_t i = 0; i < csaf_table_cwe_version_count; i++)
        if (slice_is(name, csaf_table_cwe_versions[i].name))
            return (int)i;
    return -1;
}

const char *csaf_cwe_version_name(int version)
{
    return csaf_table_cwe_versions[version].name;
}

int csaf_cwe_version_newest(void)
{
    return (int)csaf_table_cwe_version_count - 1;
}

/* Takes a number off the front; -1: there is none, or one of more digits than versions have. */
static int take_number(struct slice *rest)
{
    int number = 0;
    size_t len = 0;
    while (len < rest->len && rest->data[len] >= '0' && rest->data[len] <= '9' && len < 6)
        number = number * 10 + (rest->data[len++] - '0');
    *rest = slice_of(rest->data + len, rest->len - len);
    return len == 0 || len == 6 ? -1 : number;
}

bool csaf_cwe_version_is_newer(struct slice name)
{
    struct slice newest = slice_str(csaf_cwe_version_name(csaf_cwe_version_newest()));
    bool known = false, later = false; /* once two parts differ */
    while (name.len) {
        int part = take_number(&name), other = newest.len ? take_number(&newest) : 0;
        if (part < 0)
            return false;
        if (!known && part != other) {
            known = true;
            later = part > other;
        }
        if (name.len && (name.data[0] != '.' || name.len == 1))
            return false;
        if (name.len)
            name = slice_of(name.data + 1, name.len - 1);
        if (newest.len)
            newest = slice_of(newest.data + 1, newest.len - 1);
    }
    return later;
}

int csaf_cwe_version_at(int64_t time)
{
    char text[TIME_TEXT];
    uint32_t day = 0;
    time_format(time, text);
    for (int i = 0; i < 10; i++)
        if (text[i] != '-')
            day = day * 10 + (uint32_t)(text[i] - '0');
    for (int i = csaf_cwe_version_newest(); i >= 0; i--)
        if (csaf_table_cwe_versions[i].day && csaf_table_cwe_versions[i].day <= day)
            return i;
    return -1;
}

int csaf_cwe_number(struct slice id)
{
    if (id.len < 5 || id.len > 10 || memcmp(id.data, "CWE-", 4) != 0 || id.data[4] == '0')
        return -1;
    int number = 0;
    for (size_t i = 4; i < id.len; i++) {
        if (id.data[i] < '0' || id.data[i] > '9')
            return -1;
        number = number * 10 + (id.data[i] - '0');
    }
    return number;
}

/* The first row of the weakness; rows are sorted by number, then by version. */
static const struct csaf_table_cwe *rows_of(int number)
{
    size_t low = 0, high = csaf_table_cwe_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (csaf_table_cwes[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return &csaf_table_cwes[low];
}

static bool is_of(const struct csaf_table_cwe *row, int number)
{
    return row < csaf_table_cwes + csaf_table_cwe_count && row->number == number;
}

static void tell(const struct csaf_table_cwe *row, struct csaf_cwe *out)
{
    *out = (struct csaf_cwe){.number = row->number,
                             .name = csaf_table_cwe_names + row->name,
                             .deprecated = row->deprecated,
                             .usage = (enum csaf_cwe_usage)row->usage};
}

bool csaf_cwe_find(int number, int version, struct csaf_cwe *out)
{
    for (const struct csaf_table_cwe *row = rows_of(number); is_of(row, number); row++)
        if (row->first <= version && version <= row->last) {
            tell(row, out);
            return true;
        }
    return false;
}

bool csaf_cwe_is_named(int number, struct slice name, struct csaf_cwe *out)
{
    *out = (struct csaf_cwe){.number = number > 0 ? (unsigned)number : 0};
    for (const struct csaf_table_cwe *row = rows_of(number); is_of(row, number); row++) {
        tell(row, out);
        if (slice_is(name, out->name))
            return true;
    }
    return false;
}

void csaf_cwe_span(int number, int version, int *first, int *last)
{
    uint32_t name = 0;
    bool known = false;
    *first = *last = version;
    const struct csaf_table_cwe *start = rows_of(number), *row;
    for (row = start; is_of(row, number); row++)
        if (row->first <= version && version <= row->last) {
            name = row->name;
            known = true;
            break;
        }
    if (!known)
        return;
    *first = row->first;
    *last = row->last;
    for (const struct csaf_table_cwe *r = row; r > start; r--) {
        if (r[-1].name != name || r[-1].last + 1 != *first)
            break;
        *first = r[-1].first;
    }
    for (const struct csaf_table_cwe *r = row + 1; is_of(r, number); r++) {
        if (r->name != name || r->first != *last + 1)
            break;
        *last = r->last;
    }
}

static uint8_t folded(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
}

/* How often each letter is there; others do not count. */
static void count_letters(struct slice s, uint8_t letters[32])
{
    memset(letters, 0, 32);
    for (size_t i = 0; i < s.len; i++)
        if (folded(s.data[i]) >= 'a' && folded(s.data[i]) <= 'z')
            letters[s.data[i] % 32]++;
}

/* Each letter that one has more of is an edit: no distance is smaller than this. */
static int least_distance(const uint8_t a[32], const uint8_t b[32])
{
    int more = 0, less = 0;

    for (int i = 0; i < 32; i++) {
        more += a[i] > b[i] ? a[i] - b[i] : 0;
        less += b[i] > a[i] ? b[i] - a[i] : 0;
    }
    return more > less ? more : less;
}

/* Edits from a to b when they are at most `limit`, else limit + 1; only that band is computed. */
static int distance(struct slice a, struct slice b, int limit)
{
    int na = (int)a.len, nb = (int)b.len;
    if (na - nb > limit || nb - na > limit)
        return limit + 1;
    int row[LONGEST_NAME + 1];
    for (int j = 0; j <= nb; j++)
        row[j] = j <= limit ? j : limit + 1;
    for (int i = 1; i <= na; i++) {
        int from = i - limit > 1 ? i - limit : 1, to = i + limit < nb ? i + limit : nb;
        int diagonal = row[from - 1], left, best;
        row[from - 1] = left = from == 1 && i <= limit ? i : limit + 1;
        best = left;
        for (int j = from; j <= to; j++) {
            int above = row[j]; /* at the band's end still limit + 1, from the start */
            int edits = diagonal + (folded(a.data[i - 1]) != folded(b.data[j - 1]));
            if (above + 1 < edits)
                edits = above + 1;
            if (left + 1 < edits)
                edits = left + 1;
            diagonal = row[j];
            row[j] = left = edits > limit ? limit + 1 : edits;
            if (left < best)
                best = left;
        }
        if (best > limit)
            return limit + 1;
    }
    return row[nb];
}

/* No distance is smaller than what one is longer by. */
static bool alike_in_length(struct slice a, struct slice b, int limit)
{
    return (a.len > b.len ? a.len - b.len : b.len - a.len) <= (size_t)limit;
}

bool csaf_cwe_nearest(struct slice name, int version, struct csaf_cwe *out)
{
    const struct csaf_table_cwe *found = NULL, *alike = NULL;
    uint8_t letters[32], other_letters[32];
    int least = MOST_EDITS;
    if (name.len == 0 || name.len > LONGEST_NAME)
        return false;
    int limit = (int)name.len / 3 < MOST_EDITS ? (int)name.len / 3 : MOST_EDITS;
    count_letters(name, letters);
    /* the name of the most similar letters is near: farther ones need not be looked at */
    for (size_t i = 0; i < csaf_table_cwe_count; i++) {
        const struct csaf_table_cwe *row = &csaf_table_cwes[i];
        if (row->first > version || row->last < version)
            continue;
        struct slice other = slice_str(csaf_table_cwe_names + row->name);
        if (!alike_in_length(name, other, limit))
            continue;
        count_letters(other, other_letters);
        int letters_apart = least_distance(letters, other_letters);
        if (letters_apart < least) {
            least = letters_apart;
            alike = row;
        }
    }
    if (alike) {
        struct slice other = slice_str(csaf_table_cwe_names + alike->name);
        int edits = other.len > LONGEST_NAME ? limit + 1 : distance(name, other, limit);
        limit = edits < limit ? edits : limit;
    }
    for (size_t i = 0; i < csaf_table_cwe_count && limit >= 0; i++) {
        const struct csaf_table_cwe *row = &csaf_table_cwes[i];
        if (row->first > version || row->last < version)
            continue;
        struct slice other = slice_str(csaf_table_cwe_names + row->name);
        if (other.len > LONGEST_NAME || !alike_in_length(name, other, limit))
            continue;
        count_letters(other, other_letters);
        if (least_distance(letters, other_letters) > limit)
            continue;
        int edits = distance(name, other, limit);
        if (edits <= limit) {
            found = row;
            limit = edits - 1;
        }
    }
    if (found)
        tell(found, out);
    return found != NULL;
}

const char *csaf_cwe_usage_name(enum csaf_cwe_usage usage)
{
    static const char *const names[] = {"", "Allowed", "Allowed-with-Review", "Discouraged",
                                        "Prohibited"};
    return names[usage];
}
