/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: case.json and exhibit.json are written anew only over what the log names. One
 * that was changed without a record is not taken up by the next.
 */
#ifndef EVIDENCE_AMEND_H
#define EVIDENCE_AMEND_H

#include "base/buf.h"
#include "crypto/digest.h"

struct evidence_amending {
    int folder;                /* locked */
    uint8_t named[SHA256_LEN]; /* by the last record */
    bool broken_off; /* the record of another content is there, and the file is not written yet */
};

/* First: of two who change it at once, one waits. */
int evidence_amend_lock(struct evidence_amending *a, const char *holder, struct err *e) MUST_CHECK;
/*
 * before: the file as it lies there. member: of a record's details that names it,
 * "exhibit_sha256". ERR_VERIFY "evidence.described".
 */
int evidence_amend_begin(struct evidence_amending *a, const char *holder, const char *file,
                         const char *member, struct slice before, struct err *e) MUST_CHECK;
/*
 * Is a record of this content needed? No, where a crash came between it and the file. ERR_VERIFY
 * "evidence.described": something else was broken off.
 */
int evidence_amend_needs_record(const struct evidence_amending *a, struct slice content,
                                bool *needed, struct err *e) MUST_CHECK;
void evidence_amend_end(struct evidence_amending *a);

#endif
