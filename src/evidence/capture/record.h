/* SPDX-License-Identifier: Apache-2.0 */
/* acquisition.json, VERIFY.txt and the manifests of captured traffic. */
#ifndef EVIDENCE_CAPTURE_RECORD_H
#define EVIDENCE_CAPTURE_RECORD_H

#include "evidence/capture.h"
#include "evidence/capture/written.h"

/*
 * What is known when it begins: the members of acquisition.json up to the capture's results, as
 * JSON. It is kept beside the data while the capture runs, for who closes it after a crash.
 */
int capture_begun_write(const struct evidence_capture_options *options, uint16_t link,
                        uint32_t snaplen, int64_t started, struct buf *out,
                        struct err *e) MUST_CHECK;

struct capture_outcome {
    int64_t ended;        /* microseconds; when the last packet was written, after a crash */
    bool broken_off;      /* it was closed later */
    int64_t closed;       /* then: when */
    uint64_t cut_bytes;   /* then: of a packet that was being written */
    bool drops_known;     /* else the kernel was not asked any more */
    bool interface_known; /* it counts what it drops */
    struct evidence_capture_status status;
    uint8_t sha256[SHA256_LEN];
};

/* All is written: the bundle is closed. begun: as capture_begun_write wrote it. */
int capture_record_close(const char *folder, struct slice begun, struct slice selftest,
                         const struct capture_written *written,
                         const struct capture_outcome *outcome, struct err *e) MUST_CHECK;

/* The text of the mark INCOMPLETE, and the name of what is kept beside it. */
extern const char capture_mark[];
extern const char capture_begun_name[];

#endif
