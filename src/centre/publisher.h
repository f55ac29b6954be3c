/* SPDX-License-Identifier: Apache-2.0 */
/* The publisher follower: has what is frozen signed, in order; from then on it is delivered. */
#ifndef CENTRE_PUBLISHER_H
#define CENTRE_PUBLISHER_H

#include "centre/follower.h"

extern const struct follower_type follower_publisher;
extern const struct command_type command_publication_sign;

#endif
