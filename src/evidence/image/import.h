/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: an import under way. */
#ifndef EVIDENCE_IMAGE_IMPORT_H
#define EVIDENCE_IMAGE_IMPORT_H

#include "crypto/twin.h"
#include "evidence/acquire/map.h"
#include "evidence/bundle/bag.h"
#include "evidence/bundle/image_write.h"
#include "evidence/bundle/in_order.h"
#include "evidence/image/archive_read.h"
#include "evidence/image/digests.h"
#include "evidence/import.h"

/* A file that came. */
struct evidence_received {
    char *path;
    int fd;
    struct evidence_in_order_reader reader; /* where is_in_order */
    bool is_in_order;
    uint64_t bytes;
    uint8_t sha256[SHA256_LEN];
    bool hashed;
};

struct evidence_damage {
    uint64_t from, bytes;
    const char *why;
};

struct evidence_claim { /* a text that a foreign format says of itself */
    const char *name, *text;
};

enum { EVIDENCE_DAMAGE_KEPT = 1000, EVIDENCE_CLAIMS_MOST = 64 };

struct evidence_importing {
    const struct evidence_import_options *options;
    struct evidence_imported *imported;
    int64_t started;
    struct arena arena;
    struct evidence_received *files;
    size_t file_count;
    char data[4096]; /* the data folder */
    uint64_t bytes;  /* of the image */
    uint32_t sector;
    /* the image on its way */
    struct evidence_confined confined;
    uint64_t fed;
    size_t at_file; /* raw: that is being read, and the byte of it */
    uint64_t at_byte;
    struct sha256_context part; /* of the received file under way */
    size_t part_file;
    uint64_t part_byte;
    struct sha256_twin linear;
    struct evidence_digests digests;
    struct evidence_image_writer *writer;
    struct evidence_image_written written;
    /* what was said on the way */
    struct evidence_map map;
    struct evidence_damage damage[EVIDENCE_DAMAGE_KEPT];
    size_t damage_count;
    struct evidence_claim claims[EVIDENCE_CLAIMS_MOST];
    size_t claim_count;
    uint8_t md5[16], sha1[20];
    struct buf selftest;     /* the report of the self-test; empty: none was given */
    struct buf entries;      /* of an archive, lines of JSON */
    const char *entries_why; /* why they are not all there; NULL: they are */
};

/* The files, opened; those that follow the first are found. Decides what they are. */
int evidence_received_open(struct evidence_importing *i, struct err *e) MUST_CHECK;
void evidence_received_close(struct evidence_importing *i);
/* Hashes those that are not the image's bytes themselves. */
int evidence_received_hash(struct evidence_importing *i, struct err *e) MUST_CHECK;
/* A stage that hashes received files that are, one behind the other. */
struct evidence_stage evidence_received_stage(struct evidence_importing *i);
int evidence_received_finish(struct evidence_importing *i, struct err *e) MUST_CHECK;

/* Where the image comes from; its size is known then. */
int evidence_import_begin(struct evidence_importing *i, struct err *e) MUST_CHECK;
struct evidence_feed evidence_import_feed(struct evidence_importing *i);
/* The entries of an archive. */
int evidence_import_list(struct evidence_importing *i, struct err *e) MUST_CHECK;
const char *evidence_import_claim(const struct evidence_importing *i, const char *name);

/* All is there: the record, the map, the manifests; then the mark INCOMPLETE goes. */
int evidence_import_close(struct evidence_importing *i, struct err *e) MUST_CHECK;

#endif
