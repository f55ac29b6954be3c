/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcapng (draft-ietf-opsawg-pcapng): blocks of a file with one section and one interface, little
 * endian, times in nanoseconds; and a look at a file: which blocks are whole.
 */
#ifndef EVIDENCE_PCAPNG_H
#define EVIDENCE_PCAPNG_H

#include "base/buf.h"

#include <stdint.h>

enum {
    PCAPNG_SECTION = 0x0a0d0d0a,
    PCAPNG_INTERFACE = 1,
    PCAPNG_STATISTICS = 5,
    PCAPNG_PACKET = 6,
    PCAPNG_BLOCK_MOST = 16 << 20 /* bytes, as we read them */
};

struct pcapng_head {
    const char *hardware, *system, *application, *comment; /* may be NULL */
    const char *interface, *description, *filter;          /* may be NULL */
    uint16_t link;                                         /* LINKTYPE_ */
    uint32_t snaplen;
};

/* Section header and interface description. */
void pcapng_put_head(struct buf *out, const struct pcapng_head *head);

struct pcapng_packet {
    uint64_t at; /* nanoseconds since 1970 */
    const uint8_t *data;
    uint32_t kept, len; /* bytes here, and on the wire */
    bool outbound;
    bool has_tag; /* an 802.1Q tag that the interface took out; it is put back in */
    uint16_t tag_type, tag;
};
void pcapng_put_packet(struct buf *out, const struct pcapng_packet *packet);

struct pcapng_statistics {
    uint64_t at, began, ended;    /* nanoseconds; ended 0: not yet */
    uint64_t received, delivered; /* passed the filter; kept here */
    uint64_t dropped_by_kernel, dropped_by_interface;
    const char *comment; /* may be NULL */
};
void pcapng_put_statistics(struct buf *out, const struct pcapng_statistics *s);

/* What a block is. */
struct pcapng_block {
    uint32_t type;
    uint32_t len;
    uint64_t at;                                /* of a packet or statistics */
    uint64_t interface_dropped, kernel_dropped; /* of statistics that say it */
    bool has_interface_dropped, has_kernel_dropped;
};
/*
 * Reads the block at the beginning of data. 1: a whole one; 0: data ends within it; -1: ERR_INPUT
 * "capture.pcapng": this is no block of such a file.
 */
int pcapng_read(struct slice data, struct pcapng_block *block, struct err *e) MUST_CHECK;

#endif
