/* SPDX-License-Identifier: Apache-2.0 */
/* How a device gets its certificate for the first time, and the next one before the last runs out.
 */
#ifndef AGENT_ENROL_H
#define AGENT_ENROL_H

#include "agent/centre.h"

struct enrol_request {
    const char *home;
    const char *centre;      /* base URL of the enrol door */
    const char *server_name; /* NULL: the URL's host */
    struct slice token;      /* one-time token */
    /* The root's PEM file text, or its SHA-256 fingerprint (64 hexadecimal digits, with or without
     * "sha256:" and colons). */
    struct slice anchor;
    const struct agent_config
        *config; /* written as agent.conf unless there is one; NULL: defaults */
    const struct clock *clock;
};

/*
 * Makes a key, asks for its certificate with the token, gets the trust statement, and stores all of
 * it; the folder is an enrolled agent's only when everything is there. Told a fingerprint alone, it
 * first fetches /cacerts over a connection that it does not believe, takes the root that has this
 * fingerprint, and starts anew with it; the token goes only over a connection that this root
 * vouches for. Repeated after a failure it asks with the same key.
 * ERR_CONFLICT "agent.enrolled" when the folder is enrolled already; "enrol.anchor" when no such
 * root is there; the centre's reasons.
 */
int enrol(const struct enrol_request *request, char asset[ID_TEXT], struct err *e) MUST_CHECK;

/*
 * Asks on the device door for a certificate for a new key, under the old one (simplereenroll), and
 * puts both in place. 1: the identity changed (centre_change_identity was called); -1 else.
 */
int enrol_renew(struct agent *a, struct centre *c, struct err *e) MUST_CHECK;

/*
 * Fetches the trust statement and takes it when it is newer and believed; when only a link
 * certificate leads from the old root to the new one, fetches that from /cacerts. 1: taken; 0: the
 * one we have; -1.
 */
int enrol_follow_trust(struct agent *a, struct centre *c, struct err *e) MUST_CHECK;

#endif
