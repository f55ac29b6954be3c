/* SPDX-License-Identifier: Apache-2.0 */
/* The TLS of a connection: handshake, who the peer is, and whether he may come in. */
#include "net/server_internal.h"

#include <openssl/err.h>
#include <time.h>

int connection_start_tls(struct connection *c, SSL_CTX *context)
{
    ERR_clear_error();
    c->ssl = SSL_new(context);
    if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1)
        return -1;
    SSL_set_app_data(c->ssl, c);
    SSL_set_accept_state(c->ssl);
    return 0;
}

void connection_end_tls(struct connection *c)
{
    ERR_clear_error();
    if (!c->broken && !c->farewell && SSL_is_init_finished(c->ssl))
        (void)SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    ERR_clear_error();
    c->ssl = NULL;
}

static int64_t end_of_validity(X509_STORE_CTX *store)
{
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
    int64_t until = INT64_MAX;

    for (int i = 0; i < sk_X509_num(chain); i++) {
        struct tm parts;
        if (ASN1_TIME_to_tm(X509_get0_notAfter(sk_X509_value(chain, i)), &parts) != 1)
            return 0;
        int64_t end = (int64_t)timegm(&parts) * 1000000;
        until = end < until ? end : until;
    }
    return until == INT64_MAX ? 0 : until;
}

/*
 * Chain and signatures, or the memory that just this certificate passed at this door under these
 * anchors and is still in time. Whether it is active is asked in any case, elsewhere.
 */
static bool chain_holds(struct connection *c, X509_STORE_CTX *store, const uint8_t *fingerprint)
{
    struct server_loop *l = c->loop;
    uint32_t place;
    int64_t now = clock_now(l->loop.clock);

    memcpy(&place, fingerprint, sizeof(place));
    struct verified *known = &l->verified[place % VERIFIED_SIZE];
    if (known->door == c->door && known->serial == c->serial && now < known->until &&
        memcmp(known->fingerprint, fingerprint, sizeof(known->fingerprint)) == 0)
        return true;
    if (X509_verify_cert(store) != 1)
        return false;
    memcpy(known->fingerprint, fingerprint, sizeof(known->fingerprint));
    known->door = c->door;
    known->serial = c->serial;
    known->until = end_of_validity(store);
    return true;
}

static bool peer_is_active(const struct connection *c)
{
    const struct http_server_config *config = &c->loop->server->config;

    return config->peer_check(config->context, c->door->kind, &c->peer->peer);
}

int connection_verify(X509_STORE_CTX *store, void *context)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct connection *c = SSL_get_app_data(ssl);

    (void)context;
    if (!c->peer)
        c->peer = peers_get(&c->loop->server->peers, X509_STORE_CTX_get0_cert(store));
    if (!c->peer)
        c->refusal = "net.certificate";
    else if (!chain_holds(c, store, c->peer->peer.fingerprint))
        c->refusal = "net.certificate-chain";
    else if (!peer_is_active(c))
        c->refusal = "net.peer-inactive";
    if (!c->refusal) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    /* one alert for all: the outside learns nothing about the reason */
    X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

static void refuse_peer(struct connection *c, const char *code)
{
    count(c->loop, COUNT_PEER, 1);
    server_refused(c->loop, c->door, code, c->remote, c->peer ? &c->peer->peer : NULL);
    connection_close(c);
}

/* Counts the connection for its certificate. -1: it was closed. */
static int enter_peer(struct connection *c)
{
    size_t max = c->loop->server->limits.max_per_certificate;
    struct connection **list = &c->peer->of_loop[c->loop->index];
    size_t now = atomic_fetch_add(&c->peer->connections, 1) + 1;

    c->counted_peer = true;
    c->peer_next = *list;
    c->peer_back = list;
    if (*list)
        (*list)->peer_back = &c->peer_next;
    *list = c;
    if (!max || now <= max)
        return 0;
    count(c->loop, COUNT_CONNECTIONS, 1);
    server_refused(c->loop, c->door, "net.certificate-connections", c->remote, &c->peer->peer);
    c->shed = true;
    if (now <= max + max / 2 + 1)
        return 0;
    connection_close(c);
    return -1;
}

static int handshake_done(struct connection *c)
{
    X509 *certificate = SSL_get0_peer_certificate(c->ssl);

    count(c->loop, COUNT_HANDSHAKES, 1);
    if (SSL_session_reused(c->ssl))
        count(c->loop, COUNT_RESUMED, 1);
    c->tls_events = 0;
    connection_set_state(c, CONNECTION_IDLE);
    if (!certificate)
        return 0;
    if (!c->peer) { /* resumed: nobody has looked at the certificate yet */
        c->peer = peers_get(&c->loop->server->peers, certificate);
        if (!c->peer || !peer_is_active(c)) {
            refuse_peer(c, c->peer ? "net.peer-inactive" : "net.certificate");
            return -1;
        }
    }
    return enter_peer(c);
}

bool connection_tls_waits(struct connection *c, int result)
{
    switch (SSL_get_error(c->ssl, result)) {
    case SSL_ERROR_WANT_READ: c->tls_events = EV_READ; return true;
    case SSL_ERROR_WANT_WRITE: c->tls_events = EV_WRITE; return true;
    default: return false;
    }
}

int connection_handshake(struct connection *c)
{
    ERR_clear_error();
    int result = SSL_do_handshake(c->ssl);

    if (result == 1)
        return handshake_done(c) == 0 ? 1 : -1;
    if (connection_tls_waits(c, result))
        return 0;
    count(c->loop, COUNT_HANDSHAKES_FAILED, 1);
    if (c->refusal) {
        refuse_peer(c, c->refusal);
        return -1;
    }
    server_refused(c->loop, c->door, "net.handshake", c->remote, NULL);
    c->broken = true;
    connection_close(c);
    return -1;
}
