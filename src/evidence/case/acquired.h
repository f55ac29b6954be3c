/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Custody of what was just acquired: the record "acquired" begins the bundle's own log, and goes
 * into that of the exhibit, in whose folder the bundle lies. For every kind of acquisition.
 */
#ifndef EVIDENCE_ACQUIRED_H
#define EVIDENCE_ACQUIRED_H

#include "evidence/custody/doing.h"

struct evidence_acquired_report {
    const char *method;     /* dead, live, logical, partial, capture, remote */
    const char *source;     /* what it was taken from */
    const char *verifiable; /* "yes: …" or "no: …", as acquisition.json has it (row 37) */
    const char *scope, *why_partial; /* of logical and partial (row 20) */
    const uint8_t *image_sha256;     /* NULL: there is no image */
    const char *write_protection;    /* how the source was kept from being written to */
    const char *format, *given_by,
        *collected_by;   /* of what another collected: the record is "imported" */
    const char *exhibit; /* identifier that the log begins with; NULL: found out */
};

/*
 * Before anything is read: would the record be taken? bundle: the folder it will have; its parent
 * says whether it is of an exhibit. told: warnings (authority over or not covering it). Nothing is
 * written.
 */
int evidence_acquired_check(const char *bundle, const struct evidence_acquired_report *report,
                            struct evidence_doing *doing, struct evidence_appended *told,
                            struct err *e) MUST_CHECK;
/* The bundle is closed. Its files become read-only. */
int evidence_acquired_record(const char *bundle, const struct evidence_acquired_report *report,
                             struct evidence_doing *doing, struct evidence_appended *told,
                             struct err *e) MUST_CHECK;

#endif
