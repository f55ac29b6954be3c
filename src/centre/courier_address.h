/* SPDX-License-Identifier: Apache-2.0 */
/* Which network addresses a webhook may be sent to. */
#ifndef CENTRE_COURIER_ADDRESS_H
#define CENTRE_COURIER_ADDRESS_H

#include "centre/config.h"

struct sockaddr;

/* Of the public Internet (net/address.h), or in one of the allowed networks. */
bool courier_address_is_allowed(const struct sockaddr *address,
                                const struct config_networks *allowed);

#endif
