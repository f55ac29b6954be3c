/* SPDX-License-Identifier: Apache-2.0 */
/* Signed outcomes that wait until the centre took them: HOME/outcomes/N-K.json, K a serial. */
#ifndef AGENT_OUTBOX_H
#define AGENT_OUTBOX_H

#include "base/buf.h"

enum { OUTBOX_NAME = 64, OUTBOX_ENVELOPE_MAX = 256 * 1024 };

/* Stores an outcome of notice n, durably, behind those that are there. */
int outbox_put(const char *home, uint64_t n, struct slice envelope, struct err *e) MUST_CHECK;
/* The centre took it. */
int outbox_remove(const char *home, const char *name, struct err *e) MUST_CHECK;
/* The centre will never take it: kept as evidence, "outcome-" before its name. */
int outbox_set_aside(const char *home, const char *name, struct err *e) MUST_CHECK;
/*
 * It went away with an answer file, on a stick: not known to have arrived. Kept, as
 * N-K.answered.json; still sent when there is a connection.
 */
int outbox_mark_answered(const char *home, const char *name, struct err *e) MUST_CHECK;
bool outbox_answered(const char *name);
/* The notice's number in the name. */
uint64_t outbox_number(const char *name);
/* Calls each with every waiting envelope in order, until it returns non-zero: then that. */
int outbox_each(const char *home,
                int (*each)(void *context, const char *name, struct slice envelope, struct err *e),
                void *context, struct err *e) MUST_CHECK;

#endif
