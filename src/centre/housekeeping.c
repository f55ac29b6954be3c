/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/housekeeping.h"
#include "base/log.h"
#include "centre/centre.h"
#include "centre/issuance.h"
#include "centre/revocation.h"
#include "centre/writer.h"

enum { KEYS_KEPT_DAYS = 30 };

static const int64_t day_us = (int64_t)86400 * 1000000;

static int keys_forget(struct command_run *run, struct err *e)
{
    int64_t before = run->change.now - KEYS_KEPT_DAYS * day_us;

    return db_run(run->change.db, e, SQL_COMMAND_FORGET, DB_INT(before)) < 0 ? -1 : 0;
}

const struct command_type command_keys_forget = {
    .name = "keys.forget", .silent = true, .run = keys_forget};

void housekeeping_do(struct housekeeping *h, struct centre *centre, struct db *db)
{
    int64_t now = clock_monotonic(centre->clock);
    struct err e = {0};

    if (revocation_lists(centre, db, &e) != 0)
        log_err(LOG_LEVEL_WARNING, "crl.failed", &e);
    err_clear(&e);
    if (issuance_finish_interrupted(centre, db, &e) != 0)
        log_err(LOG_LEVEL_WARNING, "issuance.interrupted", &e);
    err_clear(&e);
    pki_live_sweep(centre->live, clock_now(centre->clock));
    if (h->keys_at == 0 || now - h->keys_at > day_us) {
        if (writer_run_own(centre->writer, &command_keys_forget, "sys:clock", NULL, &e) != 0)
            log_err(LOG_LEVEL_WARNING, "keys.failed", &e);
        h->keys_at = now;
    }
}
