/* SPDX-License-Identifier: Apache-2.0 */
/* One thread that touches files for the loops, so that none of them ever waits for a disk. */
#ifndef NET_FILE_WORKER_H
#define NET_FILE_WORKER_H

#include "net/loop.h"

struct file_job {
    struct loop_message message; /* the way back */
    struct file_job *next;
    struct net_loop *loop;
    void (*work)(struct file_job *job); /* on the worker */
    void (*done)(struct file_job *job); /* on the loop */
};

struct file_worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct file_job *first, **last;
    bool started;
    bool ending;
};

void file_worker_init(struct file_worker *w);
int file_worker_start(struct file_worker *w, struct err *e) MUST_CHECK;
/* Does what is queued, then ends. */
void file_worker_stop(struct file_worker *w);
void file_worker_fini(struct file_worker *w);
void file_worker_add(struct file_worker *w, struct file_job *job);

#endif
