/* SPDX-License-Identifier: Apache-2.0 */
/* The client's TLS context, its sessions, and opening the connection. */
#include "base/clock.h"
#include "base/memory.h"
#include "crypto/shortage.h"
#include "net/client_internal.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

int64_t client_deadline(unsigned ms)
{
    return clock_monotonic(&clock_system) + (int64_t)ms * 1000;
}

/* A ticket came: the newest is kept for the next connection. */
static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct http_client *c = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    if (!c || !SSL_SESSION_is_resumable(session))
        return 0;
    SSL_SESSION_free(c->session);
    c->session = session;
    return 1; /* it is ours now */
}

static int verify_server(X509_STORE_CTX *chain, void *unused)
{
    (void)unused;
    if (X509_verify_cert(chain) == 1)
        return 1;
    if (crypto_short_of_memory() || crypto_chain_ask_again(chain))
        X509_STORE_CTX_set_error(chain, X509_V_ERR_OUT_OF_MEM);
    return 0;
}

static int make_context(struct http_client *c, struct err *e)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());

    if (!context)
        return tls_err(e, "client.tls", "TLS cannot be set up");
    if (SSL_CTX_set_min_proto_version(context, c->allow_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION) !=
            1 ||
        SSL_CTX_set1_groups_list(context, "X25519:P-256") != 1) {
        tls_err(e, "client.tls", "TLS cannot be set up");
        goto fail;
    }
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_app_data(context, c);
    SSL_CTX_sess_set_new_cb(context, keep_session);
    SSL_CTX_set_verify(context, c->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, verify_server, NULL);
    if (c->identity && tls_identity_apply(c->identity, context, e) != 0)
        goto fail;
    c->tls = context;
    return 0;
fail:
    SSL_CTX_free(context);
    return -1;
}

static int keep_certificate(struct http_client *c, struct err *e)
{
    unsigned char *out;
    X509 *certificate = SSL_get0_peer_certificate(c->link.ssl);
    int len = certificate ? i2d_X509(certificate, NULL) : 0;

    mem_free(c->certificate);
    c->certificate = NULL;
    c->certificate_len = 0;
    if (len <= 0)
        return 0;
    c->certificate = mem_new(1, (size_t)len);
    if (!c->certificate)
        return err_memory(e);
    out = c->certificate;
    c->certificate_len = (size_t)i2d_X509(certificate, &out);
    return 0;
}

int client_connect(struct http_client *c, bool *kept, struct err *e)
{
    *kept = c->link.fd >= 0 && !c->streaming && c->unread.len == 0 &&
            client_link_idle_and_open(&c->link);
    if (*kept)
        return 0;
    http_client_disconnect(c);
    if (c->target.tls && !c->tls && make_context(c, e) != 0)
        return -1;
    /* a TLS 1.3 ticket is used once (RFC 8446 appendix C.4) */
    SSL_SESSION *session = c->session;
    c->session = NULL;
    int result =
        client_link_open(&c->link, &c->target, c->tls, session, client_deadline(c->connect_ms), e);
    SSL_SESSION_free(session);
    if (result != 0)
        return -1;
    return c->link.ssl ? keep_certificate(c, e) : 0;
}

void http_client_disconnect(struct http_client *c)
{
    client_link_close(&c->link);
    c->unread = (struct slice){0};
    c->event_bytes = (struct slice){0};
    c->streaming = false;
}

void http_client_set_identity(struct http_client *c, struct tls_identity *identity)
{
    struct tls_identity *old = c->identity;

    http_client_disconnect(c);
    c->identity = tls_identity_ref(identity);
    tls_identity_free(old);
    SSL_CTX_free(c->tls);
    c->tls = NULL;
    SSL_SESSION_free(c->session);
    c->session = NULL;
}

struct slice http_client_server_certificate(const struct http_client *c)
{
    return slice_of(c->certificate, c->link.fd >= 0 ? c->certificate_len : 0);
}

bool http_client_resumed(const struct http_client *c)
{
    return c->link.resumed;
}
