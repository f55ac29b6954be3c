/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One delivery by libcurl, from a job to a result. The address is judged where it is connected to:
 * libcurl resolves, and asks us for a socket to each address in turn (CURLOPT_OPENSOCKETFUNCTION);
 * what may not be reached gets none. There is no second look-up, so a name that changes in between
 * changes nothing. No redirects, no proxies, no connection is used twice.
 */
#ifndef CENTRE_COURIER_DELIVERY_H
#define CENTRE_COURIER_DELIVERY_H

#include "centre/config.h"
#include "centre/courier_frame.h"

#include <stdatomic.h>

/* What all deliveries share; made before the sandbox is put up. */
struct courier_means {
    const struct config *config;
    struct buf password;        /* of the mail server */
    struct buf mail_anchors;    /* PEM; empty: those of the system */
    struct buf webhook_anchors; /* PEM; empty: those of the system */
    char hello[256];            /* the name said in EHLO */
};

/* Reads the password and the anchors. -1 with the file's error or "courier.password". */
int courier_means_init(struct courier_means *means, const struct config *config,
                       struct err *e) MUST_CHECK;
void courier_means_fini(struct courier_means *means);

/*
 * Carries out a job; returns when its outcome is known, its time is over, or *cut has become true
 * (looked at about once a second). Any number at a time, each on its own thread: libcurl's SMTP
 * blocks while it waits for the answer to a message, even in its multi interface.
 */
void courier_deliver(const struct courier_means *means, const struct courier_job *job,
                     const atomic_bool *cut, struct courier_result *result);

/*
 * Who is spoken to, for a fair share of what is in flight: the webhook's host and port, or "mail".
 * "" for a URL that cannot be read.
 */
void courier_delivery_host(const struct courier_job *job, char host[300]);

#endif
