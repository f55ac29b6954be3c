/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/match_family.h"

static bool letter(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* The letters at the beginning of s, or its digits; s goes behind them. */
static struct slice take(struct slice *s, bool (*is)(uint8_t))
{
    size_t len = 0;
    while (len < s->len && is(s->data[len]))
        len++;
    struct slice taken = slice_of(s->data, len);
    *s = slice_of(s->data + len, s->len - len);
    return taken;
}

bool fleet_mark_read(const struct fleet_words *words, size_t at, struct fleet_mark *out)
{
    struct slice rest = words->at[at];
    *out = (struct fleet_mark){.letters = take(&rest, letter)};
    if (out->letters.len == 0)
        return false;
    if (rest.len == 0 && at + 1 < words->count)
        rest = words->at[at + 1];
    out->digits = take(&rest, digit);
    out->suffix = take(&rest, letter);
    return rest.len == 0 && out->digits.len >= 3;
}

bool fleet_mark_of_family(const struct fleet_mark *mark)
{
    return mark->digits.data[mark->digits.len - 1] == '0' &&
           mark->digits.data[mark->digits.len - 2] == '0';
}

static bool of_hundred(const struct fleet_mark *family, const struct fleet_mark *model)
{
    return slice_equal(family->letters, model->letters) &&
           slice_equal(family->suffix, model->suffix) && family->digits.len == model->digits.len &&
           memcmp(family->digits.data, model->digits.data, family->digits.len - 2) == 0;
}

bool fleet_family_of_hundred(struct slice name, struct slice family)
{
    struct fleet_words words, of_family;
    struct fleet_mark mark, model;
    fleet_words_split(family, &of_family);
    fleet_words_split(name, &words);
    for (size_t i = 0; i < of_family.count; i++) {
        if (!fleet_mark_read(&of_family, i, &mark) || !fleet_mark_of_family(&mark))
            continue;
        for (size_t k = 0; k < words.count; k++)
            if (fleet_mark_read(&words, k, &model) && of_hundred(&mark, &model))
                return true;
    }
    return false;
}
