/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: the files that an export writes. While they are written they are called
 * NAME.part; they get their names when all of them are whole and durable, and are taken away when
 * it fails.
 */
#ifndef EVIDENCE_OUTPUT_H
#define EVIDENCE_OUTPUT_H

#include "base/err.h"
#include "base/slice.h"
#include "evidence/bundle/in_order.h"

#include <stddef.h>
#include <stdint.h>

struct evidence_output {
    char *path; /* its final name */
    int fd;     /* -1: closed */
    struct evidence_in_order_writer out;
    uint64_t bytes;     /* where the next go, which may be behind a hole */
    uint8_t sha256[32]; /* where the writer has taken it */
    bool has_sha256;
};

struct evidence_outputs {
    struct evidence_output *files;
    size_t count, room;
};

/* A new file; it is the last of the list. "evidence.exists" */
int evidence_output_open(struct evidence_outputs *o, const char *path, struct err *e) MUST_CHECK;
/* To the end of the last file, and bytes counts it; or at a place in it, which bytes does not. */
int evidence_output_put(struct evidence_outputs *o, struct slice bytes, struct err *e) MUST_CHECK;
int evidence_output_put_at(struct evidence_outputs *o, struct slice bytes, uint64_t at,
                           struct err *e) MUST_CHECK;
/* The last file is whole: it is made durable and closed. */
int evidence_output_close(struct evidence_outputs *o, struct err *e) MUST_CHECK;
/* All get their names. Nothing that is there already is written over. */
int evidence_outputs_commit(struct evidence_outputs *o, struct err *e) MUST_CHECK;
/* Takes away what was not committed. */
void evidence_outputs_fini(struct evidence_outputs *o);

static inline struct evidence_output *evidence_output_last(const struct evidence_outputs *o)
{
    return o->count ? &o->files[o->count - 1] : NULL;
}

/* The name behind the last slash. */
const char *evidence_output_name(const char *path);

#endif
