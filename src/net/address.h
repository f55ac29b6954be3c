/* SPDX-License-Identifier: Apache-2.0 */
/* Network addresses: which of them are of the public Internet. */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

struct sockaddr;

/*
 * Is it a globally reachable unicast address (IANA special-purpose address registries, RFC 6890)?
 * Not private, loopback, link-local, multicast, documentation, benchmarking or reserved ones; IPv4
 * inside IPv6 (mapped, NAT64) counts as the IPv4 address; 6to4 and Teredo never.
 */
bool address_is_public(const struct sockaddr *address);

/* As 16 bytes, IPv4 mapped (::ffff:0:0/96); false for another family. */
bool address_bytes(const struct sockaddr *address, uint8_t bytes[16]);
bool address_bytes_are_public(const uint8_t bytes[16]);
/* Does it lie in network/bits? Both as address_bytes gives them. */
bool address_in(const uint8_t address[16], const uint8_t network[16], unsigned bits);

/* "192.0.2.1" or "2001:db8::1"; "" for another family. Room: 64 bytes. */
void address_format(const struct sockaddr *address, char text[64]);

#endif
