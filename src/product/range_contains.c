/* SPDX-License-Identifier: Apache-2.0 */
#include "product/range.h"
#include "base/compiler.h"
#include "product/range_token.h"
#include "product/range_words.h"

/* "14 and prior": whether that leaves out 14.0.2 or has it with the rest of 14, it does not say. */
static bool of_the_last(const struct product_interval *interval, struct slice version)
{
    struct slice high = interval->high;
    size_t at = 0;
    while (version.len && high.len && (version.data[0] | 0x20) == 'v')
        version = slice_of(version.data + 1, version.len - 1);
    if (high.len && (high.data[0] | 0x20) == 'v')
        high = slice_of(high.data + 1, high.len - 1);
    while (at < high.len && high.data[at] >= '0' && high.data[at] <= '9')
        at++;
    return !interval->high_open && !slice_equal(interval->low, interval->high) && at == high.len &&
           at > 0 && version.len > at + 1 && memcmp(version.data, high.data, at) == 0 &&
           version.data[at] == '.';
}

/*
 * "BE" of "BF and prior", "J" of "K and prior": firmware counted by letters alone. One letter, or
 * two of which the first is the same. What comes behind is not sure enough to be excluded.
 */
static bool earlier_letter(struct slice version, struct slice bound)
{
    if (version.len != bound.len || version.len == 0 || version.len > 2)
        return false;
    for (size_t i = 0; i < version.len; i++) {
        uint8_t x = version.data[i] | 0x20, y = bound.data[i] | 0x20;
        bool last = i + 1 == version.len;
        if (x < 'a' || x > 'z' || y < 'a' || y > 'z' || (last ? x >= y : x != y))
            return false;
    }
    return true;
}

/* "16.10.3(3794)", "1.03.07 (build 317)": the version in front of its build. */
static struct slice without_build(struct slice version)
{
    const uint8_t *open = version.len ? memchr(version.data, '(', version.len) : NULL;
    if (!open || version.data[version.len - 1] != ')')
        return version;
    version.len = (size_t)(open - version.data);
    while (version.len && version.data[version.len - 1] == ' ')
        version.len--;
    return version;
}

/* One of the versions named, where one side tells the build and the other does not. */
static bool named_but_for_build(const struct product_range *range, struct slice version)
{
    struct slice ours = without_build(version);
    for (size_t i = 0; i < range->count; i++) {
        struct slice named = range->intervals[i].low, theirs = without_build(named);
        if (slice_equal(named, range->intervals[i].high) && ours.len && theirs.len &&
            (ours.len < version.len) != (theirs.len < named.len) &&
            product_version_compare(range->scheme, ours, theirs) == PRODUCT_EQUAL)
            return true;
    }
    return false;
}

static enum product_in in_interval(const struct product_scheme *scheme,
                                   const struct product_interval *interval, struct slice version)
{
    enum product_in result = PRODUCT_IN;
    if (interval->low.len) {
        enum product_order order = product_version_compare(scheme, version, interval->low);
        if (order == PRODUCT_LESS || (order == PRODUCT_EQUAL && interval->low_open))
            return PRODUCT_OUT;
        if (order == PRODUCT_NO_ORDER)
            result = PRODUCT_MAYBE;
    }
    if (interval->high.len) {
        enum product_order order = product_version_compare(scheme, version, interval->high);
        bool of_last = order == PRODUCT_GREATER && scheme == &product_scheme_generic &&
                       of_the_last(interval, version);
        if ((order == PRODUCT_GREATER && !of_last) ||
            (order == PRODUCT_EQUAL && interval->high_open))
            return PRODUCT_OUT;
        if ((order == PRODUCT_NO_ORDER && !earlier_letter(version, interval->high)) || of_last)
            result = PRODUCT_MAYBE;
    }
    return interval->doubtful ? PRODUCT_MAYBE : result;
}

/* Takes the range's prefix off the version; false: the version is written without it. */
static bool without_prefix(struct slice prefix, struct slice *version)
{
    if (prefix.len > version->len)
        return false;
    for (size_t i = 0; i < prefix.len; i++) {
        uint8_t byte = version->data[i] == '_' ? ' ' : version->data[i];
        if (!product_text_starts_with(slice_of(&byte, 1), slice_of(&prefix.data[i], 1)))
            return false;
    }
    struct slice rest = slice_of(version->data + prefix.len, version->len - prefix.len);
    while (rest.len && memchr("_ -", rest.data[0], 3))
        rest = slice_of(rest.data + 1, rest.len - 1);
    *version = rest;
    return true;
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* What stands in front of a version and is no name of what has it. */
static bool no_name(struct slice name)
{
    static const char *const words[] = {"sp",       "service", "update", "upd",  "patch", "hf",
                                        "hotfix",   "build",   "rev",    "bios", "boot",  "uefi",
                                        "hardware", "hw",      "kernel", "cpld", "fpga",  "driver"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (product_text_starts(name, words[i]))
            return true;
    return false;
}

/*
 * "ALEOS 4.12.0", "InRouter6XX-S-V2.3.0": the name of what has the version stands in front of it.
 * Takes that off; false: there is none. A name has two letters in front, and a version a dot.
 * *plain: the name has no number that it may be one of several by.
 */
static bool without_name(struct slice *version, bool *plain)
{
    const struct slice v = *version;
    if (v.len < 5 || !letter(v.data[0]) || !letter(v.data[1]) || no_name(v))
        return false;
    *plain = false;
    for (size_t i = v.len - 1; i > 2; i--) {
        if (!memchr(" -_", v.data[i - 1], 3))
            continue;
        size_t at = i + ((v.data[i] | 0x20) == 'v');
        struct slice rest = slice_of(v.data + at, v.len - at);
        if (rest.len < 3 || !digit(rest.data[0]) || !memchr(rest.data, '.', rest.len))
            continue;
        *plain = true;
        for (size_t k = 0; k + 1 < i; k++)
            *plain = *plain && letter(v.data[k]);
        *version = rest;
        return true;
    }
    return false;
}

/* *doubt: PRODUCT_MAYBE because of an interval in doubt, not because an order is missing. */
static enum product_in in_intervals(const struct product_range *range, struct slice version,
                                    bool *doubt)
{
    enum product_in result = PRODUCT_OUT;
    *doubt = false;
    for (size_t i = 0; i < range->count && result != PRODUCT_IN; i++) {
        enum product_in here = in_interval(range->scheme, &range->intervals[i], version);
        *doubt = *doubt || (here == PRODUCT_MAYBE && range->intervals[i].doubtful);
        if (here != PRODUCT_OUT)
            result = here;
    }
    return result;
}

/* "web firmware", "software version" */
static bool says_version(struct slice prefix)
{
    static const char *const words[] = {"firmware", "software", "version", "web"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t len = strlen(words[i]);
        if (prefix.len >= len &&
            product_text_starts(slice_of(prefix.data + prefix.len - len, len), words[i]))
            return true;
    }
    return false;
}

static enum product_in inside(const struct product_range *range, bool prefixed, const char **reason)
{
    if (range->conditional) {
        *reason = "the version is in the range, but only under a condition";
        return PRODUCT_MAYBE;
    }
    /* "Web firmware v01.12.10" is one */
    prefixed = prefixed || says_version(range->prefix);
    /* "CR-IR 357" is rather the name of something than version 357 */
    if (!prefixed && range->kind == PRODUCT_RANGE_LIST) {
        *reason = "the version is the advisory's, but without the words in front of it";
        return PRODUCT_MAYBE;
    }
    *reason = "the version is in the range";
    return PRODUCT_IN;
}

enum product_in product_range_contains(const struct product_range *range, struct slice version,
                                       const char **reason)
{
    if (range->kind == PRODUCT_RANGE_ALL) {
        *reason = range->conditional ? "all versions, but only under a condition"
                                     : "the advisory means all versions";
        return range->conditional ? PRODUCT_MAYBE : PRODUCT_IN;
    }
    if (range->literal && version.len && product_text_starts_with(version, range->text) &&
        version.len == range->text.len) {
        *reason = "the advisory names this very version";
        return PRODUCT_IN;
    }
    if (range->kind == PRODUCT_RANGE_OPAQUE) {
        *reason = range->problem;
        return PRODUCT_MAYBE;
    }
    if (version.len == 0) {
        *reason = "the inventory names no version";
        return PRODUCT_MAYBE;
    }
    bool prefixed = !range->prefix.len || without_prefix(range->prefix, &version);
    bool doubt;
    enum product_in in = in_intervals(range, version, &doubt);
    /* a device that names its firmware in front of the version names no other one; by a name with
     * a number in it, it may, and then that the version is out says nothing */
    bool plain;
    if (in == PRODUCT_MAYBE && !doubt && prefixed && without_name(&version, &plain)) {
        enum product_in behind = in_intervals(range, version, &doubt);
        if (behind == PRODUCT_IN || (behind == PRODUCT_OUT && plain))
            in = behind;
    }
    if (in != PRODUCT_IN && range->kind == PRODUCT_RANGE_LIST && prefixed &&
        named_but_for_build(range, version))
        in = PRODUCT_IN;
    switch (in) {
    case PRODUCT_IN: return inside(range, prefixed, reason);
    case PRODUCT_MAYBE:
        *reason = doubt && range->why ? range->why : "the two versions have no known order";
        return PRODUCT_MAYBE;
    case PRODUCT_OUT:
    case PRODUCT_SILENT: break;
    }
    if (range->kind == PRODUCT_RANGE_LIST || range->singles) {
        *reason = "the advisory lists single versions, and says nothing of this one";
        return PRODUCT_SILENT;
    }
    if ((range->remark.len && !product_remark_narrows(range->remark)) || !prefixed) {
        *reason = "the version is out of the range, but a remark or prefix limits that";
        return PRODUCT_MAYBE;
    }
    *reason = "the version is out of the range";
    return PRODUCT_OUT;
}

/* The next number of a version, with what stands in front of it passed over. */
static bool next_number(struct slice *s, struct slice *digits)
{
    size_t i = 0;
    *digits = slice_of(NULL, 0);
    if (s->len == 0)
        return false;
    while (i < s->len &&
           (s->data[i] == '.' || s->data[i] == ' ' || s->data[i] == 'v' || s->data[i] == 'V'))
        i++;
    size_t start = i;
    while (i < s->len && s->data[i] >= '0' && s->data[i] <= '9')
        i++;
    *digits = slice_of(s->data + start, i - start);
    while (digits->len > 1 && digits->data[0] == '0')
        *digits = slice_of(digits->data + 1, digits->len - 1);
    *s = slice_of(s->data + i, s->len - i);
    return digits->len > 0;
}

enum product_in product_version_in_line(struct slice version, struct slice line)
{
    struct slice wanted, found;
    while (line.len && next_number(&line, &wanted)) {
        if (!next_number(&version, &found))
            return PRODUCT_MAYBE;
        if (!slice_equal(wanted, found))
            return PRODUCT_OUT;
    }
    return PRODUCT_IN;
}
