/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer: the one thread that changes the database. It takes what waits (up to 256 commands, or
 * what comes within 2 ms, at most 10 ms of work) into one transaction, runs each in a savepoint,
 * commits durably, then answers. One failing command fails alone.
 */
#ifndef CENTRE_WRITER_H
#define CENTRE_WRITER_H

#include "centre/command.h"

#include <pthread.h>

struct writer;

struct writer_config {
    struct centre *centre;
    const char *database_url;
    struct journal *journal;
    const struct clock *clock;
    const struct random *random;
    const char *organisation; /* that runs the centre: whose acts are those of its own parts */
    /* After each commit: the journal now has this many acts. On the writer thread, must be quick.
     */
    void (*committed)(struct centre *centre, uint64_t journal_size);
};

int writer_new(struct writer **writer, const struct writer_config *config,
               struct err *e) MUST_CHECK;
int writer_start(struct writer *writer, struct err *e) MUST_CHECK;
/* Carries out what was submitted, then ends the thread. */
void writer_stop(struct writer *writer);
void writer_free(struct writer *writer);

/*
 * Hands a command over; done is called for it exactly once, also when this fails: over 10,000
 * waiting commands, or after writer_stop, it is answered with ERR_UNAVAILABLE at once.
 */
void writer_submit(struct writer *writer, struct command *command);

/* Submits and waits (not on loop threads). 0 when it was carried out; else -1 and *e. */
int writer_run(struct writer *writer, struct command *command, struct err *e) MUST_CHECK;
/* The same for a command without arguments that a part of the centre ("sys:clock") asks for. */
int writer_run_own(struct writer *writer, const struct command_type *type, const char *part,
                   void *prepared, struct err *e) MUST_CHECK;

/* The same in two halves, for who has something to do meanwhile. */
struct writer_wait {
    pthread_mutex_t lock;
    pthread_cond_t ready;
    bool done;
};
void writer_begin(struct writer *writer, struct command *command, struct writer_wait *wait);
int writer_await(struct command *command, struct writer_wait *wait, struct err *e) MUST_CHECK;

struct writer_counters {
    uint64_t transactions;
    uint64_t commands;
    uint64_t refused;
    uint64_t waiting;
    uint64_t failed_commits;
    int64_t longest_us; /* transaction, since start */
};
void writer_counters(struct writer *writer, struct writer_counters *counters);

#endif
