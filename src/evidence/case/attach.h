/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Photos, videos, sketches, certificates: copied into the folder attachments/ of a case or an
 * exhibit under a new name; the record that names them holds their hash (ISO/IEC 27037 section 6).
 */
#ifndef EVIDENCE_ATTACH_H
#define EVIDENCE_ATTACH_H

#include "base/json.h"
#include "crypto/digest.h"

enum { EVIDENCE_ATTACHED = 96 };

struct evidence_attached {
    char name[EVIDENCE_ATTACHED]; /* in attachments/ */
    uint8_t sha256[SHA256_LEN];
    uint64_t bytes;
};

/*
 * Copies the file at path; nothing is written over, and it is on the disk when this returns. -1:
 * "evidence.attach" where holder is a bundle, whose files are closed.
 */
int evidence_attach(const char *holder, const char *path, struct evidence_attached *attached,
                    struct err *e) MUST_CHECK;
/* Takes one away again whose record could not be written. */
void evidence_attach_undo(const char *holder, const struct evidence_attached *attached);

/* Members NAME, NAME_sha256 (or "sha256"), bytes of an open object. */
void evidence_attached_members(struct json_writer *w, const char *name, const char *hash_name,
                               const struct evidence_attached *attached);

#endif
