/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acquiring a device or a file into a bundle (ISO/IEC 27037 sections 5.4.4 and 7.1.3;
 * docs/formats-evidence.md). What was begun and broken off, by whatever, is gone on with by the
 * same call, and comes to the same image.
 */
#ifndef EVIDENCE_ACQUIRE_H
#define EVIDENCE_ACQUIRE_H

#include "base/clock.h"
#include "crypto/digest.h"
#include "evidence/acquire/reading.h"
#include "evidence/blocker.h"

/* Who does it, and why; texts are borrowed, NULL: not given. */
struct evidence_statement {
    const char *exhibit;     /* its identifier */
    const char *description; /* of the thing */
    const char *examiner, *role, *competence;
    const char *place, *reason;
    const char *authority; /* warrant, policy, consent: what allows it */
};

struct evidence_acquire_options {
    const char *source;
    struct evidence_range range;
    const char *folder; /* the bundle's, which is made */
    struct evidence_statement statement;
    const char *const *command; /* the command line, ends with NULL; may be NULL */
    bool plain;                 /* segments are the image's bytes; else gzip members */
    uint64_t segment_bytes;     /* 0: 4 GiB less one chunk */
    enum evidence_fill fill;
    unsigned retries;
    bool no_read_back;
    bool sha512;        /* of the image too, taken as it is read back */
    bool rehash_source; /* the source is read once more, and must give the same */
    unsigned workers;   /* 0: one a processor */
    /* Told how far it is, about ten times a second; false: stop, to be gone on with. */
    bool (*watch)(void *context, const char *phase, uint64_t done, uint64_t all, uint64_t errors);
    void *watch_context;
    const struct clock *clock;                /* NULL: the system's */
    const struct evidence_stand_in *stand_in; /* NULL but in the self-test */
    const char
        *write_blocker; /* the device that lets no write through, by the user's word; or NULL */
    /* Asked once when the source is open and the blocker is named: the report of its test, which
     * goes along, or NULL; -1: it is not acquired. */
    int (*blocker_test)(void *context, const struct evidence_source *source,
                        const struct evidence_blocker_kept **kept, struct err *e);
    void *blocker_context;
    const char *blocker_deviation; /* why it is used though its test says that it does not hold */
    const char *selftest; /* path of the self-test's report of this build; NULL: none is given */
};

struct evidence_acquired {
    uint64_t bytes, stored_bytes, chunks;
    uint8_t sha256[SHA256_LEN];
    uint8_t root[SHA256_LEN];
    bool has_sha512;
    uint8_t sha512[SHA512_LEN];
    uint64_t unreadable, bad_ranges; /* bytes, and how many ranges they are */
    uint64_t resumed_at;             /* bytes that were there already */
    bool stopped;                    /* watch stopped it; nothing above is final */
    bool source_shrank, source_changed;
    bool read_back, source_rehashed;
    uint64_t source_writes; /* that the kernel sent to the source meanwhile, whoever's they were */
    char protection[160];   /* what kept the source from being written to */
};

/*
 * 0: done, or stopped. -1: "evidence.source", "evidence.exists" (the folder holds something else or
 * an acquisition that is complete), "evidence.no-space" (what is there is kept), …
 */
int evidence_acquire(const struct evidence_acquire_options *options,
                     struct evidence_acquired *acquired, struct err *e) MUST_CHECK;

#endif
