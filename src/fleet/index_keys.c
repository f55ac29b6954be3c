/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/index_keys.h"
#include "base/clock.h"
#include "base/memory.h"
#include "fleet/match_family.h"
#include "fleet/match_words.h"

#include <pthread.h>
#include <stdlib.h>

/* Kinds of keys; one text of two kinds gives two keys. */
enum kind {
    BY_HASH = 1,
    BY_PURL,
    BY_CPE,
    BY_ORDER,
    BY_ORDER_START,
    BY_NAME,
    BY_LINE,
    BY_BLANK,
    BY_DELETION,
    BY_WORD,
    BY_HUNDRED,
    BY_FORM_START,
    BY_PATTERN,
    BY_WORDS
};

enum { ORDER_START = FLEET_LITERAL_START, ABBREVIATION = 6, ALIASES = 32 };

static uint64_t seed[2] = {0x9e3779b97f4a7c15u, 0xd1b54a32d192ed03u};
static pthread_once_t seeded = PTHREAD_ONCE_INIT;

static void draw_seed(void)
{
    struct err e = {0};
    uint64_t drawn[2];
    /* without randomness the constants serve: the seed only makes collisions harder to plan */
    if (random_fill(&random_system, drawn, sizeof drawn, &e) == 0)
        memcpy(seed, drawn, sizeof seed);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t key_hash(enum kind kind, const uint8_t *data, size_t len)
{
    uint64_t h = mix(seed[0] ^ (uint64_t)kind, seed[1] ^ len);
    while (len > 0) {
        uint64_t word = 0;
        size_t n = len < 8 ? len : 8;
        memcpy(&word, data, n);
        h = mix(h ^ word, seed[1] | 1);
        data += n;
        len -= n;
    }
    h = mix(h, seed[0] | 1);
    return h ? h : 1;
}

void fleet_keys_fini(struct fleet_keys *keys)
{
    mem_free(keys->at);
    *keys = (struct fleet_keys){0};
}

static void put_key(struct fleet_keys *keys, uint64_t key)
{
    for (size_t i = 0; i < keys->count; i++)
        if (keys->at[i] == key)
            return;
    if (keys->count == keys->room) {
        size_t room = keys->room ? 2 * keys->room : 32;
        void *grown = mem_resize(keys->at, room, sizeof *keys->at);
        if (!grown) {
            keys->failed = true;
            return;
        }
        keys->at = grown;
        keys->room = room;
    }
    keys->at[keys->count++] = key;
}

static void put(struct fleet_keys *keys, enum kind kind, struct slice text)
{
    pthread_once(&seeded, draw_seed);
    if (text.len)
        put_key(keys, key_hash(kind, text.data, text.len));
}

/* The text without its spaces, but between digits; as fleet_name_compact writes it. */
static void put_compact(struct fleet_keys *keys, enum kind kind, struct slice form)
{
    uint8_t text[1024];
    size_t len = 0;
    for (size_t i = 0; i < form.len && len < sizeof text; i++) {
        uint8_t before = i ? form.data[i - 1] : 0;
        uint8_t after = i + 1 < form.len ? form.data[i + 1] : 0;
        bool digits = before >= '0' && before <= '9' && after >= '0' && after <= '9';
        if (form.data[i] != ' ' || digits)
            text[len++] = form.data[i];
    }
    put(keys, kind, slice_of(text, len));
}

/* The first one, two, … words, without the whole. */
static void put_prefixes(struct fleet_keys *keys, enum kind kind, struct slice form)
{
    for (size_t i = 0; i < form.len; i++)
        if (form.data[i] == ' ')
            put_compact(keys, kind, slice_of(form.data, i));
}

/* All but the first word, all but the first two, … */
static void put_suffixes(struct fleet_keys *keys, enum kind kind, struct slice form)
{
    for (size_t i = 0; i < form.len; i++)
        if (form.data[i] == ' ')
            put_compact(keys, kind, slice_of(form.data + i + 1, form.len - i - 1));
}

/* "micro850" and "micro800" by "micro8", "x 200irt" and "x204irt" by "x2irt" */
static void put_hundreds(struct fleet_keys *keys, struct slice form, bool family)
{
    struct fleet_words words;
    struct fleet_mark mark;
    uint8_t text[256];
    fleet_words_split(form, &words);
    for (size_t i = 0; i < words.count; i++) {
        if (!fleet_mark_read(&words, i, &mark) || (family && !fleet_mark_of_family(&mark)))
            continue;
        size_t len = mark.letters.len, digits = mark.digits.len - 2;
        if (len + digits + mark.suffix.len > sizeof text)
            continue;
        memcpy(text, mark.letters.data, len);
        memcpy(text + len, mark.digits.data, digits);
        memcpy(text + len + digits, mark.suffix.data, mark.suffix.len);
        put(keys, BY_HUNDRED, slice_of(text, len + digits + mark.suffix.len));
    }
}

/* Words in any order. */
static void put_word_set(struct fleet_keys *keys, struct slice form)
{
    struct fleet_words words;
    uint64_t sum = 0;
    fleet_words_of_set(form, &words);
    if (words.cut || words.count < 2)
        return;
    pthread_once(&seeded, draw_seed);
    for (size_t i = 0; i < words.count; i++)
        sum += key_hash(BY_WORDS, words.at[i].data, words.at[i].len);
    put_key(keys, sum ? sum : 1);
}

/* The same with one word left out that the other side may not have. */
static void put_words_but_one(struct fleet_keys *keys, struct slice form)
{
    struct fleet_words words;
    uint64_t sum = 0;
    fleet_words_of_set(form, &words);
    if (words.cut || words.count < 3)
        return;
    pthread_once(&seeded, draw_seed);
    for (size_t i = 0; i < words.count; i++)
        sum += key_hash(BY_WORDS, words.at[i].data, words.at[i].len);
    for (size_t i = 0; i < words.count; i++)
        if (fleet_words_spared(&words, i)) {
            uint64_t rest = sum - key_hash(BY_WORDS, words.at[i].data, words.at[i].len);
            put_key(keys, rest ? rest : 1);
        }
}

/* Words with a digit, by which families name their members. */
static void put_words(struct fleet_keys *keys, struct slice form, bool first_only)
{
    struct fleet_words words;
    fleet_words_split(form, &words);
    for (size_t i = 0; i < words.count && (i == 0 || !first_only); i++)
        if (words.at[i].len >= 4 && fleet_word_has_digit(words.at[i]))
            put(keys, BY_WORD, words.at[i]);
}

/* Can a word be misspelt at all: letters only, and long enough on one side? */
static bool spellable(struct slice word)
{
    return word.len >= 4 && !fleet_word_has_digit(word);
}

/*
 * Names one typing error apart share a key: with several words, the one with that word left blank;
 * with a single one, what is left when one character of it is deleted (or the word itself).
 */
static void put_spellings(struct fleet_keys *keys, struct slice form)
{
    struct fleet_words words;
    uint8_t text[1024];
    fleet_words_split(form, &words);
    if (words.cut || form.len + 2 > sizeof text)
        return;
    if (words.count == 1) {
        if (!spellable(form) || form.len > 40)
            return;
        put(keys, BY_DELETION, form);
        for (size_t i = 0; i < form.len; i++) {
            /* whole characters only */
            if ((form.data[i] & 0xc0) == 0x80)
                continue;
            size_t end = i + 1;
            while (end < form.len && (form.data[end] & 0xc0) == 0x80)
                end++;
            memcpy(text, form.data, i);
            memcpy(text + i, form.data + end, form.len - end);
            put(keys, BY_DELETION, slice_of(text, form.len - (end - i)));
        }
        return;
    }
    for (size_t i = 0; i < words.count; i++) {
        if (!spellable(words.at[i]))
            continue;
        size_t before = (size_t)(words.at[i].data - form.data);
        size_t behind = form.len - before - words.at[i].len;
        memcpy(text, form.data, before);
        text[before] = '*';
        memcpy(text + before + 1, form.data + form.len - behind, behind);
        put(keys, BY_BLANK, slice_of(text, before + 1 + behind));
    }
}

/* Letters and digits of a name, as an order number is written. */
static void put_order(struct fleet_keys *keys, struct slice form)
{
    uint8_t text[256];
    size_t len = 0;
    for (size_t i = 0; i < form.len && len < sizeof text; i++) {
        uint8_t c = form.data[i];
        c = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            text[len++] = c;
    }
    put(keys, BY_ORDER, slice_of(text, len));
}

static void put_start(struct fleet_keys *keys, struct slice text);

/* A model in the place of a version: whole, or by what stands in front of its run of x. */
static void put_model_in_version(struct fleet_keys *keys, struct slice model)
{
    uint8_t text[ORDER_START];
    size_t len = 0;
    put_order(keys, model);
    for (size_t i = 0; i < model.len && len < sizeof text; i++) {
        uint8_t c = model.data[i];
        c = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            text[len++] = c;
    }
    put_start(keys, slice_of(text, len));
}

static struct slice start_of(struct slice s, size_t len)
{
    return s.len >= len ? slice_of(s.data, len) : slice_of(NULL, 0);
}

static void put_start(struct fleet_keys *keys, struct slice text)
{
    put(keys, BY_ORDER_START, start_of(text, ORDER_START));
}

/* Characters in front of the first wildcard. */
static struct slice literal_start(struct slice pattern)
{
    size_t len = 0;
    while (len < pattern.len && pattern.data[len] != '*' && pattern.data[len] != '?')
        len++;
    return slice_of(pattern.data, len);
}

/* The first letters and digits of a name. */
static void put_form_start(struct fleet_keys *keys, struct slice form)
{
    uint8_t text[ORDER_START];
    size_t len = 0;
    for (size_t i = 0; i < form.len && len < ORDER_START; i++)
        if (form.data[i] != ' ')
            text[len++] = form.data[i];
    put(keys, BY_FORM_START, start_of(slice_of(text, len), ORDER_START));
}

/*
 * "rlc 4xx": the words in front of the first one that may be a pattern are those of every name that
 * fits, and so is that word's first character, unless it is an x. When there are none in front:
 * the first characters.
 */
static void put_pattern(struct fleet_keys *keys, struct slice form)
{
    struct fleet_words words;
    fleet_words_split(form, &words);
    for (size_t i = 0; i < words.count; i++) {
        if (!fleet_word_may_be_pattern(words.at[i]))
            continue;
        size_t front = (size_t)(words.at[i].data - form.data);
        if (i == 0)
            put_form_start(keys, form);
        else
            put(keys, BY_PATTERN, slice_of(form.data, front + (words.at[i].data[0] != 'x')));
        return;
    }
}

/* All ways in which a pattern that the name fits may begin. */
static void put_pattern_starts(struct fleet_keys *keys, struct slice form)
{
    put_form_start(keys, form);
    for (size_t i = 0; i + 1 < form.len; i++)
        if (form.data[i] == ' ') {
            put(keys, BY_PATTERN, slice_of(form.data, i + 1));
            put(keys, BY_PATTERN, slice_of(form.data, i + 2));
        }
}

static void put_subject_name(struct fleet_keys *keys, const struct fleet_subject *s,
                             struct slice form, enum fleet_form_source source)
{
    put_compact(keys, BY_NAME, form);
    if (source != FLEET_FROM_FAMILY) {
        put_prefixes(keys, BY_NAME, form);
        put_suffixes(keys, BY_NAME, form);
        put_pattern_starts(keys, form);
        put_words(keys, form, false);
        put_hundreds(keys, form, false);
        put_word_set(keys, form);
        if (s->purl_base.len == 0)
            put_spellings(keys, form);
    }
    put_compact(keys, BY_LINE, form);
}

void fleet_keys_of_subject(const struct fleet_subject *s, struct fleet_keys *keys)
{
    for (size_t i = 0; i < s->identity->hashes.count; i++)
        put(keys, BY_HASH, s->identity->hashes.at[i]);
    put(keys, BY_PURL, s->purl_base);
    put(keys, BY_PURL, s->purl_source);
    put(keys, BY_CPE, s->cpe);
    for (size_t i = 0; i < s->order_count; i++) {
        put(keys, BY_ORDER, s->orders[i]);
        put_start(keys, s->orders[i]);
        if (i >= s->real_orders)
            continue;
        for (size_t len = ABBREVIATION; len <= 10 && len < s->orders[i].len; len++)
            put(keys, BY_ORDER, slice_of(s->orders[i].data, len));
    }
    for (size_t i = 0; i < s->form_count; i++)
        put_subject_name(keys, s, s->forms[i].text, s->forms[i].source);
}

void fleet_keys_of_subject_aliases(const struct fleet_subject *s,
                                   const struct fleet_aliases *aliases, struct fleet_keys *keys)
{
    struct slice others[ALIASES];
    fleet_keys_of_subject(s, keys);
    for (size_t i = 0; i < s->form_count; i++) {
        size_t count = fleet_aliases_of(aliases, FLEET_NAME_PRODUCT, s->forms[i].text, others,
                                        ARRAY_LEN(others));
        for (size_t k = 0; k < count; k++)
            put_compact(keys, BY_NAME, others[k]);
    }
}

static void put_order_pattern(struct fleet_keys *keys, struct slice pattern)
{
    struct slice start = literal_start(pattern);
    put_start(keys, start);
}

/* By the last words as an order number is written, and by words that are a model's number. */
static void put_numbers(struct fleet_keys *keys, struct slice form)
{
    struct fleet_words words;
    fleet_words_split(form, &words);
    for (size_t i = 0; i < words.count; i++) {
        if (i > 0 && i + 3 >= words.count)
            put_order(keys, slice_of(words.at[i].data,
                                     form.len - (size_t)(words.at[i].data - form.data)));
        if (words.at[i].len >= 6 && fleet_word_has_digit(words.at[i]))
            put(keys, BY_WORD, words.at[i]);
    }
}

static void put_target_name(struct fleet_keys *keys, struct slice form, bool family)
{
    put_compact(keys, BY_NAME, form);
    put_prefixes(keys, BY_LINE, form);
    put_suffixes(keys, BY_LINE, form);
    if (family)
        put_words(keys, form, true);
    put_hundreds(keys, form, true);
    put_word_set(keys, form);
    put_words_but_one(keys, form);
    put_numbers(keys, form);
    put_spellings(keys, form);
    put_pattern(keys, form);
}

void fleet_keys_of_target(const struct fleet_target *t, const struct fleet_aliases *aliases,
                          struct fleet_keys *keys)
{
    struct slice others[ALIASES];
    for (size_t i = 0; i < t->hashes.count; i++)
        put(keys, BY_HASH, t->hashes.at[i]);
    put(keys, BY_PURL, t->purl);
    put(keys, BY_CPE, t->cpe);
    for (size_t i = 0; i < t->models.count; i++) {
        struct slice model = t->models.at[i];
        if (literal_start(model).len == model.len)
            put(keys, BY_ORDER, model);
        else
            put_order_pattern(keys, model);
    }
    if (t->range.model.len)
        put_model_in_version(keys, t->range.model);
    for (size_t i = 0; i < t->form_count; i++) {
        put_target_name(keys, t->forms[i].text, t->product.family);
        size_t count = fleet_aliases_of(aliases, FLEET_NAME_PRODUCT, t->forms[i].text, others,
                                        ARRAY_LEN(others));
        for (size_t k = 0; k < count; k++)
            put_compact(keys, BY_NAME, others[k]);
    }
}

struct entry {
    uint64_t key;
    uint32_t number;
};

struct fleet_key_table {
    struct entry *entries;
    size_t count, room;
    uint32_t *found;
    size_t found_room;
    uint32_t *seen; /* by number: the round in which it was last found */
    size_t seen_room;
    uint32_t round;
    struct fleet_keys keys;
};

struct fleet_key_table *fleet_key_table_new(size_t subjects)
{
    struct fleet_key_table *t = mem_new(1, sizeof *t);
    if (!t)
        return NULL;
    t->seen = mem_new(subjects + 1, sizeof *t->seen);
    t->found = mem_new(subjects + 1, sizeof *t->found);
    t->seen_room = subjects;
    if (!t->seen || !t->found) {
        fleet_key_table_free(t);
        return NULL;
    }
    return t;
}

void fleet_key_table_free(struct fleet_key_table *t)
{
    if (!t)
        return;
    fleet_keys_fini(&t->keys);
    mem_free(t->entries);
    mem_free(t->found);
    mem_free(t->seen);
    mem_free(t);
}

int fleet_key_table_add(struct fleet_key_table *t, const struct fleet_subject *subject,
                        uint32_t number, struct err *e)
{
    t->keys.count = 0;
    fleet_keys_of_subject(subject, &t->keys);
    if (t->keys.failed)
        return err_memory(e);
    if (t->count + t->keys.count > t->room) {
        size_t room = 2 * (t->count + t->keys.count);
        void *grown = mem_resize(t->entries, room, sizeof *t->entries);
        if (!grown)
            return err_memory(e);
        t->entries = grown;
        t->room = room;
    }
    for (size_t i = 0; i < t->keys.count; i++)
        t->entries[t->count++] = (struct entry){t->keys.at[i], number};
    return 0;
}

static int by_key(const void *x, const void *y)
{
    const struct entry *a = x, *b = y;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

void fleet_key_table_ready(struct fleet_key_table *t)
{
    if (t->count)
        qsort(t->entries, t->count, sizeof *t->entries, by_key);
}

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

int fleet_key_table_find(struct fleet_key_table *t, const struct fleet_target *target,
                         const struct fleet_aliases *aliases, const uint32_t **numbers,
                         size_t *count, struct err *e)
{
    t->keys.count = 0;
    t->round++;
    *count = 0;
    fleet_keys_of_target(target, aliases, &t->keys);
    if (t->keys.failed)
        return err_memory(e);
    for (size_t k = 0; k < t->keys.count; k++) {
        size_t low = 0, high = t->count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (t->entries[middle].key < t->keys.at[k])
                low = middle + 1;
            else
                high = middle;
        }
        for (; low < t->count && t->entries[low].key == t->keys.at[k]; low++) {
            uint32_t number = t->entries[low].number;
            if (number >= t->seen_room || t->seen[number] == t->round)
                continue;
            t->seen[number] = t->round;
            t->found[(*count)++] = number;
        }
    }
    if (*count)
        qsort(t->found, *count, sizeof *t->found, by_number);
    *numbers = t->found;
    return 0;
}
