/* SPDX-License-Identifier: Apache-2.0 */
/* What the matcher holds, and hands to its commands. For its own files. */
#ifndef CENTRE_MATCHER_INTERNAL_H
#define CENTRE_MATCHER_INTERNAL_H

#include "base/map.h"
#include "centre/follower.h"
#include "centre/matcher.h"
#include "fleet/advisory_store.h"
#include "fleet/index.h"
#include "fleet/publication_store.h"

enum { STATEMENTS_A_COMMAND = 200 }; /* a transaction stays under 10 ms */

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

/* An advisory revision that new classes must be matched with. The index knows enough of it for a
 * status; its document is read when reasons are asked for. */
struct current {
    char id[ID_TEXT];
    char advisory[ID_TEXT];
    uint64_t number;
    struct current *sibling; /* another one of the same advisory; NULL: no more */
    struct loaded *loaded;   /* NULL: it has to be read */
};

/* A revision with its criteria, as far as there is room for it. */
struct loaded {
    struct fleet_revision revision;
    struct fleet_criteria *criteria;
    struct current *of; /* NULL: not in the index yet */
    struct loaded *newer, *older;
};

/* How far joins of one (audience, class) were looked at. */
struct joined {
    int64_t position;
    /* its key in the map stands behind it */
};

struct matcher {
    struct fleet_index *classes;
    uint8_t (*digests)[32]; /* by class number */
    size_t class_count;
    size_t class_room;
    struct map by_digest; /* digest in digests → number + 1: see class_number */
    struct fleet_advisories *advisories;
    struct current **current; /* by number; NULL: gone */
    size_t current_count;
    size_t current_room;
    struct map by_revision;         /* id -> struct current */
    struct map by_advisory;         /* id -> the first of its revisions */
    struct loaded *newest, *oldest; /* by when they were used */
    size_t loaded_bytes;
    struct fleet_aliases *aliases;
    struct fleet_options options;
    struct map joins; /* key → struct joined */
};

bool matcher_knows_class(const struct matcher *m, const uint8_t digest[32]);
int matcher_add_class(struct matcher *m, const struct fleet_class *class, struct err *e) MUST_CHECK;
/* The revision, put into the index when it is not there yet. NULL: *e. */
struct current *matcher_take_current(struct matcher *m, struct db *db, const char *id,
                                     struct err *e) MUST_CHECK;
/* With its texts; they stay until the next call for another one. NULL: *e. */
const struct loaded *matcher_loaded(struct matcher *m, struct db *db, struct current *current,
                                    struct err *e) MUST_CHECK;
/* Revisions of the advisory that are neither the newest nor the published one count no more. */
void matcher_drop_superseded(struct matcher *m, const char *advisory, const char *newest,
                             const char *published);
/* All of it anew from the database. */
int matcher_prepare(struct follower *f, struct err *e) MUST_CHECK;

/* advisory.imported: the revision that the act names is matched with all classes. */
int matcher_imported(struct follower *f, const struct followed *act, struct err *e) MUST_CHECK;
/* The revision matched with all classes, and what it says of them kept, with its act. */
int matcher_match_revision(struct follower *f, struct current *c, struct err *e) MUST_CHECK;
/* alias.taught: advisories that name one of both are matched anew. */
int matcher_alias_taught(struct follower *f, const struct followed *act, struct err *e) MUST_CHECK;
/* membership.joined, assets.imported */
int matcher_membership_joined(struct follower *f, const struct followed *act,
                              struct err *e) MUST_CHECK;
int matcher_assets_imported(struct follower *f, const struct followed *act,
                            struct err *e) MUST_CHECK;
/* asset.serial: the asset that the act names is told what it has to know, and was not told. */
int matcher_tell_asset(struct follower *f, const struct followed *act, struct err *e) MUST_CHECK;
/* match.asked: by hand, an act and a run of its own, never together with what comes by itself. */
int matcher_asked(struct follower *f, const struct followed *act, struct err *e) MUST_CHECK;

#endif
