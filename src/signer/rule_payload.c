/* SPDX-License-Identifier: Apache-2.0 */
/* What a publication key signs: payloads of the signed envelope (docs/formats.md section 1.1). */
#include "base/encoding.h"
#include "base/json.h"
#include "signer/rule.h"

enum { PAYLOAD_MAX = 4 << 20 };

static const char *const formats[] = {
    "tocsin-publication/v1",
    "tocsin-bundle/v1",
    "tocsin-trust/v1",
    "tocsin-pack/v1",
};
#define TRUST_FORMAT "tocsin-trust/v1"

static int refuse(struct err *e, const char *code, const char *text)
{
    return err_set(e, ERR_DENIED, code, "docs/formats.md section 1.1", "the signer refuses: %s",
                   text);
}

/* The origin that a payload names is the one that this signer's journal key signs for. */
static int check_origin(struct vault *v, struct slice origin, struct err *e)
{
    bool any = false;
    bool ours = false;

    for (size_t i = 0; i < v->count; i++) {
        const struct vault_key *key = v->keys[i];
        if (key->purpose != SIGNER_JOURNAL)
            continue;
        any = true;
        ours |= slice_is(origin, key->logs[key->log_count - 1].origin);
    }
    if (origin.len == 0)
        return refuse(e, "signer.payload-origin", "a payload that names no journal");
    if (any && !ours)
        return refuse(e, "signer.payload-origin", "a payload of another journal");
    return 0;
}

/* A statement of trust names this signer's journal key: no other log can be slipped to devices. */
static int check_log_key(struct vault *v, struct slice vkey, struct err *e)
{
    uint8_t public_key[ED25519_PUBLIC_LEN];
    struct note_key named;
    bool any = false;
    bool ours = false;

    for (size_t i = 0; i < v->count; i++) {
        const struct vault_key *key = v->keys[i];
        if (key->purpose != SIGNER_JOURNAL)
            continue;
        if (!any && note_key_parse(&named, vkey, e) != 0)
            return -1;
        any = true;
        if (key_to_ed25519(key->key, public_key, e) != 0)
            return -1;
        ours |= memcmp(public_key, named.public_key, sizeof(public_key)) == 0;
    }
    return ours || !any ? 0 : refuse(e, "signer.trust-log", "a journal key that is not its own");
}

static bool is_root_certificate(const struct vault *v, struct slice der, bool *any)
{
    bool ours = false;

    for (size_t i = 0; i < v->count; i++) {
        const struct vault_key *key = v->keys[i];
        if (key->purpose != SIGNER_ROOT_CA || key->certificate.len == 0)
            continue;
        *any = true;
        ours |= slice_equal(der, buf_slice(&key->certificate));
    }
    return ours;
}

/* Nor another trust anchor, as long as the roots are this signer's. */
static int check_anchors(const struct vault *v, const struct json_value *anchors, struct err *e)
{
    struct buf der;
    bool any = false;
    bool all = true;

    if (json_count(anchors) == 0)
        return refuse(e, "signer.trust-anchors", "a trust payload without anchors");
    buf_init(&der);
    json_each(anchor, anchors)
    {
        struct certificate c;
        buf_reset(&der);
        if (base64_parse(json_string(anchor), &der) != 0 ||
            certificate_parse(&c, buf_slice(&der), e) != 0) {
            if (der.failed)
                err_memory(e);
            buf_fini(&der);
            return refuse(e, "signer.trust-anchors", "a trust anchor that cannot be read");
        }
        all = is_root_certificate(v, buf_slice(&der), &any) && all;
    }
    buf_fini(&der);
    return all || !any ? 0
                       : refuse(e, "signer.trust-anchors", "a trust anchor that is not its own");
}

static int check_payload(struct vault *v, const struct json_value *root, struct slice format,
                         struct slice payload, uint64_t *generation, struct err *e)
{
    bool known = false;
    int64_t number = 0;

    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        known |= slice_is(format, formats[i]);
    if (!known || !slice_equal(json_get_string(root, "format"), format))
        return refuse(e, "signer.payload-format", "a payload of a format that it does not sign");
    if (json_check_canonical(payload, e) != 0)
        return -1;
    if (check_origin(v, json_get_string(root, "origin"), e) != 0)
        return -1;
    *generation = 0;
    if (slice_is(format, TRUST_FORMAT)) {
        if (!json_int64(json_get(root, "generation"), &number) || number < 1)
            return refuse(e, "signer.trust-generation", "a trust payload without a generation");
        *generation = (uint64_t)number;
        if (check_log_key(v, json_get_string(root, "log_key"), e) != 0 ||
            check_anchors(v, json_get(root, "anchors"), e) != 0)
            return -1;
    }
    return 0;
}

/* With key->turn held. */
static int keep_generation(struct vault *v, struct vault_key *key, uint64_t generation,
                           struct err *e)
{
    if (generation == 0 || generation == key->trust_generation)
        return 0;
    if (generation < key->trust_generation)
        return refuse(e, "signer.trust-generation", "a generation of trust that is over");
    if (vault_keep_trust(v, key, generation, e) != 0)
        return -1;
    key->trust_generation = generation;
    return 0;
}

int rule_sign_payload(struct vault *v, struct slice name, struct slice format, struct slice payload,
                      struct buf *signature, struct err *e)
{
    struct vault_key *key = vault_use(v, name, SIGNER_PUBLICATION, e);
    struct json_doc *doc = NULL;
    uint64_t generation;
    struct buf message;
    int result = -1;

    if (!key)
        return -1;
    if (payload.len > PAYLOAD_MAX)
        return err_set(e, ERR_LIMIT, "signer.payload-size", NULL, "a payload of over %d bytes",
                       PAYLOAD_MAX);
    buf_init(&message);
    if (json_parse(&doc, payload, NULL, e) != 0 ||
        check_payload(v, json_root(doc), format, payload, &generation, e) != 0)
        goto out;
    buf_put_slice(&message, format);
    buf_putc(&message, '\n');
    buf_put_slice(&message, payload);
    if (buf_check(&message, e) != 0)
        goto out;
    pthread_mutex_lock(&key->turn);
    if (keep_generation(v, key, generation, e) == 0)
        result = key_sign(key->key, buf_slice(&message), signature, e);
    pthread_mutex_unlock(&key->turn);
out:
    json_doc_free(doc);
    buf_fini(&message);
    return result;
}
