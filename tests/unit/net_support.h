/* SPDX-License-Identifier: Apache-2.0 */
/* For the tests of net: certificates made on the spot, a server in this process, raw sockets. */
#ifndef TESTS_NET_SUPPORT_H
#define TESTS_NET_SUPPORT_H

#include "base/memory.h"
#include "net/client.h"
#include "net/server.h"
#include "net/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define UNUSED __attribute__((unused))

/* ---- certificates ---- */

struct issued {
    EVP_PKEY *key;
    X509 *certificate;
    struct buf key_pem, pem; /* pem: the certificate alone */
    uint8_t fingerprint[32];
};

static UNUSED void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static UNUSED void pem_of(BIO *bio, struct buf *out)
{
    char *text;
    long len = BIO_get_mem_data(bio, &text);

    buf_init(out);
    buf_put(out, text, (size_t)len);
    BIO_free(bio);
}

/* ca NULL: a root. seconds: how long it is valid, from an hour ago. */
static UNUSED struct issued issue(const char *name, const struct issued *ca, const char *alt_names,
                                  long seconds)
{
    static long serial;
    struct issued made = {0};
    unsigned len = 32;

    made.key = EVP_EC_gen("P-256");
    made.certificate = X509_new();
    X509 *c = made.certificate;
    X509 *issuer = ca ? ca->certificate : c;
    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), time(NULL) * 1000 + ++serial);
    X509_gmtime_adj(X509_getm_notBefore(c), -3600);
    X509_gmtime_adj(X509_getm_notAfter(c), seconds);
    X509_set_pubkey(c, made.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(c, X509_get_subject_name(issuer));
    add_extension(c, issuer, NID_subject_key_identifier, "hash");
    if (ca) {
        add_extension(c, issuer, NID_authority_key_identifier, "keyid");
        add_extension(c, issuer, NID_key_usage, "critical,digitalSignature");
        add_extension(c, issuer, NID_ext_key_usage, alt_names ? "serverAuth" : "clientAuth");
    } else {
        add_extension(c, issuer, NID_basic_constraints, "critical,CA:TRUE");
        add_extension(c, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    }
    if (alt_names)
        add_extension(c, issuer, NID_subject_alt_name, alt_names);
    assert_true(X509_sign(c, ca ? ca->key : made.key, EVP_sha256()) > 0);
    X509_digest(c, EVP_sha256(), made.fingerprint, &len);
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, c);
    pem_of(bio, &made.pem);
    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(bio, made.key, NULL, NULL, 0, NULL, NULL);
    pem_of(bio, &made.key_pem);
    return made;
}

static UNUSED void issued_free(struct issued *made)
{
    EVP_PKEY_free(made->key);
    X509_free(made->certificate);
    buf_fini(&made->key_pem);
    buf_fini(&made->pem);
}

/* own NULL: anchors only. */
static UNUSED struct tls_identity *identity_of(const struct issued *own, const struct issued *ca,
                                               uint64_t generation)
{
    struct tls_identity_config config = {.generation = generation};
    struct tls_identity *identity;
    struct err e = {0};

    if (own) {
        config.chain_pem = buf_slice(&own->pem);
        config.key_pem = buf_slice(&own->key_pem);
    }
    if (ca)
        config.anchors_pem = buf_slice(&ca->pem);
    if (tls_identity_new(&identity, &config, &e) != 0)
        fail_msg("identity: %s %s", e.code, e.text);
    return identity;
}

/* ---- a small world: one root, a server, two devices ---- */

struct world {
    struct issued root, other_root, server, device, second, stranger;
    struct tls_identity *server_identity;
};

static UNUSED void world_init(struct world *w)
{
    *w = (struct world){0};
    w->root = issue("Root", NULL, NULL, 86400);
    w->other_root = issue("Other root", NULL, NULL, 86400);
    w->server = issue("centre", &w->root, "DNS:localhost,IP:127.0.0.1", 86400);
    w->device = issue("device one", &w->root, NULL, 86400);
    w->second = issue("device two", &w->root, NULL, 86400);
    w->stranger = issue("stranger", &w->other_root, NULL, 86400);
    w->server_identity = identity_of(&w->server, &w->root, 1);
}

static UNUSED void world_fini(struct world *w)
{
    issued_free(&w->root);
    issued_free(&w->other_root);
    issued_free(&w->server);
    issued_free(&w->device);
    issued_free(&w->second);
    issued_free(&w->stranger);
    tls_identity_free(w->server_identity);
}

/* ---- time ---- */

static UNUSED int64_t now_ms(void)
{
    return clock_monotonic(&clock_system) / 1000;
}

static UNUSED void sleep_ms(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000},
              NULL);
}

/* Waits until the condition holds; fails after five seconds. */
#define eventually(condition)                                                                      \
    do {                                                                                           \
        int64_t until_ = now_ms() + 5000;                                                          \
        while (!(condition) && now_ms() < until_)                                                  \
            sleep_ms(2);                                                                           \
        assert_true(condition);                                                                    \
    } while (0)

/* ---- raw sockets ---- */

static UNUSED int dial(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static UNUSED void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Everything until the peer closes, or `wait_ms` pass without a byte. *closed: it closed. */
static UNUSED size_t hear(int fd, char *out, size_t room, int wait_ms, bool *closed)
{
    size_t len = 0;

    *closed = false;
    while (len + 1 < room) {
        struct pollfd one = {.fd = fd, .events = POLLIN};
        if (poll(&one, 1, wait_ms) <= 0)
            break;
        ssize_t got = recv(fd, out + len, room - len - 1, 0);
        if (got <= 0) {
            *closed = true;
            break;
        }
        len += (size_t)got;
    }
    out[len] = 0;
    return len;
}

static UNUSED size_t times_in(const char *text, const char *part)
{
    size_t found = 0;

    for (const char *at = strstr(text, part); at; at = strstr(at + strlen(part), part))
        found++;
    return found;
}

/* ---- questions and answers ---- */

/* Sends bytes, and hears all that comes until the end or 300 ms of silence. */
static UNUSED char *talk(unsigned port, const char *request, size_t len, bool *closed)
{
    static char answer[400000];
    int fd = dial(port);

    assert_int_equal(send(fd, request, len, MSG_NOSIGNAL), (ssize_t)len);
    hear(fd, answer, sizeof(answer), 300, closed);
    close(fd);
    return answer;
}

static UNUSED char *ask(unsigned port, const char *request, bool *closed)
{
    return talk(port, request, strlen(request), closed);
}

static UNUSED void expect_from(unsigned port, const char *request, const char *start,
                               const char *part, bool should_close)
{
    bool closed;
    const char *answer = ask(port, request, &closed);

    if (strncmp(answer, start, strlen(start)) != 0 || (part && !strstr(answer, part)) ||
        closed != should_close)
        fail_msg("%s\ngave (closed: %d)\n%s", request, closed, answer);
}

/* In tests whose fixture has a port. */
#define expect(...) expect_from(fix.port, __VA_ARGS__)

/* ---- servers ---- */

static UNUSED bool everyone_is_active(void *context, enum http_door_kind door,
                                      const struct net_peer *peer)
{
    (void)context;
    (void)door;
    (void)peer;
    return true;
}

static UNUSED struct http_server *serve(const struct http_server_config *config)
{
    struct http_server *server;
    struct err e = {0};

    if (http_server_new(&server, config, &e) != 0 || http_server_start(server, &e) != 0)
        fail_msg("server: %s %s", e.code, e.text);
    return server;
}

static UNUSED struct net_counters counters_of(struct http_server *server)
{
    struct net_counters counters;

    http_server_counters(server, &counters);
    return counters;
}

static UNUSED struct http_client *client_of(unsigned port, struct tls_identity *identity)
{
    char url[64];
    struct http_client_config config = {.url = url, .identity = identity, .timeout_ms = 5000};
    struct http_client *client;
    struct err e = {0};

    snprintf(url, sizeof(url), "%s://127.0.0.1:%u", identity ? "https" : "http", port);
    if (http_client_new(&client, &config, &e) != 0)
        fail_msg("client: %s", e.text);
    return client;
}

/* GET; the status, or -1 with *e. */
static UNUSED int get(struct http_client *client, const char *target, struct http_response *r,
                      struct err *e)
{
    struct http_request request = {.method = "GET", .target = target};

    err_clear(e);
    return http_client_request(client, &request, r, e) == 0 ? r->status : -1;
}

#endif
