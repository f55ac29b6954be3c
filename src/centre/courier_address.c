/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/courier_address.h"
#include "net/address.h"

bool courier_address_is_allowed(const struct sockaddr *address,
                                const struct config_networks *allowed)
{
    uint8_t bytes[16];

    if (!address_bytes(address, bytes))
        return false;
    for (size_t i = 0; i < allowed->count; i++)
        if (address_in(bytes, allowed->items[i].address, allowed->items[i].bits))
            return true;
    return address_bytes_are_public(bytes);
}
