/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: custody/unrecorded.jsonl, notes of what was done without a record (--unrecorded).
 * Nobody signs them, so a note proves nothing by itself; but each names the one before it, and the
 * next record that is signed names how many there are and the last: from then on none of them can
 * be taken away or put in. docs/formats-evidence.md section 4.
 */
#ifndef EVIDENCE_UNRECORDED_H
#define EVIDENCE_UNRECORDED_H

#include "evidence/custody.h"
#include "evidence/custody/log.h"

#define EVIDENCE_UNRECORDED_FORMAT "tocsin-evidence-unrecorded/v1"

enum { EVIDENCE_UNRECORDED_BYTES = 16 << 20 };

struct evidence_note_line {
    struct slice text; /* without the byte that ends it */
    uint8_t sha256[SHA256_LEN];
};

/* The notes of an open log. */
struct evidence_notes {
    struct buf text;
    struct evidence_note_line *lines;
    size_t count, room;
};

/* None are there: count 0. ERR_VERIFY, ERR_LIMIT: the file cannot be read. */
int evidence_notes_read(struct evidence_notes *n, const struct evidence_log *log,
                        struct err *e) MUST_CHECK;
void evidence_notes_free(struct evidence_notes *n);

/* What a record says of the notes that there were, or {0}: none. ERR_VERIFY: it makes no sense. */
struct evidence_notes_end {
    uint64_t count;
    uint8_t last[SHA256_LEN];
};
int evidence_notes_named(const struct json_value *record, struct evidence_notes_end *end,
                         struct err *e) MUST_CHECK;
void evidence_notes_name(struct json_writer *w, const struct evidence_notes_end *end);
/* Are the notes those that it names, and maybe more? */
bool evidence_notes_have(const struct evidence_notes *n, const struct evidence_notes_end *end);

/* One of them, parsed. The caller frees the document, which borrows the notes' text. */
struct evidence_note {
    const struct json_value *root;
    struct json_doc *doc;
    int64_t at;
    uint64_t records;         /* the log had then; 0: there was none */
    uint8_t head[SHA256_LEN]; /* of the last of them */
};
/* Number `index` from 0, held against the one before it. ERR_VERIFY "custody.unrecorded" */
int evidence_note_parse(const struct evidence_notes *n, size_t index, struct evidence_note *note,
                        struct err *e) MUST_CHECK;

/*
 * Adds a note to holder's, whether it has a log or not. kind and details as the record would have
 * had them. -1: no trace could be left, and why.
 */
int evidence_unrecorded_note(const char *holder, const char *kind, const char *reason,
                             const char *const *command, struct slice details,
                             struct err *e) MUST_CHECK;

#endif
