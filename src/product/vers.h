/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `vers:` texts, Version Range Specifiers as package-url/vers-spec defines them (core
 * specification, "how to parse", "types"): "vers:npm/1.2.3|>=2.0.0|<5.0.0".
 *
 * Two readers. product_vers_parse is the strict one of the standard: what is not canonical is
 * refused. product_vers_read reads as much as can be read and lists everything that is wrong, each
 * with its place and its kind, so that a validator can tell "not canonical" from "not readable" and
 * from "a type that is not known here".
 *
 * CSAF 2.1 also knows "vls": the constraints alone, without "vers:" and type (section 3.1.2.3.2).
 * product_vls_read reads those; they have no order.
 */
#ifndef PRODUCT_VERS_H
#define PRODUCT_VERS_H

#include "base/arena.h"
#include "base/err.h"
#include "product/version.h"

enum product_comparator {
    PRODUCT_IS,     /* no comparator: this version */
    PRODUCT_IS_NOT, /* != */
    PRODUCT_BELOW,  /* < */
    PRODUCT_UP_TO,  /* <= */
    PRODUCT_ABOVE,  /* > */
    PRODUCT_FROM,   /* >= */
};

/* What can be wrong. Up to and with PRODUCT_VERS_SPECIAL the text is no `vers:` text at all; what
 * follows is readable, but not canonical. */
enum product_vers_fault {
    PRODUCT_VERS_SCHEME,        /* does not begin with "vers:" */
    PRODUCT_VERS_TYPE,          /* no type, no '/' behind it, or characters that no type has */
    PRODUCT_VERS_EMPTY,         /* nothing behind the '/' */
    PRODUCT_VERS_CHARACTER,     /* white space, or a byte that is not printable ASCII */
    PRODUCT_VERS_PIPE,          /* '|' in front, at the end, or twice in a row */
    PRODUCT_VERS_STAR,          /* '*' beside other constraints or with a version */
    PRODUCT_VERS_NO_VERSION,    /* a comparator without a version */
    PRODUCT_VERS_RAW,           /* one of > < = ! * in a version that is not percent-encoded */
    PRODUCT_VERS_ENCODING,      /* '%' without two hexadecimal digits */
    PRODUCT_VERS_SPECIAL,       /* "all" and "none" take nothing but '*' */
    PRODUCT_VERS_UPPER_CASE,    /* scheme or type in capitals */
    PRODUCT_VERS_ENCODING_CASE, /* "%3a" for "%3A" */
    PRODUCT_VERS_NEEDLESS,      /* percent-encoded, but need not be */
    PRODUCT_VERS_EQUAL_SIGN,    /* "=1.0" for "1.0" */
    PRODUCT_VERS_VERSION,       /* no version by the rules of its type */
    PRODUCT_VERS_FORM,          /* a version, but not in its type's canonical form (datetime) */
    PRODUCT_VERS_ORDER,         /* the versions do not rise */
    PRODUCT_VERS_DUPLICATE,     /* a version twice */
    PRODUCT_VERS_SEQUENCE,      /* comparators that cannot follow one another */
    PRODUCT_VERS_REDUNDANT,     /* "=" inside an interval: says nothing */
};

struct product_vers_finding {
    enum product_vers_fault fault;
    size_t at;        /* byte offset in the text, from 0 */
    size_t len;       /* bytes concerned; 0: the place where something is missing */
    const char *text; /* static: one sentence without full stop */
};

struct product_vers_constraint {
    enum product_comparator comparator;
    struct slice version; /* percent-decoded */
    size_t at;            /* of the constraint in the text */
    size_t len;
};

/* How many findings are kept; a text with more is wrong enough. */
enum { PRODUCT_VERS_FINDINGS = 32 };

struct product_vers {
    struct slice type; /* as written, borrowed; empty in a vls */
    /* product_scheme_exact where the order of the type is not known */
    const struct product_scheme *scheme;
    bool registered; /* the type stands in the specification's tables (vers-types.md) */
    bool supported;  /* its order is known here */
    bool all;        /* "*": every version */
    bool none;       /* "vers:none/ *" without the space: no version */
    const struct product_vers_constraint *constraints;
    size_t count;
    const struct product_vers_finding *findings; /* in the order in which they were found */
    size_t finding_count;
    /* the canonical form of the standard (with a type that is not supported, as far as that can be
     * told): no finding but PRODUCT_VERS_VERSION, for a text that is no version of its type breaks
     * no rule of the notation */
    bool canonical;
    /* no finding up to PRODUCT_VERS_SPECIAL: the constraints mean something */
    bool readable;
    /* and the versions rise and their comparators alternate, so that they can be read as intervals
     */
    bool ordered;
};

/*
 * Reads text and lists what is wrong with it. type, constraints and findings live in the arena or
 * borrow from text. 0, or -1 with ERR_MEMORY. Time and memory grow with the length of the text (and
 * its logarithm, for duplicates of types that are not known).
 */
int product_vers_read(struct arena *a, struct slice text, struct product_vers *out,
                      struct err *e) MUST_CHECK;

/* The same for constraints alone (CSAF 2.1, "vls"). An '=' in front is no finding there. */
int product_vls_read(struct arena *a, struct slice text, struct product_vers *out,
                     struct err *e) MUST_CHECK;

/*
 * The strict reader: 0 only for canonical text. Else -1 with ERR_INPUT, code "vers.syntax" (no
 * `vers:` text), "vers.canonical" (readable, but not canonical), clause "VERS",
 * where = "column N" from 1; or ERR_MEMORY. A type that is not known is no error.
 */
int product_vers_parse(struct arena *a, struct slice text, struct product_vers *out,
                       struct err *e) MUST_CHECK;

/* The clause of vers-spec that a fault breaks, for messages: static text. */
const char *product_vers_clause(enum product_vers_fault fault);

/*
 * The canonical text of a range: constraints sorted, a version that stands twice with the same
 * comparator once, percent-encoding and letters as the standard wants them. Nothing that changes
 * the meaning: a sequence that the standard forbids stays as it is. Appended to out. -1 with
 * ERR_INPUT "vers.order" when the versions have no order among each other, ERR_MEMORY.
 */
int product_vers_write(const struct product_vers *vers, struct buf *out, struct err *e) MUST_CHECK;

/*
 * Sorts the constraints by version and removes what says nothing ("how to parse", simplification).
 * *out has constraints of its own in the arena, and no findings but those that simplification
 * cannot cure. -1 as product_vers_write.
 */
int product_vers_simplify(struct arena *a, const struct product_vers *vers,
                          struct product_vers *out, struct err *e) MUST_CHECK;

enum product_vers_in { PRODUCT_VERS_OUT, PRODUCT_VERS_IN, PRODUCT_VERS_UNKNOWN };

/*
 * Is version in the range? PRODUCT_VERS_UNKNOWN for a range that is not `ordered` (simplify it
 * first), and where a version has no order with a bound that would decide.
 */
enum product_vers_in product_vers_contains(const struct product_vers *vers, struct slice version);

/*
 * Have two ranges of one type a version in common (between two versions there is always another)?
 * PRODUCT_VERS_IN: yes; UNKNOWN for ranges of different types or that are not `ordered`, and
 * where bounds have no order (CSAF 2.1 tests 6.2.50, 6.3.19).
 */
enum product_vers_in product_vers_overlap(const struct product_vers *one,
                                          const struct product_vers *other);

/* No upper end: '*', or the last constraint that is neither '=' nor '!=' is '>' or '>=', or there
 * are only '!=' (CSAF 2.1 test 6.2.49 for all but '*'). */
bool product_vers_is_open_above(const struct product_vers *vers);

/* Exactly one version: one constraint without comparator, or ">=x|<=x" (CSAF 2.1 test 6.1.59). */
bool product_vers_is_single(const struct product_vers *vers);

/* A type that the specification lists (vers-types.md), in lower case. */
bool product_vers_type_registered(struct slice type);

#endif
