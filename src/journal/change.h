/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One command's running change: the database transaction and the acts that record it, together.
 *
 * Rooms check and apply inside a change; what they do is either committed with its acts, or not at
 * all. A change lives on the writer thread and dies with the command.
 */
#ifndef JOURNAL_CHANGE_H
#define JOURNAL_CHANGE_H

#include "base/clock.h"
#include "base/id.h"
#include "base/json.h"

struct db;
struct journal;

struct change {
    struct db *db;
    struct journal *journal;
    const struct clock *clock;
    const struct random *random;
    struct arena *arena;      /* dies with the command */
    int64_t now;              /* the writer's clock, as of the transaction */
    const char *actor;        /* opaque id, or "sys:matcher" */
    const char *organisation; /* whose the acts are, unless an act says otherwise */
    bool exercise;
    const uint8_t *command; /* SHA-256 of the canonical command; NULL for a follower's own acts */
    /* used by change_act and change_act_end */
    struct buf data;
    struct json_writer data_writer;
    const char *act_type;
    const char *act_organisation;
    bool act_refused;
    const char *act_id; /* NULL: drawn */
};

struct act_ref {
    uint64_t index;
    char id[ID_TEXT];
};

/*
 * Begins an act of the given type (docs/formats.md section 2.2) and returns the writer of its
 * `data`, standing inside the object. organisation NULL: the change's. The next call must be
 * change_act_end.
 */
struct json_writer *change_act(struct change *c, const char *type, const char *organisation);

/* The id of an act to come, which other rows name before it is written: draw it, begin the act,
 * then set change.act_id. */
int change_act_id(struct change *c, char id[ID_TEXT], struct err *e) MUST_CHECK;

/* Appends the act to the journal. ref may be NULL. 0, or -1 (then the command fails). */
int change_act_end(struct change *c, struct act_ref *ref, struct err *e) MUST_CHECK;

/* A new opaque id from the change's randomness. */
int change_id(struct change *c, const char *prefix, char id[ID_TEXT], struct err *e) MUST_CHECK;

/* The index that the next act will get. */
uint64_t change_next_index(const struct change *c);

#endif
