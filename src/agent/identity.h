/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who this device is: its private key and its certificate with the issuers, kept in one file
 * (HOME/identity.pem, mode 0600), so that a renewal swaps both at once or not at all.
 */
#ifndef AGENT_IDENTITY_H
#define AGENT_IDENTITY_H

#include "base/id.h"
#include "crypto/certificate.h"
#include "crypto/chain.h"

struct identity {
    struct key *key;
    struct certificate_list chain; /* own certificate first, then issuers without the anchor */
    struct certificate leaf;       /* slices of chain.items[0] */
    uint8_t fingerprint[32];
    char asset[ID_TEXT]; /* the certificate's common name, an asset id */
};

void identity_init(struct identity *i);
void identity_fini(struct identity *i);

/*
 * Takes key (owned from then on, also on failure) and certificates in any order: the one with the
 * key's public half becomes the first, those that lead to an anchor follow, the rest is dropped.
 * -1 with "agent.identity-key" when none has the key, "agent.identity-asset" when its common name
 * is no asset id, or what chain_verify says at `now`: it must be a client certificate under the
 * verifier's anchors.
 */
int identity_take(struct identity *i, struct key *key, const struct certificate_list *certificates,
                  struct chain_verifier *verifier, int64_t now, struct err *e) MUST_CHECK;

/* HOME/identity.pem. ERR_NOT_FOUND "agent.not-enrolled" when there is none. */
int identity_load(struct identity *i, const char *home, struct err *e) MUST_CHECK;
int identity_save(const struct identity *i, const char *home, struct err *e) MUST_CHECK;
int identity_parse(struct identity *i, struct slice pem, struct err *e) MUST_CHECK;

/* When `percent` of the certificate's life has passed. */
int64_t identity_renew_at(const struct identity *i, int64_t percent);

/*
 * The key that a certificate is being asked for, kept in HOME/name until identity_save: a request
 * that is repeated after a crash asks for the same key. Made when it is not there.
 */
struct key *identity_pending_key(const char *home, const char *name, struct err *e) MUST_CHECK;
int identity_pending_done(const char *home, const char *name, struct err *e) MUST_CHECK;

#endif
