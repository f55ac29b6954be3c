/* SPDX-License-Identifier: Apache-2.0 */
/* The chain over all notices of one asset (docs/formats.md 3.3). */
#ifndef AGENT_CHAIN_H
#define AGENT_CHAIN_H

#include "base/err.h"
#include "base/slice.h"

/* H(0) = SHA-256("tocsin-chain/v1\n" ‖ asset id). */
int agent_chain_begin(struct slice asset, uint8_t head[32], struct err *e) MUST_CHECK;
/* head becomes H(n) = SHA-256(H(n−1) ‖ digest). */
int agent_chain_add(uint8_t head[32], const uint8_t digest[32], struct err *e) MUST_CHECK;
/* Digest of a notice: SHA-256("tocsin-notice/v1\n" ‖ notice), section 3.1. */
int agent_notice_digest(struct slice notice, uint8_t digest[32], struct err *e) MUST_CHECK;

#endif
