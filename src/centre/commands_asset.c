/* SPDX-License-Identifier: Apache-2.0 */
/* Assets, as operators change them. */
#include "centre/centre.h"
#include "centre/commands.h"
#include "centre/importing.h"
#include "centre/revocation.h"
#include "fleet/asset_store.h"
#include "crypto/crl.h"
#include "pki/pki.h"

#include <stdio.h>

static int organisation_of(struct command_run *run, char id[ID_TEXT], char audience[ID_TEXT],
                           struct err *e)
{
    const struct caller *caller = &run->command->caller;

    if (!json_get(run->args, "organisation"))
        snprintf(id, ID_TEXT, "%s", caller->organisation);
    else if (args_id(run->args, "organisation", "org", id, e) != 0)
        return -1;
    if (caller_acts_for(caller, id, id, e) != 0)
        return -1;
    return fleet_audience_of(run->change.db, id, audience, e);
}

static int is_exercise(struct db *db, const char *organisation, bool *exercise, struct err *e)
{
    struct db_query q;
    int found = db_find(&q, db, e, SQL_ORGANISATION_FIND, DB_TEXT(organisation));

    if (found == 1)
        *exercise = db_bool(&q, 1);
    db_query_finish(&q);
    return found < 0 ? -1 : 0;
}

static int asset_register(struct command_run *run, struct err *e)
{
    struct fleet_registration r = {.way = FLEET_ONLINE};
    char organisation[ID_TEXT];
    char audience[ID_TEXT];
    char owner[ID_TEXT];
    char id[ID_TEXT];
    struct slice label;
    struct slice owner_text;
    struct slice way;

    if (organisation_of(run, organisation, audience, e) != 0 ||
        is_exercise(run->change.db, organisation, &r.exercise, e) != 0 ||
        args_string(run->args, "label", FLEET_LABEL_MAX, false, &label, e) != 0 ||
        args_string(run->args, "owner", ID_TEXT - 1, false, &owner_text, e) != 0 ||
        args_string(run->args, "way", 10, false, &way, e) != 0 ||
        (way.len && fleet_way_parse(way, &r.way, e) != 0) ||
        asset_owner_check(run->change.db, owner_text, organisation, owner, e) != 0)
        return -1;
    r.organisation = organisation;
    r.audience = audience;
    r.owner = owner;
    r.label = label.len ? arena_copy(run->change.arena, label.data, label.len) : NULL;
    if (label.len && !r.label)
        return err_memory(e);
    run->change.exercise = r.exercise;
    struct slice location;
    struct slice criticality;
    if (args_string(run->args, "location", FLEET_LOCATION_MAX, false, &location, e) != 0 ||
        args_string(run->args, "criticality", 20, false, &criticality, e) != 0 ||
        fleet_asset_register(&run->change, &r, id, e) != 0)
        return -1;
    if ((location.len || criticality.len) &&
        fleet_asset_describe(&run->change, id, organisation, location, criticality, e) != 0)
        return -1;
    json_member_string(run->answer, "asset", id);
    json_member_string(run->answer, "organisation", organisation);
    return 0;
}

const struct command_type command_asset_register = {
    .name = "asset.register", .roles = ROLE_REGISTRAR, .run = asset_register};

/* The asset that is meant, when the caller may act for its organisation. */
static int find_asset(struct command_run *run, struct fleet_asset *asset, struct err *e)
{
    char id[ID_TEXT];

    if (args_id(run->args, "asset", "ast", id, e) != 0)
        return -1;
    int found = fleet_asset_find(run->change.db, id, asset, e);
    if (found == 0)
        return caller_finds_no(id, e);
    if (found < 0)
        return -1;
    run->change.exercise = asset->exercise;
    return caller_acts_for(&run->command->caller, asset->organisation, id, e);
}

static int asset_owner(struct command_run *run, struct err *e)
{
    struct fleet_asset asset;
    struct slice owner_text;
    char owner[ID_TEXT];
    int result = -1;

    fleet_asset_init(&asset);
    if (find_asset(run, &asset, e) != 0 ||
        args_string(run->args, "owner", ID_TEXT - 1, false, &owner_text, e) != 0 ||
        asset_owner_check(run->change.db, owner_text, asset.organisation, owner, e) != 0)
        goto out;
    struct json_writer *data = change_act(&run->change, "asset.owner", asset.organisation);
    json_member_string(data, "asset", asset.id);
    json_member_string(data, "owner", owner);
    if (change_act_end(&run->change, NULL, e) == 0)
        result = fleet_asset_set_owner(&run->change, asset.id, owner, e);
out:
    fleet_asset_fini(&asset);
    return result;
}

const struct command_type command_asset_owner = {
    .name = "asset.owner", .roles = ROLE_REGISTRAR, .run = asset_owner};

/* A member that is not there stays as it is; an empty one is not known any more. */
static int asset_describe(struct command_run *run, struct err *e)
{
    struct fleet_asset asset;
    struct slice location;
    struct slice criticality;
    int result = -1;

    fleet_asset_init(&asset);
    if (find_asset(run, &asset, e) != 0 ||
        args_string(run->args, "location", FLEET_LOCATION_MAX, false, &location, e) != 0 ||
        args_string(run->args, "criticality", 20, false, &criticality, e) != 0)
        goto out;
    if (!json_get(run->args, "location"))
        location = slice_of(NULL, 0);
    else if (location.len == 0)
        location = slice_str("");
    if (!json_get(run->args, "criticality"))
        criticality = slice_of(NULL, 0);
    else if (criticality.len == 0)
        criticality = slice_str("");
    result =
        fleet_asset_describe(&run->change, asset.id, asset.organisation, location, criticality, e);
out:
    fleet_asset_fini(&asset);
    return result;
}

const struct command_type command_asset_describe = {
    .name = "asset.describe", .roles = ROLE_REGISTRAR, .run = asset_describe};

static int asset_remove(struct command_run *run, struct err *e)
{
    struct pki_record records[8];
    struct fleet_asset asset;
    struct slice reason;
    int result = -1;

    fleet_asset_init(&asset);
    if (find_asset(run, &asset, e) != 0 ||
        args_string(run->args, "reason", 200, true, &reason, e) != 0)
        goto out;
    char *text = arena_copy(run->change.arena, reason.data, reason.len);
    if (!text) {
        err_memory(e);
        goto out;
    }
    if (fleet_asset_remove(&run->change, asset.id, text, e) != 0)
        goto out;
    /* its certificates are for nothing now; the clock thread lists them */
    int revoked =
        pki_revoke_subject(run->change.db, &run->centre->pki, asset.organisation, asset.id,
                           CRL_CESSATION_OF_OPERATION, records, ARRAY_LEN(records), e);
    result = revoked < 0 ? -1 : 0;
    for (int i = 0; result == 0 && i < revoked && i < (int)ARRAY_LEN(records); i++)
        result = revocation_act(&run->change, &records[i], "cessationOfOperation", e);
out:
    fleet_asset_fini(&asset);
    return result;
}

/* The live table is asked on every request: what was revoked must be gone from it. */
static void removed_now(struct centre *centre, const struct command *command)
{
    char id[ID_TEXT];
    struct err e = {0};

    if (args_id(json_root(command->doc), "asset", "ast", id, &e) != 0)
        return;
    pki_live_revoke_subject(centre->live, id);
    if (centre->server)
        http_server_recheck_peers(centre->server);
}

const struct command_type command_asset_remove = {
    .name = "asset.remove", .roles = ROLE_REGISTRAR, .run = asset_remove, .committed = removed_now};
