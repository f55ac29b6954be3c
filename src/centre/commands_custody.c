/* SPDX-License-Identifier: Apache-2.0 */
/* Custody of evidence: records that are told to the centre, and what the evidence is about. */
#include "centre/advisory_named.h"
#include "centre/commands.h"
#include "crypto/envelope.h"
#include "evidence/register.h"
#include "fleet/asset_store.h"

#include <stdio.h>

static int read_hash(const struct json_value *row, const char *name, uint8_t hash[SHA256_LEN],
                     struct err *e)
{
    if (hash_text_parse(json_get_string(row, name), hash) != 0)
        return err_set(e, ERR_USAGE, "centre.argument", NULL, "\"%s\" must be a hash", name);
    return 0;
}

static int read_name(const struct json_value *row, const char *name, char text[REGISTER_NAME],
                     struct err *e)
{
    struct slice value;

    if (args_string(row, name, REGISTER_NAME - 1, true, &value, e) != 0)
        return -1;
    snprintf(text, REGISTER_NAME, "%.*s", SLICE_ARG(value));
    return 0;
}

static int read_step(const struct json_value *row, struct register_step *step, struct err *e)
{
    int64_t number;

    if (args_int(row, "number", 1, INT32_MAX, -1, &number, e) != 0 ||
        args_int(row, "at", 0, INT64_C(1) << 53, 0, &step->at, e) != 0 ||
        read_name(row, "kind", step->kind, e) != 0 ||
        read_hash(row, "record", step->digest, e) != 0 ||
        read_hash(row, "certificate", step->certificate, e) != 0)
        return -1;
    step->number = (uint64_t)number;
    return number > 1 ? read_hash(row, "previous", step->previous, e) : 0;
}

static int custody_record(struct command_run *run, struct err *e)
{
    const struct json_value *rows = json_get(run->args, "records");
    size_t count = json_count(rows);
    char log_name[REGISTER_NAME];
    char holder[REGISTER_NAME];
    struct register_told told;
    size_t at = 0;

    if (count == 0 || count > REGISTER_STEPS_MAX)
        return err_set(e, ERR_USAGE, "centre.argument", NULL, "\"records\" must hold 1 to %d",
                       REGISTER_STEPS_MAX);
    struct register_step *steps = arena_new(run->change.arena, count, sizeof(*steps));
    if (!steps)
        return err_memory(e);
    json_each(row, rows)
    {
        if (read_step(row, &steps[at++], e) != 0)
            return -1;
    }
    const struct register_log log = {.log = log_name,
                                     .holder = holder,
                                     .organisation = run->change.organisation,
                                     .steps = steps,
                                     .count = count};
    if (read_name(run->args, "log", log_name, e) != 0 ||
        read_name(run->args, "holder", holder, e) != 0 ||
        register_steps(&run->change, &log, &told, e) != 0)
        return -1;
    json_member_string(run->answer, "custody", told.custody);
    json_member_int(run->answer, "known", (int64_t)told.known);
    json_member_int(run->answer, "count", (int64_t)told.count);
    return 0;
}

const struct command_type command_custody_record = {
    .name = "custody.record", .roles = ROLE_COORDINATOR | ROLE_REGISTRAR, .run = custody_record};

/* ---- what it is about --------------------------------------------------------------------------
 */

struct aimed {
    struct slice kind;
    char target[REGISTER_TARGET + 1];
};

static int aim_at_asset(struct command_run *run, struct aimed *aimed, struct err *e)
{
    struct fleet_asset asset;

    fleet_asset_init(&asset);
    int found = id_is(slice_str(aimed->target), "ast")
                    ? fleet_asset_find(run->change.db, aimed->target, &asset, e)
                    : 0;
    if (found == 0)
        found = caller_finds_no(aimed->target, e);
    if (found == 1)
        found = caller_acts_for(&run->command->caller, asset.organisation, aimed->target, e);
    fleet_asset_fini(&asset);
    return found < 0 ? -1 : 0;
}

/* By a name that may be a tracking id; what is kept is the advisory's own id. */
static int aim_at_advisory(struct command_run *run, struct aimed *aimed, struct err *e)
{
    struct fleet_revision revision;

    fleet_revision_init(&revision);
    int result = advisory_named(run->centre, run->change.db, &run->command->caller, aimed->target,
                                &revision, e);
    if (result == 0)
        snprintf(aimed->target, sizeof(aimed->target), "%s", revision.advisory);
    fleet_revision_fini(&revision);
    return result;
}

static int aim(struct command_run *run, struct aimed *aimed, struct err *e)
{
    struct slice target;

    if (args_string(run->args, "kind", 20, true, &aimed->kind, e) != 0 ||
        register_link_kind(aimed->kind, e) != 0 ||
        args_string(run->args, "target", REGISTER_TARGET, true, &target, e) != 0)
        return -1;
    snprintf(aimed->target, sizeof(aimed->target), "%.*s", SLICE_ARG(target));
    if (slice_is(aimed->kind, "asset"))
        return aim_at_asset(run, aimed, e);
    return slice_is(aimed->kind, "advisory") ? aim_at_advisory(run, aimed, e) : 0;
}

static int custody_link(struct command_run *run, struct err *e)
{
    char organisation[ID_TEXT] = "";
    char custody[ID_TEXT];
    struct aimed aimed;
    struct db_query q;

    if (args_id(run->args, "custody", "cus", custody, e) != 0)
        return -1;
    int found = db_find(&q, run->change.db, e, SQL_CUSTODY_FIND, DB_TEXT(custody));
    if (found == 1) {
        snprintf(organisation, sizeof(organisation), "%s", db_text(&q, 0));
        run->change.exercise = db_int(&q, 1) != 0;
    }
    db_query_finish(&q);
    if (found == 0)
        return caller_finds_no(custody, e);
    if (found < 0 || caller_acts_for(&run->command->caller, organisation, custody, e) != 0 ||
        aim(run, &aimed, e) != 0)
        return -1;
    char kind[20];
    snprintf(kind, sizeof(kind), "%.*s", SLICE_ARG(aimed.kind));
    return register_link(&run->change, custody, organisation, kind, aimed.target, e);
}

const struct command_type command_custody_link = {
    .name = "custody.link", .roles = ROLE_COORDINATOR | ROLE_REGISTRAR, .run = custody_link};
