/* SPDX-License-Identifier: Apache-2.0 */
/* The orders of package managers: semver, Debian, rpm. */
#include "base/cursor.h"
#include "product/version_schemes.h"

static bool digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static enum product_order sign(int order)
{
    return order < 0 ? PRODUCT_LESS : order > 0 ? PRODUCT_GREATER : PRODUCT_EQUAL;
}

static struct slice digits_at(struct slice s, size_t *i)
{
    size_t start = *i;
    while (*i < s.len && digit(s.data[*i]))
        (*i)++;
    return s.len ? slice_of(s.data + start, *i - start) : s;
}

struct semver {
    struct slice part[3];
    struct slice pre;
};

static bool semver_parse(struct slice s, struct semver *v)
{
    size_t i = 0, part = 0;
    *v = (struct semver){0};
    if (s.len && (s.data[0] == 'v' || s.data[0] == 'V' || s.data[0] == '='))
        i++;
    for (;;) {
        v->part[part] = digits_at(s, &i);
        if (v->part[part].len == 0)
            return false;
        if (++part == 3 || i == s.len || s.data[i] != '.')
            break;
        i++;
    }
    if (i < s.len && s.data[i] == '-') {
        size_t start = ++i;
        while (i < s.len && s.data[i] != '+')
            i++;
        v->pre = slice_of(s.data + start, i - start);
        if (v->pre.len == 0)
            return false;
    }
    for (size_t k = 0; k < v->pre.len; k++)
        if (!digit(v->pre.data[k]) && !letter(v->pre.data[k]) && v->pre.data[k] != '-' &&
            v->pre.data[k] != '.')
            return false;
    return i == s.len || s.data[i] == '+';
}

bool product_semver_valid(struct slice text)
{
    struct semver v;
    return semver_parse(text, &v);
}

static struct slice identifier_at(struct slice s, size_t *i)
{
    size_t start = *i;
    while (*i < s.len && s.data[*i] != '.')
        (*i)++;
    struct slice out = slice_of(s.data + start, *i - start);
    if (*i < s.len)
        (*i)++;
    return out;
}

static bool numeric(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!digit(s.data[i]))
            return false;
    return s.len > 0;
}

enum product_order product_semver_compare(struct slice a, struct slice b)
{
    struct semver x, y;
    if (!semver_parse(a, &x) || !semver_parse(b, &y))
        return PRODUCT_NO_ORDER;
    for (size_t i = 0; i < 3; i++) {
        int order = product_digits_compare(x.part[i], y.part[i]);
        if (order)
            return sign(order);
    }
    if (x.pre.len == 0 || y.pre.len == 0)
        return sign((x.pre.len == 0) - (y.pre.len == 0));
    size_t i = 0, k = 0;
    while (i < x.pre.len && k < y.pre.len) {
        struct slice p = identifier_at(x.pre, &i), q = identifier_at(y.pre, &k);
        bool pn = numeric(p), qn = numeric(q);
        int order = pn != qn ? (pn ? -1 : 1)
                    : pn     ? product_digits_compare(p, q)
                             : slice_compare(p, q);
        if (order)
            return sign(order);
    }
    return sign((i < x.pre.len) - (k < y.pre.len));
}

/* epoch ':' in front, '-' revision at the end; a missing epoch is zero */
static void split(struct slice s, struct slice *epoch, struct slice *version,
                  struct slice *revision)
{
    const uint8_t *colon = s.len ? memchr(s.data, ':', s.len) : NULL;
    *epoch = slice_of(NULL, 0);
    *revision = slice_of(NULL, 0);
    if (colon) {
        size_t at = (size_t)(colon - s.data);
        *epoch = slice_of(s.data, at);
        s = slice_of(s.data + at + 1, s.len - at - 1);
    }
    *version = s;
    for (size_t i = s.len; i > 0; i--)
        if (s.data[i - 1] == '-') {
            *version = slice_of(s.data, i - 1);
            *revision = slice_of(s.data + i, s.len - i);
            return;
        }
}

bool product_deb_valid(struct slice text)
{
    struct slice epoch, version, revision;
    split(text, &epoch, &version, &revision);
    if (version.len == 0 || !digit(version.data[0]) || (epoch.len && !numeric(epoch)))
        return false;
    if (text.data[0] == ':' || text.data[text.len - 1] == '-')
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (!digit(c) && !letter(c) && !memchr(".+-~:", c, 5))
            return false;
    }
    return true;
}

/* '~' before the end, the end before letters, letters before all else */
static int deb_weight(struct slice s, size_t i)
{
    if (i >= s.len || digit(s.data[i]))
        return 0;
    if (s.data[i] == '~')
        return -1;
    return letter(s.data[i]) ? s.data[i] : s.data[i] + 256;
}

static int deb_part(struct slice a, struct slice b)
{
    size_t i = 0, k = 0;
    while (i < a.len || k < b.len) {
        while ((i < a.len && !digit(a.data[i])) || (k < b.len && !digit(b.data[k]))) {
            int x = deb_weight(a, i), y = deb_weight(b, k);
            if (x != y)
                return x < y ? -1 : 1;
            i += i < a.len && !digit(a.data[i]);
            k += k < b.len && !digit(b.data[k]);
        }
        int order = product_digits_compare(digits_at(a, &i), digits_at(b, &k));
        if (order)
            return order;
    }
    return 0;
}

enum product_order product_deb_compare(struct slice a, struct slice b)
{
    struct slice epoch[2], version[2], revision[2];
    split(a, &epoch[0], &version[0], &revision[0]);
    split(b, &epoch[1], &version[1], &revision[1]);
    int order = product_digits_compare(epoch[0], epoch[1]);
    if (order == 0)
        order = deb_part(version[0], version[1]);
    if (order == 0)
        order = deb_part(revision[0], revision[1]);
    return sign(order);
}

bool product_rpm_valid(struct slice text)
{
    struct slice epoch, version, revision;
    split(text, &epoch, &version, &revision);
    if (version.len == 0 || (epoch.len && !numeric(epoch)))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
            return false;
    return true;
}

static bool rpm_separator(struct slice s, size_t i)
{
    return i < s.len && !digit(s.data[i]) && !letter(s.data[i]) && s.data[i] != '~' &&
           s.data[i] != '^';
}

/* 2: neither side has the mark here; else the order, or 3 when both have it */
static int rpm_mark(struct slice a, size_t i, struct slice b, size_t k, uint8_t mark, int alone)
{
    bool x = i < a.len && a.data[i] == mark, y = k < b.len && b.data[k] == mark;
    if (!x && !y)
        return 2;
    if (x && y)
        return 3;
    /* '^' is later than the end, but earlier than anything that goes on */
    if (mark == '^' && (x ? k < b.len : i < a.len))
        alone = -alone;
    return x ? alone : -alone;
}

static int rpm_part(struct slice a, struct slice b)
{
    size_t i = 0, k = 0;
    for (;;) {
        while (rpm_separator(a, i))
            i++;
        while (rpm_separator(b, k))
            k++;
        int tilde = rpm_mark(a, i, b, k, '~', -1);
        int caret = tilde == 2 ? rpm_mark(a, i, b, k, '^', 1) : 2;
        int mark = tilde == 2 ? caret : tilde;
        if (mark == 3) {
            i++;
            k++;
            continue;
        }
        if (mark != 2)
            return mark;
        if (i >= a.len || k >= b.len)
            return (i < a.len) - (k < b.len);
        bool number = digit(a.data[i]);
        if (number != digit(b.data[k]))
            return number ? 1 : -1;
        size_t start_a = i, start_b = k;
        while (i < a.len && (number ? digit(a.data[i]) : letter(a.data[i])))
            i++;
        while (k < b.len && (number ? digit(b.data[k]) : letter(b.data[k])))
            k++;
        struct slice x = slice_of(a.data + start_a, i - start_a);
        struct slice y = slice_of(b.data + start_b, k - start_b);
        int order = number ? product_digits_compare(x, y) : slice_compare(x, y);
        if (order)
            return order < 0 ? -1 : 1;
    }
}

enum product_order product_rpm_compare(struct slice a, struct slice b)
{
    struct slice epoch[2], version[2], revision[2];
    split(a, &epoch[0], &version[0], &revision[0]);
    split(b, &epoch[1], &version[1], &revision[1]);
    int order = product_digits_compare(epoch[0], epoch[1]);
    if (order == 0)
        order = rpm_part(version[0], version[1]);
    /* a range without release speaks of all releases of that version */
    if (order == 0 && revision[0].len && revision[1].len)
        order = rpm_part(revision[0], revision[1]);
    return sign(order);
}
