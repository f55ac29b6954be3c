/* SPDX-License-Identifier: Apache-2.0 */
#include "csaf/facts/language.h"
#include "csaf/facts/tables.h"

#include <stdio.h>

#define LONGEST_SUBTAG 8

static char folded(uint8_t byte)
{
    return (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
}

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool all_letters(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_letter(s.data[i]))
            return false;
    return true;
}

static bool all_digits(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_digit(s.data[i]))
            return false;
    return true;
}

bool csaf_language_equal(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (folded(a.data[i]) != folded(b.data[i]))
            return false;
    return true;
}

static int compare_folded(struct slice a, const char *lower)
{
    for (size_t i = 0; i < a.len; i++) {
        int order = folded(a.data[i]) - lower[i];
        if (order != 0 || lower[i] == 0)
            return order != 0 ? order : 1;
    }
    return lower[a.len] == 0 ? 0 : -1;
}

static const struct csaf_table_pair *pair_find(const struct csaf_table_pair *pairs, size_t count,
                                               struct slice name)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_folded(name, pairs[middle].name);
        if (order == 0)
            return &pairs[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* Letters as a number in base 26. */
static uint32_t number_of(struct slice letters)
{
    uint32_t number = 0;
    for (size_t i = 0; i < letters.len; i++)
        number = number * 26 + (uint32_t)(folded(letters.data[i]) - 'a');
    return number;
}

static bool bit(const uint8_t *field, uint32_t number)
{
    return field[number / 8] >> number % 8 & 1;
}

static bool is_language(struct slice s)
{
    if (!all_letters(s))
        return false;
    return s.len == 2   ? bit(csaf_table_language_two, number_of(s))
           : s.len == 3 ? bit(csaf_table_language_three, number_of(s))
                        : false; /* none of four to eight letters is registered */
}

static bool is_script(struct slice s)
{
    if (s.len != 4 || !all_letters(s))
        return false;
    uint32_t wanted = number_of(s);
    size_t low = 0, high = csaf_table_script_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (csaf_table_scripts[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low < csaf_table_script_count && csaf_table_scripts[low] == wanted;
}

static bool is_region(struct slice s)
{
    if (s.len == 2 && all_letters(s))
        return bit(csaf_table_region_two, number_of(s));
    if (s.len == 3 && all_digits(s))
        return bit(csaf_table_region_number, (uint32_t)(s.data[0] - '0') * 100 +
                                                 (uint32_t)(s.data[1] - '0') * 10 +
                                                 (uint32_t)(s.data[2] - '0'));
    return false;
}

/* Index, or -1. */
static int variant_index(struct slice s)
{
    size_t low = 0, high = csaf_table_variant_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_folded(s, csaf_table_variants[middle]);
        if (order == 0)
            return (int)middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

/* Where the tag is read: its subtags one by one. */
struct reading {
    struct slice tag;
    size_t next;       /* offset of the subtag to come */
    size_t at;         /* offset of this one */
    struct slice part; /* empty behind the last */
};

static void advance(struct reading *r)
{
    r->at = r->next < r->tag.len ? r->next : r->tag.len;
    size_t end = r->at;
    while (end < r->tag.len && r->tag.data[end] != '-')
        end++;
    r->part = slice_of(r->tag.data + r->at, end - r->at);
    r->next = end + 1;
}

static bool refuse(struct csaf_language *out, enum csaf_language_flaw flaw,
                   const struct reading *at)
{
    out->flaw = flaw;
    out->offset = at->at;
    out->subtag = at->part;
    return false;
}

/* Notes that a subtag is reserved for private use, or deprecated. kind: L, S, R, V. */
static void note(struct csaf_language *out, char kind, struct slice part)
{
    uint8_t name[1 + LONGEST_SUBTAG];
    name[0] = (uint8_t)kind;
    for (size_t i = 0; i < part.len; i++)
        name[1 + i] = (uint8_t)folded(part.data[i]);
    struct slice key = slice_of(name, 1 + part.len), plain = slice_of(name + 1, part.len);
    for (size_t i = 0; i < csaf_table_private_subtag_count && !out->private_use.len; i++) {
        const struct csaf_table_pair *range = &csaf_table_private_subtags[i];
        if (range->name[0] == kind && part.len == strlen(range->other) &&
            slice_compare(plain, slice_str(range->name + 1)) >= 0 &&
            slice_compare(plain, slice_str(range->other)) <= 0)
            out->private_use = part;
    }
    if (out->deprecated.len)
        return;
    for (size_t i = 0; i < csaf_table_deprecated_subtag_count; i++)
        if (csaf_table_deprecated_subtags[i].name[1] == (char)key.data[1] && /* before strlen */
            slice_is(key, csaf_table_deprecated_subtags[i].name)) {
            out->deprecated = part;
            if (csaf_table_deprecated_subtags[i].other[0])
                out->preferred = csaf_table_deprecated_subtags[i].other;
            return;
        }
}

static bool is_well_formed_subtag(struct slice s)
{
    if (s.len == 0 || s.len > LONGEST_SUBTAG)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!is_letter(s.data[i]) && !is_digit(s.data[i]))
            return false;
    return true;
}

static bool read_extlangs(struct reading *r, struct csaf_language *out)
{
    for (int count = 0; r->part.len == 3 && all_letters(r->part); count++) {
        const struct csaf_table_pair *pair =
            pair_find(csaf_table_extlangs, csaf_table_extlang_count, r->part);
        if (!pair || count > 0) /* a second one is reserved for ever (section 2.2.2) */
            return refuse(out, CSAF_LANGUAGE_UNKNOWN_EXTLANG, r);
        if (!csaf_language_equal(out->primary, slice_str(pair->other)))
            return refuse(out, CSAF_LANGUAGE_EXTLANG_PREFIX, r);
        advance(r);
    }
    return true;
}

static bool read_variants(struct reading *r, struct csaf_language *out)
{
    uint64_t seen[4] = {0};
    while ((r->part.len >= 5 && r->part.len <= 8) ||
           (r->part.len == 4 && is_digit(r->part.data[0]))) {
        int index = variant_index(r->part);
        if (index < 0)
            return refuse(out, CSAF_LANGUAGE_UNKNOWN_VARIANT, r);
        if (seen[index / 64 & 3] >> index % 64 & 1)
            return refuse(out, CSAF_LANGUAGE_DUPLICATE_VARIANT, r);
        seen[index / 64 & 3] |= UINT64_C(1) << index % 64;
        note(out, 'V', r->part);
        advance(r);
    }
    return true;
}

/* Extensions: a singleton and what follows it; "x" starts private use, which goes to the end. */
static bool read_extensions(struct reading *r, struct csaf_language *out)
{
    uint64_t seen = 0;
    while (r->part.len == 1 && folded(r->part.data[0]) != 'x') {
        uint8_t c = (uint8_t)folded(r->part.data[0]);
        uint64_t flag = UINT64_C(1) << (is_digit(c) ? c - '0' : c - 'a' + 10);
        if (seen & flag)
            return refuse(out, CSAF_LANGUAGE_DUPLICATE_SINGLETON, r);
        seen |= flag;
        struct reading singleton = *r;
        advance(r);
        if (r->part.len < 2)
            return refuse(out, CSAF_LANGUAGE_MALFORMED, &singleton);
        while (r->part.len >= 2)
            advance(r);
    }
    if (r->part.len != 1)
        return true;
    struct reading x = *r;
    advance(r);
    if (r->part.len == 0)
        return refuse(out, CSAF_LANGUAGE_MALFORMED, &x);
    if (!out->private_use.len)
        out->private_use = slice_of(x.part.data, x.tag.len - x.at);
    while (r->part.len)
        advance(r);
    return true;
}

bool csaf_language_check(struct slice tag, struct csaf_language *out)
{
    *out = (struct csaf_language){0};
    const struct csaf_table_pair *whole =
        pair_find(csaf_table_grandfathered, csaf_table_grandfathered_count, tag);
    if (whole) {
        out->grandfathered = true;
        if (whole->other[0]) {
            out->deprecated = tag;
            out->preferred = whole->other;
        }
        return true;
    }
    struct reading r = {.tag = tag};
    if (tag.len == 0)
        return refuse(out, CSAF_LANGUAGE_MALFORMED, &r);
    /* All subtags are of 1 to 8 letters and digits (section 2.1), an empty one ends none. */
    for (advance(&r); r.at < tag.len; advance(&r))
        if (!is_well_formed_subtag(r.part))
            return refuse(out, CSAF_LANGUAGE_MALFORMED, &r);
    if (tag.data[tag.len - 1] == '-')
        return refuse(out, CSAF_LANGUAGE_MALFORMED, &r);
    r = (struct reading){.tag = tag};
    advance(&r);
    if (r.part.len > 1) {
        if (!all_letters(r.part))
            return refuse(out, CSAF_LANGUAGE_MALFORMED, &r);
        if (!is_language(r.part))
            return refuse(out, CSAF_LANGUAGE_UNKNOWN_LANGUAGE, &r);
        out->primary = r.part;
        note(out, 'L', r.part);
        advance(&r);
        if (!read_extlangs(&r, out))
            return false;
        if (r.part.len == 4 && all_letters(r.part)) {
            if (!is_script(r.part))
                return refuse(out, CSAF_LANGUAGE_UNKNOWN_SCRIPT, &r);
            out->script = r.part;
            note(out, 'S', r.part);
            advance(&r);
        }
        if ((r.part.len == 2 && all_letters(r.part)) || (r.part.len == 3 && all_digits(r.part))) {
            if (!is_region(r.part))
                return refuse(out, CSAF_LANGUAGE_UNKNOWN_REGION, &r);
            out->region = r.part;
            note(out, 'R', r.part);
            advance(&r);
        }
        if (!read_variants(&r, out) || !read_extensions(&r, out))
            return false;
    } else if (folded(r.part.data[0]) == 'x') {
        if (!read_extensions(&r, out))
            return false;
    }
    return r.part.len == 0 || refuse(out, CSAF_LANGUAGE_MALFORMED, &r);
}

void csaf_language_reason(const struct csaf_language *language, char *text, size_t size)
{
    static const char *const reasons[] = {
        [CSAF_LANGUAGE_VALID] = "",
        [CSAF_LANGUAGE_MALFORMED] = "does not fit there",
        [CSAF_LANGUAGE_UNKNOWN_LANGUAGE] = "is no registered language",
        [CSAF_LANGUAGE_UNKNOWN_EXTLANG] = "is no registered extended language",
        [CSAF_LANGUAGE_UNKNOWN_SCRIPT] = "is no registered script",
        [CSAF_LANGUAGE_UNKNOWN_REGION] = "is no registered region",
        [CSAF_LANGUAGE_UNKNOWN_VARIANT] = "is no registered variant",
        [CSAF_LANGUAGE_EXTLANG_PREFIX] = "is registered to follow another language",
        [CSAF_LANGUAGE_DUPLICATE_VARIANT] = "is there twice",
        [CSAF_LANGUAGE_DUPLICATE_SINGLETON] = "starts a second extension of its kind",
    };
    if (size == 0)
        return;
    text[0] = 0;
    if (language->flaw == CSAF_LANGUAGE_VALID)
        return;
    struct slice s = language->subtag;
    if (s.len == 0) {
        snprintf(text, size, "a subtag is missing");
        return;
    }
    if (s.len > 40)
        s.len = 40;
    const char *other = "";
    if (language->flaw == CSAF_LANGUAGE_UNKNOWN_LANGUAGE)
        other = is_region(s) ? " (it is a region)" : is_script(s) ? " (it is a script)" : "";
    snprintf(text, size, "\"%.*s\" %s%s", SLICE_ARG(s), reasons[language->flaw], other);
}

bool csaf_language_is_default(struct slice tag)
{
    return csaf_language_equal(tag, slice_str("i-default"));
}

bool csaf_language_is_english(struct slice tag)
{
    return tag.len >= 2 && csaf_language_equal(slice_of(tag.data, 2), slice_str("en")) &&
           (tag.len == 2 || tag.data[2] == '-');
}
