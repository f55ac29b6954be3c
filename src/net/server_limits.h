/* SPDX-License-Identifier: Apache-2.0 */
/* Every limit of the server, by name, with its default; and its counters. */
#ifndef NET_SERVER_LIMITS_H
#define NET_SERVER_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* Times in milliseconds, sizes in bytes. 0 in a count or size means: no such limit. */
struct net_limits {
    unsigned handshake_ms;      /* 10,000: from accept to a finished TLS handshake */
    unsigned header_ms;         /* 10,000: from a head's first byte to its last */
    unsigned idle_ms;           /* 75,000: between requests of a kept-alive connection */
    unsigned body_ms;           /* 20,000: a body may take that, plus its size / body_min_rate */
    size_t body_min_rate;       /* 16 KiB/s: the least a body must average */
    unsigned write_stall_ms;    /* 20,000: the peer takes no byte of an answer for so long */
    unsigned answer_ms;         /* 120,000: a handler gives no answer for so long: 503 */
    unsigned linger_ms;         /* 2,000: after a last answer, for the peer to read it */
    unsigned heartbeat_ms;      /* 15,000: a comment on an idle event stream */
    size_t stream_queue;        /* 256 KiB waiting on one stream; over it the stream is closed */
    size_t body_budget;         /* 256 MiB: all bodies in memory together; over it 503 */
    size_t spool_budget;        /* 2 GiB: all bodies spooled to files together; over it 503 */
    size_t max_connections;     /* 200,000: over it 503; over 1/8 more: closed at once */
    size_t max_per_address;     /* 4,096 connections of one address (IPv6: of one /64) */
    size_t max_per_certificate; /* 16 connections of one certificate; over it 503 */
    size_t max_in_flight;       /* 10,000 requests waiting for their handler; over it 503 */
    unsigned accept_rate;       /* 0: new connections a second and door; over it: see server.h */
    unsigned accept_burst;      /* 1,000: accepted above the rate at once */
    unsigned requests_per_connection; /* 0: then the connection is closed */
    unsigned retry_after_s;           /* 5: least Retry-After of a 503; jittered up to twice */
    unsigned ticket_rotate_s; /* 21,600: a session ticket key signs so long, and opens twice */
};

extern const struct net_limits net_limits_default;

/* A snapshot; counts since start but where "now" is said. */
struct net_counters {
    uint64_t connections_now;
    uint64_t streams_now;
    uint64_t in_flight_now;
    uint64_t body_bytes_now;
    uint64_t accepted;
    uint64_t handshakes;         /* finished */
    uint64_t handshakes_resumed; /* of those */
    uint64_t handshakes_failed;
    uint64_t requests;
    uint64_t answers[6];          /* by class: [2] is 2xx; [0] never sent: the peer was gone */
    uint64_t refused_malformed;   /* 400-class answers of the parser */
    uint64_t refused_peer;        /* certificate not active */
    uint64_t refused_connections; /* over a connection limit */
    uint64_t refused_load;        /* 503: in flight, body or spool budget */
    uint64_t timeouts;            /* connections closed by any time limit */
    uint64_t streams_overrun;     /* streams closed because the peer was too slow */
    uint64_t peers_closed;        /* connections closed by http_server_close_peer */
    uint64_t bytes_in, bytes_out; /* of HTTP, inside TLS */
};

#endif
