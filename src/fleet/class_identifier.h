/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Package URLs and CPE names of inventories and advisories, as matching needs them. What is not
 * well-formed gives `ok` false and is then no identifier of anything.
 */
#ifndef FLEET_CLASS_IDENTIFIER_H
#define FLEET_CLASS_IDENTIFIER_H

#include "product/cpe.h"
#include "product/purl.h"

/* A package URL (ECMA-427), read leniently. */
struct fleet_purl {
    bool ok;
    struct slice base;   /* "pkg:type/namespace/name", canonical: the key of the package */
    struct slice source; /* the same of the source package that it was built from; may be empty */
    struct slice source_version; /* of that source package, where it is told apart */
    struct slice version;        /* decoded, with the epoch of an rpm in front; may be empty */
    struct slice canonical;      /* base, version and sorted qualifiers; subpath left out */
    const struct product_purl *parts;
};

int fleet_purl_parse(struct arena *a, struct slice text, struct fleet_purl *out,
                     struct err *e) MUST_CHECK;

/* "1:" in front of a version that has none, when the purl is of an rpm with that epoch. */
int fleet_purl_epoch(struct arena *a, const struct fleet_purl *purl, struct slice *version,
                     struct err *e) MUST_CHECK;

/* A CPE name, 2.2 URI or 2.3 formatted string (NISTIR 7695), read leniently. */
struct fleet_cpe {
    bool ok;              /* part, vendor and product are plain values */
    struct slice product; /* "part:vendor:product", lower case, without escapes */
    struct slice version; /* with its wildcards; empty: ANY or NA */
    const struct product_cpe *name;
};

int fleet_cpe_parse(struct arena *a, struct slice text, struct fleet_cpe *out,
                    struct err *e) MUST_CHECK;

#endif
