/* SPDX-License-Identifier: Apache-2.0 */
/* Advisories, their revisions and what they say of each class, as the database keeps them. */
#ifndef FLEET_ADVISORY_STORE_H
#define FLEET_ADVISORY_STORE_H

#include "csaf/document.h"
#include "fleet/match.h"
#include "journal/change.h"
#include "store/db.h"

enum {
    /* bytes of what an advisory says of one class: it has to fit into a notice, and that, in
     * base64, into an event of the stream, of which agents take 1 MiB */
    FLEET_STATEMENTS_MAX = 512 << 10,
    /* bytes of a document's title, tracking id, namespace and version */
    FLEET_TEXT_MAX = 16 << 10
};

struct fleet_import {
    char advisory[ID_TEXT];
    char revision[ID_TEXT];
    bool repeated; /* these very bytes were imported before: nothing was changed */
};

/*
 * Takes a document in: its bytes, the advisory (by organisation, publisher namespace and tracking
 * id), the revision, its vulnerabilities; act advisory.imported. organisation: who brings it in;
 * what others brought in, perhaps under the same id, does not matter and does not show.
 * ERR_CONFLICT "fleet.revision-changed": the same version with other bytes; "fleet.revision-older":
 * a newer version is there. ERR_LIMIT "fleet.advisory-text".
 */
int fleet_advisory_import(struct change *c, const struct csaf_document *document,
                          const uint8_t digest[32], const char *organisation,
                          struct fleet_import *import, struct err *e) MUST_CHECK;

struct fleet_revision {
    char id[ID_TEXT];
    char advisory[ID_TEXT];
    char organisation[ID_TEXT];
    char state[12]; /* "imported", "matched", "published" */
    char trigger[16];
    char published[ID_TEXT]; /* the advisory's revision published last; may be empty */
    char newest[ID_TEXT];
    bool exercise;
    uint8_t document[32];
    uint64_t imported_act;
    uint64_t asked_act;     /* 0: publication was not asked for */
    uint64_t matched_act;   /* 0: not yet */
    uint64_t published_act; /* of its last publication; 0: none yet */
    int confidence;         /* that a match needs for a device to be told; as asked for last */
    struct arena arena;     /* of the texts */
    const char *version, *title, *tlp, *released, *namespace, *tracking_id;
};
void fleet_revision_init(struct fleet_revision *revision);
void fleet_revision_fini(struct fleet_revision *revision);
/* 1 found, 0 none. */
int fleet_revision_find(struct db *db, const char *id, struct fleet_revision *revision,
                        struct err *e) MUST_CHECK;

/* Appends the document's bytes. 1 found, 0 none. */
int fleet_document_load(struct db *db, const uint8_t digest[32], struct buf *content,
                        struct err *e) MUST_CHECK;

/* The member `advisory` of notices, publications and packs (docs/formats.md section 3.1). */
void fleet_advisory_write(struct json_writer *w, const struct fleet_revision *revision);

/* What a revision says of a class, as it is kept: needs no database. */
struct fleet_said {
    enum fleet_status status;
    struct buf body;       /* canonical JSON: the statements, as in section 3.1 */
    uint8_t meaning[32];   /* as there */
    struct buf components; /* that it rests on, each ended by NUL */
};
int fleet_said_make(struct fleet_said *said, const struct fleet_revision *revision,
                    const struct fleet_result *result, struct err *e) MUST_CHECK;
void fleet_said_fini(struct fleet_said *said);
int fleet_statement_keep(struct change *c, const char *revision, const uint8_t class[32],
                         const struct fleet_said *said, struct err *e) MUST_CHECK;

/*
 * SHA-256 over what a notice means to a device (section 3.1). statements: the parsed array.
 */
int fleet_meaning(const char *namespace, const char *tracking_id,
                  const struct json_value *statements, uint8_t meaning[32],
                  struct err *e) MUST_CHECK;

/*
 * The member `serials` of a notice, written as name and array: patterns of all statements, when
 * every statement that asks for something (affected, unknown, under investigation) has some. False
 * and nothing written: the notice is for all members.
 */
bool fleet_serials_write(struct json_writer *w, const struct json_value *statements);

#endif
