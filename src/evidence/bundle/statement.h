/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: what every acquisition.json says, and a bundle's beginning and end. */
#ifndef EVIDENCE_STATEMENT_H
#define EVIDENCE_STATEMENT_H

#include "base/json.h"
#include "evidence/acquire.h"

/* Members exhibit, description, examiner, place, reason, authority, as far as they are given. */
void evidence_statement_write(struct json_writer *w, const struct evidence_statement *s);
/* A moment by this machine's clock, in microseconds, and how well the kernel thinks that it keeps
 * it. */
void evidence_time_write(struct json_writer *w, const char *name, int64_t at);
/* Nothing when text is NULL or empty. */
void evidence_member_given(struct json_writer *w, const char *name, const char *text);

/*
 * Makes the bundle's folder, data/ in it, and the mark INCOMPLETE with this text. 1: it was begun
 * before with the same text. "evidence.exists": there is something else.
 */
int evidence_bundle_begin(const char *folder, struct slice mark, struct err *e) MUST_CHECK;
/* Takes away what a killed process was about to put in place in the folder and in data/. */
int evidence_bundle_sweep(const char *folder, struct err *e) MUST_CHECK;
/* Everything is written and durable: takes the mark away. */
int evidence_bundle_end(const char *folder, struct err *e) MUST_CHECK;

#endif
