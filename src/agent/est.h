/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment over Secure Transport (RFC 7030), the client's half. */
#ifndef AGENT_EST_H
#define AGENT_EST_H

#include "agent/identity.h"
#include "net/client.h"

enum { EST_ANSWER_MAX = 1 << 20 };

/* GET /.well-known/est/cacerts: adds all certificates to the list; nothing is believed by that. */
int est_authorities(struct http_client *client, struct certificate_list *list,
                    struct err *e) MUST_CHECK;

struct est_request {
    const char *operation;       /* "simpleenroll" or "simplereenroll" */
    const struct key *key;       /* to be certified */
    struct slice subject;        /* Name that the request asks for (DER); empty: common_name */
    const char *common_name;     /* used when subject is empty */
    struct slice user, password; /* HTTP Basic; password empty: none */
    int *status;                 /* of the answer; unchanged when there was none */
    int64_t *retry_after_ms;     /* set when the centre asks to come again; else −1 */
    int64_t now;
};

/*
 * Asks for a certificate. 0 and the certificates of the answer in list; -1 with the centre's
 * reason, or ERR_UNAVAILABLE "est.pending" for 202 (RFC 7030 section 4.2.3).
 */
int est_enrol(struct http_client *client, const struct est_request *request,
              struct certificate_list *list, struct err *e) MUST_CHECK;

#endif
