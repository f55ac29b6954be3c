/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that make seals share. */
#ifndef EVIDENCE_SEAL_INTERNAL_H
#define EVIDENCE_SEAL_INTERNAL_H

#include "evidence/seal.h"
#include "evidence/seal/files.h"
#include "evidence/seal/place.h"

#define SEAL_FORMAT "tocsin-evidence-seal/v1"
#define STAMP_FORMAT "tocsin-evidence-stamp/v1"

/* Asks the authorities in their order, and keeps the first time-stamp of seal.p7s. 0 also when none
 * could be had: sealed->stamped says it. */
int evidence_stamp_seal(const struct evidence_seal_options *options, const char *seal,
                        struct evidence_sealed *sealed, struct err *e) MUST_CHECK;

/* Before anything is written: are the files that were named there, and what they should be? */
int evidence_stamping_check(const struct evidence_stamping *stamping, struct err *e) MUST_CHECK;
int evidence_revocation_check(const char *path, struct err *e) MUST_CHECK;

/*
 * Keeps in SEAL/revocation what says whether certificates of the seal (seal.p7s and token) were
 * revoked: files given, and lists fetched. Names are <sha256>.crl and <sha256>.ocsp.
 */
int evidence_revocation_keep(const struct evidence_seal_options *options, const char *seal,
                             struct slice token, struct evidence_sealed *sealed,
                             struct err *e) MUST_CHECK;

/* Signs NAME.json as it lies in `text`, and writes it, then NAME.p7s. */
int evidence_seal_sign(const struct evidence_seal_options *options, const char *seal,
                       const char *name, struct slice text, struct err *e) MUST_CHECK;

/* Appends seal.json of the seal with this number. */
int evidence_seal_write_text(const struct evidence_seal_options *options, unsigned number,
                             struct buf *text, struct err *e) MUST_CHECK;

/* "by": who seals or stamps. */
void evidence_seal_write_person(struct json_writer *w, const struct evidence_doing *doing);

#endif
