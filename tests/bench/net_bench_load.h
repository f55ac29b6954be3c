/* SPDX-License-Identifier: Apache-2.0 */
/* The load of net_bench: certificates, and a client that can hold thousands of connections. */
#ifndef TESTS_NET_BENCH_LOAD_H
#define TESTS_NET_BENCH_LOAD_H

#include <openssl/ssl.h>

struct bench_certificates {
    X509 *root, *server;
    EVP_PKEY *root_key, *server_key;
    X509 **clients;
    EVP_PKEY *client_key; /* one key for all: only the certificates differ */
    int client_count;
};

/* Ends the program when something fails, as all of this does. */
void bench_certificates_make(struct bench_certificates *c, int clients);
/* One more set of client certificates, never seen by any server. */
void bench_certificates_renew(struct bench_certificates *c);
void bench_certificates_free(struct bench_certificates *c);
void bench_write_pem(const char *path, X509 *certificate, EVP_PKEY *key);

enum load_mode { LOAD_REQUESTS, LOAD_HANDSHAKES, LOAD_STREAMS };

struct load_result {
    long done, failed;
    double seconds;
    double p50_us, p99_us; /* requests only */
};

struct load;

/* A client with connections of its own to 127.0.0.1:port. */
struct load *load_new(const struct bench_certificates *certificates, unsigned port);
void load_free(struct load *l);
/* connections kept alive, each with one request after the other, for so long. */
struct load_result load_requests(struct load *l, int connections, double seconds);
/* count new connections with a full handshake and one request each. */
struct load_result load_handshakes(struct load *l, int count, int at_once);
/* Opens count event streams and keeps them until load_free. */
struct load_result load_streams(struct load *l, int count);

#endif
