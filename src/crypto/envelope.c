/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/envelope.h"

#include "base/encoding.h"
#include "base/memory.h"
#include "crypto/digest.h"

#define CLAUSE "tocsin formats section 1.1"
#define FORMAT "tocsin-signed/v1"

int hash_text_parse(struct slice text, uint8_t out[32])
{
    if (text.len != HASH_TEXT - 1 || memcmp(text.data, "sha256:", 7) != 0)
        return -1;
    for (size_t i = 7; i < text.len; i++) /* lower case: one text a hash */
        if (text.data[i] >= 'A' && text.data[i] <= 'F')
            return -1;
    return hex_parse(slice_of(text.data + 7, 64), out, 32);
}

void hash_text_format(const uint8_t hash[32], char text[HASH_TEXT])
{
    memcpy(text, "sha256:", 7);
    hex_format(hash, 32, text + 7);
}

void envelope_message(struct buf *b, struct slice format, struct slice payload)
{
    buf_put_slice(b, format);
    buf_putc(b, '\n');
    buf_put_slice(b, payload);
}

/* ---- building ---------------------------------------------------------------------------- */

static int sign_with_key(void *context, struct slice format, struct slice message,
                         struct buf *signature, struct err *e)
{
    (void)format;
    return key_sign(context, message, signature, e);
}

struct envelope_signer envelope_signer_of_key(const struct key *key, const struct slice *chain,
                                              size_t chain_count)
{
    union {
        const struct key *in;
        void *out;
    } context = {.in = key}; /* sign_with_key only reads */

    return (struct envelope_signer){
        .sign = sign_with_key, .context = context.out, .chain = chain, .chain_count = chain_count};
}

/* The payload's format, which is what the signature commits to first. */
static int payload_format(struct slice payload, struct json_doc **doc, struct slice *format,
                          struct err *e)
{
    if (json_parse(doc, payload, NULL, e) != 0)
        return -1;
    if (json_doc_check_canonical(*doc, payload, e) != 0)
        goto refused;
    *format = json_get_string(json_root(*doc), "format");
    if (format->len != 0 && !memchr(format->data, '\n', format->len))
        return 0;
    err_set(e, ERR_INPUT, "envelope.payload", CLAUSE, "the payload has no member \"format\"");
refused:
    json_doc_free(*doc);
    *doc = NULL;
    return -1;
}

int envelope_build(struct buf *out, struct slice payload, const struct envelope_signer *signer,
                   struct err *e)
{
    struct json_doc *doc = NULL;
    struct slice format;
    struct buf message, signature;
    struct json_writer w;
    uint8_t hash[32];
    char hash_text[HASH_TEXT];
    int rc = -1;

    buf_init(&message);
    buf_init(&signature);
    if (signer->chain_count < 1 || signer->chain_count > ENVELOPE_CHAIN_MAX) {
        err_set(e, ERR_INTERNAL, "envelope.payload", CLAUSE, "a signer has 1 to %d certificates",
                ENVELOPE_CHAIN_MAX);
        goto out;
    }
    if (payload_format(payload, &doc, &format, e) != 0)
        goto out;
    envelope_message(&message, format, payload);
    if (buf_check(&message, e) != 0 ||
        signer->sign(signer->context, format, buf_slice(&message), &signature, e) != 0 ||
        buf_check(&signature, e) != 0)
        goto out;
    if (certificate_fingerprint(signer->chain[0], hash, e) != 0)
        goto out;
    hash_text_format(hash, hash_text);
    json_write_init(&w, out, 0);
    json_write_object(&w);
    json_member_string(&w, "certificate", hash_text);
    if (!signer->leave_out_chain) {
        json_write_name(&w, "chain");
        json_write_array(&w);
        for (size_t i = 0; i < signer->chain_count; i++) {
            buf_reset(&message);
            base64_put(&message, signer->chain[i]);
            if (buf_check(&message, e) != 0)
                goto out;
            json_write_slice(&w, buf_slice(&message));
        }
        json_write_array_end(&w);
    }
    json_member_string(&w, "format", FORMAT);
    json_member_base64(&w, "payload", payload);
    json_member_base64(&w, "signature", buf_slice(&signature));
    json_write_object_end(&w);
    rc = buf_check(out, e);
out:
    json_doc_free(doc);
    buf_fini(&message);
    buf_fini(&signature);
    return rc;
}

/* ---- parsing ----------------------------------------------------------------------------- */

static int refuse(struct err *e, const struct json_doc *doc, const struct json_value *at,
                  const char *text)
{
    err_set(e, ERR_INPUT, "envelope.syntax", CLAUSE, "not a signed envelope: %s", text);
    if (doc && at)
        json_err_where(doc, at, e);
    return -1;
}

static int parse_chain(struct envelope *envelope, const struct json_doc *doc,
                       const struct json_value *chain, struct err *e)
{
    size_t begin[ENVELOPE_CHAIN_MAX + 1];

    if (!json_is(chain, JSON_ARRAY) || json_count(chain) < 1 ||
        json_count(chain) > ENVELOPE_CHAIN_MAX)
        return refuse(e, doc, chain, "\"chain\" is an array of 1 to 8 certificates");
    begin[0] = 0;
    json_each(item, chain)
    {
        struct slice text = json_string(item);
        if (!text.data || base64_parse(text, &envelope->chain_bytes) != 0)
            return envelope->chain_bytes.failed
                       ? err_memory(e)
                       : refuse(e, doc, item, "a certificate is base64 of its DER");
        begin[++envelope->chain_count] = envelope->chain_bytes.len;
    }
    for (size_t i = 0; i < envelope->chain_count; i++)
        envelope->chain[i] =
            slice_of(envelope->chain_bytes.data + begin[i], begin[i + 1] - begin[i]);
    return 0;
}

static int parse_members(struct envelope *envelope, const struct json_doc *doc, struct err *e)
{
    const struct json_value *root = json_root(doc);
    const struct json_value *chain = json_get(root, "chain");
    struct slice text;

    if (!json_is(root, JSON_OBJECT) || !slice_is(json_get_string(root, "format"), FORMAT))
        return refuse(e, doc, root, "its member \"format\" is \"" FORMAT "\"");
    if (json_count(root) != 4 + (chain ? 1u : 0u))
        return refuse(e, doc, root,
                      "its members are certificate, chain, format, payload and signature");
    if (hash_text_parse(json_get_string(root, "certificate"), envelope->certificate) != 0)
        return refuse(e, doc, json_get(root, "certificate"),
                      "\"certificate\" is \"sha256:\" and 64 digits");
    text = json_get_string(root, "payload");
    if (!text.data || base64_parse(text, &envelope->payload) != 0)
        return envelope->payload.failed
                   ? err_memory(e)
                   : refuse(e, doc, json_get(root, "payload"), "\"payload\" is base64");
    text = json_get_string(root, "signature");
    if (!text.data || base64_parse(text, &envelope->signature) != 0 ||
        envelope->signature.len == 0 || envelope->signature.len > KEY_SIGNATURE_MAX)
        return envelope->signature.failed
                   ? err_memory(e)
                   : refuse(e, doc, json_get(root, "signature"), "\"signature\" is base64");
    return chain ? parse_chain(envelope, doc, chain, e) : 0;
}

int envelope_parse(struct envelope *envelope, struct slice text, const char *format, struct err *e)
{
    const struct json_limits limits = {
        .bytes = ENVELOPE_MAX, .depth = 4, .values = 16 + ENVELOPE_CHAIN_MAX};
    struct json_doc *doc = NULL;
    int rc = -1;

    *envelope = (struct envelope){.doc = NULL};
    buf_init(&envelope->payload);
    buf_init(&envelope->signature);
    buf_init(&envelope->chain_bytes);
    if (json_parse(&doc, text, &limits, e) != 0 || json_doc_check_canonical(doc, text, e) != 0 ||
        parse_members(envelope, doc, e) != 0)
        goto out;
    if (payload_format(buf_slice(&envelope->payload), &envelope->doc, &envelope->format, e) != 0) {
        err_context(e, "payload");
        goto out;
    }
    envelope->root = json_root(envelope->doc);
    if (format && !slice_is(envelope->format, format)) {
        err_set(e, ERR_INPUT, "envelope.format", CLAUSE,
                "the envelope holds \"%.*s\" where \"%s\" is expected",
                (int)(envelope->format.len > 64 ? 64 : envelope->format.len),
                (const char *)envelope->format.data, format);
        goto out;
    }
    rc = 0;
out:
    json_doc_free(doc);
    if (rc != 0)
        envelope_fini(envelope);
    return rc;
}

void envelope_fini(struct envelope *envelope)
{
    json_doc_free(envelope->doc);
    buf_fini(&envelope->payload);
    buf_fini(&envelope->signature);
    buf_fini(&envelope->chain_bytes);
    envelope->doc = NULL;
    envelope->root = NULL;
    envelope->chain_count = 0;
}

int envelope_hash(struct slice text, uint8_t out[32], struct err *e)
{
    return sha256(text, out) == 0 ? 0 : digest_failed(e);
}

bool envelope_member_is(const struct envelope *envelope, const char *name, struct slice value)
{
    struct slice is = json_get_string(envelope->root, name);

    return is.data && slice_equal(is, value);
}

/* ---- verifying --------------------------------------------------------------------------- */

int envelope_verify_key(const struct envelope *envelope, const struct key *key, struct err *e)
{
    struct buf message;
    int rc = -1;

    buf_init(&message);
    envelope_message(&message, envelope->format, buf_slice(&envelope->payload));
    if (buf_check(&message, e) == 0)
        rc = key_verify(key, buf_slice(&message), buf_slice(&envelope->signature), e);
    if (rc != 0 && e->kind == ERR_VERIFY) {
        err_clear(e);
        err_set(e, ERR_VERIFY, "envelope.signature", CLAUSE,
                "the signature does not hold for this %.*s",
                (int)(envelope->format.len > 64 ? 64 : envelope->format.len),
                (const char *)envelope->format.data);
    }
    buf_fini(&message);
    return rc;
}

struct key *envelope_signer_key(const struct envelope *envelope, struct slice der, struct err *e)
{
    struct certificate certificate;
    uint8_t hash[32];

    if (certificate_fingerprint(der, hash, e) != 0)
        return NULL;
    if (memcmp(hash, envelope->certificate, sizeof hash) != 0) {
        err_set(e, ERR_VERIFY, "envelope.signer", CLAUSE,
                "the envelope names another certificate as its signer's");
        return NULL;
    }
    if (certificate_parse(&certificate, der, e) != 0)
        return NULL;
    if (certificate.has_key_usage && !(certificate.key_usage & KEY_USAGE_DIGITAL_SIGNATURE)) {
        err_set(e, ERR_VERIFY, "envelope.signer", "RFC 5280 section 4.2.1.3",
                "the signer's certificate is not for digital signatures");
        return NULL;
    }
    return key_from_spki(certificate.spki, e);
}

int envelope_verify_certificate(const struct envelope *envelope, struct slice der, struct err *e)
{
    struct key *key = envelope_signer_key(envelope, der, e);

    if (!key)
        return -1;
    int rc = envelope_verify_key(envelope, key, e);
    key_free(key);
    return rc;
}

int envelope_verify_chain(const struct envelope *envelope, struct chain_verifier *verifier,
                          int64_t time, uint32_t purposes, struct err *e)
{
    if (envelope->chain_count == 0)
        return err_set(e, ERR_VERIFY, "envelope.no-chain", CLAUSE,
                       "the envelope does not carry its signer's certificate");
    if (chain_verify(verifier, envelope->chain[0], envelope->chain + 1, envelope->chain_count - 1,
                     time, purposes, e) != 0)
        return -1;
    return envelope_verify_certificate(envelope, envelope->chain[0], e);
}
