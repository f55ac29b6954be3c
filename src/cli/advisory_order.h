/* SPDX-License-Identifier: Apache-2.0 */
/* Revisions of one advisory that lie in one batch go in from the oldest to the newest. */
#ifndef CLI_ADVISORY_ORDER_H
#define CLI_ADVISORY_ORDER_H

#include "cli/documents.h"
#include "cli/progress.h"

/*
 * Looks into the documents (but "-", which can be read once only) and brings those of one advisory
 * together, where the first of them stands, by the order of their versions. Marks those behind
 * which another one of their advisory follows. What cannot be read stays where it is: whoever
 * imports it says why.
 */
int advisory_order(struct documents *documents, size_t limit, struct progress *progress,
                   struct err *e) MUST_CHECK;

#endif
