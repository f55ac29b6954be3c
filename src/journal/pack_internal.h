/* SPDX-License-Identifier: Apache-2.0 */
/* What writer and verifier of packs share: the names of section 6.2. */
#ifndef JOURNAL_PACK_INTERNAL_H
#define JOURNAL_PACK_INTERNAL_H

#include "journal/pack_write.h"

#define PACK_FORMAT "tocsin-pack/v1"
#define PACK_STATEMENT "pack.json"
#define PACK_SUMS "SHA256SUMS"

enum { PACK_LINE_FILES = 10, PACK_FIXED_FILES = 5 };
/* Every pack has these, if empty. */
extern const char *const pack_line_files[PACK_LINE_FILES];
/* Every pack has these: VERIFY.txt, advisory.json, … without pack.json and SHA256SUMS. */
extern const char *const pack_fixed_files[PACK_FIXED_FILES];

/* How a third party verifies a pack by hand: the text of VERIFY.txt. */
void pack_verify_text(struct buf *out, const struct pack_statement *statement);

#endif
