/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of an interface, from a ring that the kernel fills (AF_PACKET, TPACKET_V3; packet(7)),
 * and what it says that it had to drop.
 */
#ifndef EVIDENCE_RING_H
#define EVIDENCE_RING_H

#include "evidence/capture/pcapng.h"

struct evidence_ring;

struct evidence_ring_options {
    const char *interface;
    const char *filter;
    uint32_t snaplen;
    size_t bytes;
    bool promiscuous;
};

/*
 * -1: ERR_DENIED "capture.privilege"; ERR_USAGE "capture.interface" (there is none, or of a kind
 * that is not known), "capture.filter".
 */
struct evidence_ring *evidence_ring_open(const struct evidence_ring_options *options,
                                         struct err *e) MUST_CHECK;
void evidence_ring_close(struct evidence_ring *ring);
uint16_t evidence_ring_link(const struct evidence_ring *ring); /* LINKTYPE_ */

/*
 * Waits up to ms for packets and gives each of a block to take. 1: there were some; 0: none in that
 * time; -1: "capture.interface": it went down or away, or take failed.
 */
int evidence_ring_read(struct evidence_ring *ring, int ms,
                       int (*take)(void *context, const struct pcapng_packet *packet,
                                   struct err *e),
                       void *context, struct err *e) MUST_CHECK;

struct evidence_ring_counts {
    uint64_t received, dropped_by_kernel; /* by the kernel, since the ring was opened */
    uint64_t dropped_by_interface;        /* by the counters of the interface, since then */
    bool interface_known;                 /* it has such counters */
};
int evidence_ring_count(struct evidence_ring *ring, struct evidence_ring_counts *counts,
                        struct err *e) MUST_CHECK;

/* No capability is left in this thread, and none comes back by exec. */
int evidence_ring_drop_privileges(struct err *e) MUST_CHECK;

#endif
