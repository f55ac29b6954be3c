/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A report on a case, an exhibit or a bundle that a court can read (ISO/IEC 27037 section 5.4; FRE
 * 902(14)): what was taken, by whom, when, with which tool, its hashes, what could not be read, the
 * custody, what all this proves and what it does not, and a certificate to be signed. It says what
 * the files say, and nothing else.
 */
#ifndef EVIDENCE_REPORT_H
#define EVIDENCE_REPORT_H

#include "base/clock.h"
#include "paper/paper.h"

struct evidence_report_options {
    const char *path;          /* folder of a case, an exhibit or a bundle */
    const char *roots_pem;     /* certificates that vouch for signers; NULL: not checked */
    bool no_verify;            /* bundles are not read again; the report then says so */
    const struct clock *clock; /* NULL: the system's */
    bool (*watch)(void *context, const char *what, uint64_t done, uint64_t all);
    void *watch_context;
};

struct evidence_reported {
    size_t exhibits, bundles;
    size_t unsound; /* bundles or logs that do not hold together */
    size_t open;    /* handovers that nobody signed for */
    size_t missing; /* of what is to be handed over to another jurisdiction */
};

/* Fills paper, which was paper_init'ed. ERR_NOT_FOUND "evidence.report": there is no such thing. */
int evidence_report(const struct evidence_report_options *options, struct paper *paper,
                    struct evidence_reported *reported, struct err *e) MUST_CHECK;

#endif
