/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each kind of key may sign: the reason why this is a process of its own. Each rule reads what
 * it is asked to sign to the last byte, and none signs bytes that it has not understood. v->turn is
 * held for reading by the caller.
 */
#ifndef SIGNER_RULE_H
#define SIGNER_RULE_H

#include "signer/vault.h"

int rule_sign_certificate(struct vault *v, struct slice name, struct slice tbs,
                          struct buf *signature, struct err *e) MUST_CHECK;
int rule_sign_crl(struct vault *v, struct slice name, struct slice tbs, struct buf *signature,
                  struct err *e) MUST_CHECK;
/* v->turn held for writing. */
int rule_install(struct vault *v, struct slice name, struct slice der, struct err *e) MUST_CHECK;

struct rule_proof {
    uint8_t hashes[64][SHA256_LEN];
    size_t count;
};
int rule_sign_checkpoint(struct vault *v, struct slice name, struct slice origin,
                         const struct signer_head *head, const struct rule_proof *proof,
                         struct buf *signature, struct err *e) MUST_CHECK;
int rule_last_checkpoint(struct vault *v, struct slice name, struct slice origin,
                         struct signer_head *head, struct err *e) MUST_CHECK;
int rule_open_origin(struct vault *v, struct slice name, struct slice origin,
                     struct err *e) MUST_CHECK;
int rule_add_log(struct vault *v, struct slice name, struct slice origin, struct slice log_key,
                 struct err *e) MUST_CHECK;
int rule_cosign(struct vault *v, struct slice name, struct slice origin,
                const struct signer_head *head, struct slice log_signature,
                const struct rule_proof *proof, uint64_t *time, struct buf *signature,
                struct err *e) MUST_CHECK;
int rule_sign_payload(struct vault *v, struct slice name, struct slice format, struct slice payload,
                      struct buf *signature, struct err *e) MUST_CHECK;

/* Answers one request body (operation and fields) with a whole frame in `answer`. Never fails: a
 * refusal is an answer too; when memory is short the answer may be empty. */
void signer_operation_run(struct vault *v, struct slice request, struct buf *answer);

#endif
