/* SPDX-License-Identifier: Apache-2.0 */
/* What one device of the bench has and says (docs/formats.md sections 3 and 5). */
#ifndef TESTS_BENCH_CENTRE_BENCH_DEVICE_H
#define TESTS_BENCH_CENTRE_BENCH_DEVICE_H

#include "base/id.h"
#include "centre_bench_link.h"
#include "crypto/certificate.h"

struct device {
    unsigned number;
    char asset[ID_TEXT];
    struct key *key;
    struct buf certificate; /* DER */
    struct buf request;     /* prepared before the clock runs */
    struct link *link;      /* for requests */
    struct link *stream;
    struct buf delivery; /* the newest notice as it came */
    uint64_t n;          /* notices so far */
    uint8_t head[32];    /* H(n) */
    int64_t told_at;     /* when the newest came; microseconds of the system's clock */
    struct buf checkpoint;
    bool done;
};

/* Each leaves a whole HTTP request in d->request; all of them die on what cannot be. */
void device_ask_certificate(struct device *d, struct slice token);
void device_say_inventory(struct device *d, struct slice issuer);
void device_ask_stream(struct device *d);
void device_say_receipt(struct device *d, struct slice issuer, const char *origin);

/* Takes the answer of simpleenroll. */
void device_take_certificate(struct device *d, struct slice answer);
/* Goes on with the chain by the delivery that came. */
void device_follow_chain(struct device *d);
/* The certificates of an answer of /cacerts: the one that is no trust anchor. */
void device_read_issuer(struct slice answer, struct buf *der);

#endif
