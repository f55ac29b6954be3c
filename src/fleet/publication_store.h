/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Publications (docs/formats.md section 3.2): built in chunks that nobody sees, frozen by one small
 * commit, visible once signed.
 *
 *   fleet_publication_begin      remembers the act before which members count (as_of)
 *   fleet_publication_chunk      again and again: notices for the next classes
 *   fleet_publication_freeze     Merkle root, payload, act publication.frozen
 *   (the signer signs)
 *   fleet_publication_sign       keeps the envelope, act publication.signed: now it can be
 * delivered
 *
 * A publication that a crash left unfinished is dropped and begun again: nothing of it was visible.
 */
#ifndef FLEET_PUBLICATION_STORE_H
#define FLEET_PUBLICATION_STORE_H

#include "fleet/advisory_store.h"
#include "fleet/asset_store.h"

/* Why: "manual", "automatic", "revision" or "addition". */
int fleet_publication_begin(struct change *c, const char *revision, const char *trigger,
                            char id[ID_TEXT], struct err *e) MUST_CHECK;
int fleet_publication_drop(struct change *c, const char *id, struct err *e) MUST_CHECK;
/* One that was begun and not frozen. 1 found, 0 none. */
int fleet_publication_unfinished(struct db *db, char id[ID_TEXT], struct err *e) MUST_CHECK;

struct fleet_chunk {
    const char *publication;
    const char *origin;
    bool tell_unknown;       /* also classes of which nothing but unknown is said */
    bool second;             /* the second pass: classes told before that are named no more */
    uint8_t after_class[32]; /* all zero: from the first */
    char after_audience[ID_TEXT];
    unsigned limit; /* classes in this chunk */
    bool done;      /* set when nothing is left */
};
int fleet_publication_chunk(struct change *c, struct fleet_chunk *chunk, struct err *e) MUST_CHECK;

/* A notice for some assets of one (audience, class), which is what the class's statement says. */
struct fleet_addition {
    const char *audience;
    const uint8_t *class;
    const char *const *assets; /* sorted by id; members of the class now */
    size_t count;
};
/* 1: somebody is told, 0: all of them have left meanwhile, -1. */
int fleet_publication_addition(struct change *c, const char *publication, const char *origin,
                               const struct fleet_addition *addition, struct err *e) MUST_CHECK;

/* What an asset that joined a class has to be told of published advisories, and was not. */
struct fleet_missing {
    char revision[ID_TEXT];
};
/* The number found (at most room), or -1. */
int fleet_missing_of(struct db *db, const char *asset, const uint8_t class[32], bool tell_unknown,
                     struct fleet_missing *missing, size_t room, struct err *e) MUST_CHECK;

struct fleet_frozen {
    uint64_t act;
    int64_t entries;
    int64_t members;
};
int fleet_publication_freeze(struct change *c, const char *id, const char *origin,
                             struct fleet_frozen *frozen, struct err *e) MUST_CHECK;

/* The oldest that waits for its signature. 1 found, 0 none. */
int fleet_publication_to_sign(struct db *db, char id[ID_TEXT], struct buf *payload,
                              struct err *e) MUST_CHECK;
int fleet_publication_sign(struct change *c, const char *id, struct slice envelope,
                           struct err *e) MUST_CHECK;

/* A statement's body: 1 when it is for a device with this serial number (empty: not known), 0 when
 * it is for others, -1. */
int fleet_body_is_for(struct slice body, struct slice serial, struct err *e) MUST_CHECK;

/* Whether a status is told by itself: affected and under investigation are. */
bool fleet_status_is_told(struct slice status, bool tell_unknown);

#endif
