/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what can be found out about an exhibit by itself (acceptance row 11). */
#ifndef EVIDENCE_DESCRIBE_H
#define EVIDENCE_DESCRIBE_H

#include "evidence/case.h"

/* The members of exhibit.json's "item"; what was said goes before what was found. */
int evidence_describe(const struct evidence_exhibit_wish *wish, struct json_writer *w,
                      struct err *e) MUST_CHECK;

#endif
