/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what csaf_load asks of a document, by the validator. */
#ifndef CSAF_ENGINE_H
#define CSAF_ENGINE_H

#include "csaf/model/check.h"

/*
 * Puts the document to the schema of its version, and then to the mandatory tests. Faults are what
 * makes a document mean nothing or several things: its shape, and the tests on ids, on
 * contradicting status and on the revision history. Of the other mandatory tests, what they find is
 * a warning, and only looked for when the check has a report. 0 and *version (0: no CSAF document,
 * which is a fault); -1: memory, set in e.
 */
int csaf_check_whole(struct csaf_check *check, enum csaf_version *version,
                     struct err *e) MUST_CHECK;

#endif
