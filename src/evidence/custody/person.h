/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who acts: the folder of evidence/identity.h, as a step wants it. A qualification in person.json
 * is "WHAT, DATE" or "WHAT, DATE/DATE" (until when); "place" and "contact" may stand there, too.
 */
#ifndef EVIDENCE_PERSON_H
#define EVIDENCE_PERSON_H

#include "evidence/custody.h"
#include "evidence/seal/cms.h"

struct evidence_person {
    struct evidence_actor actor;
    const char *place; /* where this person works; NULL: not said */
    struct evidence_signer *signer;
    struct arena arena;
};

/*
 * folder NULL: the environment's TOCSIN_IDENTITY. -1: ERR_USAGE "custody.identity": neither is
 * given; ERR_INPUT "custody.person" with the place in person.json.
 */
int evidence_person_open(struct evidence_person *person, const char *folder,
                         const char *password_file, struct err *e) MUST_CHECK;
void evidence_person_close(struct evidence_person *person);

/* The folder, or NULL: nobody said who acts. */
const char *evidence_person_folder(const char *folder);

#endif
