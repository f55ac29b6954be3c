/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of session tickets (RFC 5077, RFC 8446 section 4.6.1): made anew for each door and each
 * generation of trust, so that a ticket of another one is simply not known; rotated; shared by the
 * contexts of all loop threads.
 */
#ifndef NET_TLS_TICKET_H
#define NET_TLS_TICKET_H

#include "base/clock.h"

#include <openssl/types.h>

struct tls_tickets;

/* One reference. rotate_s: how long a key makes tickets; it opens them for as long again. */
int tls_tickets_new(struct tls_tickets **tickets, unsigned rotate_s, const struct random *random,
                    const struct clock *clock, struct err *e) MUST_CHECK;
struct tls_tickets *tls_tickets_ref(struct tls_tickets *tickets);
void tls_tickets_free(struct tls_tickets *tickets);

/* The context makes and opens tickets with these keys; it takes a reference of its own. */
int tls_tickets_apply(struct tls_tickets *tickets, SSL_CTX *context, struct err *e) MUST_CHECK;

#endif
