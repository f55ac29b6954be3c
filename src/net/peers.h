/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is connected: one record a certificate and one an address, shared by all connections of it,
 * with their counts. Any thread.
 */
#ifndef NET_PEERS_H
#define NET_PEERS_H

#include "base/map.h"
#include "net/server.h"

#include <openssl/types.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

struct connection;

struct peer_record {
    struct net_peer peer;
    atomic_uint references;
    atomic_size_t connections;    /* that count against max_per_certificate */
    struct connection *of_loop[]; /* lists; each is touched by its loop's thread only */
};

struct address_record {
    uint8_t key[16];        /* IPv6, of which the last 8 bytes are zero; IPv4 mapped */
    atomic_uint references; /* the connections */
};

struct peers {
    pthread_mutex_t lock;
    struct map certificates;
    struct map addresses;
    unsigned loops;
};

int peers_init(struct peers *p, unsigned loops, struct err *e) MUST_CHECK;
void peers_fini(struct peers *p);

/* The record of that certificate, with one more reference; NULL: no memory. */
struct peer_record *peers_get(struct peers *p, X509 *certificate) MUST_CHECK;
/* The record if there is one, with one more reference. */
struct peer_record *peers_find(struct peers *p, const uint8_t fingerprint[32]);
struct peer_record *peer_record_ref(struct peer_record *record);
void peers_release(struct peers *p, struct peer_record *record);

/* Counts one connection of that address; *count with it. NULL: no memory. */
struct address_record *peers_enter(struct peers *p, const struct sockaddr *address,
                                   size_t *count) MUST_CHECK;
void peers_leave(struct peers *p, struct address_record *record);

#endif
