/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: hash algorithms and keys that archive time-stamps rest on, and until when each
 * was, or is, taken to be secure (RFC 4998 section 5: "secure at the time of"). The years are those
 * of NIST SP 800-57 part 1 revision 5 table 4 and SP 800-131A revision 2 by strength: 80 bits until
 * the end of 2013, 112 bits until the end of 2030, 128 bits without an end that is known. A user
 * who knows better says so (struct evidence_agility).
 */
#ifndef EVIDENCE_ALGORITHM_H
#define EVIDENCE_ALGORITHM_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdint.h>

enum { EVIDENCE_HASH_MOST = 64 };

struct evidence_hash {
    const char *name; /* "SHA-256" */
    const char *evp;  /* OpenSSL's name for it */
    uint8_t oid[10];  /* contents octets */
    uint8_t oid_len;
    uint8_t len;       /* bytes of a value */
    unsigned strength; /* bits, against collisions */
    int64_t until;     /* microseconds; 0: no end known */
    bool made;         /* new records may use it */
};

/* NULL: not one that this program knows. */
const struct evidence_hash *evidence_hash_by_oid(struct slice oid);
/* "sha256", "SHA-256": letters and digits count. */
const struct evidence_hash *evidence_hash_by_name(struct slice name);
/* The index-th of the table; NULL behind the last. */
const struct evidence_hash *evidence_hash_at(size_t index);

/* The AlgorithmIdentifier, appended: SEQUENCE { oid, NULL }, or with another tag. */
void evidence_hash_put(const struct evidence_hash *hash, int tag, struct buf *der);

/* What a user says about an algorithm: not secure from then on. */
struct evidence_agility {
    const struct evidence_hash *hash;
    int64_t until;
};

/* When the hash stopped, or stops, being secure; 0: no end known. */
int64_t evidence_hash_until(const struct evidence_hash *hash, const struct evidence_agility *said,
                            size_t said_count);
/* The same by strength in bits, for keys: RSA of 2,048 bits has 112, P-256 has 128. */
int64_t evidence_strength_until(unsigned bits);

/* The hash of all parts one behind the other; out has room for EVIDENCE_HASH_MOST bytes. */
int evidence_hash_of(const struct evidence_hash *hash, const struct slice *parts, size_t count,
                     uint8_t *out, struct err *e) MUST_CHECK;

#endif
