/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tool tests itself on sources whose every sector is known, as NIST's CFTT does with imaging
 * tools (assertions DA-AM and DA-AO of its specification for digital data acquisition tools), so
 * that an acquisition can say what was shown of the build that made it (ISO/IEC 27041). The report
 * is JSON, tocsin-evidence-selftest/v1 (docs/formats-evidence.md section 12).
 */
#ifndef EVIDENCE_SELFTEST_H
#define EVIDENCE_SELFTEST_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

struct evidence_bag;

struct evidence_selftest_options {
    const char
        *images;      /* folder with the archives of DFTT (looked for below it, too); NULL: none */
    const char *work; /* where its own files lie while it runs; NULL: $TMPDIR or /tmp */
    const struct clock *clock; /* NULL: the system's */
    /* Told what comes next; false: stop. May be NULL. */
    bool (*watch)(void *context, const char *what, size_t done, size_t all);
    void *watch_context;
};

struct evidence_selftest_result {
    size_t passed, failed, not_run, not_supported; /* assertions */
    size_t images, images_failed;
};

/* Writes the report. -1: the test itself could not be carried out ("evidence.stopped", …); an
 * assertion that does not hold is no error but in the result. */
int evidence_selftest(const struct evidence_selftest_options *options, struct buf *report,
                      struct evidence_selftest_result *result, struct err *e) MUST_CHECK;

/*
 * A report that is to be attached to an acquisition. -1: "evidence.selftest": it is none, it is one
 * of another build of this program, or not everything held.
 */
int evidence_selftest_read(const char *path, struct buf *report, struct err *e) MUST_CHECK;

#define EVIDENCE_SELFTEST_FILE "selftest.json"

/* Member "selftest" of acquisition.json's "tool"; an empty report: that none was given. */
int evidence_selftest_member(struct json_writer *w, struct slice report, struct err *e) MUST_CHECK;
/* selftest.json among the files of the bundle; an empty report: nothing. */
int evidence_selftest_tag(struct evidence_bag *bag, struct slice report, struct err *e) MUST_CHECK;

#endif
