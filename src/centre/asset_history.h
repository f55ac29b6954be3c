/* SPDX-License-Identifier: Apache-2.0 */
/* The history of an asset: what acts say of it, in their order. */
#ifndef CENTRE_ASSET_HISTORY_H
#define CENTRE_ASSET_HISTORY_H

#include "centre/routes.h"
#include "fleet/asset_store.h"

/*
 * Writes "items", and "next" when there are more, into an open object: registration, classes joined
 * and left, notices, receipts, outcomes, operators' words, removal; behind act `after`, at most
 * limit.
 */
int asset_history(struct worker *worker, const struct caller *caller,
                  const struct fleet_asset *asset, int64_t after, int64_t limit,
                  struct json_writer *w, struct err *e) MUST_CHECK;

#endif
