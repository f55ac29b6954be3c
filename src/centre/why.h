/* SPDX-License-Identifier: Apache-2.0 */
/* Why an advisory concerns an asset, or does not: the whole chain of reasons, made afresh. */
#ifndef CENTRE_WHY_H
#define CENTRE_WHY_H

#include "centre/caller.h"
#include "centre/workers.h"
#include "fleet/asset_store.h"

/*
 * Appends a JSON object: asset, class, advisory, status; statements with their reasons; nearest
 * candidate with the step that failed when nothing matched; what the asset was told about it.
 */
int why_write(struct worker *worker, const struct caller *caller, const struct fleet_asset *asset,
              const char *advisory, struct buf *text, struct err *e) MUST_CHECK;

#endif
