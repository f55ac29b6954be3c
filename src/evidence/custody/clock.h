/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of a step (ISO/IEC 27037 section 7.1.3, RFC 3227 section 2.1): what this machine's
 * clocks say, how well the kernel thinks that they are kept, and how far they are from a reference.
 */
#ifndef EVIDENCE_CLOCK_H
#define EVIDENCE_CLOCK_H

#include "base/clock.h"
#include "base/json.h"
#include "evidence/clocks.h"

struct evidence_clock_reading {
    int64_t real, monotonic, boot; /* CLOCK_REALTIME, _MONOTONIC, _BOOTTIME, in microseconds */
    struct evidence_kernel_clock kernel;
    bool has_rtc;
    int64_t rtc; /* hardware clock, in seconds since 1970 as it is set */
    int zone;    /* of the machine, minutes east of UTC */
    char host[65];
    bool has_reference;
    char reference[160];  /* "ntp://ptbtime1.ptb.de (stratum 1)", "read off: …" */
    int64_t reference_at; /* by this machine's clock */
    int64_t offset;       /* this clock less the reference, in microseconds */
    int64_t uncertainty;  /* the offset is right to within this */
};

/* clock NULL: the system's. */
void evidence_clock_read(struct evidence_clock_reading *r, const struct clock *clock);

/*
 * Compares with a reference: "ntp://HOST[:PORT]", asked now (RFC 5905, SNTP), or
 * "read:TIME,SECONDS,WHAT": a person reads TIME off WHAT right now, and is sure of it to SECONDS.
 * -1: ERR_USAGE "custody.reference"; ERR_UNAVAILABLE "custody.ntp".
 */
int evidence_clock_compare(struct evidence_clock_reading *r, const char *reference,
                           const struct clock *clock, struct err *e) MUST_CHECK;

/* The members of a reading, into the object that is open. */
void evidence_clock_write(struct json_writer *w, const struct evidence_clock_reading *r);

/* Offset and uncertainty from the four times of RFC 5905 section 8 and the server's own word. */
struct evidence_ntp_answer {
    int64_t offset, uncertainty; /* microseconds; offset: server less this clock */
    unsigned stratum;
};
enum { EVIDENCE_NTP_PACKET = 48 };
/*
 * sent: the 64-bit timestamp that was put into the request; at_send, at_receive: this clock.
 * -1: ERR_VERIFY "custody.ntp": no answer to this request, not synchronised, a kiss of death.
 */
int evidence_ntp_read(const uint8_t *packet, size_t len, uint64_t sent, int64_t at_send,
                      int64_t at_receive, struct evidence_ntp_answer *answer,
                      struct err *e) MUST_CHECK;

#endif
