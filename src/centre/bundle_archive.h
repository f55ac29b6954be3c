/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a bundle while it is made (docs/formats.md section 6.1). The manifest stands first
 * and names all others with their hashes: so they are collected in a file without a name, and
 * copied behind it. Only a table of names and hashes is held in memory, and one document at a time.
 */
#ifndef CENTRE_BUNDLE_ARCHIVE_H
#define CENTRE_BUNDLE_ARCHIVE_H

#include "base/json.h"
#include "base/tar.h"
#include "crypto/digest.h"
#include "store/db.h"

struct bundle_member {
    char name[TAR_NAME_MAX + 1];
    uint8_t hash[SHA256_LEN];
    uint64_t size;
    uint64_t offset; /* in the spool */
    bool stored;     /* a document, which is copied out of the database */
};

struct bundle_archive {
    struct bundle_member *members;
    size_t count;
    size_t room;
    int spool; /* contents so far; -1: none */
    uint64_t end;
    struct sha256_context digest; /* of the open file */
    bool has_digest;
};

/* folder: where the file without a name lies. bundle_archive_fini in any case. */
int bundle_archive_init(struct bundle_archive *a, const char *folder, struct err *e) MUST_CHECK;
void bundle_archive_fini(struct bundle_archive *a);

/* A file in pieces: begin, any number of puts, end. */
int bundle_archive_begin(struct bundle_archive *a, const char *name, struct err *e) MUST_CHECK;
int bundle_archive_put(struct bundle_archive *a, struct slice bytes, struct err *e) MUST_CHECK;
int bundle_archive_end(struct bundle_archive *a, struct err *e) MUST_CHECK;
int bundle_archive_file(struct bundle_archive *a, const char *name, struct slice content,
                        struct err *e) MUST_CHECK;
/* A document of the database as advisories/HEX.json; named once, however often it is added. */
int bundle_archive_document(struct bundle_archive *a, const uint8_t digest[SHA256_LEN],
                            uint64_t size, struct err *e) MUST_CHECK;

/* All are there: sorts them, and writes the manifest's member `files` with its value. */
void bundle_archive_list(struct bundle_archive *a, struct json_writer *w);

/* The archive, manifest first; *fd is a file without a name, open at 0, of *size bytes. */
int bundle_archive_write(const struct bundle_archive *a, struct db *db, struct slice manifest,
                         const char *folder, int *fd, uint64_t *size, struct err *e) MUST_CHECK;

#endif
