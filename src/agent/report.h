/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device says under its own signature: receipt, outcome, inventory, answer (docs/formats.md
 * 3.4 to 3.6 and 6.1). Each function appends a whole envelope to out.
 */
#ifndef AGENT_REPORT_H
#define AGENT_REPORT_H

#include "agent/identity.h"
#include "agent/state.h"
#include "fleet/inventory.h"

enum { REPORT_DETAIL_MAX = 1000 };

enum report_outcome {
    OUTCOME_READ,
    OUTCOME_PLANNED,
    OUTCOME_INSTALLED,
    OUTCOME_REFUSED,
    OUTCOME_FAILED
};
const char *report_outcome_name(enum report_outcome outcome);
/* false: no outcome has that name. */
bool report_outcome_parse(struct slice name, enum report_outcome *outcome);

/*
 * A receipt for all of the state's chain, naming the checkpoint that is kept (before the first one:
 * the empty journal). ERR_CONFLICT "agent.alarm" while there is an alarm.
 */
int report_receipt(const struct state *state, const struct identity *identity, int64_t now,
                   struct buf *out, struct err *e) MUST_CHECK;

/* detail is cut to REPORT_DETAIL_MAX bytes at a character's border; bad UTF-8 is replaced. origin
 * is that of the notice. */
int report_outcome_build(const struct identity *identity, struct slice origin, uint64_t n,
                         const uint8_t notice[32], enum report_outcome outcome, struct slice detail,
                         int64_t now, struct buf *out, struct err *e) MUST_CHECK;

int report_inventory(const struct identity *identity, const struct fleet_inventory *inventory,
                     int64_t now, struct buf *out, struct err *e) MUST_CHECK;
/* SHA-256 of what the inventory says, without its time: the same for the same sources. */
int report_inventory_digest(const struct identity *identity,
                            const struct fleet_inventory *inventory, uint8_t digest[32],
                            struct err *e) MUST_CHECK;

struct report_answer {
    const char *origin;
    const char *bundle;      /* id */
    const uint8_t *manifest; /* SHA-256 of the manifest's envelope */
    const uint8_t *class;    /* class digest */
    struct slice results;    /* JSON array */
};
int report_answer(const struct identity *identity, const struct report_answer *answer, int64_t now,
                  struct buf *out, struct err *e) MUST_CHECK;

#endif
