/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: time-stamps (RFC 3161, RFC 5816): what is asked, what an answer must be, and what
 * a token shows. Strict DER throughout.
 */
#ifndef EVIDENCE_STAMP_H
#define EVIDENCE_STAMP_H

#include "base/buf.h"
#include "crypto/signed_data.h"

#include <stdint.h>

enum { STAMP_NONCE = 8, STAMP_ANSWER_MOST = 256 << 10, STAMP_POLICY = 128, STAMP_SERIAL = 64 };

struct evidence_stamp_wish {
    struct slice stamped;       /* the bytes whose time it is */
    uint8_t nonce[STAMP_NONCE]; /* new for each question, first bit zero */
    const char *policy;         /* "1.2.3.4"; NULL: the authority's own */
};

/* Appends a TimeStampReq: SHA-256 of the bytes, the nonce, certReq. ERR_USAGE "stamp.policy". */
int evidence_stamp_request(const struct evidence_stamp_wish *wish, struct buf *der,
                           struct err *e) MUST_CHECK;

/*
 * The token of a TimeStampResp. ERR_UNAVAILABLE "stamp.refused" with what the authority says of it;
 * ERR_INPUT "der.syntax", "stamp.answer". *token lies in answer.
 */
int evidence_stamp_token(struct slice answer, struct slice *token, struct err *e) MUST_CHECK;
/* Appends a TimeStampResp that says "granted" and holds the token, and nothing that is not signed:
 * what `openssl ts -verify -in` reads. */
void evidence_stamp_answer(struct slice token, struct buf *der);

/* What a token shows. */
struct evidence_stamp {
    int64_t at; /* microseconds */
    bool has_accuracy;
    uint64_t accuracy; /* microseconds, either way */
    char policy[STAMP_POLICY];
    char serial[2 * STAMP_SERIAL + 1]; /* hexadecimal */
    char authority[256];               /* subject of its certificate */
    uint8_t certificate_sha256[32];
    bool chain_checked;        /* it leads to one of the roots, at `at` */
    bool all_named;            /* each certificate of the token is named by a signed attribute */
    enum signed_digest digest; /* of the imprint */
};

/*
 * Is it a time-stamp of these bytes? wish NULL: they alone matter; else its nonce and policy must
 * be in it too. roots_pem NULL: who vouches for the authority is not checked. ERR_VERIFY
 * "stamp.imprint", "stamp.nonce", "stamp.policy", "stamp.purpose" (the certificate is not one for
 * time-stamps alone, critically: RFC 3161 section 2.3), "stamp.validity" (it was not valid at the
 * time), "signed-data.…", "chain.…"; ERR_INPUT "der.syntax", "stamp.token".
 */
int evidence_stamp_check(struct slice token, struct slice stamped,
                         const struct evidence_stamp_wish *wish, const char *roots_pem,
                         struct evidence_stamp *out, struct err *e) MUST_CHECK;

/* The certificates of a token as PEM, in their order. */
int evidence_stamp_chain(struct slice token, struct buf *pem, struct err *e) MUST_CHECK;

#endif
