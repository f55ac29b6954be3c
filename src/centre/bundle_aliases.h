/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which aliases a bundle carries: those that name something in one of its documents. The others
 * could not change what is matched there, and would tell its reader about other people's devices.
 */
#ifndef CENTRE_BUNDLE_ALIASES_H
#define CENTRE_BUNDLE_ALIASES_H

#include "base/arena.h"
#include "base/map.h"
#include "fleet/name.h"
#include "store/db.h"

struct bundle_aliases {
    struct fleet_aliases *all;
    bool any;
    struct map used[2]; /* by kind: normal forms in documents that have aliases */
    struct arena arena; /* of the keys */
};

int bundle_aliases_init(struct bundle_aliases *b, struct db *db, struct err *e) MUST_CHECK;
void bundle_aliases_fini(struct bundle_aliases *b);

/* Looks at a document that goes into the bundle. */
int bundle_aliases_document(struct bundle_aliases *b, struct db *db, const uint8_t digest[32],
                            struct err *e) MUST_CHECK;

/* Appends the file of those that are used; nothing when there is none. */
int bundle_aliases_write(const struct bundle_aliases *b, struct db *db, struct buf *out,
                         struct err *e) MUST_CHECK;

#endif
