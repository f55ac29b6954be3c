/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: one question to a time server (RFC 5905 section 14, SNTP). */
#ifndef EVIDENCE_SNTP_H
#define EVIDENCE_SNTP_H

#include "evidence/custody/clock.h"

/*
 * server: "HOST" or "HOST:PORT" ("[::1]:123"). Asks up to three times, two seconds each, and takes
 * the answer with the least uncertainty. -1: ERR_UNAVAILABLE "custody.ntp" says why.
 */
int evidence_sntp_ask(const char *server, const struct clock *clock,
                      struct evidence_ntp_answer *answer, struct err *e) MUST_CHECK;

#endif
