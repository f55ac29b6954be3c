/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/name_version.h"
#include "fleet/name_words.h"

static bool digits(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
    return s.len > 0;
}

/* "7.5", "10.3.3.3"; *dots: how many it has */
static bool dotted(struct slice s, size_t *dots)
{
    *dots = 0;
    for (size_t i = 0; i < s.len; i++) {
        bool dot = s.data[i] == '.';
        if ((!dot && (s.data[i] < '0' || s.data[i] > '9')) ||
            (dot && (i == 0 || i + 1 == s.len || s.data[i + 1] == '.')))
            return false;
        *dots += dot;
    }
    return s.len > 0;
}

static bool year(struct slice s)
{
    return digits(s) && s.len == 4 &&
           (memcmp(s.data, "19", 2) == 0 || memcmp(s.data, "20", 2) == 0);
}

static struct slice behind(struct slice s, size_t count)
{
    return slice_of(s.data + count, s.len - count);
}

static const char *const packs[] = {"sp", "hf",     "upd", "update", "patch",
                                    "fp", "hotfix", "sr",  "p",      NULL};

/* "sp2"; "update" with a number behind it takes two words */
static size_t pack_at(const struct fleet_words *words, size_t end)
{
    struct slice last = words->at[end - 1];
    for (size_t i = 0; packs[i]; i++) {
        size_t len = strlen(packs[i]);
        if (last.len > len && last.len <= len + 3 && memcmp(last.data, packs[i], len) == 0 &&
            digits(behind(last, len)))
            return 1;
    }
    return end >= 2 && digits(last) && last.len <= 3 && fleet_word_in(packs, words->at[end - 2])
               ? 2
               : 0;
}

/* "r2" of "2020 r2": a release of that year */
static bool release(struct slice word)
{
    return word.len == 2 && word.data[0] == 'r' && word.data[1] >= '1' && word.data[1] <= '9';
}

bool fleet_name_version(struct slice form, bool software, struct fleet_named_version *out)
{
    struct fleet_words words;
    size_t dots = 0;
    fleet_words_split(form, &words);
    size_t end = words.count;
    if (words.cut)
        return false;
    for (size_t taken; end > 1 && (taken = pack_at(&words, end)); end -= taken)
        ;
    bool packed = end < words.count;
    if (end > 2 && software && release(words.at[end - 1]) && year(words.at[end - 2]))
        end--, packed = true;
    if (end < 2)
        return false;
    struct slice mark = words.at[end - 1];
    bool marked = mark.len > 1 && (mark.data[0] == 'v' || mark.data[0] == 'r') &&
                  dotted(behind(mark, 1), &dots);
    struct slice line = marked ? behind(mark, 1) : mark;
    if (!marked && !dotted(mark, &dots))
        return false;
    /* "r2" and "v2" may be of the name; what a pack stands behind is not */
    if (dots == 0 && !(marked && mark.data[0] == 'v' && packed) && !(software && year(mark)))
        return false;
    size_t at = (size_t)(mark.data - form.data);
    if (at < 3)
        return false;
    *out = (struct fleet_named_version){.front = slice_of(form.data, at - 1),
                                        .line = line,
                                        .text = slice_of(mark.data, form.len - at),
                                        .rough = !packed && dots < 2};
    return true;
}
