/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's own: questions to the kernel by netlink (RFC 3549), whose answers are parsed with
 * bounds.
 */
#ifndef EVIDENCE_NETLINK_H
#define EVIDENCE_NETLINK_H

#include "evidence/live/collector.h"

#include <linux/netlink.h>

/* A message's attributes by number; those over the most are passed over. */
enum { NETLINK_ATTRIBUTES = 96 };

struct netlink_attributes {
    struct slice by_type[NETLINK_ATTRIBUTES];
};

/* false: they do not fit in it. */
bool netlink_attributes_read(struct slice bytes, struct netlink_attributes *attributes);
/* A number of 1, 2, 4 or 8 bytes in the machine's order; fallback where there is none. */
uint64_t netlink_number(struct slice attribute, uint64_t fallback);

/*
 * Splits what the kernel sent: each message of the sequence is given to take. 1: the end of a dump
 * was among them; 0: there is more to come; -1: e is set, or *error is what the kernel said.
 */
int netlink_messages(struct slice datagram, uint32_t sequence,
                     int (*take)(void *context, uint16_t type, struct slice payload, struct err *e),
                     void *context, int *error, struct err *e) MUST_CHECK;

/*
 * Dumps: asks with type and payload, and gives every answer to take. 0; *error: errno of what the
 * kernel refused, 0 none.
 */
int netlink_dump(struct live_room *room, int protocol, uint16_t type, struct slice payload,
                 int (*take)(void *context, uint16_t type, struct slice payload, struct err *e),
                 void *context, int *error, struct err *e) MUST_CHECK;

/* "192.0.2.1", "2001:db8::1" of 4 or 16 bytes; else hexadecimal. */
void netlink_address(struct slice bytes, char text[64]);

#endif
