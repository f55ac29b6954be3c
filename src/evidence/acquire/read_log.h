/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: data/reads.jsonl, which calls were made to read a source and what came of each
 * (CFTT DA-AO-23; docs/formats-evidence.md section 2.1). Neighbours of the same outcome are one
 * line, so that memory and the log are bounded however a source fails.
 */
#ifndef EVIDENCE_READ_LOG_H
#define EVIDENCE_READ_LOG_H

#include "base/clock.h"
#include "base/json.h"
#include "evidence/acquire/map.h"
#include "evidence/source.h"

#define EVIDENCE_READ_LOG "data/reads.jsonl"

enum {
    EVIDENCE_READ_LOG_LINES = 1 << 18, /* of calls; behind them they are added up */
    EVIDENCE_READ_LOG_LINE = 1024,     /* bytes of a line at most, its end among them */
    EVIDENCE_STALL_US = 1000000
};

enum evidence_call_outcome {
    EVIDENCE_CALL_GOOD,
    EVIDENCE_CALL_SHORT,
    EVIDENCE_CALL_END,
    EVIDENCE_CALL_ERROR,
    EVIDENCE_CALL_HOLE,
    EVIDENCE_CALL_FILLED,
    EVIDENCE_CALL_OUTCOMES
};

/* Of the whole log, runs before this one among them. */
struct evidence_read_totals {
    uint64_t runs, lines, calls;
    uint64_t good, short_, ended, failed; /* calls by outcome */
    uint64_t stalled;
    bool summed;
};

struct evidence_read_log_options {
    const char *data; /* folder */
    bool begun;       /* a log that is there already is gone on with */
    uint64_t bytes;   /* of the image */
    uint64_t range_from;
    uint32_t sector;
    uint64_t kept;                   /* bytes of the image that are not read again, */
    const struct evidence_map *open; /* but for these: NOT_TRIMMED */
    const struct clock *clock;
    size_t lines_most; /* 0: EVIDENCE_READ_LOG_LINES */
};

struct evidence_read_log;

/* Begins a run. -1: "evidence.write", "evidence.kind" (no ordinary file stands there), … */
struct evidence_read_log *evidence_read_log_new(const struct evidence_read_log_options *options,
                                                struct err *e) MUST_CHECK;
void evidence_read_log_free(struct evidence_read_log *log);

/* What a source tells its calls to; one thread at a time. */
struct evidence_listener evidence_read_log_listener(struct evidence_read_log *log);
/* Which pass the calls from now on belong to. */
void evidence_read_log_pass(struct evidence_read_log *log, unsigned pass);
/* Whether all could be written so far. */
int evidence_read_log_check(const struct evidence_read_log *log, struct err *e) MUST_CHECK;
/* Everything told so far is on the disk. */
int evidence_read_log_sync(struct evidence_read_log *log, struct err *e) MUST_CHECK;
/* The last line; then no call may be told any more. */
int evidence_read_log_close(struct evidence_read_log *log, struct evidence_read_totals *totals,
                            struct err *e) MUST_CHECK;

/* "file" and the totals' members, as acquisition.json and the last line have them. */
void evidence_read_totals_write(struct json_writer *w, const struct evidence_read_totals *totals);

struct evidence_held_log {
    struct evidence_read_totals totals;
    uint64_t bytes;      /* of the image that it is of */
    uint64_t unreadable; /* of the map */
};

/*
 * Holds a log (open for reading) against a map (text): the same bytes are unreadable, and of all it
 * is said how they were read. ERR_VERIFY or ERR_INPUT "evidence.reads", "evidence.map". Where calls
 * were added up, against its last line alone. Time grows with the log's length, but for its
 * sorting.
 */
int evidence_read_log_hold(int fd, struct slice map, struct evidence_held_log *held,
                           struct err *e) MUST_CHECK;

/*
 * Holds a bundle's log against its map.txt and acquisition.json (its text). listed: the manifest
 * has the file. Neither there nor spoken of: 0. ERR_VERIFY or ERR_INPUT "evidence.reads": what
 * contradicts what.
 */
int evidence_read_log_verify(const char *folder, bool listed, struct slice acquisition,
                             struct err *e) MUST_CHECK;

#endif
