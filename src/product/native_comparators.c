/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notations made of comparators: alternatives between "||", in each what must hold together. How
 * "^", "~", "~>", a version alone, and a version with a missing or starred number are meant is the
 * ecosystem's business.
 */
#include "product/native_internal.h"
#include "product/version_key.h"

enum sign {
    ALONE,
    EQUAL,
    EQUAL_EXACTLY,
    UNEQUAL,
    LESS,
    UP_TO,
    MORE,
    FROM,
    CARET,
    TILDE,
    PESSIMIST
};

static const struct {
    const char *text;
    enum sign sign;
} signs[] = {
    {"===", EQUAL_EXACTLY}, {"==", EQUAL}, {"~>", PESSIMIST}, {"~=", PESSIMIST}, {">=", FROM},
    {"=>", FROM},           {"<=", UP_TO}, {"=<", UP_TO},     {"!=", UNEQUAL},   {"<>", UNEQUAL},
    {"<<", LESS},           {">>", MORE},  {"<", LESS},       {">", MORE},       {"=", EQUAL},
    {"^", CARET},           {"~", TILDE}};

struct dialect {
    const char *type;
    bool comma_is_or; /* "3.0.0, 1.0.1b": a list */
    bool wildcards;   /* 1.2.x, 1.*, and missing numbers as such (npm) */
    bool alone_is_caret;
    bool tildes;      /* has "^", "~", "~>" or "~=" */
    size_t fill;      /* numbers of a bound that was counted up */
    const char *tail; /* behind such a bound */
};

static const struct dialect dialects[] = {
    {"npm", .tildes = true, .wildcards = true, .fill = 3, .tail = ""},
    {"composer", .tildes = true, .wildcards = true, .fill = 3, .tail = ""},
    {"cargo", .tildes = true, .wildcards = true, .alone_is_caret = true, .fill = 3, .tail = ""},
    {"dart", .tildes = true, .wildcards = false, .fill = 3, .tail = ""},
    {"conan", .tildes = true, .wildcards = false, .fill = 0, .tail = "-"},
    {"gem", .tildes = true, .fill = 0, .tail = ""},
    {"pypi", .tildes = true, .wildcards = true, .fill = 0, .tail = ".dev0"},
    {"openssl", .comma_is_or = true, .tail = ""},
    {"", .tail = ""},
};

struct term {
    enum sign sign;
    struct slice version;
};

static const struct dialect *dialect_of(struct slice type)
{
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(dialects) && !slice_is(type, dialects[i].type))
        i++;
    return &dialects[i];
}

static enum sign take_sign(const struct dialect *d, struct slice s, size_t *i)
{
    for (size_t n = 0; n < ARRAY_LEN(signs); n++) {
        size_t len = strlen(signs[n].text);
        /* elsewhere '~' and '^' are letters of versions */
        if (signs[n].sign >= CARET && !d->tildes)
            continue;
        if (*i + len <= s.len && memcmp(s.data + *i, signs[n].text, len) == 0) {
            *i += len;
            return signs[n].sign;
        }
    }
    return ALONE;
}

static bool starred(struct slice number)
{
    return number.len == 1 && (number.data[0] == '*' || product_lower(number.data[0]) == 'x');
}

/* Numbers in front of a star or of the end: "1.2.x" has 2. *star: there was one. */
static size_t significant(struct slice version, bool *star)
{
    size_t count = 0, start = 0;
    *star = false;
    if (version.len && product_lower(version.data[0]) == 'v')
        start = 1;
    for (size_t i = start; i <= version.len; i++) {
        if (i < version.len && version.data[i] != '.')
            continue;
        if (starred(slice_of(version.data + start, i - start))) {
            *star = true;
            return count;
        }
        count++;
        start = i + 1;
    }
    return product_native_numbers(
        slice_of(version.data + (version.len && product_lower(version.data[0]) == 'v'),
                 version.len - (version.len && product_lower(version.data[0]) == 'v')));
}

/* "1.2.x" without the star; "v" falls, too. */
static struct slice stem(struct slice version, size_t numbers)
{
    if (version.len && product_lower(version.data[0]) == 'v')
        version = slice_of(version.data + 1, version.len - 1);
    size_t i = 0;
    for (size_t n = 0; n < numbers; n++) {
        i += n > 0;
        product_take_digits(version, &i);
    }
    return slice_of(version.data, i);
}

static int narrow(struct native *n, struct native_span *s, enum product_comparator c,
                  struct slice text)
{
    struct slice version;
    if (product_native_version(n, text, &version) != 0)
        return -1;
    product_native_narrow(n, s, c, version);
    return 0;
}

/* From version to below what counting up its first `keep` numbers gives. */
static int between(struct native *n, const struct dialect *d, struct native_span *s,
                   struct slice version, size_t keep, bool from_prerelease)
{
    struct slice high, low = version;
    struct slice numbers = stem(version, product_native_numbers(version));
    if (from_prerelease && d->tail[0] == '.') {
        /* PEP 440: 1.4.* begins with 1.4.dev0 */
        char *text = arena_printf(n->arena, "%.*s%s", SLICE_ARG(version), d->tail);
        if (!text)
            return err_memory(n->e);
        low = slice_str(text);
    }
    if (product_native_bump(n, numbers, keep, d->fill, d->tail, &high) != 0 ||
        narrow(n, s, PRODUCT_FROM, low) != 0)
        return -1;
    product_native_narrow(n, s, PRODUCT_BELOW, high);
    return 0;
}

static int caret(struct native *n, const struct dialect *d, struct native_span *s,
                 struct slice version)
{
    size_t numbers = product_native_numbers(version), keep = 1;
    while (keep < numbers && product_is_zero(product_native_number(version, keep - 1)))
        keep++;
    return between(n, d, s, version, keep, false);
}

/* "1.2.x", or npm's "1.2": all that begins so. */
static int wild(struct native *n, const struct dialect *d, struct native_span *s, struct term t,
                size_t numbers)
{
    struct slice front = stem(t.version, numbers), high;
    if (numbers == 0) {
        /* "<*" is nothing, ">=*" is all */
        return t.sign == LESS || t.sign == MORE || t.sign == UNEQUAL
                   ? product_native_wrong(n, "nothing is less or more than all", t.version)
                   : 0;
    }
    switch (t.sign) {
    case LESS: return narrow(n, s, PRODUCT_BELOW, front);
    case FROM: return narrow(n, s, PRODUCT_FROM, front);
    case MORE:
    case UP_TO:
        if (product_native_bump(n, front, numbers, d->fill, d->tail, &high) != 0)
            return -1;
        product_native_narrow(n, s, t.sign == MORE ? PRODUCT_FROM : PRODUCT_BELOW, high);
        return 0;
    case UNEQUAL: return product_native_wrong(n, "this cannot be left out", t.version);
    case ALONE:
    case EQUAL:
    case EQUAL_EXACTLY:
    case CARET:
    case TILDE:
    case PESSIMIST: break;
    }
    return between(n, d, s, front, numbers, true);
}

static int apply(struct native *n, const struct dialect *d, struct native_span *s, struct term t)
{
    bool star, npm = slice_is(n->type, "npm");
    size_t numbers = significant(t.version, &star);
    struct slice version = t.version;
    enum sign sign = t.sign == ALONE && d->alone_is_caret ? CARET : t.sign;
    if (star && !d->wildcards && !(numbers == 0 && t.version.len <= 2))
        return product_native_wrong(n, "this is no version", t.version);
    if (version.len && product_lower(version.data[0]) == 'v' && d->fill == 3)
        version = slice_of(version.data + 1, version.len - 1);
    /* "^1.x" and "~1" keep to the numbers that are there */
    if (star && (sign == CARET || sign == TILDE || sign == PESSIMIST) && numbers > 0) {
        version = stem(version, numbers);
        star = false;
    }
    if (star ||
        (npm && numbers < 3 && (sign == ALONE || sign == EQUAL || sign == MORE || sign == UP_TO) &&
         product_native_trim(version).len == stem(version, numbers).len))
        return wild(n, d, s, (struct term){sign, version}, numbers);
    switch (sign) {
    case ALONE:
    case EQUAL:
    case EQUAL_EXACTLY: return narrow(n, s, PRODUCT_IS, version);
    case LESS: return narrow(n, s, PRODUCT_BELOW, version);
    case UP_TO: return narrow(n, s, PRODUCT_UP_TO, version);
    case MORE: return narrow(n, s, PRODUCT_ABOVE, version);
    case FROM: return narrow(n, s, PRODUCT_FROM, version);
    case CARET: return caret(n, d, s, version);
    case TILDE:
        /* Composer's "~1.2" is what others write "~>" */
        if (!slice_is(n->type, "composer"))
            return between(n, d, s, version, numbers > 1 ? 2 : 1, false);
        return between(n, d, s, version, numbers > 1 ? numbers - 1 : 1, false);
    case PESSIMIST:
        if (npm)
            return between(n, d, s, version, numbers > 1 ? 2 : 1, false);
        return between(n, d, s, version, numbers > 1 ? numbers - 1 : 1, false);
    case UNEQUAL: break; /* when the rest of the alternative is known */
    }
    return 0;
}

static bool between_terms(uint8_t c)
{
    return c <= ' ' || c == ',' || c == '(' || c == ')';
}

enum { UNEQUAL_MOST = 32 };

/* One alternative while it is read. */
struct alternative {
    struct native_span span;            /* of all its bounds together */
    struct slice unequal[UNEQUAL_MOST]; /* and without these */
    size_t unequal_count;
    size_t first; /* of its spans */
    size_t singles;
    bool bounds;
    struct slice before; /* the version alone just before, for "1.0 - 2.0" */
    bool hyphen;
};

/* A comparator and its version at *i, behind what separates terms. */
static int take_term(struct native *n, const struct dialect *d, struct slice text, size_t *i,
                     struct term *t)
{
    t->sign = take_sign(d, text, i);
    while (t->sign != ALONE && *i < text.len && text.data[*i] <= ' ')
        (*i)++;
    size_t start = *i, ahead = *i;
    while (*i < text.len && !between_terms(text.data[*i]) && take_sign(d, text, &ahead) == ALONE)
        ahead = ++*i;
    t->version = slice_of(text.data + start, *i - start);
    if (t->version.len == 0)
        return product_native_wrong(n, "a comparator has no version", text);
    /* Conan: a '-' at the end asks for pre-releases */
    if (d->tail[0] == '-' && t->version.len > 1 && t->version.data[t->version.len - 1] == '-')
        t->version.len--;
    return 0;
}

/* Several versions alone are a list, for nothing is two versions. */
static int add_term(struct native *n, const struct dialect *d, struct alternative *a, struct term t)
{
    bool star;
    if (slice_is(t.version, "-") && t.sign == ALONE && a->before.len && !a->hyphen) {
        a->hyphen = true;
        return 0;
    }
    if (a->hyphen) {
        t.sign = UP_TO;
        a->span = (struct native_span){0};
        a->singles = 0;
        a->bounds = true;
        if (narrow(n, &a->span, PRODUCT_FROM, a->before) != 0)
            return -1;
    }
    a->hyphen = false;
    a->before = t.sign == ALONE ? t.version : slice_of(NULL, 0);
    significant(t.version, &star);
    if (t.sign == UNEQUAL && !star) {
        if (a->unequal_count == UNEQUAL_MOST)
            return product_native_wrong(n, "the range has too many parts", t.version);
        return product_native_version(n, t.version, &a->unequal[a->unequal_count++]);
    }
    bool single = (t.sign == ALONE || t.sign == EQUAL) && !star && !d->alone_is_caret;
    if (single && a->singles > 0 && !a->bounds) {
        struct native_span one = {0};
        a->singles++;
        return apply(n, d, &one, t) != 0 ? -1 : product_native_add(n, one);
    }
    a->singles += single;
    a->bounds = a->bounds || !single;
    return apply(n, d, &a->span, t);
}

static int alternative(struct native *n, const struct dialect *d, struct slice text)
{
    struct alternative *a = arena_new(n->arena, 1, sizeof *a);
    bool conan = slice_is(n->type, "conan"), any = false;
    if (!a)
        return err_memory(n->e);
    a->first = n->count;
    if (conan && text.len) {
        /* ", include_prerelease=True" is about how to choose */
        const uint8_t *comma = memchr(text.data, ',', text.len);
        if (comma)
            text = slice_of(text.data, (size_t)(comma - text.data));
    }
    for (size_t i = 0; i < text.len;) {
        struct term t;
        if (between_terms(text.data[i])) {
            i++;
            continue;
        }
        any = true;
        if (take_term(n, d, text, &i, &t) != 0 || add_term(n, d, a, t) != 0)
            return -1;
    }
    if (a->hyphen)
        return product_native_wrong(n, "the second version is missing", text);
    if (!any)
        return 0;
    /* Conan's "*" is every version from zero */
    if (conan && !a->span.has_low && !a->span.has_high && !a->unequal_count)
        product_native_narrow(n, &a->span, PRODUCT_FROM, slice_str("0.0.0"));
    if (product_native_add(n, a->span) != 0)
        return -1;
    for (size_t i = 0; i < a->unequal_count; i++)
        if (product_native_exclude(n, a->first, a->unequal[i]) != 0)
            return -1;
    return 0;
}

int product_native_comparators(struct native *n, struct slice text)
{
    const struct dialect *d = dialect_of(n->type);
    size_t start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        bool bar = i < text.len && text.data[i] == '|';
        bool comma = d->comma_is_or && i < text.len && text.data[i] == ',';
        if (i < text.len && !bar && !comma)
            continue;
        if (alternative(n, d, product_native_trim(slice_of(text.data + start, i - start))) != 0)
            return -1;
        start = i + 1;
    }
    return 0;
}
