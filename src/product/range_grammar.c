/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar of ranges as people write them. From left to right, with one version held back until
 * what follows says whether it stood alone ("1.0 | 1.1"), began an interval ("1.0 to 1.4", "V14 <
 * V14 SP3") or ended one ("1.4 and earlier"):
 *
 *   text      = part *( ( "|" | "," | "and" | "or" ) part )
 *   part      = [ "all" ] [ noun ] [ prefix ] ( bounds | version [ remark ] )
 *   bounds    = [ version ] *( operator version [ "(including)" | "(excluding)" ] [ remark ] )
 *             | "between" version "and" version | version "and" ( "earlier" | "later" )
 *   operator  = sign | "prior to" | "through" | ...                          (range_phrases.c)
 */
#include "product/range_date.h"
#include "product/range_parts.h"
#include "product/range_phrases.h"
#include "product/range_words.h"

enum mark { UNMARKED, INCLUDED, EXCLUDED };

struct reader {
    struct range_parts *p;
    const struct range_token *first;
    const struct range_token *token; /* the next one */
    /* the version that waits */
    struct slice held;
    enum mark held_mark;
    bool has_held, held_apart; /* apart: a separator stands behind it */
    /* the operator that waits for its version */
    enum range_operator op;
    bool op_doubtful, op_sign;
    /* the lower bound that waits for its upper one */
    struct range_bound low;
    bool has_low, low_sure; /* sure: behind a "!=" */
    bool between;           /* "and" leads to the upper bound */
    bool just_upper;        /* the part before ended with an upper bound, and no '|' since then */
    bool just_lower;        /* the version before is the pending lower bound */
    bool every;             /* "all" was said */
    bool every_here;        /* in this part, and no version since */
    bool whole;             /* a whole part said so */
    bool beside;            /* nothing stands between this version and the one before */
    bool alias;             /* in a parenthesis with another numbering */
    bool version;           /* some version was seen */
    bool dates, versions;
    struct slice words; /* of no known meaning, since the last version; empty: none */
    bool failed;
};

static void add(struct reader *r, struct range_part part)
{
    if (range_part_add(r->p, part) != 0)
        r->failed = true;
}

static void flush_held(struct reader *r)
{
    if (r->has_held) {
        struct range_bound here = {.version = r->held};
        if (r->held_mark == EXCLUDED)
            range_obscure(r->p, "a single version is excluded");
        add(r, (struct range_part){.low = here, .high = here, .single = true});
    }
    r->has_held = false;
    r->held_apart = false;
    r->held_mark = UNMARKED;
}

static void flush_low(struct reader *r)
{
    if (r->has_low)
        add(r, (struct range_part){.low = r->low, .sure = r->low_sure});
    r->has_low = false;
    r->low_sure = false;
    r->just_lower = false;
}

static struct range_bound pending_low(const struct reader *r)
{
    return r->has_low ? r->low : (struct range_bound){.open = false};
}

/* Words before a version are a prefix; a range has one. */
static void take_prefix(struct reader *r)
{
    struct product_range *range = r->p->range;
    struct slice prefix = product_text_trim(r->words);
    r->words = slice_of(NULL, 0);
    if (!prefix.len)
        return;
    if (!range->prefix.len) {
        range->prefix = prefix;
        range_reduce(r->p, "words stand before the version that may name a part or an edition");
    } else if (prefix.len != range->prefix.len ||
               !product_text_starts_with(prefix, range->prefix)) {
        range_obscure(r->p, "several things are named, each with versions of its own");
    }
}

static void note_remark(struct reader *r, struct slice text, bool conditional)
{
    struct product_range *range = r->p->range;
    /* a condition says more than an explanation, and what may widen the range more than what
     * narrows it */
    if (!range->remark.len || (conditional && !range->conditional) ||
        product_remark_narrows(range->remark))
        range->remark = range->remark.len && product_remark_narrows(text) ? range->remark : text;
    range->conditional = range->conditional || conditional;
    range_reduce(r->p, "a remark may limit or widen the range");
}

/* Words behind a version, with nothing that they could belong to. */
static void trailing_words(struct reader *r)
{
    struct slice words = product_text_trim(r->words);
    r->words = slice_of(NULL, 0);
    if (words.len && r->version)
        note_remark(r, words, true);
    else if (words.len && !r->every)
        range_obscure(r->p, "words are not understood as versions");
    else if (words.len)
        note_remark(r, words, true);
}

static bool upper(enum range_operator op)
{
    return op == RANGE_LESS || op == RANGE_LESS_EQUAL;
}

/* Letters in front of a version that are no spelling of "version": "NMC" of "NMC2". */
static bool names_something(struct slice text)
{
    static const char *const spellings[] = {"v",   "r",   "fw", "sw",     "ver",
                                            "rev", "rel", "sv", "version"};
    size_t len = 0;
    while (len < text.len && (text.data[len] | 0x20) >= 'a' && (text.data[len] | 0x20) <= 'z')
        len++;
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (len == strlen(spellings[i]) && product_text_starts_with(text, slice_str(spellings[i])))
            return false;
    return len > 0;
}

/* A version held without a separator before an upper bound: its lower bound, or a name. */
static void held_before_upper(struct reader *r, struct slice high)
{
    const struct product_scheme *scheme = r->p->range->scheme;
    enum product_order order =
        product_version_compare(scheme, range_stem(r->held), range_stem(high));
    if (order == PRODUCT_LESS || order == PRODUCT_EQUAL) {
        r->low = (struct range_bound){.version = r->held, .open = r->held_mark == EXCLUDED};
        r->has_low = true;
    } else if (order == PRODUCT_NO_ORDER && names_something(r->held)) {
        r->words = r->held;
        take_prefix(r);
    } else {
        range_obscure(r->p, "a version stands before an operator without being its lower bound");
    }
    r->has_held = false;
    r->held_mark = UNMARKED;
}

static void take_bound(struct reader *r, struct slice version)
{
    struct range_bound bound = {.version = version, .doubtful = r->op_doubtful, .sign = r->op_sign};
    enum range_operator op = r->op;
    r->op = RANGE_NO_OPERATOR;
    r->just_upper = r->just_lower = false;
    bound.open = op == RANGE_LESS || op == RANGE_GREATER;
    switch (op) {
    case RANGE_LESS:
    case RANGE_LESS_EQUAL: {
        if (r->has_held && !r->held_apart)
            held_before_upper(r, version);
        flush_held(r);
        struct range_part part = {.high = bound};
        if (r->has_low)
            part.low = r->low;
        part.also = r->alias && !r->has_low;
        r->has_low = r->low_sure = false;
        add(r, part);
        r->just_upper = true;
        break;
    }
    case RANGE_GREATER:
    case RANGE_GREATER_EQUAL:
        if (r->has_held && !r->held_apart) {
            if (names_something(r->held)) {
                r->words = r->held;
                r->has_held = false;
                take_prefix(r);
            } else {
                range_obscure(r->p, "a version stands before a lower bound");
            }
        }
        flush_held(r);
        flush_low(r);
        r->low = bound;
        r->has_low = true;
        r->just_lower = true;
        break;
    case RANGE_EQUAL:
        flush_held(r);
        r->held = version;
        r->has_held = true;
        break;
    case RANGE_NOT_EQUAL:
        flush_held(r);
        if (!r->has_low && r->p->count) {
            range_obscure(r->p, "'!=' stands behind the bounds that it belongs to");
            break;
        }
        bound.open = true;
        add(r, (struct range_part){.low = pending_low(r), .high = bound, .sure = true});
        r->low = bound;
        r->low_sure = true;
        r->has_low = true;
        break;
    case RANGE_NO_OPERATOR: break;
    }
}

/* "CPCI85 V05.11", "IR302 3.5.56": the first is a name. "V33.017 V34.014" are two versions. */
static bool name_before(struct slice first, struct slice second)
{
    bool v = second.len > 1 && (second.data[0] | 0x20) == 'v';
    uint8_t start = second.data[v ? 1 : 0];
    bool version = start >= '0' && start <= '9' && (v || memchr(second.data, '.', second.len));
    return version && !memchr(first.data, '.', first.len) && names_something(first);
}

static const struct range_token *behind_nouns(const struct range_token *token)
{
    while (token->kind == RANGE_NOUN || token->kind == RANGE_EVERY)
        token++;
    return token;
}

/* "3.0 through 3.9 and 4.0 through 4.1": is the version here the lower bound of what follows? */
static bool begins_next(const struct reader *r)
{
    const struct range_token *next = r->token;
    while (next->kind == RANGE_INCLUDED || next->kind == RANGE_EXCLUDED)
        next++;
    if (next->kind == RANGE_DASH)
        return next[1].kind == RANGE_VERSION;
    if (next->kind == RANGE_AND || next->kind == RANGE_OR) {
        next = behind_nouns(next + 1); /* "1.0 through 1.5, 2.0 and later" */
        return next->kind == RANGE_DOWN || next->kind == RANGE_UP;
    }
    return (next->kind == RANGE_PHRASE || next->kind == RANGE_OPERATOR) && upper(next->op);
}

static void take_version(struct reader *r, struct slice version)
{
    const struct range_token *next = r->token;
    /* "CPCI85" of "< CPCI85 V05.11" */
    if (next->kind == RANGE_VERSION && name_before(version, next->text)) {
        if (r->words.len)
            version = slice_of(r->words.data, (size_t)(version.data + version.len - r->words.data));
        r->words = version;
        return;
    }
    if (r->version && r->words.len && r->op == RANGE_NO_OPERATOR)
        trailing_words(r);
    else
        take_prefix(r);
    r->version = true;
    r->every_here = false;
    if (r->op != RANGE_NO_OPERATOR) {
        take_bound(r, version);
        return;
    }
    struct range_bound here = {.version = version};
    if (begins_next(r))
        r->just_upper = false;
    if (r->just_upper && r->p->count) {
        /* "< 5.2, 6.3", "< V33.017 V34.014": bounds of several lines, or names of one */
        struct range_part before = r->p->at[r->p->count - 1];
        if (r->beside && names_something(version) && !memchr(version.data, '.', version.len)) {
            /* "15.3(3) JC1", "5.6 Build 595 T2-Patch" */
            struct slice *high = &r->p->at[r->p->count - 1].high.version;
            *high = slice_of(high->data, (size_t)(version.data + version.len - high->data));
            r->p->unordered = true;
            range_reduce(r->p, "a part of the version is of no known weight");
            return;
        }
        here.open = before.high.open;
        add(r, (struct range_part){.low = before.low, .high = here, .also = true});
        return;
    }
    if (r->just_lower) {
        range_obscure(r->p, "two versions stand behind one operator");
        return;
    }
    if (r->beside && r->has_held && names_something(version) &&
        !memchr(version.data, '.', version.len)) {
        /* "20.054 kit1", "3002 S3" */
        range_reduce(r->p, "a part of the version is of no known weight");
        version = slice_of(r->held.data, (size_t)(version.data + version.len - r->held.data));
        r->has_held = false;
    }
    flush_held(r);
    r->held = version;
    r->has_held = true;
}

static void take_operator(struct reader *r, enum range_operator op, bool doubtful)
{
    r->op_sign = false;
    /* "- but not including": the later word is the exact one */
    if (r->op != RANGE_NO_OPERATOR && !(upper(r->op) && upper(op) && r->op_doubtful)) {
        range_obscure(r->p, "two operators stand side by side");
        return;
    }
    if (r->words.len && !r->version)
        take_prefix(r);
    else
        trailing_words(r);
    r->op = op;
    r->op_doubtful = doubtful;
}

/* "and earlier", "or later", "and all prior versions" */
static void take_reach(struct reader *r, bool down)
{
    if (!r->has_held) {
        range_obscure(r->p, "\"earlier\" or \"later\" without the version that it is measured by");
        return;
    }
    struct range_bound bound = {.version = r->held, .open = r->held_mark == EXCLUDED};
    r->has_held = false;
    r->held_apart = false;
    r->held_mark = UNMARKED;
    r->every_here = false; /* "and all prior versions" */
    if (down) {
        add(r, (struct range_part){.low = pending_low(r), .high = bound});
        r->has_low = false;
    } else {
        add(r, (struct range_part){.low = bound});
    }
    r->just_upper = r->just_lower = false;
}

static void take_joint(struct reader *r, bool both)
{
    const struct range_token *next = behind_nouns(r->token);
    bool version = next->kind == RANGE_VERSION || next->kind == RANGE_DATE;
    if (both && r->between && version && (r->has_low || r->has_held)) {
        r->op = RANGE_LESS_EQUAL;
        r->op_doubtful = true;
        r->between = false;
        return;
    }
    /* "2.0.3 (including) and 2.0.6 (excluding)" */
    if (both && r->has_held && r->held_mark != UNMARKED && version &&
        (next[1].kind == RANGE_INCLUDED || next[1].kind == RANGE_EXCLUDED)) {
        r->op = RANGE_LESS_EQUAL;
        r->op_doubtful = true;
        return;
    }
    if (next->kind == RANGE_DOWN || next->kind == RANGE_UP)
        return;
    /* "2.0 and before", "2.0 and below" */
    if (next->kind == RANGE_PHRASE && next[1].kind != RANGE_VERSION && next[1].kind != RANGE_NOUN &&
        next[1].kind != RANGE_DATE)
        return;
    /* ">= 1.0 and < 2.0" is one interval */
    if (next->kind == RANGE_OPERATOR || next->kind == RANGE_PHRASE) {
        if (r->has_held && r->held_mark == UNMARKED)
            r->held_apart = true;
        return;
    }
    r->held_apart = r->has_held;
}

static void take_mark(struct reader *r, bool included)
{
    struct range_parts *p = r->p;
    struct range_bound *bound = NULL;
    if (r->has_held && !r->held_apart) {
        r->held_mark = included ? INCLUDED : EXCLUDED;
        return;
    }
    if (r->just_lower && r->has_low)
        bound = &r->low;
    else if (r->just_upper && p->count)
        bound = &p->at[p->count - 1].high;
    if (!bound) {
        range_obscure(p, "\"including\" or \"excluding\" without a version in front");
        return;
    }
    /* "< 2.0 (including)" says two things */
    bool contradicts = !bound->doubtful && (included ? bound->open : bound->sign && !bound->open);
    bound->open = !included;
    bound->doubtful = contradicts;
}

/* A letter or two as a whole version: "<= W", "<= LF". */
static bool letters_alone(const struct reader *r, const struct range_token *t)
{
    enum range_token_kind next = t[1].kind;
    if (r->op == RANGE_NO_OPERATOR || r->words.len || t->text.len > 3 ||
        (next != RANGE_END && next != RANGE_BAR && next != RANGE_COMMA))
        return false;
    for (size_t i = 0; i < t->text.len; i++)
        if (t->text.data[i] < 'A' || t->text.data[i] > 'Z')
            return false;
    return true;
}

static void take_bar(struct reader *r)
{
    const struct range_token *next = r->token;
    /* "4.7 | SP2 Hotfix 1": a version cut in two, since the packs have none of their own */
    if (next->kind == RANGE_VERSION && next->pack && (r->has_held || r->just_upper))
        range_obscure(r->p, "a service pack stands apart from the version that it belongs to");
    trailing_words(r);
    r->held_apart = r->has_held;
    r->just_upper = r->just_lower = false;
    r->between = r->alias = false;
    r->whole = r->whole || r->every_here;
    r->every_here = false;
}

/* "1.1 *" may mean 1.1, or all that begins so; "*" alone means every version. */
static void take_star(struct reader *r)
{
    if (r->has_held && !r->held_apart) {
        r->p->open_end = true;
        range_reduce(r->p, "a star behind a version may stand for more of them");
    } else if (r->op != RANGE_NO_OPERATOR) {
        range_obscure(r->p, "a star stands where a version was due");
    } else {
        r->every = r->every_here = true;
    }
}

static void take_dash(struct reader *r)
{
    const struct range_token *next = behind_nouns(r->token);
    if (next->kind == RANGE_VERSION && r->has_held && !r->held_apart)
        take_operator(r, RANGE_LESS_EQUAL, false);
}

static void take_condition(struct reader *r, const struct range_token *t)
{
    bool adds = t->doubtful && r->version;
    if (r->op != RANGE_NO_OPERATOR) {
        range_obscure(r->p, "what stands behind the operator is not understood");
        return;
    }
    if (!r->version && !r->every) {
        range_obscure(r->p, "a condition without a version");
        return;
    }
    if (r->words.len) {
        struct slice all =
            slice_of(r->words.data, (size_t)(t->text.data + t->text.len - r->words.data));
        r->words = slice_of(NULL, 0);
        note_remark(r, product_text_trim(all), true);
        return;
    }
    note_remark(r, product_text_trim(t->text), !adds);
}

static void take_phrase(struct reader *r, const struct range_token *t)
{
    const struct range_token *next = behind_nouns(r->token);
    bool bound = next->kind == RANGE_VERSION || next->kind == RANGE_DATE ||
                 next->kind == RANGE_WORD || next->kind == RANGE_PHRASE ||
                 next->kind == RANGE_OPERATOR || next->kind == RANGE_REMARK;
    r->p->words = true;
    enum range_token_kind before = t > r->first ? t[-1].kind : RANGE_END;
    if (!bound && r->has_held && (before == RANGE_AND || before == RANGE_OR))
        take_reach(r, upper(t->op)); /* "2.0 and below" */
    else if (t->text.len == 2 && !r->has_held && !r->has_low && upper(t->op))
        range_obscure(r->p, "\"to\" without the version that the range begins with");
    else
        take_operator(r, t->op, t->doubtful);
}

/* Beside a purl a date is a version of its ecosystem like any other. */
static void take_date(struct reader *r, struct slice text)
{
    struct product_range *range = r->p->range;
    if (range->scheme == &product_scheme_generic)
        range->scheme = &range_date_scheme;
    if (range->scheme == &range_date_scheme)
        r->dates = true;
    else
        r->versions = true;
    take_version(r, text);
}

static void take_word(struct reader *r, const struct range_token *t)
{
    if (letters_alone(r, t)) {
        take_version(r, t->text);
        return;
    }
    const uint8_t *begin = r->words.len ? r->words.data : t->text.data;
    r->words = slice_of(begin, (size_t)(t->text.data + t->text.len - begin));
}

static void take(struct reader *r, const struct range_token *t)
{
    switch (t->kind) {
    case RANGE_OPERATOR:
        r->p->signs = true;
        take_operator(r, t->op, false);
        r->op_sign = true;
        break;
    case RANGE_PHRASE: take_phrase(r, t); break;
    case RANGE_BETWEEN:
        r->p->words = true;
        r->between = true;
        take_operator(r, RANGE_GREATER_EQUAL, true);
        break;
    case RANGE_DOWN:
    case RANGE_UP:
        r->p->words = true;
        take_reach(r, t->kind == RANGE_DOWN);
        break;
    case RANGE_BAR: take_bar(r); break;
    case RANGE_COMMA:
    case RANGE_SLASH:
        if (r->op != RANGE_NO_OPERATOR)
            break; /* "up to, but not including, 2.0" */
        r->held_apart = r->has_held;
        break;
    case RANGE_AND: take_joint(r, true); break;
    case RANGE_OR: take_joint(r, false); break;
    case RANGE_DASH: take_dash(r); break;
    case RANGE_COLON: break;
    case RANGE_EVERY: r->every = r->every_here = true; break;
    case RANGE_NOUN:
        /* "2404267 version 1.x": the number in front is a name */
        if (r->has_held && !r->held_apart && r->token->kind == RANGE_VERSION &&
            !memchr(r->held.data, '.', r->held.len)) {
            r->words = r->held;
            r->has_held = r->version = false;
        }
        /* "Versions including affected modules" speaks of all of them */
        r->every = r->every || (!r->version && product_text_starts(t->text, "versions") &&
                                r->token->kind == RANGE_CONDITION);
        break;
    case RANGE_STAR: take_star(r); break;
    case RANGE_VERSION:
        if (t->pack)
            range_reduce(r->p, "a service pack or build without the version that it belongs to");
        if (t->cut)
            range_reduce(r->p, "a version ends with a dot, and may be cut off");
        r->versions = true;
        take_version(r, t->text);
        break;
    case RANGE_DATE: take_date(r, t->text); break;
    case RANGE_WORD: take_word(r, t); break;
    case RANGE_INCLUDED:
    case RANGE_EXCLUDED: take_mark(r, t->kind == RANGE_INCLUDED); break;
    case RANGE_REMARK:
        if (t->harmless)
            range_reduce(r->p, "a remark explains it");
        else
            note_remark(r, t->text, t->conditional);
        break;
    case RANGE_ALIAS: r->alias = true; break;
    case RANGE_CONDITION: take_condition(r, t); break;
    case RANGE_NONE: range_obscure(r->p, "the text says that no version is meant"); break;
    case RANGE_STRANGE:
        range_obscure(r->p, "a sign stands there that is none of this notation");
        break;
    case RANGE_FOREIGN:
        range_obscure(r->p, "it speaks of serial numbers or dates, which no version shows");
        break;
    case RANGE_END: break;
    }
}

int range_grammar_read(struct range_parts *p, struct slice text)
{
    struct range_tokens tokens;
    if (range_tokens_read(p->arena, text, &tokens, p->e) != 0)
        return -1;
    struct reader r = {.p = p, .first = tokens.at, .token = tokens.at};
    while (r.token->kind != RANGE_END && !p->range->problem && !r.failed) {
        const struct range_token *t = r.token++;
        r.beside = t > tokens.at && t[-1].kind == RANGE_VERSION;
        take(&r, t);
    }
    trailing_words(&r);
    if (r.op != RANGE_NO_OPERATOR)
        range_obscure(p, "an operator stands without a version");
    if (r.dates && r.versions)
        range_obscure(p, "dates and versions stand side by side");
    flush_held(&r);
    flush_low(&r);
    p->every = r.every && !r.version;
    if (r.version && (r.whole || r.every_here)) {
        p->open_end = true;
        range_reduce(p, "every version is meant, and beside that some are named");
    }
    return r.failed ? -1 : 0;
}
