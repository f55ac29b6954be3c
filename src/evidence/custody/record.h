/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: one custody record as text, tocsin-evidence-custody/v1, and the signed head. */
#ifndef EVIDENCE_RECORD_H
#define EVIDENCE_RECORD_H

#include "evidence/custody.h"
#include "evidence/custody/clock.h"
#include "evidence/custody/kinds.h"

#define EVIDENCE_CUSTODY_FORMAT "tocsin-evidence-custody/v1"
#define EVIDENCE_HEAD_FORMAT "tocsin-evidence-custody-head/v1"

struct evidence_notes_end;

/* What a record says beside its step: its place in the log. */
struct evidence_link {
    const char *log;    /* the log's id, "cst_…" */
    const char *holder; /* the exhibit's identifier */
    uint64_t number;
    const uint8_t *previous, *previous_signature; /* SHA-256 of both files; NULL: the first */
    const char *subject;                          /* of the signer's certificate */
    int64_t previous_at;                          /* by the record before; 0: the first */
    const struct evidence_notes_end *unrecorded;  /* custody/unrecorded.h; NULL: none */
};

struct evidence_warning {
    const char *code; /* "authority-expired" */
    char text[200];
};
enum { EVIDENCE_WARNINGS = 6 };

/*
 * Canonical JSON, appended to out, after the table of kinds was asked. warnings: what was found to
 * say about authority, competence and clock; they stand in the record.
 */
int evidence_custody_record_write(const struct evidence_step *step,
                                  const struct evidence_link *link, struct buf *out,
                                  struct evidence_warning warnings[EVIDENCE_WARNINGS],
                                  size_t *warning_count, struct err *e) MUST_CHECK;

/*
 * Parses a record: canonical JSON of this format, with number, log, holder, kind, at. ERR_VERIFY
 * "custody.record" says what is wrong with it. The record borrows text; the caller frees *doc.
 */
int evidence_custody_record_read(struct slice text, struct evidence_custody_record *record,
                                 struct json_doc **doc, struct err *e) MUST_CHECK;

struct evidence_head {
    uint64_t count;
    uint8_t last[SHA256_LEN];
    char log[40], holder[EVIDENCE_HOLDER];
    int64_t at;
};
int evidence_head_write(const struct evidence_head *head, struct buf *out,
                        struct err *e) MUST_CHECK;
int evidence_head_read(struct slice text, struct evidence_head *head, struct err *e) MUST_CHECK;

/* "sha256:…" */
int evidence_hash_parse(struct slice text, uint8_t hash[SHA256_LEN]) MUST_CHECK;
void evidence_hash_member(struct json_writer *w, const char *name, const uint8_t hash[SHA256_LEN]);
/* "authority" with what of it is given. */
void evidence_authority_member(struct json_writer *w, const struct evidence_authority *a);

#endif
