/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Custody for verbs: of what they acquire (acquire, live, files, import …), and before they read
 * evidence (export, mount …).
 */
#ifndef CLI_EVIDENCE_KEEP_H
#define CLI_EVIDENCE_KEEP_H

#include "cli/evidence_said.h"
#include "evidence/acquire.h"
#include "evidence/case/acquired.h"

/* For verbs that acquire; instead of their own --role, --place, --reason and --authority. */
#define EVIDENCE_KEEP_OPTIONS                                                                      \
    {"selftest", "FILE",                                                                           \
     "report of tocsin evidence selftest, which becomes part of the bundle (default: the one "     \
     "that "                                                                                       \
     "is kept with the identity)",                                                                 \
     0, false},                                                                                    \
        {"case", "CASE", "the case; the bundle is made in its exhibit's folder", 0, false},        \
        EVIDENCE_SAID_OPTIONS

/* What was said of it; the verb has these options. */
static inline struct evidence_statement evidence_statement_of(const struct cli_args *args)
{
    return (struct evidence_statement){.exhibit = cli_value(args, "exhibit"),
                                       .description = cli_value(args, "description"),
                                       .examiner = cli_value(args, "examiner"),
                                       .role = cli_value(args, "role"),
                                       .competence = cli_value(args, "competence"),
                                       .place = cli_value(args, "place"),
                                       .reason = cli_value(args, "reason"),
                                       .authority = cli_value(args, "authority")};
}

struct evidence_keeping {
    bool asked; /* somebody says who does it */
    struct evidence_told told;
    struct evidence_doing doing;
    struct evidence_acquired_report report; /* the verb's, filled before _check and _record */
    char folder[4096];
    const char *selftest; /* the report to attach; NULL: there is none */
    char kept[4200];      /* with the identity */
};

/* Where the report of a self-test is kept with a person's identity. */
#define EVIDENCE_SELFTEST_KEPT "selftest.json"

/*
 * First. What the person's identity says goes into the statement where nothing else was said; with
 * --case, *folder becomes the place in the exhibit's folder. k->selftest is what --selftest names,
 * or what is kept with the identity and is of this build; of another build, that is said.
 */
int evidence_keep_begin(struct evidence_keeping *k, const struct cli_args *args,
                        struct evidence_statement *statement, const char **folder,
                        struct err *e) MUST_CHECK;
/* Before anything is read: would the record be taken? Warnings go to standard error. */
int evidence_keep_check(struct evidence_keeping *k, const char *folder, struct err *e) MUST_CHECK;
/* The bundle is closed. Without an identity both do nothing. */
int evidence_keep_record(struct evidence_keeping *k, const char *folder, struct err *e) MUST_CHECK;
void evidence_keep_end(struct evidence_keeping *k);

/* For verbs that read evidence. */
#define EVIDENCE_ASK_OPTIONS                                                                       \
    {"unrecorded", "REASON", "sign no record of it, and why; a note stays", 0, false},             \
        {"deviation", "REASON", "why a master is worked on, and not a copy", 0, false},            \
        EVIDENCE_SAID_OPTIONS

/*
 * May it be done, and the record of it. details: what the kind asks for (a JSON object). Of what is
 * not kept under custody and without an identity: nothing is recorded.
 */
int evidence_ask(const struct cli_args *args, const char *holder, enum evidence_access_kind kind,
                 struct slice details, struct err *e) MUST_CHECK;

/*
 * For verbs whose work has two records: "begun" before, and what came of it after. Whatever happens
 * between them, no record says that something was done that was not, and nothing is done that none
 * speaks of.
 */
struct evidence_going {
    const struct cli_args *args;
    const char *holder;
    enum evidence_access_kind kind;
    uint64_t begun; /* the first record; 0: there is none, and there will be no second */
    struct evidence_told told;
    struct evidence_kept_doing kept;
};

/* May it be done? As evidence_ask. Whatever it gives, evidence_going_end follows. */
int evidence_go(struct evidence_going *g, const struct cli_args *args, const char *holder,
                enum evidence_access_kind kind, struct slice details, struct err *e) MUST_CHECK;
/*
 * It is done, and durable: details as the kind asks for them. Or it is not: failed says why, and
 * what cannot be recorded then is said on standard error alone. -1: it was done, and is not
 * recorded as done.
 */
int evidence_went(struct evidence_going *g, struct slice details, const struct err *failed,
                  struct err *e);
void evidence_going_end(struct evidence_going *g);

/*
 * For verbs that tell what the records say (report, case-export): nothing stops them, but what was
 * given out stands in the log of the folder, with its hash.
 */
struct evidence_giving_out {
    const struct cli_args *args;
    const char *folder;
    enum evidence_access_kind kind;
    const char *reason;      /* where no other is said */
    const char *form, *file; /* file NULL: standard output */
    struct evidence_told told;
    struct evidence_kept_doing kept;
};

/* Before it is read: may it be, and would the record be taken? Whatever it gives,
 * evidence_giving_out_end follows. */
int evidence_giving_out_check(struct evidence_giving_out *g, struct err *e) MUST_CHECK;
void evidence_giving_out_end(struct evidence_giving_out *g);
/*
 * Recorded, and given out: a file is made whole and durable as FILE.part, recorded, and then gets
 * its name, so that what the record says is there. To standard output: recorded first.
 */
int evidence_giving_out(struct evidence_giving_out *g, const struct buf *content,
                        struct err *e) MUST_CHECK;

#endif
