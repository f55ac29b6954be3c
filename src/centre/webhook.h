/* SPDX-License-Identifier: Apache-2.0 */
/* The signature of a webhook (docs/formats.md section 7.2): who knows the secret can tell that the
 * message is the centre's, whole, and not an old one sent again. */
#ifndef CENTRE_WEBHOOK_H
#define CENTRE_WEBHOOK_H

#include "base/err.h"
#include "base/slice.h"

enum {
    WEBHOOK_SECRET_MIN = 16, /* bytes; under it: "webhook.secret" */
    WEBHOOK_SIGNATURE_TEXT = 112,
};

/*
 * The value of the header Tocsin-Signature: "t=TIME,v1=HEX", HEX = HMAC-SHA256 under secret of
 * "tocsin-webhook/v1\n" ‖ id ‖ "\n" ‖ TIME ‖ "\n" ‖ body. time: Unix seconds.
 */
int webhook_sign(struct slice secret, const char *id, int64_t time, struct slice body,
                 char signature[WEBHOOK_SIGNATURE_TEXT], struct err *e) MUST_CHECK;

#endif
