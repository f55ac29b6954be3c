/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command: a request for a change. Canonical arguments, an actor, perhaps an idempotency key; the
 * writer carries it out in a savepoint of its transaction, where its preconditions are checked
 * again.
 */
#ifndef CENTRE_COMMAND_H
#define CENTRE_COMMAND_H

#include "base/json.h"
#include "centre/caller.h"
#include "journal/change.h"

struct centre;
struct command;

/* What a command's code gets while it runs, on the writer thread, inside its savepoint. */
struct command_run {
    struct change change; /* database, journal, clock; first, so that rooms get &run->change */
    struct centre *centre;
    const struct command *command;
    const struct json_value *args;
    struct json_writer *answer; /* standing inside the answer's object */
};

struct command_type {
    const char *name;   /* "advisory.import" */
    unsigned roles;     /* roles of which an operator needs one; 0: no operator may ask */
    bool by_asset;      /* an asset may ask, for itself */
    bool secret;        /* its answer holds a secret: never kept, so a repeated key runs it anew */
    bool by_stranger;   /* whoever stands at the enrol door */
    unsigned approvals; /* how many others must have approved it; 0: none */
    bool silent;        /* writes no act when refused (followers' own, strangers') */
    /* Checks and applies. 0, or -1: nothing of it happens, and the refusal becomes an act. */
    int (*run)(struct command_run *run, struct err *e);
    /* After the commit, on the writer thread, when it was carried out: wake, update snapshots. */
    void (*committed)(struct centre *centre, const struct command *command);
};

enum { COMMAND_KEY_MAX = 128 };

struct command {
    const struct command_type *type;
    struct caller caller;
    struct slice args;             /* JSON object, UTF-8; lives until done */
    char key[COMMAND_KEY_MAX + 1]; /* idempotency key; empty: none */
    char organisation[ID_TEXT];    /* whose acts; empty: the caller's */
    bool exercise;
    void *prepared;       /* what a worker parsed before; the type knows what it is */
    const char *follower; /* the follower whose position moves with this command, or NULL */
    uint64_t follower_position;
    /* Called on the writer thread once the outcome is durable. May free the command. */
    void (*done)(struct command *command);
    void *context;
    /* The outcome */
    struct err err;    /* kind ERR_NONE: carried out */
    struct buf answer; /* JSON object */
    uint64_t act;      /* index of its last act; UINT64_MAX: none */
    bool repeated;     /* the key had been used: this is the first answer again */
    /* The writer's own */
    struct command *next;
    uint8_t hash[32];
    struct json_doc *doc;
};

/* Sets up an empty command; answer is initialised. */
void command_init(struct command *command, const struct command_type *type,
                  const struct caller *caller);
void command_fini(struct command *command);

/* Canonical {"actor","args","type"} and its SHA-256. */
int command_hash(const char *actor, const char *type, const struct json_value *args,
                 struct buf *canonical, uint8_t hash[32], struct err *e) MUST_CHECK;

/* Members of the arguments, with errors that name them: ERR_USAGE "centre.argument". */
int args_string(const struct json_value *args, const char *name, size_t max, bool required,
                struct slice *out, struct err *e) MUST_CHECK;
int args_int(const struct json_value *args, const char *name, int64_t least, int64_t most,
             int64_t fallback, int64_t *out, struct err *e) MUST_CHECK;
int args_bool(const struct json_value *args, const char *name, bool fallback, bool *out,
              struct err *e) MUST_CHECK;
/* An id of the given prefix, copied; required. */
int args_id(const struct json_value *args, const char *name, const char *prefix, char id[ID_TEXT],
            struct err *e) MUST_CHECK;

/* All command types, by name; NULL when there is none. */
const struct command_type *command_type_find(struct slice name);

#endif
