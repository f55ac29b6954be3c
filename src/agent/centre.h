/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections to the centre: one for the stream, one for requests, opened when it is needed and
 * closed when it is not, because each costs the centre memory. Device protocol v1,
 * docs/formats.md 5.
 */
#ifndef AGENT_CENTRE_H
#define AGENT_CENTRE_H

#include "agent/agent.h"
#include "net/client.h"

struct centre {
    struct http_client *stream;
    struct http_client *requests;
    int64_t retry_after_ms; /* what the last answer asked to wait; -1: nothing */
    int status;             /* of the last answer; 0: none */
};

/* A TLS identity from the agent's key, certificate and anchors. */
int centre_identity(const struct agent *a, struct tls_identity **identity,
                    struct err *e) MUST_CHECK;

/* Both clients for the device door; connects nothing yet. */
int agent_centre_init(struct centre *c, const struct agent *a, struct err *e) MUST_CHECK;
void centre_fini(struct centre *c);
/* After a renewal or a roll-over: from the next connection on. */
int centre_change_identity(struct centre *c, const struct agent *a, struct err *e) MUST_CHECK;

/*
 * Sends a request; 0 for a 2xx answer, r holds it (http_response_fini is the caller's in any case,
 * r was initialised by http_response_init). Else -1 with what the centre said, or the client's
 * error.
 */
int centre_request(struct centre *c, const struct http_request *request, struct http_response *r,
                   const struct clock *clock, struct err *e) MUST_CHECK;
int centre_get(struct centre *c, const char *target, size_t limit, struct http_response *r,
               const struct clock *clock, struct err *e) MUST_CHECK;
int centre_send(struct centre *c, const char *method, const char *target, struct slice json,
                struct http_response *r, const struct clock *clock, struct err *e) MUST_CHECK;

/* True when a try at another time may succeed: no answer, or 3xx (something stands in
 * between), 408, 425, 429, 5xx. */
bool centre_may_retry(const struct centre *c, const struct err *e);

#endif
