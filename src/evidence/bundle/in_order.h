/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: large files that are read or written from beginning to end, past the host's
 * cache: what is looked at once need not push out what others need, and a copy of every byte is
 * saved. Buffers of mem_new_pages serve best. Where a file system does not know O_DIRECT, the cache
 * is used, and is told to forget what was written.
 */
#ifndef EVIDENCE_IN_ORDER_H
#define EVIDENCE_IN_ORDER_H

#include "base/compiler.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct evidence_in_order_reader {
    int fd; /* the caller's */
    bool direct;
    uint8_t *window; /* NULL until it is needed: what was read last */
    uint64_t from;
    size_t len;
};

/* What is in the cache already is taken from there. */
void evidence_in_order_reader_init(struct evidence_in_order_reader *r, int fd);
void evidence_in_order_reader_fini(struct evidence_in_order_reader *r);
/* At any offset, soonest behind what was read last. 0; -1 with errno, which is 0 where the file
 * ends before. */
int evidence_in_order_read(struct evidence_in_order_reader *r, uint8_t *out, size_t len,
                           uint64_t at) MUST_CHECK;

/* The same as far as the file goes: room bytes, or less at its end (0 behind it); -1 with errno. */
ssize_t evidence_in_order_read_most(struct evidence_in_order_reader *r, uint8_t *out, size_t room,
                                    uint64_t at) MUST_CHECK;

struct evidence_in_order_writer {
    int fd;         /* the caller's, open for reading also */
    bool direct;    /* as long as nothing speaks against it */
    uint8_t *stage; /* NULL until it is needed: what is not yet in the file */
    size_t staged;
    uint64_t at;     /* where in the file that belongs */
    uint64_t handed; /* without direct: what the disk was told to write */
};

/* The next bytes go to `at`. */
void evidence_in_order_writer_init(struct evidence_in_order_writer *w, int fd, uint64_t at);
/* What was not settled is lost. */
void evidence_in_order_writer_fini(struct evidence_in_order_writer *w);
/* 0, or -1 with errno: what was put since it was last settled may be in the file or not. */
int evidence_in_order_put(struct evidence_in_order_writer *w, struct slice bytes) MUST_CHECK;
/* Of what was put, all but the last bytes that fill no page are in the file now; soon done. */
int evidence_in_order_flush(struct evidence_in_order_writer *w) MUST_CHECK;
/* All that was put is in the file now (fsync has still to be called), and others may read it and
 * write over it, through fd also, until the next put. 0, or -1 with errno. */
int evidence_in_order_settle(struct evidence_in_order_writer *w) MUST_CHECK;

/* Settled, and the next bytes go to `at`, behind a hole. */
int evidence_in_order_skip(struct evidence_in_order_writer *w, uint64_t at) MUST_CHECK;

/* Where the next bytes go. */
static inline uint64_t evidence_in_order_end(const struct evidence_in_order_writer *w)
{
    return w->at + w->staged;
}

/* Of any file, over short reads and writes. 0; -1 with errno, 0 where the file ends before. */
int evidence_read_exactly(int fd, uint8_t *out, size_t len, uint64_t at) MUST_CHECK;
int evidence_write_exactly(int fd, struct slice bytes, uint64_t at) MUST_CHECK;

#endif
