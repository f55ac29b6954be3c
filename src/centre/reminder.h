/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reminder follower: silence after a publication is looked at twice. After
 * `publication remind-after` the owners of devices that are silent are reminded, after
 * `publication escalate-after` each organisation's escalation contact is told; one digest a person
 * and publication, planned in one transaction, sent by the teller. An operator may do the first at
 * once (`tocsin advisory resend`).
 *
 * When a publication is looked at stands in publication_watch since it was signed: what was
 * published while nothing was configured is never looked at.
 */
#ifndef CENTRE_REMINDER_H
#define CENTRE_REMINDER_H

#include "centre/follower.h"

extern const struct follower_type follower_reminder;

extern const struct command_type command_reminder_watch;
extern const struct command_type command_reminder_due;

/* What an operator sends again; found by a worker, checked again by the command. */
struct resent_owner {
    char publication[ID_TEXT]; /* the newest in which a device of his is meant */
    char organisation[ID_TEXT];
    char person[ID_TEXT];
    int64_t assets;
};
struct resent {
    const struct resent_owner *owners;
    size_t count;
    bool exercise;
    int64_t lines;     /* of the ladder that are meant */
    int64_t devices;   /* in them */
    int64_t ownerless; /* of those */
    int64_t streams;   /* that are told again */
};
/* {"advisory","state"}; prepared: struct resent → the same with its numbers, "owners" (digests
 * planned) and "waiting" (owners whose last one has not gone out yet) */
extern const struct command_type command_advisory_resend;

#endif
