/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/key_internal.h"
#include "crypto/digest.h"
#include "base/memory.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <strings.h>

int crypto_err_openssl(struct err *e, const char *code, const char *why)
{
    unsigned long first = ERR_peek_error();
    char reason[160] = "no reason given";

    if (first)
        ERR_error_string_n(first, reason, sizeof(reason));
    if (crypto_short_of_memory())
        return err_memory(e);
    return err_set(e, ERR_SYSTEM, code, NULL, "%s: %s", why, reason);
}

static enum key_kind kind_of(EVP_PKEY *evp)
{
    char group[32];

    if (EVP_PKEY_is_a(evp, "ED25519"))
        return KEY_ED25519;
    if (EVP_PKEY_is_a(evp, "RSA"))
        return EVP_PKEY_get_bits(evp) >= 2048 ? KEY_RSA : KEY_NONE;
    if (!EVP_PKEY_is_a(evp, "EC") ||
        EVP_PKEY_get_utf8_string_param(evp, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                       NULL) != 1)
        return KEY_NONE;
    if (strcmp(group, "prime256v1") == 0)
        return KEY_P256;
    return strcmp(group, "secp384r1") == 0 ? KEY_P384 : KEY_NONE;
}

/* Always with uncompressed points, whatever form the key was read in. */
static int write_spki(EVP_PKEY *evp, enum key_kind kind, struct buf *spki, struct err *e)
{
    bool is_curve = kind == KEY_P256 || kind == KEY_P384;

    if (is_curve && EVP_PKEY_set_utf8_string_param(evp, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                                   "uncompressed") != 1)
        return crypto_err_openssl(e, "crypto.key", "the public key cannot be written");
    int len = i2d_PUBKEY(evp, NULL);
    if (len <= 0)
        return crypto_err_openssl(e, "crypto.key", "the public key cannot be written");
    uint8_t *at = buf_extend(spki, (size_t)len);
    if (!at)
        return err_memory(e);
    if (i2d_PUBKEY(evp, &at) != len)
        return crypto_err_openssl(e, "crypto.key", "the public key cannot be written");
    return 0;
}

struct key *key_take_evp(EVP_PKEY *evp, bool is_private, struct slice spki, struct err *e)
{
    struct key *key = NULL;

    if (!evp) {
        crypto_err_openssl(e, "crypto.key", "the key cannot be made");
        return NULL;
    }
    enum key_kind kind = kind_of(evp);
    if (kind == KEY_NONE) /* a name may have been looked up in vain (crypto/shortage.h) */
        kind = kind_of(evp);
    if (kind == KEY_NONE) {
        if (crypto_short_of_memory())
            err_memory(e);
        err_set(e, ERR_INPUT, "crypto.key-unsupported", "RFC 5480, RFC 8410, RFC 8017",
                "a key of a kind that is not taken");
        err_hint(e, "use P-256, P-384, Ed25519, or RSA of at least 2,048 bits");
        goto fail;
    }
    key = mem_new(1, sizeof(*key));
    if (!key) {
        err_memory(e);
        goto fail;
    }
    atomic_init(&key->references, 1);
    key->kind = kind;
    key->is_private = is_private;
    key->evp = evp;
    buf_init(&key->spki);
    buf_put_slice(&key->spki, spki);
    if (buf_check(&key->spki, e) == 0 && (spki.data || write_spki(evp, kind, &key->spki, e) == 0))
        return key;
    key_free(key);
    return NULL;
fail:
    EVP_PKEY_free(evp);
    return NULL;
}

struct key *key_generate(enum key_kind kind, struct err *e)
{
    EVP_PKEY *evp = NULL;

    switch (kind) {
    case KEY_P256: evp = EVP_EC_gen("P-256"); break;
    case KEY_P384: evp = EVP_EC_gen("P-384"); break;
    case KEY_ED25519: evp = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"); break;
    case KEY_RSA: evp = EVP_RSA_gen(3072); break;
    case KEY_NONE:
        err_set(e, ERR_USAGE, "crypto.key-unsupported", NULL, "no kind of key was named");
        return NULL;
    }
    return key_take_evp(evp, true, slice_of(NULL, 0), e);
}

struct key *key_ref(struct key *key)
{
    if (key)
        atomic_fetch_add_explicit(&key->references, 1, memory_order_relaxed);
    return key;
}

void key_free(struct key *key)
{
    if (!key || atomic_fetch_sub_explicit(&key->references, 1, memory_order_acq_rel) != 1)
        return;
    EVP_PKEY_free(key->evp); /* overwrites private parts */
    buf_fini(&key->spki);
    mem_free(key);
}

enum key_kind key_kind(const struct key *key)
{
    return key->kind;
}

static const char *const kind_names[] = {
    [KEY_NONE] = "none",       [KEY_P256] = "P-256", [KEY_P384] = "P-384",
    [KEY_ED25519] = "Ed25519", [KEY_RSA] = "RSA",
};

const char *key_kind_name(enum key_kind kind)
{
    return kind_names[kind];
}

enum key_kind key_kind_parse(struct slice name)
{
    for (unsigned kind = KEY_P256; kind < ARRAY_LEN(kind_names); kind++)
        if (name.len == strlen(kind_names[kind]) &&
            strncasecmp((const char *)name.data, kind_names[kind], name.len) == 0)
            return (enum key_kind)kind;
    return KEY_NONE;
}

bool key_is_private(const struct key *key)
{
    return key->is_private;
}

bool key_same(const struct key *a, const struct key *b)
{
    return slice_equal(buf_slice(&a->spki), buf_slice(&b->spki));
}

int key_to_spki(const struct key *key, struct buf *spki, struct err *e)
{
    buf_put_slice(spki, buf_slice(&key->spki));
    return buf_check(spki, e);
}

int key_fingerprint(const struct key *key, uint8_t out[32], struct err *e)
{
    return sha256(buf_slice(&key->spki), out) == 0 ? 0 : digest_failed(e);
}

struct evp_pkey_st *key_evp(const struct key *key)
{
    return key->evp;
}
