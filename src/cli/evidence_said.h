/* SPDX-License-Identifier: Apache-2.0 */
/* What every verb that leaves a custody record is told: who, where, why, by what authority. */
#ifndef CLI_EVIDENCE_SAID_H
#define CLI_EVIDENCE_SAID_H

#include "base/json.h"
#include "cli/options.h"
#include "evidence/custody/doing.h"

/* Their options; at the end of a verb's table. */
#define EVIDENCE_SAID_OPTIONS                                                                      \
    {"identity", "FOLDER", "who does it: key.pem, chain.pem, person.json ($TOCSIN_IDENTITY)", 0,   \
     false},                                                                                       \
        {"passphrase-file", "FILE", "passphrase of the key", 0, false},                            \
        {"role", "ROLE", "in which role, if not the one of person.json", 0, false},                \
        {"place", "TEXT", "where", 0, false}, {"reason", "TEXT", "why", 0, false},                 \
        {"authority", "ID", "warrant, policy, consent, if not the case's", 0, false},              \
        {"authority-scope", "TEXT", "what it allows", 0, false},                                   \
        {"authority-covers", "PATTERN", "which exhibits (\"EX-*\")", 0, true},                     \
        {"authority-issued-by", "NAME", "who gave it", 0, false},                                  \
        {"authority-expires", "DATE", "its last day", 0, false},                                   \
    {                                                                                              \
        "reference", "CLOCK",                                                                      \
            "compare the clock: ntp://HOST, or read:TIME,SECONDS,WHAT as a person reads it off",   \
            0, false                                                                               \
    }

struct evidence_told {
    struct evidence_said said;
    const char *covers[17];
    struct buf words; /* the command line's, each with its NUL */
    const char *command[1026];
    char more[64];
};

/* Borrows from args. ERR_USAGE */
int evidence_told_init(struct evidence_told *t, const struct cli_args *args,
                       struct err *e) MUST_CHECK;
void evidence_told_fini(struct evidence_told *t);

/* The command line alone, as it was given, which a record holds (row 1); of a very long one, its
 * beginning and how much more there was. *t begins as {0}, and ends with evidence_told_fini. */
void evidence_told_command(struct evidence_told *t);

/* For people or, with --json, programs: that a record was written, and its warnings. */
void evidence_tell_step(const struct cli_args *args, const char *holder, const char *kind,
                        const struct evidence_appended *told);
/* Warnings alone, to standard error. */
void evidence_tell_warnings(const struct evidence_appended *told);

#endif
