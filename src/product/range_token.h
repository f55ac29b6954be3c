/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the text of a range, cut into the signs, phrases and versions it is made of. */
#ifndef PRODUCT_RANGE_TOKEN_H
#define PRODUCT_RANGE_TOKEN_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

enum range_operator {
    RANGE_NO_OPERATOR,
    RANGE_EQUAL,
    RANGE_NOT_EQUAL,
    RANGE_LESS,
    RANGE_LESS_EQUAL,
    RANGE_GREATER,
    RANGE_GREATER_EQUAL,
};

enum range_token_kind {
    RANGE_END,
    RANGE_OPERATOR,  /* a sign */
    RANGE_PHRASE,    /* words with the meaning of an operator: "prior to", "through", "bis" */
    RANGE_BETWEEN,   /* the next "and" leads to the upper bound */
    RANGE_DOWN,      /* "earlier" as in "2.0 and earlier" */
    RANGE_UP,        /* "later" */
    RANGE_BAR,       /* '|' */
    RANGE_COMMA,     /* ',' or ';' */
    RANGE_AND,       /* "and", "und", '&' */
    RANGE_OR,        /* "or", "oder" */
    RANGE_SLASH,     /* '/' between versions */
    RANGE_DASH,      /* '-' with a space, or a long one */
    RANGE_COLON,     /* ':' behind a version */
    RANGE_EVERY,     /* "all", "any" */
    RANGE_STAR,      /* '*' alone */
    RANGE_NOUN,      /* "version", "firmware": says nothing */
    RANGE_VERSION,   /* a version with its service packs, updates, builds */
    RANGE_DATE,      /* a date that names its month, or one with slashes */
    RANGE_WORD,      /* any other word */
    RANGE_INCLUDED,  /* "(including)" behind a bound */
    RANGE_EXCLUDED,  /* "(excluding)" */
    RANGE_REMARK,    /* a parenthesis */
    RANGE_ALIAS,     /* '(' before bounds in another numbering: "< 12.4 (firmware 1.46)" */
    RANGE_CONDITION, /* "only if …", "with …": up to the end of the part */
    RANGE_NONE,      /* "no version" */
    RANGE_STRANGE,   /* a sign of another notation: "[1.0,2.0)", "^1.2", "1,5" */
    RANGE_FOREIGN,   /* words of other things: serial numbers, dates of production */
};

struct range_token {
    enum range_token_kind kind;
    enum range_operator op; /* OPERATOR, PHRASE */
    bool doubtful;          /* PHRASE: whether the bound itself is meant is not said */
    bool conditional;       /* REMARK: may limit what stands before it */
    bool harmless;          /* REMARK: explains only: "(formerly …)" */
    bool cut;               /* VERSION: a dot stands behind it */
    bool pack;              /* VERSION: begins with a service pack or build: no version in front */
    bool glued;             /* no space in front */
    struct slice text;
};

struct range_tokens {
    struct range_token *at; /* ends with RANGE_END */
    size_t count;           /* with it */
};

/*
 * Cuts text, in which '_' and control characters are spaces already; the tokens borrow from it.
 * Linear in the length. 0, or -1 with ERR_MEMORY.
 */
int range_tokens_read(struct arena *a, struct slice text, struct range_tokens *out,
                      struct err *e) MUST_CHECK;

#endif
