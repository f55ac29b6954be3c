/* SPDX-License-Identifier: Apache-2.0 */
/* Building notices, entries and publication payloads (docs/formats.md section 3), byte by byte. */
#ifndef FLEET_NOTICE_H
#define FLEET_NOTICE_H

#include "fleet/advisory_store.h"
#include "fleet/asset_store.h"

struct fleet_notice_parts {
    const char *origin;
    const char *audience;
    const uint8_t *class;
    bool exercise;
    struct slice advisory;   /* canonical, as fleet_advisory_write has it */
    struct slice meaning;    /* fleet_meaning of the statements */
    struct slice statements; /* canonical JSON array */
};

struct fleet_notice {
    struct buf body; /* canonical JSON */
    uint8_t digest[32];
};
void fleet_notice_init(struct fleet_notice *notice);
void fleet_notice_fini(struct fleet_notice *notice);
int fleet_notice_build(const struct fleet_notice_parts *parts, struct fleet_notice *notice,
                       struct err *e) MUST_CHECK;

/* Whether it is worth asking statements for serial numbers: almost none have any. */
bool fleet_serials_likely(struct slice statements);

/* SHA-256("tocsin-notice/v1\n" ‖ body). */
int fleet_notice_digest(struct slice body, uint8_t digest[32], struct err *e) MUST_CHECK;

/* The members meant, when not all are; in the order of the event tree. */
struct fleet_only_member {
    char asset[ID_TEXT];
    uint8_t leaf[32]; /* leaf data of its newest `joined` event */
    int64_t position; /* of that event */
};
struct fleet_only {
    struct fleet_only_member *members;
    size_t count;
    size_t room;
};
void fleet_only_init(struct fleet_only *only);
void fleet_only_fini(struct fleet_only *only);
/* -1: no memory. */
int fleet_only_add(struct fleet_only *only, const char *asset, const uint8_t leaf[32]) MUST_CHECK;
/* Puts them into the order of the event tree. */
int fleet_only_order(struct db *db, struct fleet_only *only, struct err *e) MUST_CHECK;

/* Appends the entry (tocsin-entry/v1). only NULL: all members of the tree. */
int fleet_entry_build(int64_t index, const uint8_t notice[32], const char *audience,
                      const uint8_t class[32], const struct fleet_member_tree *tree,
                      const struct fleet_only *only, struct buf *entry, struct err *e) MUST_CHECK;

struct fleet_publication_parts {
    const char *id;
    const char *origin;
    int64_t at;
    const char *trigger;
    const struct fleet_revision *revision;
    int64_t entries;
    const uint8_t *root;
    int64_t members;
    uint64_t frozen;
};
/* Appends the payload (tocsin-publication/v1). */
int fleet_publication_payload(const struct fleet_publication_parts *parts, struct buf *payload,
                              struct err *e) MUST_CHECK;

/* Canonical form of text that is JSON, appended. */
int fleet_canonical(struct slice json, struct buf *out, struct err *e) MUST_CHECK;

#endif
