/* SPDX-License-Identifier: Apache-2.0 */
/* What is done again and again, because time went by and not because anybody asked. */
#ifndef CENTRE_HOUSEKEEPING_H
#define CENTRE_HOUSEKEEPING_H

#include "centre/command.h"

/* The clock thread's own; zeroed at first. */
struct housekeeping {
    int64_t keys_at; /* monotonic: old idempotency keys were forgotten; 0: not yet */
};

/*
 * Revocation lists that are due, issuances that a crash cut in two, entries of the live table that
 * are over, old idempotency keys. What fails is logged, and tried again next time.
 */
void housekeeping_do(struct housekeeping *h, struct centre *centre, struct db *db);

extern const struct command_type command_keys_forget;

#endif
