/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what a bundle's acquisition.json, map.txt and seal say that an export passes on.
 */
#ifndef EVIDENCE_IMAGE_FACTS_H
#define EVIDENCE_IMAGE_FACTS_H

#include "base/arena.h"
#include "crypto/digest.h"
#include "evidence/acquire/map.h"

/* A text that is empty was not given. */
struct evidence_image_facts {
    const char *exhibit, *description, *examiner, *reason, *model, *serial;
    int64_t started; /* 0: not known */
    uint64_t bytes;
    uint32_t sector;
    bool device; /* a block device was acquired; else a file */
    uint8_t sha256[SHA256_LEN], root[SHA256_LEN];
    struct evidence_map map;
    bool has_map;
    uint8_t tagmanifest[SHA256_LEN]; /* the SHA-256 of tagmanifest-sha256.txt, which is sealed */
    uint8_t seal[SHA256_LEN];        /* of seal/seal.json */
    bool has_seal;
    struct arena arena;
};

/*
 * "evidence.incomplete": the bundle was not closed. "evidence.no-image": it holds no image.
 * ERR_INPUT or ERR_VERIFY: it is not as its format says. facts is to be ended in any case.
 */
int evidence_image_facts_read(struct evidence_image_facts *facts, const char *bundle,
                              struct err *e) MUST_CHECK;
void evidence_image_facts_fini(struct evidence_image_facts *facts);

#endif
