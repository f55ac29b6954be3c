/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what the grammar finds in a text, before it becomes intervals. */
#ifndef PRODUCT_RANGE_PARTS_H
#define PRODUCT_RANGE_PARTS_H

#include "product/range.h"

struct range_bound {
    struct slice version; /* empty: no bound */
    bool open;            /* the version itself is outside */
    bool doubtful;        /* whether it is, is not said */
    bool sign;            /* said by a sign ("<="), not by words */
};

/* A single version (low = high), or what lies between two bounds. */
struct range_part {
    struct range_bound low, high;
    bool single;
    bool sure; /* its meaning does not depend on what stands beside it */
    bool also; /* behind the upper bound of the part before, without an operator: "< 5.2, 6.3" */
};

struct range_parts {
    struct arena *arena;
    struct product_range *range;
    struct range_part *at;
    size_t count, room;
    bool every;     /* "all versions", and nothing that bounds them */
    bool signs;     /* operators as signs; */
    bool words;     /* or as words */
    bool unordered; /* only equal texts are equal */
    bool tight;     /* the text has no space: a vls (CSAF 3.1.2.3.2), whose versions rise */
    bool open_end;  /* something in the text may reach further than its parts */
    struct err *e;
};

/* Says what is not understood; the first word counts. */
void range_obscure(struct range_parts *p, const char *problem);

/* Says what is understood with reduced confidence; the first word counts. */
void range_reduce(struct range_parts *p, const char *why);

int range_part_add(struct range_parts *p, struct range_part part) MUST_CHECK;

/* Reads text into parts; what is not understood is said with range_obscure. 0, or -1: memory. */
int range_grammar_read(struct range_parts *p, struct slice text) MUST_CHECK;

/* `vers:` texts. 0, or -1: memory. */
int range_vers_read(struct range_parts *p, struct slice text) MUST_CHECK;

/* "2.4.x" without the wildcard at its end, "2.4"; else the version itself. */
struct slice range_stem(struct slice version);

/* "1783-SAD4T0SBK9", "M221": does it look like a model where a version was due? */
bool range_model_like(struct slice text);

/*
 * Makes the intervals of the range from the parts, with doubt where the parts do not fit together
 * ("< 5.2, 6.3" holds 5.1, and 7.0 it does not; 6.1 nobody knows). 0, or -1: memory.
 */
int range_settle(struct range_parts *p) MUST_CHECK;

#endif
