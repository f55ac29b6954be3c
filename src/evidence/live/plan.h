/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: which collectors run, in which order. */
#ifndef EVIDENCE_LIVE_PLAN_H
#define EVIDENCE_LIVE_PLAN_H

#include "evidence/live/collector.h"

struct live_plan {
    const struct live_collector *steps[EVIDENCE_LIVE_MOST], *left_out[EVIDENCE_LIVE_MOST];
    size_t count, left_out_count;
    bool deviates;
};

/* "evidence.collector" */
int live_plan_make(const struct evidence_live_options *options, struct live_plan *plan,
                   struct err *e) MUST_CHECK;

#endif
