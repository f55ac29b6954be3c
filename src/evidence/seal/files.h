/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the files of seals, and what a seal names. */
#ifndef EVIDENCE_SEAL_FILES_H
#define EVIDENCE_SEAL_FILES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "crypto/digest.h"
#include "evidence/bundle/folder.h"

#include <stdint.h>

enum { SEAL_NAME = 32, SEAL_FILE_MOST = 16 << 20, SEAL_LIST_MOST = 64 << 20 };

/* "seal", "seal/00002" */
void evidence_seal_name(unsigned number, char name[SEAL_NAME]);
/* How many seals there are: those with a signature, one behind the other. */
unsigned evidence_seal_count(const char *folder);

/* Reads BUNDLE/SEAL/NAME whole, no link. ERR_NOT_FOUND "evidence.missing". */
int evidence_seal_read(const char *folder, const char *seal, const char *name, struct buf *text,
                       struct err *e) MUST_CHECK;
/* Writes it, over what a crash may have left of the same seal. */
int evidence_seal_write(const char *folder, const char *seal, const char *name,
                        struct slice content, struct err *e) MUST_CHECK;
bool evidence_seal_has(const char *folder, const char *seal, const char *name);

/* SHA-256 of BUNDLE/SEAL/NAME, as a member of that name. */
int evidence_seal_put_hash(struct json_writer *w, const char *folder, const char *seal,
                           const char *name, struct err *e) MUST_CHECK;

/*
 * How many custody records there are, NNNNN.json from 00001 on without a gap, and the SHA-256 of
 * the last. ERR_VERIFY "evidence.custody": a gap.
 */
struct evidence_log_end {
    uint64_t count;
    uint8_t head[SHA256_LEN];
};
int evidence_log_end(const char *folder, struct evidence_log_end *end, struct err *e) MUST_CHECK;

#endif
