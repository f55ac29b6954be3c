/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bundle for named receivers alone (ISO/IEC 27037 section 5.4.5, confidentiality): a folder of
 * CMS messages, each of which `openssl cms -decrypt` opens, that one behind the other are a tar
 * archive of the bundle (docs/formats-evidence.md section 14). The bundle does not change, and
 * comes out as it went in, seals and custody log with it.
 */
#ifndef EVIDENCE_WRAP_H
#define EVIDENCE_WRAP_H

#include "base/json.h"
#include "crypto/certificate.h"
#include "crypto/key.h"

#include <stdbool.h>
#include <stdint.h>

/* False: stop. all: 0 when it is not known. */
typedef bool evidence_wrap_watch(void *context, uint64_t done, uint64_t all);

struct evidence_wrap_options {
    const char *bundle, *target; /* folders; target must not be there */
    const struct certificate_list *to;
    evidence_wrap_watch *watch; /* may be NULL */
    void *watch_context;
};

struct evidence_wrapped {
    uint64_t files, bytes; /* of the bundle */
    uint64_t parts;
    bool stopped;
};

/*
 * 0, also when stopped; nothing that looks whole stays then, nor when it fails or is killed: until
 * all of it is durable, the folder is called TARGET.part. -1: "enveloped.receiver",
 * "evidence.exists", "evidence.incomplete", "evidence.wrap" (something else than files lies in the
 * bundle), "evidence.no-space".
 */
int evidence_wrap(const struct evidence_wrap_options *options, struct evidence_wrapped *wrapped,
                  struct err *e) MUST_CHECK;

/* Member "receivers": for whom it is, as wrap.json and the custody log have it. */
int evidence_wrap_receivers(struct json_writer *w, const struct certificate_list *to,
                            struct err *e) MUST_CHECK;

struct evidence_unwrap_options {
    const char *wrapped, *target; /* folders; target must not be there */
    const struct key *key;
    struct slice certificate; /* DER, that of the key */
    evidence_wrap_watch *watch;
    void *watch_context;
};

/*
 * The bundle, as TARGET.part until each part was authentic, in its place and all of them there. -1:
 * ERR_DENIED "enveloped.receiver" (it is for others), ERR_VERIFY "evidence.wrap" or
 * "enveloped.changed" (which part is missing, changed, in another's place, or of another bundle),
 * ERR_INPUT "evidence.wrap" (it is none), "evidence.exists", "evidence.no-space".
 */
int evidence_unwrap(const struct evidence_unwrap_options *options, struct evidence_wrapped *wrapped,
                    struct err *e) MUST_CHECK;

#endif
