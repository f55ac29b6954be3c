/* SPDX-License-Identifier: Apache-2.0 */
/* Versions of firmware and products that follow no ecosystem's rules. */
#include "base/cursor.h"
#include "product/version_key.h"
#include "product/version_schemes.h"

enum { GROUPS = 16, LONGEST = 128 };

/* In order of weight: what stands behind the numbers. */
enum qualifier {
    RELEASE,
    FEATURE_PACK,
    SERVICE_PACK,
    MAINTENANCE_PACK,
    SERVICE_RELEASE,
    CUMULATIVE,
    ROLLUP,
    UPDATE,
    PATCH,
    HOT_FIX,
    BUILD,
    REVISION,
    QUALIFIERS
};

struct number {
    struct slice digits;
    uint8_t letter; /* 0: none */
};

struct version {
    struct slice prefix; /* the product's own letters; empty: none */
    struct number group[GROUPS];
    size_t count;
    bool firmware; /* "FW12" */
    bool indexed;  /* the last group stands in parentheses behind another: "01.12.04(12)" */
    int stage;     /* 0 alpha, 1 beta, 2 pre, 3 rc, 4 release */
    struct slice stage_number;
    struct slice qualifier[QUALIFIERS]; /* digits; empty: not there */
    struct slice minor[QUALIFIERS];     /* "4" of "SP3.4"; empty: none */
    uint8_t letter[QUALIFIERS];         /* behind the digits; 0: none */
    struct slice words[GROUPS];         /* anything else, in order */
    size_t word_count;
};

static const struct {
    const char *word;
    enum qualifier qualifier;
} qualifiers[] = {
    {"fp", FEATURE_PACK},
    {"featurepack", FEATURE_PACK},
    {"sp", SERVICE_PACK},
    {"servicepack", SERVICE_PACK},
    {"mp", MAINTENANCE_PACK},
    {"maintenancepack", MAINTENANCE_PACK},
    {"sr", SERVICE_RELEASE},
    {"cu", CUMULATIVE},
    {"ru", ROLLUP},
    {"rollup", ROLLUP},
    {"update", UPDATE},
    {"upd", UPDATE},
    {"up", UPDATE},
    {"uc", UPDATE}, /* update collection */
    {"qu", UPDATE}, /* quarterly update */
    {"patch", PATCH},
    {"p", PATCH},
    {"pl", PATCH},
    {"hf", HOT_FIX},
    {"hotfix", HOT_FIX},
    {"build", BUILD},
    {"bld", BUILD},
    {"bn", BUILD},
    {"b", BUILD},
    {"rev", REVISION},
    {"revision", REVISION},
    {"r", RELEASE},
    {"release", RELEASE},
};

static const char *const no_prefix[] = {"v",       "ver",      "version", "r",        "rel",
                                        "release", "rev",      "fw",      "firmware", "revision",
                                        "sw",      "software", "sv",      NULL};

static int letter(int c)
{
    if (c >= 'A' && c <= 'Z')
        return c + 32;
    return c >= 'a' && c <= 'z' ? c : 0;
}

static bool digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool separator(int c)
{
    return c == '.' || c == '-' || c == '_' || c == ' ' || c == '(' || c == ')' || c == ',' ||
           c == '\t';
}

static struct slice take(struct cursor *c, bool letters)
{
    size_t start = c->at;
    while (letters ? letter(cursor_peek(c)) != 0 : digit(cursor_peek(c)))
        cursor_u8(c);
    return slice_of(c->data + start, c->at - start);
}

static bool equal_ignoring_case(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        int x = letter(a.data[i]), y = letter(b.data[i]);
        if ((x ? x : a.data[i]) != (y ? y : b.data[i]))
            return false;
    }
    return true;
}

/* 06162022: month, day, year in one number. Its numeric order is not that of time. */
static bool backward_date(struct slice digits)
{
    if (digits.len != 8)
        return false;
    unsigned value[8];
    for (size_t i = 0; i < 8; i++)
        value[i] = (unsigned)(digits.data[i] - '0');
    unsigned front = value[0] * 10 + value[1], middle = value[2] * 10 + value[3];
    unsigned year = value[4] * 1000 + value[5] * 100 + value[6] * 10 + value[7];
    return year >= 1990 && year <= 2059 && front >= 1 && front <= 31 && middle >= 1 && middle <= 31;
}

static bool word_is(struct slice word, const char *text)
{
    return equal_ignoring_case(word, slice_str(text));
}

/* Dates by the name of the month are none of this order. */
static bool month(struct slice word)
{
    static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                         "jul", "aug", "sep", "oct", "nov", "dec"};
    for (size_t i = 0; i < ARRAY_LEN(months); i++)
        if (word.len >= 3 && equal_ignoring_case(slice_of(word.data, 3), slice_str(months[i])))
            return true;
    return false;
}

/* What stands before the first digit. "MX-V" is the product's own; "Firmware V" is nothing. */
static bool take_prefix(struct cursor *c, struct version *v)
{
    size_t start = c->at, end = c->at;
    bool own = false;
    while (cursor_left(c) && !digit(cursor_peek(c))) {
        struct slice word = take(c, true);
        if (month(word))
            return false;
        if (word.len == 0) {
            if (!separator(cursor_peek(c)))
                return false;
            cursor_u8(c);
            continue;
        }
        bool nothing = false;
        for (size_t i = 0; no_prefix[i]; i++)
            nothing = nothing || word_is(word, no_prefix[i]);
        v->firmware = v->firmware || word_is(word, "fw") || word_is(word, "firmware");
        if (!nothing) {
            own = true;
            end = c->at;
        }
    }
    if (own)
        v->prefix = slice_of(c->data + start, end - start);
    return cursor_left(c) > 0;
}

static bool take_stage(struct version *v, struct slice word, struct cursor *c)
{
    static const struct {
        const char *word;
        int stage;
    } stages[] = {{"alpha", 0}, {"beta", 1}, {"pre", 2}, {"preview", 2}, {"rc", 3}};
    for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
        if (!word_is(word, stages[i].word) || v->stage != 4)
            continue;
        v->stage = stages[i].stage;
        while (separator(cursor_peek(c)))
            cursor_u8(c);
        v->stage_number = take(c, false);
        return true;
    }
    return false;
}

/* "Service Pack", "Hot Fix": the second word, which then goes with the first. */
static bool second_word(struct slice word, const char *name, struct cursor *c)
{
    size_t len = word.len;
    struct cursor ahead = *c;
    if (len < 3 || strlen(name) <= len || !equal_ignoring_case(word, slice_of(name, len)) ||
        !separator(cursor_peek(&ahead)))
        return false;
    while (separator(cursor_peek(&ahead)))
        cursor_u8(&ahead);
    if (!equal_ignoring_case(take(&ahead, true), slice_str(name + len)))
        return false;
    *c = ahead;
    return true;
}

static bool take_qualifier(struct version *v, struct slice word, struct cursor *c)
{
    for (size_t i = 0; i < ARRAY_LEN(qualifiers); i++) {
        enum qualifier q = qualifiers[i].qualifier;
        size_t at = c->at;
        if (v->qualifier[q].len ||
            (!word_is(word, qualifiers[i].word) && !second_word(word, qualifiers[i].word, c)))
            continue;
        while (separator(cursor_peek(c)))
            cursor_u8(c);
        struct slice digits = take(c, false);
        if (digits.len == 0) {
            c->at = at;
            return false;
        }
        v->qualifier[q] = digits;
        struct cursor behind_dot = *c;
        if (cursor_peek(c) == '.' && (cursor_u8(&behind_dot), digit(cursor_peek(&behind_dot)))) {
            *c = behind_dot;
            v->minor[q] = take(c, false);
        }
        /* "HF5a", but not the "HF" of "SP1HF5" */
        if (letter(cursor_peek(c))) {
            size_t before = c->at;
            struct slice behind = take(c, true);
            if (behind.len == 1 && !digit(cursor_peek(c)))
                v->letter[q] = (uint8_t)letter(behind.data[0]);
            else
                c->at = before;
        }
        return true;
    }
    return false;
}

/* Behind a comma another version begins. */
static bool list_goes_on(struct cursor c)
{
    while (separator(cursor_peek(&c)))
        cursor_u8(&c);
    if (letter(cursor_peek(&c)) == 'v')
        cursor_u8(&c);
    return digit(cursor_peek(&c));
}

static bool parse(struct slice text, struct version *v)
{
    struct cursor c;
    *v = (struct version){.stage = 4};
    if (text.len == 0 || text.len > LONGEST)
        return false;
    cursor_init(&c, text);
    if (!take_prefix(&c, v))
        return false;
    bool qualified = false, glued = false, opened = false;
    while (cursor_left(&c)) {
        int byte = cursor_peek(&c);
        if (byte == ',' && list_goes_on(c)) {
            return false; /* "9.1.2, 10.0.3" are two versions */
        } else if (separator(byte)) {
            opened = byte == '(' && glued && v->count > 1;
            cursor_u8(&c);
            glued = false;
        } else if (digit(byte)) {
            struct slice digits = take(&c, false);
            if (qualified || v->count == GROUPS)
                return false; /* numbers behind "SP1": which weight they have is not known */
            v->group[v->count++] = (struct number){digits, 0};
            v->indexed = opened && cursor_peek(&c) == ')';
            glued = true;
        } else if (letter(byte)) {
            struct slice word = take(&c, true);
            bool single =
                word.len == 1 && glued && !digit(cursor_peek(&c)) && !qualified && v->count > 0;
            if (single) {
                v->group[v->count - 1].letter = (uint8_t)letter(word.data[0]);
            } else if (take_stage(v, word, &c) || take_qualifier(v, word, &c)) {
                qualified = true;
            } else {
                if (v->word_count == GROUPS)
                    return false;
                v->words[v->word_count++] = word;
            }
            glued = false;
        } else {
            return false;
        }
    }
    return v->count > 0;
}

bool product_firmware_valid(struct slice text)
{
    struct version v;
    return parse(text, &v);
}

static bool zeros_behind(const struct version *v, size_t from)
{
    for (size_t i = from; i < v->count; i++)
        if (product_digits_compare(v->group[i].digits, slice_of(NULL, 0)) != 0 ||
            v->group[i].letter)
            return false;
    return true;
}

static bool has_pack(const struct version *v)
{
    for (size_t q = FEATURE_PACK; q <= HOT_FIX; q++)
        if (v->qualifier[q].len)
            return true;
    return false;
}

/* 15.04.2023: day or month first. As numbers these are in no order of time. */
static bool dotted_date(const struct version *v)
{
    return v->count == 3 && product_digits_compare(v->group[0].digits, slice_str("31")) <= 0 &&
           product_digits_compare(v->group[1].digits, slice_str("31")) <= 0 &&
           v->group[2].digits.len == 4 &&
           product_digits_compare(v->group[2].digits, slice_str("1990")) >= 0 &&
           product_digits_compare(v->group[2].digits, slice_str("2059")) <= 0;
}

/* "2017" of "prior to 2017" */
static bool year(struct slice digits)
{
    return digits.len == 4 && product_digits_compare(digits, slice_str("1990")) >= 0 &&
           product_digits_compare(digits, slice_str("2059")) <= 0;
}

/* Of products that are counted by years, what has a small number is counted in another way: 3.4.410
 * may be later than 2016. */
static bool year_and_number(const struct version *a, const struct version *b)
{
    return year(a->group[0].digits) && !product_is_zero(b->group[0].digits) &&
           product_digits_compare(b->group[0].digits, slice_str("1000")) < 0;
}

/* "9.02", two numbers, against "9.1.0": whoever counts in hundredths has the second one later */
static bool hundredths_differ(const struct version *a, const struct version *b, int order)
{
    const struct slice x = a->group[1].digits;
    return a->count == 2 && x.len == 2 && x.data[0] == '0' && order < 0 && b->count > 1 &&
           b->group[1].digits.len == 1 && product_digits_compare(x, b->group[1].digits) > 0;
}

static bool zero_in_front(struct slice digits)
{
    return digits.len >= 3 && digits.data[0] == '0';
}

/* 1.07 and 1.063: where three digits begin with a zero they may be a fraction's, and then 07 is
 * more than 063. */
static bool fractions_differ(struct slice a, struct slice b, int by_number)
{
    size_t len = a.len < b.len ? a.len : b.len;
    if (a.len == b.len || len < 2 || (!zero_in_front(a) && !zero_in_front(b)))
        return false;
    int by_fraction = memcmp(a.data, b.data, len);
    return by_fraction && (by_fraction < 0) != (by_number < 0);
}

/* "01.12.04(12)", of which the maker says "FW12": the number in parentheses is a count by itself */
static bool index_differs(const struct version *indexed, const struct version *other, int order)
{
    if (!indexed->indexed || other->count > 1)
        return false;
    int by_index =
        product_digits_compare(indexed->group[indexed->count - 1].digits, other->group[0].digits);
    return (by_index < 0) != (order < 0) || by_index == 0;
}

static enum product_order turned(enum product_order order)
{
    return order == PRODUCT_LESS      ? PRODUCT_GREATER
           : order == PRODUCT_GREATER ? PRODUCT_LESS
                                      : order;
}

/* "01.12.04(12)" against "FW11": its index is what the maker counts firmware by. */
static bool by_index(const struct version *indexed, const struct version *other,
                     enum product_order *order)
{
    if (!indexed->indexed || !other->firmware || other->firmware == indexed->firmware ||
        other->count > 1 || other->group[0].digits.len > 2 || other->group[0].letter)
        return false;
    int by =
        product_digits_compare(indexed->group[indexed->count - 1].digits, other->group[0].digits);
    *order = by < 0 ? PRODUCT_LESS : by > 0 ? PRODUCT_GREATER : PRODUCT_EQUAL;
    return true;
}

static enum product_order compare_groups(const struct version *a, const struct version *b)
{
    size_t most = a->count > b->count ? a->count : b->count;
    static const struct number none;
    bool dates = dotted_date(a) && dotted_date(b);
    for (size_t i = 0; i < most; i++) {
        const struct number *x = i < a->count ? &a->group[i] : &none;
        const struct number *y = i < b->count ? &b->group[i] : &none;
        int order = product_digits_compare(x->digits, y->digits);
        /* "5.2.1" may well be the "5.2 SP1" of another spelling */
        if (order && ((i >= a->count && has_pack(a) && !has_pack(b)) ||
                      (i >= b->count && has_pack(b) && !has_pack(a))))
            return PRODUCT_NO_ORDER;
        if (order && (dates || backward_date(x->digits) || backward_date(y->digits)))
            return PRODUCT_NO_ORDER;
        if (order && i == 0 &&
            (year_and_number(a, b) || year_and_number(b, a) || index_differs(a, b, order) ||
             index_differs(b, a, -order)))
            return PRODUCT_NO_ORDER;
        if (order && i == 1 &&
            (fractions_differ(x->digits, y->digits, order) || hundredths_differ(a, b, -order) ||
             hundredths_differ(b, a, order)))
            return PRODUCT_NO_ORDER;
        if (order)
            return order < 0 ? PRODUCT_LESS : PRODUCT_GREATER;
        if (x->letter == y->letter)
            continue;
        /* 1.2a is later than 1.2; whether it is later than 1.2.3, nobody can say */
        if (!x->letter && !zeros_behind(a, i + 1))
            return PRODUCT_NO_ORDER;
        if (!y->letter && !zeros_behind(b, i + 1))
            return PRODUCT_NO_ORDER;
        return x->letter < y->letter ? PRODUCT_LESS : PRODUCT_GREATER;
    }
    return PRODUCT_EQUAL;
}

enum product_order product_firmware_compare(struct slice a, struct slice b)
{
    struct version x, y;
    if (!parse(a, &x) || !parse(b, &y))
        return PRODUCT_NO_ORDER;
    if (!equal_ignoring_case(x.prefix, y.prefix) || x.word_count != y.word_count)
        return PRODUCT_NO_ORDER;
    for (size_t i = 0; i < x.word_count; i++)
        if (!equal_ignoring_case(x.words[i], y.words[i]))
            return PRODUCT_NO_ORDER;
    enum product_order order;
    if (by_index(&x, &y, &order) || (by_index(&y, &x, &order) && (order = turned(order), true)))
        return order;
    order = compare_groups(&x, &y);
    if (order != PRODUCT_EQUAL)
        return order;
    if (x.stage != y.stage)
        return x.stage < y.stage ? PRODUCT_LESS : PRODUCT_GREATER;
    int by_stage = product_digits_compare(x.stage_number, y.stage_number);
    if (by_stage)
        return by_stage < 0 ? PRODUCT_LESS : PRODUCT_GREATER;
    for (size_t q = 0; q < QUALIFIERS; q++) {
        /* a build or revision that only one side names decides nothing */
        if ((q == BUILD || q == REVISION) && (x.qualifier[q].len == 0) != (y.qualifier[q].len == 0))
            return PRODUCT_NO_ORDER;
        /* a feature pack against a service pack: which has more of the other is not known */
        if ((q == FEATURE_PACK || q == MAINTENANCE_PACK || q == ROLLUP) &&
            (x.qualifier[q].len == 0) != (y.qualifier[q].len == 0) && has_pack(&x) && has_pack(&y))
            return PRODUCT_NO_ORDER;
        int by = product_digits_compare(x.qualifier[q], y.qualifier[q]);
        if (by == 0)
            by = product_digits_compare(x.minor[q], y.minor[q]);
        if (by == 0)
            by = (x.letter[q] > y.letter[q]) - (x.letter[q] < y.letter[q]);
        if (by)
            return by < 0 ? PRODUCT_LESS : PRODUCT_GREATER;
    }
    return PRODUCT_EQUAL;
}

/* Numbers, each with its letter; an end that is earlier than any. */
static void put_groups(struct product_key *k, const struct version *v)
{
    size_t count = v->count;
    while (count && !v->group[count - 1].letter && product_is_zero(v->group[count - 1].digits))
        count--;
    for (size_t i = 0; i < count; i++) {
        product_key_byte(k, 1);
        product_key_number(k, v->group[i].digits);
        product_key_byte(k, v->group[i].letter);
        k->doubtful = k->doubtful || v->group[i].letter || backward_date(v->group[i].digits);
    }
    /* of a single number a range may have all that goes on with it */
    k->doubtful = k->doubtful || v->count == 1 || dotted_date(v) || v->indexed ||
                  year(v->group[0].digits) ||
                  (v->count > 1 && (zero_in_front(v->group[1].digits) ||
                                    (v->count == 2 && v->group[1].digits.data[0] == '0')));
    product_key_byte(k, 0);
}

bool product_firmware_key(struct slice text, struct product_key *k)
{
    struct version v;
    if (!parse(text, &v))
        return false;
    product_key_text_lower(k, v.prefix);
    for (size_t i = 0; i < v.word_count; i++)
        product_key_text_lower(k, v.words[i]);
    product_key_byte(k, 0);
    k->family = k->len;
    put_groups(k, &v);
    product_key_byte(k, (unsigned)v.stage);
    product_key_number(k, v.stage_number);
    for (size_t q = 0; q < QUALIFIERS; q++) {
        product_key_number(k, v.qualifier[q]);
        product_key_number(k, v.minor[q]);
        product_key_byte(k, v.letter[q]);
    }
    k->doubtful =
        k->doubtful || has_pack(&v) || v.qualifier[BUILD].len || v.qualifier[REVISION].len;
    return true;
}
