/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what a vendor is called besides its name. Kept apart from fleet_name_normalise,
 * whose forms are part of a class's identity: what is known of brands may grow, ids of classes may
 * not change by that.
 */
#ifndef FLEET_NAME_VENDOR_H
#define FLEET_NAME_VENDOR_H

#include "base/packing.h"
#include "fleet/name.h"

struct fleet_vendor {
    const struct fleet_form *forms; /* the name's own first */
    size_t count;
};

/*
 * The name's forms, and behind them: without words that many companies have ("Weintek Labs",
 * "Zhejiang Uniview Technologies"): FLEET_RULE_DIVISION; the owner of a brand that is a vendor of
 * its own on nameplates ("Allen-Bradley"): FLEET_RULE_BRAND. Two vendors that meet only by one of
 * these rules on both sides are not the same ("Acme Systems", "Acme Networks"). The name's
 * texts must outlive it. In the arena; 0, or -1 (ERR_MEMORY).
 */
int fleet_vendor_make(struct arena *a, const struct fleet_name *name, struct fleet_vendor *out,
                      struct err *e) MUST_CHECK;

/* The same of an advisory's vendor, of whose product the title (in normal form) may name a brand
 * besides. */
int fleet_vendor_of_title(struct arena *a, const struct fleet_name *name, struct slice title,
                          struct slice product, struct fleet_vendor *out, struct err *e) MUST_CHECK;

/* Moves the forms into a block; see base/packing.h. */
void fleet_vendor_pack(struct packing *p, struct fleet_vendor *vendor);

/* A product's normal form without a brand of this vendor in front ("allen bradley micro800");
 * empty: there is none. */
struct slice fleet_vendor_behind_brand(struct slice form, const struct fleet_name *vendor);

/* true for words such as "technologies", "systems": they tell no company from another. */
bool fleet_vendor_plain_word(struct slice word);

#endif
