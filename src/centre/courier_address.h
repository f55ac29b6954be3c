/* SPDX-License-Identifier: Apache-2.0 */
/* Which network addresses a webhook may be sent to. */
#ifndef CENTRE_COURIER_ADDRESS_H
#define CENTRE_COURIER_ADDRESS_H

#include "centre/config.h"

struct sockaddr;

/*
 * Is it a globally reachable unicast address (IANA special-purpose address registries, RFC 6890)?
 * Not private, loopback, link-local, multicast, documentation, benchmarking or reserved ones; IPv4
 * inside IPv6 (mapped, NAT64) counts as the IPv4 address; 6to4 and Teredo never.
 */
bool courier_address_is_public(const struct sockaddr *address);

/* Public, or in one of the allowed networks. */
bool courier_address_is_allowed(const struct sockaddr *address,
                                const struct config_networks *allowed);

/* "192.0.2.1" or "2001:db8::1"; "" for another family. Room: 64 bytes. */
void courier_address_format(const struct sockaddr *address, char text[64]);

#endif
