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

#include <curl/curl.h>

struct courier_delivery;

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
 * Prepares a delivery; job's slices must outlive it. NULL with *result set: the job cannot be
 * tried (bad address or URL, nothing configured, no memory).
 */
struct courier_delivery *courier_delivery_new(const struct courier_means *means,
                                              const struct courier_job *job,
                                              struct courier_result *result) MUST_CHECK;
/* The handle to add to a multi handle; its private pointer is `owner`. */
CURL *courier_delivery_handle(struct courier_delivery *delivery, void *owner);
/* What became of it, when libcurl says it is done with `code`. */
void courier_delivery_judge(const struct courier_delivery *delivery, CURLcode code,
                            struct courier_result *result);
/* As if the connection were cut now: unknown when the message may have been taken, else busy. */
void courier_delivery_cut(const struct courier_delivery *delivery, struct courier_result *result);
/* The handle must have been removed from its multi handle. */
void courier_delivery_free(struct courier_delivery *delivery);

/*
 * Who is spoken to, for a fair share of what is in flight: the webhook's host and port, or "mail".
 * "" for a URL that cannot be read.
 */
void courier_delivery_host(const struct courier_job *job, char host[300]);

#endif
