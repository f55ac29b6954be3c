/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: a collector in a process of its own, watched for signs of life. */
#ifndef EVIDENCE_LIVE_RUN_H
#define EVIDENCE_LIVE_RUN_H

#include "evidence/clocks.h"
#include "evidence/live/collector.h"

enum { LIVE_GIVEN_UP_MOST = 64 };

struct live_given_up {
    uint64_t item;
    char at[256];
    bool ends; /* the process could not even be ended */
};

struct live_outcome {
    const struct live_collector *collector;
    char base[64];
    struct evidence_moment started, ended;
    enum evidence_live_state state;
    char why[300];
    struct live_given_up given_up[LIVE_GIVEN_UP_MOST];
    size_t given_up_count;
    uint64_t items, refused, touched, files_read, bytes_read, bytes_written, sockets;
    bool stopped; /* by watch */
};

/* 0: the outcome says what came of it. -1: it could not even be begun, or the bundle is full. */
int live_run(const struct evidence_live_options *options, const struct live_collector *collector,
             size_t number, struct live_outcome *outcome, struct evidence_live_done *done,
             struct err *e) MUST_CHECK;

#endif
