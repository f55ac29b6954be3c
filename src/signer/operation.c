/* SPDX-License-Identifier: Apache-2.0 */
/* One request in, one answer out: fields of each operation, and nothing about sockets. */
#include "signer/protocol.h"
#include "signer/rule.h"

/* A head: u64 size, 32 bytes. */
static struct signer_head take_head(struct cursor *in)
{
    struct signer_head head;

    head.size = cursor_u64(in);
    cursor_copy(in, head.root, sizeof(head.root));
    return head;
}

static void take_proof(struct cursor *in, struct rule_proof *proof)
{
    proof->count = cursor_u16(in);
    if (proof->count > SIGNER_PROOF_MAX) {
        in->failed = true;
        proof->count = 0;
    }
    for (size_t i = 0; i < proof->count; i++)
        cursor_copy(in, proof->hashes[i], sizeof(proof->hashes[i]));
}

static int end_of(const struct cursor *in, struct err *e)
{
    return cursor_finish(in, "the request to the signer", e);
}

static int put_bytes(struct buf *out, const struct buf *bytes)
{
    cursor_put_slice32(out, buf_slice(bytes));
    return 0;
}

static int run_status(struct vault *v, struct cursor *in, struct buf *out, struct err *e)
{
    if (end_of(in, e) != 0)
        return -1;
    buf_putc(out, v->locked);
    cursor_put_u32(out, (uint32_t)v->count);
    cursor_put_u64(out, atomic_load(&v->signatures));
    cursor_put_u64(out, atomic_load(&v->refusals));
    cursor_put_slice32(out, slice_str(v->sandbox));
    return 0;
}

static int run_unlock(struct vault *v, struct cursor *in, struct err *e)
{
    struct slice passphrase = cursor_take32(in);

    return end_of(in, e) == 0 ? vault_unlock(v, passphrase, e) : -1;
}

static int run_generate(struct vault *v, struct cursor *in, struct buf *out, struct err *e)
{
    struct slice name = cursor_take32(in);
    uint8_t purpose = cursor_u8(in);
    uint8_t kind = cursor_u8(in);
    struct slice origin = cursor_take32(in);
    struct vault_key *key;

    if (end_of(in, e) != 0)
        return -1;
    if (purpose < SIGNER_ROOT_CA || purpose > SIGNER_WITNESS || kind < KEY_P256 || kind > KEY_RSA)
        return err_set(e, ERR_USAGE, "signer.request", NULL,
                       "a purpose or a kind of key that is not known");
    if (vault_generate(v, name, (enum signer_purpose)purpose, (enum key_kind)kind, origin, &key,
                       e) != 0)
        return -1;
    return put_bytes(out, &key->spki);
}

static int run_public_key(struct vault *v, struct cursor *in, struct buf *out, struct err *e)
{
    struct slice name = cursor_take32(in);
    struct vault_key *key = end_of(in, e) == 0 ? vault_find(v, name, e) : NULL;

    return key ? put_bytes(out, &key->spki) : -1;
}

static int run_install(struct vault *v, struct cursor *in, struct err *e)
{
    struct slice name = cursor_take32(in);
    struct slice der = cursor_take32(in);

    return end_of(in, e) == 0 ? rule_install(v, name, der, e) : -1;
}

static int run_sign_tbs(struct vault *v, enum signer_operation operation, struct cursor *in,
                        struct buf *signature, struct err *e)
{
    struct slice name = cursor_take32(in);
    struct slice tbs = cursor_take32(in);

    if (end_of(in, e) != 0)
        return -1;
    return operation == SIGNER_SIGN_CRL ? rule_sign_crl(v, name, tbs, signature, e)
                                        : rule_sign_certificate(v, name, tbs, signature, e);
}

static int run_sign_checkpoint(struct vault *v, struct cursor *in, struct buf *signature,
                               struct err *e)
{
    struct slice name = cursor_take32(in);
    struct slice origin = cursor_take32(in);
    struct signer_head head = take_head(in);
    struct rule_proof proof;

    take_proof(in, &proof);
    if (end_of(in, e) != 0)
        return -1;
    return rule_sign_checkpoint(v, name, origin, &head, &proof, signature, e);
}

static int run_last_checkpoint(struct vault *v, struct cursor *in, struct buf *out, struct err *e)
{
    struct slice name = cursor_take32(in);
    struct slice origin = cursor_take32(in);
    struct signer_head head;

    if (end_of(in, e) != 0 || rule_last_checkpoint(v, name, origin, &head, e) != 0)
        return -1;
    cursor_put_u64(out, head.size);
    buf_put(out, head.root, sizeof(head.root));
    return 0;
}

static int run_open_origin(struct vault *v, struct cursor *in, struct err *e)
{
    struct slice name = cursor_take32(in);
    struct slice origin = cursor_take32(in);

    return end_of(in, e) == 0 ? rule_open_origin(v, name, origin, e) : -1;
}

static int run_sign_payload(struct vault *v, struct cursor *in, struct buf *signature,
                            struct err *e)
{
    struct slice name = cursor_take32(in);
    struct slice format = cursor_take32(in);
    struct slice payload = cursor_take32(in);

    if (end_of(in, e) != 0)
        return -1;
    return rule_sign_payload(v, name, format, payload, signature, e);
}

static int run_add_log(struct vault *v, struct cursor *in, struct err *e)
{
    struct slice name = cursor_take32(in);
    struct slice origin = cursor_take32(in);
    struct slice log_key = cursor_take(in, ED25519_PUBLIC_LEN);

    return end_of(in, e) == 0 ? rule_add_log(v, name, origin, log_key, e) : -1;
}

static int run_cosign(struct vault *v, struct cursor *in, struct buf *out, struct buf *signature,
                      struct err *e)
{
    struct slice name = cursor_take32(in);
    struct slice origin = cursor_take32(in);
    struct signer_head head = take_head(in);
    struct slice log_signature = cursor_take(in, ED25519_SIGNATURE_LEN);
    struct rule_proof proof;
    uint64_t time;

    take_proof(in, &proof);
    if (end_of(in, e) != 0 ||
        rule_cosign(v, name, origin, &head, log_signature, &proof, &time, signature, e) != 0)
        return -1;
    cursor_put_u64(out, time);
    return 0;
}

static bool changes_keys(unsigned operation)
{
    return operation == SIGNER_UNLOCK || operation == SIGNER_LOCK || operation == SIGNER_GENERATE ||
           operation == SIGNER_INSTALL || operation == SIGNER_OPEN_ORIGIN ||
           operation == SIGNER_ADD_LOG;
}

/* A signature goes behind the other fields. */
static int run(struct vault *v, unsigned operation, struct cursor *in, struct buf *out,
               struct buf *signature, struct err *e)
{
    switch (operation) {
    case SIGNER_STATUS: return run_status(v, in, out, e);
    case SIGNER_UNLOCK: return run_unlock(v, in, e);
    case SIGNER_LOCK:
        if (end_of(in, e) != 0)
            return -1;
        vault_lock(v);
        return 0;
    case SIGNER_GENERATE: return run_generate(v, in, out, e);
    case SIGNER_PUBLIC_KEY: return run_public_key(v, in, out, e);
    case SIGNER_INSTALL: return run_install(v, in, e);
    case SIGNER_SIGN_CERTIFICATE:
    case SIGNER_SIGN_CRL:
        return run_sign_tbs(v, (enum signer_operation)operation, in, signature, e);
    case SIGNER_SIGN_CHECKPOINT: return run_sign_checkpoint(v, in, signature, e);
    case SIGNER_LAST_CHECKPOINT: return run_last_checkpoint(v, in, out, e);
    case SIGNER_OPEN_ORIGIN: return run_open_origin(v, in, e);
    case SIGNER_SIGN_PAYLOAD: return run_sign_payload(v, in, signature, e);
    case SIGNER_ADD_LOG: return run_add_log(v, in, e);
    case SIGNER_COSIGN: return run_cosign(v, in, out, signature, e);
    default:
        return err_set(e, ERR_USAGE, "signer.request", NULL, "an operation that is not known (%u)",
                       operation);
    }
}

void signer_operation_run(struct vault *v, struct slice request, struct buf *answer)
{
    struct buf signature;
    struct err e = {0};
    struct cursor in;
    size_t from = answer->len;

    cursor_init(&in, request);
    uint8_t operation = cursor_u8(&in);
    buf_init(&signature);
    signer_frame_begin(answer);
    buf_putc(answer, 0);
    if (changes_keys(operation))
        pthread_rwlock_wrlock(&v->turn);
    else
        pthread_rwlock_rdlock(&v->turn);
    int result = run(v, operation, &in, answer, &signature, &e);
    pthread_rwlock_unlock(&v->turn);
    if (result == 0 && signature.len > 0) {
        atomic_fetch_add(&v->signatures, 1);
        cursor_put_slice32(answer, buf_slice(&signature));
    }
    if (result == 0 && buf_check(answer, &e) == 0) {
        signer_frame_end(answer);
    } else {
        atomic_fetch_add(&v->refusals, 1);
        answer->failed = false;
        answer->len = from;
        signer_answer_refused(answer, &e);
    }
    buf_fini(&signature);
}
