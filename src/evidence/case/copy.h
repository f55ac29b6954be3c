/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Working copies (ISO/IEC 27037 section 5.4.5, ISO/IEC 27042): a bundle copied file by file, held
 * against its hashes, with custody of its own that names its master.
 */
#ifndef EVIDENCE_COPY_H
#define EVIDENCE_COPY_H

#include "evidence/custody/doing.h"

struct evidence_copying {
    const char *master; /* a bundle */
    const char *folder; /* of the copy, which is made */
    const char *name;   /* identifier that the copy's log begins with */
};

/* May it be copied? ERR_DENIED "custody.gate", … */
int evidence_copy_allowed(const char *master, struct err *e) MUST_CHECK;

/* A copy of master was begun in this folder, and not finished; or it was, and not recorded. */
bool evidence_copy_begun(const char *folder, const char *master);

/* One that was begun is begun anew. ERR_DENIED "custody.gate", ERR_CONFLICT "evidence.exists",
 * ERR_VERIFY "evidence.copy". */
int evidence_copy(const struct evidence_copying *copying, struct evidence_doing *doing,
                  struct evidence_appended *told, struct err *e) MUST_CHECK;

/* No file of a closed bundle can be written to by mistake: custody/ and seal/ alone grow. */
int evidence_make_immutable(const char *bundle, struct err *e) MUST_CHECK;

#endif
