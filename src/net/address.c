/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"
#include "base/compiler.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct range4 {
    uint32_t address;
    unsigned bits;
};

struct range6 {
    uint8_t address[16];
    unsigned bits;
};

/* What is not global, IPv4: IANA's registry as of 2024, and everything from 224.0.0.0 on. */
static const struct range4 not_public4[] = {
    {0x00000000, 8},  /* 0.0.0.0/8 "this network" */
    {0x0a000000, 8},  /* 10.0.0.0/8 private */
    {0x64400000, 10}, /* 100.64.0.0/10 carriers' NAT */
    {0x7f000000, 8},  /* 127.0.0.0/8 loopback */
    {0xa9fe0000, 16}, /* 169.254.0.0/16 link-local; clouds keep their secrets there */
    {0xac100000, 12}, /* 172.16.0.0/12 private */
    {0xc0000000, 24}, /* 192.0.0.0/24 protocol assignments */
    {0xc0000200, 24}, /* 192.0.2.0/24 documentation */
    {0xc0586300, 24}, /* 192.88.99.0/24 6to4 relays, withdrawn */
    {0xc0a80000, 16}, /* 192.168.0.0/16 private */
    {0xc6120000, 15}, /* 198.18.0.0/15 benchmarking */
    {0xc6336400, 24}, /* 198.51.100.0/24 documentation */
    {0xcb007100, 24}, /* 203.0.113.0/24 documentation */
    {0xe0000000, 3},  /* 224.0.0.0/3 multicast, reserved, broadcast */
};

/* Within 2000::/3, which alone is global unicast. */
static const struct range6 not_public6[] = {
    {{0x20, 0x01, 0x00}, 23},       /* 2001::/23 protocol assignments, Teredo */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* 2001:db8::/32 documentation */
    {{0x20, 0x02}, 16},             /* 2002::/16 6to4: leads to any IPv4 address */
    {{0x3f, 0xff, 0x00}, 20},       /* 3fff::/20 documentation */
};

bool address_in(const uint8_t address[16], const uint8_t network[16], unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    if (memcmp(address, network, whole) != 0)
        return false;
    return rest == 0 || ((address[whole] ^ network[whole]) >> (8 - rest)) == 0;
}

static bool is_public4(const uint8_t bytes[4])
{
    uint32_t address =
        (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];

    for (size_t i = 0; i < ARRAY_LEN(not_public4); i++)
        if ((address ^ not_public4[i].address) >> (32 - not_public4[i].bits) == 0)
            return false;
    return true;
}

bool address_bytes_are_public(const uint8_t address[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};

    if (memcmp(address, mapped, 12) == 0 || memcmp(address, nat64, 12) == 0)
        return is_public4(address + 12);
    if (address[0] >> 5 != 1)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(not_public6); i++)
        if (address_in(address, not_public6[i].address, not_public6[i].bits))
            return false;
    return true;
}

bool address_bytes(const struct sockaddr *address, uint8_t bytes[16])
{
    memset(bytes, 0, 16);
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        bytes[10] = bytes[11] = 0xff;
        memcpy(bytes + 12, &in.sin_addr, 4);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof(in6));
        memcpy(bytes, &in6.sin6_addr, 16);
        return true;
    }
    return false;
}

bool address_is_public(const struct sockaddr *address)
{
    uint8_t bytes[16];

    return address_bytes(address, bytes) && address_bytes_are_public(bytes);
}

void address_format(const struct sockaddr *address, char text[64])
{
    uint8_t bytes[16];

    text[0] = '\0';
    if (!address_bytes(address, bytes))
        return;
    if (address->sa_family == AF_INET)
        inet_ntop(AF_INET, bytes + 12, text, 64);
    else
        inet_ntop(AF_INET6, bytes, text, 64);
}
