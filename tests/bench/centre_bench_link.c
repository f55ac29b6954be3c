/* SPDX-License-Identifier: Apache-2.0 */
#include "centre_bench_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256, READ = 65536 };

struct link {
    SSL *ssl;
    int fd;
    bool ready;  /* the handshake is done */
    bool stream; /* the head of an event stream has come */
    bool dead;   /* closed while its callback runs */
    bool busy;
    struct slice request; /* not sent yet */
    struct buf in;        /* as it came */
    struct buf events;    /* without the chunks' frames */
    const struct link_calls *calls;
    void *context;
};

void bench_die(const char *what, const char *detail)
{
    fprintf(stderr, "centre_bench_load: %s: %s\n", what, detail ? detail : strerror(errno));
    ERR_print_errors_fp(stderr);
    exit(1);
}

void links_init(struct links *links)
{
    links->epoll = epoll_create1(EPOLL_CLOEXEC);
    links->tls = SSL_CTX_new(TLS_client_method());
    if (links->epoll < 0 || !links->tls)
        bench_die("no TLS", NULL);
    SSL_CTX_set_min_proto_version(links->tls, TLS1_3_VERSION);
    SSL_CTX_set1_groups_list(links->tls, "X25519:P-256");
    SSL_CTX_set_mode(links->tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(links->tls, SSL_SESS_CACHE_OFF);
    /* what a device checks is the device's work, and runs on another machine in real life */
    SSL_CTX_set_verify(links->tls, SSL_VERIFY_NONE, NULL);
}

void links_fini(struct links *links)
{
    X509_free(links->issuer);
    SSL_CTX_free(links->tls);
    close(links->epoll);
}

void links_issuer(struct links *links, struct slice der)
{
    const unsigned char *at = der.data;

    links->issuer = d2i_X509(NULL, &at, (long)der.len);
    if (!links->issuer)
        bench_die("the issuer's certificate", "cannot be read");
}

struct link *link_open(struct links *links, unsigned port, struct slice der, const struct key *key,
                       const struct link_calls *calls, void *context)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct link *k = calloc(1, sizeof(*k));
    int on = 1;

    if (!k)
        bench_die("no memory", NULL);
    k->calls = calls;
    k->context = context;
    buf_init(&k->in);
    buf_init(&k->events);
    k->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (k->fd < 0 || connect(k->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
        bench_die("cannot connect", NULL);
    setsockopt(k->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    k->ssl = SSL_new(links->tls);
    BIO *bio = BIO_new_socket(k->fd, BIO_NOCLOSE);
    if (!k->ssl || !bio)
        bench_die("no TLS", NULL);
    BIO_socket_nbio(k->fd, 1);
    SSL_set_bio(k->ssl, bio, bio);
    SSL_set_tlsext_host_name(k->ssl, "localhost");
    if (der.len && (SSL_use_certificate_ASN1(k->ssl, der.data, (int)der.len) != 1 ||
                    SSL_use_PrivateKey(k->ssl, key_evp(key)) != 1 ||
                    SSL_add1_chain_cert(k->ssl, links->issuer) != 1))
        bench_die("a certificate does not fit its key", "TLS");
    SSL_set_connect_state(k->ssl);
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = k};
    if (epoll_ctl(links->epoll, EPOLL_CTL_ADD, k->fd, &e) != 0)
        bench_die("epoll", NULL);
    return k;
}

void link_close(struct link *k)
{
    struct linger reset = {1, 0}; /* no TIME-WAIT: ports are scarce here */

    if (k->busy) {
        k->dead = true;
        return;
    }
    SSL_set_quiet_shutdown(k->ssl, 1);
    SSL_free(k->ssl);
    setsockopt(k->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(k->fd);
    buf_fini(&k->in);
    buf_fini(&k->events);
    free(k);
}

static bool wants(struct link *k, int result)
{
    int wanted = SSL_get_error(k->ssl, result);

    return wanted == SSL_ERROR_WANT_READ || wanted == SSL_ERROR_WANT_WRITE;
}

static void broke(struct link *k)
{
    if (!k->dead)
        k->calls->answer(k, 0, slice_of(NULL, 0), k->context);
}

static bool push(struct link *k)
{
    if (!k->ready || k->request.len == 0)
        return true;
    int sent = SSL_write(k->ssl, k->request.data, (int)k->request.len);
    if (sent <= 0)
        return wants(k, sent);
    k->request = slice_of(NULL, 0);
    return true;
}

void link_send(struct link *k, struct slice request)
{
    k->request = request;
    ERR_clear_error();
    if (!push(k))
        bench_die("a connection broke", "at a request");
}

static void drop_front(struct buf *b, size_t count)
{
    memmove(b->data, b->data + count, b->len - count);
    b->len -= count;
}

static struct slice field(struct slice event, const char *name)
{
    size_t len = strlen(name);
    const uint8_t *at = event.data;
    const uint8_t *end = event.data + event.len;

    while (at < end) {
        const uint8_t *line = memchr(at, '\n', (size_t)(end - at));
        const uint8_t *stop = line ? line : end;
        if ((size_t)(stop - at) > len && memcmp(at, name, len) == 0)
            return slice_of(at + len, (size_t)(stop - at) - len);
        at = stop + 1;
    }
    return slice_of(NULL, 0);
}

/* Whole chunks into events, whole events to whoever listens. */
static void take_stream(struct link *k)
{
    for (;;) {
        const uint8_t *line = k->in.len ? memmem(k->in.data, k->in.len, "\r\n", 2) : NULL;
        if (!line)
            break;
        size_t size = strtoul((const char *)k->in.data, NULL, 16);
        size_t head = (size_t)(line - k->in.data) + 2;
        if (k->in.len < head + size + 2)
            break;
        buf_put(&k->events, k->in.data + head, size);
        drop_front(&k->in, head + size + 2);
    }
    for (;;) {
        const uint8_t *end =
            k->events.len ? memmem(k->events.data, k->events.len, "\n\n", 2) : NULL;
        if (!end || k->dead)
            break;
        struct slice event = slice_of(k->events.data, (size_t)(end - k->events.data));
        struct slice data = field(event, "data: ");
        if (data.len && k->calls->event)
            k->calls->event(k, field(event, "event: "), data, k->context);
        drop_front(&k->events, event.len + 2);
    }
}

static void take_answer(struct link *k)
{
    const char *head = buf_text(&k->in);
    const char *end = k->in.len ? memmem(head, k->in.len, "\r\n\r\n", 4) : NULL;
    const char *length = end ? strcasestr(head, "\r\nContent-Length:") : NULL;

    if (!end || k->in.len < 12)
        return;
    int status = (int)strtol(head + 9, NULL, 10);
    size_t skip = (size_t)(end - head) + 4;
    if (!length || length > end) {
        k->stream = true;
        drop_front(&k->in, skip);
        if (status != 200)
            k->calls->answer(k, status, slice_of(NULL, 0), k->context);
        take_stream(k);
        return;
    }
    size_t size = strtoul(length + 17, NULL, 10);
    if (k->in.len < skip + size)
        return;
    struct buf whole = k->in;
    buf_init(&k->in);
    k->calls->answer(k, status, slice_of(whole.data + skip, size), k->context);
    buf_fini(&whole);
}

static void work(struct link *k)
{
    static char in[READ];
    int got;

    ERR_clear_error();
    if (!k->ready) {
        int result = SSL_do_handshake(k->ssl);
        if (result != 1) {
            if (!wants(k, result))
                broke(k);
            return;
        }
        k->ready = true;
    }
    if (!push(k)) {
        broke(k);
        return;
    }
    while (!k->dead && (got = SSL_read(k->ssl, in, sizeof(in))) > 0) {
        buf_put(&k->in, in, (size_t)got);
        if (k->stream)
            take_stream(k);
        else
            take_answer(k);
    }
    if (!k->dead && !wants(k, got))
        broke(k);
}

void links_poll(struct links *links, int wait_ms)
{
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(links->epoll, events, EVENTS, wait_ms);

    for (int i = 0; i < ready; i++) {
        struct link *k = events[i].data.ptr;
        k->busy = true;
        work(k);
        k->busy = false;
        if (k->dead)
            link_close(k);
    }
}
