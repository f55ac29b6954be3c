/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refusals of strangers, counted: one act a door, reason and minute, so that a million of them are
 * a handful of acts and cannot fill the disk.
 */
#ifndef CENTRE_REFUSALS_H
#define CENTRE_REFUSALS_H

#include "centre/command.h"

struct refusals;

int refusals_new(struct refusals **refusals, struct err *e) MUST_CHECK;
void refusals_free(struct refusals *refusals);

/* Counts one. door and code are names that the program knows, never text from outside. Any thread,
 * quick. */
void refusals_count(struct refusals *refusals, const char *door, const char *code, int64_t now);

/* Writes acts for the minutes that are over (all of them: flush). From the clock thread. */
void refusals_write(struct centre *centre, bool flush);

extern const struct command_type command_refusals_write;

#endif
