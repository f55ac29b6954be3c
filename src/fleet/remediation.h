/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of an advisory at an asset, vulnerability by vulnerability: not remediated, in
 * progress, or done, and who says so (CSAF 2.0 section 9.1.13). In order of strength:
 *
 *   inventory  the asset was concerned, and is now in a class that the newest revision calls fixed
 *              or not affected, or does not name any more: done
 *   device     an outcome signed by its key (docs/formats.md section 3.5): installed is done,
 *              planned is in progress, refused and failed are open. "installed" is passed over when
 *              the asset later joined a class that is still concerned
 *   operator   a person's word, with a reason: also for assets without an agent
 *
 * A device's "installed" is not overruled by an operator; otherwise the newer word of the two
 * holds. Without any word the state is open, and its source "none".
 */
#ifndef FLEET_REMEDIATION_H
#define FLEET_REMEDIATION_H

#include "base/arena.h"
#include "base/json.h"
#include "journal/change.h"
#include "store/db.h"

/* In this order a whole is as grave as its gravest part. */
enum fleet_remedied { FLEET_DONE, FLEET_IN_PROGRESS, FLEET_OPEN };
enum { FLEET_REMEDIED_STATES = 3 };
const char *fleet_remedied_name(enum fleet_remedied state); /* "done", "in_progress", "open" */
int fleet_remedied_parse(struct slice text, enum fleet_remedied *state, struct err *e) MUST_CHECK;

/* From the weakest: of several that say the same, the weakest is named. */
enum fleet_remedied_by { FLEET_BY_NONE, FLEET_BY_OPERATOR, FLEET_BY_DEVICE, FLEET_BY_INVENTORY };
enum { FLEET_REMEDIED_SOURCES = 4 };
const char *fleet_remedied_by_name(enum fleet_remedied_by by);

/* One source's last word; vulnerability "": about all. */
struct fleet_word {
    struct slice vulnerability;
    enum fleet_remedied_by by;
    enum fleet_remedied state;
    struct slice actor;  /* opr_… or ast_… */
    struct slice reason; /* an operator's; of a device its outcome */
    uint64_t act;
    int64_t at;
};

struct fleet_remedied_part {
    struct slice vulnerability;
    struct slice status; /* what the newest revision says now */
    enum fleet_remedied state;
    enum fleet_remedied_by by;
    const struct fleet_word *word; /* NULL: nobody's */
};

/* Of one asset and advisory; count 0: it is not concerned, and never was. */
struct fleet_remediation {
    struct fleet_remedied_part *parts; /* by the order of the statements */
    size_t count;
    enum fleet_remedied state; /* of the whole */
    enum fleet_remedied_by by;
    const struct fleet_word *word;
    struct fleet_word *words; /* all of them, newest first */
    size_t word_count;
    struct arena arena;
};

/* Whom and what it is about. */
struct fleet_remedied_subject {
    const char *asset;
    const char *advisory;
    struct slice serial;
    uint64_t class_since;    /* act from which the asset is in its class */
    struct slice statements; /* of its class in the newest revision: JSON; empty: not named */
};

/* Reads words and, where it matters, what the asset was told. 0 and *r for _fini. */
int fleet_remediation_find(struct db *db, const struct fleet_remedied_subject *subject,
                           struct fleet_remediation *r, struct err *e) MUST_CHECK;
/* The same for an asset that is not read yet. 1 found, 0 there is no such asset. */
int fleet_remediation_of(struct db *db, const char *asset, const char *advisory,
                         const char *revision, struct fleet_remediation *r,
                         struct err *e) MUST_CHECK;
void fleet_remediation_init(struct fleet_remediation *r);
void fleet_remediation_fini(struct fleet_remediation *r);

/* The member "remediation" of an open object; nothing when the asset is not concerned. brief:
 * without the vulnerabilities one by one. */
void fleet_remediation_write(struct json_writer *w, const struct fleet_remediation *r, bool brief);

/* Whether a status asks for something: affected, under investigation, unknown. */
bool fleet_status_asks(struct slice status);

/* How many assets are in which state, and who says so. */
struct fleet_remedied_counts {
    uint64_t by[FLEET_REMEDIED_STATES][FLEET_REMEDIED_SOURCES];
};
void fleet_remedied_count(struct fleet_remedied_counts *counts, const struct fleet_remediation *r);
/*
 * Members "concerned", "open", "in_progress", "done", which add up, and "done_by" and
 * "in_progress_by" by source, of an open object.
 */
void fleet_remedied_counts_write(struct json_writer *w, const struct fleet_remedied_counts *counts);

/*
 * The assets that a revision names as concerned, and those that were told of the advisory and have
 * left, counted: of one organisation, or "" of all. One pass over them, whatever their number.
 */
int fleet_remediation_count(struct db *db, const char *advisory, const char *revision,
                            const char *organisation, bool exercise,
                            struct fleet_remedied_counts *counts, struct err *e) MUST_CHECK;

/*
 * An operator's word about up to FLEET_MARK_MAX assets of one organisation; act
 * remediation.marked. vulnerability "": all of the advisory.
 */
enum { FLEET_MARK_MAX = 200 };
struct fleet_mark {
    const char *advisory;
    const char *vulnerability;
    const char *reason;
    const char *organisation;
    enum fleet_remedied state;
    const char *const *assets;
    size_t count;
};
int fleet_remediation_mark(struct change *c, const struct fleet_mark *mark,
                           struct err *e) MUST_CHECK;

/* A device's outcome about an advisory's revision, accepted by an act. */
int fleet_remediation_outcome(struct change *c, const char *asset, const char *revision,
                              const char *outcome, uint64_t act, struct err *e) MUST_CHECK;

#endif
