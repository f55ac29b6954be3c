/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: lines of a read log, written and read back (docs/formats-evidence.md 2.1). */
#ifndef EVIDENCE_READ_LOG_LINE_H
#define EVIDENCE_READ_LOG_LINE_H

#include "evidence/acquire/read_log.h"

enum read_log_order { READ_LOG_ONE, READ_LOG_UP, READ_LOG_DOWN, READ_LOG_AGAIN };

/* Calls that are one line. */
struct read_log_calls {
    unsigned pass;
    enum evidence_call_outcome outcome;
    int why; /* errno of an error; of a line that was read: 0, and */
    char why_name[24];
    bool stalled;
    uint64_t from, bytes, calls;
    uint64_t each; /* asked for; of a short call: 0 */
    enum read_log_order order;
    uint64_t got;
    int64_t since, until, longest; /* microseconds */
    bool summed;
    uint64_t asked, stalled_calls; /* of a sum alone */
};

enum read_log_kind { READ_LOG_HEAD, READ_LOG_RUN, READ_LOG_CALLS, READ_LOG_END };

struct read_log_line {
    enum read_log_kind kind;
    uint64_t bytes;      /* HEAD */
    uint64_t sector;     /* HEAD */
    uint64_t range_from; /* HEAD */
    uint64_t run;        /* RUN: its number */
    uint64_t kept;       /* RUN */
    struct read_log_calls calls;
    struct evidence_read_totals end;
};

/* Each with its line's end. */
void read_log_head_write(struct buf *out, const struct evidence_read_log_options *o);
void read_log_run_write(struct buf *out, uint64_t run, int64_t at, uint64_t kept, uint64_t cut);
void read_log_calls_write(struct buf *out, const struct read_log_calls *c);
void read_log_end_write(struct buf *out, const struct evidence_read_totals *totals);

/* text is without its line's end. ERR_INPUT "evidence.reads": it is no such line, or cannot be of
 * an image of head's size (a HEAD may be read with head NULL). */
int read_log_line_parse(struct slice text, const struct read_log_line *head,
                        struct read_log_line *line, struct err *e) MUST_CHECK;
/* Adds what a line says to the totals. */
void read_log_total(struct evidence_read_totals *totals, const struct read_log_line *line);
bool read_log_totals_equal(const struct evidence_read_totals *a,
                           const struct evidence_read_totals *b);
/* The totals out of an object that has these members. */
bool read_log_totals_parse(const struct json_value *v, struct evidence_read_totals *totals);

/*
 * All lines of a log, one after the other. good (may be NULL) gets how many bytes of whole lines
 * there are before the first that is none; then the reason is in e, unless good is wanted.
 */
int read_log_each(int fd,
                  int (*take)(void *context, const struct read_log_line *line, struct err *e),
                  void *context, uint64_t *good, struct err *e) MUST_CHECK;

#endif
