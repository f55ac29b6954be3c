/* SPDX-License-Identifier: Apache-2.0 */
/* What an owner is told: one text for all his devices in a publication. */
#ifndef CENTRE_DIGEST_MAIL_H
#define CENTRE_DIGEST_MAIL_H

#include "base/buf.h"
#include "fleet/advisory_store.h"

struct digest {
    const char *delivery;    /* dlv_… */
    const char *publication; /* pub_… */
    const char *centre;      /* name of the centre */
    const char *owner;       /* per_… */
    const char *owner_name;  /* may be NULL */
    const char *public_url;
    const char *contact; /* how the centre is reached; "": by an answer to the mail */
    int64_t assets;
    const struct fleet_revision *revision;
};

/* Subject and text of the mail. */
int digest_mail(struct db *db, const struct digest *digest, struct buf *subject, struct buf *text,
                struct err *e) MUST_CHECK;
/* The webhook's JSON body: "tocsin-owner-digest/v1". *event: what happened, dotted. */
int digest_webhook(struct db *db, const struct digest *digest, const char **event, struct buf *body,
                   struct err *e) MUST_CHECK;

#endif
