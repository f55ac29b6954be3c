/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>

static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;
static EVP_MD *md_sha256;
static EVP_MD *md_sha384;
static EVP_MD *md_sha512;
static EVP_MAC *mac_hmac;
static pthread_key_t context_key; /* frees a thread's context when the thread ends */
static bool usable;

static _Thread_local EVP_MD_CTX *thread_context;

static void free_thread_context(void *context)
{
    EVP_MD_CTX_free(context);
}

static void fetch_all(void)
{
    md_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    md_sha384 = EVP_MD_fetch(NULL, "SHA384", NULL);
    md_sha512 = EVP_MD_fetch(NULL, "SHA512", NULL);
    mac_hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    usable = md_sha256 && md_sha384 && md_sha512 && mac_hmac &&
             pthread_key_create(&context_key, free_thread_context) == 0;
}

static bool ready(void)
{
    return pthread_once(&fetch_once, fetch_all) == 0 && usable;
}

static EVP_MD_CTX *own_context(void)
{
    if (!ready())
        return NULL;
    if (!thread_context) {
        EVP_MD_CTX *made = EVP_MD_CTX_new();
        if (!made)
            return NULL;
        if (pthread_setspecific(context_key, made) != 0) {
            EVP_MD_CTX_free(made);
            return NULL;
        }
        thread_context = made;
    }
    return thread_context;
}

static int digest_parts(EVP_MD *const *md, const struct slice *parts, size_t count, uint8_t *out)
{
    EVP_MD_CTX *context = own_context();

    if (!context || EVP_DigestInit_ex2(context, *md, NULL) != 1)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (parts[i].len && EVP_DigestUpdate(context, parts[i].data, parts[i].len) != 1)
            return -1;
    return EVP_DigestFinal_ex(context, out, NULL) == 1 ? 0 : -1;
}

int sha256(struct slice data, uint8_t out[SHA256_LEN])
{
    return digest_parts(&md_sha256, &data, 1, out);
}

int sha256_slices(const struct slice *parts, size_t count, uint8_t out[SHA256_LEN])
{
    return digest_parts(&md_sha256, parts, count, out);
}

int sha384(struct slice data, uint8_t out[SHA384_LEN])
{
    return digest_parts(&md_sha384, &data, 1, out);
}

int sha512(struct slice data, uint8_t out[SHA512_LEN])
{
    return digest_parts(&md_sha512, &data, 1, out);
}

int hmac_sha256(struct slice key, struct slice data, uint8_t out[SHA256_LEN])
{
    char name[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", name, 0),
                                 OSSL_PARAM_construct_end()};
    static const uint8_t nothing[1];
    size_t len = 0;

    if (!ready())
        return -1;
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac_hmac);
    /* A NULL key would mean "the key of before". */
    bool done = context &&
                EVP_MAC_init(context, key.len ? key.data : nothing, key.len, params) == 1 &&
                (data.len == 0 || EVP_MAC_update(context, data.data, data.len) == 1) &&
                EVP_MAC_final(context, out, &len, SHA256_LEN) == 1 && len == SHA256_LEN;
    EVP_MAC_CTX_free(context);
    return done ? 0 : -1;
}

int sha256_init(struct sha256_context *c)
{
    c->evp = ready() ? EVP_MD_CTX_new() : NULL;
    return sha256_reset(c);
}

int sha256_update(struct sha256_context *c, struct slice data)
{
    if (!c->evp)
        return -1;
    return data.len == 0 || EVP_DigestUpdate(c->evp, data.data, data.len) == 1 ? 0 : -1;
}

int sha256_final(struct sha256_context *c, uint8_t out[SHA256_LEN])
{
    if (!c->evp || EVP_DigestFinal_ex(c->evp, out, NULL) != 1)
        return -1;
    return sha256_reset(c);
}

int sha256_reset(struct sha256_context *c)
{
    return c->evp && EVP_DigestInit_ex2(c->evp, md_sha256, NULL) == 1 ? 0 : -1;
}

void sha256_fini(struct sha256_context *c)
{
    EVP_MD_CTX_free(c->evp);
    c->evp = NULL;
}

int sha512_init(struct sha512_context *c)
{
    c->evp = ready() ? EVP_MD_CTX_new() : NULL;
    return c->evp && EVP_DigestInit_ex2(c->evp, md_sha512, NULL) == 1 ? 0 : -1;
}

int sha512_update(struct sha512_context *c, struct slice data)
{
    if (!c->evp)
        return -1;
    return data.len == 0 || EVP_DigestUpdate(c->evp, data.data, data.len) == 1 ? 0 : -1;
}

int sha512_final(struct sha512_context *c, uint8_t out[SHA512_LEN])
{
    return c->evp && EVP_DigestFinal_ex(c->evp, out, NULL) == 1 ? 0 : -1;
}

void sha512_fini(struct sha512_context *c)
{
    EVP_MD_CTX_free(c->evp);
    c->evp = NULL;
}

int digest_failed(struct err *e)
{
    return err_set(e, ERR_SYSTEM, "crypto.digest", NULL,
                   "a digest could not be computed (no memory, or OpenSSL is unusable)");
}

const struct evp_md_st *digest_sha256(void)
{
    return ready() ? md_sha256 : NULL;
}

bool constant_time_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.data, b.data, a.len) == 0);
}

void secret_wipe(void *data, size_t len)
{
    OPENSSL_cleanse(data, len);
}
