/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands and their arguments. A verb is described by a table, from which both the parser and the
 * help are made, so that they cannot differ.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/err.h"
#include "base/slice.h"

#include <stdio.h>

struct cli_option {
    const char *name;  /* long, without "--" */
    const char *value; /* what the help calls its value; NULL: a flag */
    const char *help;  /* one line */
    char letter;       /* short form; 0: none */
    bool many;         /* may be given more than once */
};

/* Options that many verbs have; see options_common.c. */
enum cli_uses {
    CLI_CENTRE = 1, /* talks to a centre: --home, --url, --cert, --key, --ca */
    CLI_JSON = 2,   /* --json */
    CLI_LIMIT = 4,  /* --limit N */
    CLI_HOME = 8,   /* --home alone (part of CLI_CENTRE already) */
    CLI_LIST = CLI_CENTRE | CLI_JSON | CLI_LIMIT,
};

struct cli_args;

struct cli_verb {
    const char *name;     /* "list"; NULL: the group's own, as in `tocsin status` */
    const char *operands; /* for the help: "ASSET ADVISORY"; NULL: none */
    const char *summary;  /* one line, no full stop */
    const char *text;     /* paragraphs behind the options; NULL: none */
    const char *examples; /* lines, each ended by \n; NULL: none */
    const struct cli_option *options;
    size_t option_count;
    unsigned uses;                           /* enum cli_uses */
    size_t least, most;                      /* operands */
    int (*run)(const struct cli_args *args); /* gives the exit code */
    /* Instead of run: a command with a parser of its own; argv[0] is the verb's (or group's) name.
     * options are then for the help alone; without any, the command is asked with --help. */
    int (*raw)(int argc, char **argv);
    bool hidden; /* not in the help: the supervisor's own */
};

/* Of a group of many verbs: stands in its help in front of this one. */
struct cli_heading {
    const struct cli_verb *verb;
    const char *text;
};

struct cli_group {
    const char *name;                    /* "asset" */
    const char *topic;                   /* under which heading the help lists it */
    const char *summary;                 /* one line */
    const struct cli_verb *verbs;        /* NULL: parts */
    const struct cli_verb *const *parts; /* the same, each from a file of its own */
    size_t verb_count;
    const struct cli_heading *headings;
    size_t heading_count;
    bool hidden;
};

static inline const struct cli_verb *cli_group_verb(const struct cli_group *group, size_t at)
{
    return group->verbs ? &group->verbs[at] : group->parts[at];
}

enum { CLI_ANY_NUMBER = 1 << 20 };

struct cli_given {
    const struct cli_option *option;
    const char *value; /* NULL: a flag */
};

struct cli_args {
    const struct cli_group *group;
    const struct cli_verb *verb;
    char what[64]; /* "asset list": for messages */
    struct cli_given *given;
    size_t given_count;
    const char **operands;
    size_t operand_count;
    bool help; /* --help was given: nothing else was checked */
};

/*
 * Reads what stands behind the verb; options and operands may be mixed, "--" ends the options.
 * Everything points into argv. 0 and *args for cli_args_fini; or -1 with ERR_USAGE
 * "cli.option", "cli.operands", and a hint with the nearest known option.
 */
int cli_args_read(struct cli_args *args, const struct cli_group *group, const struct cli_verb *verb,
                  int argc, char **argv, struct err *e) MUST_CHECK;
void cli_args_fini(struct cli_args *args);

/* The last value given for an option; NULL: not given. The verb must have such an option. */
const char *cli_value(const struct cli_args *args, const char *name);
bool cli_flag(const struct cli_args *args, const char *name);
/* The values of an option that may be given more than once: the index-th, NULL behind the last. */
const char *cli_value_at(const struct cli_args *args, const char *name, size_t index);
/* A whole number; fallback when it was not given. -1: ERR_USAGE "cli.number". */
int cli_number(const struct cli_args *args, const char *name, int64_t least, int64_t most,
               int64_t fallback, int64_t *number, struct err *e) MUST_CHECK;
/* --home, else $TOCSIN_HOME, else /var/lib/tocsin. */
const char *cli_home(const struct cli_args *args);

/* The help of a verb, of a group, of everything. */
void cli_help_verb(FILE *out, const struct cli_group *group, const struct cli_verb *verb);
void cli_help_group(FILE *out, const struct cli_group *group);
void cli_help(FILE *out, const struct cli_group *const *groups, size_t count);

/* The option tables behind the bits of enum cli_uses. */
struct cli_common {
    unsigned use;
    struct cli_option option;
};
extern const struct cli_common cli_common[];
extern const size_t cli_common_count;

#endif
