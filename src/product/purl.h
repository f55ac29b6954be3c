/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Package URLs (ECMA-427): read, checked against the rules of their type, made canonical, written.
 * Takes no network and knows no registry; what a type asks (must there be a namespace, is a name
 * lower case) stands in a table of its own.
 */
#ifndef PRODUCT_PURL_H
#define PRODUCT_PURL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct product_purl_qualifier {
    struct slice key;   /* lower case */
    struct slice value; /* decoded, never empty */
};

/* All parts decoded and normalised as their type asks; an empty slice: the part is not there. */
struct product_purl {
    struct slice type;
    struct slice space; /* the namespace; its segments joined by '/' */
    struct slice name;  /* holds a '/' only for types whose names are paths (git) */
    struct slice version;
    const struct product_purl_qualifier *qualifiers; /* by key, each key once */
    size_t qualifier_count;
    struct slice subpath; /* segments joined by '/' */
};

enum product_purl_mode {
    /* As the standard and the type's definition ask: for validation. */
    PRODUCT_PURL_STRICT,
    /* As inventories and advisories write them: what the type demands (a namespace, a qualifier, a
     * pattern) may be missing, keys may have capitals, a '%' that encodes nothing is itself, a key
     * that stands twice counts once. What has no type or no name is refused here, too. */
    PRODUCT_PURL_LENIENT,
};

/*
 * Reads text; the parts live in the arena. 0, or -1 with ERR_INPUT and code "purl.scheme",
 * "purl.type", "purl.namespace", "purl.name", "purl.version", "purl.qualifier", "purl.subpath",
 * "purl.encoding" or "purl.character"; the clause of ECMA-427 or the type whose rule it is; where =
 * "offset N", the first byte of what is wrong (from 0); or ERR_MEMORY.
 */
int product_purl_parse(struct arena *a, struct slice text, enum product_purl_mode mode,
                       struct product_purl *out, struct err *e) MUST_CHECK;

/*
 * Normalises and checks parts that did not come from product_purl_parse (type in any case,
 * qualifiers in any order, slashes around the namespace and the subpath). What it changes is
 * allocated in the arena. 0, or -1 as product_purl_parse, without a place.
 */
int product_purl_normalise(struct arena *a, struct product_purl *purl, enum product_purl_mode mode,
                           struct err *e) MUST_CHECK;

/* Which parts to write behind type, namespace and name. */
enum {
    PRODUCT_PURL_VERSION = 1,
    PRODUCT_PURL_QUALIFIERS = 2,
    PRODUCT_PURL_SUBPATH = 4,
    PRODUCT_PURL_ALL = 7
};

/* Appends the canonical text of a parsed or normalised purl. */
void product_purl_write(const struct product_purl *purl, unsigned parts, struct buf *out);

/* The value of a qualifier; empty: it is not there. */
struct slice product_purl_qualifier(const struct product_purl *purl, const char *key);

/* Type, namespace and name are the same. */
bool product_purl_same_package(const struct product_purl *a, const struct product_purl *b);

/* They differ in their qualifiers at most (CSAF 2.1, 6.1.42). */
bool product_purl_same_but_qualifiers(const struct product_purl *a, const struct product_purl *b);

#endif
