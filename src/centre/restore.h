/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts a backup in the place of the database, offline. What was lost is never hidden: a copy that
 * is older than what is known of the journal is refused with both heads named, and taken only under
 * a new origin whose first act says from which act on its predecessor was lost.
 */
#ifndef CENTRE_RESTORE_H
#define CENTRE_RESTORE_H

#include "base/err.h"
#include "base/slice.h"

struct centre_restore_options {
    const char *home;
    const char *backup;      /* a file made by tocsin backup; it is copied, and stays */
    struct slice passphrase; /* of the signer's keys; data NULL: from the file that opens them */
    bool accept_loss;
};

struct centre_restore_result {
    unsigned long long acts; /* that the copy has */
    bool loss;
    unsigned long long lost_until; /* with loss: the acts from `acts` up to here are known lost */
    char previous_origin[256];     /* with loss */
    char origin[256];
    char replaced[4096]; /* where the database that was there lies now; "" when there was none */
};

/*
 * 0; -1: "signer.running" while the centre runs; what db_backup_check finds;
 * "centre.restore-foreign" when it is another centre's; "journal.rolled-back" when acts would be
 * lost and accept_loss is not set; "journal.forked" when it holds another history;
 * "centre.restore-engine" for PostgreSQL. Until the very end nothing is changed but the signer's
 * list of origins; it may be run again after any failure.
 *
 * With a loss also: unused tokens are withdrawn (some may have been used), revocation lists go on
 * with numbers that were never used, the generation of trust passes all earlier ones.
 */
int centre_restore(const struct centre_restore_options *options,
                   struct centre_restore_result *result, struct err *e) MUST_CHECK;

#endif
