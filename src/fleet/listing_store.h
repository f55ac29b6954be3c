/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is there to be listed: the products that a document names, the components of a class. All of
 * it follows from documents and classes; keeping it twice changes nothing.
 */
#ifndef FLEET_LISTING_STORE_H
#define FLEET_LISTING_STORE_H

#include "csaf/document.h"
#include "fleet/class.h"
#include "journal/change.h"
#include "store/db.h"

/* The normal form of a product's or component's name, as lists are ordered; in the arena. */
int fleet_listing_key(struct arena *a, struct slice name, struct slice *key,
                      struct err *e) MUST_CHECK;

/* Products `from` to `from + count` of a document; what is behind its end is passed over. */
int fleet_products_keep(struct change *c, const char *revision,
                        const struct csaf_document *document, size_t from, size_t count,
                        struct err *e) MUST_CHECK;

/* The software components of a class among its identities `from` to `from + count`. */
int fleet_components_keep(struct change *c, const struct fleet_class *class, size_t from,
                          size_t count, struct err *e) MUST_CHECK;

#endif
