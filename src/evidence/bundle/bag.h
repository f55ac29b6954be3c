/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: a bundle as a bag (BagIt 1.0, RFC 8493): which files are in it, and their
 * SHA-256, as sha256sum -c reads them.
 */
#ifndef EVIDENCE_BAG_H
#define EVIDENCE_BAG_H

#include "base/buf.h"
#include "crypto/digest.h"
#include "crypto/merkle.h"
#include "evidence/bundle/tree.h"

#include <stdint.h>

struct evidence_bag {
    const char *folder;
    struct buf payload, tags; /* lines of the manifests */
    uint64_t payload_bytes, payload_files;
    struct buf info; /* lines of bag-info.txt */
    struct evidence_trees trees;
    int stream; /* manifest-sha256.txt when it is written on the way; else -1 */
    struct sha256_context stream_digest;
    struct merkle_frontier stream_tree;
    uint8_t seed[EVIDENCE_SEED];
};

/* folder is borrowed. */
void evidence_bag_init(struct evidence_bag *bag, const char *folder);
void evidence_bag_fini(struct evidence_bag *bag);

/* A file below data/, whose hash is known already. Names with line ends or '%' are escaped as RFC
 * 8493 section 2.1.3 says. */
void evidence_bag_payload(struct evidence_bag *bag, const char *name, uint64_t bytes,
                          const uint8_t sha256[SHA256_LEN]);
/* Before any payload: the manifest of very many files is written on the way, in bounded memory. */
int evidence_bag_stream(struct evidence_bag *bag, struct err *e) MUST_CHECK;
/* evidence_bag_payload, and what has come together is written where the bag streams. */
int evidence_bag_payload_flush(struct evidence_bag *bag, const char *name, uint64_t bytes,
                               const uint8_t sha256[SHA256_LEN], struct err *e) MUST_CHECK;
/*
 * Appends "LABEL HEX" and a line's end, 128 random bits: a file beside data/ that says little could
 * otherwise be guessed by its hash, which a disclosure shows (section 8).
 */
int evidence_bag_salt(struct buf *text, const char *label, struct err *e) MUST_CHECK;
/* Writes a file beside data/, and lists it. */
int evidence_bag_tag(struct evidence_bag *bag, const char *name, struct slice content,
                     struct err *e) MUST_CHECK;
/* The hash tree of the image that is in it. */
void evidence_bag_image(struct evidence_bag *bag, uint64_t bytes, uint32_t chunk_bytes,
                        const uint8_t root[32]);
/* The hash tree over the records of files (section 10.2). */
void evidence_bag_records(struct evidence_bag *bag, const struct evidence_tree *tree);
/* "Label: value" for bag-info.txt; nothing when value is NULL or empty. */
void evidence_bag_info(struct evidence_bag *bag, const char *label, const char *value);
/* The seed of the files' tree, tree.json, bagit.txt, bag-info.txt, the manifests; the last is
 * tagmanifest-sha256.txt, whose hash is given.
 */
int evidence_bag_close(struct evidence_bag *bag, uint8_t sha256[SHA256_LEN],
                       struct err *e) MUST_CHECK;

#endif
