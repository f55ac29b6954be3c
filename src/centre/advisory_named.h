/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The advisory that a caller means by a name, among those that it may see. What it may not see is
 * answered in every byte as what is not there.
 */
#ifndef CENTRE_ADVISORY_NAMED_H
#define CENTRE_ADVISORY_NAMED_H

#include "centre/caller.h"
#include "fleet/advisory_store.h"

struct centre;

/* Whether the caller may see this revision: 1, 0, or -1. */
int advisory_seen(struct db *db, const struct caller *caller, const struct fleet_revision *revision,
                  struct err *e) MUST_CHECK;

/*
 * The newest revision of an advisory that the caller may see: for whom the newest is under embargo,
 * that is the one published last. id: adv_…, or rev_…, which names its advisory. 1, 0 none, or -1.
 */
int advisory_shown(struct db *db, const struct caller *caller, const char *id,
                   struct fleet_revision *revision, struct err *e) MUST_CHECK;

/*
 * The same of the advisory that the caller means by a name: an id, or a tracking id. Organisations
 * bring in what they like, under any tracking id: the caller's own comes first, then who runs the
 * centre, then the others. ERR_NOT_FOUND "fleet.no-advisory"; ERR_USAGE "fleet.advisory-ambiguous":
 * several of one rank.
 */
int advisory_named(const struct centre *centre, struct db *db, const struct caller *caller,
                   const char *name, struct fleet_revision *revision, struct err *e) MUST_CHECK;
/* Says that there is none of this name, always -1: also of one that the caller may not see. */
int advisory_none(const char *name, struct err *e);

#endif
