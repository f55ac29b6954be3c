/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle carried on a stick (docs/formats.md 6.1): a tar archive under one signed manifest. */
#ifndef AGENT_BUNDLE_H
#define AGENT_BUNDLE_H

#include "base/tar.h"
#include "crypto/envelope.h"

enum {
    BUNDLE_FILES_MAX = 100000,
    BUNDLE_MANIFEST_MAX = 32 << 20,
    BUNDLE_ID = 64,
};

struct bundle {
    int fd;
    struct tar_entry *files; /* sorted by name */
    size_t count;
    struct envelope manifest;
    bool has_manifest;
    uint8_t hash[32]; /* of the manifest's envelope */
    char id[BUNDLE_ID];
    struct slice origin, organisation, checkpoint; /* of the manifest; the last one a note */
    int64_t at;
};

/*
 * Opens and reads the manifest; nothing is believed yet. -1 with "bundle.syntax", tar's, envelope's
 * and file codes. bundle_fini in any case.
 */
int bundle_open(struct bundle *b, const char *path, struct err *e) MUST_CHECK;
void bundle_fini(struct bundle *b);

/*
 * 0 when a publication signer under the anchors signed the manifest, with a certificate valid when
 * the bundle was made, and the archive holds exactly the files that it lists, each with its size
 * and hash. "bundle.files", "bundle.hash", chain's and envelope's codes.
 */
int bundle_verify(const struct bundle *b, struct chain_verifier *verifier,
                  struct err *e) MUST_CHECK;

/* Appends a file's contents: 1; 0: there is no such file; -1 over limit or unreadable. */
int bundle_read(const struct bundle *b, const char *name, size_t limit, struct buf *out,
                struct err *e) MUST_CHECK;

#endif
