/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The centre process: doors, workers, the writer, followers. This is what they share; read-only
 * after start but where a part guards itself.
 */
#ifndef CENTRE_CENTRE_H
#define CENTRE_CENTRE_H

#include "centre/caller.h"
#include "centre/config.h"
#include "crypto/note.h"
#include "net/server.h"
#include "pki/live.h"
#include "pki/pki.h"
#include "store/db.h"

#include <pthread.h>

struct centre {
    const struct config *config;
    const struct clock *clock;
    const struct random *random;
    char database_url[512];
    char organisation[ID_TEXT]; /* that runs the centre */
    char origin[NOTE_NAME_MAX + 1];

    struct journal *journal;
    struct writer *writer;
    struct workers *workers;
    struct followers *followers;
    struct streams *streams;
    struct checkpointer *checkpointer;
    struct trust *trust;
    struct refusals *refusals;
    struct matcher *matcher;
    struct fleet_tree_cache *trees;

    struct signer_client *signer;
    struct courier_client *courier;
    struct flights *flights; /* deliveries to owners that are under way */
    struct pki pki;
    struct pki_live *live;

    struct http_server *server;

    /* the committed journal, for followers and streams */
    pthread_mutex_t head_lock;
    pthread_cond_t head_moved;
    uint64_t head;
    bool stopping;
    int64_t started_at;
    char sandbox[160]; /* what is in force, for status */
};

/* The journal has this many committed acts now; wakes who waits. Any thread. */
void centre_head_moved(struct centre *centre, uint64_t size);
/* Waits until the journal is longer than `size`, or for timeout_ms. Its size; false when stopping.
 */
bool centre_head_wait(struct centre *centre, uint64_t size, unsigned timeout_ms, uint64_t *now);
uint64_t centre_head(struct centre *centre);
bool centre_is_stopping(struct centre *centre);
void centre_stop(struct centre *centre);

/* A read connection of one's own; for threads that live long. */
struct db *centre_open_reader(struct centre *centre, struct err *e) MUST_CHECK;

#endif
