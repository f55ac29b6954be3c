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

/*
 * That a person is to be told: act owner.intended, and a delivery for each way that there is. The
 * teller sends it.
 */
struct owner_intent {
    const char *publication;
    const char *organisation; /* whose assets */
    const char *person;       /* per_…; empty: there is nobody */
    const char *kind;         /* "digest", "reminder", "escalation" */
    int64_t assets;
    bool mail, webhook, opted_out;
    bool exercise;
};
/* Without a way: one delivery that says why not ("no_address", "refused"). */
int owner_intend(struct command_run *run, const struct owner_intent *intent,
                 struct err *e) MUST_CHECK;

extern const struct command_type command_owners_plan;
extern const struct command_type command_owner_sending;
extern const struct command_type command_owner_result;

#endif
