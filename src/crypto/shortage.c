/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/shortage.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

bool crypto_short_of_memory(void)
{
    bool is_short = false;

    for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error())
        if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
            is_short = true;
    return is_short;
}

static STACK_OF(X509) * copy_of(STACK_OF(X509) * list)
{
    STACK_OF(X509) *copy = sk_X509_new_null();

    for (int i = 0; copy && i < sk_X509_num(list); i++) {
        X509 *x = X509_dup(sk_X509_value(list, i));
        if (!x || sk_X509_push(copy, x) <= 0) {
            X509_free(x);
            sk_X509_pop_free(copy, X509_free);
            return NULL;
        }
    }
    return copy;
}

bool crypto_chain_ask_again(X509_STORE_CTX *refused)
{
    STACK_OF(X509) *others = copy_of(X509_STORE_CTX_get0_untrusted(refused));
    X509 *leaf = X509_dup(X509_STORE_CTX_get0_cert(refused));
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool holds =
        leaf && others && context &&
        X509_STORE_CTX_init(context, X509_STORE_CTX_get0_store(refused), leaf, others) == 1 &&
        X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(context),
                               X509_STORE_CTX_get0_param(refused)) == 1 &&
        X509_verify_cert(context) == 1;

    X509_STORE_CTX_free(context);
    X509_free(leaf);
    sk_X509_pop_free(others, X509_free);
    return holds;
}

bool crypto_anchor_prepare(X509 *anchor)
{
    EVP_PKEY *key = X509_check_purpose(anchor, -1, 0) == 1 ? X509_get0_pubkey(anchor) : NULL;

    return key && EVP_PKEY_get_security_bits(key) > 0; /* a key half read has none */
}
