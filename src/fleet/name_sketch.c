/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/name_sketch.h"
#include "fleet/match_family.h"
#include "fleet/match_names.h"
#include "fleet/name_words.h"

/* No secret: who finds two words of one hash gains a comparison. */
static uint64_t hash_of(uint64_t h, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        h = (h ^ data[i]) * 0x100000001b3u;
    return h;
}

static const uint64_t start = 0xcbf29ce484222325u;

static uint32_t mixed(uint64_t h)
{
    return (uint32_t)((h * 0x9e3779b97f4a7c15u) >> 32);
}

static uint32_t word_hash(struct slice word)
{
    return mixed(hash_of(start, word.data, word.len));
}

static uint32_t compact_hash(struct slice form)
{
    uint64_t h = start;
    for (size_t i = 0; i < form.len; i++) {
        uint8_t before = i ? form.data[i - 1] : 0;
        uint8_t after = i + 1 < form.len ? form.data[i + 1] : 0;
        bool digits = before >= '0' && before <= '9' && after >= '0' && after <= '9';
        if (form.data[i] != ' ' || digits)
            h = hash_of(h, &form.data[i], 1);
    }
    return mixed(h);
}

bool fleet_word_may_be_pattern(struct slice word)
{
    bool digit = false;
    for (size_t i = 0; i < word.len; i++) {
        digit = digit || (word.data[i] >= '0' && word.data[i] <= '9');
        if (word.data[i] == 'x' && (digit || (i > 0 && word.data[i - 1] == 'x')))
            return true;
    }
    return false;
}

/* "micro850" and "micro800" by "micro8": see fleet_family_of_hundred. */
static uint32_t hundred_bit(const struct fleet_mark *mark)
{
    uint64_t h = hash_of(start, mark->letters.data, mark->letters.len);
    h = hash_of(h, mark->digits.data, mark->digits.len - 2);
    return 1u << (mixed(h) >> 27);
}

void fleet_sketch_make(struct slice form, struct fleet_sketch *out)
{
    struct fleet_words words, set;
    struct fleet_mark mark;
    *out = (struct fleet_sketch){
        .compact = compact_hash(form), .first = UINT8_MAX, .specific = fleet_name_specific(form)};
    fleet_words_split(form, &words);
    out->count = words.cut ? UINT8_MAX : (uint8_t)words.count;
    fleet_words_of_set(form, &set);
    for (size_t i = 0; i < set.count; i++)
        out->words |= (uint64_t)1 << (word_hash(set.at[i]) >> 26);
    for (size_t i = 0; i < words.count; i++) {
        uint32_t h = word_hash(words.at[i]);
        if (!fleet_word_has_digit(words.at[i]))
            out->spelled |= (uint64_t)1 << (h >> 26);
        out->number = out->number || (words.at[i].len >= 6 && fleet_number_like(words.at[i]));
        out->pattern = out->pattern || fleet_word_may_be_pattern(words.at[i]);
        if (fleet_mark_read(&words, i, &mark))
            out->hundreds |= hundred_bit(&mark);
    }
    if (words.count && words.at[0].len >= 4 && fleet_word_has_digit(words.at[0]))
        out->first = (uint8_t)(word_hash(words.at[0]) >> 26);
    size_t at = words.count;
    while (at > 0 && fleet_name_plain_word(words.at[at - 1]))
        at--;
    if (at > 0 && fleet_number_like(words.at[at - 1])) {
        out->model = word_hash(words.at[at - 1]);
        out->model += out->model == 0;
    }
}
