/* SPDX-License-Identifier: Apache-2.0 */
#include "net_bench_load.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
    fprintf(stderr, "net_bench: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- certificates ---- */

static void extend(X509 *c, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, c, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (!e || X509_add_ext(c, e, -1) != 1)
        die("no certificate");
    X509_EXTENSION_free(e);
}

static X509 *make(const char *name, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
                  const char *alt_names)
{
    static long serial = 1000;
    X509 *c = X509_new();

    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(c), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c), 30L * 86400);
    X509_set_pubkey(c, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(c, X509_get_subject_name(issuer ? issuer : c));
    extend(c, issuer ? issuer : c, NID_subject_key_identifier, "hash");
    if (issuer) {
        extend(c, issuer, NID_authority_key_identifier, "keyid");
        extend(c, issuer, NID_key_usage, "critical,digitalSignature");
        extend(c, issuer, NID_ext_key_usage, "clientAuth,serverAuth");
    } else {
        extend(c, c, NID_basic_constraints, "critical,CA:TRUE");
        extend(c, c, NID_key_usage, "critical,keyCertSign,cRLSign");
    }
    if (alt_names)
        extend(c, issuer, NID_subject_alt_name, alt_names);
    if (X509_sign(c, issuer ? issuer_key : key, EVP_sha256()) <= 0)
        die("no signature");
    return c;
}

void bench_certificates_renew(struct bench_certificates *c)
{
    for (int i = 0; i < c->client_count; i++) {
        char name[40];
        X509_free(c->clients[i]);
        snprintf(name, sizeof(name), "device-%06d", i);
        c->clients[i] = make(name, c->client_key, c->root, c->root_key, NULL);
    }
}

void bench_certificates_make(struct bench_certificates *c, int clients)
{
    c->root_key = EVP_EC_gen("P-256");
    c->server_key = EVP_EC_gen("P-256");
    c->client_key = EVP_EC_gen("P-256");
    c->client_count = clients;
    c->clients = calloc((size_t)clients, sizeof(X509 *));
    if (!c->root_key || !c->server_key || !c->client_key || !c->clients)
        die("no keys");
    c->root = make("Bench root", c->root_key, NULL, NULL, NULL);
    c->server = make("centre", c->server_key, c->root, c->root_key, "IP:127.0.0.1");
    bench_certificates_renew(c);
}

void bench_certificates_free(struct bench_certificates *c)
{
    for (int i = 0; i < c->client_count; i++)
        X509_free(c->clients[i]);
    free(c->clients);
    X509_free(c->root);
    X509_free(c->server);
    EVP_PKEY_free(c->root_key);
    EVP_PKEY_free(c->server_key);
    EVP_PKEY_free(c->client_key);
}

void bench_write_pem(const char *path, X509 *certificate, EVP_PKEY *key)
{
    FILE *f = fopen(path, "w");

    if (!f || (certificate && PEM_write_X509(f, certificate) != 1) ||
        (key && PEM_write_PKCS8PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) != 1))
        die("cannot write a PEM file");
    fclose(f);
}

/* ---- connections ---- */

struct link {
    SSL *ssl;
    int fd;
    bool ready, asked, answered;
    double since;
};

struct load {
    const struct bench_certificates *certificates;
    unsigned port;
    SSL_CTX *tls;
    int epoll;
    struct link **held; /* streams */
    int held_count;
    int next_certificate;
};

struct load *load_new(const struct bench_certificates *certificates, unsigned port)
{
    struct load *l = calloc(1, sizeof(*l));

    l->certificates = certificates;
    l->port = port;
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->tls = SSL_CTX_new(TLS_client_method());
    if (!l->tls || l->epoll < 0)
        die("no TLS");
    SSL_CTX_set_min_proto_version(l->tls, TLS1_3_VERSION);
    SSL_CTX_set1_groups_list(l->tls, "X25519:P-256");
    SSL_CTX_set_ciphersuites(l->tls, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set_mode(l->tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(l->tls, SSL_SESS_CACHE_OFF);
    /* the server's chain is not what is measured */
    SSL_CTX_set_verify(l->tls, SSL_VERIFY_NONE, NULL);
    return l;
}

static struct link *open_link(struct load *l)
{
    struct link *k = calloc(1, sizeof(*k));
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)l->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;

    k->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (k->fd < 0 || connect(k->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        die("cannot connect");
    setsockopt(k->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    k->ssl = SSL_new(l->tls);
    BIO *bio = BIO_new_socket(k->fd, BIO_NOCLOSE);
    BIO_set_nbio(bio, 1);
    BIO_socket_nbio(k->fd, 1);
    SSL_set_bio(k->ssl, bio, bio);
    int which = l->next_certificate++ % l->certificates->client_count;
    SSL_use_certificate(k->ssl, l->certificates->clients[which]);
    SSL_use_PrivateKey(k->ssl, l->certificates->client_key);
    SSL_set_connect_state(k->ssl);
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = k};
    epoll_ctl(l->epoll, EPOLL_CTL_ADD, k->fd, &e);
    k->since = now();
    return k;
}

static void close_link(struct link *k)
{
    struct linger reset = {1, 0}; /* no TIME-WAIT: ports are scarce here */

    SSL_set_quiet_shutdown(k->ssl, 1);
    SSL_free(k->ssl);
    setsockopt(k->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(k->fd);
    free(k);
}

void load_free(struct load *l)
{
    for (int i = 0; i < l->held_count; i++)
        close_link(l->held[i]);
    free(l->held);
    SSL_CTX_free(l->tls);
    close(l->epoll);
    free(l);
}

static const char *request_of(enum load_mode mode)
{
    switch (mode) {
    case LOAD_REQUESTS: return "GET /hello HTTP/1.1\r\nHost: centre\r\n\r\n";
    case LOAD_STREAMS: return "GET /events HTTP/1.1\r\nHost: centre\r\n\r\n";
    default: return "GET /hello HTTP/1.1\r\nHost: centre\r\nConnection: close\r\n\r\n";
    }
}

/* Goes on as far as it can. 1: an answer came, 0: waiting, -1: broken. */
static int work(struct link *k, enum load_mode mode)
{
    static char in[65536];
    const char *request = request_of(mode);
    int answers = 0;

    ERR_clear_error();
    if (!k->ready) {
        int result = SSL_do_handshake(k->ssl);
        if (result != 1) {
            int wanted = SSL_get_error(k->ssl, result);
            return wanted == SSL_ERROR_WANT_READ || wanted == SSL_ERROR_WANT_WRITE ? 0 : -1;
        }
        k->ready = true;
    }
    if (!k->asked) {
        if (SSL_write(k->ssl, request, (int)strlen(request)) <= 0)
            return -1;
        k->asked = true;
        k->since = now();
    }
    for (;;) {
        int got = SSL_read(k->ssl, in, sizeof(in));
        if (got > 0) {
            /* one record an answer, from both servers; a stream's first event too */
            if (mode == LOAD_STREAMS ? memmem(in, (size_t)got, "data:", 5) != NULL
                                     : in[got - 1] == '\n' && in[got - 2] == '}')
                answers++;
            continue;
        }
        if (answers)
            return 1;
        int wanted = SSL_get_error(k->ssl, got);
        if (wanted != SSL_ERROR_WANT_READ)
            fprintf(stderr, "port? err %d errno %d asked %d\n", wanted, errno, k->asked),
                ERR_print_errors_fp(stderr);
        return SSL_get_error(k->ssl, got) == SSL_ERROR_WANT_READ ? 0 : -1;
    }
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

enum { LATENCIES = 1 << 20, EVENTS = 256 };

struct load_result load_requests(struct load *l, int connections, double seconds)
{
    static double latency[LATENCIES];
    struct load_result r = {0};
    struct epoll_event events[EVENTS];
    struct link **links = calloc((size_t)connections, sizeof(struct link *));
    int count = 0;
    double begin = now();

    for (int i = 0; i < connections; i++)
        links[i] = open_link(l);
    while (now() - begin < seconds) {
        int ready = epoll_wait(l->epoll, events, EVENTS, 100);
        for (int i = 0; i < ready; i++) {
            struct link *k = events[i].data.ptr;
            int result;
            while ((result = work(k, LOAD_REQUESTS)) == 1) {
                latency[count++ % LATENCIES] = now() - k->since;
                r.done++;
                k->asked = false;
            }
            if (result < 0)
                die(k->ready ? "a kept-alive connection broke" : "a handshake failed");
        }
    }
    r.seconds = now() - begin;
    for (int i = 0; i < connections; i++)
        close_link(links[i]);
    free(links);
    if (count > LATENCIES)
        count = LATENCIES;
    qsort(latency, (size_t)count, sizeof(latency[0]), compare);
    if (count) {
        r.p50_us = latency[count / 2] * 1e6;
        r.p99_us = latency[(long)count * 99 / 100] * 1e6;
    }
    return r;
}

struct load_result load_handshakes(struct load *l, int wanted, int at_once)
{
    struct load_result r = {0};
    struct epoll_event events[EVENTS];
    int begun = 0, open = 0;
    double begin = now();

    while (r.done + r.failed < wanted) {
        for (; open < at_once && begun < wanted; open++, begun++)
            open_link(l);
        int ready = epoll_wait(l->epoll, events, EVENTS, 1000);
        for (int i = 0; i < ready; i++) {
            struct link *k = events[i].data.ptr;
            int result = work(k, LOAD_HANDSHAKES);
            if (result == 0)
                continue;
            r.done += result > 0;
            r.failed += result < 0;
            close_link(k);
            open--;
        }
    }
    r.seconds = now() - begin;
    return r;
}

struct load_result load_streams(struct load *l, int wanted)
{
    struct load_result r = {0};
    struct epoll_event events[EVENTS];
    int open = 0;
    double begin = now();

    l->held = calloc((size_t)wanted, sizeof(struct link *));
    while (r.done + r.failed < wanted) {
        for (; open < 100 && l->held_count < wanted; open++)
            l->held[l->held_count++] = open_link(l);
        int ready = epoll_wait(l->epoll, events, EVENTS, 1000);
        for (int i = 0; i < ready; i++) {
            struct link *k = events[i].data.ptr;
            int result = work(k, LOAD_STREAMS);
            if (result == 0 || k->answered)
                continue;
            k->answered = true;
            r.done += result > 0;
            r.failed += result < 0;
            open--;
        }
    }
    r.seconds = now() - begin;
    return r;
}
