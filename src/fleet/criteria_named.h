/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what a product of an advisory is named by where its product_name does not say it,
 * or says more than a name. */
#ifndef FLEET_CRITERIA_NAMED_H
#define FLEET_CRITERIA_NAMED_H

#include "fleet/criteria.h"

/* "NMC2 <= 6.9.6" of "Network Management Card 2 (NMC2)": a prefix of the range that only says again
 * whose version it is goes. */
void fleet_named_drop_prefix(struct fleet_target *target, struct slice called);

/* "DMC 3000 Transmitter Module" where a version was due is the product: *called; it is then meant
 * in every version. false: the version is one. */
bool fleet_named_in_version(const struct fleet_target *target, const struct csaf_product *product,
                            struct slice *called);

/* "Version" as a product's name says nothing: what the title (in normal form) speaks of, "Philips
 * Alice 6 Vulnerabilities (Update B)". Empty: the name is one. */
struct slice fleet_named_by_title(struct slice title, const struct fleet_name *name);

/* "LOGIQ, not including LOGIQ 100 Pro": a line of products, and what of it is not meant. false: the
 * name excepts nothing so. */
bool fleet_named_except(struct slice called, struct slice *front, struct slice *except);

/* "Metasys ADX Server: version 12.0 running MVE", behind the name: for names have it, too. */
bool fleet_named_running(struct slice label, struct slice called);

#endif
