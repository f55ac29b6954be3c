/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to a host of others, by libcurl: it brings the system's trust store, TLS 1.2 and HTTP
 * as strangers speak it, which our own client does not. http and https alone; redirections are
 * answers and are not followed; no user name, cookie or proxy; time and size are bounded.
 */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include "base/buf.h"

struct net_fetch {
    const char *url;
    struct slice body;        /* POST; data NULL: GET */
    const char *content_type; /* of body */
    const char *anchors;      /* file of certificates to trust for TLS; NULL: the system's */
    bool inside; /* also addresses that are not of the public Internet (net/address.h) */
    size_t most; /* bytes of the answer */
    unsigned ms; /* for all of it */
};

/* ERR_USAGE "net.url": no URL of http or https, or one with a user name. Nothing is asked. */
int net_fetch_check_url(const char *url, struct err *e) MUST_CHECK;

/*
 * Appends the body of an answer of status 200. ERR_UNAVAILABLE: "net.away" (no such host, no
 * connection), "net.slow", "net.status"; ERR_LIMIT "net.size"; ERR_DENIED "net.address" (not of the
 * public Internet); ERR_USAGE "net.url"; ERR_VERIFY "net.tls" (nobody vouches for the host).
 */
int net_fetch(const struct net_fetch *request, struct buf *answer, struct err *e) MUST_CHECK;

#endif
