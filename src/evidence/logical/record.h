/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: the record of a file (docs/formats-evidence.md section 10.1), written and read.
 */
#ifndef EVIDENCE_FILE_RECORD_H
#define EVIDENCE_FILE_RECORD_H

#include "base/json.h"
#include "evidence/logical/entry.h"
#include "evidence/logical/owners.h"

/* The most that the line of a record may be; what is written keeps to it. */
extern const struct json_limits evidence_record_limits;

/*
 * Asks the file system for what statx does not say (extended attributes, flags, a symlink's target)
 * and writes entry->line. reading: the same object opened for reading, or -1.
 */
int evidence_file_record_make(struct evidence_entry *entry, const struct evidence_owners *owners,
                              int reading, struct err *e) MUST_CHECK;

/* "data/not-taken.jsonl": its line, without the end. */
void evidence_file_record_not_taken(const struct evidence_entry *entry, uint64_t after,
                                    struct buf *out);

/* Text where it is UTF-8, and the exact bytes beside it where it is not. */
void evidence_file_record_bytes(struct json_writer *w, const char *name, const char *exact_name,
                                struct slice bytes);

/* Of a record, what going on with it and checking it need. */
struct evidence_recorded {
    struct buf path; /* exact bytes */
    int64_t asked;
    bool has_content;
    char file[64];
    uint64_t bytes;
    uint8_t sha256[SHA256_LEN];
};

/* ERR_INPUT "evidence.files" with the clause. The path's buf is reset; fini it yourself. */
int evidence_recorded_read(struct slice line, struct evidence_recorded *r,
                           struct err *e) MUST_CHECK;

#endif
