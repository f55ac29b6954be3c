/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: VERIFY.txt, which tells a third party how to check a bundle with its own tools.
 */
#ifndef EVIDENCE_HOW_H
#define EVIDENCE_HOW_H

#include "base/buf.h"
#include "crypto/digest.h"

#include <stdint.h>

/* What the bundle holds beside files. */
struct evidence_how {
    bool has_image;
    bool packed; /* gzip members; else plain segments */
    uint64_t image_bytes;
    const uint8_t *image_sha256;
    const uint8_t *image_sha512; /* NULL: was not taken */
    const char *says; /* what else there is to know of what it holds, in lines; may be NULL */
};

struct evidence_bag;

/* Writes it into a bag. Lines that begin with seven blanks are commands, which work as pasted. */
int evidence_how_put(struct evidence_bag *bag, const struct evidence_how *how,
                     struct err *e) MUST_CHECK;

#endif
