/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/parking.h"
#include "centre/centre.h"

enum { TRIES = 5, TRIES_WITHOUT_MEMORY = 60 };

bool parking_waits(const struct err *e, unsigned tries)
{
    if (e->kind == ERR_UNAVAILABLE || e->kind == ERR_SYSTEM)
        return true;
    return tries < (e->kind == ERR_MEMORY ? TRIES_WITHOUT_MEMORY : TRIES);
}

static struct json_writer *begin_act(struct command_run *run, const char *type)
{
    const struct parked *parked = run->command->prepared;
    struct json_writer *data = change_act(&run->change, type, NULL);

    json_member_int(data, "act", (int64_t)parked->act);
    return data;
}

static int follower_park(struct command_run *run, struct err *e)
{
    const struct parked *parked = run->command->prepared;
    struct change *c = &run->change;

    struct json_writer *data = begin_act(run, "follower.parked");
    json_member_string(data, "code", parked->why->code);
    json_member_string(data, "follower", parked->follower);
    if (change_act_end(c, NULL, e) != 0)
        return -1;
    return db_run(c->db, e, SQL_PARKED_SET, DB_TEXT(parked->follower), DB_INT((int64_t)parked->act),
                  DB_TEXT(parked->why->code), DB_TEXT(parked->why->text), DB_INT(c->now)) < 0
               ? -1
               : 0;
}

const struct command_type command_follower_park = {
    .name = "follower.park", .silent = true, .run = follower_park};

static int follower_resume(struct command_run *run, struct err *e)
{
    const struct parked *parked = run->command->prepared;

    struct json_writer *data = begin_act(run, "follower.resumed");
    json_member_string(data, "follower", parked->follower);
    if (change_act_end(&run->change, NULL, e) != 0)
        return -1;
    return db_run(run->change.db, e, SQL_PARKED_REMOVE, DB_TEXT(parked->follower),
                  DB_INT((int64_t)parked->act)) < 0
               ? -1
               : 0;
}

const struct command_type command_follower_resume = {
    .name = "follower.resume", .silent = true, .run = follower_resume};

int64_t parking_list(struct db *db, const char *follower, uint64_t *acts, size_t max, struct err *e)
{
    struct db_query q;
    size_t count = 0;
    int step;

    if (db_select(&q, db, e, SQL_PARKED_LIST, DB_TEXT(follower)) != 0)
        return -1;
    while ((step = db_step(&q, e)) == 1) {
        if (count < max)
            acts[count] = (uint64_t)db_int(&q, 0);
        count++;
    }
    db_query_finish(&q);
    return step < 0 ? -1 : (int64_t)count;
}

int parking_has(struct db *db, const char *follower, uint64_t act, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_PARKED_FIND, DB_TEXT(follower), DB_INT((int64_t)act));

    db_query_finish(&q);
    return found;
}
