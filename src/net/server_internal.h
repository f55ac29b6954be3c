/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the server share: server → loops → connections → exchange or stream.
 *
 * server.c       life, configuration, counters
 * door.c         listening, accepting, turning away
 * connection.c   one connection: reading, writing, time limits, closing
 * connection_tls.c  its handshake, and who the peer is
 * request.c      from bytes to a request for a handler
 * exchange.c     what a handler reads of a request
 * answer.c       from a handler's answer to bytes
 * answer_file.c  answers from files
 * spool.c        bodies into files
 * stream.c       answers that go on
 */
#ifndef NET_SERVER_INTERNAL_H
#define NET_SERVER_INTERNAL_H

#include "net/exchange.h"
#include "net/file_worker.h"
#include "net/http_parse.h"
#include "net/loop.h"
#include "net/peers.h"
#include "net/router.h"
#include "net/stream.h"
#include "net/tls_context.h"

#include <openssl/ssl.h>

enum { READ_SIZE = 32 * 1024, VERIFIED_SIZE = 4096, EXCHANGE_POOL = 64 };

/* ---- counters, one set a loop, so that no cache line is fought over ---- */

enum counter {
    COUNT_ACCEPTED,
    COUNT_HANDSHAKES,
    COUNT_RESUMED,
    COUNT_HANDSHAKES_FAILED,
    COUNT_REQUESTS,
    COUNT_ANSWERS, /* six, by class */
    COUNT_MALFORMED = COUNT_ANSWERS + 6,
    COUNT_PEER,
    COUNT_CONNECTIONS,
    COUNT_LOAD,
    COUNT_TIMEOUTS,
    COUNT_OVERRUN,
    COUNT_PEERS_CLOSED,
    COUNT_IN,
    COUNT_OUT,
    COUNTERS
};

/* ---- doors ---- */

struct door {
    struct http_server *server;
    size_t index;
    enum http_door_kind kind;
    enum http_tls_mode tls;
    bool allow_tls12;
    bool allow_http10;
    bool offers_tickets;
    bool local; /* a Unix socket */
    char *address;
    char *path; /* of the Unix socket, to be removed */
    unsigned port;
    pthread_mutex_t lock; /* of the three below */
    struct tls_identity *identity;
    struct tls_tickets *tickets; /* of this generation */
    uint64_t serial;             /* counts the changes of identity */
};

/* A door at one loop. */
struct listener {
    struct door *door;
    struct server_loop *loop;
    int fd; /* -1: not here (Unix sockets are accepted by the first loop) */
    struct event event;
    SSL_CTX *tls;
    uint64_t serial; /* of tls, for the cache of verified certificates */
    double tokens;   /* of the accept rate */
    int64_t filled;  /* when tokens were counted last */
    bool paused;
};

/* A chain that was found good for this door with this identity. */
struct verified {
    uint8_t fingerprint[32];
    const struct door *door;
    uint64_t serial;
    int64_t until; /* wall clock, microseconds: the first end of validity in the chain */
};

struct server_loop {
    struct net_loop loop; /* first: a net_loop is its server_loop */
    struct http_server *server;
    unsigned index;
    struct listener *listeners; /* one a door */
    struct connection *connections;
    struct http_exchange *pool;
    unsigned pooled;
    struct verified *verified;
    bool stopping;
    atomic_bool drained;       /* stopping, and no connection is left */
    atomic_bool recheck_peers; /* at the next tick */
    struct loop_message stop, cut;
    atomic_uint_fast64_t counts[COUNTERS];
    uint8_t in[READ_SIZE];
};

struct http_server {
    struct http_server_config config;
    struct net_limits limits;
    char *server_name;
    struct door *doors;
    size_t door_count;
    struct router router;
    struct server_loop **loops;
    unsigned loop_count;
    struct peers peers;
    struct file_worker files;
    char *spool_folder;
    atomic_size_t connections, streams, in_flight, body_bytes, spool_bytes;
    atomic_bool stopping;
    pthread_mutex_t lock; /* of the life of handles */
    pthread_cond_t changed;
    size_t handles; /* exchanges that outlive their handler's call, and stream handles */
    bool started;
};

static inline void count(struct server_loop *l, enum counter what, uint64_t more)
{
    atomic_fetch_add_explicit(&l->counts[what], more, memory_order_relaxed);
}

/* ---- door.c ---- */

int door_init(struct door *door, struct http_server *s, size_t index,
              const struct http_door *config, struct err *e) MUST_CHECK;
void door_fini(struct door *door);
/* Binds and listens at one loop. */
int listener_init(struct listener *listener, struct door *door, struct server_loop *l,
                  unsigned socket_mode, struct err *e) MUST_CHECK;
void listener_fini(struct listener *listener);
/* From the loop's thread: takes no more connections. */
void listener_close(struct listener *listener);
/* Every tick: listeners that were over their rate, or out of descriptors, listen again. */
void listener_tick(struct listener *listener);
/* A context of the door's identity for one loop; NULL with *e. */
SSL_CTX *door_context(struct door *door, struct err *e) MUST_CHECK;

void server_handle_taken(struct http_server *s);
void server_handle_given_back(struct http_server *s);
void server_refused(struct server_loop *l, const struct door *door, const char *code,
                    const char *address, const struct net_peer *peer);
unsigned server_retry_after(const struct http_server *s);

/* ---- connections ---- */

enum connection_state {
    CONNECTION_HANDSHAKE,
    CONNECTION_IDLE,   /* nothing of a request read yet */
    CONNECTION_HEAD,   /* within a head */
    CONNECTION_BODY,   /* within a body */
    CONNECTION_WAIT,   /* the handler has it */
    CONNECTION_ANSWER, /* the answer is on its way */
    CONNECTION_STREAM, /* the answer goes on */
    CONNECTION_LINGER, /* all is said; reading what the peer still sends */
};

struct connection {
    struct timer_entry timer; /* first: a timer entry is its connection */
    struct server_loop *loop;
    struct door *door;
    struct event event;
    SSL *ssl; /* NULL: plain */
    int fd;
    uint8_t state;
    bool pumping;        /* within connection_pump: no recursion */
    bool closing;        /* close when the output is written */
    bool linger;         /* … but read on for a while */
    bool shed;           /* every request gets 503 */
    bool reading_paused; /* by the handler of a streamed body */
    bool counted_peer;   /* in peer->connections */
    bool fresh;          /* no request yet */
    bool readable;       /* the kernel said so, and it was not read yet */
    bool dead;           /* to be destroyed when pumping ends */
    bool broken;         /* no farewell possible */
    bool farewell;       /* … or it was said */
    short events;        /* that the kernel is asked for */
    short tls_events;    /* that OpenSSL asks for beside */
    const char *refusal; /* why the certificate was refused */
    uint64_t serial;     /* of the listener's TLS context */
    unsigned requests;
    int uid;          /* of a Unix socket's peer; -1 */
    int64_t since;    /* when the state began, or the body's clock (moved by pauses) */
    int64_t progress; /* when output was last taken by the peer */
    int64_t paused_at;
    struct connection *next, **back;           /* of the loop */
    struct connection *peer_next, **peer_back; /* of the peer, at this loop */
    struct peer_record *peer;
    struct address_record *address;
    struct http_exchange *exchange;
    struct http_stream *stream;
    struct buf in; /* read, but not used yet */
    size_t in_at;
    struct buf out; /* not taken by the peer yet */
    size_t out_at;
    size_t lingered;
    char remote[NET_ADDRESS_TEXT];
};

/* Takes fd over. */
void connection_new(struct listener *listener, int fd, const struct sockaddr *address);
void connection_close(struct connection *c);
/* Sends, or keeps what the peer does not take now. -1: no memory or broken; close it. */
int connection_send(struct connection *c, struct slice bytes) MUST_CHECK;
size_t connection_unsent(const struct connection *c);
/* The answer is complete: the next request, or the end. */
void connection_answered(struct connection *c, bool close_it, bool linger);
/* Stops and goes on with reading a body. */
void connection_pause(struct connection *c);
void connection_resume(struct connection *c);
/* Goes on reading and writing after something changed from outside. */
void connection_pump(struct connection *c);
/* Sets the time limit that the state asks for. */
void connection_set_timer(struct connection *c);
void connection_fire(struct timer_entry *entry, void *context);
void connection_set_state(struct connection *c, enum connection_state state);

int connection_start_tls(struct connection *c, SSL_CTX *context) MUST_CHECK;
/* 1: done, 0: waiting, -1: closed. */
int connection_handshake(struct connection *c) MUST_CHECK;
/* What OpenSSL waits for, into tls_events; false: it is an error. */
bool connection_tls_waits(struct connection *c, int result);
/* Says goodbye where possible, and frees. */
void connection_end_tls(struct connection *c);
/* For SSL_CTX_set_cert_verify_callback. */
int connection_verify(X509_STORE_CTX *store, void *context);

/* ---- requests ---- */

/* Takes bytes of the peer; *used of them. -1: the connection must be closed at once. */
int request_feed(struct connection *c, struct slice in, size_t *used) MUST_CHECK;
/* Ends the request from our side, with a status of the server itself. */
void request_fail(struct connection *c, int status, const struct err *e);
/* The body's time limit: when it is over. */
int64_t request_body_deadline(const struct connection *c);
/* The peer closed, or was closed, within a request: the exchange is freed, or left to its owner. */
void request_cut(struct connection *c);
/* The body is complete: to the handler. */
void request_dispatch(struct connection *c, struct http_exchange *x);

/* ---- exchanges ---- */

struct spool;
struct file_answer;

struct http_exchange {
    struct loop_message message; /* first: the answer's way to the loop */
    struct loop_message resume;
    struct server_loop *loop;
    struct http_exchange *next; /* in the pool */
    struct http_head head;
    struct arena arena;
    struct buf body;
    struct buf answer; /* head and body, ready to send */
    /* what stands above keeps its memory from request to request; from here on it is cleared */
    struct connection *connection; /* NULL: gone; the loop's thread only */
    struct door *door;
    struct http_body decoder;
    size_t reserved; /* of the budget of bodies */
    struct router_match match;
    struct peer_record *peer;
    char remote[NET_ADDRESS_TEXT];
    int uid;
    int64_t started;
    atomic_bool alive;
    atomic_bool resume_posted;
    bool owned;       /* a handler has it */
    bool handed_over; /* … beyond its call: counted as in flight */
    bool body_done;   /* the request is read to its end */
    bool has_reader;
    bool forgotten; /* to be freed when the resume message has come */
    struct http_body_reader reader;
    struct spool *spool;
    int status; /* of the answer */
    bool close;
    struct http_stream *stream;
    struct file_answer *file;
};

struct http_exchange *exchange_new(struct connection *c);
void exchange_free(struct http_exchange *x);
/* A handler has kept it beyond its call. */
void exchange_hand_over(struct http_exchange *x);
/* Adds to the collected body within the budget. 0, or -1 with *e: ERR_LIMIT or ERR_UNAVAILABLE. */
int exchange_collect(struct http_exchange *x, struct slice run, struct err *e) MUST_CHECK;

/* ---- answers ---- */

enum answer_length { LENGTH_OF_BODY, LENGTH_CHUNKED, LENGTH_UNTIL_CLOSE };

/* Writes the head of an answer into x->answer; length is that of the content. */
void answer_head(struct http_exchange *x, const struct http_answer *a, enum answer_length how,
                 uint64_t length);
/* Sends x->answer from the loop's thread and ends or goes on; x is gone. */
void answer_deliver(struct http_exchange *x);
/* From any thread: to the loop with it. */
void answer_post(struct http_exchange *x);
/* A problem as the server's own answer, on the loop's thread, before any handler. */
void answer_refuse(struct connection *c, int status, const struct err *e);
bool answer_etag_matches(struct slice list, const char *etag);

/* ---- files ---- */

/* Begins to send; the connection's exchange stays until the file is sent. */
void file_answer_start(struct http_exchange *x);
void file_answer_continue(struct http_exchange *x);
/* The connection is gone. */
void file_answer_cut(struct http_exchange *x);
void file_answer_free(struct file_answer *file);

int spool_begin(struct http_exchange *x, struct err *e) MUST_CHECK;
/* Takes a run; pauses the connection when too much waits. -1 with *e: over the budget. */
int spool_put(struct http_exchange *x, struct slice run, struct err *e) MUST_CHECK;
/* The body is complete: dispatches when it is all written. */
void spool_end(struct http_exchange *x);
/* The connection is gone, or the exchange ends. */
void spool_free(struct spool *spool);
int spool_file(const struct spool *spool, uint64_t *size);

/* ---- streams ---- */

void stream_attach(struct connection *c, struct http_stream *stream);
/* The peer took bytes, or time passed. */
void stream_drained(struct connection *c);
void stream_heartbeat(struct connection *c);
int64_t stream_deadline(const struct connection *c);
/* The connection is gone. */
void stream_cut(struct http_stream *stream);
/* The server stops. */
void stream_farewell(struct connection *c);

#endif
