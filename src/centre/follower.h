/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Followers: threads that read acts in order from their own stored position, do their work, and
 * move the position in the transaction that records the work. Kill the process anywhere: on restart
 * every follower goes on where its last commit was.
 */
#ifndef CENTRE_FOLLOWER_H
#define CENTRE_FOLLOWER_H

#include "centre/command.h"
#include "journal/read.h"

struct centre;
struct followers;
struct follower;

/* An act that a follower is asked to look at. */
struct followed {
    uint64_t index;
    const char *type;
    const char *organisation; /* may be NULL */
    const struct json_value *data;
};

struct follower_type {
    const char *name;          /* "matcher"; its actor is "sys:matcher" */
    const char *const *wanted; /* types of acts, NULL at the end; others are passed over */
    /* Once at start, before the first act; and again after a failure. May be NULL. */
    int (*prepare)(struct follower *follower, struct err *e);
    /*
     * Does what the act asks for, through follower_command. The last command may carry the position
     * (move = true); when none did, the framework moves it. -1: tried again after a pause; what
     * fails again and again, and not because something is away, is put aside (centre/parking.h).
     */
    int (*handle)(struct follower *follower, const struct followed *act, struct err *e);
    /* When nothing is left to read, and at the latest after idle_ms. May be NULL. */
    int (*idle)(struct follower *follower, struct err *e);
    unsigned idle_ms;
    /* Once when the centre stops, with the writer still there. May be NULL. */
    int (*end)(struct follower *follower, struct err *e);
};

struct follower {
    struct centre *centre;
    const struct follower_type *type;
    struct db *db; /* a read connection of its own */
    uint64_t next; /* index of the act that it has not seen */
    bool moved;    /* by a command of handle */
    bool behind;   /* the act was put aside earlier: the position stays where it is */
    void *state;   /* the type's own */
};

/*
 * Submits a command as the follower, and waits. args: JSON object. organisation: whose acts; NULL:
 * the centre's. move: the follower's position moves behind the act being handled in the same
 * transaction. answer may be NULL.
 */
int follower_command(struct follower *follower, const struct command_type *type, struct slice args,
                     void *prepared, const char *organisation, bool exercise, bool move,
                     struct buf *answer, struct err *e) MUST_CHECK;

/* Puts an act aside, unless it is aside already (centre/parking.h). move: the position moves behind
 * the act being handled. why: what is wrong with it. */
int follower_park(struct follower *follower, uint64_t act, bool move, const struct err *why,
                  struct err *e) MUST_CHECK;

int followers_start(struct followers **followers, struct centre *centre,
                    const struct follower_type *const *types, size_t count,
                    struct err *e) MUST_CHECK;
/* Ends the threads; centre_stop was called before. */
void followers_stop(struct followers *followers);

enum { FOLLOWER_PARKED_SHOWN = 8 };

/* For status: name, position, last failure ("" none). false behind the last. */
struct follower_state {
    const char *name;
    uint64_t next;
    uint64_t failures;
    char failure[160];
    uint64_t parked[FOLLOWER_PARKED_SHOWN]; /* indexes of acts that were put aside */
    uint64_t parked_count;                  /* of all of them */
};
bool followers_state(struct followers *followers, size_t index, struct follower_state *state);

/* Moves a follower's position over acts that it does not care about. */
extern const struct command_type command_follower_move;

#endif
