/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the records of an open log, one after the other, held against their chain. */
#ifndef EVIDENCE_READ_H
#define EVIDENCE_READ_H

#include "evidence/custody.h"
#include "evidence/custody/log.h"

/* How far a log was followed. Zeroed: not at all. */
struct evidence_read {
    char log[40], holder[EVIDENCE_HOLDER];
    uint8_t last[SHA256_LEN], last_signature[SHA256_LEN];
};

/* A record and its signature; reused for the next. */
struct evidence_one {
    struct buf text, signature;
    struct json_doc *doc;
    struct evidence_custody_record record;
};
void evidence_one_init(struct evidence_one *one);
void evidence_one_fini(struct evidence_one *one);

/* Record `number`, held against what was followed. ERR_VERIFY or ERR_NOT_FOUND, with the file. */
int evidence_read_one(const struct evidence_log *log, struct evidence_read *at, uint64_t number,
                      struct evidence_one *one, struct err *e) MUST_CHECK;
/* It is the one that the next must follow. */
int evidence_read_follow(struct evidence_read *at, const struct evidence_one *one,
                         struct err *e) MUST_CHECK;

#endif
