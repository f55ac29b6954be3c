/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks hosts whether URLs of a document resolve (csaf/outside.h), by libcurl: it brings the
 * system's trust store, TLS 1.2 and HTTP as strangers speak it, which our own client does not.
 *
 * A document is what a stranger wrote, so: http and https alone; no address that is not of the
 * public Internet, judged where it is connected to; redirections are answers and are not followed;
 * no user name, cookie or proxy; HEAD, and GET without its body when that fails; each URL once.
 */
#ifndef CLI_CSAF_FETCH_H
#define CLI_CSAF_FETCH_H

#include "csaf/outside.h"

struct csaf_fetch;

struct csaf_fetch_options {
    bool local;          /* also addresses that are not of the public Internet */
    const char *anchors; /* file of certificates to trust instead of the system's; NULL: those */
    unsigned request_ms; /* one request; 0: 10,000 */
    unsigned test_ms;    /* all requests of one test of one document; 0: 120,000 */
};

/* May be shared by threads. NULL: no memory, or "csaf.anchors". */
struct csaf_fetch *csaf_fetch_new(const struct csaf_fetch_options *options,
                                  struct err *e) MUST_CHECK;
void csaf_fetch_free(struct csaf_fetch *f);

struct csaf_resolver csaf_fetch_resolver(struct csaf_fetch *f);

#endif
