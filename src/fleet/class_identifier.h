/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Package URLs and CPE names, taken apart for comparison. What is not well-formed gives `ok` false
 * and is then no identifier of anything.
 */
#ifndef FLEET_CLASS_IDENTIFIER_H
#define FLEET_CLASS_IDENTIFIER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

/* A package URL (purl-spec, ECMA-427), decoded; what has no case in its type is lower case. */
struct fleet_purl {
    bool ok;
    struct slice base;      /* "pkg:type/namespace/name", encoded again: the key of the package */
    struct slice version;   /* decoded; may be empty */
    struct slice canonical; /* base, version and sorted qualifiers; subpath left out */
};

int fleet_purl_parse(struct arena *a, struct slice text, struct fleet_purl *out,
                     struct err *e) MUST_CHECK;

/* A CPE name, 2.2 URI or 2.3 formatted string (NISTIR 7695). */
struct fleet_cpe {
    bool ok;              /* part, vendor and product are plain values */
    struct slice product; /* "part:vendor:product", lower case, without escapes */
    struct slice version; /* empty: ANY or NA */
};

int fleet_cpe_parse(struct arena *a, struct slice text, struct fleet_cpe *out,
                    struct err *e) MUST_CHECK;

/* Behind the version one CPE names an update, an edition, a language or a platform that the other
 * does not name. ANY and NA name nothing. */
bool fleet_cpe_narrows(struct slice cpe, struct slice other);

#endif
