/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what a handover is about, with its hashes; and the receiver's word as files. */
#ifndef EVIDENCE_ITEMS_H
#define EVIDENCE_ITEMS_H

#include "evidence/custody/record.h"

struct evidence_item {
    const char *path; /* below the holder; "." the holder itself */
    bool is_bundle;
    uint8_t sha256[SHA256_LEN]; /* of tagmanifest-sha256.txt, or of exhibit.json */
    uint8_t image[SHA256_LEN];
    bool has_image, same;
    const char *why; /* not the same: what is wrong */
};

struct evidence_items {
    struct evidence_item *list;
    size_t count, room;
    bool all_same;
    char why[400]; /* of the first that is not */
    struct arena arena;
};

/*
 * Hashes what is there. given: the items of the record in which it was given, against which they
 * are held; NULL: they are held against themselves.
 */
int evidence_items_look(const char *holder, const struct json_value *given,
                        struct evidence_items *items, struct err *e) MUST_CHECK;
void evidence_items_fini(struct evidence_items *items);
/* Member "items". */
void evidence_items_write(const struct evidence_items *items, struct json_writer *w);

struct evidence_receipt {
    struct buf text, signature;
    struct json_doc *doc;
    struct evidence_custody_record record;
    char subject[256]; /* who signed it */
};
void evidence_receipt_init(struct evidence_receipt *r);
void evidence_receipt_fini(struct evidence_receipt *r);

/* receipt.json and receipt.p7s in a folder: copies of a record and its signature. */
int evidence_receipt_write(const char *holder, uint64_t number, const char *folder,
                           struct err *e) MUST_CHECK;
int evidence_receipt_read(struct evidence_receipt *r, const char *folder, const char *roots,
                          struct err *e) MUST_CHECK;

#endif
