/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the client share. */
#ifndef NET_CLIENT_INTERNAL_H
#define NET_CLIENT_INTERNAL_H

#include "net/client.h"
#include "net/client_link.h"
#include "net/sse_parse.h"

enum { CLIENT_READ_SIZE = 16 * 1024 };

struct http_client {
    struct client_target target;
    struct client_link link;
    struct tls_identity *identity;
    SSL_CTX *tls;         /* made at the first connection */
    SSL_SESSION *session; /* the newest ticket */
    bool allow_tls12;
    bool insecure;
    unsigned connect_ms;
    unsigned timeout_ms;
    char *user_agent;
    char *authority; /* for Host */
    struct http_head head;
    struct http_body body; /* of the response being read */
    uint8_t *certificate;  /* the server's, DER */
    size_t certificate_len;
    uint8_t in[CLIENT_READ_SIZE];
    struct slice unread; /* within in */
    bool streaming;
    struct sse_reader events;
    struct slice event_bytes; /* content not yet given to events; within in */
};

int64_t client_deadline(unsigned ms);
/* Opens the connection unless there is a good one. *kept: it was open before. */
int client_connect(struct http_client *c, bool *kept, struct err *e) MUST_CHECK;
/* Reads until the response's head is there; interim ones are passed over unless `interim`. */
int client_read_head(struct http_client *c, bool to_head, bool interim, int64_t deadline,
                     struct err *e) MUST_CHECK;
/*
 * The next run of content: 1 and *run, 0 at the end, or -1. Runs are valid until the next read.
 */
int client_read_body(struct http_client *c, struct slice *run, int64_t deadline,
                     struct err *e) MUST_CHECK;
/* Sends and reads the response's head. */
int client_exchange(struct http_client *c, const struct http_request *request, int64_t deadline,
                    struct err *e) MUST_CHECK;

#endif
