/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who acts on evidence: a folder with key.pem, chain.pem and person.json
 * (docs/formats-evidence.md section 6). What a person says of itself, role and competence, goes
 * into each record that it signs (ISO/IEC 27037 section 5 and annex A).
 */
#ifndef EVIDENCE_IDENTITY_H
#define EVIDENCE_IDENTITY_H

#include "crypto/key.h"

#include <stddef.h>

enum { EVIDENCE_COMPETENCES = 16 };

/* Texts are borrowed; NULL: not given. */
struct evidence_identity_wish {
    const char *name; /* needed */
    const char *role; /* DEFR, DES, custodian, … */
    const char *organisation;
    const char *country;           /* two letters */
    const char *const *competence; /* qualifications, with their dates */
    size_t competence_count;
    enum key_kind kind;             /* KEY_NONE: P-256 */
    const struct slice *passphrase; /* NULL: the key lies open in its file, which is 0600 */
    unsigned days;                  /* of a self-signed certificate */
    bool request; /* request.pem for an authority instead of a self-signed certificate */
};

/*
 * Makes the folder (0700) and its files; nothing is written over ("file.exists"). "name.part": a
 * text that a certificate cannot hold.
 */
int evidence_identity_make(const char *folder, const struct evidence_identity_wish *wish,
                           struct err *e) MUST_CHECK;

#endif
