/* SPDX-License-Identifier: Apache-2.0 */
#include "product/range.h"
#include "product/range_token.h"
#include "product/range_words.h"

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
        if (order == PRODUCT_GREATER || (order == PRODUCT_EQUAL && interval->high_open))
            return PRODUCT_OUT;
        if (order == PRODUCT_NO_ORDER)
            result = PRODUCT_MAYBE;
    }
    return interval->doubtful ? PRODUCT_MAYBE : result;
}

enum product_in product_range_contains(const struct product_range *range, struct slice version,
                                       const char **reason)
{
    if (range->kind == PRODUCT_RANGE_ALL) {
        *reason = range->conditional ? "all versions, but only under a condition"
                                     : "the advisory means all versions";
        return range->conditional ? PRODUCT_MAYBE : PRODUCT_IN;
    }
    if (range->kind == PRODUCT_RANGE_OPAQUE) {
        *reason = range->problem;
        return PRODUCT_MAYBE;
    }
    if (version.len == 0) {
        *reason = "the inventory names no version";
        return PRODUCT_MAYBE;
    }
    bool prefixed = range->prefix.len == 0;
    if (range->prefix.len && product_text_starts_with(version, range->prefix)) {
        version = product_text_trim(
            slice_of(version.data + range->prefix.len, version.len - range->prefix.len));
        prefixed = true;
    }
    enum product_in result = PRODUCT_OUT;
    for (size_t i = 0; i < range->count && result != PRODUCT_IN; i++) {
        enum product_in here = in_interval(range->scheme, &range->intervals[i], version);
        if (here != PRODUCT_OUT)
            result = here;
    }
    if (result == PRODUCT_MAYBE) {
        *reason =
            range->grade == PRODUCT_EXACT ? "the two versions have no known order" : range->why;
    } else if (result == PRODUCT_IN) {
        *reason = range->conditional ? "the version is in the range, but only under a condition"
                                     : "the version is in the range";
        if (range->conditional)
            result = PRODUCT_MAYBE;
    } else if (range->kind == PRODUCT_RANGE_LIST || range->singles) {
        *reason = "the advisory lists single versions, and says nothing of this one";
        result = PRODUCT_SILENT;
    } else if (range->remark.len || !prefixed) {
        *reason = "the version is out of the range, but a remark or prefix limits that";
        result = PRODUCT_MAYBE;
    } else {
        *reason = "the version is out of the range";
    }
    return result;
}

/* The next number of a version, with what stands in front of it passed over. */
static bool next_number(struct slice *s, struct slice *digits)
{
    size_t i = 0;
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
