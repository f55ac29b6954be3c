/* SPDX-License-Identifier: Apache-2.0 */
#include "product/range_words.h"
#include "base/compiler.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

struct slice product_text_trim(struct slice s)
{
    while (s.len && (s.data[0] <= ' ' || s.data[0] == ','))
        s = slice_of(s.data + 1, s.len - 1);
    while (s.len && (s.data[s.len - 1] <= ' ' || memchr(",;:", s.data[s.len - 1], 3)))
        s.len--;
    return s;
}

static bool text_at(struct slice s, size_t i, const char *text)
{
    size_t len = strlen(text);
    if (i + len > s.len)
        return false;
    for (size_t k = 0; k < len; k++)
        if (lower(s.data[i + k]) != (uint8_t)text[k])
            return false;
    return true;
}

bool product_text_starts(struct slice s, const char *prefix)
{
    return text_at(s, 0, prefix);
}

bool product_text_starts_with(struct slice s, struct slice prefix)
{
    if (prefix.len > s.len)
        return false;
    for (size_t i = 0; i < prefix.len; i++)
        if (lower(s.data[i]) != lower(prefix.data[i]))
            return false;
    return true;
}

enum product_operator product_text_operator(struct slice s, size_t i, size_t *len)
{
    static const struct {
        const char *text;
        enum product_operator op;
    } table[] = {
        {"<=", PRODUCT_OP_LESS_EQUAL},
        {"=<", PRODUCT_OP_LESS_EQUAL},
        {">=", PRODUCT_OP_GREATER_EQUAL},
        {"=>", PRODUCT_OP_GREATER_EQUAL},
        {"!=", PRODUCT_OP_NOT_EQUAL},
        {"==", PRODUCT_OP_EQUAL},
        {"\xe2\x89\xa4", PRODUCT_OP_LESS_EQUAL},
        {"\xe2\x89\xa5", PRODUCT_OP_GREATER_EQUAL},
        {"<", PRODUCT_OP_LESS},
        {">", PRODUCT_OP_GREATER},
        {"=", PRODUCT_OP_EQUAL},
    };
    *len = 0;
    for (size_t k = 0; k < ARRAY_LEN(table); k++)
        if (text_at(s, i, table[k].text)) {
            *len = strlen(table[k].text);
            return table[k].op;
        }
    return PRODUCT_OP_NONE;
}

static bool letter(uint8_t c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

/* text is there as a whole word */
static bool word_at(struct slice s, size_t i, const char *text)
{
    size_t end = i + strlen(text);
    return text_at(s, i, text) && (i == 0 || !letter(s.data[i - 1])) &&
           (end == s.len || !letter(s.data[end]));
}

static struct slice behind(struct slice s, size_t len)
{
    return product_text_trim(slice_of(s.data + len, s.len - len));
}

struct slice product_text_all(struct slice s, bool *all)
{
    bool unused, found = false;
    if (!all)
        all = &unused;
    *all = false;
    if (s.len && s.data[0] == '*' && (s.len == 1 || s.data[1] == ' ')) {
        *all = true;
        return behind(s, 1);
    }
    if (word_at(s, 0, "any") || word_at(s, 0, "all")) {
        found = true;
        s = behind(s, 3);
        /* "all BIOS versions": one word may stand between */
        for (size_t i = 0, spaces = 0; i < s.len && spaces < 2; i++) {
            if (word_at(s, i, "versions") || word_at(s, i, "version")) {
                s = behind(s, i);
                break;
            }
            spaces += s.data[i] == ' ';
        }
    }
    *all = found;
    if (word_at(s, 0, "versions"))
        s = behind(s, 8);
    else if (word_at(s, 0, "version"))
        s = behind(s, 7);
    return s;
}

struct slice product_text_version(struct slice s, struct slice *remark)
{
    static const char *const words[] = {
        "only",  "if",      "when",      "with",      "without", "unless", "where", "utilizes",
        "using", "running", "installed", "including", "on",      "in",     "for",   "manufactured"};
    *remark = slice_of(NULL, 0);
    s = product_text_trim(s);
    for (size_t i = 0; i < s.len; i++) {
        bool parenthesis = s.data[i] == '(' && (i == 0 || s.data[i - 1] == ' ') &&
                           !text_at(s, i, "(build") && !text_at(s, i, "(rev");
        bool word = false;
        for (size_t k = 0; k < ARRAY_LEN(words) && !word; k++)
            word = word_at(s, i, words[k]) && (i == 0 || s.data[i - 1] == ' ');
        if (!parenthesis && !word)
            continue;
        *remark = product_text_trim(slice_of(s.data + i, s.len - i));
        return product_text_trim(slice_of(s.data, i));
    }
    return s;
}

bool product_text_condition(struct slice remark)
{
    static const char *const words[] = {"only",    "if",     "when",         "with",
                                        "without", "unless", "where",        "using",
                                        "running", "for",    "manufactured", "including"};
    for (size_t i = 0; i < remark.len; i++)
        for (size_t k = 0; k < ARRAY_LEN(words); k++)
            if (word_at(remark, i, words[k]))
                return true;
    return false;
}

bool product_version_word(struct slice word)
{
    static const char *const words[] = {
        "v",  "ver", "version",          "firmware",        "fw", "release", "software",
        "sw", "rev", "firmware version", "software version"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (word.len == strlen(words[i]) && text_at(word, 0, words[i]))
            return true;
    return false;
}

bool product_text_and(struct slice s, struct slice *left, struct slice *right)
{
    for (size_t i = 0; i + 5 < s.len; i++) {
        if (!text_at(s, i, " and "))
            continue;
        *left = product_text_trim(slice_of(s.data, i));
        *right = behind(s, i + 5);
        /* ">= 8.7.0 and < 8.7.1.3" is one interval: joined again by whoever reads the right side */
        return left->len && right->len;
    }
    return false;
}

size_t product_text_list_separator(struct slice s, size_t i)
{
    if (s.data[i] == ',' || s.data[i] == '|' || s.data[i] == ';')
        return 1;
    if (text_at(s, i, " and "))
        return 5;
    return text_at(s, i, " or ") ? 4 : 0;
}

static bool ends_with(struct slice s, const char *text, struct slice *front)
{
    size_t len = strlen(text);
    if (s.len <= len || !text_at(s, s.len - len, text))
        return false;
    *front = product_text_trim(slice_of(s.data, s.len - len));
    return true;
}

/* "(including)" or "(excluding)" behind a bound */
static struct slice inclusion(struct slice s, bool *open)
{
    struct slice front;
    if (ends_with(s, "(excluding)", &front) || ends_with(s, "(exclusive)", &front)) {
        *open = true;
        return front;
    }
    if (ends_with(s, "(including)", &front) || ends_with(s, "(inclusive)", &front)) {
        *open = false;
        return front;
    }
    return s;
}

static bool two_bounds(struct slice s, struct product_worded *out)
{
    static const char *const between[] = {
        " up to and including ", " up to ", " through ", " to ", " until ", " - ",
        " \xe2\x80\x93 "};
    bool and_joins = false;
    if (word_at(s, 0, "from"))
        s = behind(s, 4);
    else if (word_at(s, 0, "between")) {
        s = behind(s, 7);
        and_joins = true;
    }
    for (size_t i = 0; i < s.len; i++) {
        size_t len = and_joins && text_at(s, i, " and ") ? 5 : 0;
        for (size_t k = 0; k < ARRAY_LEN(between) && !len; k++)
            if (text_at(s, i, between[k]))
                len = strlen(between[k]);
        if (!len)
            continue;
        struct slice low = product_text_trim(slice_of(s.data, i)), high = behind(s, i + len);
        if (!low.len || !high.len)
            return false;
        out->low = inclusion(low, &out->low_open);
        out->high = inclusion(high, &out->high_open);
        return true;
    }
    return false;
}

bool product_text_worded(struct slice s, struct product_worded *out)
{
    static const char *const below[] = {"prior to",   "before",    "earlier than", "older than",
                                        "lower than", "less than", "below"};
    static const char *const up_to[] = {"up to and including", "up to", "through", "until"};
    static const char *const above[] = {"later than", "newer than",   "after",
                                        "above",      "greater than", "higher than"};
    static const char *const down[] = {"prior", "earlier", "older", "below", "lower", "previous"};
    static const char *const up[] = {"later", "newer", "above", "higher", "greater"};
    struct slice front;
    *out = (struct product_worded){0};
    if (ends_with(s, " versions", &front) || ends_with(s, " version", &front))
        s = front;
    for (size_t i = 0; i < ARRAY_LEN(below); i++)
        if (word_at(s, 0, below[i])) {
            out->high = product_text_all(behind(s, strlen(below[i])), NULL);
            out->high_open = true;
            return out->high.len > 0;
        }
    for (size_t i = 0; i < ARRAY_LEN(up_to); i++)
        if (word_at(s, 0, up_to[i])) {
            out->high = product_text_all(behind(s, strlen(up_to[i])), NULL);
            return out->high.len > 0;
        }
    for (size_t i = 0; i < ARRAY_LEN(above); i++)
        if (word_at(s, 0, above[i])) {
            out->low = product_text_all(behind(s, strlen(above[i])), NULL);
            out->low_open = true;
            return out->low.len > 0;
        }
    static const char *const joints[] = {" and all ", " and ", " or all ", " or ", ", and ", " & "};
    for (size_t j = 0; j < ARRAY_LEN(joints); j++) {
        for (size_t i = 0; i < ARRAY_LEN(down); i++)
            if (ends_with(s, down[i], &front)) {
                struct slice version;
                struct slice whole = slice_of(s.data, s.len - strlen(down[i]));
                if (ends_with(whole, joints[j], &version)) {
                    out->high = version;
                    return true;
                }
            }
        for (size_t i = 0; i < ARRAY_LEN(up); i++)
            if (ends_with(s, up[i], &front)) {
                struct slice version;
                struct slice whole = slice_of(s.data, s.len - strlen(up[i]));
                if (ends_with(whole, joints[j], &version)) {
                    out->low = version;
                    return true;
                }
            }
    }
    return two_bounds(s, out);
}
