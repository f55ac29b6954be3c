/* SPDX-License-Identifier: Apache-2.0 */
/* What the matcher hands to its commands. For its own files. */
#ifndef CENTRE_MATCHER_INTERNAL_H
#define CENTRE_MATCHER_INTERNAL_H

#include "centre/follower.h"
#include "centre/matcher.h"
#include "fleet/advisory_store.h"
#include "fleet/publication_store.h"

struct kept_statement {
    const char *revision;
    const uint8_t *class;
    const struct fleet_said *said;
};

struct kept_statements {
    const char *clear; /* NULL, or a revision: statements of an interrupted run are forgotten */
    const uint8_t *forgotten_class; /* not NULL: what current revisions said of it is, too */
    const struct kept_statement *items;
    size_t count;
};

struct kept_addition {
    const char *revision;
    struct fleet_addition addition;
};

/* advisory.imported: the revision that the act names is matched with all classes. */
int matcher_imported(struct follower *f, const struct followed *act, struct err *e) MUST_CHECK;
/* asset.serial: the asset that the act names is told what it has to know, and was not told. */
int matcher_tell_asset(struct follower *f, const struct followed *act, struct err *e) MUST_CHECK;
/* What was said of the class is forgotten, and said anew with the names that are known now. */
int matcher_class_again(struct follower *f, const uint8_t class[32], struct err *e) MUST_CHECK;
/* match.asked */
int matcher_asked(struct follower *f, const struct followed *act, struct err *e) MUST_CHECK;

#endif
