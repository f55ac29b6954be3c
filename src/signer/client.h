/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The face of the signer process for everyone else. A client is thread-safe: it keeps a few
 * connections and opens them again when the signer was restarted. Every call has one deadline over
 * connecting, sending and waiting.
 *
 * Errors of every call: ERR_UNAVAILABLE "signer.locked" (hint: unlock), "signer.unreachable",
 * "signer.deadline" (then it is not known whether the signer did it); and what the signer itself
 * refused, with its own code, clause and text, as if it had been found here.
 */
#ifndef SIGNER_CLIENT_H
#define SIGNER_CLIENT_H

#include "base/clock.h"
#include "crypto/key.h"

struct signer_client;

/* socket_path: HOME/run/signer.sock. deadline in microseconds a call, 0: 10 s. No connection yet.
 */
struct signer_client *signer_client_new(const char *socket_path, int64_t deadline,
                                        struct err *e) MUST_CHECK;

/*
 * The same face on keys opened in this process, for `tocsin init` before any server runs (and for
 * tests): home as given to signer_init_home, unlocked with the passphrase. Takes the lock that the
 * signer process takes: ERR_CONFLICT "signer.running" while one runs.
 */
struct signer_client *signer_client_new_in_process(const char *home, struct slice passphrase,
                                                   struct err *e) MUST_CHECK;
void signer_client_free(struct signer_client *client);

struct signer_status {
    bool locked;
    unsigned keys;       /* there, locked or not */
    uint64_t signatures; /* made since the signer started */
    uint64_t refusals;   /* requests that it refused since it started */
    char sandbox[160];   /* what is in force: "seccomp, landlock 4, no core dumps, …" */
};
int signer_client_status(struct signer_client *client, struct signer_status *status,
                         struct err *e) MUST_CHECK;
/* Opens all keys; "signer.passphrase" when it is the wrong one. */
int signer_client_unlock(struct signer_client *client, struct slice passphrase,
                         struct err *e) MUST_CHECK;
/* Forgets all opened keys. */
int signer_client_lock(struct signer_client *client, struct err *e) MUST_CHECK;

/* What a key is for; it signs nothing else. */
enum signer_purpose {
    SIGNER_ROOT_CA = 1,    /* its own certificate, certificates of CAs, its CRL */
    SIGNER_ISSUING_CA = 2, /* certificates of end entities, its CRL */
    SIGNER_JOURNAL = 3,    /* checkpoints of its origin; Ed25519 */
    SIGNER_PUBLICATION =
        4, /* payloads of tocsin-publication/v1, -trust/v1, -bundle/v1, -pack/v1; P-256 */
    SIGNER_WITNESS = 5, /* cosignatures under checkpoints of logs it knows; Ed25519 */
};
const char *signer_purpose_name(enum signer_purpose purpose); /* "root-ca", … */

enum { SIGNER_NAME_MAX = 64, SIGNER_ORIGIN_MAX = 200 };

/*
 * Makes a key and appends its SubjectPublicKeyInfo to spki (may be NULL). name: 1 to 64 of a-z 0-9
 * '-'; "signer.key-exists" when there is one. kind: P-256 (or P-384, RSA) for CAs; Ed25519 for
 * journal and witness; P-256 for publication. origin: of a journal key, else NULL.
 */
int signer_client_generate_key(struct signer_client *client, const char *name,
                               enum signer_purpose purpose, enum key_kind kind, const char *origin,
                               struct buf *spki, struct err *e) MUST_CHECK;
/* Appends the SubjectPublicKeyInfo; "signer.key-unknown". Works while locked. */
int signer_client_public_key(struct signer_client *client, const char *name, struct buf *spki,
                             struct err *e) MUST_CHECK;

/*
 * Tells a CA or publication key its certificate: the key must be the certificate's. A CA key signs
 * for others only when it has one, and within it. A key's subject never changes; a later
 * certificate of the same subject replaces the earlier one.
 */
int signer_client_install_certificate(struct signer_client *client, const char *name,
                                      struct slice der, struct err *e) MUST_CHECK;

/*
 * Appends the signature over an exact TBSCertificate. Refused ("signer.certificate-…") unless: the
 * issuer is the CA's subject (or the root signs itself: same name, own key, no certificate yet);
 * serial of 64 bits to 20 octets, positive; signature algorithm is the key's; validity inside the
 * CA's; authorityKeyIdentifier is the CA's; root: CA certificates only; issuing CA: end entities
 * only; keyUsage, extended usages and pathLen fit the purpose; no extension beside those that the
 * profiles write.
 */
int signer_client_sign_certificate(struct signer_client *client, const char *name, struct slice tbs,
                                   struct buf *signature, struct err *e) MUST_CHECK;

/*
 * Appends the signature over a TBSCertList: issuer and authorityKeyIdentifier are the CA's, version
 * 2, nextUpdate there, cRLNumber larger than every one signed before (kept durably), not a delta.
 * The very same TBS as last time is signed again.
 */
int signer_client_sign_crl(struct signer_client *client, const char *name, struct slice tbs,
                           struct buf *signature, struct err *e) MUST_CHECK;

struct signer_head {
    uint64_t size; /* 0: nothing signed yet; root is then SHA-256 of nothing */
    uint8_t root[32];
};
/*
 * Signs the checkpoint "ORIGIN\nSIZE\nBASE64(ROOT)\n" (C2SP tlog-checkpoint) with the journal key.
 * proof: RFC 9162 2.1.4 hashes from the last head that it signed (signer_client_last_checkpoint) to
 * this one; none when the last is empty or equal. "signer.head-behind" when size is under the last
 * one's, "signer.head-inconsistent" when the proof does not hold or an equal size has another root.
 * The new head is on disk before the signature leaves.
 */
int signer_client_sign_checkpoint(struct signer_client *client, const char *name,
                                  const char *origin, const struct signer_head *head,
                                  const uint8_t (*proof)[32], size_t proof_len,
                                  uint8_t signature[ED25519_SIGNATURE_LEN],
                                  struct err *e) MUST_CHECK;
/* The last head signed (journal), or the last cosigned of that origin (witness); size 0: none. */
int signer_client_last_checkpoint(struct signer_client *client, const char *name,
                                  const char *origin, struct signer_head *head,
                                  struct err *e) MUST_CHECK;
/* After a restore that lost acts: the journal key signs a new, empty origin from now on. */
int signer_client_open_origin(struct signer_client *client, const char *name, const char *origin,
                              struct err *e) MUST_CHECK;

/*
 * Appends the signature over FORMAT ‖ "\n" ‖ payload (docs/formats.md section 1.1), where FORMAT is
 * the payload's own member "format": tocsin-publication/v1, tocsin-bundle/v1, tocsin-trust/v1 or
 * tocsin-pack/v1.
 * The payload must be canonical JSON of at most 4 MiB and name the journal's origin; a trust
 * payload's generation never goes back, its log_key is this signer's journal key, and its anchors
 * are this signer's roots.
 */
int signer_client_sign_publication(struct signer_client *client, const char *name,
                                   struct slice payload, struct buf *signature,
                                   struct err *e) MUST_CHECK;
int signer_client_sign_bundle(struct signer_client *client, const char *name, struct slice payload,
                              struct buf *signature, struct err *e) MUST_CHECK;
int signer_client_sign_trust(struct signer_client *client, const char *name, struct slice payload,
                             struct buf *signature, struct err *e) MUST_CHECK;
int signer_client_sign_pack(struct signer_client *client, const char *name, struct slice payload,
                            struct buf *signature, struct err *e) MUST_CHECK;

/* Teaches a witness key a log: its origin and Ed25519 key, which cannot be changed afterwards. */
int signer_client_add_log(struct signer_client *client, const char *name, const char *origin,
                          const uint8_t log_key[ED25519_PUBLIC_LEN], struct err *e) MUST_CHECK;
/*
 * Cosigns (C2SP tlog-cosignature v1) a checkpoint whose log_signature by the known log key holds,
 * and that is consistent with the last one cosigned of that origin. The signer takes the time:
 * *time is Unix seconds, signature is over "cosignature/v1\ntime T\n" and the checkpoint.
 */
int signer_client_cosign(struct signer_client *client, const char *name, const char *origin,
                         const struct signer_head *head,
                         const uint8_t log_signature[ED25519_SIGNATURE_LEN],
                         const uint8_t (*proof)[32], size_t proof_len, uint64_t *time,
                         uint8_t signature[ED25519_SIGNATURE_LEN], struct err *e) MUST_CHECK;

#endif
