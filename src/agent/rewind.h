/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain goes back. A centre that was restored from an older copy has a new journal, and has
 * lost notices that this device may have; what it sends then stands at their places. Until the
 * chains are one again (state.rejoin) no receipt is signed and no hook started.
 */
#ifndef AGENT_REWIND_H
#define AGENT_REWIND_H

#include "agent/agent.h"

/*
 * Whether notice d->n, which is behind us, is the one that we have. 1: yes, or it is not kept here
 * any more; 0: another one; -1: it cannot be read.
 */
int rewind_same(const struct agent *a, const struct delivery *d, struct err *e) MUST_CHECK;

/* H(k) from the notices kept here; -1 with "agent.notice" when one of them is not kept any more. */
int rewind_head(const struct agent *a, uint64_t k, uint8_t head[32], struct err *e) MUST_CHECK;

/*
 * The chains are one up to k: what lies behind is kept in the folder evidence, everything up to k
 * is acknowledged anew, under the new journal. Stored when it returns 0; killed in between, it is
 * done again.
 */
int rewind_to(struct agent *a, uint64_t k, const uint8_t head[32], struct err *e) MUST_CHECK;

#endif
