/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device without a connection: takes in a bundle, finds out on the spot what concerns it, and
 * writes what it has to say into a file that goes back on the same stick (docs/formats.md 6.1).
 * For `tocsin-agent bundle apply` and `tocsin bundle apply`.
 */
#ifndef AGENT_OFFLINE_H
#define AGENT_OFFLINE_H

#include "agent/agent.h"

#include <stdio.h>

struct offline_request {
    const char *bundle; /* path of the archive */
    const char *answer; /* path of the file to write */
    FILE *out;          /* where people read what was found; NULL: nowhere */
    bool json;          /* as JSON instead of lines */
};

struct offline_found {
    size_t documents;  /* advisories in the bundle */
    size_t unreadable; /* of those, not CSAF as it should be */
    size_t notices;    /* new ones of this device's chain */
    size_t affected, unknown, under_investigation, fixed, not_affected, not_listed;
    size_t outcomes; /* in the answer */
    bool receipt;    /* in the answer */
};

/*
 * The agent must be open for AGENT_CHANGE. Verifies the whole bundle before anything of it counts;
 * takes over a newer trust statement, the checkpoint when it is the first one, or proven by the
 * bundle's consistency.jsonl; takes in the deliveries of this device's chain; runs the hooks to
 * their ends; matches the device's inventory, which is read anew, against every advisory; writes
 * the answer last. 0; or -1 with the reason, and then no answer was written. An advisory that is
 * not readable is counted and named in the output, and stops nothing.
 */
int offline_apply(struct agent *a, const struct offline_request *request,
                  struct offline_found *found, struct err *e) MUST_CHECK;

#endif
