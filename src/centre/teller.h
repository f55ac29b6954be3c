/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The teller follower: owners are people, told by mail and by signed webhook, one digest an owner
 * and publication. Intent, effect and result are separate transactions: what was being sent when a
 * process died is *unknown*, and is never sent a second time without being marked.
 */
#ifndef CENTRE_TELLER_H
#define CENTRE_TELLER_H

#include "centre/follower.h"

extern const struct follower_type follower_teller;

extern const struct command_type command_owners_plan;
extern const struct command_type command_owner_sending;
extern const struct command_type command_owner_result;

#endif
