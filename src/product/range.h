/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which versions a product of an advisory means: CSAF 2.0 section 3.1.2.3 in `vers:` syntax, and
 * the ways in which advisories really write it ("< V4.3", "All versions < V5.2.4", "2.0.3 and
 * prior", ">= 1.0 | < 2.0", "vers:all/ *" without the space). What is not understood contains
 * nothing and excludes nothing: every question is answered PRODUCT_MAYBE.
 */
#ifndef PRODUCT_RANGE_H
#define PRODUCT_RANGE_H

#include "base/arena.h"
#include "base/err.h"
#include "product/version.h"

/* PRODUCT_SILENT: a list of single versions that does not name this one, and so says nothing of it.
 */
enum product_in { PRODUCT_OUT, PRODUCT_IN, PRODUCT_MAYBE, PRODUCT_SILENT };

enum product_range_kind {
    PRODUCT_RANGE_ALL,     /* every version, also an unknown one */
    PRODUCT_RANGE_LIST,    /* exactly these; others are not spoken of */
    PRODUCT_RANGE_BOUNDED, /* intervals: what lies outside is excluded */
    PRODUCT_RANGE_OPAQUE,  /* not understood */
};

/* An interval; an empty version: no bound on that side. */
struct product_interval {
    struct slice low;
    struct slice high;
    bool low_open;  /* low itself is outside */
    bool high_open; /* high itself is outside */
    bool doubtful;  /* what lies here and in no other interval may or may not be meant */
};

/* How far a text was understood. */
enum product_grade {
    PRODUCT_EXACT,   /* its meaning is certain */
    PRODUCT_REDUCED, /* understood, but something in it may limit or widen it; `why` names that */
    PRODUCT_OBSCURE, /* not understood; `why` names the problem */
};

struct product_range {
    enum product_range_kind kind;
    struct slice text; /* as written, borrowed */
    const struct product_scheme *scheme;
    const struct product_interval *intervals; /* LIST: low = high, or what "12.6.x" covers */
    size_t count;
    struct slice prefix; /* words before the version that it belongs to ("CPCI85", "NMC2") */
    struct slice remark; /* text behind the range ("only if web components are used") */
    bool literal;        /* the text stands where a version does: who says the same text has it */
    bool singles;        /* single versions stand beside ranges: others are not spoken of */
    bool conditional;    /* the remark is a condition that an inventory does not show */
    struct slice model;  /* the text may be a model rather than a version ("1783-SAD4T0SBK9") */
    const char *form;    /* how it was written: "vers", "operators", "words", "all", "exact"; or
                          * what built it: "osv", "cve", "cpe" */
    const char *problem; /* OPAQUE: what was not understood */
    enum product_grade grade;
    const char *why; /* the reason of a grade that is not PRODUCT_EXACT; static */
};

/*
 * Reads the name of a branch: is_range says whether its category is product_version_range (else
 * product_version). scheme: the one to compare by when the text does not say (NULL: generic). Text
 * that is not understood is no error. 0, or -1 with ERR_MEMORY.
 */
int product_range_parse(struct arena *a, struct slice text, bool is_range,
                        const struct product_scheme *scheme, struct product_range *out,
                        struct err *e) MUST_CHECK;

/*
 * A range from intervals that another reader made: OSV events (introduced: low; fixed: high, open;
 * last_affected: high; limit: high, open), CVE 5 versions (lessThan: high, open; lessThanOrEqual),
 * CPE bounds (versionStartIncluding and so on). closed: the source speaks of every version, so that
 * what lies outside is excluded (OSV ranges, CPE bounds); else others are not spoken of (OSV
 * `versions`, where low = high). One interval without any bound is every version. form: static, one
 * word for the source. The array is copied into the arena, the texts are borrowed. An interval with
 * a bound that the scheme has no order for, or whose end is not behind its begin, makes every
 * version that no other interval holds PRODUCT_MAYBE; without any good interval the range is
 * PRODUCT_RANGE_OPAQUE. 0, or -1 with ERR_MEMORY.
 */
int product_range_of_intervals(struct arena *a, const struct product_scheme *scheme,
                               const char *form, const struct product_interval *intervals,
                               size_t count, bool closed, struct product_range *out,
                               struct err *e) MUST_CHECK;

/*
 * Is version in the range? An empty version is PRODUCT_MAYBE, but PRODUCT_IN for PRODUCT_RANGE_ALL.
 * For PRODUCT_RANGE_LIST a version that is not listed is PRODUCT_SILENT. A remark or prefix behind
 * which the range stands makes PRODUCT_OUT a PRODUCT_MAYBE, a condition makes PRODUCT_IN one, too;
 * and so does the prefix of a list when the version is written without it.
 * *reason: a static sentence.
 */
enum product_in product_range_contains(const struct product_range *range, struct slice version,
                                       const char **reason);

/* A copy in one block of its own, without the text as written; for mem_free. NULL: no memory. */
struct product_range *product_range_dup(const struct product_range *range) MUST_CHECK;
/* Appends bytes in which two ranges are the same exactly when every question is answered alike.
 * They mean something within this process only. */
void product_range_put(struct buf *out, const struct product_range *range);

/*
 * Have two ranges a version in common? PRODUCT_IN: yes; PRODUCT_MAYBE where one is not understood,
 * bounds have no order, or the ranges are of different schemes (CSAF 2.1 tests 6.2.50, 6.3.19).
 */
enum product_in product_range_overlap(const struct product_range *a, const struct product_range *b);

/*
 * Does a version belong to a line such as "16" or "7.4"? PRODUCT_IN when its first numbers are
 * those, PRODUCT_OUT when they are others, PRODUCT_MAYBE when the version is empty or does not
 * begin with numbers. An empty line holds every version.
 */
enum product_in product_version_in_line(struct slice version, struct slice line);

#endif
