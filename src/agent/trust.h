/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom the device believes: the trust statement (`tocsin-trust/v1`, docs/formats.md section 5) that
 * it verified last, kept in HOME/trust.json as the envelope came. A new statement is taken only
 * when a publication signer under the anchors of the old one signed it: so a device follows a
 * roll-over of the root, and nobody else can lead it anywhere.
 */
#ifndef AGENT_TRUST_H
#define AGENT_TRUST_H

#include "crypto/envelope.h"
#include "crypto/note.h"

enum { TRUST_URL = 512, TRUST_WITNESSES_MAX = 32, TRUST_ANCHORS_MAX = 16 };

struct trust {
    int64_t generation;
    int64_t at;
    char origin[NOTE_NAME_MAX + 1];
    struct note_key log_key;
    struct note_key witnesses[TRUST_WITNESSES_MAX];
    size_t witness_count;
    int64_t quorum;
    struct certificate_list anchors;
    char enrol[TRUST_URL], device[TRUST_URL], public[TRUST_URL]; /* doors; "": not named */
    struct chain_verifier *verifier;                             /* over the anchors */
    uint8_t hash[32];                                            /* of the envelope */
    struct buf text;                                             /* the envelope */
};

void trust_init(struct trust *t);
void trust_fini(struct trust *t);

/*
 * Reads a statement without believing it: for the one that this device stored itself.
 * -1 with "agent.trust" or an envelope's code.
 */
int trust_parse(struct trust *t, struct slice text, struct err *e) MUST_CHECK;

/*
 * Reads a statement and believes it when a publication signer under the verifier's anchors signed
 * it, valid at `now`; extra: further intermediate certificates (link certificates of a roll-over,
 * as /cacerts has them), may be NULL. -1 with chain_verify's and envelope's codes.
 */
int trust_verify(struct trust *t, struct slice text, struct chain_verifier *verifier,
                 const struct certificate_list *extra, int64_t now, struct err *e) MUST_CHECK;

/*
 * What to do with a newer statement: 1 take it, 0 it says what ours says, -1 with
 * "agent.trust-older" for a lower generation, "agent.trust-changed" for the same generation with
 * another content.
 */
int trust_compare(const struct trust *have, const struct trust *offered, struct err *e) MUST_CHECK;

/* HOME/trust.json */
int trust_load(struct trust *t, const char *home, struct err *e) MUST_CHECK;
int trust_save(const struct trust *t, const char *home, struct err *e) MUST_CHECK;

/* Puts offered in the place of t and empties offered. */
void trust_replace(struct trust *t, struct trust *offered);

#endif
