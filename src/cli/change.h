/* SPDX-License-Identifier: Apache-2.0 */
/* A verb that changes something at the centre: one POST, and what came of it. */
#ifndef CLI_CHANGE_H
#define CLI_CHANGE_H

#include "cli/api.h"

/* The arguments of a command while they are written: a JSON object. */
struct change_body {
    struct buf text;
    struct json_writer json;
};

void change_begin(struct change_body *body);
/* A member from an option (or NULL: left out). */
void change_text(struct change_body *body, const char *name, const char *value);
void change_fini(struct change_body *body);

struct change_of {
    const char *target;
    const char *id;   /* the member of the answer that --quiet prints; NULL: prints nothing */
    const char *done; /* what people read when the answer has no members; NULL: nothing */
};

/*
 * Ends the body, sends it, prints the answer as --quiet and --json (where the verb has them) say.
 * Gives the exit code.
 */
int change_send(const struct cli_args *args, const struct change_of *of, struct change_body *body);
/* Only prints. */
int change_say(const struct cli_args *args, const struct change_of *of,
               const struct json_value *answer);

/* The options -q/--quiet, for the tables of verbs. */
#define CHANGE_QUIET                                                                               \
    {                                                                                              \
        "quiet", NULL, "print nothing but the id", 'q', false                                      \
    }

#endif
