/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody who does steps: the person, and what every step says beside its own details. What is not
 * said comes from the person (place) and from the case that the holder lies in, or the last record
 * of its log (authority).
 */
#ifndef EVIDENCE_DOING_H
#define EVIDENCE_DOING_H

#include "evidence/custody/clock.h"
#include "evidence/custody/person.h"

/* What was said with a command; all may be NULL. Texts are borrowed. */
struct evidence_said {
    const char *identity, *password_file;
    const char *role; /* another than the one in person.json */
    const char *place, *reason, *reference;
    struct evidence_authority authority;
    const char *const *command;
    const struct clock *clock;
};

struct evidence_doing {
    struct evidence_person person;
    const struct evidence_said *said;
    const char *authority_from; /* a holder whose authority is taken where there is no other */
    const struct evidence_log_file *receipts; /* as in struct evidence_step, of its next step */
    size_t receipt_count;
    bool has_seen; /* likewise */
    uint64_t seen;
    struct evidence_clock_reading started;
    struct arena arena;
};

/* Somebody who does more than one step of a verb, and whose key is opened once. Begins as {0}. */
struct evidence_kept_doing {
    struct evidence_said said; /* doing points to it: the struct stays where it is */
    struct evidence_doing doing;
    bool open;
};
int evidence_kept_open(struct evidence_kept_doing *k, const struct evidence_said *said,
                       struct err *e) MUST_CHECK;
void evidence_kept_close(struct evidence_kept_doing *k);

/* -1: ERR_USAGE "custody.identity", … */
int evidence_doing_open(struct evidence_doing *d, const struct evidence_said *said,
                        struct err *e) MUST_CHECK;
void evidence_doing_close(struct evidence_doing *d);

/*
 * Appends a step to holder's log. name: the exhibit's identifier, where the log may begin with this
 * step; else NULL. told may be NULL.
 */
int evidence_doing_step(struct evidence_doing *d, const char *holder, const char *name,
                        const char *kind, struct slice details, struct evidence_appended *told,
                        struct err *e) MUST_CHECK;

/* Would it be taken? Nothing is written. warnings as in the record that would be. */
int evidence_doing_check(struct evidence_doing *d, const char *holder, const char *name,
                         const char *kind, struct slice details, struct evidence_appended *told,
                         struct err *e) MUST_CHECK;

/*
 * A record that stands in no log and follows on none, with its signature: for who says something of
 * a log and does not vouch for it. It has an id of its own, which no log has. name: of what it is.
 */
int evidence_doing_apart(struct evidence_doing *d, const char *holder, const char *name,
                         const char *kind, struct slice details, struct buf *record,
                         struct buf *signature, struct err *e) MUST_CHECK;

/* The folder of the case that a holder lies in ("" when in none); holder may be the case. */
void evidence_case_of(const char *holder, char folder[4096]);

#endif
