/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what the notations of ranges have in common. */
#ifndef PRODUCT_NATIVE_INTERNAL_H
#define PRODUCT_NATIVE_INTERNAL_H

#include "product/native.h"

enum { NATIVE_SPANS = 256, NATIVE_LONGEST = 8192 };

/* An interval; without has_: no bound on that side. */
struct native_span {
    struct slice low, high;
    bool has_low, has_high;
    bool low_open, high_open;
};

struct native {
    struct arena *arena;
    struct slice type;
    const struct product_scheme *scheme;
    struct native_span spans[NATIVE_SPANS]; /* any of them */
    size_t count;
    struct slice excluded[NATIVE_SPANS]; /* holes of one version between spans that are one */
    size_t excluded_count;
    struct err *e;
};

/* Every notation: text into spans. -1 with the error set. */
int product_native_comparators(struct native *n, struct slice text) MUST_CHECK;
int product_native_brackets(struct native *n, struct slice text) MUST_CHECK;
int product_native_nginx(struct native *n, struct slice text) MUST_CHECK;

/* "native.syntax" with what is wrong, always -1. */
int product_native_wrong(struct native *n, const char *what, struct slice near);

/* An alternative more; one that contains nothing is left out. */
int product_native_add(struct native *n, struct native_span span) MUST_CHECK;

/* Takes a version out of the spans from the first on. */
int product_native_exclude(struct native *n, size_t first, struct slice version) MUST_CHECK;

/* Makes a span smaller by a comparator (not PRODUCT_IS_NOT). */
void product_native_narrow(const struct native *n, struct native_span *span,
                           enum product_comparator comparator, struct slice version);

/*
 * A version as its `vers:` type writes it (npm 1.2 as 1.2.0, PyPI 1.0alpha as 1.0a0), checked. In
 * the arena or borrowed.
 */
int product_native_version(struct native *n, struct slice text, struct slice *out) MUST_CHECK;

/*
 * The first `keep` numbers of version, the last of them one higher, then zeros to `fill` numbers,
 * then `tail`: (1.2.3, 2, 3, "") is 1.3.0.
 */
int product_native_bump(struct native *n, struct slice version, size_t keep, size_t fill,
                        const char *tail, struct slice *out) MUST_CHECK;

/* How many numbers stand between dots in front ("1.2.3-a" has 3), and the nth of them. */
size_t product_native_numbers(struct slice version);
struct slice product_native_number(struct slice version, size_t index);

struct slice product_native_trim(struct slice s);

#endif
