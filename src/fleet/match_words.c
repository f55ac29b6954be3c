/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/match_words.h"
#include "fleet/match_names.h"
#include "fleet/name.h"

bool fleet_words_spared(const struct fleet_words *words, size_t at)
{
    return words->count >= 3 && words->at[at].len >= 4 && !fleet_word_has_digit(words->at[at]) &&
           !fleet_name_sibling_word(words->at[at]);
}

/* Something that tells a product: a number, or three words. */
static bool tells(const struct fleet_words *words)
{
    bool number = false;
    for (size_t i = 0; i < words->count; i++)
        number = number || fleet_word_has_digit(words->at[i]);
    return words->count >= 3 || (number && words->count == 2);
}

/* "2090": as good as a model's number */
static bool whole_number(struct slice word)
{
    for (size_t i = 0; i < word.len; i++)
        if (word.data[i] < '0' || word.data[i] > '9')
            return false;
    return word.len >= 4;
}

enum fleet_words_relation fleet_words_but_one(struct slice brief, struct slice whole)
{
    struct fleet_words x, y;
    uint64_t used = 0;
    size_t missing = 0;
    if (whole.len <= brief.len + 4 || fleet_name_prefix(brief, whole))
        return FLEET_WORDS_OTHER;
    fleet_words_of_set(brief, &x);
    fleet_words_of_set(whole, &y);
    if (x.cut || y.cut || y.count != x.count + 1 || !tells(&x))
        return FLEET_WORDS_OTHER;
    for (size_t i = 0; i < x.count; i++) {
        size_t k = 0;
        while (k < y.count && ((used >> k & 1) || !slice_equal(x.at[i], y.at[k])))
            k++;
        if (k == y.count)
            return FLEET_WORDS_OTHER;
        used |= (uint64_t)1 << k;
    }
    while (used >> missing & 1)
        missing++;
    if (!fleet_words_spared(&y, missing))
        return FLEET_WORDS_OTHER;
    for (size_t i = 0; i < x.count; i++)
        if (whole_number(x.at[i]))
            return FLEET_WORDS_BUT_BRAND;
    return missing == 0 ? FLEET_WORDS_BUT_BRAND : FLEET_WORDS_BUT_ONE;
}

bool fleet_words_brands_in_front(struct slice longer, struct slice suffix)
{
    static const char *const brands[] = {
        "airlink",  "altivar",    "desigo",    "ecostruxure", "experion", "got1000", "got2000",
        "iologik",  "magelis",    "melsec",    "melservo",    "mgate",    "modicon", "nport",
        "oncell",   "relion",     "ruggedcom", "scalance",    "sentron",  "simatic", "simcenter",
        "simocode", "simotion",   "sinamics",  "sinumerik",   "siprotec", "sitop",   "struxureware",
        "sysmac",   "tecnomatix", NULL};
    static const char *const series[] = {"iq", "r",      "f",   "q",      "l",
                                         "fx", "series", "cpu", "module", NULL};
    struct fleet_words words;
    if (longer.len <= suffix.len + 1)
        return false;
    fleet_words_split(slice_of(longer.data, longer.len - suffix.len - 1), &words);
    for (size_t i = 1; i < words.count; i++)
        if (!fleet_word_in(series, words.at[i]) &&
            (words.at[i].len > 1 || !fleet_word_has_digit(words.at[i])))
            return false;
    return words.count > 0 && !words.cut && fleet_word_in(brands, words.at[0]);
}
