/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what can be told of a product's name by looking at a few numbers. A name is
 * compared with thousands, and nearly all of them have nothing to do with it: their sketches say so
 * without their words being cut. They never say so of two that fleet_names_compare joins.
 */
#ifndef FLEET_NAME_SKETCH_H
#define FLEET_NAME_SKETCH_H

#include "base/slice.h"

struct fleet_sketch {
    uint64_t words;    /* a bit for each word of fleet_words_of_set, by its hash */
    uint64_t spelled;  /* of them those without a digit, which may be misspelt */
    uint32_t compact;  /* of the name without its spaces, but between digits */
    uint32_t model;    /* of the last word that is no word for a kind of thing; 0: no number */
    uint32_t hundreds; /* a bit for each mark of match_family.h */
    uint8_t count;     /* words; UINT8_MAX: more than are looked at, and all may be */
    uint8_t first;     /* bit of the first word, when families are found by it; or UINT8_MAX */
    bool pattern;      /* some x may stand for something else */
    bool number;       /* some word is a model's number of six letters and digits */
    bool specific;     /* as fleet_name_specific */
};

void fleet_sketch_make(struct slice form, struct fleet_sketch *out);

/* May some x of the word stand for something else? No word that is a pattern is left out. */
bool fleet_word_may_be_pattern(struct slice word);

/* What else decides, besides the names: as fleet_names_compare is asked. */
struct fleet_sketch_asked {
    bool family;      /* the target speaks of many models */
    bool vendor_sure; /* the vendors are one */
    bool misspelt;    /* a component that has no package URL: its name may be misspelt */
};

/* The words of the shorter are the first or the last of the longer. */
static inline bool fleet_sketch_at_end(struct slice longer, struct slice shorter, bool first)
{
    if (shorter.len == 0 || longer.len <= shorter.len + 1)
        return false;
    size_t rest = longer.len - shorter.len;
    return first ? longer.data[shorter.len] == ' ' &&
                       memcmp(longer.data, shorter.data, shorter.len) == 0
                 : longer.data[rest - 1] == ' ' &&
                       memcmp(longer.data + rest, shorter.data, shorter.len) == 0;
}

/* One has all words of the other: does it begin or end with them, or has them in another order? */
static inline bool fleet_sketch_has_all(const struct fleet_sketch *a, struct slice target,
                                        const struct fleet_sketch *b, struct slice subject,
                                        struct fleet_sketch_asked asked)
{
    bool less = target.len < subject.len;
    struct slice longer = less ? subject : target, shorter = less ? target : subject;
    /* the same in another order; or all of the component's words, and one more */
    uint64_t more = a->words & ~b->words, fewer = b->words & ~a->words;
    if ((more | fewer) == 0 || (asked.vendor_sure && fewer == 0 && (more & (more - 1)) == 0))
        return true;
    if (target.len == subject.len)
        return false;
    /* a short word is the beginning of anything, and is not looked for */
    bool begins = asked.vendor_sure || (less ? a->specific || asked.family : b->specific);
    return (begins && fleet_sketch_at_end(longer, shorter, true)) ||
           (shorter.len >= 4 && fleet_sketch_at_end(longer, shorter, false)) ||
           (asked.vendor_sure && !less && b->number);
}

/* false: fleet_names_compare finds nothing, unless an alias joins the names. */
static inline bool fleet_sketch_may_meet(const struct fleet_sketch *a, struct slice target,
                                         const struct fleet_sketch *b, struct slice subject,
                                         struct fleet_sketch_asked asked)
{
    uint64_t more = a->words & ~b->words, less = b->words & ~a->words;
    if (a->compact == b->compact || a->count == UINT8_MAX || b->count == UINT8_MAX)
        return true;
    if ((more == 0 || less == 0) && fleet_sketch_has_all(a, target, b, subject, asked))
        return true;
    if (a->pattern && a->count <= b->count && target.data[0] == subject.data[0])
        return true;
    if (asked.vendor_sure) {
        /* one word is another one; it may stand elsewhere in the name, too */
        if (asked.misspelt && a->count == b->count && (more & (more - 1)) == 0 &&
            (less & (less - 1)) == 0 && (more == 0 || (more & a->spelled)) &&
            (less == 0 || (less & b->spelled)))
            return true;
        if ((a->model && a->model == b->model) || (a->hundreds & b->hundreds))
            return true;
    }
    return asked.family && a->first != UINT8_MAX && (b->words >> a->first & 1);
}

#endif
