/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer's own folder, and its keys while they are open. Inside the room only.
 *
 *   HOME/signer/lock             held while a signer runs
 *   HOME/signer/check.key        a key that signs nothing: opens with the right passphrase
 *   HOME/signer/passphrase       optional: unlocks at start
 *   HOME/signer/keys/NAME.key    PKCS #8, encrypted
 *   HOME/signer/keys/NAME.json   what the key is for (tocsin-signer-key/v1)
 *   HOME/signer/state/FILE.json  what it last signed (tocsin-signer-state/v1), written and synced
 *                                before the signature leaves
 */
#ifndef SIGNER_VAULT_H
#define SIGNER_VAULT_H

#include "crypto/certificate.h"
#include "crypto/digest.h"
#include "crypto/note.h"
#include "signer/client.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    VAULT_KEYS_MAX = 64,
    VAULT_LOGS_MAX = 256, /* logs that one witness key knows */
    VAULT_PASSPHRASE_MAX = 1024,
    VAULT_FILE_MAX = 1 << 20,
};

/* The last head signed for one origin. */
struct vault_log {
    char origin[SIGNER_ORIGIN_MAX + 1];
    uint8_t log_key[ED25519_PUBLIC_LEN]; /* witness only */
    struct signer_head head;
};

struct vault_key {
    char name[SIGNER_NAME_MAX + 1];
    enum signer_purpose purpose;
    enum key_kind kind;
    struct buf spki;
    struct buf certificate; /* DER; empty: none yet */
    struct key *key;        /* NULL while locked */
    pthread_mutex_t turn;   /* one at a time where what was last signed counts */
    /* what it last signed, by purpose */
    uint64_t crl_number;
    uint8_t crl_hash[SHA256_LEN];
    uint64_t trust_generation;
    struct vault_log *logs; /* journal: the last one is current; witness: all it knows */
    size_t log_count;
};

struct vault {
    char folder[3072]; /* HOME/signer */
    int lock_fd;
    pthread_rwlock_t turn; /* written when keys come, go, open, close */
    struct vault_key *keys[VAULT_KEYS_MAX];
    size_t count;
    bool locked;
    struct buf passphrase; /* while open: new keys are sealed with it */
    atomic_ullong signatures;
    atomic_ullong refusals;
    char sandbox[160];
};

/* Makes the folder; see signer_init_home. */
int vault_create(const char *home, struct slice passphrase, struct err *e) MUST_CHECK;
/* Reads everything but the keys themselves, and takes the lock ("signer.running"). */
struct vault *vault_open(const char *home, struct err *e) MUST_CHECK;
void vault_free(struct vault *v);

int vault_unlock(struct vault *v, struct slice passphrase, struct err *e) MUST_CHECK;
void vault_lock(struct vault *v);

/* The following want v->turn held (read or written, as said). */
struct vault_key *vault_find(struct vault *v, struct slice name, struct err *e) MUST_CHECK;
/* Read: the key of that purpose (0: any), open. "signer.locked", "signer.purpose". */
struct vault_key *vault_use(struct vault *v, struct slice name, enum signer_purpose purpose,
                            struct err *e) MUST_CHECK;
/* Written. */
int vault_generate(struct vault *v, struct slice name, enum signer_purpose purpose,
                   enum key_kind kind, struct slice origin, struct vault_key **made,
                   struct err *e) MUST_CHECK;
/* Written: keeps the certificate with the key. */
int vault_keep_certificate(struct vault *v, struct vault_key *key, struct slice der,
                           struct err *e) MUST_CHECK;

/* With key->turn held: makes the change durable. Only then change the key in memory. */
int vault_keep_crl(struct vault *v, const struct vault_key *key, uint64_t number,
                   const uint8_t hash[SHA256_LEN], struct err *e) MUST_CHECK;
int vault_keep_trust(struct vault *v, const struct vault_key *key, uint64_t generation,
                     struct err *e) MUST_CHECK;
/* One log of a journal or witness key; a file for each. */
int vault_keep_log(struct vault *v, const struct vault_key *key, const struct vault_log *log,
                   size_t order, struct err *e) MUST_CHECK;
/* The log of that origin, or NULL. */
struct vault_log *vault_log_find(const struct vault_key *key, struct slice origin);
/* Adds one behind the others, durably. */
int vault_log_add(struct vault *v, struct vault_key *key, const struct vault_log *log,
                  struct err *e) MUST_CHECK;

/* In vault_key.c: for vault.c only. */
struct vault_key *vault_key_load(struct vault *v, struct slice name, struct err *e) MUST_CHECK;
void vault_key_free(struct vault_key *key);
int vault_key_open(struct vault *v, struct vault_key *key, struct slice passphrase,
                   struct err *e) MUST_CHECK;
/* In vault_state.c: reads what the key last signed. */
int vault_state_load(struct vault *v, struct vault_key *key, struct err *e) MUST_CHECK;
bool vault_name_is(struct slice name);

#endif
