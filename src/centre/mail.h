/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mail as RFC 5322 wants it, from UTF-8 text: encoded words where a header is not plain ASCII,
 * quoted-printable text, no line over 76 bytes, and nothing of the text can become a header.
 */
#ifndef CENTRE_MAIL_H
#define CENTRE_MAIL_H

#include "base/buf.h"
#include "base/err.h"

enum {
    MAIL_ADDRESS_MAX = 254,     /* RFC 5321 section 4.5.3.1.3, without the angle brackets */
    MAIL_SUBJECT_MAX = 998,     /* bytes of UTF-8 */
    MAIL_TEXT_MAX = 1024 * 1024 /* bytes of UTF-8; over it the sender should send a link */
};

struct mail {
    const char *id;        /* stable id of the intent: the local part of Message-ID */
    const char *id_domain; /* its domain: a name of the centre's own */
    const char *from;      /* "Name <address>" or an address */
    const char *to_name;   /* NULL or "": only the address */
    const char *to;        /* address */
    const char *subject;
    struct slice text;       /* lines end with LF or CRLF */
    int64_t time;            /* microseconds, as base/clock.h */
    const char *answered_id; /* id of an earlier mail of ours that this one follows; NULL: none */
    const char *labels; /* for filters, one line of ASCII in the header Tocsin-Labels; or NULL */
};

/*
 * Appends the message, lines ended by CRLF. -1 with "mail.address", "mail.text" (not UTF-8, or a
 * NUL), "mail.limit".
 */
int mail_build(const struct mail *mail, struct buf *out, struct err *e) MUST_CHECK;

/*
 * Is text one address of RFC 5321 in its usual form: dot-atom "@" a host name of letters, digits
 * and hyphens (or an address literal)? Quoted local parts and internationalised ones (RFC 6531) are
 * not: they would need SMTPUTF8 all the way.
 */
bool mail_address_is(struct slice text);

/*
 * Takes "Name <address>" or "address" apart; both slices point into text, the name without quotes
 * around it. -1 with "mail.address".
 */
int mail_address_split(const char *text, struct slice *name, struct slice *address,
                       struct err *e) MUST_CHECK;

#endif
