/* SPDX-License-Identifier: Apache-2.0 */
/* What journal and witness keys sign: heads of a log that only grows (RFC 9162 section 2.1.4). */
#include "crypto/merkle.h"
#include "signer/rule.h"

static int make_log(struct vault_log *log, struct slice origin, struct err *e)
{
    *log = (struct vault_log){0};
    if (!note_name_is(origin) || origin.len > SIGNER_ORIGIN_MAX)
        return err_set(e, ERR_USAGE, "signer.origin", "C2SP tlog-checkpoint",
                       "not an origin: 1 to %d bytes without space, '+' or control characters",
                       SIGNER_ORIGIN_MAX);
    memcpy(log->origin, origin.data, origin.len);
    return merkle_empty_root(log->head.root) == 0 ? 0 : digest_failed(e);
}

/* The last head is a prefix of the next. */
static int check_growth(const struct signer_head *last, const struct signer_head *next,
                        const struct rule_proof *proof, struct err *e)
{
    struct err why = {0};

    if (next->size > INT64_MAX)
        return err_set(e, ERR_USAGE, "signer.head", NULL, "a tree of that size cannot be");
    if (next->size < last->size) {
        err_set(e, ERR_CONFLICT, "signer.head-behind", "C2SP tlog-checkpoint",
                "the signer refuses: the head has size %llu, and %llu was signed before",
                (unsigned long long)next->size, (unsigned long long)last->size);
        return err_hint(e, "the database is older than the journal that was signed");
    }
    if (merkle_verify_consistency(last->size, last->root, next->size, next->root, proof->hashes,
                                  proof->count, &why) == 0)
        return 0;
    if (why.kind != ERR_VERIFY) {
        *e = why;
        return -1;
    }
    return err_set(e, ERR_VERIFY, "signer.head-inconsistent", "RFC 9162 section 2.1.4",
                   "the signer refuses: the head does not contain the one of size %llu that was "
                   "signed before",
                   (unsigned long long)last->size);
}

/* The current log of a journal key is the last that was opened. */
static struct vault_log *current_log(const struct vault_key *key, struct slice origin,
                                     struct err *e)
{
    struct vault_log *log = &key->logs[key->log_count - 1];

    if (slice_is(origin, log->origin))
        return log;
    err_set(e, ERR_DENIED, "signer.origin", "C2SP tlog-checkpoint",
            "the signer refuses: the key signs for %s", log->origin);
    return NULL;
}

int rule_sign_checkpoint(struct vault *v, struct slice name, struct slice origin,
                         const struct signer_head *head, const struct rule_proof *proof,
                         struct buf *signature, struct err *e)
{
    struct vault_key *key = vault_use(v, name, SIGNER_JOURNAL, e);
    struct vault_log *log = key ? current_log(key, origin, e) : NULL;
    struct vault_log next;
    struct buf text;
    int result = -1;

    if (!log)
        return -1;
    buf_init(&text);
    checkpoint_put(&text, origin, head->size, head->root);
    pthread_mutex_lock(&key->turn);
    if (check_growth(&log->head, head, proof, e) == 0 && buf_check(&text, e) == 0) {
        bool same = head->size == log->head.size;
        next = *log;
        next.head = *head;
        if (same || vault_keep_log(v, key, &next, key->log_count - 1, e) == 0) {
            log->head = *head;
            result = key_sign(key->key, buf_slice(&text), signature, e);
        }
    }
    pthread_mutex_unlock(&key->turn);
    buf_fini(&text);
    return result;
}

int rule_last_checkpoint(struct vault *v, struct slice name, struct slice origin,
                         struct signer_head *head, struct err *e)
{
    struct vault_key *key = vault_find(v, name, e);

    if (!key)
        return -1;
    if (key->purpose != SIGNER_JOURNAL && key->purpose != SIGNER_WITNESS)
        return err_set(e, ERR_DENIED, "signer.purpose", NULL, "the key %s signs no checkpoints",
                       key->name);
    pthread_mutex_lock(&key->turn);
    struct vault_log *log = vault_log_find(key, origin);
    if (log)
        *head = log->head;
    pthread_mutex_unlock(&key->turn);
    if (log)
        return 0;
    return err_set(e, ERR_NOT_FOUND, "signer.origin", NULL, "the key %s does not know that origin",
                   key->name);
}

int rule_open_origin(struct vault *v, struct slice name, struct slice origin, struct err *e)
{
    struct vault_key *key = vault_use(v, name, SIGNER_JOURNAL, e);
    struct vault_log log;

    if (!key || make_log(&log, origin, e) != 0)
        return -1;
    if (vault_log_find(key, origin))
        return err_set(e, ERR_CONFLICT, "signer.origin", NULL, "the origin was opened before");
    return vault_log_add(v, key, &log, e);
}

int rule_add_log(struct vault *v, struct slice name, struct slice origin, struct slice log_key,
                 struct err *e)
{
    struct vault_key *key = vault_use(v, name, SIGNER_WITNESS, e);
    struct vault_log log;

    if (!key || make_log(&log, origin, e) != 0)
        return -1;
    struct key *public = key_from_ed25519(log_key.data, e);
    key_free(public);
    if (!public)
        return -1;
    memcpy(log.log_key, log_key.data, sizeof(log.log_key));
    const struct vault_log *known = vault_log_find(key, origin);
    if (known && memcmp(known->log_key, log.log_key, sizeof(log.log_key)) == 0)
        return 0;
    if (known)
        return err_set(e, ERR_CONFLICT, "signer.log-key", "C2SP tlog-witness",
                       "the witness knows another key for that origin");
    return vault_log_add(v, key, &log, e);
}

/* The log's own signature under the checkpoint, by the key that the witness was taught. */
static int check_log_signature(const struct vault_log *log, struct slice text,
                               struct slice signature, struct err *e)
{
    struct err why = {0};
    struct key *public = key_from_ed25519(log->log_key, e);

    if (!public)
        return -1;
    int result = key_verify(public, text, signature, &why);
    key_free(public);
    if (result == 0)
        return 0;
    if (why.kind != ERR_VERIFY) {
        *e = why;
        return -1;
    }
    return err_set(e, ERR_VERIFY, "signer.log-signature", "C2SP tlog-witness",
                   "the witness refuses: the checkpoint is not signed by its log");
}

int rule_cosign(struct vault *v, struct slice name, struct slice origin,
                const struct signer_head *head, struct slice log_signature,
                const struct rule_proof *proof, uint64_t *time, struct buf *signature,
                struct err *e)
{
    struct vault_key *key = vault_use(v, name, SIGNER_WITNESS, e);
    struct vault_log *log = key ? vault_log_find(key, origin) : NULL;
    struct vault_log next;
    struct buf text, message;
    int result = -1;

    if (!key)
        return -1;
    if (!log)
        return err_set(e, ERR_NOT_FOUND, "signer.origin", "C2SP tlog-witness",
                       "the witness does not know that log");
    buf_init(&text);
    buf_init(&message);
    *time = (uint64_t)(clock_now(&clock_system) / 1000000);
    checkpoint_put(&text, origin, head->size, head->root);
    cosignature_message(&message, *time, buf_slice(&text));
    pthread_mutex_lock(&key->turn);
    if (buf_check(&text, e) == 0 && buf_check(&message, e) == 0 &&
        check_log_signature(log, buf_slice(&text), log_signature, e) == 0 &&
        check_growth(&log->head, head, proof, e) == 0) {
        next = *log;
        next.head = *head;
        if (head->size == log->head.size ||
            vault_keep_log(v, key, &next, (size_t)(log - key->logs), e) == 0) {
            log->head = *head;
            result = key_sign(key->key, buf_slice(&message), signature, e);
        }
    }
    pthread_mutex_unlock(&key->turn);
    buf_fini(&text);
    buf_fini(&message);
    return result;
}
