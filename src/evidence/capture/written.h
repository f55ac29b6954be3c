/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a capture: one after the other, each with its hash, all with one that runs on. */
#ifndef EVIDENCE_CAPTURE_WRITTEN_H
#define EVIDENCE_CAPTURE_WRITTEN_H

#include "base/buf.h"
#include "crypto/digest.h"

#include <stdint.h>

enum { CAPTURE_FILES = 99999, CAPTURE_NAME = 32 };

struct capture_file {
    uint64_t bytes, packets;
    uint64_t dropped_by_kernel, dropped_by_interface; /* while it was under way */
    int64_t first, last;                              /* of its packets, microseconds; 0: none */
    uint8_t sha256[SHA256_LEN];
};

struct capture_written {
    const char *data; /* the folder data/ of the bundle */
    struct capture_file *files;
    size_t count, room; /* the last is under way when fd >= 0 */
    int fd;
    struct sha256_context digest, running;
    struct buf pending; /* not yet in the file */
};

void capture_file_name(size_t number, char name[CAPTURE_NAME]); /* from 1 */

int capture_written_init(struct capture_written *w, const char *data, struct err *e) MUST_CHECK;
void capture_written_fini(struct capture_written *w);
/* A new file; the one before is closed. */
int capture_written_begin(struct capture_written *w, struct err *e) MUST_CHECK;
struct capture_file *capture_written_file(struct capture_written *w);
/* What is pending goes to the file. */
int capture_written_flush(struct capture_written *w, struct err *e) MUST_CHECK;
/* Makes it durable and takes its hash. */
int capture_written_end(struct capture_written *w, struct err *e) MUST_CHECK;

#endif
