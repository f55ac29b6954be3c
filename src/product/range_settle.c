/* SPDX-License-Identifier: Apache-2.0 */
/* From the parts of a text to intervals; where parts do not fit together, with doubt. */
#include "product/range_parts.h"
#include "product/range_token.h"
#include "product/range_words.h"
#include "product/version_key.h"

struct settled {
    struct range_parts *p;
    struct product_interval *at;
    size_t count, room;
    bool failed;
};

/* A version with a wildcard at its end, or in the middle. */
struct wild {
    struct slice from, to; /* what it covers: from, up to but not including to */
    bool middle;           /* more stands behind the wildcard */
};

void range_obscure(struct range_parts *p, const char *problem)
{
    if (!p->range->problem)
        p->range->problem = problem;
}

void range_reduce(struct range_parts *p, const char *why)
{
    if (p->range->grade == PRODUCT_EXACT) {
        p->range->grade = PRODUCT_REDUCED;
        p->range->why = why;
    }
}

int range_part_add(struct range_parts *p, struct range_part part)
{
    if (p->count == p->room) {
        size_t room = p->room ? 2 * p->room : 8;
        struct range_part *grown = arena_new(p->arena, room, sizeof *grown);
        if (!grown)
            return err_memory(p->e);
        if (p->count)
            memcpy(grown, p->at, p->count * sizeof *grown);
        p->at = grown;
        p->room = room;
    }
    p->at[p->count++] = part;
    return 0;
}

static void put(struct settled *s, struct product_interval interval)
{
    if (s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 8;
        struct product_interval *grown = arena_new(s->p->arena, room, sizeof *grown);
        if (!grown) {
            s->failed = true;
            err_memory(s->p->e);
            return;
        }
        if (s->count)
            memcpy(grown, s->at, s->count * sizeof *grown);
        s->at = grown;
        s->room = room;
    }
    s->at[s->count++] = interval;
}

static bool digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool wild_byte(uint8_t c)
{
    return c == 'x' || c == 'X' || c == '*';
}

/* The text before end with its last number one higher; false: it ends in no number, or memory. */
static bool next_line(struct settled *s, struct slice line, struct slice *next)
{
    size_t start = line.len;
    while (start > 0 && digit(line.data[start - 1]))
        start--;
    if (start == line.len || line.len - start > 9)
        return false;
    unsigned long last = 0;
    for (size_t i = start; i < line.len; i++)
        last = last * 10 + (unsigned long)(line.data[i] - '0');
    char *text =
        arena_printf(s->p->arena, "%.*s%lu", (int)start, (const char *)line.data, last + 1);
    if (!text) {
        s->failed = true;
        err_memory(s->p->e);
        return false;
    }
    *next = slice_str(text);
    return true;
}

/* "12.6.x", "V3.X.17": where the first group of nothing but x or * begins; false: none. */
static bool wildcard(struct settled *s, struct slice version, struct wild *out)
{
    for (size_t i = 1; i < version.len; i++) {
        if (!wild_byte(version.data[i]) || version.data[i - 1] != '.')
            continue;
        size_t end = i;
        while (end < version.len && (wild_byte(version.data[end]) || version.data[end] == '.'))
            end++;
        if (end < version.len && (letter(version.data[end]) || version.data[end - 1] != '.')) {
            i = end - 1;
            continue; /* "1.x86": no wildcard */
        }
        out->from = slice_of(version.data, i - 1);
        out->middle = end < version.len;
        return next_line(s, out->from, &out->to);
    }
    return false;
}

struct slice range_stem(struct slice version)
{
    size_t len = version.len;
    while (len > 2 && wild_byte(version.data[len - 1])) {
        size_t group = len;
        while (group > 0 && wild_byte(version.data[group - 1]))
            group--;
        if (group == 0 || version.data[group - 1] != '.')
            break;
        len = group - 1;
    }
    return slice_of(version.data, len);
}

/* "d78dda6": a commit has no order. */
static bool commit(struct slice version)
{
    bool digits = false, letters = false;
    for (size_t i = 0; i < version.len; i++) {
        uint8_t c = version.data[i] | 0x20;
        digits = digits || digit(version.data[i]);
        letters = letters || (c >= 'a' && c <= 'f');
        if (!digit(version.data[i]) && (c < 'a' || c > 'f'))
            return false;
    }
    return version.len >= 7 && digits && letters;
}

/* "7.2x", "co5ne_r1h07_12.esw", "VX.2": whether an x stands for a digit, nobody can say. */
static bool orderless(const struct settled *s, struct slice version)
{
    const struct product_scheme *scheme = s->p->range->scheme;
    if (scheme != &product_scheme_generic)
        return !scheme->valid(version);
    uint8_t last = version.len ? version.data[version.len - 1] : 0;
    uint8_t before = version.len > 1 ? version.data[version.len - 2] : '.';
    /* the X of "1.285X" is a letter like any other */
    bool glued =
        before != '.' && (last == 'x' || last == '*' || (last == 'X' && wild_byte(before)));
    bool front = version.len > 2 && (version.data[0] | 0x20) == 'v' && wild_byte(version.data[1]) &&
                 version.data[2] == '.';
    /* "co5ne_r1h07_12.esw", "3.0.GBB": letters alone behind the last dot */
    size_t tail = version.len;
    while (tail > 0 && letter(version.data[tail - 1]))
        tail--;
    bool file = version.len - tail > 1 && tail > 0 && version.data[tail - 1] == '.';
    return glued || front || file || commit(version) || !scheme->valid(version);
}

/* Only equal texts are equal from here on. */
static void without_order(struct settled *s)
{
    s->p->range->scheme = &product_scheme_exact;
    range_reduce(s->p, "a version of it is of no order that is known here");
}

static void doubt(struct settled *s, struct slice low, struct slice high, bool high_open)
{
    put(s, (struct product_interval){
               .low = low, .high = high, .high_open = high_open, .doubtful = true});
}

/* Sets the upper bound of an interval; what is doubtful about it goes into intervals of its own. */
static void set_high(struct settled *s, const struct range_bound *bound,
                     struct product_interval *out)
{
    struct wild w;
    out->high = bound->version;
    out->high_open = bound->open || bound->doubtful;
    if (wildcard(s, bound->version, &w)) {
        bool below = bound->open || w.middle;
        out->high = below ? w.from : w.to;
        out->high_open = true;
        if (below) {
            range_reduce(s->p, "whether what the wildcard covers is meant itself is not said");
            doubt(s, w.from, w.to, true);
        }
    } else if (bound->doubtful) {
        range_reduce(s->p, "whether the last version is meant itself is not said");
        doubt(s, bound->version, bound->version, false);
    }
}

static void set_low(struct settled *s, const struct range_bound *bound,
                    struct product_interval *out)
{
    struct wild w;
    out->low = bound->version;
    out->low_open = bound->open || bound->doubtful;
    if (wildcard(s, bound->version, &w)) {
        if (w.middle)
            range_obscure(s->p, "a wildcard stands in the middle of a lower bound");
        out->low = bound->open ? w.to : w.from;
        out->low_open = false;
        if (bound->open) {
            range_reduce(s->p, "whether what the wildcard covers is meant itself is not said");
            doubt(s, w.from, w.to, true);
        }
    } else if (bound->doubtful) {
        range_reduce(s->p, "whether the first version is meant itself is not said");
        doubt(s, bound->version, bound->version, false);
    }
}

static bool plain_numbers(struct slice s, size_t *dots)
{
    *dots = 0;
    for (size_t i = 0; i < s.len; i++) {
        *dots += s.data[i] == '.';
        if (!digit(s.data[i]) && s.data[i] != '.')
            return false;
    }
    return s.len && digit(s.data[0]) && digit(s.data[s.len - 1]);
}

/* "12.0.1-12.0.13": from, to. "28-33": this version, or from and to. */
static bool dashed(struct settled *s, struct slice version)
{
    const struct product_scheme *scheme = s->p->range->scheme;
    const uint8_t *dash = memchr(version.data, '-', version.len);
    size_t dots, more;
    if (!dash)
        return false;
    struct slice low = slice_of(version.data, (size_t)(dash - version.data));
    struct slice high = slice_of(dash + 1, version.len - low.len - 1);
    if (!plain_numbers(low, &dots) || !plain_numbers(high, &more) || dots != more || dots == 1 ||
        product_version_compare(scheme, low, high) != PRODUCT_LESS)
        return false;
    range_reduce(s->p, "a dash may stand for \"to\"");
    put(s, (struct product_interval){.low = low, .high = high, .doubtful = dots == 0});
    if (dots == 0)
        put(s, (struct product_interval){.low = version, .high = version});
    return true;
}

bool range_model_like(struct slice text)
{
    bool letters = false, digits = false;
    if (text.len < 3 || text.len > 64)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '.' || c == ' ')
            return false;
        letters = letters || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        digits = digits || (c >= '0' && c <= '9');
    }
    uint8_t first = text.data[0] | 0x20;
    bool wares = (first == 'f' || first == 's') && (text.data[1] | 0x20) == 'w';
    size_t front = wares ? 2 : 1;
    bool version = (wares || first == 'v' || first == 'r') && digit(text.data[front]);
    return letters && digits && !version;
}

static void settle_single(struct settled *s, const struct range_part *part, bool doubtful)
{
    struct slice version = part->low.version;
    struct product_interval here = {.low = version, .high = version, .doubtful = doubtful};
    struct wild w;
    if (dashed(s, version))
        return;
    if (range_model_like(version))
        range_reduce(s->p, "the text may be a model rather than a version");
    if (wildcard(s, version, &w)) {
        if (w.middle)
            range_reduce(s->p, "a wildcard stands in the middle of a version");
        here.low = w.from;
        here.high = w.to;
        here.high_open = true;
        here.doubtful = doubtful || w.middle;
    }
    put(s, here);
}

static void settle_span(struct settled *s, const struct range_part *part)
{
    struct product_interval here = {.low_open = false};
    if (part->low.version.len)
        set_low(s, &part->low, &here);
    if (part->high.version.len)
        set_high(s, &part->high, &here);
    if (here.low.len && here.high.len) {
        enum product_order order =
            product_version_compare(s->p->range->scheme, here.low, here.high);
        if (order == PRODUCT_GREATER ||
            (order == PRODUCT_EQUAL && (here.low_open || here.high_open) && !part->low.doubtful &&
             !part->high.doubtful))
            range_obscure(s->p, "an interval ends before it begins");
        if (order == PRODUCT_NO_ORDER)
            range_reduce(s->p, "the two bounds have no order that is known here");
    }
    put(s, here);
}

/* "4.2.21" belongs to the line "4.2"; false: it does not say of which line it is. */
static bool line_of(struct slice version, struct slice *line)
{
    struct slice numbers = version;
    size_t dots;
    if (numbers.len && (numbers.data[0] | 0x20) == 'v')
        numbers = slice_of(numbers.data + 1, numbers.len - 1);
    if (!plain_numbers(numbers, &dots) || dots < 2)
        return false;
    size_t end = version.len;
    while (version.data[end - 1] != '.')
        end--;
    *line = slice_of(version.data, end - 1);
    return true;
}

/* "2018 SP3", "V2018": counted by years */
static bool by_year(struct slice version)
{
    if (version.len && (version.data[0] | 0x20) == 'v')
        version = slice_of(version.data + 1, version.len - 1);
    return version.len >= 4 &&
           (memcmp(version.data, "20", 2) == 0 || memcmp(version.data, "199", 3) == 0) &&
           product_is_digit(version.data[2]) && product_is_digit(version.data[3]) &&
           (version.len == 4 || !product_is_digit(version.data[4]));
}

/* "V34" of "V34.014"; false: it is written otherwise. */
static bool major_of(struct slice version, struct slice *line, unsigned *number)
{
    size_t dots, digits = 1;
    *number = 0;
    if (version.len < 4 || (version.data[0] | 0x20) != 'v' ||
        !plain_numbers(slice_of(version.data + 1, version.len - 1), &dots) || dots != 1)
        return false;
    while (version.data[digits] != '.')
        *number = 10 * *number + (version.data[digits++] - '0');
    *line = slice_of(version.data, digits);
    return digits > 1 && digits <= 5;
}

/*
 * "< V33.017_V34.014_V36.011", three at least of as many lines: what is mended in each of them.
 * From a bound to the end of its line all is mended; of a line between that is not named nobody
 * knows. false: the bounds are of another kind.
 */
static bool settle_branches(struct settled *s, struct range_part *const *parts, size_t count)
{
    enum { MOST = 16 };
    struct slice line[MOST];
    unsigned number[MOST];
    if (count < 3 || count > MOST)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct range_bound *high = &parts[i]->high;
        if (parts[i]->low.version.len || !high->open || high->doubtful ||
            !major_of(high->version, &line[i], &number[i]))
            return false;
        for (size_t k = 0; k < i; k++)
            if (number[k] == number[i])
                return false;
    }
    for (size_t i = 0; i < count; i++) {
        struct product_interval here = {.high = parts[i]->high.version, .high_open = true};
        size_t before = count;
        for (size_t k = 0; k < count; k++)
            if (number[k] < number[i] && (before == count || number[k] > number[before]))
                before = k;
        if (before < count)
            here.low = line[i];
        put(s, here);
        if (before == count || number[before] + 1 == number[i])
            continue;
        char *next = arena_printf(s->p->arena, "V%u", number[before] + 1);
        if (next)
            doubt(s, slice_str(next), line[i], true);
        else
            s->failed = true;
    }
    return true;
}

/*
 * Several upper bounds, each without a lower one, or all with the same: "<= 4.2.21 | <= 5.0.27",
 * "< 5.2, 6.3". Of several lines, or several names of one version: what is below all of them is
 * meant by either, and so is what is below a bound of its own line; what is above all is not. What
 * stands behind a comma may also be a single version.
 */
static void settle_uppers(struct settled *s, struct range_part *const *parts, size_t count)
{
    const struct product_scheme *scheme = s->p->range->scheme;
    const struct range_part *least = parts[0], *most = parts[0];
    bool ordered = true, also = false, wildcards = false;
    if (count == 1) {
        settle_span(s, parts[0]);
        return;
    }
    range_reduce(s->p, "several upper bounds stand side by side");
    if (settle_branches(s, parts, count))
        return;
    for (size_t i = 0; i < count; i++) {
        struct wild w;
        wildcards = wildcards || wildcard(s, parts[i]->high.version, &w);
    }
    for (size_t i = 1; i < count; i++) {
        struct slice here = parts[i]->high.version;
        also = also || parts[i]->also;
        enum product_order low = product_version_compare(scheme, here, least->high.version);
        enum product_order high = product_version_compare(scheme, here, most->high.version);
        if (low == PRODUCT_LESS)
            least = parts[i];
        if (high == PRODUCT_GREATER)
            most = parts[i];
        ordered = ordered && low != PRODUCT_NO_ORDER && high != PRODUCT_NO_ORDER;
    }
    if (wildcards) {
        range_obscure(s->p, "a wildcard stands among several upper bounds");
        return;
    }
    if (!ordered && count == 2 && also &&
        by_year(parts[0]->high.version) != by_year(parts[1]->high.version)) {
        /* "<= 2018 SP3 Version 3.4.430": the number counts; whether 2017 is meant, who knows */
        const struct range_part *year = parts[!by_year(parts[0]->high.version)];
        settle_span(s, year == parts[0] ? parts[1] : parts[0]);
        put(s, (struct product_interval){
                   .high = year->high.version, .high_open = year->high.open, .doubtful = true});
        return;
    }
    if (!ordered && count == 2 && !also) {
        /* "<= U61 | <= L81": each is compared with its own kind only */
        settle_span(s, parts[0]);
        settle_span(s, parts[1]);
        return;
    }
    if (!ordered) {
        range_obscure(s->p, "several upper bounds have no order that is known here");
        return;
    }
    settle_span(s, least);
    for (size_t i = 0; i < count && !also; i++) {
        struct product_interval line = {.high = parts[i]->high.version,
                                        .high_open = parts[i]->high.open};
        if (!parts[i]->low.version.len && line_of(line.high, &line.low))
            put(s, line);
    }
    doubt(s, least->low.version, most->high.version, most->high.open && !also);
}

/* Several lower bounds without upper ones: nothing above the first is sure. */
static void settle_lowers(struct settled *s, struct range_part *const *parts, size_t count)
{
    if (count == 1) {
        settle_span(s, parts[0]);
        return;
    }
    range_reduce(s->p, "several lower bounds stand side by side");
    const struct range_part *least = parts[0];
    for (size_t i = 1; i < count; i++) {
        enum product_order order =
            product_version_compare(s->p->range->scheme, parts[i]->low.version, least->low.version);
        if (order == PRODUCT_NO_ORDER)
            range_obscure(s->p, "several lower bounds have no order that is known here");
        if (order == PRODUCT_LESS)
            least = parts[i];
    }
    doubt(s, least->low.version, slice_of(NULL, 0), false);
}

/*
 * A single version beside a bound: "< 16 | 6" holds 6 already, so that it probably means something
 * else; "13.0 | < 13.0.1" probably begins with 13.0; "< 1.99 | 2.20" may name what is mended.
 */
static void beside_upper(struct settled *s, const struct range_part *single,
                         struct range_part *span, bool before)
{
    enum product_order order =
        product_version_compare(s->p->range->scheme, single->low.version, span->high.version);
    if (order == PRODUCT_NO_ORDER) {
        range_obscure(s->p, "versions without an order stand side by side");
        return;
    }
    bool inside = order == PRODUCT_LESS || (order == PRODUCT_EQUAL && !span->high.open);
    if (inside && order == PRODUCT_LESS && before) {
        range_reduce(s->p, "a single version stands inside of the range beside it");
        bool later = !span->low.version.len ||
                     product_version_compare(s->p->range->scheme, single->low.version,
                                             span->low.version) == PRODUCT_GREATER;
        doubt(s, slice_of(NULL, 0), single->low.version, true);
        if (later)
            span->low = (struct range_bound){.version = single->low.version};
    } else if (inside && order == PRODUCT_LESS) {
        range_reduce(s->p, "a single version stands inside of the range beside it");
        s->p->open_end = true;
    } else {
        /* in a vls each constraint stands for itself */
        bool doubtful = span->high.open && !before && !s->p->tight;
        if (doubtful)
            range_reduce(s->p, "a single version beside an upper bound may be one without fault");
        settle_single(s, single, doubtful);
        return;
    }
    settle_single(s, single, false);
}

static void beside_lower(struct settled *s, const struct range_part *single,
                         struct range_part *span)
{
    enum product_order order =
        product_version_compare(s->p->range->scheme, single->low.version, span->low.version);
    if (order == PRODUCT_NO_ORDER) {
        range_obscure(s->p, "versions without an order stand side by side");
        return;
    }
    if (order == PRODUCT_GREATER) {
        /* ">= 1.0 | 1.3": up to 1.3, or 1.3 as well */
        range_reduce(s->p, "a single version stands inside of the range beside it");
        doubt(s, single->low.version, slice_of(NULL, 0), false);
        if (!span->high.version.len ||
            product_version_compare(s->p->range->scheme, single->low.version, span->high.version) ==
                PRODUCT_LESS)
            span->high = (struct range_bound){.version = single->low.version};
    }
    settle_single(s, single, false);
}

/* The parts by what bounds them. */
struct sorted {
    struct range_part **uppers, **lowers, **others;
    size_t upper_count, lower_count, other_count;
};

static int sort_parts(struct settled *s, struct sorted *out)
{
    struct range_parts *p = s->p;
    *out = (struct sorted){0};
    struct range_part **all = arena_new(p->arena, 3 * p->count, sizeof *all);
    if (!all)
        return err_memory(p->e);
    out->uppers = all;
    out->lowers = all + p->count;
    out->others = all + 2 * p->count;
    for (size_t i = 0; i < p->count; i++) {
        struct range_part *part = &p->at[i];
        if (part->single || part->sure || (part->low.version.len && part->high.version.len))
            out->others[out->other_count++] = part;
        else if (part->high.version.len)
            out->uppers[out->upper_count++] = part;
        else
            out->lowers[out->lower_count++] = part;
    }
    return 0;
}

static void settle_sorted(struct settled *s, struct sorted *o)
{
    struct range_part *upper = o->upper_count == 1 ? o->uppers[0] : NULL;
    struct range_part *lower = o->lower_count == 1 ? o->lowers[0] : NULL;
    /* "<1.0|>=2.0" of a vls: two intervals, and each constraint stands for itself */
    bool apart = upper && lower && s->p->tight && upper < lower &&
                 product_version_compare(s->p->range->scheme, upper->high.version,
                                         lower->low.version) == PRODUCT_LESS;
    /* what stood before the upper bound, before it is changed by what stands beside it */
    for (size_t i = 0; i < o->other_count; i++) {
        struct range_part *part = o->others[i];
        if (part->sure && part->single) {
            settle_single(s, part, false);
        } else if (part->sure) {
            settle_span(s, part);
        } else if (part->single && upper && !lower) {
            beside_upper(s, part, upper, part < upper);
        } else if (part->single && lower && !upper) {
            beside_lower(s, part, lower);
        } else if (part->single) {
            settle_single(s, part, !apart && (o->upper_count > 1 || o->lower_count > 0));
        } else {
            /* those with "also" follow, with the same lower bound */
            size_t count = 1;
            while (i + count < o->other_count && o->others[i + count]->also)
                count++;
            settle_uppers(s, &o->others[i], count);
            i += count - 1;
        }
    }
    if (apart) {
        settle_span(s, upper);
        settle_span(s, lower);
        return;
    }
    if (o->upper_count && o->lower_count) {
        range_reduce(s->p, "an upper bound stands before a lower one: which side is meant is "
                           "not said");
        s->p->open_end = true;
        /* "< 2.0, >= 1.0": what lies between is meant in any case */
        if (upper && lower &&
            product_version_compare(s->p->range->scheme, lower->low.version, upper->high.version) ==
                PRODUCT_LESS)
            settle_span(s, &(struct range_part){.low = lower->low, .high = upper->high});
        return;
    }
    if (o->upper_count)
        settle_uppers(s, o->uppers, o->upper_count);
    if (o->lower_count)
        settle_lowers(s, o->lowers, o->lower_count);
}

int range_settle(struct range_parts *p)
{
    struct product_range *range = p->range;
    struct settled s = {.p = p};
    struct sorted sorted;
    bool all_single = true;
    if (p->count == 0) {
        range_obscure(p, "the text names no version");
        return 0;
    }
    for (size_t i = 0; i < p->count; i++) {
        struct range_part *part = &p->at[i];
        struct wild w;
        all_single = all_single && part->single;
        range->singles = range->singles || part->single;
        for (int side = 0; side < 2; side++) {
            struct slice version = side ? part->high.version : part->low.version;
            if (!version.len || wildcard(&s, version, &w) || !orderless(&s, version))
                continue;
            if (part->single)
                range_reduce(p, "what stands in the place of a version is none of a known order");
            else
                without_order(&s);
        }
    }
    if (p->unordered)
        without_order(&s);
    for (size_t i = 0; i < p->count && !all_single; i++)
        if (p->at[i].single && range_model_like(p->at[i].low.version))
            range->conditional = true; /* the bounds may be those of this model only */
    if (sort_parts(&s, &sorted) != 0)
        return -1;
    settle_sorted(&s, &sorted);
    if (p->open_end)
        put(&s, (struct product_interval){.doubtful = true});
    if (s.failed)
        return -1;
    range->intervals = s.at;
    range->count = s.count;
    range->kind = all_single && !p->open_end ? PRODUCT_RANGE_LIST : PRODUCT_RANGE_BOUNDED;
    return 0;
}
