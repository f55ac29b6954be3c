/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: a test under way, and its report. */
#ifndef EVIDENCE_BLOCKER_TESTING_H
#define EVIDENCE_BLOCKER_TESTING_H

#include "evidence/blocker/attempt.h"
#include "evidence/blocker/verdict.h"

/* By the numbers of NIST's requirements for hardware write blockers; T-CONTROL is our own. */
enum blocker_assertion {
    BLOCKER_RM_01,
    BLOCKER_RM_02,
    BLOCKER_RM_03,
    BLOCKER_RM_04,
    BLOCKER_T_CONTROL,
    BLOCKER_ASSERTIONS
};
enum blocker_held { BLOCKER_NOT_RUN, BLOCKER_PASS, BLOCKER_FAIL };

struct blocker_testing {
    const struct evidence_blocker_test_options *options;
    const struct clock *clock;
    int64_t started;
    struct blocker_disk disk;
    struct blocker_trial trial;
    struct blocker_seen before;
    bool sent; /* commands were sent; false: before that something was found that forbids it */
    struct blocker_counts counts;
    struct {
        enum blocker_held held;
        char done[200], why[300];
    } assertions[BLOCKER_ASSERTIONS];
};

/* Fills counts and assertions from what was tried and seen. */
void blocker_testing_judge(struct blocker_testing *t);
/* Reads behind the disk's end, which the disk refuses (HWB-RM-04). */
void blocker_testing_error(struct blocker_testing *t);
/* Appends the report. */
int blocker_testing_write(struct blocker_testing *t, struct buf *report,
                          enum evidence_blocker_verdict *verdict, struct err *e) MUST_CHECK;
/* Appends a report again with what was found without the blocker. */
struct blocker_looked {
    int64_t at;
    const char *path;
    const struct blocker_seen *seen;
    bool reached;
    char reached_how[200];
};
int blocker_report_complete(const struct evidence_blocker_report *report,
                            const struct blocker_looked *looked, struct buf *out,
                            enum evidence_blocker_verdict *verdict, struct err *e) MUST_CHECK;

/* Counts what a report lists; -1 "blocker.report" with the place. */
int blocker_report_count(const struct json_value *root, struct blocker_counts *counts,
                         struct err *e) MUST_CHECK;

#endif
