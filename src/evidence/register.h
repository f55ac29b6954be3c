/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Custody logs that a centre was told of: each record of a log becomes an act of the journal
 * (ISO/IEC 27037 section 6.1). The centre keeps hashes, never the records: they name people, and
 * stay with the evidence. What it is good for: a log that was written anew, cut short or continued
 * twice is found out when it is told again, for the journal holds what it was before.
 */
#ifndef EVIDENCE_REGISTER_H
#define EVIDENCE_REGISTER_H

#include "crypto/digest.h"
#include "journal/change.h"
#include "store/db.h"

enum {
    REGISTER_STEPS_MAX = 200, /* that are told at a time */
    REGISTER_NAME = 64,       /* of a log, a holder or a kind, with NUL */
    REGISTER_TARGET = 200,    /* bytes of what is linked to */
};

/* A record, as far as the centre keeps it. */
struct register_step {
    uint64_t number; /* from 1 */
    uint8_t digest[SHA256_LEN];
    uint8_t previous[SHA256_LEN]; /* zeros in the first */
    char kind[REGISTER_NAME];
    uint8_t certificate[SHA256_LEN]; /* of who signed it */
    int64_t at;                      /* as it says */
};

/* Whose record it is. */
struct register_name {
    char log[REGISTER_NAME], holder[REGISTER_NAME];
    char
        subject[256]; /* who did it, as the record says: the signer's certificate must say so too */
};

/* Reads a record's bytes (docs/formats-evidence.md section 4); certificate is left alone. ERR_INPUT
 * "custody.record" names the member. */
int register_step_read(struct slice record, struct register_step *step, struct register_name *name,
                       struct err *e) MUST_CHECK;

struct register_log {
    const char *log;    /* its own name, drawn when it was begun */
    const char *holder; /* the exhibit */
    const char *organisation;
    const struct register_step *steps;
    size_t count;
};

struct register_told {
    char custody[ID_TEXT]; /* cus_… */
    uint64_t known;        /* records that had been told before */
    uint64_t count;        /* records that are known now */
};

/*
 * Takes over the records that are new, an act custody.recorded each. ERR_VERIFY "custody.fork": a
 * record is another one than was told before, or does not follow the one before it; ERR_CONFLICT
 * "custody.gap": records in between are missing.
 */
int register_steps(struct change *c, const struct register_log *log, struct register_told *told,
                   struct err *e) MUST_CHECK;

/* What a log is about; act custody.linked, unless it was said before. kind: one of those below;
 * target is checked by the caller. */
int register_link(struct change *c, const char *custody, const char *organisation, const char *kind,
                  const char *target, struct err *e) MUST_CHECK;

/* "asset", "advisory", "vulnerability", "incident". ERR_USAGE "custody.link". */
int register_link_kind(struct slice kind, struct err *e) MUST_CHECK;

#endif
