/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hardware write blocker, tested on a disk that may be ruined (ISO/IEC 27037 section 7.1.3; NIST
 * CFTT, Hardware Write Blocker Device Specification, HWB-RM-01 to 04). The disk is prepared without
 * the blocker: it gets a mark and a pattern, and every command that changes it is tried, so that it
 * is known which of them do. Behind the blocker the same commands are sent to what bears the mark,
 * and to nothing else. Afterwards, without the blocker, the disk itself is looked at. The report is
 * JSON, tocsin-evidence-blocker/v1 (docs/formats-evidence.md section 12.5).
 */
#ifndef EVIDENCE_BLOCKER_H
#define EVIDENCE_BLOCKER_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"

struct evidence_bag;
struct evidence_signer;

/* Told what is done next; false: stop. May be NULL. */
struct evidence_blocker_watch {
    bool (*tell)(void *context, const char *what, size_t done, size_t all);
    void *context;
};

enum { EVIDENCE_BLOCKER_TEXT = 240, EVIDENCE_BLOCKER_MARK_ID = 16 };

struct evidence_blocker_prepare_options {
    const char *device;
    bool yes;              /* what holds nothing but zeros may be written to */
    const char *overwrite; /* what holds something may, too: the disk's serial number, or its size
                              in bytes where it tells none; NULL: not */
    const struct clock *clock; /* NULL: the system's */
    struct evidence_blocker_watch watch;
};

struct evidence_blocker_prepared {
    uint8_t id[EVIDENCE_BLOCKER_MARK_ID];
    uint64_t bytes, area_bytes;
    char model[80], serial[80];
    bool again; /* it bore a mark of ours before */
    size_t commands, changing;
    struct buf changes; /* names of the commands that change this disk, a line each */
};

/*
 * ERR_DENIED "blocker.device": mounted, held, a partition, no block device; "blocker.confirm": it
 * was not said that it may be written to (nothing is written); "blocker.control": writes do not
 * reach it, or are not there when it is read past the cache. The caller ends changes with buf_fini.
 */
int evidence_blocker_prepare(const struct evidence_blocker_prepare_options *options,
                             struct evidence_blocker_prepared *prepared, struct err *e) MUST_CHECK;

enum evidence_blocker_verdict {
    EVIDENCE_BLOCKER_HOLDS,
    EVIDENCE_BLOCKER_DOES_NOT_HOLD,
    EVIDENCE_BLOCKER_NOT_SHOWN
};

/* "holds", "DOES NOT HOLD", "not shown" */
const char *evidence_blocker_verdict_name(enum evidence_blocker_verdict verdict);

struct evidence_blocker_test_options {
    const char *device;
    const char *blocker;        /* make, model, serial number, as --write-blocker will have it */
    const char *by;             /* who tests */
    const char *const *command; /* ends with NULL; may be NULL */
    const struct clock *clock;  /* NULL: the system's */
    struct evidence_blocker_watch watch;
};

/*
 * Appends the report. Nothing is sent to a disk without the mark but what reads its first bytes:
 * ERR_DENIED "blocker.mark". "blocker.area": it is not as it was prepared, and nothing is written.
 */
int evidence_blocker_test(const struct evidence_blocker_test_options *options, struct buf *report,
                          enum evidence_blocker_verdict *verdict, struct err *e) MUST_CHECK;

/*
 * Without the blocker: is the disk as it was prepared, and does a write reach it? Appends the
 * report again, completed. report: as it was written by the test. ERR_CONFLICT "blocker.disk":
 * another disk than the report's.
 */
int evidence_blocker_check(const char *device, struct slice report, const struct clock *clock,
                           struct buf *completed, enum evidence_blocker_verdict *verdict,
                           struct err *e) MUST_CHECK;

/* The random identifier in a disk's mark, by reading alone. ERR_DENIED "blocker.mark". */
int evidence_blocker_disk_id(const char *device, uint8_t id[EVIDENCE_BLOCKER_MARK_ID],
                             struct err *e) MUST_CHECK;

/* What a report says; its texts point into doc. */
struct evidence_blocker_report {
    struct slice given, attached_by, by;
    uint8_t disk[EVIDENCE_BLOCKER_MARK_ID];
    int64_t ended;
    enum evidence_blocker_verdict verdict; /* with what was found afterwards */
    bool confirmed;                        /* the disk was looked at afterwards */
    size_t attempts, changed;
    const struct json_value *root;
};

/*
 * Reads a report: its form, and that its counts and its verdict follow from what it lists. -1:
 * "blocker.report" with the place. doc for json_doc_free, text must outlive it.
 */
int evidence_blocker_report_read(struct slice text, struct json_doc **doc,
                                 struct evidence_blocker_report *out, struct err *e) MUST_CHECK;

/* ---- kept with the identity of who tested, and attached to what is acquired ---- */

#define EVIDENCE_BLOCKER_KEPT "blockers"
#define EVIDENCE_BLOCKER_FILE "blocker.json"
#define EVIDENCE_BLOCKER_SIGNATURE "blocker.p7s"

/* Signs it and writes identity/blockers/TIME-DISK.json and .p7s; path: the former. */
int evidence_blocker_keep(const char *identity, const struct evidence_signer *signer,
                          struct slice report, char path[4200], struct err *e) MUST_CHECK;

/* A report with its signature, as it is found. */
struct evidence_blocker_kept {
    char path[4200];
    struct buf report, signature; /* the latter empty: it is not signed */
    enum evidence_blocker_verdict verdict;
    bool confirmed;
    int64_t ended;
    char signer[256]; /* subject of the certificate */
};
void evidence_blocker_kept_fini(struct evidence_blocker_kept *kept);

/* One file, and NAME.p7s beside NAME.json where there is one, which must be its signature. roots:
 * certificates one of which signed it; NULL: whoever did. */
int evidence_blocker_kept_read(const char *path, const char *roots,
                               struct evidence_blocker_kept *kept, struct err *e) MUST_CHECK;

/*
 * The latest that is kept for this blocker and this way of attaching it, or on this test disk
 * (given NULL). 1: found, 0: none. told: what was passed over and why (a changed report, one of a
 * blocker of that name that attached otherwise), a line each.
 */
int evidence_blocker_find(const char *identity, const char *given, const char *attached_by,
                          const uint8_t *disk, struct evidence_blocker_kept *kept, struct buf *told,
                          struct err *e) MUST_CHECK;

/* Member "write_blocker_test" of acquisition.json's "source", with how old the test was at that
 * time; kept NULL: that there is none. */
int evidence_blocker_member(struct json_writer *w, const struct evidence_blocker_kept *kept,
                            int64_t at, struct err *e) MUST_CHECK;
/* blocker.json and blocker.p7s among the files of the bundle; kept NULL: nothing. */
int evidence_blocker_tag(struct evidence_bag *bag, const struct evidence_blocker_kept *kept,
                         struct err *e) MUST_CHECK;

#endif
