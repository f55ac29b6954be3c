/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: the folder custody/ as files. A record, its signature and the new head become
 * part of it together: they are written into next.part/, which one rename(2) makes next/; what
 * lies there is the log already, and is then moved to its place, by whoever opens the log next if
 * need be. So a crash leaves the old state or the new one.
 */
#ifndef EVIDENCE_LOG_H
#define EVIDENCE_LOG_H

#include "base/buf.h"

struct evidence_log {
    char path[4096];  /* of the folder custody/ */
    int folder, next; /* next: -1 where there is none */
    bool writing;
};

/* Notes of what was done without a record (custody/unrecorded.h). */
#define EVIDENCE_UNRECORDED_FILE "unrecorded.jsonl"

enum {
    EVIDENCE_RECORD_BYTES = 1 << 20, /* most that a record has */
    EVIDENCE_SIGNATURE_BYTES = 1 << 20,
    EVIDENCE_RECORDS = 99999, /* most that a log has */
    EVIDENCE_LOG_NAME = 24,
};

/*
 * Waits for whoever writes (reading) or for everybody (writing). writing: the folder is made, and
 * what a crash left is put right. ERR_NOT_FOUND "custody.none".
 */
int evidence_log_open(struct evidence_log *log, const char *holder, bool writing,
                      struct err *e) MUST_CHECK;
void evidence_log_close(struct evidence_log *log);

/* "00001.json", "00001.p7s" */
void evidence_log_name(uint64_t number, const char *end, char name[EVIDENCE_LOG_NAME]);

/* A file's contents, which no link stands for; appended to out. ERR_NOT_FOUND "custody.missing". */
int evidence_log_read(const struct evidence_log *log, const char *name, size_t limit,
                      struct buf *out, struct err *e) MUST_CHECK;

/* The greatest number that a file has, and one name that does not belong here ("" when none). */
int evidence_log_list(const struct evidence_log *log, uint64_t *most, char stray[64],
                      struct err *e) MUST_CHECK;

/* name: of a file of the log, or "receipts/NAME": what came back and becomes part of it with the
 * record that names it. */
struct evidence_log_file {
    const char *name;
    struct slice content;
};
int evidence_log_commit(struct evidence_log *log, const struct evidence_log_file *files,
                        size_t count, struct err *e) MUST_CHECK;

#endif
