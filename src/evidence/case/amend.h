/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: case.json and exhibit.json are written anew, with the record that names what they
 * say now, and only over what the log names. One that was changed without a record is not taken up
 * by the next.
 */
#ifndef EVIDENCE_AMEND_H
#define EVIDENCE_AMEND_H

#include "base/buf.h"
#include "base/json.h"
#include "evidence/case.h"

struct evidence_amendment {
    const char *file;   /* "exhibit.json" */
    const char *member; /* of a record's details that names it: "exhibit_sha256" */
    const char *kind;   /* of the record that is written */
    /* before: the file as it lies there. text: as it will be; details: of the record. */
    int (*write)(void *context, const struct json_value *before, struct buf *text,
                 struct buf *details, struct err *e);
    void *context;
};

/*
 * Of two who do it at once, one waits. The record comes first: after a crash between both, the same
 * command puts it right, and told->number is 0 then. ERR_VERIFY "evidence.described": it was
 * changed without a record, or another change was broken off.
 */
int evidence_amend(const char *holder, const struct evidence_amendment *what,
                   struct evidence_doing *doing, struct evidence_appended *told,
                   struct err *e) MUST_CHECK;

#endif
