/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: what a log is bound to: files of its holder whose hashes its records name, and
 * what others signed about its length (the seal, receipts), by which a cut tail is noticed even
 * where the head was signed again.
 */
#ifndef EVIDENCE_BOUND_H
#define EVIDENCE_BOUND_H

#include "evidence/custody/record.h"

struct evidence_bound;
struct evidence_bound *evidence_bound_new(struct err *e) MUST_CHECK;
void evidence_bound_free(struct evidence_bound *b);

int evidence_bound_take(struct evidence_bound *b, const struct evidence_custody_record *record,
                        struct err *e) MUST_CHECK;
/* Somebody outside of the log says that record number `count` (0: none) has this hash. */
int evidence_bound_outside(const struct evidence_bound *b, const char *what, int64_t count,
                           const uint8_t head[SHA256_LEN], struct evidence_custody_state *state,
                           struct err *e) MUST_CHECK;
/* Holds everything against the holder's files; problems go into the state. */
int evidence_bound_check(const struct evidence_bound *b, const char *holder,
                         struct evidence_custody_state *state, struct err *e) MUST_CHECK;

#endif
