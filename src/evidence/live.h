/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A running machine: what is lost when it is switched off, taken in the order of volatility
 * (RFC 3227 section 2.1; ISO/IEC 27037 section 7.1.3.1; docs/formats-evidence.md section 9). No
 * program of the machine is run; each collector is a process of its own that is given up when it
 * hangs; what the taking itself changes is measured and recorded.
 */
#ifndef EVIDENCE_LIVE_H
#define EVIDENCE_LIVE_H

#include "evidence/acquire.h"

enum { EVIDENCE_LIVE_MOST = 32, EVIDENCE_LIVE_WARNINGS = 16 };

struct evidence_live_options {
    const char *folder; /* the bundle's, which is made */
    struct evidence_statement statement;
    const char *const *command; /* ends with NULL; may be NULL */
    const char *selftest; /* path of the self-test's report of this build; NULL: none is given */
    /* Names of collectors; a choice other than the plan needs statement.reason. */
    const char *const *only, *const *without, *const *order;
    size_t only_count, without_count, order_count;
    const char *memory_image;  /* a LiME or AVML image that was made by another; may be NULL */
    unsigned deadline_seconds; /* without a sign of life; 0: 20 */
    uint64_t file_most;        /* bytes of one file of a temporary file system or log; 0: 4 GiB */
    const char *root;          /* "" or NULL: this machine's; a prefix of all paths, for tests */
    /* Told what is under way; false: stop. */
    bool (*watch)(void *context, const char *collector, const char *at);
    void *watch_context;
};

/* What would be done, and in which order. */
struct evidence_live_step {
    const char *name, *what;
    unsigned
        level; /* of RFC 3227 section 2.1: 1 registers to memory, 2 temporary files, 3 disk, … */
    const char *touches; /* what of the machine it changes */
};

struct evidence_live_plan {
    struct evidence_live_step steps[EVIDENCE_LIVE_MOST];
    size_t count;
    const char *left_out[EVIDENCE_LIVE_MOST];
    size_t left_out_count;
    bool deviates;            /* other collectors, or another order, than the whole plan */
    uint64_t memory_bytes;    /* of the machine: the most that an image of it needs */
    uint64_t temporary_bytes; /* in its temporary file systems */
};

/* "evidence.collector": no such name. */
int evidence_live_plan(const struct evidence_live_options *options, struct evidence_live_plan *plan,
                       struct err *e) MUST_CHECK;

enum evidence_live_state {
    EVIDENCE_LIVE_DONE,
    EVIDENCE_LIVE_PARTLY,   /* some of it was given up or refused, and it is said what */
    EVIDENCE_LIVE_REFUSED,  /* the kernel allows nothing of it */
    EVIDENCE_LIVE_GIVEN_UP, /* it hung */
    EVIDENCE_LIVE_FAILED
};

struct evidence_live_result {
    const char *name;
    enum evidence_live_state state;
    char why[300];
    uint64_t items, bytes;
};

struct evidence_live_done {
    struct evidence_live_result results[EVIDENCE_LIVE_MOST];
    size_t count;
    char warnings[EVIDENCE_LIVE_WARNINGS][200]; /* "do not switch it off: …" */
    size_t warning_count;
    uint64_t files, bytes;
    bool stopped;
};

/*
 * 0: the bundle is closed, and done says what came of each collector. -1: "evidence.reason": the
 * plan was changed without one; "evidence.exists"; "evidence.no-space"; "evidence.memory-image".
 */
int evidence_live(const struct evidence_live_options *options, struct evidence_live_done *done,
                  struct err *e) MUST_CHECK;

const char *evidence_live_state_name(enum evidence_live_state state);

#endif
