/* SPDX-License-Identifier: Apache-2.0 */
/* Version numbers of documents, and histories sorted by date. */
#include "csaf/validate/revision.h"
#include "base/memory.h"

#include <stdlib.h>

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(uint8_t c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

static bool all_digits(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_digit(s.data[i]))
            return false;
    return s.len > 0;
}

/* A number without leading zeros at *at; moves behind it. */
static bool take_number(struct slice text, size_t *at, struct slice *number)
{
    size_t from = *at;

    if (from >= text.len)
        return false;
    while (*at < text.len && is_digit(text.data[*at]))
        ++*at;
    *number = slice_of(text.data + from, *at - from);
    return number->len > 0 && (number->len == 1 || number->data[0] != '0');
}

/* Words joined by '.'; those of digits only have no leading zeros where `numbers` is true. */
static bool take_words(struct slice text, size_t *at, bool numbers, struct slice *words)
{
    size_t from = *at;

    for (;;) {
        size_t start = *at;
        while (*at < text.len && is_word(text.data[*at]))
            ++*at;
        struct slice word = slice_of(text.data + start, *at - start);
        if (word.len == 0 || (numbers && word.len > 1 && word.data[0] == '0' && all_digits(word)))
            return false;
        if (*at == text.len || text.data[*at] != '.')
            break;
        ++*at;
    }
    *words = slice_of(text.data + from, *at - from);
    return true;
}

bool csaf_number_of(const struct json_value *value, struct csaf_number *number)
{
    return csaf_number_read(json_string(value), number);
}

bool csaf_version_compare(struct slice a, struct slice b, int *order)
{
    struct csaf_number x, y;

    if (!csaf_number_read(a, &x) || !csaf_number_read(b, &y))
        return false;
    int by = csaf_number_compare(&x, &y);
    *order = (by > 0) - (by < 0);
    return true;
}

bool csaf_number_read(struct slice text, struct csaf_number *number)
{
    size_t at = 0;

    *number = (struct csaf_number){.part = {[1] = slice_str("0"), [2] = slice_str("0")}};
    if (!take_number(text, &at, &number->part[0]))
        return false;
    if (at == text.len)
        return true;
    number->semantic = true;
    for (size_t i = 1; i < 3; i++)
        if (at == text.len || text.data[at++] != '.' || !take_number(text, &at, &number->part[i]))
            return false;
    if (at < text.len && text.data[at] == '-') {
        at++;
        if (!take_words(text, &at, true, &number->pre_release))
            return false;
    }
    if (at < text.len && text.data[at] == '+') {
        at++;
        if (!take_words(text, &at, false, &number->build))
            return false;
    }
    return at == text.len;
}

int csaf_digits_compare(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return slice_compare(a, b);
}

static struct slice next_word(struct slice words, size_t *at)
{
    size_t from = *at;

    while (*at < words.len && words.data[*at] != '.')
        ++*at;
    struct slice word = slice_of(words.data + from, *at - from);
    *at += *at < words.len;
    return word;
}

/* Semantic versioning section 11.4. */
static int compare_pre_releases(struct slice a, struct slice b)
{
    size_t i = 0, k = 0;

    if (!a.len || !b.len)
        return (a.len == 0) - (b.len == 0);
    while (i < a.len && k < b.len) {
        struct slice x = next_word(a, &i), y = next_word(b, &k);
        bool x_number = all_digits(x), y_number = all_digits(y);
        int order = x_number != y_number ? (x_number ? -1 : 1)
                    : x_number           ? csaf_digits_compare(x, y)
                                         : slice_compare(x, y);
        if (order != 0)
            return order;
    }
    return (i < a.len) - (k < b.len);
}

int csaf_number_compare(const struct csaf_number *a, const struct csaf_number *b)
{
    for (size_t i = 0; i < 3; i++) {
        int order = csaf_digits_compare(a->part[i], b->part[i]);
        if (order != 0)
            return order;
    }
    return compare_pre_releases(a->pre_release, b->pre_release);
}

bool csaf_number_is_zero(const struct csaf_number *number)
{
    return slice_is(number->part[0], "0");
}

static int by_date_and_number(const void *a, const void *b)
{
    const struct csaf_history_item *x = a, *y = b;
    int order = csaf_moment_compare(&x->moment, &y->moment);

    if (order == 0)
        order = csaf_number_compare(&x->number, &y->number);
    return order != 0 ? order : (x->index > y->index) - (x->index < y->index);
}

const struct csaf_history *csaf_history_sorted(struct csaf_validation *v)
{
    const struct json_value *items = csaf_array(v->tracking, "revision_history");
    struct csaf_history *history = &v->history;
    size_t index = 0;

    if (json_count(items) == 0 || history->at)
        return history;
    history->at = mem_new(json_count(items), sizeof *history->at);
    if (!history->at) {
        csaf_no_memory(v);
        return NULL;
    }
    json_each(item, items)
    {
        struct csaf_history_item *r = &history->at[history->count];
        *r = (struct csaf_history_item){.item = item,
                                        .number_value = json_get(item, "number"),
                                        .date = json_get(item, "date"),
                                        .index = index++};
        history->count +=
            csaf_moment_of(r->date, &r->moment) && csaf_number_of(r->number_value, &r->number);
    }
    if (history->count > 1)
        qsort(history->at, history->count, sizeof *history->at, by_date_and_number);
    return history;
}

bool csaf_is_released(const struct csaf_validation *v)
{
    struct slice status = csaf_tracking_status_of(v);

    return slice_is(status, "final") || slice_is(status, "interim");
}
