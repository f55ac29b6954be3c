/* SPDX-License-Identifier: Apache-2.0 */
/* One notice as it arrives, and the reasons for which it is refused (docs/formats.md 3.3). */
#ifndef AGENT_DELIVERY_H
#define AGENT_DELIVERY_H

#include "agent/state.h"
#include "agent/trust.h"
#include "crypto/merkle.h"

enum { DELIVERY_MAX = 4 << 20 }; /* bytes of a delivery */

struct delivery {
    uint64_t n;
    struct buf notice;      /* canonical JSON */
    struct buf entry;       /* canonical JSON */
    struct buf publication; /* envelope, canonical */
    uint8_t path[MERKLE_PROOF_MAX][MERKLE_HASH];
    size_t path_length;
    uint8_t digest[32];   /* of the notice */
    struct json_doc *doc; /* of the notice */
    struct slice origin;  /* of the notice; slices of doc */
    struct slice advisory_id, namespace, version, title, tlp;
    uint8_t document[32];
};

void delivery_init(struct delivery *d);
void delivery_fini(struct delivery *d);

/*
 * Takes a delivery apart: everything is there, bounded and canonical; nothing is believed yet.
 * "delivery.syntax", "delivery.notice", "delivery.entry", json's codes.
 */
int delivery_parse(struct delivery *d, struct slice text, struct err *e) MUST_CHECK;
/* The same from a value of a parsed document (a list of deliveries). */
int delivery_read(struct delivery *d, const struct json_value *value, struct err *e) MUST_CHECK;

/*
 * 0 when all holds that section 3.3 asks for, apart from its number. The signer's certificate must
 * have been valid when the publication was frozen: a device that was away for years still learns
 * what it missed. Else -1, ERR_VERIFY:
 *   chain.…, envelope.…    the publication was not signed by whom this device believes
 *   delivery.origin        notice or publication are of another journal
 *   delivery.path          the entry is not in the publication
 *   delivery.entry         the entry is for another notice, audience or class
 *   delivery.advisory      notice and publication speak of different advisories
 *   delivery.exercise      one is an exercise, the other is not
 */
int delivery_verify(const struct delivery *d, const struct trust *trust, const struct state *state,
                    struct err *e) MUST_CHECK;

/*
 * 1: it is the next one (its n is the last plus one); 0: it was received before; -1 ERR_VERIFY
 * "delivery.gap".
 */
int delivery_order(const struct delivery *d, const struct state *state, struct err *e) MUST_CHECK;

/* The delivery as it is stored and carried, one JSON object. */
void delivery_write(const struct delivery *d, struct buf *out);

/* The worst status of the notice's statements: "affected", "unknown", "under_investigation",
 * "fixed", "not_affected"; "none" without statements. */
const char *delivery_status(const struct delivery *d);

#endif
