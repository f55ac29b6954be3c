/* SPDX-License-Identifier: Apache-2.0 */
/* The TLS settings of a door, as one OpenSSL context for one loop thread. */
#ifndef NET_TLS_CONTEXT_H
#define NET_TLS_CONTEXT_H

#include "net/server.h"
#include "net/tls_ticket.h"

struct tls_context_config {
    const struct tls_identity *identity;
    enum http_tls_mode mode;
    bool allow_tls12;
    const char *scope; /* sessions resume within the same scope and generation only */
    struct tls_tickets *tickets;
    bool offers_tickets; /* one with each full handshake and each resumption */
    /* Decides on a client's certificate (SSL_CTX_set_cert_verify_callback). */
    int (*verify)(X509_STORE_CTX *store, void *context);
    void *verify_context;
};

/* NULL with "net.tls-…". */
SSL_CTX *tls_context_new(const struct tls_context_config *config, struct err *e) MUST_CHECK;

#endif
