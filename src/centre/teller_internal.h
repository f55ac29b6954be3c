/* SPDX-License-Identifier: Apache-2.0 */
/* For the teller's own files. */
#ifndef CENTRE_TELLER_INTERNAL_H
#define CENTRE_TELLER_INTERNAL_H

#include "centre/teller.h"
#include "centre/teller_flights.h"

/*
 * Says that the delivery is being sent and hands it to the courier; whatever becomes of that, the
 * flight lands. -1: nothing was said, and the flight never landed.
 */
int teller_send(struct follower *follower, struct flight *flight, struct err *e) MUST_CHECK;

#endif
