/* SPDX-License-Identifier: Apache-2.0 */
#include "net/tls_context.h"
#include "crypto/digest.h"

#include <openssl/ssl.h>

/* TLS 1.3's three, the cheapest on machines with AES first; 1.2 with forward secrecy and AEAD. */
#define SUITES_13 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define SUITES_12 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define SIGNATURES                                                                                 \
    "ECDSA+SHA256:ed25519:ECDSA+SHA384:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA+SHA256:RSA+SHA384"

static int set_session_scope(SSL_CTX *context, const struct tls_context_config *config)
{
    uint8_t id[SHA256_LEN];
    uint64_t generation = tls_identity_generation(config->identity);
    struct slice parts[] = {slice_str("tocsin-session/v1"), slice_of(&generation, 8),
                            slice_str(config->scope)};

    return sha256_slices(parts, ARRAY_LEN(parts), id) == 0 &&
           SSL_CTX_set_session_id_context(context, id, sizeof(id)) == 1;
}

static int set_client_check(SSL_CTX *context, const struct tls_context_config *config,
                            struct err *e)
{
    int mode = SSL_VERIFY_NONE;

    if (config->mode == HTTP_TLS_MUTUAL)
        mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    if (config->mode == HTTP_TLS_OPTIONAL)
        mode = SSL_VERIFY_PEER;
    SSL_CTX_set_verify(context, mode, NULL);
    if (mode == SSL_VERIFY_NONE)
        return 0;
    SSL_CTX_set_cert_verify_callback(context, config->verify, config->verify_context);
    return tls_identity_offer_anchors(config->identity, context, e);
}

SSL_CTX *tls_context_new(const struct tls_context_config *config, struct err *e)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());

    if (!context) {
        tls_err(e, "net.tls-context", "TLS cannot be set up");
        return NULL;
    }
    if (!tls_identity_has_certificate(config->identity)) {
        err_set(e, ERR_USAGE, "net.tls-certificate", NULL, "a TLS door needs a certificate");
        goto fail;
    }
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1); /* a record's head and content in one read(2) */
    /* no cache of ours: sessions live in tickets, and those die with their keys */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_min_proto_version(context,
                                      config->allow_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION) != 1 ||
        SSL_CTX_set1_groups_list(context, "X25519:P-256") != 1 ||
        SSL_CTX_set_ciphersuites(context, SUITES_13) != 1 ||
        SSL_CTX_set_cipher_list(context, SUITES_12) != 1 ||
        SSL_CTX_set1_sigalgs_list(context, SIGNATURES) != 1 ||
        SSL_CTX_set_num_tickets(context, config->offers_tickets) != 1 ||
        !set_session_scope(context, config)) {
        tls_err(e, "net.tls-context", "TLS cannot be set up");
        goto fail;
    }
    if (!config->offers_tickets)
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    if (tls_identity_apply(config->identity, context, e) != 0 ||
        set_client_check(context, config, e) != 0 ||
        tls_tickets_apply(config->tickets, context, e) != 0)
        goto fail;
    return context;
fail:
    SSL_CTX_free(context);
    return NULL;
}
