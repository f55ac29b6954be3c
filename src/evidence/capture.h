/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data in transit (ISO/IEC 27037 section 7; 27037 row 22): packets of an interface as pcapng files
 * in a bundle, with what the kernel and the interface say that they dropped. What was captured
 * stays readable whatever happens to the program.
 */
#ifndef EVIDENCE_CAPTURE_H
#define EVIDENCE_CAPTURE_H

#include "evidence/acquire.h"

struct evidence_capture_status {
    uint64_t packets, bytes;       /* kept */
    uint64_t dropped_by_kernel;    /* the ring was full */
    uint64_t dropped_by_interface; /* its own counters, since the capture began */
    unsigned file;                 /* under way, from 1 */
};

struct evidence_capture_options {
    const char *folder;    /* the bundle's, which is made */
    const char *interface; /* "eth0" */
    const char *point;     /* where it is in the network: "mirror port 3 of sw-1"; may be NULL */
    const char *filter;    /* expression (pcap-filter(7)); NULL: every packet */
    uint32_t snaplen;      /* bytes kept of a packet; 0: all */
    uint64_t rotate_bytes; /* a new file then; 0: never */
    int64_t rotate_us;     /* likewise by time; 0: never */
    int64_t duration_us;   /* 0: until stopped */
    uint64_t packets;      /* as many at most; 0: no limit */
    size_t ring_bytes;     /* 0: 64 MiB */
    bool not_promiscuous;
    bool keep_privileges; /* for tests that look at the process */
    struct evidence_statement statement;
    const char *const *command; /* the command line, ends with NULL; may be NULL */
    const char *selftest;
    /* Asked often; false: it is enough, and the bundle is closed. */
    bool (*watch)(void *context, const struct evidence_capture_status *status);
    void *watch_context;
    const struct clock *clock; /* NULL: the system's */
};

struct evidence_captured {
    struct evidence_capture_status status;
    uint64_t files;
    uint8_t sha256[32]; /* of all files one behind the other */
    uint64_t cut_bytes; /* of a packet that was being written when it was broken off */
};

/*
 * Captures until it is enough, and closes the bundle. -1: ERR_DENIED "capture.privilege" (needs
 * CAP_NET_RAW), ERR_USAGE "capture.filter", "capture.interface"; "evidence.exists"; what is written
 * by then stays, marked INCOMPLETE, and can be closed.
 */
int evidence_capture(const struct evidence_capture_options *options,
                     struct evidence_captured *captured, struct err *e) MUST_CHECK;

/*
 * Closes a bundle whose capture was broken off (killed, power lost): every whole packet that was
 * written is kept, what follows the last one is cut off and counted. "evidence.exists": it is
 * closed already; ERR_INPUT "capture.pcapng".
 */
int evidence_capture_close(const char *folder, struct evidence_captured *captured,
                           struct err *e) MUST_CHECK;

#endif
