/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signed envelope "tocsin-signed/v1" (docs/formats.md section 1.1): how a signed statement
 * travels. The signature is over  payload.format ‖ 0x0A ‖ payload.
 */
#ifndef CRYPTO_ENVELOPE_H
#define CRYPTO_ENVELOPE_H

#include "base/json.h"
#include "crypto/chain.h"
#include "crypto/key.h"

enum {
    ENVELOPE_CHAIN_MAX = 8,
    ENVELOPE_MAX = 16 << 20, /* bytes of an envelope's text */
};

/* Who signs: a callback, so that a key in this process or the signer process can do it. */
struct envelope_signer {
    /* Appends the signature over message to signature. 0, or -1 with e set. */
    int (*sign)(void *context, struct slice format, struct slice message, struct buf *signature,
                struct err *e);
    void *context;
    const struct slice *chain; /* DER; the signer's first, then its issuers without the anchor */
    size_t chain_count;        /* at least 1: the certificate's hash is taken from it */
    bool leave_out_chain;      /* only the hash travels */
};

/* A signer over a key of this process. The key and the chain must outlive it. */
struct envelope_signer envelope_signer_of_key(const struct key *key, const struct slice *chain,
                                              size_t chain_count);

/* Appends what is signed for a payload. */
void envelope_message(struct buf *b, struct slice format, struct slice payload);

/*
 * Appends the envelope of a payload, which must be canonical JSON with a member `format`.
 * "envelope.payload", or what sign() said.
 */
int envelope_build(struct buf *out, struct slice payload, const struct envelope_signer *signer,
                   struct err *e) MUST_CHECK;

/* A parsed envelope. Nothing in it is to be believed before envelope_verify… returned 0. */
struct envelope {
    struct buf payload; /* the bytes that were signed */
    struct json_doc *doc;
    const struct json_value *root; /* of the payload */
    struct slice format;           /* the payload's member */
    uint8_t certificate[32];       /* SHA-256 of the signer's certificate */
    struct buf signature;
    struct buf chain_bytes;
    struct slice chain[ENVELOPE_CHAIN_MAX];
    size_t chain_count; /* 0: no chain came along */
};

/*
 * Parses; envelope and payload must be canonical JSON (RFC 8785), no unknown members. format: what
 * is expected here (NULL: any). The input may go away afterwards. On -1 nothing has to be freed.
 * ERR_INPUT "envelope.syntax", "envelope.format", "json.…".
 */
int envelope_parse(struct envelope *envelope, struct slice text, const char *format,
                   struct err *e) MUST_CHECK;
void envelope_fini(struct envelope *envelope);

/* SHA-256 of an envelope's bytes, as acts name it. */
int envelope_hash(struct slice text, uint8_t out[32], struct err *e) MUST_CHECK;

/* ERR_VERIFY "envelope.signature" when the key did not sign it. */
int envelope_verify_key(const struct envelope *envelope, const struct key *key,
                        struct err *e) MUST_CHECK;
/* The key of `certificate` (DER), which is the one that the envelope names ("envelope.signer") and
 * is for digital signatures; or NULL. */
struct key *envelope_signer_key(const struct envelope *envelope, struct slice certificate,
                                struct err *e) MUST_CHECK;
/* Also checks that `certificate` (DER) is the one that the envelope names: "envelope.signer". */
int envelope_verify_certificate(const struct envelope *envelope, struct slice certificate,
                                struct err *e) MUST_CHECK;
/*
 * Whole: the chain that came along leads to an anchor at `time` with these purposes (chain_verify),
 * its first certificate is the one named, and it signed. "envelope.no-chain" when none came along.
 * A publication signer needs PURPOSE_DOCUMENT (id-kp-documentSigning, RFC 9336).
 */
int envelope_verify_chain(const struct envelope *envelope, struct chain_verifier *verifier,
                          int64_t time, uint32_t purposes, struct err *e) MUST_CHECK;

/* Payload members that formats use again and again. NULL/false/-1 when not there or not such. */
bool envelope_member_is(const struct envelope *envelope, const char *name, struct slice value);
/* "sha256:…" as 32 bytes: 0 or -1. */
int hash_text_parse(struct slice text, uint8_t out[32]) MUST_CHECK;
enum { HASH_TEXT = 7 + 64 + 1 };
void hash_text_format(const uint8_t hash[32], char text[HASH_TEXT]);

#endif
