/* SPDX-License-Identifier: Apache-2.0 */
/* The room's own: a record of utmp(5) as JSON. */
#ifndef EVIDENCE_USERS_H
#define EVIDENCE_USERS_H

#include "evidence/live/netlink.h"

#include <utmp.h>

enum { LIVE_UTMP = sizeof(struct utmp) };

void live_utmp_write(struct json_writer *w, const uint8_t bytes[LIVE_UTMP]);

#endif
