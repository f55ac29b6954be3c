/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys from SubjectPublicKeyInfo. Elliptic curve points go into a copy of a template: a
 * decoder of OpenSSL 3.0 takes some thirty times as long as that.
 */
#include "crypto/key_internal.h"
#include "crypto/der.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <pthread.h>

static const uint8_t oid_ec[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
static const uint8_t oid_p256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t oid_p384[] = {0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t oid_ed25519[] = {0x2b, 0x65, 0x70};
static const uint8_t oid_rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};

#define IS_OID(slice, oid) slice_equal((slice), slice_of((oid), sizeof(oid)))

enum { RSA_BITS_LEAST = 2048, RSA_BITS_MOST = 8192 };

/* Made at the first use; when memory was short then, at the next. Never changed afterwards. */
static EVP_PKEY *copy_of_template(enum key_kind kind)
{
    static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
    static EVP_PKEY *_Atomic templates[2];
    EVP_PKEY *_Atomic *template = &templates[kind == KEY_P384];
    EVP_PKEY *made = atomic_load(template);

    if (!made) {
        pthread_mutex_lock(&making);
        made = atomic_load(template);
        if (!made) {
            made = EVP_EC_gen(kind == KEY_P384 ? "P-384" : "P-256");
            atomic_store(template, made);
        }
        pthread_mutex_unlock(&making);
    }
    return made ? EVP_PKEY_dup(made) : NULL;
}

static int unsupported(struct err *e, const char *what)
{
    err_set(e, ERR_INPUT, "crypto.key-unsupported", "RFC 5280 section 4.1.2.7", "%s", what);
    return err_hint(e, "use P-256, P-384, Ed25519, or RSA of at least 2,048 bits");
}

static struct key *from_point(struct slice spki, struct slice point, enum key_kind kind,
                              struct err *e)
{
    size_t len = kind == KEY_P256 ? 65 : 97;

    if (point.len != len || point.data[0] != 0x04) {
        err_set(e, ERR_INPUT, "crypto.key-unsupported", "RFC 5480 section 2.2",
                "an elliptic curve point that is not in uncompressed form");
        return NULL;
    }
    EVP_PKEY *evp = copy_of_template(kind);
    if (!evp) {
        crypto_err_openssl(e, "crypto.key", "the key cannot be made");
        return NULL;
    }
    if (EVP_PKEY_set1_encoded_public_key(evp, point.data, point.len) != 1) {
        bool is_short = crypto_short_of_memory();
        EVP_PKEY_free(evp);
        if (is_short)
            err_memory(e);
        err_set(e, ERR_INPUT, "crypto.key-weak", "SP 800-56A section 5.6.2.3.4",
                "an elliptic curve point that is not on its curve");
        return NULL;
    }
    return key_take_evp(evp, false, spki, e);
}

/*
 * y-coordinates of the points of small order, and their encodings that are not reduced (RFC 8032
 * section 5.1.3 does not take those): whoever "holds" such a key has signed everything.
 */
static bool is_small_order(const uint8_t key[ED25519_PUBLIC_LEN])
{
    static const char *const listed[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < ARRAY_LEN(listed); i++) {
        bool same = true;
        for (size_t at = 0; at < ED25519_PUBLIC_LEN && same; at++) {
            unsigned byte = at == ED25519_PUBLIC_LEN - 1 ? key[at] & 0x7fU : key[at];
            same = listed[i][2 * at] == digits[byte >> 4] &&
                   listed[i][2 * at + 1] == digits[byte & 15];
        }
        if (same)
            return true;
    }
    return false;
}

struct key *key_from_ed25519(const uint8_t public_key[ED25519_PUBLIC_LEN], struct err *e)
{
    if (is_small_order(public_key)) {
        err_set(e, ERR_INPUT, "crypto.key-weak", "RFC 8032 section 5.1.7",
                "an Ed25519 key of small order");
        return NULL;
    }
    return key_take_evp(
        EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, public_key, ED25519_PUBLIC_LEN),
        false, slice_of(NULL, 0), e);
}

int key_to_ed25519(const struct key *key, uint8_t public_key[ED25519_PUBLIC_LEN], struct err *e)
{
    size_t len = ED25519_PUBLIC_LEN;

    if (key->kind != KEY_ED25519)
        return err_set(e, ERR_USAGE, "crypto.key-kind", NULL, "the key is %s, not Ed25519",
                       key_kind_name(key->kind));
    if (EVP_PKEY_get_raw_public_key(key->evp, public_key, &len) != 1 || len != ED25519_PUBLIC_LEN)
        return crypto_err_openssl(e, "crypto.key", "the public key cannot be read");
    return 0;
}

static size_t integer_bits(struct slice magnitude)
{
    size_t bits = magnitude.len * 8;

    for (size_t i = 0; i < magnitude.len && magnitude.data[i] == 0; i++)
        bits -= 8;
    if (bits > 0)
        for (unsigned top = magnitude.data[magnitude.len - bits / 8]; !(top & 0x80); top <<= 1)
            bits--;
    return bits;
}

static struct key *from_rsa(struct slice spki, struct slice key_bits, struct err *e)
{
    struct der_document document;
    struct der r = der_open(&document, key_bits);
    struct der sequence = der_enter(&r, DER_SEQUENCE);
    struct slice modulus = der_integer(&sequence);
    struct slice exponent = der_integer(&sequence);
    const uint8_t *at = spki.data;

    der_end(&sequence);
    if (der_finish(&r, "an RSA public key", e) != 0)
        return NULL;
    size_t bits = integer_bits(modulus);
    if (modulus.data[0] >= 0x80 || exponent.data[0] >= 0x80 || bits < RSA_BITS_LEAST ||
        bits > RSA_BITS_MOST || !(modulus.data[modulus.len - 1] & 1) ||
        !(exponent.data[exponent.len - 1] & 1) || integer_bits(exponent) < 17 ||
        integer_bits(exponent) > 64) {
        err_set(e, ERR_INPUT, "crypto.key-weak", "SP 800-56B section 6.4.2",
                "an RSA key of %zu bits with an exponent of %zu bits", bits,
                integer_bits(exponent));
        err_hint(e, "make one of 3,072 bits with the exponent 65537");
        return NULL;
    }
    return key_take_evp(d2i_PUBKEY(NULL, &at, (long)spki.len), false, spki, e);
}

struct key *key_from_spki(struct slice spki, struct err *e)
{
    struct der_document document;
    struct der r = der_open(&document, spki);
    struct der sequence = der_enter(&r, DER_SEQUENCE);
    struct der algorithm = der_enter(&sequence, DER_SEQUENCE);
    struct slice oid = der_oid(&algorithm);
    struct slice curve = {0};
    bool has_null = false;

    if (der_peek(&algorithm) == DER_OID) {
        curve = der_oid(&algorithm);
    } else if (der_peek(&algorithm) == DER_NULL) {
        has_null = der_take(&algorithm, DER_NULL).len == 0;
    }
    bool more = !der_at_end(&algorithm);
    struct slice bits = der_bit_string(&sequence);
    der_end(&sequence);
    if (der_finish(&r, "a public key", e) != 0)
        return NULL;
    if (!more && IS_OID(oid, oid_ec) && IS_OID(curve, oid_p256))
        return from_point(spki, bits, KEY_P256, e);
    if (!more && IS_OID(oid, oid_ec) && IS_OID(curve, oid_p384))
        return from_point(spki, bits, KEY_P384, e);
    if (!more && IS_OID(oid, oid_rsa) && has_null)
        return from_rsa(spki, bits, e);
    if (!more && IS_OID(oid, oid_ed25519) && !curve.data && !has_null &&
        bits.len == ED25519_PUBLIC_LEN)
        return key_from_ed25519(bits.data, e);
    unsupported(e, "a public key of a kind that is not taken");
    return NULL;
}

/* ---- points alone -----------------------------------------------------------------------------
 */

static struct slice point_of(const struct key *key)
{
    struct slice spki = buf_slice(&key->spki);

    return slice_of(spki.data + spki.len - P256_POINT_LEN, P256_POINT_LEN);
}

bool key_to_p256(const struct key *key, uint8_t point[P256_POINT_LEN])
{
    if (key->kind != KEY_P256)
        return false;
    memcpy(point, point_of(key).data, P256_POINT_LEN);
    return true;
}

int key_set_p256(struct key **key, const uint8_t point[P256_POINT_LEN], struct err *e)
{
    /* SubjectPublicKeyInfo of RFC 5480 section 2, in front of the point */
    static const uint8_t prefix[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                     0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                     0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
    uint8_t spki[sizeof(prefix) + P256_POINT_LEN];
    struct key *old = *key;

    if (!old) {
        memcpy(spki, prefix, sizeof(prefix));
        memcpy(spki + sizeof(prefix), point, P256_POINT_LEN);
        *key =
            from_point(slice_of(spki, sizeof(spki)), slice_of(point, P256_POINT_LEN), KEY_P256, e);
        return *key ? 0 : -1;
    }
    if (memcmp(point_of(old).data, point, P256_POINT_LEN) == 0)
        return 0;
    if (point[0] == 0x04 &&
        EVP_PKEY_set1_encoded_public_key(old->evp, point, P256_POINT_LEN) == 1) {
        memcpy(old->spki.data + old->spki.len - P256_POINT_LEN, point, P256_POINT_LEN);
        return 0;
    }
    ERR_clear_error();
    key_free(old);
    *key = NULL;
    return err_set(e, ERR_INPUT, "crypto.key-weak", "SP 800-56A section 5.6.2.3.4",
                   "an elliptic curve point that is not on its curve");
}
