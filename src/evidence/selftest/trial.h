/* SPDX-License-Identifier: Apache-2.0 */
/* One assertion being tried: what was done to show it, and whether it held. */
#ifndef EVIDENCE_SELFTEST_TRIAL_H
#define EVIDENCE_SELFTEST_TRIAL_H

#include "evidence/acquire.h"
#include "evidence/selftest/disk.h"

enum selftest_outcome {
    SELFTEST_PASS,
    SELFTEST_FAIL,
    SELFTEST_NOT_RUN,      /* it could not be tried here; why says so */
    SELFTEST_NOT_SUPPORTED /* the tool does not do this; why says so */
};

struct selftest_trial {
    const char *work; /* a folder of its own */
    enum selftest_outcome outcome;
    struct buf did; /* what was done, in words */
    char why[480];  /* for all but PASS; the first reason */
};

/* Tries one assertion. -1: the trial itself could not be carried out. */
typedef int selftest_try(struct selftest_trial *t, struct err *e);

struct selftest_assertion {
    const char *id, *what;
    selftest_try *run;
};

void selftest_did(struct selftest_trial *t, const char *format, ...) PRINTF_LIKE(2, 3);
/* It does not hold. */
void selftest_fail(struct selftest_trial *t, const char *format, ...) PRINTF_LIKE(2, 3);
void selftest_leave(struct selftest_trial *t, enum selftest_outcome outcome, const char *format,
                    ...) PRINTF_LIKE(3, 4);

/* A bundle of a disk in work/name; options may be NULL. */
struct selftest_bundle {
    char folder[4096], data[4200];
    struct evidence_acquired acquired;
};
int selftest_acquire(struct selftest_trial *t, struct selftest_disk *disk, const char *name,
                     const struct evidence_acquire_options *options, struct selftest_bundle *bundle,
                     struct err *e) MUST_CHECK;
/* Reads the image back and counts the sectors that are not what the best tool would have made. */
int selftest_differing(const struct selftest_bundle *bundle, const struct selftest_disk *disk,
                       int fill, uint64_t *sectors, struct err *e) MUST_CHECK;
/* The SHA-256 of a file, or of what the disk should hold. */
int selftest_ideal_sha256(const struct selftest_disk *disk, int fill, uint8_t sha256[SHA256_LEN],
                          struct err *e) MUST_CHECK;
/* acquisition.json of a bundle; text owns what doc points into. */
struct json_doc;
int selftest_record(const struct selftest_bundle *bundle, struct buf *text, struct json_doc **doc,
                    struct err *e) MUST_CHECK;
/* Takes away a folder that the test has made, with what is in it. */
int selftest_remove(const char *folder, struct err *e) MUST_CHECK;

/* acquisition: DA-AM-06 to 10, DA-AO-05, 22, 23, 24; own: gone on with */
selftest_try selftest_all_sectors, selftest_hidden, selftest_accurate, selftest_read_error,
    selftest_benign_fill, selftest_segments, selftest_block_hashes, selftest_log,
    selftest_unchanged_source, selftest_goes_on, selftest_shrinks;
/* what is kept: DA-AO-03, 04, 06 to 09 */
selftest_try selftest_write_error, selftest_no_space, selftest_unchanged_image,
    selftest_changed_image, selftest_changed_where, selftest_conversion;

/* The archives of known images below a folder. */
struct json_writer;
struct selftest_images {
    const char *folder, *work;
    size_t tried, failed;
    bool (*watch)(void *context, const char *what);
    void *context;
};
int selftest_images_run(struct selftest_images *images, struct json_writer *w,
                        struct err *e) MUST_CHECK;

#endif
