/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what the qualifiers of two package URLs make of packages of one name. */
#ifndef FLEET_MATCH_PACKAGE_H
#define FLEET_MATCH_PACKAGE_H

#include "base/packing.h"
#include "product/cpe.h"
#include "product/purl.h"

enum fleet_package_relation {
    FLEET_PACKAGE_SAME,  /* what the advisory means */
    FLEET_PACKAGE_OPEN,  /* the inventory does not say enough */
    FLEET_PACKAGE_OTHER, /* of another distribution, processor, … */
};

/*
 * Both have one type, namespace and name; or the advisory's one is a source package and the
 * inventory's one was built from it (built: it says so). *why: a static sentence, for all but
 * SAME.
 */
enum fleet_package_relation fleet_package_compare(const struct product_purl *advisory,
                                                  const struct product_purl *inventory, bool built,
                                                  const char **why);

/* Does the purl mean a source package? */
bool fleet_package_is_source(const struct product_purl *purl);

/* The name of the source package that a binary one was built from, as its purl says it; empty: it
 * does not. *version: that of the source package, where it differs; else empty. */
struct slice fleet_package_source(const struct product_purl *purl, struct slice *version);

/* What matching looks at, packed into one block (base/packing.h): all but the versions. NULL stays
 * NULL. */
void fleet_package_pack(struct packing *p, const struct product_purl **package);
void fleet_platform_pack(struct packing *p, const struct product_cpe **platform);

#endif
